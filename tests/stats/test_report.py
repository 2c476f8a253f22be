"""The yearly report: the published figures to the letter, the released form from releases alone, the command."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete

from helpline import clock, config
from helpline.commands import run
from helpline.contacts import campaigns
from helpline.contacts import service as contacts
from helpline.contacts.models import Contact, ContactTopic, CourseCount, DayTally, MissedContact
from helpline.db import transaction
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.stats import report_file, service, yearly
from helpline.stats.periods import Period
from helpline.stats.report import Year, change_percent, report
from helpline.stats.report_page import document
from helpline.stats.sheets import Lists, dimensions
from helpline.stats.tables import Table
from tests.builders.logs import LOGS, a_log, answered, missed
from tests.commanding import Done
from tests.postgres import sqlite_only

NOW = datetime(2021, 2, 3, 12, tzinfo=UTC)
PUBLISHED = {
    "year": 2020,
    "line": "prevention",
    "exact": True,
    "contacts": {
        "total": 620,
        "previous": 449,
        "change_percent": 38.1,
        "by_channel": {"phone": 412, "email": 208},
        "by_concern": {"self": 302, "other": 149, "professional": 50, "general": 119},
    },
    "missed": {
        "total": 810,
        "previous": 563,
        "by_reason": {"closed": 497, "unanswered": 313},
        "share_percent": 66.3,
    },
    "individuals": {
        "total": 359,
        "previous": 266,
        "change_percent": 35.0,
        "by_concern": {"self": 169, "other": 86, "professional": 29, "general": 75},
        "by_age_band": {"0-17": 35, "18-25": 103, "26-35": 72, "36-45": 73, "46-60": 53, "61+": 9, "unknown": 14},
    },
}


@pytest.fixture
def line(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Line:
    """The line of most tests, some weeks after the end of 2020."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return lines.get_line("prevention")


def import_both_years() -> None:
    for year in (2019, 2020):
        contacts.import_log((LOGS / f"contact-log-{year}.csv").read_bytes(), NOW)


def release(line: Line, year: int) -> None:
    for needed in yearly.rests_on(line, Period(year)):
        service.release_year(line, needed.year, NOW)


def numbers_of(told: Any, path: str = "") -> Iterator[tuple[str, float | None]]:
    """Every number of a report with the way to it."""
    if isinstance(told, Mapping):
        for name, below in told.items():
            yield from numbers_of(below, f"{path}/{name}")
    elif isinstance(told, (int, float)) and not isinstance(told, bool):
        yield path, told


# Exact


def test_the_published_figures_come_out_to_the_letter(line: Line) -> None:
    import_both_years()
    told = yearly.exact_report(line, 2020)
    for part, figures in PUBLISHED.items():
        if isinstance(figures, dict):
            assert {name: told[part][name] for name in figures} == figures
        else:
            assert told[part] == figures
    assert list(told["contacts"]["by_weekday"]) == [
        *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    ]
    for part in ("contacts", "missed"):
        for counts in ("by_weekday", "by_part_of_day", "by_channel", "by_month"):
            assert sum(told[part][counts].values()) == told[part]["total"], (part, counts)
    assert told["before"]["contacts"]["total"] == 449
    assert told["bounds"] is None
    json.dumps(told)


def test_where_nothing_was_counted_there_is_nothing_to_compare_with(line: Line) -> None:
    contacts.import_log(a_log(answered(), missed(channel="chat", missed_reason="left_early")).encode(), NOW)
    told = yearly.exact_report(line, 2020)
    assert (told["contacts"]["total"], told["contacts"]["previous"], told["contacts"]["change_percent"]) == (1, 0, None)
    assert told["contacts"]["by_channel"] == {"phone": 1}
    assert (told["missed"]["total"], told["missed"]["left_early"], told["missed"]["by_reason"]) == (0, 1, {})
    assert told["missed"]["share_percent"] == 0.0
    empty = yearly.exact_report(line, 2018)
    assert (empty["contacts"]["total"], empty["missed"]["share_percent"], empty["individuals"]["total"]) == (0, None, 0)


@pytest.mark.parametrize(
    ("now", "before", "change"), [(620, 449, 38.1), (1, 3, -66.7), (5, 5, 0.0), (3, 0, None), (3, None, None)]
)
def test_the_change_is_in_percent_to_one_decimal(now: int, before: int | None, change: float | None) -> None:
    assert change_percent(now, before) == change


# Released


@sqlite_only
def test_the_released_report_knows_nothing_but_releases(line: Line) -> None:
    import_both_years()
    campaigns.add_campaign("prevention", "bus", "On buses", None, None)
    campaigns.enter_shown(
        "prevention", "bus", NOW.date().replace(year=2020, month=5), 900, 13, today=NOW.date(), month=True
    )
    exact = yearly.exact_report(line, 2020)
    release(line, 2020)
    told = yearly.released_report(line, 2020)
    # The releases destroyed the salts of both years; who was one person still is.
    assert yearly.exact_report(line, 2020) == exact
    bounds, counted = told["bounds"], dict(numbers_of(exact))
    assert bounds["month"] == bounds["individuals"] == 5
    for path, number in numbers_of({part: told[part] for part in ("contacts", "missed", "individuals", "before")}):
        merged = any(f"by_{dimension}/" in path for dimension in told["merged"])
        if merged or path.endswith(("percent", "late")):
            continue
        bound = bounds["individuals"] if "individuals" in path else bounds["month" if "by_month" in path else "year"]
        assert number is not None
        assert number % 5 == 0, path
        assert abs(number - counted.get(path, 0)) < max(bound, 10 if "before" in path or "previous" in path else 0), (
            path
        )
    assert told["campaigns"] == [{"name": "On buses", "impressions": 900, "clicks": 13}]
    assert (told["exact"], told["year"], told["line"]) == (False, 2020, "prevention")
    with transaction() as session:
        for ledger in (ContactTopic, Contact, MissedContact, DayTally, CourseCount):
            session.execute(delete(ledger))
    assert yearly.released_report(line, 2020) == told


def test_a_year_that_was_not_released_whole_has_no_released_report(line: Line) -> None:
    service.release_month(line, Period(2020, 1), NOW)
    with pytest.raises(yearly.NotReleased) as error:
        yearly.released_report(line, 2020)
    assert [str(period) for period in error.value.missing] == [*(f"2020-{month:02}" for month in range(2, 13)), "2020"]


# The document


def a_year(
    merged: Mapping[str, tuple[str, ...]] | None = None, year: int = 2020, month: int = 1, **counts: int
) -> Year:
    """A released year in which contacts were referred here and there."""
    known = dimensions(Lists("prevention"))
    number = sum(counts.values())

    def table(name: str, population: str, cells: dict[tuple[str, ...], int], *names: str) -> Table:
        return Table(name, population, tuple(known[population, one] for one in names), cells)

    tables = [
        table("answered-by-channel", "answered", {("phone", "self"): number}, "channel", "concern"),
        table("answered-by-concern", "answered", {("self", "male"): number}, "concern", "gender"),
        table("answered-by-age", "answered", {("unknown", "male"): number}, "age_band", "gender"),
        table(
            "answered-by-topic", "answered", {("unknown", "male"): number, ("any", "male"): number}, "topic", "gender"
        ),
        table("answered-by-route", "answered", {("unknown",): number}, "found_via"),
        table("answered-by-referral", "answered", {(code,): count for code, count in counts.items()}, "referral"),
        table("answered-by-time", "answered", {("monday", "night"): number}, "weekday", "part_of_day"),
        table("missed-by-reason", "missed", {}, "channel", "missed_reason"),
        table("missed-by-time", "missed", {}, "weekday", "part_of_day"),
    ]
    bounds = {"month": 5, "year": 10, "individuals": 5}
    return Year({one.name: one for one in tables}, {f"{year}-{month:02}": (number, 0)}, bounds, merged or {})


@sqlite_only
def test_what_is_told_under_another_name_is_no_zero(app: Flask) -> None:
    now = a_year({"referral": ("police", "support_group")}, practitioner=50, other=15)
    told = report("prevention", 2020, now, a_year(None, 2019, practitioner=40, police=10), [])
    with app.test_request_context("/console/"):
        said = document(told, "Anders verder", {})
    pictures = {one.chart.key: one for part in said.parts for one in part.pictures}
    referred = pictures["contacts-by-referral"]
    assert [list(row) for row in referred.rows] == [
        ["A therapist", "50", "77%", "40"],
        ["Somewhere else", "15", "23%", "0"],
        ["The police", "–", "–", "10"],
    ]
    assert referred.chart.labels == ("A therapist", "Somewhere else")
    assert any("another name" in note for note in referred.notes)
    assert any("The police, A support group" in sentence for sentence in said.protected)
    assert any("less than 10 away" in sentence for sentence in said.protected)
    assert "less than 5 away from" in " ".join(said.protected)
    assert [fact.compared for fact in said.facts] == ["+30.0% on 2019 (50)"]


@sqlite_only
def test_a_year_that_was_counted_late_is_no_year_to_compare_with(app: Flask) -> None:
    told = report("prevention", 2020, a_year(other=60), a_year(None, 2019, 11, other=10), [])
    with app.test_request_context("/console/"):
        said = document(told, "Anders verder", {})
    assert [fact.compared for fact in said.facts] == ["2019, from November on: 10"]
    assert "more than" not in " ".join(said.sentences)
    assert told["contacts"]["change_percent"] == 500.0


@sqlite_only
@pytest.mark.parametrize("lang", ["en", "nl"])
def test_the_page_is_one_file_that_needs_nothing_else(line: Line, app: Flask, lang: str) -> None:
    import_both_years()
    with app.test_request_context("/console/"):
        html = report_file.as_html(line, yearly.exact_report(line, 2020), lang)
    assert f'<html lang="{lang}"' in html
    assert not re.search(r"<script|<link|<img|\ssrc=|\shref=|url\(|@import|\sstyle=|/\*", html)
    assert html.count("<style>") == 1
    for number in ("620", "810", "359", "66.3%" if lang == "en" else "66,3%", "38.1%" if lang == "en" else "38,1%"):
        assert number in html
    assert "Helpline" not in html
    assert html.count('class="chart"') == html.count("<table")
    mark = "Exact figures, not for publication" if lang == "en" else "Exacte cijfers, niet om te publiceren"
    assert html.count(mark) == 2, "on the title page, and for the edge of every sheet"


# The command

Helpline = Callable[..., Done]


@pytest.fixture
def helpline(
    line: Line, settings: config.Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Helpline:
    """`helpline stats report` on the installation of this test."""
    monkeypatch.setenv("HELPLINE_INSTANCE_DIR", str(settings.instance_dir))
    monkeypatch.setenv("HELPLINE_DATABASE_URL", settings.database_url)

    def command(*arguments: object) -> Done:
        capsys.readouterr()
        code = run(["stats", "report", *map(str, arguments)])
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    return command


@sqlite_only
def test_the_command_writes_data_and_pages(helpline: Helpline, tmp_path: Path, line: Line) -> None:
    contacts.import_log(a_log(answered(), answered(occurred_at="2019-05-04T10:15:00+02:00")).encode(), NOW)
    asked = ("--year", 2020, "--line", "prevention")
    assert helpline(*asked, "--exact", "--format", "json", "--out", tmp_path / "exact.json").code == 0
    told = json.loads((tmp_path / "exact.json").read_text())
    assert (told["exact"], told["contacts"]["total"], told["contacts"]["previous"]) == (True, 1, 1)
    assert not service.released_periods("prevention")
    assert helpline(*asked, "--format", "json", "--out", tmp_path / "told.json").code == 0
    told = json.loads((tmp_path / "told.json").read_text())
    assert (told["exact"], told["contacts"]["previous"] in (0, 5)) == (False, True)
    assert {Period(2019), Period(2020), Period(2019, 1), Period(2020, 12)} <= service.released_periods("prevention")
    assert helpline(*asked, "--format", "html", "--lang", "nl", "--out", tmp_path / "deep/er/report.html").code == 0
    assert "Jaarverslag 2020" in (tmp_path / "deep/er/report.html").read_text()
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["exact.json", "told.json"]


@sqlite_only
def test_the_command_refuses_in_one_line_and_writes_nothing(helpline: Helpline, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    there = ("--format", "json", "--out", out)
    assert helpline("--year", 2021, "--line", "prevention", *there).refused(2, "2021")
    assert helpline("--year", 2022, "--line", "prevention", "--exact", *there).refused(2, "2022")
    assert helpline("--year", 2020, "--line", "nowhere", *there).refused(2, "nowhere")
    assert helpline("--year", "2020-05", "--line", "prevention", *there).refused(2, "YYYY")
    assert helpline("--year", 2020, "--line", "prevention", "--format", "pdf", "--out", out).refused(2, "pdf")
    assert helpline("--year", 2020, "--line", "prevention", "--format", "json", "--out", tmp_path).refused(2)
    assert not service.released_periods("prevention")
    assert [path.name for path in tmp_path.iterdir()] == ["instance"]
    assert helpline("--year", 2021, "--line", "prevention", "--exact", *there).code == 0, "the year that goes on"
