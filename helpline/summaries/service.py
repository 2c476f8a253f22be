"""What a visitor keeps of chats under a return code: a few agreed lines of each, and the way back to one cut off.

Without a code it lies in the sealed session and nowhere else. With one it lies in a row of its own, sealed under the
code, and the session has the key: it goes when the session ends, and only the code brings it back.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from helpline import clock
from helpline.db import reading, transaction
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.privacy import codes, sessions
from helpline.privacy.codes import Busy as Busy
from helpline.privacy.codes import Tampered as Tampered
from helpline.privacy.sessions import BoundElsewhere as BoundElsewhere
from helpline.summaries import store
from helpline.summaries.models import KeptSummaries
from helpline.summaries.record import Record as Record
from helpline.summaries.record import Summary as Summary
from helpline.summaries.record import joined, with_chat, with_summary
from helpline.summaries.store import CODE, KIND, SUM, Held, part_of


class Gone(Exception):
    """What this visit had opened was erased on another device, or its time is over."""


class Changed(Exception):
    """What would be closed or erased is not what the page showed; nothing was done."""


@dataclass(frozen=True)
class Kept:
    """What a visit holds.

    kept_until: the last day on which a code opens it, where there is one; else gone_at: when it goes with the session.
    pending_code: whether a code was made and not confirmed yet. mark: which of what a browser may have open this is.
    """

    record: Record
    mark: str
    kept_until: date | None = None
    gone_at: datetime | None = None
    has_code: bool = False
    pending_code: bool = False

    @property
    def summaries(self) -> tuple[Summary, ...]:
        """The newest first."""
        return self.record.summaries[::-1]


# The visit


def visit_of(cookie: str | None, line: Line) -> Kept | None:
    """What this browser's visit holds; to read is to be here, so its time begins again. None where it holds nothing.

    Raises BoundElsewhere, Gone, Tampered.
    """
    now = clock.now()
    content = sessions.load(cookie, now)
    sessions.check_line(content or {}, line.slug)
    part = part_of(content)
    if cookie is None or not part:
        return None
    sessions.extend([sessions.key_of(cookie)], now)
    with reading() as session:
        held = store.held(session, part, line.slug, now)
    if held.gone:
        raise Gone
    if held.row is not None and held.row.expires_on < store.kept_until(line, now):
        with transaction() as session:
            store.keep_longer(session, held.row.lookup, store.kept_until(line, now))
    has_code = held.row is not None
    return Kept(
        held.record,
        store.mark(part),
        kept_until=store.kept_until(line, now) if has_code else None,
        gone_at=None if has_code else sessions.idle_until(now),
        has_code=has_code,
        pending_code=CODE in part,
    )


def record_of(content: Mapping[str, Any], line: Line, now: datetime) -> Record:
    """What a session with this content has open; empty where that is nothing, gone, or can't be read."""
    try:
        with reading() as session:
            return store.held(session, part_of(content), line.slug, now).record
    except Tampered:
        return Record()


def newest(content: Mapping[str, Any], line: Line, now: datetime) -> Summary | None:
    """The summary of last time in what a session with this content has open."""
    return record_of(content, line, now).newest


def put(
    content: Mapping[str, Any], line: Line, now: datetime, *, chat: str, text: str = ""
) -> tuple[dict[str, Any], bool]:
    """The content of a locked session with this chat, and its summary where there is one, in what it holds.

    Also whether that lies under a code now. Part of a running transaction that saves the session.
    """
    with transaction() as session:
        held = _held(session, part_of(content), line, now)
        record = with_chat(held.record, chat)
        if text:
            record = with_summary(record, Summary(lines.local(line, now).date(), text, chat))
        held = store.put(replace(held, record=record), line, now)
        return {"line": line.slug} | sessions.with_part(content, store.PART, held.part), held.row is not None


def _held(session: Session, part: Mapping[str, Any], line: Line, now: datetime, *, lock: bool = True) -> Held:
    """What the visit holds, locked; what nobody can read any more keeps nobody from keeping something else."""
    try:
        return store.held(session, part, line.slug, now, lock=lock)
    except Tampered:
        return Held({}, Record())


# The code


def make_code(cookie: str, line: Line) -> str | None:
    """A new code for what this visit holds, which `confirm_code` makes good; the same one until then.

    None where the visit has a code already, or nothing to keep. Raises BoundElsewhere, Left.
    """
    now = clock.now()
    with transaction() as session:
        content = sessions.locked(cookie, line.slug, now)
        held = _held(session, part_of(content), line, now)
        if held.row is not None or held.record.is_empty:
            return None
        code = str(held.part.get(CODE) or codes.new_code(codes.own_salt()))
        _save(cookie, line, content, {**held.part, CODE: code}, now)
    return code


def pending_code(cookie: str | None, line: Line) -> str | None:
    """The code that was made and not confirmed yet. Raises BoundElsewhere."""
    return sessions.pending_code(cookie, line.slug, store.PART, clock.now())


def confirm_code(cookie: str, line: Line, typed: str) -> Record | None:
    """From now on the code keeps what the visit holds, which is returned, if it is the one that was made.

    None for another code, and where the session ended meanwhile. Raises BoundElsewhere, Busy, Left.
    """
    code, pending = codes.read(typed), pending_code(cookie, line)
    if code is None:
        return None
    if pending is None or not hmac.compare_digest(code, pending):
        return _confirmed_before(cookie, line, code)
    place = codes.place_of(code, KIND, line.slug)
    now = clock.now()
    with transaction() as session:
        content = sessions.locked(cookie, line.slug, now)
        held = _held(session, part_of(content), line, now)
        if held.row is not None:
            # The same form was sent twice.
            return held.record if held.row.lookup == place.lookup else None
        if held.part.get(CODE) != code:
            return None
        row = KeptSummaries(lookup=place.lookup)
        part = codes.as_part(place) | {SUM: codes.sum_of(place.key, code)}
        held = store.put(Held(part, held.record, row), line, now)
        session.add(row)
        _save(cookie, line, content, held.part, now)
    return held.record


def _confirmed_before(cookie: str, line: Line, code: str) -> Record | None:
    """What this visit keeps, where it made this very code good: for a form that is sent again."""
    now = clock.now()
    content = sessions.load(cookie, now) or {}
    part = part_of(content)
    place = codes.of_part(part, KIND, line.slug)
    if place is None or not hmac.compare_digest(part.get(SUM, ""), codes.sum_of(place.key, code)):
        return None
    return record_of(content, line, now)


def forget_code(cookie: str, line: Line) -> None:
    """Drop a code that was not confirmed; what is to be kept stays in the session. Raises BoundElsewhere, Left."""
    now = clock.now()
    with transaction():
        content = sessions.locked(cookie, line.slug, now)
        part = part_of(content)
        if part.pop(CODE, None) is not None:
            _save(cookie, line, content, part, now)


def open_at(cookie: str, line: Line, root: bytes) -> Record | None:
    """What is kept at the place that a code leads to, which the visit has open then; what it held before is joined in.

    `root`: what all keys of the code come from. None where it opens nothing. Raises BoundElsewhere, Left, Tampered.
    """
    place, now = codes.for_kind(root, KIND, line.slug), clock.now()
    with reading() as session:
        if store.row_at(session, place, now) is None:
            # A wrong code makes no session.
            return None
    with transaction() as session:
        content = sessions.claim(session, cookie, now)
        sessions.check_line(content, line.slug)
        # What another code keeps stays as it is, and is not locked: two browsers may each enter the other one's code.
        before = _held(session, part_of(content), line, now, lock=False)
        row = store.row_at(session, place, now, lock=True)
        if row is None:
            return None
        record = store.record_in(row, place)
        if before.row is None:
            record = joined(record, before.record)
        held = store.put(Held(codes.as_part(place), record, row), line, now)
        _save(cookie, line, content, held.part, now)
    return record


# Going


def close(cookie: str, line: Line, had: str | None = None) -> None:
    """This browser forgets what it has open; what is kept under a code stays.

    Only what the page showed: that with the mark `had`, or without one whatever there is.

    Raises BoundElsewhere, Changed, Left.
    """
    _rid(cookie, line, had, erases=False)


def erase(cookie: str, line: Line, had: str | None = None) -> bool:
    """Delete what is kept under the code of this visit, and what the session holds; otherwise as `close`.

    False where nothing is there to be erased: the visit holds nothing, or it is gone already.
    """
    return _rid(cookie, line, had, erases=True)


def _rid(cookie: str, line: Line, had: str | None, *, erases: bool) -> bool:
    now = clock.now()
    with transaction() as session:
        content = sessions.locked(cookie, line.slug, now)
        part = part_of(content)
        if not part:
            return False
        if had is not None and had != store.mark(part):
            raise Changed
        place = codes.of_part(part, KIND, line.slug)
        there = place is None or store.row_at(session, place, now, lock=True) is not None
        if erases and place is not None:
            store.erase(session, place)
        _save(cookie, line, content, {}, now)
    return there


def _save(cookie: str, line: Line, content: Mapping[str, Any], part: Mapping[str, Any], now: datetime) -> None:
    sessions.save(cookie, {"line": line.slug} | sessions.with_part(content, store.PART, part), now)


# The house


def anything_kept() -> bool:
    """Whether anything is kept under anybody's code."""
    with reading() as session:
        return store.any_row(session)


def purge(now: datetime) -> int:
    """Delete what nobody has come back to for too long. Returns how many."""
    with transaction() as session:
        return store.drop_expired(session, now)
