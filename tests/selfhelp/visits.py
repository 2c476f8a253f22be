"""Browsers that go through the course of a line, whatever it is about."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from helpline import clock, db
from helpline.contacts.models import CourseCount
from helpline.lines.models import Line
from helpline.privacy import sessions
from helpline.selfhelp import progress, service
from helpline.selfhelp.course import Exercise, Field, Value
from helpline.selfhelp.models import SavedCourse
from helpline.selfhelp.service import Visit
from tests.builders.returns import enters

CALLER = "the hash of an address"


class Browser:
    """One browser on a line that has a course."""

    def __init__(self, line: Line) -> None:
        self.line, self.cookie = line, sessions.new_cookie()
        # Of which record its pages are.
        self.epoch = ""

    @property
    def visit(self) -> Visit:
        return service.visit_of(self.cookie, self.line)

    @property
    def answers(self) -> dict[str, Value]:
        return dict(self.visit.record.answers)

    @property
    def content(self) -> dict[str, Any] | None:
        return sessions.load(self.cookie, clock.now())

    def writes(self, text: Value | None, field: int = 0, *, saw: Value | None = None, **others: Value | None) -> Visit:
        """Send the exercise with this text field; `saw`: what stood in it when this browser last got a page."""
        asked, exercise = texts_of(self.line)[field]
        epoch = "" if saw is None else self.epoch
        marks = {asked.address: progress.mark(saw)}
        visit = service.write(self.cookie, self.line, exercise, {asked.address: text}, marks, epoch)
        self.epoch = visit.record.epoch
        return visit

    def takes_a_code(self) -> str:
        code = service.make_code(self.cookie, self.line)
        assert code is not None
        assert service.confirm_code(self.cookie, self.line, code)
        return code

    def enters(self, code: str, caller: str = CALLER) -> Visit | None:
        visit = enters(self.cookie, self.line, code, caller, service.open_at)
        self.epoch = self.epoch if visit is None else visit.record.epoch
        return visit


def texts_of(line: Line) -> list[tuple[Field, Exercise]]:
    """The text fields of a course, each with its exercise."""
    modules = service.content_of(line.slug).course.modules
    exercises = [exercise for module in modules for exercise in module.exercises]
    return [(field, exercise) for exercise in exercises for field in exercise.fields if field.kind in ("short", "long")]


def address_of(line: Line, field: int = 0) -> str:
    return texts_of(line)[field][0].address


def saved() -> list[SavedCourse]:
    with db.reading() as session:
        return list(session.scalars(select(SavedCourse)))


def counted() -> dict[tuple[str, str, bool], int]:
    """What the counters say: by module, what it was and whether the visit came back."""
    with db.reading() as session:
        rows = session.scalars(select(CourseCount)).all()
    return {(row.module, row.what, row.seen_before): row.count for row in rows if row.count}
