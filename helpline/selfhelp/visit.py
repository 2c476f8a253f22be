"""What the service says of a visit, and why it does not do what was asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from helpline.selfhelp.loader import Content
from helpline.selfhelp.progress import Record


class Changed(Exception):
    """What would be closed or erased is not what the page showed; nothing was done."""


@dataclass(frozen=True)
class Visit:
    """What a visit holds.

    kept_until: the last day on which a code opens the answers, where there is one; else gone_at: when they go with the
    session, where there is anything. there: whether there is a session at all. pending_code: whether a code was made
    and not confirmed yet. rest_gone: what was there before is not here any more (erased or closed elsewhere, or its
    time was over), and nobody has said so yet: `said_rest_gone` once a page did. stale: the form that was sent was of
    other answers than these.
    """

    content: Content
    record: Record
    kept_until: date | None = None
    gone_at: datetime | None = None
    there: bool = True
    has_code: bool = False
    pending_code: bool = False
    rest_gone: bool = False
    stale: bool = False
