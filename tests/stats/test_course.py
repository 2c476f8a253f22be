"""The figures of a course, from plain rows; periods as they are written in an address."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpline.stats import periods
from helpline.stats.course import Figures, ModuleFigures, Row, Visits, change, figures, share
from helpline.stats.periods import Period

LATER = date(2026, 6, 1)
ORDER = ("welcome", "fantasies", "feelings")


def of(rows: list[Row], period: str = "2020", today: date = LATER) -> Figures:
    found = periods.parse(period)
    assert found is not None
    return figures(rows, found, ORDER, today)


def visits(day: date, count: int, *, module: str = "", seen_before: bool = False, what: str = "visit") -> Row:
    return (day, module, what, seen_before, count)


def test_a_published_year_as_an_example() -> None:
    """8,150 visits of which 1,098 returning are 22.3 a day and 13.5%; modules 10 and 6 were visited most."""
    told = of(
        [
            visits(date(2020, 1, 1), 7052),
            visits(date(2020, 12, 31), 1098, seen_before=True),
            visits(date(2020, 3, 1), 900, module="welcome"),
            visits(date(2020, 3, 1), 1400, module="feelings"),
            visits(date(2020, 4, 1), 100, module="feelings", seen_before=True),
            visits(date(2020, 3, 1), 1200, module="fantasies"),
            visits(date(2020, 3, 1), 600, module="feelings", what="done"),
        ]
    )
    assert (told.visits, told.days) == (Visits(8150, 1098), 366)
    assert round(told.visits_a_day or 0, 1) == 22.3
    assert round(100 * (told.visits.returning_share or 0), 1) == 13.5
    assert [module.slug for module in told.most_visited[:2]] == ["feelings", "fantasies"]
    assert told.module("feelings") == ModuleFigures("feelings", 1500, 600)
    assert told.module("feelings").done_share == 0.4
    assert (told.opened, told.done) == (3600, 600)


def test_visits_by_month_of_a_year_and_by_day_of_a_month() -> None:
    rows = [visits(date(2024, 2, 1), 3), visits(date(2024, 2, 29), 2, seen_before=True), visits(date(2024, 3, 1), 9)]
    assert of(rows, "2024").steps[:3] == (Visits(), Visits(5, 2), Visits(9))
    by_day = of(rows, "2024-02").steps
    assert len(by_day) == 29
    assert (by_day[0], by_day[-1]) == (Visits(3), Visits(2, 2))


def test_of_a_period_that_is_not_over_only_what_has_come_is_told() -> None:
    told = of([visits(date(2026, 5, 31), 60)], "2026", date(2026, 6, 1))
    assert (told.days, told.days_over, told.visits_a_day) == (152, 151, 60 / 151)
    assert told.steps[5:] == (Visits(), *[None] * 6)
    month = of([visits(date(2026, 6, 1), 4)], "2026-06", date(2026, 6, 1))
    assert (month.days, month.visits.all, month.visits_a_day, month.steps[1]) == (1, 4, None, None)


def test_a_day_that_goes_on_makes_no_average_smaller() -> None:
    rows = [visits(date(2026, 6, day), 30) for day in range(1, 11)] + [visits(date(2026, 6, 11), 1)]
    told = of(rows, "2026-06", date(2026, 6, 11))
    assert (told.days_over, told.visits_over, told.visits_a_day, told.visits.all) == (10, 300, 30, 301)
    assert of(rows, "2026-06", date(2026, 7, 1)).visits_a_day == 301 / 30


def test_a_module_that_the_course_no_longer_has_is_told_too() -> None:
    told = of([visits(date(2020, 1, 1), 2, module="gone"), visits(date(2020, 1, 1), 1, module="gone", what="done")])
    assert [module.slug for module in told.modules] == [*ORDER, "gone"]
    assert told.module("gone") == ModuleFigures("gone", 2, 1)


def test_without_a_row_nothing_is_divided_by_nothing() -> None:
    told = of([])
    assert told.is_empty
    assert (told.visits_a_day, told.visits.returning_share, told.most_visited) == (0, None, ())
    assert (share(1, 0), change(1, 0)) == (None, None)
    assert (share(1, 4), change(6, 4), change(2, 4)) == (0.25, 0.5, -0.5)


@given(
    st.lists(
        st.tuples(
            st.dates(date(2019, 11, 1), date(2021, 2, 1)),
            st.sampled_from(["", *ORDER]),
            st.sampled_from(["visit", "done"]),
            st.booleans(),
            st.integers(1, 50),
        )
    )
)
def test_months_add_up_to_their_year(rows: list[Row]) -> None:
    rows = [row for row in rows if row[1] or row[2] == "visit"]
    year = of(rows)
    months = [of(rows, f"2020-{month:02}") for month in range(1, 13)]
    assert sum(month.visits.all for month in months) == year.visits.all == sum(step.all for step in year.steps if step)
    assert [month.visits for month in months] == list(year.steps)
    assert sum(month.opened for month in months) == year.opened
    assert sum(month.done for month in months) == year.done


# Periods


@pytest.mark.parametrize("written", ["2020", "2020-01", "2020-12"])
def test_a_period_is_written_as_it_is_read(written: str) -> None:
    assert str(periods.parse(written)) == written


@pytest.mark.parametrize(
    "written", ["", "20", "0000", "3020", "2020-00", "2020-13", "2020-1", "2020-01-01", "2020-", "२०२०"]
)
def test_anything_else_is_no_period(written: str) -> None:
    assert periods.parse(written) is None


def test_what_comes_before_and_after_and_how_long_it_is() -> None:
    assert Period(2020, 1).before == Period(2019, 12)
    assert Period(2020, 12).after == Period(2021, 1)
    assert (Period(2020).before, Period(2020).after) == (Period(2019), Period(2021))
    assert (Period(2020).last, Period(2024, 2).last) == (date(2020, 12, 31), date(2024, 2, 29))
    assert (len(Period(2020).steps), len(Period(2024, 2).steps)) == (12, 29)
    assert [Period(2020, 2).is_over(day) for day in (date(2020, 2, 29), date(2020, 3, 1))] == [False, True]
    assert [Period(2020).days_until(day) for day in (date(2019, 1, 1), date(2020, 1, 2), LATER)] == [0, 2, 366]
