"""Bars and lines: true to their numbers, words that fit, nothing that a policy on inline code would stop."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from helpline.stats import charts
from helpline.stats.charts import Chart, Series

SVG = "{http://www.w3.org/2000/svg}"


def a_chart(*values: float | None, labels: tuple[str, ...] = (), more: tuple[Series, ...] = ()) -> Chart:
    names = labels or tuple(f"name {place}" for place in range(len(values)))
    return Chart("visits", "Visits", "Most in May.", names, (Series("2020", tuple(values)), *more))


def drawn(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))  # noqa: S314 - ours


def widths(svg: str, kind: str = "beam s0") -> list[float]:
    return [
        float(bar.get("width", "").rstrip("%")) for bar in drawn(svg).iter(f"{SVG}rect") if bar.get("class") == kind
    ]


def texts(svg: str, kind: str) -> list[str]:
    return [text.text or "" for text in drawn(svg).iter(f"{SVG}text") if kind in (text.get("class") or "").split()]


@pytest.mark.parametrize("draw", [charts.bars, charts.lines])
def test_whoever_does_not_see_it_hears_its_title_and_what_is_to_be_seen(draw: object) -> None:
    root = drawn(draw(a_chart(1, 2)))  # type: ignore[operator]  # one of the two
    named = [root.find(f"*[@id='{key}']") for key in root.get("aria-labelledby", "").split()]
    assert [(part.tag.removeprefix(SVG), part.text) for part in named if part is not None] == [
        ("title", "Visits"),
        ("desc", "Most in May."),
    ]
    assert root.get("role") == "img"


@pytest.mark.parametrize("draw", [charts.bars, charts.lines])
def test_words_are_text_and_nothing_else(draw: object) -> None:
    chart = Chart("k", "<b>&", '"<i>"', ("<script>", "b"), (Series("<u>", (1, 2)), Series("&", (2, None))))
    svg = draw(chart)  # type: ignore[operator]  # one of the two
    drawn(svg)
    assert not re.search(r"<(b|i|u|script)\b|style=|\son\w+=|https?:", svg)


def test_bars_are_as_long_as_their_numbers_say_and_leave_room_for_them() -> None:
    svg = charts.bars(a_chart(10, 5, 0, None))
    assert widths(svg) == [charts.LONGEST_BAR, charts.LONGEST_BAR / 2, 0]
    assert texts(svg, "number") == ["10", "5", "0"]


def test_numbers_are_said_as_the_page_says_them() -> None:
    svg = charts.bars(a_chart(1098, 8150), lambda value: f"{value:,}")
    assert texts(svg, "number") == ["1,098", "8,150"]


def test_series_are_told_apart_by_words_once_there_are_several() -> None:
    assert texts(charts.bars(a_chart(1, 2)), "name") == ["name 0", "name 1"]
    svg = charts.bars(a_chart(1, 2, more=(Series("2019", (2, 4)),)))
    assert texts(svg, "name")[:2] == ["2020", "2019"]
    assert widths(svg)[1:] == [charts.LONGEST_BAR / 4, charts.LONGEST_BAR / 2]


def test_a_long_label_breaks_before_it_leaves_a_narrow_screen() -> None:
    svg = charts.bars(a_chart(1, labels=("10. Recognising and dealing with feelings of many kinds",)))
    lines = texts(svg, "name")
    assert len(lines) > 1
    assert all(len(line) * charts.LETTER <= charts.NARROW for line in lines)
    assert " ".join(lines) == "10. Recognising and dealing with feelings of many kinds"


@pytest.mark.parametrize(
    ("most", "ticks"),
    [
        (0, [0, 1]),
        (1, [0, 1]),
        (3, [0, 1, 2, 3]),
        (5, [0, 2, 4, 6]),
        (720, [0, 200, 400, 600, 800]),
        (8150, [0, 2500, 5000, 7500, 10000]),
    ],
)
def test_the_scale_has_few_round_whole_steps_and_holds_the_highest(most: float, ticks: list[float]) -> None:
    assert charts.scale(most) == ticks


def test_a_line_goes_from_left_to_right_and_breaks_where_there_is_no_number() -> None:
    svg = charts.lines(a_chart(0, 2, None, 4, 4))
    ways = [way.get("points", "") for way in drawn(svg).iter(f"{SVG}polyline")]
    assert ways == ["19,100 37,50", "73,0 91,0"]
    points = [point.get("cx") for point in drawn(svg).iter(f"{SVG}circle")]
    assert points == ["19%", "37%", "73%", "91%"]


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        (("Jan", "Feb", "Mar"), ["Jan", "Feb", "Mar"]),
        (tuple(str(day) for day in range(1, 32)), ["1", "5", "9", "13", "17", "21", "25", "29"]),
    ],
)
def test_labels_below_a_line_stand_only_where_there_is_room(labels: tuple[str, ...], shown: list[str]) -> None:
    svg = charts.lines(a_chart(*range(len(labels)), labels=labels))
    assert texts(svg, "middle") == shown
    assert len(shown) * max(map(len, shown)) * charts.LETTER <= charts.NARROW


@pytest.mark.parametrize("draw", [charts.bars, charts.lines])
def test_nothing_to_draw_is_still_a_chart(draw: object) -> None:
    for chart in (a_chart(), a_chart(0, 0), a_chart(None, None)):
        drawn(draw(chart))  # type: ignore[operator]  # one of the two
