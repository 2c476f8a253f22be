"""The topics of a line: for whom, what can be done to one, and what is said where it can't."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from helpline.contacts import service as contacts
from helpline.contacts.service import Answers
from helpline.lines import service as lines
from helpline.stats import service as stats
from helpline.stats.periods import Period
from tests.house.test_routes import JSON, signed_in, wrong_with
from tests.postgres import sqlite_only
from tests.web.pages import Page

# What the pages rest on is tried on both databases where their services are.
pytestmark = sqlite_only

ROOT = "/console/topics/"
YOUTH = f"{ROOT}youth/"


@pytest.fixture
def supervisor(app: Flask) -> FlaskClient:
    """A supervisor of one line."""
    return signed_in(app, "supervisor", ["youth"])


def send(client: FlaskClient, page: str, action: str | None = None, **fields: str) -> TestResponse:
    """Fill in and send the form of a page that goes to `action`, like a browser without scripts."""
    form = Page(client.get(page).text).form(action or page)
    return client.post(action or page, data=form.fields | fields)


def order(parent: str | None = None) -> list[str]:
    return [topic.code for topic in contacts.topics_of("youth") if topic.parent == parent]


def use(topic: str) -> None:
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    contacts.record_by_hand(lines.get_line("youth"), channel="phone", at=at, answers=Answers(topics=[topic]))


# For whom


@pytest.mark.parametrize("role", ["counsellor", "analyst", "administrator"])
def test_topics_are_for_supervisors_alone(app: Flask, role: str) -> None:
    client = signed_in(app, role, ["youth", "prevention"])
    for path in (ROOT, YOUTH, f"{YOUTH}fear/"):
        answer = client.get(path)
        assert (answer.status_code, wrong_with(answer, path)) == (403, [])
        assert "/console/content/" in Page(answer.text[answer.text.index("<main") :]).links, "to what they do have"
        assert client.get(path, headers=JSON).get_json() == {"ok": False, "error": "forbidden"}
    token = Page(client.get("/console/").text).form("sign-out").fields["csrf_token"]
    assert client.post(f"{YOUTH}fear/retire", data={"csrf_token": token}).status_code == 403
    assert not any(topic.retired for topic in contacts.topics_of("youth"))


def test_a_supervisor_edits_the_own_lines_alone(app: Flask, supervisor: FlaskClient) -> None:
    assert supervisor.get(ROOT).headers["Location"] == YOUTH
    for path in (f"{ROOT}prevention/", f"{ROOT}nothing/", f"{YOUTH}nothing/", f"{YOUTH}attraction/"):
        assert supervisor.get(path).status_code == 404
    token = Page(supervisor.get(YOUTH).text).form(YOUTH).fields["csrf_token"]
    words = {"csrf_token": token, "en": "Mine", "nl": "Van mij"}
    assert supervisor.post(f"{ROOT}prevention/", data=words).status_code == 404
    assert supervisor.post(f"{ROOT}prevention/attraction/retire", data=words).status_code == 404


def test_of_several_lines_each_leads_to_the_others(app: Flask) -> None:
    client = signed_in(app, "supervisor", ["youth", "prevention"])
    assert {YOUTH, f"{ROOT}prevention/"} <= set(Page(client.get(YOUTH).text).links)


# Reading


def test_all_topics_are_there_in_their_order_with_what_they_correspond_to(supervisor: FlaskClient) -> None:
    contacts.retire_topic("youth", "fear")
    answer = supervisor.get(YOUTH)
    assert (answer.status_code, wrong_with(answer, YOUTH)) == (200, [])
    page = Page(answer.text)
    shown = [name.removeprefix("topic-") for name in page.attributes if name.startswith("topic-")]
    assert shown == [topic.code for topic in contacts.topics_of("youth")]
    assert {"Image spread", "Beeld verspreid", "violence/online_sexual_abuse", "Retired"} <= set(page.words)
    supervisor.set_cookie("lang", "nl", path="/console")
    assert "Beeld verspreid" in Page(supervisor.get(YOUTH).text).words


def test_a_line_without_topics_says_what_will_be_here(app: Flask, supervisor: FlaskClient) -> None:
    for topic in reversed(contacts.topics_of("youth")):
        contacts.delete_topic("youth", topic.code)
    answer = supervisor.get(YOUTH)
    assert "This line has no topics yet." in answer.text
    assert send(supervisor, YOUTH, en="The first", nl="De eerste").status_code == 303
    assert order() == ["the_first"]


# Changing


def test_a_topic_is_added_at_the_end_of_its_level(supervisor: FlaskClient) -> None:
    answer = send(supervisor, YOUTH, en="  Résumé   leaked! ", nl="Cv gelekt", parent="images", chi_code="")
    assert answer.headers["Location"] == f"{YOUTH}#topic-resume_leaked"
    assert order("images")[-1] == "resume_leaked"
    added = next(topic for topic in contacts.topics_of("youth") if topic.code == "resume_leaked")
    assert (added.labels, added.chi_code) == ({"en": "Résumé leaked!", "nl": "Cv gelekt"}, None)
    send(supervisor, YOUTH, en="Résumé leaked", nl="Cv gelekt", chi_code="violence/online_sexual_abuse")
    assert order()[-1] == "resume_leaked_2", "the words may be the same, the code is not"
    send(supervisor, YOUTH, en="More", nl="Meer", code="mine")
    assert order()[-1] == "mine"


def test_what_can_not_be_added_is_said_at_its_field_and_nothing_is_lost(supervisor: FlaskClient) -> None:
    before = [topic.code for topic in contacts.topics_of("youth")]
    good = Page(supervisor.get(YOUTH).text).form(YOUTH).fields | {"en": "Something", "nl": "Iets"}
    wrong = {
        "en": ["", "x" * 81],
        "nl": ["  "],
        "code": ["Not A Code", "total", "fear", "x" * 33],
        "parent": ["image_spread"],
        "chi_code": ["made/up"],
    }
    for field, values in wrong.items():
        for value in values:
            answer = supervisor.post(YOUTH, data=good | {field: value})
            assert (answer.status_code, wrong_with(answer, YOUTH)) == (422, [])
            page = Page(answer.text)
            assert f"{field}-error" in page.attributes
            assert page.attributes[field]["aria-describedby"].split()[-1] == f"{field}-error"
            kept = page.form(YOUTH).fields
            assert all(kept[other] == good[other] for other in ("en", "nl") if other != field)
    assert [topic.code for topic in contacts.topics_of("youth")] == before


def test_other_words_keep_the_code_and_what_was_counted(supervisor: FlaskClient) -> None:
    use("fear")
    path = f"{YOUTH}fear/"
    assert wrong_with(supervisor.get(path), path) == []
    assert send(supervisor, path, en="Afraid", nl="").status_code == 422
    answer = send(supervisor, path, en="Afraid", nl="Bang", chi_code="violence/online_sexual_abuse")
    assert answer.headers["Location"] == f"{YOUTH}#topic-fear"
    renamed = next(topic for topic in contacts.topics_of("youth") if topic.code == "fear")
    assert (renamed.labels["en"], renamed.chi_code) == ("Afraid", "violence/online_sexual_abuse")
    assert contacts.is_used("youth", "fear")


def test_a_topic_goes_up_and_down_among_its_own(supervisor: FlaskClient) -> None:
    first, second, third = order("images")[:3]
    assert send(supervisor, YOUTH, f"{YOUTH}{second}/move", to="up").headers["Location"] == f"{YOUTH}#topic-{second}"
    assert order("images")[:3] == [second, first, third]
    send(supervisor, YOUTH, f"{YOUTH}{second}/move", to="up")
    assert order("images")[:3] == [second, first, third], "the first stays where it is"
    send(supervisor, YOUTH, f"{YOUTH}{second}/move", to="down")
    assert order("images")[:3] == [first, second, third]
    groups, below = order(), order("threats")
    send(supervisor, YOUTH, f"{YOUTH}{groups[1]}/move", to="up")
    assert order()[:2] == [groups[1], groups[0]]
    assert order("threats") == below, "those below come along"


def test_a_topic_is_retired_and_brought_back(supervisor: FlaskClient) -> None:
    path = f"{YOUTH}threats/"
    assert "Those below it" in supervisor.get(path).text
    send(supervisor, path, f"{path}retire")
    offered = {topic.code for topic in contacts.topics_of("youth", retired=False)}
    assert not offered & {"threats", *order("threats")}
    assert '<option value="threats"' not in supervisor.get(YOUTH).text, "nothing new is put below it"
    send(supervisor, path, f"{path}retire", back="yes")
    assert {"threats", *order("threats")} <= {topic.code for topic in contacts.topics_of("youth", retired=False)}


def test_only_what_was_never_used_is_deleted(supervisor: FlaskClient) -> None:
    path = f"{YOUTH}fear/"
    token = Page(supervisor.get(path).text).form(f"{path}delete").fields["csrf_token"]
    use("fear")
    answer = supervisor.post(f"{path}delete", data={"csrf_token": token})
    assert (answer.status_code, wrong_with(answer, path)) == (409, [])
    assert "It was not deleted" in answer.text
    assert f"{path}delete" not in supervisor.get(path).text
    assert f"{YOUTH}threats/delete" not in supervisor.get(f"{YOUTH}threats/").text, "topics stand below it"
    never = order("threats")[0]
    answer = send(supervisor, f"{YOUTH}{never}/", f"{YOUTH}{never}/delete")
    assert answer.headers["Location"] == f"{YOUTH}#topic-threats"
    assert never not in order("threats")
    assert supervisor.get(f"{YOUTH}{never}/").status_code == 404


def test_a_topic_that_a_release_names_stays_for_its_end_would_tell_that_nobody_had_it(supervisor: FlaskClient) -> None:
    use("grooming")
    added = "added_later"
    path = f"{YOUTH}fear/"
    before = supervisor.get(path).text
    assert f"{path}delete" in before
    released = stats.release_month(lines.get_line("youth"), Period(2026, 3), datetime(2026, 4, 2, 12, tzinfo=UTC))
    assert "fear" in released.table("answered-by-topic").dimensions[0].categories
    contacts.add_topic("youth", added, {"en": "Added later", "nl": "Later toegevoegd"})
    token = Page(before).form(f"{path}delete").fields["csrf_token"]
    assert supervisor.post(f"{path}delete", data={"csrf_token": token}).status_code == 409
    page = supervisor.get(path).text
    assert "A release names this topic" in page
    assert f"{path}delete" not in page
    assert supervisor.post(f"{YOUTH}{added}/delete", data={"csrf_token": token}).status_code == 303
    codes = {topic.code for topic in contacts.topics_of("youth")}
    assert "fear" in codes
    assert added not in codes
