"""The heat map of a week: a cell an hour, true to its numbers, opening hours marked by more than colour."""

from __future__ import annotations

import re

import pytest

from helpline.lines.hours import hours_of_week, parse_hours
from helpline.stats.charts import Chart
from helpline.stats.heat import heat, level

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
CHART = Chart("when", "When & where", "Most on Monday.", DAYS, ())


def a_map(counts: dict[tuple[int, int], int], is_open: frozenset[tuple[int, int]] = frozenset()) -> str:
    return heat(CHART, counts, is_open, ("open", "most:"), lambda *cell: "<{}-{}-{}>".format(*cell))


def test_every_hour_has_a_cell_that_says_its_number() -> None:
    svg = a_map({(0, 19): 12, (6, 3): 1})
    assert svg.count('class="heat h') == 7 * 24 + 6
    assert "<title>&lt;0-19-12&gt;</title>" in svg
    assert len(re.findall(r"<title>&lt;\d-\d+-0&gt;</title>", svg)) == 7 * 24 - 2
    assert "most: 12" in svg
    assert "When &amp; where" in svg
    assert not re.search(r"style=|\son\w+=|https?:", svg)


def test_an_open_hour_has_a_bar() -> None:
    svg = a_map({}, hours_of_week(parse_hours("mon 19:30-22:00")))
    assert svg.count('class="open"') == 1 + 3


@pytest.mark.parametrize(
    ("hours", "open_hours"),
    [
        ("closed", set()),
        ("mon 09:00-11:00", {(0, 9), (0, 10)}),
        ("mon 09:30-11:15", {(0, 9), (0, 10), (0, 11)}),
        ("sun 22:00-02:00", {(6, 22), (6, 23), (0, 0), (0, 1)}),
        ("tue 23:59-00:01", {(1, 23), (2, 0)}),
    ],
)
def test_hours_of_a_week_are_those_in_which_it_is_open_at_all(hours: str, open_hours: set[tuple[int, int]]) -> None:
    assert hours_of_week(parse_hours(hours)) == open_hours


def test_always_is_every_hour() -> None:
    assert len(hours_of_week(parse_hours("always"))) == 7 * 24


def test_only_nothing_is_pale_and_only_the_most_is_full() -> None:
    assert [level(number, 100) for number in (0, 1, 20, 21, 99, 100)] == [0, 1, 1, 2, 5, 5]
    assert level(0, 0) == 0
    assert level(1, 1) == 5
