"""Months and years as figures are told by: `2026` and `2026-11`. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

_WRITTEN = re.compile(r"([12]\d{3})(?:-(0[1-9]|1[0-2]))?", re.ASCII)


@dataclass(frozen=True)
class Period:
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
        return self.after.first - timedelta(days=1)

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

    def days_until(self, today: date) -> int:
        """How many of its days have come, today included."""
        return max(0, (min(self.last, today) - self.first).days + 1)

    def is_over(self, today: date) -> bool:
        """Whether all of its days have passed."""
        return today > self.last


def parse(written: str) -> Period | None:
    """The period that is written like this, or None."""
    found = _WRITTEN.fullmatch(written)
    return Period(int(found[1]), int(found[2]) if found[2] else None) if found else None
