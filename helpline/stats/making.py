"""Makes releases: counts what no release has counted yet, protects it, and keeps it for good.

The solver takes seconds and holds its thread, so a release is made in a process of its own and outside any
transaction. What is stored was counted again in the transaction that stores it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from helpline.contacts import service as contacts
from helpline.contacts.categories import NONE, UNKNOWN
from helpline.contacts.service import Due
from helpline.contacts.tally import ANSWERED, Tally
from helpline.db import reading, transaction
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.stats import disclosure, sheets, store
from helpline.stats.counting import counters_of, lists_of
from helpline.stats.disclosure import BASE, OTHER, SEED_BYTES, DisclosureError, Month
from helpline.stats.figures import figures
from helpline.stats.models import Released
from helpline.stats.periods import Period
from helpline.stats.sheets import MERGED, Lists
from helpline.stats.store import Told
from helpline.stats.tables import Dimension, Key, Table, by_figure

# The ledger changes while it is counted at most once or twice.
TRIES = 5
# Months. What began later had no time to tell how often anything occurs.
HALF_A_YEAR = 6
# The steps of a release, as whoever waits for it is told them.
COUNTING, ROUNDING, STORING = STEPS = ("counting", "rounding", "storing")
Say = Callable[[Period, str], None]


class NotOver(ValueError):
    """The period goes on, so it can't be released yet; the message says until when."""


class CannotRelease(Exception):
    """No release was made and nothing was stored; the message says why in one line."""


class _Moved(Exception):
    """The ledger or the other releases changed since they were read."""


def release_month(line: Line, month: Period, now: datetime, say: Say = lambda *_: None) -> Told:
    """The release of a month that is over: as it was made before, else made now and frozen.

    Raises NotOver, or CannotRelease and then nothing is stored. Never to be called inside a transaction or the server.
    """
    refuse_what_goes_on(line, month, now)
    for _ in range(TRIES):
        with reading() as session:
            found = store.released(session, line.slug, str(month))
        if found is not None:
            return store.told(found)
        try:
            return _make(line, month, now, say)
        except _Moved:
            continue
        except DisclosureError as error:
            raise CannotRelease(f"{line.slug} {month}: {error}") from error
    raise CannotRelease(f"{line.slug} {month}: the ledger changes while it is counted; try again")


def release_year(line: Line, year: int, now: datetime, say: Say = lambda *_: None) -> Told:
    """The individuals of a year that is over. Its months that are missing are released first.

    Then the year is closed: nothing exact of its releases is kept, and the salt of its persons goes once no line needs
    it. Raises NotOver or CannotRelease.
    """
    refuse_what_goes_on(line, Period(year), now)
    for first in Period(year).steps:
        release_month(line, Period(year, first.month), now, say)
    for _ in range(TRIES):
        with reading() as session:
            found = store.released(session, line.slug, str(year))
        try:
            told = store.told(found) if found is not None else _close(line, year, now, say)
        except _Moved:
            continue
        except DisclosureError as error:
            raise CannotRelease(f"{line.slug} {year}: {error}") from error
        _forget_persons(year)
        return told
    raise CannotRelease(f"{line.slug} {year}: the ledger changes while it is counted; try again")


def refuse_what_goes_on(line: Line, period: Period, now: datetime) -> None:
    """Raises NotOver for a period that is not over on the clock of the line."""
    if not period.is_over(lines.local(line, now).date()):
        raise NotOver(f"{period} is not over on the line {line.slug} before {period.after.first.isoformat()}")


# --- a month ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Plan:
    """What a release rests on beside the ledger: all releases there are, those of its year, and what is merged."""

    periods: frozenset[Period]
    year: tuple[Month, ...]
    year_within: int
    lists: Lists
    merged: Mapping[tuple[str, str], tuple[str, ...]]
    due: Due


def _make(line: Line, month: Period, now: datetime, say: Say) -> Told:
    say(month, COUNTING)
    plan = _plan(line.slug, month)
    counted = contacts.count_due(plan.due)
    exact = _tables(plan, month, counted)
    say(month, ROUNDING)
    seed = secrets.token_bytes(SEED_BYTES)
    names = {name: words for (_, name), words in plan.merged.items() if words}
    found = disclosure.release(exact, seed, earlier=plan.year, merged=names)
    say(month, STORING)
    row = Released(
        line=line.slug,
        period=str(month),
        made_on=lines.local(line, now).date(),
        within=found.within,
        year_within=max(found.year_within, plan.year_within),
        late_rows=_late_rows(found.tables),
        merged={name: list(words) for name, words in names.items()},
        released=store.as_json(found.tables),
        exact=store.as_json(exact),
        seed=seed,
    )
    with transaction() as session:
        # One release of a line at a time: each rests on those before it.
        lines.lock_queue(line.slug)
        if store.periods_of(session, line.slug) != plan.periods or contacts.mark_counted(plan.due) != counted:
            raise _Moved
        session.add(row)
    return store.told(row)


def _plan(line: str, month: Period) -> _Plan:
    lists = lists_of(line)
    with reading() as session:
        periods = store.periods_of(session, line)
        year = store.months(session, line, month.year)
        before = [store.month(row) for row in store.months(session, line, month.year - 1)]
    merged = _merged(year, before, lists)
    # Late rows count in the first month after theirs that was not released: those of the months just before this one.
    late_since = month
    while late_since.before in periods:
        late_since = late_since.before
    due = Due(
        line=line,
        month=str(month),
        late_since=late_since.first,
        last=month.last,
        merged_topics=dict.fromkeys(merged.get((ANSWERED, "topic"), ()), OTHER),
    )
    bound = max((row.year_within for row in year), default=BASE)
    return _Plan(frozenset(periods), tuple(map(store.month, year)), bound, lists, merged, due)


def _merged(year: Sequence[Released], before: Sequence[Month], lists: Lists) -> dict[tuple[str, str], tuple[str, ...]]:
    """What is merged all through a calendar year: as its first release did it, else by the releases of the year
    before. Where these told nothing in its first half it is new, and is told."""
    places = [(population, name) for population, names in MERGED.items() for name in names]
    if year:
        return {place: tuple(year[0].merged.get(place[1], ())) for place in places}
    known = sheets.dimensions(lists)
    told = {
        population: sum(by_figure(month.released).get((population, ()), 0) for month in before[:HALF_A_YEAR])
        for population in MERGED
    }
    return {
        (population, name): disclosure.sparse(before, _can_be_merged(known[population, name]), population)
        for population, name in places
        if told[population]
    }


def _can_be_merged(dimension: Dimension) -> Dimension:
    """What nobody knows is nothing other, nor is none."""
    return replace(dimension, categories=tuple(word for word in dimension.categories if word not in (UNKNOWN, NONE)))


def _tables(plan: _Plan, month: Period, counted: Mapping[date, Tally]) -> list[Table]:
    all_of_them, late = (
        figures(sorted((day, tally) for day, tally in counted.items() if day < before))
        for before in (month.after.first, month.first)
    )
    counters = counters_of(plan.due.line, month.first, month.last)
    made = sheets.tables(all_of_them, counters, plan.lists, plan.merged)
    return [*made, *sheets.late_tables(all_of_them, late)]


def _late_rows(tables: Sequence[Table]) -> int:
    """As it is told: the exact number beside rounded figures would narrow them."""
    return sum(table.figures()[sheets.IS_LATE] for table in tables if table.name in sheets.LATE.values())


# --- the individuals of a year ---------------------------------------------------------------------------


def _close(line: Line, year: int, now: datetime, say: Say) -> Told:
    say(Period(year), COUNTING)
    with reading() as session:
        months = store.months(session, line.slug, year)
        bound = max(row.year_within for row in months)
        counted = contacts.individuals_counted(line.slug, year)
    exact = [
        replace(table, ceilings=_ceilings(table, [store.month(row) for row in months], bound))
        for table in sheets.individuals(line.slug, counted["concern"], counted["age_band"])
    ]
    say(Period(year), ROUNDING)
    found = disclosure.release(exact, secrets.token_bytes(SEED_BYTES))
    say(Period(year), STORING)
    row = Released(
        line=line.slug,
        period=str(year),
        made_on=lines.local(line, now).date(),
        within=found.within,
        year_within=found.within,
        late_rows=0,
        merged={},
        released=store.as_json(found.tables),
        exact=None,
        seed=None,
    )
    with transaction() as session:
        lines.lock_queue(line.slug)
        there = store.released(session, line.slug, str(year))
        if there is not None or contacts.individuals_counted(line.slug, year) != counted:
            raise _Moved
        session.add(row)
        store.forget_exact(session, line.slug, year)
    return store.told(row)


def _ceilings(table: Table, months: Sequence[Month], year_within: int) -> dict[Key, int]:
    """The contacts that were told of a year, by the keys of a table of its individuals.

    In a year whose sums are off by a base or more they may be that much too low for any rounding; what is told of its
    bound is added.
    """
    contacts_told: dict[Key, int] = {}
    by_month = [by_figure(month.released) for month in months]
    for key in table.keys():  # noqa: SIM118  # the method of a table
        _, told = table.figure(key)
        contacts_told[key] = sum(month[ANSWERED, told] for month in by_month) + year_within - BASE
    return contacts_told


def _forget_persons(year: int) -> None:
    """Destroy the salt of this year unless a line whose persons need it has not released them yet."""
    with reading() as session:
        waiting = [
            line for line in contacts.lines_with_persons(year) if store.released(session, line, str(year)) is None
        ]
    if not waiting:
        contacts.forget_persons(year)
