"""A year of releases by the real service: what it closes, and an attack on all that it told."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from helpline import commands, config, retention
from helpline.advice import service as advice
from helpline.contacts import categories
from helpline.contacts import service as contacts
from helpline.contacts.categories import UNKNOWN
from helpline.contacts.models import AdviceCount, CourseCount
from helpline.db import reading, transaction
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.selfhelp import service as selfhelp
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
# What shares no figure and no bound with the rest is attacked by itself, so that it takes seconds and no hours.
APART = ({"answered", "individuals"}, {"missed"}, {"visits"}, {"course"}, {"advice"})


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
    """Proves of this year of releases that each end of each figure's window is still possible, given all that the files
    tell: every table of every month and what was late, their sums and shared margins, the bound of the year, the
    individuals, and that each tree is for one sort of people.

    Not proved: that a whole number of people stands behind each end (the programme has fractions), that the method
    would give the same release for it (decision 014 argues both), and what is only more or less likely.
    """
    trees = {name: tree.shape.asked_for for name, tree in advice.content_of(line.slug).files.trees.items()}
    with transaction() as session:
        session.add_all(a_year_of_counters(trees, random.Random(2020)))
    for number in (1, 2):
        service.release_month(line, Period(2020, number), NOW)
    come_late("2020-02", 7)
    service.release_year(line, 2020, NOW)
    attacked: Counter[str] = Counter()
    for populations in APART:
        published, once = as_published("prevention", 2020, populations, trees)
        assert Attack(published, once).narrowed() == {}
        attacked.update(table.name for month in published for table in month.tables)
    told = [table.name for row in rows_of("prevention", 2020) for table in store.month(row).released]
    assert attacked == Counter(told)
    assert len(attacked) == 17
    assert sum(attacked.values()) == 12 * 15 + 2


def a_year_of_counters(trees: Mapping[str, str], dice: random.Random) -> Iterator[AdviceCount | CourseCount]:
    """Visits to a few modules and walks through all trees, rare and common ones, in each month."""
    ages, genders = (*categories.AGE_BANDS["youth"], UNKNOWN), (*categories.GENDERS, UNKNOWN)
    modules = ["", *(module.slug for module in selfhelp.content_of("prevention").course.modules)]
    for first in Period(2020).steps:
        on = {"line": "prevention", "on_date": first}
        for seen_before, module in product((False, True), modules):
            number = dice.choice((0, 1, 2, 7, 30))
            yield CourseCount(**on, module=module, what="visit", seen_before=seen_before, count=number)
        for (tree, asked_for), age, gender in product(trees.items(), ages, genders):
            walks = {"tree": tree, "advice": "a", "age_band": age, "gender": gender, "asked_for": asked_for}
            yield AdviceCount(**on, **walks, count=dice.choice((0, 0, 0, 0, 1, 2, 6)))


def as_published(
    line: str, year: int, populations: Collection[str], trees: Mapping[str, str]
) -> tuple[list[Published], Mapping[Figure, Figure]]:
    """What the public has of these populations, and which figures of the individuals can't exceed which contacts."""
    told = []
    for row in rows_of(line, year):
        released = tuple(table for table in store.month(row).released if table.population in populations)
        [month] = as_released([(Month((), released), Release((), row.within, row.year_within))])
        # Of what is told once a year no sum of several releases is told.
        bound = row.year_within if "-" in row.period else None
        told.append(replace(month, windows={**month.windows, **never(month.windows, trees)}, year_within=bound))
    persons = [figure for month in told for figure in month.windows if figure[0] == "individuals"]
    return told, {figure: ("answered", figure[1]) for figure in persons}


def never(figures: Collection[Figure], trees: Mapping[str, str]) -> dict[Figure, tuple[int, int]]:
    """Everybody can read for whom a tree is: the walks through it of others are none."""
    walks = [(figure, dict(words)) for figure in figures for words in [figure[1]] if len(words) == 2]
    return {
        figure: (0, 0)
        for figure, words in walks
        if "asked_for" in words and words["asked_for"] != trees.get(words["tree"], words["asked_for"])
    }


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
