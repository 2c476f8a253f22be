"""The page on what is counted: each line's own, and true of the tables in which it is counted."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Table

from helpline.contacts import campaigns
from helpline.contacts.models import (
    AdviceCount,
    AdviceHelped,
    AfterCount,
    Contact,
    ContactTopic,
    CourseCount,
    LetterCount,
    MissedContact,
)
from helpline.db import Base
from tests.postgres import sqlite_only
from tests.web.conftest import House
from tests.web.pages import Page

# What the page says of each table. Whoever counts something more has to tell visitors in templates/public/counted.html.
TOLD = {
    Contact: "channel on_date on_hour in_hours language wait_s length_min "
    "concern age_band gender found_via referral recorded returned person",
    ContactTopic: "contact_key topic",
    MissedContact: "channel on_date on_hour in_hours language wait_s cause caught_by",
    AdviceCount: "on_date tree advice age_band gender asked_for count",
    AdviceHelped: "on_date tree advice helped count",
    CourseCount: "on_date module what seen_before count",
    LetterCount: "on_date hours in_time count",
    AfterCount: "month question answer count",
    campaigns.CampaignCount: "code on_date arrivals impressions clicks",
}
# Nothing that was counted: of which line it is, a random key, the mark of a test, the release it was told in.
BESIDE = {"line", "key", "test", "counted_in"}


def page(client: FlaskClient, line: str, lang: str = "en") -> Page:
    answer = client.get(f"/{lang}/{line}/what-we-count/")
    assert answer.status_code == 200
    return Page(answer.text)


@pytest.mark.parametrize("model", TOLD, ids=lambda model: model.__tablename__)
def test_nothing_is_counted_that_the_page_does_not_tell(model: type[Base]) -> None:
    table = model.__table__
    assert isinstance(table, Table)
    assert {column.name for column in table.columns} - BESIDE == set(TOLD[model].split())


@sqlite_only
def test_the_page_on_what_is_kept_leads_there(client: FlaskClient) -> None:
    for lang in ("en", "nl"):
        kept = Page(client.get(f"/{lang}/youth/what-we-keep/").text)
        assert f"/{lang}/youth/what-we-count/" in kept.links
        assert f"/{lang}/youth/what-we-keep/" in page(client, "youth", lang).links


@sqlite_only
def test_a_line_tells_only_of_what_it_has(house: House, client: FlaskClient) -> None:
    assert "The modules" in page(client, "prevention").words
    assert "The advice" in page(client, "youth").words
    assert "The modules" not in page(client, "youth").words
    bare = page(client, house.line_without_trees()).words
    assert "The advice" not in bare
    assert "Who sees these numbers" in bare


@sqlite_only
@pytest.mark.parametrize("line", ["youth", "prevention"])
def test_it_ends_in_a_way_to_somebody(client: FlaskClient, line: str) -> None:
    assert f"/nl/{line}/chat/" in page(client, line, "nl").links


@sqlite_only
def test_no_line_without_its_page(client: FlaskClient) -> None:
    assert client.get("/en/nothing/what-we-count/").status_code == 404
