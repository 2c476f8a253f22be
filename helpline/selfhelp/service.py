"""A visitor's way through the course of a line: where the answers lie, and who may read them.

Without a code they lie in the sealed session and nowhere else. With one they lie in a row of their own, sealed under
the code, and the session has the key: it goes when the session ends, and only the code brings it back.

Rows are locked in this order: session, course, counter.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import CursorResult, delete, update
from sqlalchemy.orm import Session

from helpline import clock, config
from helpline.db import reading, transaction
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.privacy import codes, guessing, keyring, sessions
from helpline.privacy.codes import Busy as Busy
from helpline.privacy.codes import Sealed
from helpline.selfhelp import loader, progress
from helpline.selfhelp.course import Exercise, Value, tidy
from helpline.selfhelp.loader import Content
from helpline.selfhelp.models import SavedCourse
from helpline.selfhelp.progress import Record

KIND = "course"
REST_GONE = "rest_gone"
# More than any course can hold: with this much somebody fills the disk.
MOST_BYTES = 512 * 1024


class BoundElsewhere(Exception):
    """This browser's visit belongs to another line; both never meet in one."""


class TooMuch(Exception):
    """With this the answers would be more than can be kept; nothing was changed."""


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


@dataclass(frozen=True)
class Visit:
    """What a visit holds.

    kept_until: the last day on which a code opens the answers, where there is one; else gone_at: when they go with the
    session, where there is anything. there: whether there is a session at all. pending_code: whether a code was made
    and not confirmed yet. rest_gone: what was there before is not here any more (erased or closed elsewhere, or its
    time was over), and nobody has said so yet: `said_rest_gone` once a page did.
    """

    content: Content
    record: Record
    kept_until: date | None = None
    gone_at: datetime | None = None
    there: bool = True
    has_code: bool = False
    pending_code: bool = False
    rest_gone: bool = False


@dataclass(frozen=True)
class _Held:
    """What was found: the session's part of the course, the answers, and under a code their row."""

    part: Mapping[str, Any]
    record: Record
    row: SavedCourse | None = None

    @property
    def rest_gone(self) -> bool:
        """Something was here before, and no page has said yet that it is gone."""
        return REST_GONE in self.part

    @property
    def is_new(self) -> bool:
        """Nothing stands behind a form that is sent now."""
        return self.row is None and "record" not in self.part


def visit_of(cookie: str | None, line: Line) -> Visit:
    """What this browser's visit holds; to read is to be here, so its time begins again. Raises BoundElsewhere."""
    now = clock.now()
    content = sessions.load(cookie, now)
    _check_line(content or {}, line)
    with reading() as session:
        held = _held(session, content or {}, line, now)
    if cookie is not None and held.part:
        sessions.extend([sessions.key_of(cookie)], now)
    if held.row is not None and held.row.expires_on < kept_until(now):
        _keep_longer(held.row.lookup, now)
    return replace(_visit(held, line, now), there=content is not None)


def _check_line(content: Mapping[str, Any], line: Line) -> None:
    if content.get("line", line.slug) != line.slug:
        raise BoundElsewhere


def _held(session: Session, content: Mapping[str, Any], line: Line, now: datetime, *, lock: bool = False) -> _Held:
    part = content.get(KIND) or {}
    place = _place(part, line)
    if place is None:
        return _Held(part, Record.from_json(part.get("record", {})))
    row = _row(session, place, now, lock=lock)
    if row is None:
        # Erased on another device, or its time was over: as if there had never been a code.
        return _Held({**_only(part, "count"), REST_GONE: True}, Record())
    return _Held(part, Record.from_json(codes.open_(place, row.sealed)), row)


def _only(part: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: part[name] for name in names if name in part}


def _place(part: Mapping[str, Any], line: Line) -> Sealed | None:
    if "lookup" not in part:
        return None
    return Sealed(KIND, line.slug, part["lookup"], base64.b64decode(part["key"]))


def _row(session: Session, place: Sealed, now: datetime, *, lock: bool = False) -> SavedCourse | None:
    row = session.get(SavedCourse, place.lookup, populate_existing=True, with_for_update=lock)
    return row if row is not None and row.expires_on >= now.date() else None


def _visit(held: _Held, line: Line, now: datetime) -> Visit:
    return Visit(
        content_of(line.slug),
        held.record,
        kept_until=kept_until(now) if held.row is not None else None,
        gone_at=sessions.idle_until(now) if held.row is None and not held.record.is_empty else None,
        has_code=held.row is not None,
        pending_code="code" in held.part,
        rest_gone=held.rest_gone,
    )


def kept_until(now: datetime) -> date:
    """The last day on which a code of somebody who is here now opens the answers: 12 months after the visit."""
    today = now.date()
    try:
        return today.replace(year=today.year + 1)
    except ValueError:  # 29 February
        return date(today.year + 1, 3, 1)


def _keep_longer(lookup: str, now: datetime) -> None:
    until = kept_until(now)
    with transaction() as session:
        due = update(SavedCourse).where(SavedCourse.lookup == lookup, SavedCourse.expires_on < until)
        session.execute(due.values(expires_on=until))


def said_rest_gone(cookie: str, line: Line) -> None:
    """A page has said that what was there before is gone."""
    now = clock.now()
    with transaction() as session:
        content = sessions.load(cookie, now, lock=True)
        if content is None or content.get("line") != line.slug:
            return
        held = _held(session, content, line, now)
        if held.rest_gone:
            _save(cookie, line, content, _without(held.part, REST_GONE), now)


def _save(cookie: str, line: Line, content: dict[str, Any], part: Mapping[str, Any], now: datetime) -> None:
    others = {"line": line.slug} | _without(content, KIND)
    sessions.save(cookie, others | ({KIND: dict(part)} if part else {}), now)


def _without(part: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key != name}


# Writing


def write(
    cookie: str, line: Line, exercise: Exercise, values: Mapping[str, Value | None], seen: Mapping[str, str]
) -> Visit:
    """Keep what was sent of this exercise; `values`, and the marks `seen` when the form was shown, by address.

    Raises BoundElsewhere, TooMuch, Left, and what `course.tidy` raises.
    """
    fields = {asked.address: asked for asked in exercise.fields}
    given = {address: tidy(fields[address], value) for address, value in values.items() if address in fields}

    def change(held: _Held) -> _Held:
        # Where nothing is behind the form any more, all of it is kept, also what stood in it when it was shown.
        known = {} if held.is_new else seen
        stood = any(seen.get(address, nothing) != nothing for address in given)
        part = {**held.part, REST_GONE: True} if held.is_new and stood else held.part
        return replace(held, part=part, record=progress.written(held.record, exercise, given, known))

    nothing = progress.mark(None)
    return _change(cookie, line, change)


def finish(cookie: str, line: Line, module: str) -> Visit:
    """The module is done; counted once a session. Raises BoundElsewhere, Left, and LookupError for no module."""
    if content_of(line.slug).course.module(module) is None:
        raise LookupError(module)
    now = clock.now()
    today = lines.local(line, now).date()

    def change(held: _Held) -> _Held:
        done = replace(held, record=progress.finished(held.record, module, today))
        return _counted(done, line, "done", module, now)

    return _change(cookie, line, change)


def take_back(cookie: str, line: Line, address: str, which: str) -> Visit:
    """The earlier text with this mark stands in the field again. Raises BoundElsewhere, TooMuch, Left."""
    return _change_record(cookie, line, lambda record: progress.taken_back(record, address, which))


def throw_away(cookie: str, line: Line, address: str, which: str) -> Visit:
    """The earlier text with this mark is gone from beside the field. Raises BoundElsewhere, Left."""
    return _change_record(cookie, line, lambda record: progress.thrown_away(record, address, which))


def _change_record(cookie: str, line: Line, change: Callable[[Record], Record]) -> Visit:
    return _change(cookie, line, lambda held: replace(held, record=change(held.record)))


def _change(cookie: str, line: Line, change: Callable[[_Held], _Held]) -> Visit:
    now = clock.now()
    with transaction() as session:
        content = sessions.claim(session, cookie, now)
        _check_line(content, line)
        held = change(_held(session, content, line, now, lock=True))
        held = _kept(held, line, now)
        _save(cookie, line, content, held.part, now)
    return _visit(held, line, now)


def _kept(held: _Held, line: Line, now: datetime) -> _Held:
    """The record put where it belongs: into the row under a code, else into the session's part."""
    said = held.record.as_json()
    if codes.size(said) > MOST_BYTES:
        raise TooMuch
    place = _place(held.part, line)
    if held.row is not None and place is not None:
        held.row.sealed, held.row.expires_on = codes.seal(place, said), kept_until(now)
        return held
    return replace(held, part={**held.part, "record": said})


# Codes


def make_code(cookie: str, line: Line) -> str | None:
    """A new code for what this visit holds, which `confirm_code` makes good; the same one until then.

    None where the visit has a code already. Raises BoundElsewhere, Left.
    """
    now = clock.now()
    with transaction() as session:
        content = sessions.claim(session, cookie, now)
        _check_line(content, line)
        held = _held(session, content, line, now)
        if held.row is not None:
            return None
        code = str(held.part.get("code") or codes.new_code())
        _save(cookie, line, content, {**held.part, "code": code}, now)
    return code


def pending_code(cookie: str | None, line: Line) -> str | None:
    """The code that was made and not confirmed yet. Raises BoundElsewhere."""
    content = sessions.load(cookie, clock.now()) or {}
    _check_line(content, line)
    code = (content.get(KIND) or {}).get("code")
    return None if code is None else str(code)


def confirm_code(cookie: str, line: Line, typed: str) -> bool:
    """From now on the code keeps the answers, if it is the one that was made. Raises BoundElsewhere.

    False for another one, and where the session ended meanwhile: its answers are gone then, and the code opens nothing.
    """
    code, pending = codes.read(typed), pending_code(cookie, line)
    if code is None or pending is None or not hmac.compare_digest(code, pending):
        return code is not None and _is_confirmed(cookie, line, code)
    place = _place_of(code, line)
    now = clock.now()
    with transaction() as session:
        content = sessions.load(cookie, now, lock=True) or {}
        _check_line(content, line)
        held = _held(session, content, line, now, lock=True)
        if held.row is not None:
            # The same form was sent twice.
            return held.row.lookup == place.lookup
        if held.part.get("code") != code:
            return False
        row = SavedCourse(lookup=place.lookup)
        part = _part_of(place) | {"sum": _sum(place.key, code)} | _only(held.part, "count", REST_GONE)
        held = _kept(replace(held, part=part, row=row), line, now)
        session.add(row)
        _save(cookie, line, content, held.part, now)
    return True


def _is_confirmed(cookie: str, line: Line, code: str) -> bool:
    """Whether this code was made good in this visit, for a form that is sent again."""
    content = sessions.load(cookie, clock.now()) or {}
    part = content.get(KIND) or {}
    place = _place(part, line)
    return place is not None and hmac.compare_digest(part.get("sum", ""), _sum(place.key, code))


def _sum(key: bytes, code: str) -> str:
    return hmac.new(key, code.encode(), hashlib.sha256).hexdigest()


def _place_of(code: str, line: Line) -> Sealed:
    """Slow, and never inside a transaction."""
    return codes.for_kind(codes.opened(code, keyring.secret(config.current().instance_dir, "codes")), KIND, line.slug)


def _part_of(place: Sealed) -> dict[str, Any]:
    return {"lookup": place.lookup, "key": base64.b64encode(place.key).decode()}


def forget_code(cookie: str, line: Line) -> None:
    """Drop a code that was not confirmed; the answers stay in the session. Raises BoundElsewhere."""
    now = clock.now()
    with transaction():
        content = sessions.load(cookie, now, lock=True) or {}
        _check_line(content, line)
        part = dict(content.get(KIND) or {})
        if part.pop("code", None) is not None:
            _save(cookie, line, content, part, now)


def open_with(cookie: str, line: Line, typed: str, caller: str) -> Visit | None:
    """The visit with what is kept under this code; what was written before it was entered is joined in.

    `caller`: the hashed address, whose tries go one after another. None where the code opens nothing here.
    Raises BoundElsewhere, Busy, Left, and TooMuch where both together are more than can be kept.
    """
    _check_line(sessions.load(cookie, clock.now()) or {}, line)
    code = codes.read(typed)
    if code is None:
        return None
    with guessing.tries.turn(caller) as was_wrong:
        visit = _opened(cookie, line, _place_of(code, line))
        if visit is None:
            was_wrong()
        return visit


def _opened(cookie: str, line: Line, place: Sealed) -> Visit | None:
    now = clock.now()
    with reading() as session:
        if _row(session, place, now) is None:
            # A wrong code makes no session.
            return None
    with transaction() as session:
        content = sessions.claim(session, cookie, now)
        _check_line(content, line)
        before = _held(session, content, line, now)
        row = _row(session, place, now, lock=True)
        if row is None:
            return None
        record = Record.from_json(codes.open_(place, row.sealed))
        if before.row is None:
            record = progress.joined(record, before.record)
        count = dict(before.part.get("count") or {}) | {"back": True}
        held = _kept(_Held(_part_of(place) | {"count": count}, record, row), line, now)
        _save(cookie, line, content, held.part, now)
    return _visit(held, line, now)


def close(cookie: str, line: Line) -> None:
    """This browser forgets the key and what it holds of the course; what is kept under a code stays.

    Raises BoundElsewhere.
    """
    now = clock.now()
    with transaction():
        content = sessions.load(cookie, now, lock=True) or {}
        _check_line(content, line)
        _forget(cookie, line, content, now)


def _forget(cookie: str, line: Line, content: dict[str, Any], now: datetime) -> bool:
    part = content.get(KIND) or {}
    if not _without(part, "count"):
        return False
    # What was counted in this session is not counted again.
    _save(cookie, line, content, _only(part, "count"), now)
    return True


def erase(cookie: str, line: Line) -> bool:
    """Delete what is kept under the code of this visit, and what the session holds. Raises BoundElsewhere.

    False where the visit holds nothing, such as after two hours: what is kept under a code is kept still.
    """
    now = clock.now()
    with transaction() as session:
        content = sessions.load(cookie, now, lock=True) or {}
        _check_line(content, line)
        place = _place(content.get(KIND) or {}, line)
        if place is not None:
            session.execute(delete(SavedCourse).where(SavedCourse.lookup == place.lookup))
        return _forget(cookie, line, content, now)


def purge(now: datetime) -> int:
    """Delete what nobody has come back to for 12 months. Returns how many."""
    with transaction() as session:
        past = delete(SavedCourse).where(SavedCourse.expires_on < now.date())
        return cast("CursorResult[object]", session.execute(past)).rowcount


# Figures


def seen(cookie: str, line: Line, module: str = "") -> None:
    """Count that a module, or with '' the course, was visited: once a session. Raises BoundElsewhere, Left."""
    now = clock.now()
    content = sessions.load(cookie, now) or {}
    _check_line(content, line)
    if _is_counted((content.get(KIND) or {}).get("count") or {}, "visit", module):
        return
    with transaction() as session:
        content = sessions.claim(session, cookie, now)
        _check_line(content, line)
        part = content.get(KIND) or {}
        held = _counted(_Held(part, Record()), line, "visit", module, now)
        _save(cookie, line, content, held.part, now)


def _is_counted(count: Mapping[str, Any], what: str, module: str) -> bool:
    return module in count.get(what, ())


def _counted(held: _Held, line: Line, what: str, module: str, now: datetime) -> _Held:
    count = dict(held.part.get("count") or {})
    if _is_counted(count, what, module):
        return held
    count[what] = [*count.get(what, ()), module]
    return replace(held, part=dict(held.part) | {"count": count})
