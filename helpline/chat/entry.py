"""What a visitor tells on joining, and the chat that comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from helpline.chat import keys, names, routing
from helpline.chat.models import Chat
from helpline.chat.states import State
from helpline.db import random_key
from helpline.lines.models import Line


@dataclass(frozen=True)
class Entry:
    """What a visitor tells on joining: `danger` yes|no|unsure, `distress` 1 to 5, an optional first text.

    With `leave_out` nothing goes along of what the sealed session keeps from the advice. Of what this visit has opened
    with a return code `show_summary` lets the counsellor read the summary of last time, and `goes_on` goes on with a
    chat that was cut off.
    """

    language: str
    danger: str
    distress: int
    first_message: str = ""
    leave_out: bool = False
    show_summary: bool = False
    goes_on: bool = False


def new_chat(line: Line, entry: Entry, now: datetime) -> Chat:
    """A waiting chat with a key of its own; its rank is fixed now."""
    chat_id = random_key()
    expires_at = now + timedelta(days=line.retention_days)
    key_id, wrapped = keys.new_wrapped_key(chat_id, expires_at)
    return Chat(
        id=chat_id,
        name=names.two_words(),
        line=line.slug,
        language=entry.language,
        state=State.WAITING,
        danger=entry.danger,
        distress=entry.distress,
        joined_at=now,
        waiting_since=now,
        rank_at=routing.rank(now, entry.danger, entry.distress),
        visitor_seen_at=now,
        key_id=key_id,
        wrapped_key=wrapped,
        expires_at=expires_at,
        cut_off=False,
        someone_on_duty=False,
        talk_seq=0,
        aside_seq=0,
        visitor_read=0,
        counsellor_read=0,
        beside=0,
    )
