"""Which row of the ledger is marked as caught: any of those that say the same, once, and no other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from helpline import clock, db
from helpline.contacts import service
from helpline.contacts.models import MissedContact
from helpline.lines import service as lines

pytestmark = pytest.mark.usefixtures("house")

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SAYS = {"cause": "left", "at": NOON, "language": "nl", "wait_s": 60}


def missed(line: str = "youth", **more: Any) -> str:
    return service.record_missed(lines.get_line(line), **(SAYS | more))


def mark(by: str = "advice", line: str = "youth", **more: Any) -> bool:
    return service.mark_caught(lines.get_line(line), by, **(SAYS | more))


def caught() -> dict[str, str]:
    with db.reading() as session:
        return {row.key: row.caught_by for row in session.scalars(select(MissedContact)) if row.caught_by != "none"}


@pytest.mark.parametrize("by", service.CAUGHT_BY)
def test_one_of_those_alike_is_marked_each_time_until_none_is_left(by: str) -> None:
    keys = {missed(wait_s=61), missed(wait_s=69)}
    assert mark(by)
    assert len(caught()) == 1
    assert mark(by)
    assert caught() == dict.fromkeys(keys, by)
    assert not mark("chat" if by != "chat" else "letter"), "what caught them first stays"
    assert caught() == dict.fromkeys(keys, by)


@pytest.mark.parametrize(
    "other",
    [
        {"line": "prevention"},
        {"channel": "phone"},
        {"cause": "lost"},
        {"language": "en"},
        {"wait_s": 70},
        {"wait_s": None},
        {"at": NOON + timedelta(hours=1)},
        {"at": NOON + timedelta(days=1)},
        {"test": True},
    ],
)
def test_a_row_that_says_anything_else_is_not_marked(other: dict[str, Any]) -> None:
    missed(**other)
    assert not mark()
    assert caught() == {}


def test_who_was_missed_outside_the_hours_is_not_taken_for_one_inside() -> None:
    lines.change_line("youth", {"hours": "mon 13:30-14:00"})
    missed(at=NOON + timedelta(minutes=10))
    assert not mark(at=NOON + timedelta(minutes=40))
    assert mark(at=NOON + timedelta(minutes=20))


def test_nothing_else_catches() -> None:
    missed()
    for by in ("none", "", "phone"):
        with pytest.raises(ValueError, match="catches nobody"):
            mark(by)


def test_a_day_long_ago_is_counted_anew() -> None:
    at = clock.now() - timedelta(days=100)
    missed(at=at)

    def told() -> object:
        return service.tallies("youth", at.date(), at.date(), clock.now().date())

    before = told()
    assert mark(at=at)
    assert told() != before
