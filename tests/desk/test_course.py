"""The course in figures: for whom, of which line and period, with which numbers, compared with what."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpline import clock
from helpline.contacts.models import CourseCount
from helpline.db import transaction
from helpline.desk import course_views
from helpline.selfhelp import service as selfhelp
from tests.house.test_routes import JSON, signed_in, wrong_with
from tests.postgres import sqlite_only
from tests.web.pages import Page

# What the pages rest on is tried on both databases where their services are.
pytestmark = sqlite_only

ROOT = "/console/course/"
TODAY = datetime(2026, 3, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def time(monkeypatch: pytest.MonkeyPatch, app: Flask) -> None:
    """The clock stands on a day in spring."""
    monkeypatch.setattr(clock, "now", lambda: TODAY)


@pytest.fixture
def supervisor(app: Flask) -> FlaskClient:
    """A supervisor of the line that has the course."""
    return signed_in(app, "supervisor", ["prevention"])


def counted(day: date, count: int, module: str = "", *, what: str = "visit", seen_before: bool = False) -> None:
    with transaction() as session:
        row = CourseCount(
            line="prevention", on_date=day, module=module, what=what, seen_before=seen_before, count=count
        )
        session.add(row)


def said(html: str) -> str:
    """The words of a page, each space one space."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


def a_published_year() -> None:
    """2020 as it was published, with the 6,616 visits of 2019 before it."""
    counted(date(2019, 7, 1), 6616)
    counted(date(2020, 2, 3), 7052)
    counted(date(2020, 9, 1), 1098, seen_before=True)
    for module, visits, done in (("feelings", 1500, 600), ("fantasies", 1200, 480), ("welcome", 900, 90)):
        counted(date(2020, 5, 1), visits, module)
        counted(date(2020, 5, 1), done, module, what="done")


# For whom


@pytest.mark.parametrize("role", ["counsellor", "analyst", "administrator"])
def test_exact_figures_are_for_supervisors_alone(app: Flask, role: str) -> None:
    a_published_year()
    client = signed_in(app, role, ["youth", "prevention"])
    home = Page(client.get("/console/", follow_redirects=True).text)
    assert not [link for link in home.links if link.startswith(ROOT)]
    for path in (ROOT, f"{ROOT}?line=prevention&period=2020", f"{ROOT}?line=nothing", f"{ROOT}?period=x"):
        answer = client.get(path)
        assert (answer.status_code, wrong_with(answer, path)) == (403, [])
        assert "/console/content/" in Page(answer.text[answer.text.index("<main") :]).links, "to what they do have"
        assert "8,150" not in answer.text
        assert "for supervisors" in answer.text
        assert client.get(path, headers=JSON).get_json() == {"ok": False, "error": "forbidden"}


def test_a_supervisor_finds_the_way_there(supervisor: FlaskClient) -> None:
    assert ROOT in Page(supervisor.get("/console/").text).links
    assert supervisor.get(ROOT).status_code == 200


def test_nobody_reads_along_without_a_sign_in(client: FlaskClient) -> None:
    assert client.get(ROOT).status_code == 303


def test_a_supervisor_of_another_line_sees_nothing_of_it(app: Flask) -> None:
    a_published_year()
    client = signed_in(app, "supervisor", ["youth"])
    assert ROOT not in Page(client.get("/console/").text).links
    answer = client.get(f"{ROOT}?line=prevention&period=2020")
    assert (answer.status_code, wrong_with(answer, ROOT)) == (200, [])
    assert "None of your lines has a course" in answer.text
    assert "8,150" not in answer.text


@pytest.mark.parametrize(
    "asked", ["line=youth", "line=nothing", "period=2027", "period=2026-04", "period=spring", "period="]
)
def test_what_is_not_there_is_not_found(supervisor: FlaskClient, asked: str) -> None:
    assert supervisor.get(f"{ROOT}?{asked}").status_code == 404


def test_of_several_lines_one_is_shown_and_the_others_lead_on(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    content = selfhelp.content_of("prevention")
    monkeypatch.setattr(course_views.selfhelp, "has_course", lambda line: True)
    monkeypatch.setattr(course_views.selfhelp, "content_of", lambda line: content)
    a_published_year()
    client = signed_in(app, "supervisor", ["youth", "prevention"])
    shown = client.get(f"{ROOT}?line=prevention&period=2020")
    assert "8,150" in shown.text
    other = f"{ROOT}?line=youth&period=2020"
    assert other in [link.replace("&amp;", "&") for link in Page(shown.text).links]
    assert "Nothing was counted in 2020" in client.get(other).text


# Figures


def test_a_published_year_reads_as_it_was_published(supervisor: FlaskClient) -> None:
    a_published_year()
    answer = supervisor.get(f"{ROOT}?line=prevention&period=2020")
    assert (answer.status_code, wrong_with(answer, ROOT)) == (200, [])
    words = said(answer.text)
    assert "Visits 8,150 +23% on 2019 (6,616)" in words
    assert "Visits a day 22.3 2019: 18.1 Visits divided by 366 days." in words
    assert "Returning 13.5% 2019: 0.0% 1,098 of 8,150 visits came back with a code." in words
    assert "Modules finished 1,170 2019: none 32% of 3,600 visits to a module" in words
    feelings, fantasies = "10. Recognising and dealing with feelings", "6. Fantasies come and go"
    assert re.search(f"Most visited {feelings} 1,500 .{{0,20}} {fantasies} 1,200 ", words)
    assert "exact, not for publication" in words
    assert "1,500 0 600 40%" in words, "the table beside the bars"
    assert "Sep 1,098 1,098 0" in words, "the table beside the lines"


def test_the_page_speaks_the_language_of_the_console(supervisor: FlaskClient) -> None:
    a_published_year()
    supervisor.set_cookie("lang", "nl", path="/console")
    words = said(supervisor.get(f"{ROOT}?period=2020").text)
    assert "22,3" in words
    assert "8.150" in words
    assert "10. Gevoelens herkennen" in words
    assert "Visits" not in words


def test_a_month_has_its_days_beside_those_of_the_month_before(supervisor: FlaskClient) -> None:
    counted(date(2026, 2, 27), 11)
    counted(date(2026, 3, 2), 17)
    counted(date(2026, 3, 2), 4, seen_before=True)
    words = said(supervisor.get(ROOT).text)
    assert "The course in figures: March 2026" in words
    assert "So far: 20 days of 31." in words
    assert "Visits 21 February 2026, all of it: 11" in words, "a month that goes on is not measured by one that is over"
    assert "Most visits: 2 March, 21." in words
    assert "2 21 4 0 " in words
    assert "27 – – 11 " in words
    assert "Of the 19 whole days that are over (visits: 21); today goes on" in words
    assert "Visits a day 1.1 " in words


def test_a_shorter_month_has_no_day_that_it_lacks(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 4, 20, 12, tzinfo=UTC))
    supervisor = signed_in(app, "supervisor", ["prevention"])
    counted(date(2026, 3, 31), 8)
    counted(date(2026, 4, 2), 5)
    words = said(supervisor.get(ROOT).text)
    assert " 31 – " not in words
    assert "March 2026 was longer: its days that have none beside them here counted 8." in words


def test_before_the_first_day_is_over_there_is_no_number_a_day(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 4, 1, 12, tzinfo=UTC))
    supervisor = signed_in(app, "supervisor", ["prevention"])
    counted(date(2026, 4, 1), 5)
    assert "Visits a day – March 2026: 0.0 Told as soon as the first day is over." in said(supervisor.get(ROOT).text)


def test_a_long_table_is_folded_behind_its_chart(supervisor: FlaskClient) -> None:
    a_published_year()
    html = supervisor.get(f"{ROOT}?period=2020").text
    assert html.count('<details class="figure-fold">') == 2
    assert "<table" not in html.partition('<details class="figure-fold">')[2].partition("</details>")[0], "paper has it"


def test_the_day_that_goes_on_is_in_the_table_but_no_end_of_the_line(supervisor: FlaskClient) -> None:
    counted(date(2026, 3, 19), 30)
    counted(date(2026, 3, 20), 7)
    html = supervisor.get(ROOT).text
    points = re.findall(r'<circle class="point s0"', html)
    assert len(points) == 19
    assert "20 7 0 0 " in said(html)
    assert "What is not over yet stands in the table only." in html


def test_days_that_are_no_longer_told_apart_are_not_drawn(supervisor: FlaskClient) -> None:
    counted(date(2026, 1, 1), 500)
    page = supervisor.get(f"{ROOT}?period=2026-01").text
    assert "no longer told apart" in page
    assert "Visits by day" not in page
    assert "500" in page


def test_a_period_without_visits_says_what_will_be_here(supervisor: FlaskClient) -> None:
    answer = supervisor.get(f"{ROOT}?period=2026-03")
    assert (answer.status_code, wrong_with(answer, ROOT)) == (200, [])
    assert "Nothing was counted in March 2026." in answer.text
    assert '<svg class="chart"' not in answer.text


def test_every_period_since_the_first_visit_can_be_reached(supervisor: FlaskClient) -> None:
    counted(date(2024, 11, 1), 1)
    links = {link.partition("period=")[2] for link in Page(supervisor.get(f"{ROOT}?period=2024").text).links}
    assert {"2024", "2025", "2026", *(f"2024-{month:02}" for month in range(1, 13))} <= links
    links = {link.partition("period=")[2] for link in Page(supervisor.get(f"{ROOT}?period=2026").text).links}
    assert "2026-03" in links
    assert "2026-04" not in links


def test_each_chart_has_a_table_and_each_link_an_answer(supervisor: FlaskClient) -> None:
    a_published_year()
    html = supervisor.get(f"{ROOT}?period=2020").text
    assert html.count('<svg class="chart"') == html.count("<table ") == 2
    for link in sorted(set(Page(html).links)):
        if link.startswith(ROOT):
            assert supervisor.get(link.replace("&amp;", "&")).status_code == 200, link
