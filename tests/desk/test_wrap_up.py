"""The wrap-up as a page: for whom, what it offers, what is kept when it can't be used, and the rest afterwards."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from helpline import clock
from helpline.contacts import service as contacts
from helpline.lines import service as lines
from helpline.staff import duties
from helpline.staff import service as staff
from tests.builders import the_contact
from tests.house.test_routes import JSON, signed_in, wrong_with
from tests.postgres import sqlite_only
from tests.web.pages import Page

# What the pages rest on is tried on both databases where their services are.
pytestmark = sqlite_only

ALL = "/console/wrap-up/"
CHAT = "c" * 32
FORM = f"{ALL}{CHAT}/"
FILLED = {
    "concern": "other",
    "age_band": "16-17",
    "gender": "female",
    "topics": ["extortion_money", "fear"],
    "recorded": "yes",
    "found_via": "school",
    "referral": "police",
    "returned": "no",
}


@pytest.fixture
def counsellor(app: Flask) -> FlaskClient:
    return signed_in(app, "counsellor")


def account(role: str = "counsellor") -> str:
    found = duties.account_of_login(f"the-{role}", "youth")
    assert found is not None
    return found


def a_chat_is_over(chat: str = CHAT, *, of: str | None = None, minutes_ago: int = 5) -> None:
    ended = clock.now() - timedelta(minutes=minutes_ago)
    facts: dict[str, Any] = {"joined_at": ended, "started_at": ended, "ended_at": ended, "language": "nl", "chat": chat}
    contacts.record_contact(lines.get_line("youth"), account=of or account(), **facts)


def token(client: FlaskClient) -> str:
    return Page(client.get(ALL).text).forms[-1].fields["csrf_token"]


def send(client: FlaskClient, headers: dict[str, str] | None = None, **changes: object) -> TestResponse:
    return client.post(FORM, data=FILLED | {"csrf_token": token(client)} | changes, headers=headers)


def test_what_is_filled_in_is_in_the_ledger(counsellor: FlaskClient) -> None:
    a_chat_is_over()
    shown = counsellor.get(FORM)
    assert wrong_with(shown, FORM) == []
    answer = send(counsellor)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{ALL}?saved=yes")
    row = the_contact()
    assert {name: getattr(row, name) for name in FILLED if name != "topics"} == {
        name: value for name, value in FILLED.items() if name != "topics"
    }
    said = counsellor.get(answer.headers["Location"]).text
    assert "The contact is registered." in said
    assert "Rest now" not in said


def test_everything_may_stay_as_it_is(counsellor: FlaskClient) -> None:
    a_chat_is_over()
    fields = Page(counsellor.get(FORM).text).forms
    assert counsellor.post(FORM, data={"csrf_token": fields[0].fields["csrf_token"]}).status_code == 303
    row = the_contact()
    assert {row.concern, row.age_band, row.gender, row.recorded, row.found_via, row.returned} == {"unknown"}
    assert (row.referral, row.test) == ("none", False)


def test_not_what_it_seems_keeps_the_age_out_and_says_so(counsellor: FlaskClient) -> None:
    a_chat_is_over()
    assert "left out of the figures" in counsellor.get(FORM).text
    send(counsellor, not_what_it_seems="y", test="y")
    assert (the_contact().age_band, the_contact().test) == ("unknown", True)


def test_the_line_has_its_own_choices_in_the_readers_language(counsellor: FlaskClient) -> None:
    a_chat_is_over()
    contacts.retire_topic("youth", "fear")
    counsellor.set_cookie("lang", "nl", path="/console")
    page = counsellor.get(FORM).text
    for offered in ("Afgeperst om geld", "12–15", "Over iemand anders", "Jeugdzorg", "Niet gevraagd"):
        assert offered in page
    for other in ("Angst en schaamte", "36–45", "De zelfhulpcursus"):
        assert other not in page


def test_what_can_not_be_used_is_told_and_nothing_is_lost(counsellor: FlaskClient) -> None:
    a_chat_is_over()
    answer = send(counsellor, topics=["extortion_money", "nowhere"])
    assert answer.status_code == 422
    assert "One of these topics is not there any more" in answer.text
    chosen = re.findall(r'name="(\w+)" value="([^"]+)" checked', answer.text)
    assert {("concern", "other"), ("topics", "extortion_money"), ("referral", "police")} <= set(chosen)
    assert wrong_with(answer, FORM) == []
    told = send(counsellor, JSON, concern="nobody")
    assert (told.status_code, told.get_json()["error"]) == (422, "invalid")
    assert set(told.get_json()["errors"]) == {"concern"}
    assert the_contact().concern == "unknown"


def test_a_topic_that_was_retired_while_the_form_was_open_is_still_taken(counsellor: FlaskClient) -> None:
    a_chat_is_over()
    contacts.retire_topic("youth", "fear")
    assert send(counsellor).status_code == 303


@pytest.mark.parametrize("how", ["done in another tab", "a day has passed", "a colleague's", "never there"])
def test_one_that_is_not_open_says_so(app: Flask, counsellor: FlaskClient, how: str) -> None:
    if how == "done in another tab":
        a_chat_is_over()
        assert send(counsellor).status_code == 303
    elif how == "a day has passed":
        a_chat_is_over(minutes_ago=24 * 60 + 1)
        contacts.drop_old_wrap_ups(clock.now())
    elif how == "a colleague's":
        signed_in(app, "supervisor")
        a_chat_is_over(of=account("supervisor"))
    for answer in (counsellor.get(FORM), send(counsellor)):
        assert answer.status_code == 404
        assert "not open any more" in answer.text
        assert wrong_with(answer, FORM) == []
    told = send(counsellor, JSON)
    assert (told.status_code, told.get_json()) == (404, {"ok": False, "error": "not_found"})


def test_what_is_open_is_listed_and_a_heavy_one_offers_a_rest(counsellor: FlaskClient) -> None:
    a_chat_is_over()
    a_chat_is_over("d" * 32)
    assert [link for link in Page(counsellor.get(ALL).text).links if link.startswith(ALL)] == [
        FORM,
        f"{ALL}{'d' * 32}/",
    ]
    answer = send(counsellor, heavy="y")
    page = counsellor.get(answer.headers["Location"])
    assert wrong_with(page, ALL) == []
    form = next(form for form in Page(page.text).forms if form.action.endswith("/rest/"))
    assert counsellor.post(form.action, data=form.fields).status_code == 303
    duty = staff.duty_of(account())
    assert (duty.state, duty.line) == ("resting", "youth")


def test_the_desk_gets_an_answer_it_can_read(counsellor: FlaskClient) -> None:
    a_chat_is_over()
    assert send(counsellor, JSON, heavy="y").get_json() == {"ok": True, "rest": True}


@pytest.mark.parametrize("role", ["analyst", "administrator"])
def test_whoever_takes_no_chats_has_none_to_describe(app: Flask, role: str) -> None:
    client = signed_in(app, role)
    for path in (ALL, FORM):
        answer = client.get(path)
        assert answer.status_code == 403
        assert "takes no chats" in answer.text
        assert wrong_with(answer, path) == []
    assert client.get(FORM, headers=JSON).get_json() == {"ok": False, "error": "forbidden"}


def test_a_counsellor_who_left_the_line_describes_nothing_of_it(app: Flask) -> None:
    client = signed_in(app, "counsellor", ["prevention"])
    found = duties.account_of_login("the-counsellor", "prevention")
    a_chat_is_over(of=found)
    assert client.get(FORM).status_code == 404
