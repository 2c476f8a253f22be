"""A week as a heat map: a row a weekday, a cell an hour. Pure.

The darker a cell, the more was counted; a bar below it says that the line is open, so no meaning hangs on colour alone.
Widths are parts of a hundred, heights are pixels, as in charts.py; colours come from the classes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from html import escape

from helpline.stats.charts import LINE, Chart, Show

HOURS, LEVELS = 24, 5
# The weekdays stand to the left: so many parts of a hundred are theirs.
BESIDE = 13.0
WIDE = (100 - BESIDE) / HOURS
CELL, BAR, ROW = 20, 3, 31
EVERY = 3

Cells = Mapping[tuple[int, int], int]


def level(number: int, most: int) -> int:
    """0 for nothing, else 1 to 5 by how near it comes to the most."""
    return -(-LEVELS * number // most) if number else 0


def heat(
    chart: Chart,
    counts: Cells,
    is_open: Collection[tuple[int, int]],
    legend: Sequence[str],
    say: Callable[[int, int, int], str],
    show: Show = str,
) -> str:
    """`chart`: its key, title and text, and the weekdays as its labels. `counts`: by weekday (0 is Monday) and hour.

    legend: what the bars mean, what the cells mean. say: a cell in words, from weekday, hour and number.
    """
    most, parts = max(counts.values(), default=0), []
    top = 2 * LINE + 10
    for weekday, name in enumerate(chart.labels):
        y = top + weekday * ROW
        parts.append(f'<text class="tick" x="0" y="{y + 15}">{escape(name)}</text>')
        for hour in range(HOURS):
            number = counts.get((weekday, hour), 0)
            x, wide = BESIDE + hour * WIDE, WIDE * 0.88
            parts.append(
                f'<rect class="heat h{level(number, most)}" x="{x:.4g}%" y="{y}" width="{wide:.4g}%" height="{CELL}" '
                f'rx="3"><title>{escape(say(weekday, hour, number))}</title></rect>'
            )
            if (weekday, hour) in is_open:
                # As wide as the hour, so that hours in a row are one bar.
                parts.append(f'<rect class="open" x="{x:.4g}%" y="{y + CELL + 2}" width="{WIDE:.4g}%" height="{BAR}"/>')
    floor = top + len(chart.labels) * ROW
    parts += [
        f'<text class="tick" x="{BESIDE + hour * WIDE:.4g}%" y="{floor + 12}">{hour}</text>'
        for hour in range(0, HOURS, EVERY)
    ]
    key = escape(chart.key)
    return (
        f'<svg class="chart" width="100%" height="{floor + 20}" role="img" '
        f'aria-labelledby="{key}-title {key}-text"><title id="{key}-title">{escape(chart.title)}</title>'
        f'<desc id="{key}-text">{escape(chart.text)}</desc>{_legend(legend, most, show)}{"".join(parts)}</svg>'
    )


def _legend(words: Sequence[str], most: int, show: Show) -> str:
    of_bars, of_cells = words
    steps = "".join(
        f'<rect class="heat h{step}" x="{step * 14}" y="{LINE + 4}" width="12" height="12" rx="3"/>'
        for step in range(LEVELS + 1)
    )
    behind = (LEVELS + 1) * 14 + 6
    return (
        f'<rect class="open" x="0" y="8" width="24" height="{BAR}"/>'
        f'<text class="name" x="32" y="14">{escape(of_bars)}</text>{steps}'
        f'<text class="name" x="{behind}" y="{LINE + 15}">{escape(of_cells)} {escape(show(most))}</text>'
    )
