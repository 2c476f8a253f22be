"""A visitor's way through the course of a line: what is written and done, the code that keeps it, and what is counted.

Without a code the answers lie in the sealed session and nowhere else. With one they lie in a row of their own, sealed
under the code, and the session has the key: it goes when the session ends, and only the code brings it back.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy.orm import Session

from helpline import clock
from helpline.contacts import service as contacts
from helpline.db import reading, transaction
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.privacy import codes, sessions
from helpline.privacy.codes import Busy as Busy
from helpline.privacy.codes import Tampered as Tampered
from helpline.privacy.sessions import BoundElsewhere as BoundElsewhere
from helpline.selfhelp import counting, loader, progress, store
from helpline.selfhelp.course import Exercise, Value, tidy
from helpline.selfhelp.loader import Content
from helpline.selfhelp.models import SavedCourse
from helpline.selfhelp.progress import Record
from helpline.selfhelp.store import CODE, COUNT, KIND, REST_GONE, Held, part_of
from helpline.selfhelp.store import TooMuch as TooMuch
from helpline.selfhelp.visit import Changed as Changed
from helpline.selfhelp.visit import Visit as Visit

# Content


def has_course(line: str) -> bool:
    """Whether this line has a course."""
    return line in _lines()


@lru_cache(maxsize=1)
def _lines() -> tuple[str, ...]:
    return tuple(loader.lines(loader.COURSES))


def content_of(line: str) -> Content:
    """The course of a line that has one."""
    return loader.load(line, loader.COURSES)


# The visit


def visit_of(cookie: str | None, line: Line) -> Visit:
    """What this browser's visit holds; to read is to be here, so its time begins again. Raises BoundElsewhere."""
    now = clock.now()
    content = sessions.load(cookie, now)
    sessions.check_line(content or {}, line.slug)
    with reading() as session:
        held = store.held(session, part_of(content), line.slug, now)
    if cookie is not None and held.part:
        sessions.extend([sessions.key_of(cookie)], now)
    if held.row is not None and held.row.expires_on < store.kept_until(now):
        with transaction() as session:
            store.keep_longer(session, held.row.lookup, now)
    return replace(_visit(held, line, now), there=content is not None)


def _visit(held: Held, line: Line, now: datetime) -> Visit:
    return Visit(
        content_of(line.slug),
        held.record,
        kept_until=store.kept_until(now) if held.row is not None else None,
        gone_at=sessions.idle_until(now) if held.row is None and not held.record.is_empty else None,
        has_code=held.row is not None,
        pending_code=CODE in held.part,
        rest_gone=held.rest_gone,
    )


def said_rest_gone(cookie: str, line: Line) -> None:
    """A page has said that what was there before is gone. Raises BoundElsewhere."""
    now = clock.now()
    with transaction() as session:
        content = sessions.locked(cookie, line.slug, now)
        held = store.held(session, part_of(content), line.slug, now)
        if held.rest_gone:
            _save(cookie, line, content, store.without(held.part, REST_GONE), now)


def _save(cookie: str, line: Line, content: dict[str, Any], part: Mapping[str, Any], now: datetime) -> None:
    """Everything else that the session holds stays."""
    sessions.save(cookie, {"line": line.slug} | sessions.with_part(content, KIND, part), now)


# Writing


def write(
    cookie: str,
    line: Line,
    exercise: Exercise,
    values: Mapping[str, Value | None],
    seen: Mapping[str, str],
    epoch: str = "",
) -> Visit:
    """Keep what was sent of this exercise; `values`, and the marks `seen` when the form was shown, by address.

    `epoch` is that of the record it was shown of, as for all that is sent. Raises BoundElsewhere, TooMuch, Left, and
    what `course.tidy` raises.
    """
    fields = {asked.address: asked for asked in exercise.fields}
    given = {address: tidy(fields[address], value) for address, value in values.items() if address in fields}

    def change(held: Held) -> Held:
        return replace(held, record=progress.written(held.record, exercise, given, seen, epoch))

    return _change(cookie, line, epoch, change)


def finish(cookie: str, line: Line, module: str, epoch: str = "") -> Visit:
    """The module is done; counted once a session.

    Raises BoundElsewhere, TooMuch, Left, and LookupError where there is no such module.
    """
    if content_of(line.slug).course.module(module) is None:
        raise LookupError(module)
    now = clock.now()
    today = lines.local(line, now).date()

    def change(held: Held) -> Held:
        part = counting.counted(held.part, line, "done", module, now)
        return replace(held, part=part, record=progress.finished(held.record, module, today))

    return _change(cookie, line, epoch, change)


def take_back(cookie: str, line: Line, address: str, which: str, epoch: str = "") -> Visit:
    """The earlier text with this mark stands in the field again, if that can hold it still.

    Raises BoundElsewhere, TooMuch, Left.
    """
    asked = content_of(line.slug).course.field(address)

    def change(held: Held) -> Held:
        return replace(held, record=progress.taken_back(held.record, address, which, asked))

    return _change(cookie, line, epoch, change)


def throw_away(cookie: str, line: Line, address: str, which: str, epoch: str = "") -> Visit:
    """The earlier text with this mark is gone from beside the field. Raises BoundElsewhere, Left."""

    def change(held: Held) -> Held:
        return replace(held, record=progress.thrown_away(held.record, address, which))

    return _change(cookie, line, epoch, change)


def _change(cookie: str, line: Line, epoch: str, change: Callable[[Held], Held]) -> Visit:
    now = clock.now()
    with transaction() as session:
        content = sessions.claim(session, cookie, now)
        sessions.check_line(content, line.slug)
        held = store.held(session, part_of(content), line.slug, now, lock=True)
        stale = not held.record.knows(epoch)
        held = store.put(change(held), line.slug, now)
        if stale:
            held = replace(held, part={**held.part, REST_GONE: True})
        _save(cookie, line, content, held.part, now)
    return replace(_visit(held, line, now), stale=stale)


# The code


def make_code(cookie: str, line: Line) -> str | None:
    """A new code for what this visit holds, which `confirm_code` makes good; the same one until then.

    None where the visit has a code already. Raises BoundElsewhere, Left.
    """
    now = clock.now()
    with transaction() as session:
        content = sessions.claim(session, cookie, now)
        sessions.check_line(content, line.slug)
        held = store.held(session, part_of(content), line.slug, now)
        if held.row is not None:
            return None
        code = str(held.part.get(CODE) or codes.new_code(codes.own_salt()))
        _save(cookie, line, content, {**held.part, CODE: code}, now)
    return code


def pending_code(cookie: str | None, line: Line) -> str | None:
    """The code that was made and not confirmed yet. Raises BoundElsewhere."""
    return sessions.pending_code(cookie, line.slug, KIND, clock.now())


def confirm_code(cookie: str, line: Line, typed: str) -> bool:
    """From now on the code keeps the answers, if it is the one that was made. Raises BoundElsewhere, Busy, Left.

    False for another one, and where the session ended meanwhile: its answers are gone then, and the code opens nothing.
    """
    code, pending = codes.read(typed), pending_code(cookie, line)
    if code is None:
        return False
    if pending is None or not hmac.compare_digest(code, pending):
        return _is_confirmed(cookie, line, code)
    place = codes.place_of(code, KIND, line.slug)
    now = clock.now()
    with transaction() as session:
        content = sessions.locked(cookie, line.slug, now)
        held = store.held(session, part_of(content), line.slug, now, lock=True)
        if held.row is not None:
            # The same form was sent twice.
            return held.row.lookup == place.lookup
        if held.part.get(CODE) != code:
            return False
        row = SavedCourse(lookup=place.lookup)
        part = codes.as_part(place) | {"sum": codes.sum_of(place.key, code)} | store.only(held.part, COUNT, REST_GONE)
        held = store.put(Held(part, held.record, row), line.slug, now)
        session.add(row)
        _save(cookie, line, content, held.part, now)
    return True


def _is_confirmed(cookie: str, line: Line, code: str) -> bool:
    """Whether this very code was made good in this visit, for a form that is sent again."""
    part = part_of(sessions.load(cookie, clock.now()))
    place = codes.of_part(part, KIND, line.slug)
    return place is not None and hmac.compare_digest(part.get("sum", ""), codes.sum_of(place.key, code))


def forget_code(cookie: str, line: Line, which: str | None = None) -> None:
    """Drop a code that was not confirmed, if it is the one with this mark; the answers stay in the session.

    Raises BoundElsewhere, Changed, Left.
    """
    now = clock.now()
    with transaction():
        content = sessions.locked(cookie, line.slug, now)
        part = part_of(content)
        if CODE in part:
            if which not in (None, progress.mark(part[CODE])):
                raise Changed
            _save(cookie, line, content, store.without(part, CODE), now)


def open_at(cookie: str, line: Line, root: bytes) -> Visit | None:
    """The visit with what a code keeps here; what was written before it was entered is joined in.

    `root`: what all keys of the code come from. None where it opens nothing here. Raises BoundElsewhere, Left, and
    TooMuch where both together are more than can be kept.
    """
    place, now = codes.for_kind(root, KIND, line.slug), clock.now()
    with reading() as session:
        if store.row_at(session, place, now) is None:
            # A wrong code makes no session.
            return None
    with transaction() as session:
        content = sessions.claim(session, cookie, now)
        sessions.check_line(content, line.slug)
        before = _before(session, part_of(content), line, now)
        row = store.row_at(session, place, now, lock=True)
        if row is None:
            return None
        record = store.record_in(row, place)
        if before.row is None:
            record = progress.joined(record, before.record)
        part = codes.as_part(place) | {COUNT: counting.of_returned(before.part, line)}
        held = store.put(Held(part, record, row), line.slug, now)
        _save(cookie, line, content, held.part, now)
    return _visit(held, line, now)


def _before(session: Session, part: Mapping[str, Any], line: Line, now: datetime) -> Held:
    """What the visit held before the code; what nobody can read any more keeps nobody from another code."""
    try:
        return store.held(session, part, line.slug, now)
    except codes.Tampered:
        return Held(store.only(part, COUNT), Record())


def close(cookie: str, line: Line, epoch: str | None = None) -> None:
    """This browser forgets the key and what it holds of the course; what is kept under a code stays.

    Only what the page showed: that of `epoch`, or without one whatever there is. Raises BoundElsewhere, Changed, Left.
    """
    _rid(cookie, line, epoch, erases=False)


def erase(cookie: str, line: Line, epoch: str | None = None) -> bool:
    """Delete what is kept under the code of this visit, and what the session holds; otherwise as `close`.

    False where the visit holds nothing, such as after two hours: what is kept under a code is kept still.
    """
    return _rid(cookie, line, epoch, erases=True)


def _rid(cookie: str, line: Line, epoch: str | None, *, erases: bool) -> bool:
    now = clock.now()
    with transaction() as session:
        content = sessions.locked(cookie, line.slug, now)
        part = part_of(content)
        if not store.without(part, COUNT):
            return False
        if epoch is not None and epoch != store.epoch_of(session, part, line.slug, now):
            raise Changed
        place = codes.of_part(part, KIND, line.slug)
        if erases and place is not None:
            store.erase(session, place)
        # What was counted in this session is not counted again.
        _save(cookie, line, content, store.only(part, COUNT), now)
    return True


def anything_saved() -> bool:
    """Whether anybody's answers are kept under a code."""
    with reading() as session:
        return store.any_row(session)


def purge(now: datetime) -> int:
    """Delete what nobody has come back to for 12 months. Returns how many."""
    with transaction() as session:
        return store.drop_expired(session, now)


# Figures: a session counts once as a visit to the course, once for each module, and once for each that is done


def seen(cookie: str, line: Line, module: str = "") -> None:
    """Count that the course, and with a name this module, is visited. Raises BoundElsewhere, Left."""
    now = clock.now()
    content = sessions.load(cookie, now) or {}
    sessions.check_line(content, line.slug)
    is_new = not all(counting.is_counted(part_of(content), "visit", name) for name in ("", module))
    if not is_new and not (module and contacts.MISSED in content):
        return
    with transaction() as session:
        content = sessions.claim(session, cookie, now)
        sessions.check_line(content, line.slug)
        if module:
            content = contacts.catch(content, line, "course")
        part = counting.counted(part_of(content), line, "visit", "", now)
        _save(cookie, line, content, counting.counted(part, line, "visit", module, now), now)
