"""Releases in the console: who makes and reads them, how one is made beside the server, what became of it."""

from __future__ import annotations

import io
import re
import time
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpline import clock
from helpline.contacts import service as contacts
from helpline.db import reading, transaction
from helpline.lines import service as lines
from helpline.stats import runs, service
from helpline.stats.models import ReleaseRun
from helpline.stats.periods import Period
from tests.builders.logs import a_log, answered
from tests.house.test_routes import JSON, signed_in, wrong_with
from tests.postgres import sqlite_only
from tests.web.pages import Page

# What the pages rest on is tried on both databases where their services are.
pytestmark = sqlite_only

ROOT = "/console/releases/"
TODAY = datetime(2020, 6, 20, 12, tzinfo=UTC)
MAY = Period(2020, 5)
OF_MAY = f"{ROOT}prevention/2020-05"
LIST = f"{ROOT}?line=prevention&year=2020"


@pytest.fixture(autouse=True)
def june(monkeypatch: pytest.MonkeyPatch, app: Flask) -> None:
    """The clock stands in June; eight contacts were in May."""
    monkeypatch.setattr(clock, "now", lambda: TODAY)
    times = [f"2020-05-04T10:{minute:02}:00+02:00" for minute in range(8)]
    contacts.import_log(a_log(*(answered(occurred_at=at) for at in times)).encode(), TODAY)


@pytest.fixture
def analyst(app: Flask) -> FlaskClient:
    """An analyst of the prevention line."""
    return signed_in(app, "analyst", ["prevention"])


@pytest.fixture
def supervisor(app: Flask) -> FlaskClient:
    """A supervisor of the prevention line."""
    return signed_in(app, "supervisor", ["prevention"])


def made() -> None:
    service.release_month(lines.get_line("prevention"), MAY, TODAY)


def row(client: FlaskClient, period: str = "2020-05") -> str:
    """What the list says of a period."""
    html = client.get(LIST).text
    found = re.search(rf'id="at-{period}">(.*?)</li>', html, re.DOTALL)
    assert found is not None
    return found[1]


def said(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


def start(client: FlaskClient, period: str = "2020-05") -> int:
    form = Page(client.get(f"{ROOT}prevention/{period}/make").text).form(f"{ROOT}prevention/{period}/make")
    return client.post(form.action, data=form.fields).status_code


def start_again(client: FlaskClient) -> int:
    token = Page(client.get("/console/").text).forms[0].fields["csrf_token"]
    return client.post(f"{OF_MAY}/make", data={"csrf_token": token}).status_code


# For whom


@pytest.mark.parametrize("role", ["counsellor", "administrator"])
def test_they_are_for_analysts_and_supervisors(app: Flask, role: str) -> None:
    made()
    client = signed_in(app, role, ["prevention"])
    for path in (ROOT, f"{OF_MAY}/make", f"{OF_MAY}/figures", f"{OF_MAY}/released.csv", f"{OF_MAY}/exact.csv"):
        answer = client.get(path)
        assert (answer.status_code, wrong_with(answer, path)) == (403, [])
        assert client.get(path, headers=JSON).get_json() == {"ok": False, "error": "forbidden"}


@pytest.mark.parametrize(("role", "makes", "exact"), [("analyst", 200, 404), ("supervisor", 404, 200)])
def test_analysts_make_them_and_supervisors_fetch_the_exact_files(
    app: Flask, role: str, makes: int, exact: int
) -> None:
    client = signed_in(app, role, ["prevention"])
    assert client.get(f"{OF_MAY}/make").status_code == makes
    assert client.get(f"{OF_MAY}/exact.xlsx").status_code == exact
    assert ("exact.csv" in client.get(LIST).text) == (exact == 200)
    assert ("Make the release" in row(client)) == (makes == 200)


@pytest.mark.parametrize("role", ["analyst", "supervisor"])
def test_nobody_reads_another_line(app: Flask, role: str) -> None:
    made()
    client = signed_in(app, role, ["youth"])
    assert "prevention" not in client.get(ROOT).text
    for path in (LIST, f"{OF_MAY}/make", f"{OF_MAY}/figures", f"{OF_MAY}/released.csv", f"{OF_MAY}/exact.csv"):
        assert client.get(path).status_code == 404, path


@pytest.mark.parametrize(
    "path", ["prevention/2020-06/make", "prevention/2020-13/make", "prevention/2020/make", "x/2020-05/make"]
)
def test_what_can_not_be_released_has_no_page(analyst: FlaskClient, path: str) -> None:
    assert analyst.get(ROOT + path).status_code == 404


@pytest.mark.parametrize("path", ["figures", "released.csv", "released.pdf", "exact.csv"])
def test_before_the_release_there_is_nothing_to_read(analyst: FlaskClient, path: str) -> None:
    assert analyst.get(f"{OF_MAY}/{path}").status_code == 404


# Making one


def test_a_process_of_its_own_makes_it(analyst: FlaskClient) -> None:
    assert "goes on" in row(analyst, "2020-06")
    assert start(analyst) == 303
    assert '<meta http-equiv="refresh"' in analyst.get(LIST).text
    assert "being made" in row(analyst)
    assert start_again(analyst) == 303, "twice is once"
    until = time.monotonic() + 60
    while service.told("prevention", MAY) is None and time.monotonic() < until:
        time.sleep(0.1)
    while service.runs_of("prevention", TODAY) and time.monotonic() < until:
        time.sleep(0.1)
    assert ">released<" in row(analyst)
    assert "http-equiv" not in analyst.get(LIST).text
    answer = analyst.get(f"{OF_MAY}/figures")
    assert (answer.status_code, wrong_with(answer, OF_MAY)) == (200, [])
    assert "Answered contacts: Channel × About whom" in answer.text
    assert start_again(analyst) == 303, "it is there already"


def test_the_question_says_what_is_frozen(analyst: FlaskClient) -> None:
    words = said(analyst.get(f"{OF_MAY}/make").text)
    assert "Release May 2020 for good?" in words
    assert "January 2020, February 2020, March 2020, April 2020" in words
    assert "not described yet" not in words


def test_a_process_that_died_is_noticed_and_it_can_be_tried_again(
    analyst: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs.sys, "executable", "/bin/false")
    assert start(analyst) == 303
    until = time.monotonic() + 20
    while "not made" not in row(analyst) and time.monotonic() < until:
        time.sleep(0.05)
    assert "was stopped" in row(analyst)
    assert "Try again" in row(analyst)
    assert runs.begin("prevention", MAY, TODAY)
    assert not runs.begin("prevention", MAY, TODAY), "one at a time"
    assert "being made" in row(analyst)
    runs.end("prevention", MAY)


def test_one_that_is_silent_for_long_is_taken_for_dead(analyst: FlaskClient) -> None:
    assert runs.begin("prevention", MAY, TODAY - timedelta(minutes=20))
    assert "was stopped" in row(analyst)
    assert runs.begin("prevention", MAY, TODAY)


@pytest.mark.parametrize(
    ("problem", "words"), [(runs.NO_PROTECTION, "No form of these figures"), (runs.FAILED, "went wrong")]
)
def test_what_went_wrong_is_told_in_words(analyst: FlaskClient, problem: str, words: str) -> None:
    assert runs.begin("prevention", MAY, TODAY)
    runs.fail("prevention", MAY, problem)
    runs.fail("prevention", MAY, runs.STOPPED)
    assert words in row(analyst)


def test_the_command_tells_how_far_it_is_and_what_went_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    line, steps = lines.get_line("prevention"), []
    monkeypatch.setattr(runs, "step", lambda line, period, name: steps.append(name))
    assert runs.begin("prevention", MAY, TODAY)
    runs.make(line, MAY, TODAY)
    assert steps == ["counting", "rounding", "storing"]
    with reading() as session:
        assert session.scalars(select(ReleaseRun)).all() == []
    april = Period(2020, 4)
    assert runs.begin("prevention", april, TODAY)

    def broken(*_: object) -> None:
        raise service.CannotRelease("no")

    monkeypatch.setattr(runs.making, "release_month", broken)
    with pytest.raises(service.CannotRelease):
        runs.make(line, april, TODAY)
    assert service.runs_of("prevention", TODAY)["2020-04"].problem == runs.NO_PROTECTION


# Files


def test_the_release_comes_as_a_folder_or_a_workbook_and_is_always_the_same(analyst: FlaskClient) -> None:
    made()
    answer = analyst.get(f"{OF_MAY}/released.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="prevention-2020-05.zip"'
    folder = zipfile.ZipFile(io.BytesIO(answer.data))
    assert {"prevention/READ-ME.txt", "prevention/answered-by-channel.csv"} <= set(folder.namelist())
    for form in ("csv", "xlsx"):
        before = analyst.get(f"{OF_MAY}/released.{form}").data
        contacts.record_missed(lines.get_line("prevention"), cause="left", at=datetime(2020, 5, 9, 12, tzinfo=UTC))
        assert analyst.get(f"{OF_MAY}/released.{form}").data == before


def test_the_exact_files_say_so(supervisor: FlaskClient) -> None:
    answer = supervisor.get(f"{ROOT}prevention/2020-06/exact.csv")
    assert "2020-06-exact-not-for-publication.zip" in answer.headers["Content-Disposition"]
    folder = zipfile.ZipFile(io.BytesIO(supervisor.get(f"{OF_MAY}/exact.csv").data))
    assert "Exact, not for publication." in folder.read("prevention/READ-ME.txt").decode()
    assert "total,total,8\n" in folder.read("prevention/answered-by-age.csv").decode()


def test_a_year_without_a_month_that_is_over_says_what_will_be_here(
    analyst: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2020, 1, 9, 12, tzinfo=UTC))
    with transaction() as session:
        session.execute(ReleaseRun.__table__.delete())
    client = analyst.application.test_client()
    assert client.get(ROOT).status_code == 303
    fresh = signed_in(analyst.application, "supervisor", ["prevention"])
    answer = fresh.get(ROOT)
    assert (answer.status_code, wrong_with(answer, ROOT)) == (200, [])
    assert "No month of this year is over yet" in answer.text
