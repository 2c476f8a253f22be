"""Campaigns in the console: for whom, their links, what is counted and entered, and what is said where it can't be."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from helpline import clock, config
from helpline.contacts import campaigns
from helpline.lines import service as lines
from tests.house.test_routes import JSON, signed_in, wrong_with
from tests.postgres import sqlite_only
from tests.web.pages import Page

# What the pages rest on is tried on both databases where the service is.
pytestmark = sqlite_only

ROOT = "/console/campaigns/"
YOUTH = f"{ROOT}youth/"
SPRING = f"{YOUTH}spring/"
NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
TODAY = NOON.date()


@pytest.fixture(autouse=True)
def time(monkeypatch: pytest.MonkeyPatch, app: Flask) -> None:
    """The clock stands on a Friday in spring."""
    monkeypatch.setattr(clock, "now", lambda: NOON)


@pytest.fixture
def supervisor(app: Flask) -> FlaskClient:
    """A supervisor of one line, which has a campaign."""
    campaigns.add_campaign("youth", "spring", "Spring at school", None, None)
    return signed_in(app, "supervisor", ["youth"])


def send(client: FlaskClient, page: str, action: str | None = None, **fields: str) -> TestResponse:
    """Fill in and send the form of a page that goes to `action`."""
    form = Page(client.get(page).text).form(action or page)
    return client.post(action or page, data=form.fields | fields)


def said(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html[html.index("<main") :])).replace("&#39;", "'")


def arrive(times: int = 1, day: int = 20) -> None:
    for _ in range(times):
        campaigns.count_arrival(lines.get_line("youth"), "spring", NOON.replace(day=day))


# For whom


@pytest.mark.parametrize("role", ["counsellor", "analyst", "administrator"])
def test_campaigns_are_for_supervisors_alone(app: Flask, role: str) -> None:
    campaigns.add_campaign("youth", "spring", "Spring at school", None, None)
    client = signed_in(app, role, ["youth"])
    for path in (ROOT, YOUTH, SPRING, f"{ROOT}nothing/"):
        answer = client.get(path)
        assert (answer.status_code, wrong_with(answer, path)) == (403, [])
        assert "Spring" not in answer.text
        assert "/console/content/" in Page(answer.text[answer.text.index("<main") :]).links, "to what they do have"
        assert client.get(path, headers=JSON).get_json() == {"ok": False, "error": "forbidden"}
    token = Page(client.get("/console/content/").text).form("sign-out").fields["csrf_token"]
    assert client.post(f"{SPRING}archive", data={"csrf_token": token}).status_code == 403
    assert not campaigns.campaigns_of("youth")[0].archived


def test_a_supervisor_has_those_of_the_own_lines(supervisor: FlaskClient) -> None:
    campaigns.add_campaign("prevention", "spring", "Another", None, None)
    assert supervisor.get(ROOT).headers["Location"] == YOUTH
    for path in (f"{ROOT}prevention/", f"{ROOT}prevention/spring/", f"{ROOT}nothing/", f"{YOUTH}autumn/"):
        assert supervisor.get(path).status_code == 404
        assert supervisor.post(path, data=Page(supervisor.get(YOUTH).text).form(YOUTH).fields).status_code == 404
    assert "Another" not in supervisor.get(YOUTH).text


# Making one


def test_a_campaign_is_made_and_has_a_link_for_each_language(supervisor: FlaskClient) -> None:
    answer = send(supervisor, YOUTH, code="autumn-26", name=" Posters  at stops ", starts_on="2026-03-01", ends_on="")
    assert answer.headers["Location"] == f"{YOUTH}autumn-26/?done=made"
    page = supervisor.get(answer.headers["Location"])
    assert wrong_with(page, YOUTH) == []
    words = said(page.text)
    assert "Posters at stops exact, not for publication since 1 Mar 2026" in words
    for lang in ("nl", "en"):
        assert f"http://localhost/{lang}/youth/?c=autumn-26" in words
    assert supervisor.get("/nl/youth/?c=autumn-26").status_code == 303
    assert "1 arrival in 28 days" in said(supervisor.get(YOUTH).text)


def test_the_link_begins_with_the_public_address_or_the_own_name_of_the_line(
    supervisor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config.current(), "public_url", "https://help.example")
    assert "https://help.example/nl/youth/?c=spring" in said(supervisor.get(SPRING).text)
    lines.change_line("youth", {"host_name": "zeg-het.example"})
    words = said(supervisor.get(SPRING).text)
    assert "In the language of the visitor https://zeg-het.example/?c=spring" in words
    assert "https://zeg-het.example/nl/youth/?c=spring" in words


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"code": "Autumn!", "name": "x"}, "Take small letters"),
        ({"code": "spring", "name": "x"}, "has a campaign with this code already"),
        ({"code": "autumn", "name": " "}, "Give it a name"),
        ({"code": "autumn", "name": "x" * 81}, "At most 80 characters"),
        ({"code": "autumn", "name": "x", "starts_on": "soon"}, "Write the date as 2026-03-31"),
        ({"code": "autumn", "name": "x", "starts_on": "2026-03-02", "ends_on": "2026-03-01"}, "ends before it begins"),
    ],
)
def test_what_can_not_be_is_said_at_its_field_and_nothing_is_lost(
    supervisor: FlaskClient, fields: dict[str, str], told: str
) -> None:
    answer = send(supervisor, YOUTH, **fields)
    assert (answer.status_code, wrong_with(answer, YOUTH)) == (422, [])
    assert told in said(answer.text)
    kept = Page(answer.text).form(YOUTH).fields
    assert kept["code"] == fields["code"]
    assert len(campaigns.campaigns_of("youth")) == 1


def test_a_line_without_campaigns_says_what_will_be_here(app: Flask) -> None:
    page = signed_in(app, "supervisor", ["prevention"]).get(f"{ROOT}prevention/")
    assert "This line has no campaigns yet." in page.text
    assert '<svg class="chart"' not in page.text


# One of them


def test_arrivals_by_day_week_and_month_each_with_a_table(supervisor: FlaskClient) -> None:
    arrive(3, 9)
    arrive(2, 18)
    arrive(1, 20)
    for by, first, rows in (("day", "21 Feb", 28), ("week", "19 Jan", 9), ("month", "Mar 2026", 1)):
        page = supervisor.get(f"{SPRING}?by={by}")
        assert wrong_with(page, SPRING) == []
        html = page.text
        assert html.count('<svg class="chart"') == html.count("<table ") == 1
        assert html.count("<tr>") == rows + 1
        assert first in said(html)
    assert "Most arrivals: 9 Mar, 3." in said(supervisor.get(SPRING).text)
    assert "16 Mar 3 – – –" in said(supervisor.get(f"{SPRING}?by=week").text)
    assert "6 in the last 28 days" in said(supervisor.get(SPRING).text)
    assert supervisor.get(f"{SPRING}?by=hour").status_code == 404


def test_impressions_and_clicks_are_entered_and_rates_told(supervisor: FlaskClient) -> None:
    arrive(30)
    answer = send(supervisor, SPRING, f"{SPRING}shown", on_date="2026-03-19", impressions="10.000", clicks="40")
    assert answer.headers["Location"] == f"{SPRING}?done=entered"
    words = said(supervisor.get(answer.headers["Location"]).text)
    assert "The numbers are kept." in words
    assert "Impressions 10,000" in words
    assert "Click rate: 0.40%" in words
    assert "Arrivals a click 0.75" in words
    assert "19 Mar 0 10,000 40 0.4%" in words
    send(supervisor, SPRING, f"{SPRING}shown", on_date="2026-03-19", impressions="", clicks="60")
    words = said(supervisor.get(SPRING).text)
    assert "19 Mar 0 – 60 –" in words
    assert "Arrivals a click 0.50" in words


def test_numbers_of_a_month_stand_at_its_first_day(supervisor: FlaskClient) -> None:
    month = {"on_date": "2025-12-17", "span": "month", "impressions": "5 000", "clicks": "20"}
    assert send(supervisor, SPRING, f"{SPRING}shown", **month).status_code == 303
    assert "Dec 2025 0 5,000 20 0.4%" in said(supervisor.get(f"{SPRING}?by=month").text)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"on_date": ""}, "Say of which day or month"),
        ({"on_date": "2026-03-21"}, "has not come yet"),
        ({"on_date": "2025-12-31"}, "enter the numbers of the whole month"),
        ({"impressions": "many"}, "Write a whole number"),
        ({"clicks": "-1"}, "Write a whole number"),
        ({"clicks": "1.5"}, "Write a whole number"),
        ({"impressions": "9" * 19}, "So many can't be."),
        ({"impressions": "1", "clicks": "2"}, "more clicks than impressions"),
    ],
)
def test_numbers_that_can_not_be_are_given_back(supervisor: FlaskClient, fields: dict[str, str], told: str) -> None:
    answer = send(supervisor, SPRING, f"{SPRING}shown", **fields)
    assert (answer.status_code, wrong_with(answer, SPRING)) == (422, [])
    assert told in said(answer.text)
    kept = Page(answer.text).form(f"{SPRING}shown").fields
    assert all(kept[name] == written for name, written in fields.items())
    assert campaigns.campaign_counts("youth") == []


def test_name_and_dates_can_be_changed(supervisor: FlaskClient) -> None:
    answer = send(supervisor, SPRING, name="Summer", starts_on="2026-06-01", ends_on="2026-08-31")
    assert answer.headers["Location"] == f"{SPRING}?done=changed"
    assert "Summer exact, not for publication 1 Jun 2026 to 31 Aug 2026" in said(supervisor.get(SPRING).text)
    assert send(supervisor, SPRING, name="").status_code == 422


def test_an_archived_one_counts_no_more_until_it_is_taken_out(supervisor: FlaskClient) -> None:
    assert send(supervisor, SPRING, f"{SPRING}archive").headers["Location"] == f"{SPRING}?done=archived"
    assert "Spring at school Archived" in said(supervisor.get(YOUTH).text)
    arrive()
    assert campaigns.campaign_counts("youth") == []
    assert send(supervisor, SPRING, f"{SPRING}archive", back="yes").headers["Location"] == f"{SPRING}?done=running"
    arrive()
    assert len(campaigns.campaign_counts("youth")) == 1


def test_the_page_speaks_the_language_of_the_console(supervisor: FlaskClient) -> None:
    arrive(2)
    supervisor.set_cookie("lang", "nl", path="/console")
    words = said(supervisor.get(SPRING).text) + said(supervisor.get(YOUTH).text)
    assert "Bezoeken per klik" in words
    assert "Arrivals" not in words


def test_each_link_has_an_answer(supervisor: FlaskClient) -> None:
    found = set(Page(supervisor.get(YOUTH).text).links) | set(Page(supervisor.get(SPRING).text).links)
    for link in sorted(link for link in found if link.startswith(YOUTH)):
        assert supervisor.get(link.replace("&amp;", "&")).status_code == 200, link
