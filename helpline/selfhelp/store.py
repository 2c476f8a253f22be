"""Where the answers of a course lie: in the session's part of it, or under a code in a row of their own.

Rows are locked in this order: session, course, counter.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.orm import Session

from helpline.privacy import codes, sessions
from helpline.privacy.codes import Sealed
from helpline.selfhelp.models import SavedCourse
from helpline.selfhelp.progress import Record

KIND = "course"
# What the session's part of the course may hold: the answers, or under a code where they lie and their key; a code that
# is not confirmed yet; what was counted; and that something was here which is gone.
RECORD, LOOKUP, KEY, CODE, COUNT, REST_GONE = "record", "lookup", "key", "code", "count", "rest_gone"
# All fields of a large course filled to the end in a script of three bytes a letter, and some texts beside them.
MOST_BYTES = 1024 * 1024
# What stands for the epoch of answers that nobody can read any more.
UNREADABLE = "unreadable"


class TooMuch(Exception):
    """With this the answers would be more than can be kept; nothing was changed."""


@dataclass(frozen=True)
class Held:
    """What was found: the session's part of the course, the answers, and under a code their row."""

    part: Mapping[str, Any]
    record: Record
    row: SavedCourse | None = None

    @property
    def rest_gone(self) -> bool:
        """Something was here before, and no page has said yet that it is gone."""
        return REST_GONE in self.part


def part_of(content: Mapping[str, Any] | None) -> dict[str, Any]:
    """The session's part of the course."""
    return sessions.part_of(content, KIND)


def only(part: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """These names of it alone."""
    return {name: part[name] for name in names if name in part}


def without(part: Mapping[str, Any], name: str) -> dict[str, Any]:
    """All of it but this name."""
    return {key: value for key, value in part.items() if key != name}


def held(session: Session, part: Mapping[str, Any], line: str, now: datetime, *, lock: bool = False) -> Held:
    """What a session with this part holds; with `lock` other devices with its code wait until the transaction is over.

    A key whose row was erased on another device, or is past its time, is as good as none.
    """
    place = codes.of_part(part, KIND, line)
    if place is None:
        return Held(part, Record.from_json(part.get(RECORD, {})))
    row = row_at(session, place, now, lock=lock)
    if row is None:
        return Held({**only(part, COUNT), REST_GONE: True}, Record())
    return Held(part, record_in(row, place), row)


def epoch_of(session: Session, part: Mapping[str, Any], line: str, now: datetime) -> str:
    """Which record lies behind this part, whether it can be read or not."""
    try:
        return held(session, part, line, now, lock=True).record.epoch
    except codes.Tampered:
        return UNREADABLE


def row_at(session: Session, place: Sealed, now: datetime, *, lock: bool = False) -> SavedCourse | None:
    """The row at this place whose time is not over."""
    row = session.get(SavedCourse, place.lookup, populate_existing=True, with_for_update=lock)
    return row if row is not None and row.expires_on >= now.date() else None


def record_in(row: SavedCourse, place: Sealed) -> Record:
    """The answers in a row; raises Tampered."""
    return Record.from_json(codes.open_(place, row.sealed))


def put(found: Held, line: str, now: datetime) -> Held:
    """The record where it belongs: in the row under a code, else in the session's part. Raises TooMuch.

    One that is kept for the first time gets its epoch.
    """
    found = replace(found, record=replace(found.record, epoch=found.record.epoch or secrets.token_hex(8)))
    said = found.record.as_json()
    if codes.size(said) > MOST_BYTES:
        raise TooMuch
    place = codes.of_part(found.part, KIND, line)
    if found.row is None or place is None:
        return replace(found, part={**found.part, RECORD: said})
    found.row.sealed, found.row.expires_on = codes.seal(place, said), kept_until(now)
    return found


def kept_until(now: datetime) -> date:
    """The last day on which a code of somebody who is here now opens the answers: 12 months after the visit."""
    today = now.date()
    try:
        return today.replace(year=today.year + 1)
    except ValueError:  # 29 February
        return date(today.year + 1, 3, 1)


def keep_longer(session: Session, lookup: str, now: datetime) -> None:
    """Let the 12 months begin again; what was erased meanwhile stays so."""
    until = kept_until(now)
    due = update(SavedCourse).where(SavedCourse.lookup == lookup, SavedCourse.expires_on < until)
    session.execute(due.values(expires_on=until))


def erase(session: Session, place: Sealed) -> None:
    """Delete what lies there."""
    session.execute(delete(SavedCourse).where(SavedCourse.lookup == place.lookup))


def any_row(session: Session) -> bool:
    """Whether anything lies anywhere."""
    return session.scalar(select(SavedCourse.lookup).limit(1)) is not None


def drop_expired(session: Session, now: datetime) -> int:
    """Delete what is past its time. Returns how many."""
    past = delete(SavedCourse).where(SavedCourse.expires_on < now.date())
    return cast("CursorResult[Any]", session.execute(past)).rowcount
