"""Where summaries lie: in the session's part of them, or under a code in a row of their own.

Rows are locked in this order: session, chat, kept summaries.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.orm import Session

from helpline.lines.models import Line
from helpline.privacy import codes, sessions
from helpline.privacy.codes import Sealed
from helpline.summaries.models import KeptSummaries
from helpline.summaries.record import Record

KIND = "chat"
# Where the sealed session has it: `chat` is there the chat itself.
PART = "summary"
# What this part may hold: the record, or under a code where it lies and its key; a code that is not confirmed yet; and
# by what it is known again once it was.
RECORD, LOOKUP, KEY, CODE, SUM = "record", "lookup", "key", "code", "sum"


@dataclass(frozen=True)
class Held:
    """What was found: the session's part, the record, and under a code its row. `gone`: the code's row is not there."""

    part: Mapping[str, Any]
    record: Record
    row: KeptSummaries | None = None
    gone: bool = False


def part_of(content: Mapping[str, Any] | None) -> dict[str, Any]:
    """The session's part of what is kept of chats."""
    return sessions.part_of(content, PART)


def held(session: Session, part: Mapping[str, Any], line: str, now: datetime, *, lock: bool = False) -> Held:
    """What a session with this part holds; with `lock` other devices with its code wait until the transaction is over.

    A key whose row was erased on another device, or is past its time, is as good as none. Raises codes.Tampered.
    """
    place = codes.of_part(part, KIND, line)
    if place is None:
        return Held(part, Record.from_json(part.get(RECORD, {})))
    row = row_at(session, place, now, lock=lock)
    return Held({}, Record(), gone=True) if row is None else Held(part, record_in(row, place), row)


def mark(part: Mapping[str, Any]) -> str:
    """Which record a page shows, so that no other is closed or erased by it; nothing can be read off it."""
    return hashlib.sha256(f"summaries:{part.get(LOOKUP, '')}".encode()).hexdigest()[:16] if part else ""


def row_at(session: Session, place: Sealed, now: datetime, *, lock: bool = False) -> KeptSummaries | None:
    """The row at this place whose time is not over."""
    row = session.get(KeptSummaries, place.lookup, populate_existing=True, with_for_update=lock)
    return row if row is not None and row.expires_on >= now.date() else None


def record_in(row: KeptSummaries, place: Sealed) -> Record:
    """What lies in a row; raises Tampered."""
    return Record.from_json(codes.open_(place, row.sealed))


def put(found: Held, line: Line, now: datetime) -> Held:
    """The record where it belongs: in the row under a code, else in the session's part."""
    place = codes.of_part(found.part, KIND, line.slug)
    if found.row is None or place is None:
        return replace(found, part={**found.part, RECORD: found.record.as_json()})
    found.row.sealed = codes.seal(place, found.record.as_json())
    found.row.expires_on = kept_until(line, now)
    return found


def kept_until(line: Line, now: datetime) -> date:
    """The last day on which a code of somebody who is here now opens what it keeps."""
    return (now.astimezone(UTC) + timedelta(days=line.summary_retention_days)).date()


def keep_longer(session: Session, lookup: str, until: date) -> None:
    """Let the time begin again; what was erased meanwhile stays so."""
    due = update(KeptSummaries).where(KeptSummaries.lookup == lookup, KeptSummaries.expires_on < until)
    session.execute(due.values(expires_on=until))


def erase(session: Session, place: Sealed) -> None:
    """Delete what lies there."""
    session.execute(delete(KeptSummaries).where(KeptSummaries.lookup == place.lookup))


def any_row(session: Session) -> bool:
    """Whether anything lies anywhere."""
    return session.scalar(select(KeptSummaries.lookup).limit(1)) is not None


def drop_expired(session: Session, now: datetime) -> int:
    """Delete what is past its time. Returns how many."""
    past = delete(KeptSummaries).where(KeptSummaries.expires_on < now.date())
    return cast("CursorResult[Any]", session.execute(past)).rowcount
