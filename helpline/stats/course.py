"""The figures of a course, from its counters. Pure.

A row is (day, module, what, seen before, count) as the counters of `contacts` have it: module '' is the course itself,
what is `visit` or `done`, and a visit was seen before when it came back with a code.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from helpline.stats.periods import Period

Row = tuple[date, str, str, bool, int]


@dataclass(frozen=True)
class Visits:
    """How many visits there were, and how many of these came back with a code."""

    all: int = 0
    returning: int = 0

    def and_more(self, count: int, seen_before: bool) -> Visits:
        """With `count` more."""
        return Visits(self.all + count, self.returning + (count if seen_before else 0))

    @property
    def returning_share(self) -> float | None:
        """The part that came back, 0 to 1; None without visits."""
        return share(self.returning, self.all)


@dataclass(frozen=True)
class ModuleFigures:
    """How many visits opened a module, and how many finished it."""

    slug: str
    visits: int = 0
    done: int = 0

    @property
    def done_share(self) -> float | None:
        """Finished as a part of opened; None where nobody opened it."""
        return share(self.done, self.visits)


@dataclass(frozen=True)
class Figures:
    """A period of a line's course. `steps`: its months or days; None for those to come.

    days: so many have come. days_over: so many of these are over, with `visits_over` visits; today goes on.
    """

    period: Period
    days: int
    days_over: int
    visits: Visits
    visits_over: int
    modules: tuple[ModuleFigures, ...]
    steps: tuple[Visits | None, ...]

    @property
    def visits_a_day(self) -> float | None:
        """Visits of the days that are over divided by these days; None before the first one is."""
        return share(self.visits_over, self.days_over)

    @property
    def opened(self) -> int:
        """Visits to modules, all together."""
        return sum(module.visits for module in self.modules)

    @property
    def done(self) -> int:
        """Modules finished, all together."""
        return sum(module.done for module in self.modules)

    @property
    def most_visited(self) -> tuple[ModuleFigures, ...]:
        """The modules that were opened, the most visited first."""
        return tuple(sorted((m for m in self.modules if m.visits), key=lambda module: -module.visits))

    @property
    def is_empty(self) -> bool:
        """Nothing was counted."""
        return not (self.visits.all or self.opened or self.done)

    def module(self, slug: str) -> ModuleFigures:
        """The figures of one module."""
        return next((module for module in self.modules if module.slug == slug), ModuleFigures(slug))


def figures(rows: Iterable[Row], period: Period, order: Collection[str], today: date) -> Figures:
    """The figures of `period` as far as it has come; modules in `order`, those that only the counters know behind."""
    whole, over, opened, done = Visits(), 0, dict.fromkeys(order, 0), dict.fromkeys(order, 0)
    steps = {step: Visits() for step in period.steps}
    for day, module, what, seen_before, count in rows:
        if not period.first <= day <= period.last:
            continue
        if what == "done":
            done[module] = done.get(module, 0) + count
        elif module:
            opened[module] = opened.get(module, 0) + count
        else:
            step = day if period.month else day.replace(day=1)
            whole, steps[step] = whole.and_more(count, seen_before), steps[step].and_more(count, seen_before)
            over += count if day < today else 0
    return Figures(
        period=period,
        days=period.days_until(today),
        days_over=period.days_until(today - timedelta(days=1)),
        visits=whole,
        visits_over=over,
        modules=tuple(ModuleFigures(slug, opened.get(slug, 0), done.get(slug, 0)) for slug in {**opened, **done}),
        steps=tuple(visits if step <= today else None for step, visits in steps.items()),
    )


def share(part: float, whole: float) -> float | None:
    """`part` of `whole`, 0 to 1; None of nothing."""
    return part / whole if whole else None


def change(now: float, before: float) -> float | None:
    """By what part of the number before it grew; negative where it shrank, None from nothing."""
    return (now - before) / before if before else None
