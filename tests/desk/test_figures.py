"""The page of figures: for whom, of which line, period and part, with which numbers beside which."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpline import clock
from helpline.contacts.models import Contact, MissedContact
from helpline.db import random_key, transaction
from helpline.lines import service as lines
from tests.house.test_routes import JSON, signed_in, wrong_with
from tests.postgres import sqlite_only
from tests.web.pages import Page

# What the pages rest on is tried on both databases where their services are.
pytestmark = sqlite_only

ROOT = "/console/figures/"
TODAY = datetime(2026, 3, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def time(monkeypatch: pytest.MonkeyPatch, app: Flask) -> None:
    """The clock stands on a Friday in spring."""
    monkeypatch.setattr(clock, "now", lambda: TODAY)


@pytest.fixture
def supervisor(app: Flask) -> FlaskClient:
    return signed_in(app, "supervisor", ["prevention"])


def answered(day: date, count: int = 1, *, line: str = "prevention", hour: int = 14, **more: object) -> None:
    row = {"channel": "chat", "in_hours": True, "language": "nl", "wait_s": 110, "length_min": 20} | more
    with transaction() as session:
        session.add_all(
            Contact(key=random_key(), line=line, on_date=day, on_hour=hour, **row)  # type: ignore[arg-type]  # by name
            for _ in range(count)
        )


def missed(day: date, count: int = 1, *, line: str = "prevention", hour: int = 20, **more: object) -> None:
    row = {"channel": "chat", "in_hours": True, "language": "nl", "cause": "nobody_on_duty"} | more
    with transaction() as session:
        session.add_all(
            MissedContact(key=random_key(), line=line, on_date=day, on_hour=hour, **row)  # type: ignore[arg-type]  # by name
            for _ in range(count)
        )


def said(html: str) -> str:
    """The words of a page's main part, each space one space."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html[html.index("<main") :]))


# For whom


@pytest.mark.parametrize("role", ["counsellor", "analyst", "administrator"])
def test_exact_figures_are_for_supervisors_alone(app: Flask, role: str) -> None:
    answered(date(2026, 3, 2), 7919)
    client = signed_in(app, role, ["youth", "prevention"])
    for path in (ROOT, f"{ROOT}?line=prevention&period=2026", f"{ROOT}?line=nothing", f"{ROOT}?period=x"):
        answer = client.get(path)
        assert (answer.status_code, wrong_with(answer, path)) == (403, [])
        assert "/console/content/" in Page(answer.text[answer.text.index("<main") :]).links, "to what they do have"
        assert "7,919" not in answer.text
        assert client.get(path, headers=JSON).get_json() == {"ok": False, "error": "forbidden"}


def test_nobody_reads_along_without_a_sign_in(client: FlaskClient) -> None:
    assert client.get(ROOT).status_code == 303


@pytest.mark.parametrize(
    "asked",
    ["line=youth", "line=nothing", "period=2027", "period=2026-03-21", "period=spring", "channel=pigeon", "hours=yes"],
)
def test_what_is_not_there_is_not_found(supervisor: FlaskClient, asked: str) -> None:
    assert supervisor.get(f"{ROOT}?{asked}").status_code == 404


def test_lines_stand_beside_one_another_and_are_never_added_up(app: Flask) -> None:
    answered(date(2026, 3, 2), 11)
    answered(date(2026, 3, 2), 23, line="youth")
    client = signed_in(app, "supervisor", ["youth", "prevention"])
    words = said(client.get(f"{ROOT}?line=prevention").text)
    assert "Answered 11 " in words
    assert "Anders verder 11 0 0% 0 0 Zeg het ons 23 0 0% 0 0" in words
    assert " 34 " not in words
    assert "Answered 23 " in said(client.get(f"{ROOT}?line=youth").text)


def test_a_supervisor_of_one_line_reads_nothing_of_the_other(supervisor: FlaskClient) -> None:
    answered(date(2026, 3, 2), 23, line="youth")
    page = supervisor.get(ROOT).text
    assert "Nothing was counted: March 2026." in page
    assert "Zeg het ons" not in page


# Figures


def test_a_month_reads_as_it_was(supervisor: FlaskClient) -> None:
    answered(date(2026, 2, 1), 60)
    answered(date(2026, 3, 2), 81)
    missed(date(2026, 3, 9), 38)
    missed(date(2026, 3, 9), 66, hour=3, in_hours=False, cause="closed", caught_by="advice")
    missed(date(2026, 3, 9), 5, cause="left_early")
    answered(date(2026, 3, 2), 9, test=True)
    answer = supervisor.get(f"{ROOT}?period=2026-03")
    assert (answer.status_code, wrong_with(answer, ROOT)) == (200, [])
    words = said(answer.text)
    assert "exact, not for publication" in words
    assert "So far: day 20 of 31. Compared with as many days of the one before: 1–20 Feb 2026." in words
    assert "Answered 81 +35% on 1–20 Feb 2026 (60)" in words
    assert "Missed 104 56% of chats and calls · 38 in opening hours 1–20 Feb 2026: 0" in words
    assert "Of those caught 66 Read advice: 66" in words
    assert "Median wait 1:50 90% within 1:50 1–20 Feb 2026: 1:50, 90% within 1:50" in words
    assert "Median length 20 min 90% within 20 min" in words
    assert "Left at once 5 " in words
    assert "Mondays 20–21: 38 missed because nobody was on duty. Plan a shift there." in words
    assert "Mondays 3–4: 66 missed because the line was closed. These hours would be worth opening." in words
    assert "Closed 66 63% 0 –" in words


def test_filters_narrow_every_figure_and_stand_in_the_address(supervisor: FlaskClient) -> None:
    answered(date(2026, 3, 2), 7)
    answered(date(2026, 3, 2), 5, channel="phone", in_hours=False)
    words = said(supervisor.get(f"{ROOT}?channel=phone").text)
    assert "Answered 5 " in words
    assert "Contacts by channel" not in words
    assert "Answered 7 " in said(supervisor.get(f"{ROOT}?hours=in").text)
    assert "Nothing of this kind was counted" in said(supervisor.get(f"{ROOT}?hours=in&channel=phone").text)
    links = [link.replace("&amp;", "&") for link in Page(supervisor.get(f"{ROOT}?channel=phone").text).links]
    assert f"{ROOT}?line=prevention&period=2026&channel=phone" in links
    assert f"{ROOT}?line=prevention&period=2026-03&channel=phone&hours=out" in links


def test_every_link_of_the_page_leads_somewhere(supervisor: FlaskClient) -> None:
    answered(date(2024, 12, 30))
    for asked in ("", "?period=2025-W01", "?period=2024-12-31", "?period=2024", "?channel=chat"):
        page = Page(supervisor.get(ROOT + asked).text)
        for link in sorted(set(page.links)):
            if link.startswith(ROOT):
                assert supervisor.get(link.replace("&amp;", "&")).status_code == 200, link


def test_an_empty_month_says_what_will_be_here(supervisor: FlaskClient) -> None:
    answer = supervisor.get(f"{ROOT}?period=2025-07")
    assert wrong_with(answer, ROOT) == []
    assert "Nothing was counted: July 2025. As soon as a contact is answered or missed it is counted" in said(
        answer.text
    )
    assert "<svg" not in answer.text[answer.text.index("<main") :]


@pytest.mark.parametrize("period", ["2026-03-19", "2026-W12", "2026-03", "2026"])
def test_one_contact_is_one_everywhere(supervisor: FlaskClient, period: str) -> None:
    answered(date(2026, 3, 19), age_band="26-35", gender="female", concern="self")
    answer = supervisor.get(f"{ROOT}?period={period}")
    assert (answer.status_code, wrong_with(answer, ROOT)) == (200, [])
    words = said(answer.text)
    assert "Answered 1 " in words
    assert "26–35 1 100% 0 –" in words
    assert "Median wait 1:50 " in words
    assert "Of 1 contact." in words


def test_where_nobody_was_answered_no_day_or_hour_is_the_most(supervisor: FlaskClient) -> None:
    missed(date(2026, 3, 19))
    words = said(supervisor.get(f"{ROOT}?period=2026-W12").text)
    assert "Contacts by hour No contact was answered. " in words
    assert "Most answered" not in words


def test_a_period_before_that_was_not_counted_from_its_start_is_told(supervisor: FlaskClient) -> None:
    answered(date(2025, 12, 30), 40)
    answered(date(2026, 1, 3), 50)
    words = said(supervisor.get(f"{ROOT}?period=2026-01").text)
    assert "Counting began on 30 December 2025." in words
    assert "Answered 50 December 2025: 40" in words, "no change in percent against a part of a month"


def test_the_opening_hours_of_then_are_marked_when_those_of_now_differ(supervisor: FlaskClient) -> None:
    lines.change_line("prevention", {"hours": "mon-fri 09:00-17:00"})
    missed(date(2026, 3, 9), 3, hour=20)
    words = said(supervisor.get(ROOT).text)
    assert "The line had other hours then" in words
    lines.change_line("prevention", {"hours": "mon-fri 09:00-21:00"})
    words = said(supervisor.get(ROOT).text)
    assert "Opening hours are those of now." in words
    assert "20–21 3 0 0 0 0 (0) (0) 3" in words


def test_an_hour_in_which_nobody_came_was_open_between_two_that_were(supervisor: FlaskClient) -> None:
    lines.change_line("prevention", {"hours": "closed"})
    answered(date(2026, 3, 9), hour=10)
    answered(date(2026, 3, 9), hour=14)
    missed(date(2026, 3, 9), hour=17, in_hours=False)
    words = said(supervisor.get(ROOT).text)
    assert " 9–10 (0) (0) " in words
    assert [f" {hour}–{hour + 1} 0 (0) " in words for hour in range(10, 17)] == [True] * 5 + [False] * 2
    assert " 17–18 (1) (0) " in words


def test_the_page_speaks_the_language_of_the_console(supervisor: FlaskClient) -> None:
    answered(date(2026, 3, 2), 1234)
    missed(date(2026, 3, 9), 38)
    supervisor.set_cookie("lang", "nl", path="/console")
    words = said(supervisor.get(ROOT).text)
    assert "Beantwoord 1.234" in words
    assert "Op maandag 20–21 uur: 38 gemist omdat niemand dienst had. Plan daar een dienst." in words
    assert "Answered" not in words
