"""What goes into the writer and what comes out of it: plain facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from helpline.staff.service import Member


class Refused(Exception):
    """A text was not stored; `code` is the protocol's error code, `found` what no text of staff may hold."""

    def __init__(self, code: str, found: Sequence[str] = ()) -> None:
        super().__init__(code)
        self.code, self.found = code, tuple(found)


@dataclass(frozen=True, slots=True)
class Text:
    """A text on its way in. A visitor proves the right by `session_key`, staff by `member` (and, at a socket, by both).

    Of staff `author` may be left empty: whether as counsellor or as supervisor follows from who has the chat. With
    `allow` a supervisor sends it whatever stands in it.
    """

    chat: str
    stream: str
    author: str
    client_id: str
    body: str
    session_key: str | None = None
    member: Member | None = None
    allow: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """That this side has read the talk up to `seq`; proved like a text."""

    chat: str
    seq: int
    session_key: str | None = None
    member: Member | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """A text that is committed, power cut included."""

    chat: str
    stream: str
    seq: int
    client_id: str
    author: str
    body: str
    sent_at: datetime
    resent: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """A mark that is committed. `moved` is false when the side had read as far already."""

    chat: str
    seq: int
    by_visitor: bool
    moved: bool


Item = Text | Mark
Outcome = Stored | Read | Refused
