"""Years, months, weeks and days: where they begin and end, and with which days they are compared."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from helpline.stats import periods
from helpline.stats.periods import Day, Period, Week, compared, parse_any


@pytest.mark.parametrize("written", ["2026", "2026-11", "2026-W47", "2020-W53", "2024-02-29"])
def test_a_period_is_read_as_it_is_written(written: str) -> None:
    span = parse_any(written)
    assert str(span) == written
    assert span is not None
    assert span.before.last + timedelta(days=1) == span.first
    assert span.after.first - timedelta(days=1) == span.last
    assert span.steps[0] == span.first


@pytest.mark.parametrize(
    "written", ["", "26", "2026-13", "2026-00", "2026-W00", "2025-W53", "2026-02-29", "2026-1-1", "２０２６", "today"]
)
def test_anything_else_is_no_period(written: str) -> None:
    assert parse_any(written) is None


def test_a_week_over_the_end_of_a_year_is_one_week() -> None:
    for day in (date(2025, 12, 29), date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 4)):
        assert str(Week.of(day)) == "2026-W01"
    assert (Week.of(date(2026, 1, 1)).first, Week.of(date(2026, 1, 1)).last) == (date(2025, 12, 29), date(2026, 1, 4))
    assert str(Week.of(date(2021, 1, 3))) == "2020-W53"


def test_only_months_and_years_are_periods_of_the_course() -> None:
    assert periods.parse("2026-W47") is None
    assert periods.parse("2026-11-23") is None


@pytest.mark.parametrize(
    ("span", "today", "first", "last"),
    [
        # over: all of the one before
        (Period(2026, 10), date(2026, 11, 23), date(2026, 9, 1), date(2026, 9, 30)),
        (Period(2025), date(2026, 11, 23), date(2024, 1, 1), date(2024, 12, 31)),
        (Day(date(2026, 11, 22)), date(2026, 11, 23), date(2026, 11, 21), date(2026, 11, 21)),
        # going on: as many days
        (Period(2026, 11), date(2026, 11, 23), date(2026, 10, 1), date(2026, 10, 23)),
        (Period(2026), date(2026, 1, 1), date(2025, 1, 1), date(2025, 1, 1)),
        (Week.of(date(2026, 11, 23)), date(2026, 11, 23), date(2026, 11, 16), date(2026, 11, 16)),
        (Day(date(2026, 11, 23)), date(2026, 11, 23), date(2026, 11, 22), date(2026, 11, 22)),
        # the last day still goes on
        (Period(2026, 11), date(2026, 11, 30), date(2026, 10, 1), date(2026, 10, 30)),
        # never more than there were: March has more days than February, a leap year more than the year before
        (Period(2026, 3), date(2026, 3, 31), date(2026, 2, 1), date(2026, 2, 28)),
        (Period(2024, 3), date(2024, 3, 30), date(2024, 2, 1), date(2024, 2, 29)),
        (Period(2024), date(2024, 12, 31), date(2023, 1, 1), date(2023, 12, 31)),
        (Period(2024), date(2024, 12, 30), date(2023, 1, 1), date(2023, 12, 31)),
    ],
)
def test_it_is_compared_with_as_many_days_of_the_one_before(
    span: periods.Span, today: date, first: date, last: date
) -> None:
    assert compared(span, today) == (first, last)
