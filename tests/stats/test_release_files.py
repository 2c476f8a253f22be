"""Releases and exact figures as files: to the letter of their format, equal to the rows and to the screen."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from helpline import clock
from helpline.contacts import categories
from helpline.contacts import service as contacts
from helpline.contacts.models import Contact, ContactTopic, DayTally, ImportedFile, MissedContact, MonthTally
from helpline.db import transaction
from helpline.lines import service as lines
from helpline.stats import disclosure, files, service
from helpline.stats.disclosure import DisclosureError, window
from helpline.stats.figures import Figures, figures, part_of_day
from helpline.stats.periods import Period
from helpline.stats.tables import ANY, TOTAL, Dimension, Table
from tests.builders.logs import AMSTERDAM, LOGS, a_log, answered, missed
from tests.postgres import sqlite_only

TABLES = {
    "answered-by-channel": ["channel", "concern"],
    "answered-by-age": ["age_band", "gender"],
    "answered-by-concern": ["concern", "gender"],
    "answered-by-topic": ["topic", "gender"],
    "answered-by-time": ["weekday", "part_of_day"],
    "answered-by-route": ["found_via"],
    "answered-by-referral": ["referral"],
    "missed-by-reason": ["channel", "missed_reason"],
    "missed-by-time": ["weekday", "part_of_day"],
    "self-help-visits": ["module", "returning"],
    "advice-by-asker": ["age_band", "gender"],
    "advice-by-tree": ["tree", "asked_for"],
}
Read = dict[tuple[str, ...], int]


@pytest.fixture
def both_years(app: Flask) -> None:
    """The two logs of which figures were published."""
    for year in (2019, 2020):
        contacts.import_log((LOGS / f"contact-log-{year}.csv").read_bytes(), clock.now())


def read(path: Path) -> tuple[list[str], Read]:
    """The head of a file and its counts; no combination stands in it twice."""
    head, *rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8")))
    counts = {tuple(row[:-1]): int(row[-1]) for row in rows}
    assert len(counts) == len(rows)
    return head, counts


def adds_up(counts: Read, several: bool) -> None:
    """Every margin is there, down to the grand total, and fits its parts."""
    words = [list(dict.fromkeys(key[axis] for key in counts)) for axis in range(len(next(iter(counts))))]
    for key in counts:
        for axis, word in enumerate(key):
            parts = [counts[(*key[:axis], part, *key[axis + 1 :])] for part in words[axis] if part not in (TOTAL, ANY)]
            if word == TOTAL:
                assert counts[key] == sum(parts), key
            elif word == ANY:
                assert several
                assert max(parts) <= counts[key] <= sum(parts), key


@pytest.mark.usefixtures("both_years")
def test_files_are_as_they_are_described_and_released_ones_near_the_exact_ones(run: Any, tmp_path: Path) -> None:
    for name, more in (("exact", ["--exact"]), ("released", [])):
        done = run("export", "--month", "2020-05", "--format", "csv", "--out", tmp_path / name, *more)
        frozen = [f"helpline: {line}: released and frozen for good: 2020-05" for line in ("prevention", "youth")]
        assert (done.code, done.error.splitlines()) == (0, [] if name == "exact" else frozen)
    for line, without in (("prevention", set()), ("youth", {"self-help-visits"})):
        exact, released = (tmp_path / name / line for name in ("exact", "released"))
        there = {path.stem for path in released.glob("*.csv")}
        assert there - {"self-help-course"} == TABLES.keys() - without
        for name in there & TABLES.keys():
            (head, counted), (head_too, told) = read(exact / f"{name}.csv"), read(released / f"{name}.csv")
            assert head == head_too == [*TABLES[name], "count"]
            assert counted.keys() == told.keys()
            for counts in (counted, told):
                adds_up(counts, name == "answered-by-topic")
            assert all(counted[key] in window(number) for key, number in told.items()), name


@pytest.mark.usefixtures("both_years")
def test_exact_files_count_like_the_rows_of_the_log(run: Any, tmp_path: Path) -> None:
    assert run("export", "--month", "2020-05", "--exact", "--format", "csv", "--out", tmp_path).code == 0
    log = csv.DictReader(io.StringIO((LOGS / "contact-log-2020.csv").read_text(encoding="utf-8")))
    of_may = [row for row in log if row["occurred_at"].startswith("2020-05")]
    counted: dict[str, Counter[tuple[str, ...]]] = {name: Counter() for name in TABLES}
    for row in of_may:
        at = datetime.fromisoformat(row["occurred_at"])
        time = (at.strftime("%A").lower(), part_of_day(at.hour))
        if row["outcome"] == "missed":
            counted["missed-by-reason"][row["channel"], row["missed_reason"]] += 1
            counted["missed-by-time"][time] += 1
            continue
        row = {name: cell or "unknown" for name, cell in row.items()} | {"referral": row["referral"] or "none"}
        for name in ("channel", "age", "concern", "route", "referral"):
            table = f"answered-by-{name}"
            counted[table][tuple(row[column] for column in TABLES[table])] += 1
        for topic in {*row["topics"].split(";"), ANY}:
            counted["answered-by-topic"][topic, row["gender"]] += 1
        counted["answered-by-time"][time] += 1
    for name, counts in counted.items():
        _, told = read(tmp_path / "prevention" / f"{name}.csv")
        cells = {key: number for key, number in told.items() if number and TOTAL not in key}
        assert cells == dict(counts), name


def test_a_workbook_begins_with_what_it_is_and_exact_ones_say_so_on_every_sheet(run: Any, tmp_path: Path) -> None:
    for name, more in (("exact", ["--exact"]), ("released", [])):
        out = ("--line", "prevention", "--out", tmp_path / name)
        assert run("export", "--month", "2020-05", "--format", "xlsx", *out, *more).code == 0
    for name in ("exact", "released"):
        [path] = (tmp_path / name).iterdir()
        assert path.name == "prevention.xlsx"
        book = zipfile.ZipFile(path)
        sheets = re.findall(r'<sheet name="([^"]*)"', book.read("xl/workbook.xml").decode())
        assert sheets[0] == "read me"
        assert set(sheets[1:]) == {*TABLES, "self-help-course"}
        words = re.findall(r"<t[^>]*>([^<]*)</t>", book.read("xl/sharedStrings.xml").decode())
        assert any("one of the two multiples of 5" in word for word in words) == (name == "released")
        place = words.index(files.EXACT) if files.EXACT in words else None
        assert (place is None) == (name == "released")
        for number in range(2, len(sheets) + 1):
            sheet = book.read(f"xl/worksheets/sheet{number}.xml").decode()
            assert "<f>" not in sheet
            assert (f't="s"><v>{place}</v>' in sheet and files.EXACT in sheet) == (name == "exact")


@pytest.mark.parametrize("cell", ["=1+1", "+31", "-2", "@x", "\t=1"])
def test_a_cell_that_looks_like_a_formula_is_none(cell: str) -> None:
    table = Table("t", "p", (Dimension("topic", (cell, "plain")),), {(cell,): 2})
    assert f"'{cell}" in next(csv.reader([files.as_csv(table).decode().splitlines()[1]]))
    sheets = files.Sheets("prevention", "=name", Period(2020, 5), (table,))
    book = zipfile.ZipFile(io.BytesIO(files.as_workbook(sheets)))
    assert "<f>" not in book.read("xl/worksheets/sheet2.xml").decode()
    assert cell.strip() in book.read("xl/sharedStrings.xml").decode()


# The command


def test_bad_input_is_told_in_one_line_and_writes_nothing(run: Any, tmp_path: Path) -> None:
    here = lines.local(lines.get_line("youth"), clock.now()).date()
    out = ("--format", "csv", "--out", tmp_path / "out")
    assert run("export", "--month", f"{here:%Y-%m}", *out).refused(2, "not over")
    assert run("export", "--month", "2020-5", *out).refused(2, "YYYY-MM")
    assert run("export", "--month", "2020", *out).refused(2, "YYYY-MM")
    assert run("export", "--month", f"{here.year + 1}-01", "--exact", *out).refused(2, "not begun")
    assert run("export", "--month", "2020-05", "--line", "elders", *out).refused(2, "elders")
    assert run("export", *out).refused(2, "--month")
    assert run("export", "--month", "2020-05", "--out", tmp_path / "out").refused(2, "--format", "csv, xlsx")
    assert run("export", "--month", "2020-05", "--format", "csv", "--out", "").refused(2, "--out", "empty")
    assert run("release", "--period", str(here.year)).refused(2, "not over")
    assert not (tmp_path / "out").exists()
    assert service.released_periods("youth") == set()
    assert run("export", "--month", f"{here:%Y-%m}", "--exact", *out).code == 0


def test_what_can_not_be_protected_writes_nothing(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no(*_: object, **__: object) -> None:
        raise DisclosureError("No rounding of these tables keeps all their sums; merge categories.")

    monkeypatch.setattr(disclosure, "release", no)
    for form in files.FORMATS:
        done = run("export", "--month", "2020-05", "--format", form, "--out", tmp_path / "out")
        assert done.refused(1, "prevention 2020-05", "No rounding")
    assert not (tmp_path / "out").exists()


def test_a_year_is_exported_with_its_individuals_and_listed(run: Any, tmp_path: Path) -> None:
    done = run("export", "--year", "2020", "--line", "youth", "--format", "csv", "--out", tmp_path)
    assert done.code == 0
    head, told = read(tmp_path / "youth" / "individuals-by-concern.csv")
    assert (head, told[(TOTAL,)]) == (["concern", "count"], 0)
    assert done.error.splitlines() == [
        f"helpline: youth: released and frozen for good: {', '.join(f'2020-{month:02}' for month in range(1, 13))}",
        "helpline: youth: 2020 is closed for good: its persons can't be told apart any more. Logs of 2020 that come "
        "now are of nobody in particular",
    ]
    listed = run("releases").out.splitlines()
    assert len(listed) == 13
    assert listed[0].startswith("youth 2020: released on ")
    assert run("release", "--line", "youth", "--period", "2020-05").out.startswith("youth 2020-05: released on ")


@pytest.mark.parametrize("period", ["1800", "1800-05", "1989", "2017", "2018-11"])
def test_what_was_over_before_anything_was_counted_is_not_released(run: Any, tmp_path: Path, period: str) -> None:
    named = "--month" if "-" in period else "--year"
    out = ("--format", "csv", "--out", tmp_path / "out")
    assert run("export", named, period, *out).refused(2, period, "first month", "2018-12")
    assert run("release", "--period", period).refused(2, "2018-12")
    assert not (tmp_path / "out").exists()
    assert service.released_periods("prevention") | service.released_periods("youth") == set()


def test_where_no_file_can_be_written_nothing_is_released(run: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    assert run("export", "--month", "2020-05", "--format", "csv", "--out", tmp_path / "file" / "out").refused(1)
    assert service.released_periods("prevention") == set()


# Exact files and the screen


def cells(**columns: tuple[str, ...]) -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries({name: st.sampled_from(values) for name, values in columns.items()})


AT = st.integers(0, 31 * 24 * 60 - 1).map(
    lambda minutes: (datetime(2020, 5, 1, tzinfo=AMSTERDAM) + timedelta(minutes=minutes)).isoformat()
)
ROWS = st.lists(
    st.one_of(
        st.tuples(
            AT,
            cells(
                channel=categories.CHANNELS,
                concern=categories.CONCERNS,
                gender=("male", "female", "unknown"),
                age_band=("18-25", "61+", "unknown"),
                topics=("", "viewing", "viewing;attraction", "billboards"),
                found_via=("", "internet", "billboard"),
            ),
        ).map(lambda row: answered(occurred_at=row[0], **row[1])),
        st.tuples(AT, cells(channel=("phone", "chat"), missed_reason=("closed", "left_early", "unanswered"))).map(
            lambda row: missed(occurred_at=row[0], **row[1])
        ),
    ),
    min_size=1,
    max_size=25,
)


@sqlite_only
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS)
def test_exact_files_and_the_screen_agree(app: Flask, rows: list[dict[str, str]]) -> None:
    """Whatever the screen is narrowed to stands in the files as a row, and all of the screen is their grand total."""
    with transaction() as session:
        for ledger in (ContactTopic, Contact, MissedContact, DayTally, MonthTally, ImportedFile):
            session.execute(delete(ledger))
    contacts.import_log(a_log(*rows).encode(), datetime(2020, 6, 20, tzinfo=UTC))
    line, today = lines.get_line("prevention"), date(2020, 6, 20)
    tables = service.exact_tables(line, Period(2020, 5), today)
    told = {table.name: dict(list(csv_of(table))) for table in tables}
    screen = figures(contacts.tallies("prevention", date(2020, 5, 1), date(2020, 5, 31), today))
    for channel in categories.CHANNELS:
        narrowed = screen.narrowed(channel)
        assert told["answered-by-channel"][channel, TOTAL] == narrowed.answered
        assert told["missed-by-reason"][channel, TOTAL] == narrowed.missed
        concerns = narrowed.along("answered", "concern gender", 0)
        assert {(concern,): told["answered-by-channel"][channel, concern] for (concern,) in concerns} == concerns
    inside, outside = screen.narrowed(in_hours=True), screen.narrowed(in_hours=False)
    assert told["answered-by-age"][TOTAL, TOTAL] == inside.answered + outside.answered == screen.answered
    assert told["missed-by-time"][TOTAL, TOTAL] == inside.missed + outside.missed == screen.missed
    for key, number in screen.by("answered", "topic gender").items():
        assert told["answered-by-topic"][key] == number
    assert by_part(screen) == {key: n for key, n in told["answered-by-time"].items() if n and TOTAL not in key}


def csv_of(table: Table) -> list[tuple[tuple[str, ...], int]]:
    _, *rows = csv.reader(io.StringIO(files.as_csv(table).decode()))
    return [(tuple(row[:-1]), int(row[-1])) for row in rows]


def by_part(screen: Figures) -> dict[tuple[str, ...], int]:
    counted: Counter[tuple[str, ...]] = Counter()
    for (weekday, hour), number in screen.by_time("answered").items():
        counted[weekday, part_of_day(hour)] += number
    return dict(counted)
