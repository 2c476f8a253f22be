"""How long answers really take. PURE: counters in, one figure out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

OVER = timedelta(weeks=4)
# Fewer answers than this tell nothing that anybody could rely on.
FEWEST = 5


@dataclass(frozen=True)
class Figure:
    """Answers of the last four weeks. `in_time_percent` holds those against it that should have been answered by now.

    `median_hours` and `in_time_percent` are None where too few were answered to tell.
    """

    answered: int
    overdue: int
    median_hours: int | None
    in_time_percent: int | None


def figure(counts: Iterable[tuple[int, bool, int]], overdue: int) -> Figure:
    """`counts`: hours waited, whether that was in time, how many."""
    rows = sorted(counts)
    answered = sum(number for _, _, number in rows)
    if answered < FEWEST:
        return Figure(answered, overdue, None, None)
    in_time = sum(number for _, punctual, number in rows if punctual)
    # Downwards: nobody is told of a promise that was not quite kept.
    return Figure(answered, overdue, _median(rows, answered), 100 * in_time // (answered + overdue))


def _median(rows: list[tuple[int, bool, int]], answered: int) -> int:
    """Of an even number the longer of both in the middle."""
    passed = 0
    for hours, _, number in rows:
        passed += number
        if passed > answered // 2:
            return hours
    raise AssertionError("the middle of a row lies in it")
