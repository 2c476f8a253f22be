"""The figures of a campaign: rates, days, weeks and months."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from helpline.stats.campaigns import DAYS, MONTHS, WEEKS, Row, figures, steps

TODAY = date(2026, 3, 18)  # a Wednesday
APART = TODAY - timedelta(days=62)


def test_clicks_are_compared_with_the_impressions_entered_beside_them() -> None:
    rows: list[Row] = [
        (date(2026, 1, 1), 70, 10_000, 100),
        (date(2026, 1, 2), 10, None, None),
        (date(2026, 2, 1), 50, 9_000, None),
        (date(2026, 3, 1), 30, None, 100),
    ]
    told = figures(rows)
    assert (told.arrivals, told.impressions, told.clicks) == (160, 19_000, 200)
    assert told.click_rate == 0.01
    assert told.arrivals_a_click == (70 + 10 + 30) / 200, "of the months with clicks"


def test_what_nobody_entered_is_not_nothing() -> None:
    told = figures([(TODAY, 3, None, None)])
    assert (told.impressions, told.clicks, told.click_rate, told.arrivals_a_click) == (None, None, None, None)
    nothing = figures([(TODAY, 0, 0, 0)])
    assert (nothing.impressions, nothing.clicks, nothing.click_rate, nothing.arrivals_a_click) == (0, 0, None, None)


def test_days_weeks_and_months() -> None:
    rows: list[Row] = [
        (date(2025, 12, 1), 9, 500, 5),
        (date(2026, 3, 15), 4, None, 1),
        (date(2026, 3, 16), 2, 10, None),
    ]
    days = steps(rows, DAYS, TODAY, APART)
    assert (len(days), days[-1].last, days[-3].arrivals) == (28, TODAY, 2)
    weeks = steps(rows, WEEKS, TODAY, APART)
    assert [week.first.weekday() for week in weeks] == [0] * 9
    assert all(week.first >= APART for week in weeks)
    assert [(week.arrivals, week.impressions, week.clicks) for week in weeks[-2:]] == [(4, None, 1), (2, 10, None)]
    months = steps(rows, MONTHS, TODAY, APART)
    assert [(month.first.month, month.arrivals) for month in months] == [(12, 9), (1, 0), (2, 0), (3, 6)]
    assert months[-1].last == TODAY
    assert len(steps([(date(2019, 1, 1), 1, None, None)], MONTHS, TODAY, APART)) == 37
    assert len(steps([], MONTHS, TODAY, APART)) == 1
    assert len(steps([(date(2020, 1, 1), 1, None, None)], MONTHS, date(2024, 2, 29), APART)) == 37


@given(st.dates(date(2024, 1, 1), date(2030, 1, 1)))
def test_weeks_are_whole_and_told_apart_on_any_day(today: date) -> None:
    apart = today - timedelta(days=62)
    weeks = steps([], WEEKS, today, apart)
    assert weeks[-1].last == today
    assert weeks[0].first >= apart
    assert len(weeks) >= 8
    assert all(after.first - before.first == timedelta(days=7) for before, after in pairwise(weeks))
