"""Charts as SVG: bars and lines from plain numbers. Pure.

Widths are parts of a hundred and heights are pixels, so that a chart fills the room there is while its words keep
their size: on a phone, on a wide screen and on paper. Colours come from the classes (static/css/charts.css). Beside
each chart stands its table (templates/components/charts.html), so a screen reader hears a chart as one picture.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

Show = Callable[[float], str]

# A phone of 320 pixels leaves this much beside its margins; text is counted as the widest of the usual fonts has it.
NARROW, LETTER = 250, 7.6
LINE, BAR, BETWEEN = 18, 12, 10
# Where the bars of a table's row begin and how high they are: the one it is about, the one it is compared with.
ROW_BARS = ((3, 11), (15, 5))
# Behind the longest bar there is room for its number.
LONGEST_BAR = 76.0
PLOT, PLOT_TOP, TICKS = 180, 20, 4
# The numbers of the scale stand to the left of the lines: so many parts of a hundred are theirs.
BESIDE = 10.0


@dataclass(frozen=True)
class Series:
    """Numbers that belong together, one a label; None where there is none (yet)."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Chart:
    """What is drawn. The first series is what the chart is about; others are what it is compared with.

    key: unique on the page. text: what is to be seen, in a sentence, for those who don't see it.
    """

    key: str
    title: str
    text: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]


def bars(chart: Chart, show: Show = str) -> str:
    """One below the other, each label above its bars, each number behind its bar. `show` says a number in words."""
    most = max((value or 0 for series in chart.series for value in series.values), default=0)
    parts, y = [], float(_legend_height(chart))
    for place, label in enumerate(chart.labels):
        for line in textwrap.wrap(label, int(NARROW / LETTER)) or [""]:
            parts.append(_text(0, y + 14, line, "name"))
            y += LINE
        for number, series in enumerate(chart.series):
            value = series.values[place]
            if value is not None:
                wide = round(LONGEST_BAR * value / most, 2) if most else 0
                parts.append(f'<rect class="beam s{number}" x="0" y="{y:g}" width="{wide:g}%" height="{BAR}" rx="3"/>')
                parts.append(_text(wide, y + BAR - 1, show(value), "number", dx=6))
            y += BAR + 4
        y += BETWEEN
    return _svg(chart, y, parts, "rect")


def lines(chart: Chart, show: Show = str) -> str:
    """A line a series from left to right, the labels below as far as there is room."""
    top, count = _legend_height(chart) + PLOT_TOP, len(chart.labels)
    ticks = scale(max((value or 0 for series in chart.series for value in series.values), default=0))
    floor = top + PLOT
    parts = []
    for tick in ticks:
        y = floor - PLOT * tick / ticks[-1]
        parts.append(f'<line class="grid" x1="0" x2="100%" y1="{y:g}" y2="{y:g}"/>')
    for number, series in reversed(list(enumerate(chart.series))):
        points = [
            None if value is None else (round(_across(place, count), 2), round(100 - 100 * value / ticks[-1], 2))
            for place, value in enumerate(series.values)
        ]
        ways = "".join(f'<polyline class="way s{number}" points="{way}"/>' for way in _ways(points))
        parts.append(
            f'<svg x="0" y="{top}" width="100%" height="{PLOT}" viewBox="0 0 100 100" preserveAspectRatio="none" '
            f'overflow="visible">{ways}</svg>'
        )
        parts += [
            f'<circle class="point s{number}" cx="{point[0]:g}%" cy="{top + PLOT * point[1] / 100:g}" r="3.5"/>'
            for point in points
            if point is not None
        ]
    # Above the lines, so that a number can always be read.
    parts += [_text(0, floor - PLOT * tick / ticks[-1] - 4, show(tick), "tick") for tick in ticks[1:]]
    every = _every(chart.labels)
    for place in range(0, count, every):
        parts.append(_text(_across(place, count), floor + 18, chart.labels[place], "tick middle"))
    return _svg(chart, floor + 28, parts, "line")


def beams(values: Sequence[float | None], most: float) -> str:
    """The bars of one row of a table that says their numbers itself; all rows have the same `most`."""
    drawn = (
        f'<rect class="beam s{number}" x="0" y="{top}" width="{100 * value / most:.4g}%" height="{high}" rx="2"/>'
        for number, (value, (top, high)) in enumerate(zip(values, ROW_BARS, strict=False))
        if value and most
    )
    high = sum(ROW_BARS[min(len(values), len(ROW_BARS)) - 1])
    return (
        f'<svg class="chart" width="100%" height="{high}" aria-hidden="true" focusable="false">{"".join(drawn)}</svg>'
    )


def scale(most: float) -> list[float]:
    """Round numbers from 0 to `most` or a little more, whole ones, four steps at most."""
    step = next(
        base * 10**power
        for power in range(20)
        for base in (1, 2, 2.5, 5)
        if base * 10**power * TICKS >= most and (base * 10**power) % 1 == 0
    )
    count = max(1, -int(-most // step))
    return [step * number for number in range(count + 1)]


def _across(place: int, count: int) -> float:
    """How far from the left a label and its points stand."""
    return BESIDE + (100 - BESIDE) * (place + 0.5) / count


def _every(labels: Sequence[str]) -> int:
    """Every how manieth label fits on a narrow screen."""
    wide = max((len(label) for label in labels), default=0) * LETTER + 8
    return max(1, -int(-len(labels) * wide // (NARROW * (1 - BESIDE / 100))))


def _ways(points: Sequence[tuple[float, float] | None]) -> Iterator[str]:
    """The line as pieces, broken where there is no number."""
    piece: list[str] = []
    for point in [*points, None]:
        if point is not None:
            piece.append(f"{point[0]:g},{point[1]:g}")
        elif piece:
            yield " ".join(piece)
            piece = []


def _legend_height(chart: Chart) -> int:
    return 0 if len(chart.series) < 2 else len(chart.series) * LINE + 10


def _legend(chart: Chart, mark: str) -> Iterator[str]:
    """Which series is which, by more than its colour."""
    if len(chart.series) < 2:
        return
    for number, series in enumerate(chart.series):
        middle = number * LINE + 9
        if mark == "rect":
            yield f'<rect class="beam s{number}" x="0" y="{middle - 5}" width="24" height="10" rx="3"/>'
        else:
            yield f'<line class="way s{number}" x1="0" x2="24" y1="{middle}" y2="{middle}"/>'
        yield f'<text class="name" x="32" y="{middle + 5}">{escape(series.name)}</text>'


def _text(x: float, y: float, words: str, kind: str, dx: int = 0) -> str:
    shift = f' dx="{dx}"' if dx else ""
    return f'<text class="{kind}" x="{x:.4g}%" y="{y:g}"{shift}>{escape(words)}</text>'


def _svg(chart: Chart, height: float, parts: Sequence[str], mark: str) -> str:
    key = escape(chart.key)
    return (
        f'<svg class="chart" width="100%" height="{height:g}" role="img" aria-labelledby="{key}-title {key}-text">'
        f'<title id="{key}-title">{escape(chart.title)}</title><desc id="{key}-text">{escape(chart.text)}</desc>'
        f"{''.join(_legend(chart, mark))}{''.join(parts)}</svg>"
    )
