"""A year of releases by the real service: what it closes, and an attack on all that it told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from helpline import commands, config, retention
from helpline.contacts import service as contacts
from helpline.db import reading
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.stats import late, service, store
from helpline.stats.disclosure import Month, Release
from helpline.stats.models import Released
from helpline.stats.periods import Period
from helpline.stats.service import NotOver
from helpline.stats.tables import TOTAL, Figure
from tests.builders.logs import LOGS, a_log, answered
from tests.postgres import sqlite_only
from tests.stats.attack import Attack, Published, as_released

NOW = datetime(2021, 1, 2, 12, tzinfo=UTC)
SALT = "persons-2020-prevention"
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
    return {path.name for path in (config.current().instance_dir / "secrets").glob("persons-*")}


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
def test_a_year_that_one_line_closed_goes_on_counting_persons_of_the_other(line: Line) -> None:
    service.release_year(line, 2020, NOW)
    times = {f"p{minute}": f"2020-05-04T10:{minute:02}:00+02:00" for minute in range(20)}
    youth = [
        answered(line="youth", age_band="16-17", topics="", occurred_at=at, person=person)
        for person, at in times.items()
    ]
    contacts.import_log(a_log(*youth, *youth[:7]).encode(), NOW)
    assert contacts.counts_of_year("youth", 2020).individuals == 20
    told = service.release_year(lines.get_line("youth"), 2020, NOW)
    assert told.table("individuals-by-concern").figures()[(TOTAL,)] == 20
    assert salts() == {f"{SALT}.destroyed", "persons-2020-youth.destroyed"}


@sqlite_only
def test_whoever_imports_late_is_told_where_it_counts(line: Line) -> None:
    for month in (11, 12):
        service.release_month(line, Period(2020, month), NOW)
    days = {date(2020, 11, 3): 4, date(2020, 12, 5): 3, date(2020, 10, 1): 9}
    told = "7 of them are of months that are released already: they count in the release of 2021-01"
    assert list(late.late_rows("prevention", days)) == [told]
    service.release_year(line, 2020, NOW)
    closed = "2020 is closed: the persons of these rows of 2020 can't be told apart any more"
    assert list(late.late_rows("prevention", days)) == [told.replace("7", "16", 1), closed]
    assert list(late.late_rows("youth", days)) == []


@sqlite_only
def test_a_salt_that_outlived_its_year_is_destroyed_with_the_rest(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(contacts, "forget_persons", lambda *_: None)
        service.release_year(line, 2020, NOW)
    contacts.import_log(a_log(answered(occurred_at="2019-05-04T10:15:00+02:00")).encode(), NOW)
    assert salts() == {f"{SALT}.key", "persons-2019-prevention.key"}
    assert [retention.purge(NOW)["persons"] for _ in range(2)] == [1, 0]
    assert salts() == {f"{SALT}.destroyed", "persons-2019-prevention.key"}


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


@sqlite_only
def test_the_import_says_what_came_late(
    line: Line, app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(commands.config, "load", lambda: app.config["SETTINGS"])
    monkeypatch.setattr(commands.install, "prepare", lambda _: None)
    service.release_month(line, Period(2020, 5), NOW)
    log = tmp_path / "late.csv"
    log.write_text(a_log(answered(), answered(occurred_at="2020-06-01T10:00:00+02:00")), encoding="utf-8")
    assert commands.run(["contacts", "import", str(log)]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "prevention: 2020-05-04 to 2020-06-01",
        "prevention: 1 of them are of months that are released already: they count in the release of 2020-06",
    ]
