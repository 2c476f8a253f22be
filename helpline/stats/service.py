"""Figures as others of the house ask for them: exact ones, and what was released."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from helpline.contacts import service as contacts
from helpline.db import reading
from helpline.lines.models import Line
from helpline.stats import sheets, store
from helpline.stats.counting import counters_of as counters_of
from helpline.stats.counting import exact_tables as exact_tables
from helpline.stats.counting import lists_of as lists_of
from helpline.stats.files import Sheets as Sheets
from helpline.stats.files import as_files as as_files
from helpline.stats.making import STEPS as STEPS
from helpline.stats.making import CannotRelease as CannotRelease
from helpline.stats.making import NotOver as NotOver
from helpline.stats.making import refuse_what_goes_on as refuse_what_goes_on
from helpline.stats.making import release_month as release_month
from helpline.stats.making import release_year as release_year
from helpline.stats.periods import Period
from helpline.stats.runs import PROBLEMS as PROBLEMS
from helpline.stats.runs import Run as Run
from helpline.stats.runs import runs_of as runs_of
from helpline.stats.runs import start as start
from helpline.stats.store import Told as Told
from helpline.stats.tables import Dimension, Key, Table


@dataclass(frozen=True)
class YearTold:
    """A year of a line as its releases tell it.

    `tables` are the sums of the released `months`, so each of their figures is off by less than `year_within`; a
    category that some months don't have counts 0 there. `missing`: the months that were not released. `individuals` is
    the release of the year itself, with the tables `individuals-by-concern` and `individuals-by-age`; None before
    `release_year`.
    """

    line: str
    year: int
    months: tuple[Told, ...]
    tables: tuple[Table, ...]
    year_within: int
    late_rows: int
    missing: tuple[Period, ...]
    individuals: Told | None

    def table(self, name: str) -> Table:
        """The table of this name; raises KeyError where the line has none, or no month was released."""
        return {table.name: table for table in self.tables}[name]


def told(line: str, period: Period) -> Told | None:
    """The release of a month, or of the individuals of a year; None where it was not made."""
    with reading() as session:
        row = store.released(session, line, str(period))
    return None if row is None else store.told(row)


def released_periods(line: str) -> set[Period]:
    """Every period of a line that was released."""
    with reading() as session:
        return store.periods_of(session, line)


def topics_told(line: str) -> set[str]:
    """The topics that a release of this line names, if only with a 0; to delete one would tell that nobody had it."""
    with reading() as session:
        releases = store.every(session, line)
    dimensions = (dimension for told in releases for table in told.tables for dimension in table.dimensions)
    named = {category for dimension in dimensions if dimension.name == "topic" for category in dimension.categories}
    return named.union(*(words for told in releases for words in told.merged.values()))


def year_tables(line: str, year: int) -> YearTold:
    """What the releases of a line's year tell together. Nothing is released by asking: `release_year` does that."""
    with reading() as session:
        months = [store.told(row) for row in store.months(session, line, year)]
        individuals = store.released(session, line, str(year))
    there = {month.period for month in months}
    return YearTold(
        line=line,
        year=year,
        months=tuple(months),
        tables=tuple(_added_up([month.tables for month in months])),
        year_within=max((month.year_within for month in months), default=0),
        late_rows=sum(month.late_rows for month in months),
        missing=tuple(month for first in Period(year).steps if (month := Period(year, first.month)) not in there),
        individuals=None if individuals is None else store.told(individuals),
    )


class NotReleased(LookupError):
    """There is no release of this period."""


def released_sheets(line: Line, period: Period) -> Sheets:
    """What was released of a month, or the sums and the individuals of a year; raises NotReleased."""
    found = told(line.slug, period)
    if found is None:
        raise NotReleased(str(period))
    if period.month is None:
        year = year_tables(line.slug, period.year)
        found = replace(
            found,
            year_within=year.year_within,
            late_rows=year.late_rows,
            merged=year.months[0].merged,
            tables=(*year.tables, *found.tables),
        )
    return Sheets(line.slug, line.name, period, found.tables, found)


def exact_sheets(line: Line, period: Period) -> Sheets:
    """The same tables, counted exactly: for the organisation itself."""
    tables = exact_tables(line, period)
    if period.month is None:
        year = contacts.counts_of_year(line.slug, period.year)
        tables += sheets.individuals(line.slug, year.individuals_by_concern, year.individuals_by_age_band)
    return Sheets(line.slug, line.name, period, tuple(tables))


def _added_up(months: Sequence[Sequence[Table]]) -> list[Table]:
    """The sums of tables of the same name. What came or went during the year stands behind what was there first."""
    found: dict[str, list[Table]] = {}
    for tables in months:
        for table in tables:
            found.setdefault(table.name, []).append(table)
    return [_sum(tables) for tables in found.values()]


def _sum(tables: Sequence[Table]) -> Table:
    first = tables[0]
    dimensions = tuple(
        Dimension(
            of[0].name, tuple(dict.fromkeys(word for dimension in of for word in dimension.categories)), of[0].several
        )
        for of in zip(*(table.dimensions for table in tables), strict=True)
    )
    cells: dict[Key, int] = {}
    for table in tables:
        for key, count in table.cells.items():
            cells[key] = cells.get(key, 0) + count
    return Table(first.name, first.population, dimensions, cells)
