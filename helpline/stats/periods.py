"""What figures are told by: years, months, weeks and days: `2026`, `2026-11`, `2026-W47`, `2026-11-23`. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

_WRITTEN = re.compile(r"([12]\d{3})(?:-(0[1-9]|1[0-2]))?", re.ASCII)
_WEEK = re.compile(r"([12]\d{3})-W(\d\d)", re.ASCII)
_DAY = re.compile(r"[12]\d{3}-\d\d-\d\d", re.ASCII)
ONE_DAY, SIX_DAYS = timedelta(days=1), timedelta(days=6)


class _Days:
    """Some days in a row, as far as they have come."""

    @property
    def first(self) -> date:
        """The first of them."""
        raise NotImplementedError

    @property
    def last(self) -> date:
        """The last of them."""
        raise NotImplementedError

    def days_until(self, today: date) -> int:
        """How many of its days have come, today included."""
        return max(0, (min(self.last, today) - self.first).days + 1)

    def is_over(self, today: date) -> bool:
        """Whether all of its days have passed."""
        return today > self.last


@dataclass(frozen=True)
class Period(_Days):
    """A month, or a year where `month` is None."""

    year: int
    month: int | None = None

    def __str__(self) -> str:
        return f"{self.year}" if self.month is None else f"{self.year}-{self.month:02}"

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.month or 1, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return self.after.first - ONE_DAY

    @property
    def before(self) -> Period:
        """The month before a month, the year before a year."""
        if self.month is None:
            return Period(self.year - 1)
        return Period(self.year - 1, 12) if self.month == 1 else Period(self.year, self.month - 1)

    @property
    def after(self) -> Period:
        """The month after a month, the year after a year."""
        if self.month is None:
            return Period(self.year + 1)
        return Period(self.year + 1, 1) if self.month == 12 else Period(self.year, self.month + 1)

    @property
    def steps(self) -> list[date]:
        """The first days of the months of a year, the days of a month."""
        if self.month is None:
            return [date(self.year, month, 1) for month in range(1, 13)]
        return [date(self.year, self.month, day) for day in range(1, self.last.day + 1)]


@dataclass(frozen=True)
class Week(_Days):
    """Monday to Sunday."""

    monday: date

    def __str__(self) -> str:
        year, number, _ = self.monday.isocalendar()
        return f"{year}-W{number:02}"

    @classmethod
    def of(cls, day: date) -> Week:
        """The week in which a day is."""
        return cls(day - timedelta(days=day.weekday()))

    @property
    def first(self) -> date:
        """Its Monday."""
        return self.monday

    @property
    def last(self) -> date:
        """Its Sunday."""
        return self.monday + SIX_DAYS

    @property
    def before(self) -> Week:
        """The week before."""
        return Week(self.monday - timedelta(days=7))

    @property
    def after(self) -> Week:
        """The week after."""
        return Week(self.monday + timedelta(days=7))

    @property
    def steps(self) -> list[date]:
        """Its days."""
        return [self.monday + timedelta(days=day) for day in range(7)]


@dataclass(frozen=True)
class Day(_Days):
    """One day."""

    day: date

    def __str__(self) -> str:
        return self.day.isoformat()

    @property
    def first(self) -> date:
        """Itself."""
        return self.day

    @property
    def last(self) -> date:
        """Itself."""
        return self.day

    @property
    def before(self) -> Day:
        """The day before."""
        return Day(self.day - ONE_DAY)

    @property
    def after(self) -> Day:
        """The day after."""
        return Day(self.day + ONE_DAY)

    @property
    def steps(self) -> list[date]:
        """Nothing smaller than a day is a date."""
        return [self.day]


Span = Period | Week | Day


def compared(span: Span, today: date) -> tuple[date, date]:
    """The days of the one before with which this one is compared: as many of it as have come of this one."""
    before = span.before
    if span.is_over(today):
        return before.first, before.last
    return before.first, min(before.last, before.first + (span.days_until(today) - 1) * ONE_DAY)


def parse(written: str) -> Period | None:
    """The period that is written like this, or None."""
    found = _WRITTEN.fullmatch(written)
    return Period(int(found[1]), int(found[2]) if found[2] else None) if found else None


def parse_any(written: str) -> Span | None:
    """The year, month, week or day that is written like this, or None."""
    try:
        if week := _WEEK.fullmatch(written):
            return Week(date.fromisocalendar(int(week[1]), int(week[2]), 1))
        return Day(date.fromisoformat(written)) if _DAY.fullmatch(written) else parse(written)
    except ValueError:
        return None
