"""The counters of the course: a day, a module, one bit; never a row of anybody's own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import inspect

from helpline import db
from helpline.contacts import service
from helpline.lines import service as lines

pytestmark = pytest.mark.usefixtures("house")

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HERE: dict[str, Any] = {"module": "hedges", "what": "visit", "seen_before": False, "at": NOON}


def count(line: str = "prevention", **more: Any) -> None:
    service.count_course(lines.get_line(line), **(HERE | more))


def counted(line: str = "prevention") -> list[tuple[date, str, str, bool, int]]:
    return service.course_counts(line, date(2020, 1, 1), date(2030, 1, 1))


def test_visits_of_a_day_share_a_row() -> None:
    for _ in range(3):
        count()
    count(seen_before=True)
    count(what="done")
    count(module="")
    day = date(2026, 3, 2)
    assert counted() == [
        (day, "", "visit", False, 1),
        (day, "hedges", "done", False, 1),
        (day, "hedges", "visit", False, 3),
        (day, "hedges", "visit", True, 1),
    ]


def test_a_line_has_its_own_figures_and_the_day_is_that_of_the_line() -> None:
    count(at=datetime(2026, 3, 2, 23, 30, tzinfo=UTC))
    assert [row[0] for row in counted()] == [date(2026, 3, 3)]
    assert counted("youth") == []


def test_figures_of_some_days_and_since_when_there_are_any() -> None:
    assert service.course_counted_since("prevention") is None
    for day in (1, 2, 3):
        count(at=datetime(2026, 3, day, 12, tzinfo=UTC))
    told = service.course_counts("prevention", date(2026, 3, 2), date(2026, 3, 3))
    assert [row[0].day for row in told] == [2, 3]
    assert service.course_counted_since("prevention") == date(2026, 3, 1)


def test_nothing_but_visits_and_what_was_finished_is_counted() -> None:
    with pytest.raises(ValueError, match="liked"):
        count(what="liked")
    assert counted() == []


def test_days_long_ago_are_told_by_the_month_and_nothing_is_lost() -> None:
    for day in (1, 2, 31):
        count(at=datetime(2026, 1, day, 12, tzinfo=UTC))
    count()
    now = NOON + timedelta(days=62)
    assert service.merge_old_counts(now) == 2
    assert counted() == [
        (date(2026, 1, 1), "hedges", "visit", False, 3),
        (date(2026, 3, 2), "hedges", "visit", False, 1),
    ]
    assert service.apart_since(now.date()) == date(2026, 3, 2)


def test_no_column_tells_an_hour_a_language_or_who_it_was() -> None:
    columns = {column["name"] for column in inspect(db.engine()).get_columns("course_counts")}
    assert columns == {"line", "on_date", "module", "what", "seen_before", "count"}
