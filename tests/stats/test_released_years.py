"""A year of releases by the real service: what it closes, and an attack on all that it told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from helpline import config
from helpline.contacts import service as contacts
from helpline.db import reading
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.stats import service, store
from helpline.stats.disclosure import Month, Release
from helpline.stats.models import Released
from helpline.stats.periods import Period
from helpline.stats.service import NotOver
from helpline.stats.tables import TOTAL, Figure
from tests.builders.logs import LOGS, a_log, answered
from tests.postgres import sqlite_only
from tests.stats.attack import Attack, Published, as_released

NOW = datetime(2021, 1, 2, 12, tzinfo=UTC)
SALT = "persons-2020"
# An attack on all tables is in tests/stats/test_disclosure_attack.py. These share margins, have the late rows, and are
# what individuals are held against.
ATTACKED = ("answered-by-channel", "answered-by-concern", "answered-late", "missed-by-reason", "missed-late")


@pytest.fixture
def line(app: Flask) -> Line:
    """The line of the log, of which 2020 is in the ledger."""
    contacts.import_log((LOGS / "contact-log-2020.csv").read_bytes(), NOW)
    return lines.get_line("prevention")


def come_late(month: str, number: int) -> None:
    times = [f"{month}-04T10:{minute:02}:00+01:00" for minute in range(number)]
    contacts.import_log(a_log(*(answered(occurred_at=at, person=f"late {at}") for at in times)).encode(), NOW)


def salts() -> set[str]:
    return {path.name for path in (config.current().instance_dir / "secrets").glob(f"{SALT}.*")}


def rows_of(line: str, year: int) -> list[Released]:
    with reading() as session:
        wanted = select(Released).where(Released.line == line, Released.period.like(f"{year}%"))
        return list(session.scalars(wanted.order_by(Released.period)))


def test_a_year_is_closed_once_its_months_are_released(line: Line) -> None:
    first = service.release_month(line, Period(2020, 3), NOW)
    assert all(row.exact and row.seed for row in rows_of("prevention", 2020))
    told = service.release_year(line, 2020, NOW)
    year = service.year_tables("prevention", 2020)
    assert (len(year.months), year.missing, year.individuals) == (12, (), told)
    assert first in year.months, "what was released stays"
    assert [row.exact or row.seed for row in rows_of("prevention", 2020)] == [None] * 13
    assert salts() == {f"{SALT}.destroyed"}
    for name, exact in (("individuals-by-concern", 359), ("individuals-by-age", 359)):
        assert abs(told.table(name).figures()[(TOTAL,)] - exact) < 5
    assert abs(year.table("answered-by-channel").figures()[TOTAL, TOTAL] - 620) < year.year_within
    assert abs(year.table("missed-by-reason").figures()[TOTAL, TOTAL] - 810) < year.year_within
    assert service.release_year(line, 2020, NOW) == told


@sqlite_only
def test_the_salt_waits_for_every_line_that_needs_it(line: Line) -> None:
    youth = answered(line="youth", age_band="16-17", topics="")
    contacts.import_log(a_log(youth).encode(), NOW)
    service.release_year(line, 2020, NOW)
    assert salts() == {f"{SALT}.key"}
    service.release_year(lines.get_line("youth"), 2020, NOW)
    assert salts() == {f"{SALT}.destroyed"}


@sqlite_only
def test_a_year_that_goes_on_is_not_closed(line: Line) -> None:
    with pytest.raises(NotOver):
        service.release_year(line, 2021, NOW)
    assert rows_of("prevention", 2021) == []


@sqlite_only
def test_persons_of_rows_that_no_release_of_the_year_counts_are_no_individuals(line: Line) -> None:
    service.release_month(line, Period(2020, 12), NOW)
    late = [
        answered(occurred_at=f"2020-12-04T10:{minute:02}:00+01:00", person=f"late-{minute}") for minute in range(30)
    ]
    contacts.import_log(a_log(*late).encode(), NOW)
    told = service.release_year(line, 2020, NOW)
    assert abs(told.table("individuals-by-concern").figures()[(TOTAL,)] - 359) < 5


@sqlite_only
def test_an_attack_on_all_that_was_told_of_the_year_narrows_nothing(line: Line) -> None:
    for number in (1, 2):
        service.release_month(line, Period(2020, number), NOW)
    come_late("2020-02", 7)
    service.release_year(line, 2020, NOW)
    published, once = as_published("prevention", 2020)
    assert len(published) == 13
    assert Attack(published, once).narrowed() == {}


def as_published(line: str, year: int) -> tuple[list[Published], Mapping[Figure, Figure]]:
    """What the public has, and which figures of the individuals can't exceed which contacts."""
    told = []
    for row in rows_of(line, year):
        released = [table for table in store.month(row).released if table.name in ATTACKED or "-" not in row.period]
        told.append((row.period, (Month((), tuple(released)), Release((), row.within, row.year_within))))
    months = as_released([each for period, each in told if "-" in period])
    [individuals] = as_released([each for period, each in told if "-" not in period])
    once = {figure: ("answered", figure[1]) for figure in individuals.windows}
    known = {figure for month in months for figure in month.windows}
    return [*months, replace(individuals, year_within=None)], {f: of for f, of in once.items() if of in known}
