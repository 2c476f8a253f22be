"""The figures of a line's period, added up from the tallies of its days. Pure.

Figures can be narrowed to a channel and to inside or outside opening hours; every page, file and release asks here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from helpline.contacts.categories import CHANNELS, LEFT_EARLY
from helpline.contacts.tally import ALL, ANSWERED, BY_THE_HOUR, MISSED, Sum, Tally, cut, summed

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PARTS_OF_DAY = ("night", "morning", "afternoon", "evening")
HOURS_IN_A_PART = 6
# What can be missed: nobody's e-mail or letter meets a busy line.
CAN_BE_MISSED = ("chat", "phone")
Value = tuple[str, ...]


def part_of_day(hour: int) -> str:
    """night 0-6, morning 6-12, afternoon 12-18, evening 18-24."""
    return PARTS_OF_DAY[hour // HOURS_IN_A_PART]


@dataclass(frozen=True)
class Figures:
    """What was counted in some days. `channel` and `in_hours` narrow every count; None is all of them."""

    counted: Sum = field(default_factory=Sum)
    channel: str | None = None
    in_hours: bool | None = None

    def narrowed(self, channel: str | None = None, in_hours: bool | None = None) -> Figures:
        """The same days, only this channel, only inside or outside opening hours."""
        return replace(self, channel=channel, in_hours=in_hours)

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that these figures are of."""
        return CHANNELS if self.channel is None else (self.channel,)

    def _cuts(self, ledger: str) -> list[str]:
        inside = (True, False) if self.in_hours is None else (self.in_hours,)
        return [cut(ledger, channel, here) for channel in self.channels for here in inside]

    def by(self, ledger: str, what: str) -> Counter[Value]:
        """Counts by what a tally has, such as `concern gender`, split: {("self", "male"): 3, ...}."""
        counted: Counter[Value] = Counter()
        for tally in self.counted.by_weekday if what in BY_THE_HOUR else (self.counted.together,):
            for name in self._cuts(ledger):
                for value, number in tally.get(name, {}).get(what, {}).items():
                    counted[tuple(value.split())] += number
        return counted

    def along(self, ledger: str, what: str, *axes: int) -> Counter[Value]:
        """The same, added up over all but these places of the value."""
        counted: Counter[Value] = Counter()
        for value, number in self.by(ledger, what).items():
            counted[tuple(value[axis] for axis in axes)] += number
        return counted

    def by_day(self, ledger: str) -> dict[date, int]:
        """Counts of each day that has any row."""
        cuts = self._cuts(ledger)
        return {day: sum(counts.get(name, 0) for name in cuts) for day, counts in self.counted.of_days.items()}

    @property
    def answered(self) -> int:
        """Answered contacts."""
        return self.by(ANSWERED, ALL).total()

    @property
    def missed(self) -> int:
        """Missed contacts, without those who left early."""
        return self.by(MISSED, ALL).total()

    @property
    def left_early(self) -> int:
        """Those who left within seconds; in no total."""
        return self.by(MISSED, LEFT_EARLY).total()

    @property
    def share_missed(self) -> float | None:
        """Missed as a part of missed and answered, 0 to 1, over the channels that can be missed; None without any."""
        answered = missed = 0
        for channel in set(CAN_BE_MISSED) & set(self.channels):
            told = self.narrowed(channel, self.in_hours)
            answered, missed = answered + told.answered, missed + told.missed
        return missed / (missed + answered) if missed + answered else None

    def by_channel(self, ledger: str) -> Counter[str]:
        """Counts by channel."""
        counted = {channel: self.narrowed(channel, self.in_hours).by(ledger, ALL).total() for channel in self.channels}
        return Counter({channel: number for channel, number in counted.items() if number})

    def missed_by_time(self) -> Counter[tuple[str, int, str]]:
        """Missed contacts by weekday, hour and cause."""
        counted: Counter[tuple[str, int, str]] = Counter()
        for weekday, tally in zip(WEEKDAYS, self.counted.by_weekday, strict=True):
            for name in self._cuts(MISSED):
                for value, number in tally.get(name, {}).get("hour cause", {}).items():
                    hour, cause = value.split()
                    counted[weekday, int(hour), cause] += number
        return counted

    def by_time(self, ledger: str) -> Counter[tuple[str, int]]:
        """Counts by weekday and hour."""
        counted: Counter[tuple[str, int]] = Counter()
        what = "hour" if ledger == ANSWERED else "hour cause"
        for weekday, tally in zip(WEEKDAYS, self.counted.by_weekday, strict=True):
            for name in self._cuts(ledger):
                for value, number in tally.get(name, {}).get(what, {}).items():
                    counted[weekday, int(value.split()[0])] += number
        return counted

    def spread(self, ledger: str, what: str) -> Spread:
        """How `wait_s` or `length_min` spread."""
        return Spread.of({int(value[0]): number for value, number in self.by(ledger, what).items()})


@dataclass(frozen=True)
class Spread:
    """How a measure spreads: how many were measured, the median and the value that 90% stay at or below."""

    measured: int
    median: int | None
    ninetieth: int | None

    @classmethod
    def of(cls, counts: dict[int, int]) -> Spread:
        """From how often each value occurs: the smallest value that at least a half, nine tenths don't exceed."""
        return cls(sum(counts.values()), _quantile(counts, 1, 2), _quantile(counts, 9, 10))


def _quantile(counts: dict[int, int], part: int, of: int) -> int | None:
    wanted, reached = sum(counts.values()) * part, 0
    for value, number in sorted(counts.items()):
        reached += number
        if number and reached * of >= wanted:
            return value
    return None


def figures(tallies: Iterable[tuple[date, Tally]]) -> Figures:
    """Add up the tallies of days."""
    return Figures(summed(tallies))
