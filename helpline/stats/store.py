"""Releases as rows, and back. Nothing here commits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from helpline.stats import periods
from helpline.stats.disclosure import Month
from helpline.stats.models import Released
from helpline.stats.periods import Period
from helpline.stats.sheets import LATE
from helpline.stats.tables import Dimension, Table


@dataclass(frozen=True)
class Told:
    """A release of a line as everybody may read it: of a month, or the individuals of a year.

    Every figure differs from what was counted by less than `within`, every sum of this year's releases so far by less
    than `year_within`. `late_rows`: how many contacts of earlier months are counted in it, told like the figures.
    `merged`: the categories that count under `other`, by dimension.
    """

    line: str
    period: Period
    made_on: date
    within: int
    year_within: int
    late_rows: int
    merged: Mapping[str, tuple[str, ...]]
    tables: tuple[Table, ...]

    def table(self, name: str) -> Table:
        """The table of this name; raises KeyError where the line has none."""
        return {table.name: table for table in self.tables}[name]


def told(row: Released) -> Told:
    """What a row says to everybody."""
    return Told(
        line=row.line,
        period=_period(row.period),
        made_on=row.made_on,
        within=row.within,
        year_within=row.year_within,
        late_rows=row.late_rows,
        merged={name: tuple(words) for name, words in row.merged.items()},
        # How many are late is part of the method and no table of its own.
        tables=tuple(table for table in _tables(row.released) if table.name not in LATE.values()),
    )


def month(row: Released) -> Month:
    """What later months need of a released one; nothing exact is there any more once its year is closed."""
    return Month(tuple(_tables(row.exact or {"tables": []})), tuple(_tables(row.released)))


def released(session: Session, line: str, period: str) -> Released | None:
    """The release of this period."""
    return session.get(Released, (line, period))


def months(session: Session, line: str, year: int) -> list[Released]:
    """The released months of a year, in the order of the calendar."""
    wanted = select(Released).where(Released.line == line, Released.period.like(f"{year:04}-%"))
    return list(session.scalars(wanted.order_by(Released.period)))


def periods_of(session: Session, line: str) -> set[Period]:
    """Every period of this line that was released."""
    return {_period(period) for period in session.scalars(select(Released.period).where(Released.line == line))}


def every(session: Session, line: str) -> list[Told]:
    """All releases of a line as everybody may read them."""
    return [told(row) for row in session.scalars(select(Released).where(Released.line == line))]


def forget_exact(session: Session, line: str, year: int) -> None:
    """Keep of the months of this year only what was told."""
    of_year = (Released.line == line, Released.period.like(f"{year:04}-%"))
    session.execute(update(Released).where(*of_year).values(exact=None, seed=None))


def as_json(tables: Iterable[Table]) -> dict[str, Any]:
    """Tables as they are stored; a cell that is not there counts 0."""
    return {
        "tables": [
            {
                "name": table.name,
                "population": table.population,
                "dimensions": [[d.name, list(d.categories), d.several] for d in table.dimensions],
                "cells": [[*key, count] for key, count in sorted(table.cells.items()) if count],
            }
            for table in tables
        ]
    }


def _tables(stored: Mapping[str, Any]) -> Sequence[Table]:
    return [
        Table(
            each["name"],
            each["population"],
            tuple(Dimension(name, tuple(words), several) for name, words, several in each["dimensions"]),
            {tuple(key): count for *key, count in each["cells"]},
        )
        for each in stored["tables"]
    ]


def _period(written: str) -> Period:
    found = periods.parse(written)
    assert found is not None, "only periods are stored"  # noqa: S101  # what the database holds we wrote
    return found
