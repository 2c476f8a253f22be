"""What the missed contacts of a period ask for: hours of a weekday in which one cause stands out. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from helpline.stats.figures import WEEKDAYS

HOURS = 24
AT_MOST = 5
# Fewer may be chance, and nobody plans a shift for them.
ENOUGH = 5
# An hour stands out where it has more than so many times what an hour of the week has on average, and more than one.
ABOVE = 1.5
# What would help against each cause; nothing helps against a quick exit or a lost connection.
PLAN_A_SHIFT, OPEN, ONE_MORE = "plan a shift", "open", "one more"
HELPS = {
    "nobody_on_duty": PLAN_A_SHIFT,
    "closed": OPEN,
    "queue_full": ONE_MORE,
    "left": ONE_MORE,
    "unanswered": ONE_MORE,
}


@dataclass(frozen=True)
class Finding:
    """From `start` to `end` o'clock on this weekday so many were `missed` by one cause, `of` so many by all causes."""

    weekday: str
    start: int
    end: int
    cause: str
    missed: int
    of: int

    @property
    def helps(self) -> str:
        """What would help."""
        return HELPS[self.cause]


def findings(missed: Mapping[tuple[str, int, str], int]) -> list[Finding]:
    """What stands out in counts by weekday, hour and cause, at most five, the most missed first."""
    usual = max(1.0, ABOVE * sum(missed.values()) / (HOURS * len(WEEKDAYS)))
    by_all: Counter[tuple[str, int]] = Counter()
    for (weekday, hour, _), number in missed.items():
        by_all[weekday, hour] += number
    found = []
    for weekday in WEEKDAYS:
        for cause in HELPS:
            by_hour = [missed.get((weekday, hour, cause), 0) for hour in range(HOURS)]
            start, end = _most_above(by_hour, usual)
            number, of = sum(by_hour[start:end]), sum(by_all[weekday, hour] for hour in range(start, end))
            if number >= ENOUGH and number * 2 >= of:
                found.append(Finding(weekday, start, end, cause, number, of))
    return sorted(found, key=lambda finding: -finding.missed)[:AT_MOST]


def _most_above(numbers: Sequence[int], usual: float) -> tuple[int, int]:
    """Where the neighbours begin and end that are together the most above what is usual; nowhere is (0, 0)."""
    best, found, start, above = 0.0, (0, 0), 0, 0.0
    for place, number in enumerate(numbers):
        if above <= 0:
            start, above = place, 0.0
        above += number - usual
        if above > best:
            best, found = above, (start, place + 1)
    return found
