"""The inbox: for whom, and a letter from claiming to the answer by two hands, without JavaScript."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from helpline import db
from helpline.letters.models import Letter
from helpline.lines import service as lines
from helpline.privacy import codes
from tests.house.test_routes import JSON, signed_in, wrong_with
from tests.letters.writers import Writer
from tests.postgres import sqlite_only
from tests.web.pages import Page

# What the pages rest on is tried on both databases where their services are.
pytestmark = sqlite_only
ROOT = "/console/letters/"
TEXT = "You did nothing wrong."
NUMBER = '<mark data-said="Not allowed:">06-12345678</mark>'


@pytest.fixture
def anna(app: Flask, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A counsellor of the line for youngsters."""
    monkeypatch.setattr(codes, "MEMORY_KIB", 64)
    return signed_in(app, "counsellor", ["youth"])


@pytest.fixture
def boss(app: Flask, anna: FlaskClient) -> FlaskClient:
    """A supervisor of the same line."""
    return signed_in(app, "supervisor", ["youth"])


@pytest.fixture
def writer(anna: FlaskClient) -> Writer:
    """A visitor who wrote a letter."""
    visitor = Writer()
    visitor.writes("I have told <nobody>")
    return visitor


def send(client: FlaskClient, page: str, action: str, **fields: str) -> TestResponse:
    """Fill in the form of a page like a browser without scripts."""
    form = Page(client.get(page).text).form(action)
    return client.post(page + action if not action.startswith("/") else action, data=form.fields | fields)


def read(client: FlaskClient, path: str = ROOT) -> str:
    answer = client.get(path)
    assert (answer.status_code, wrong_with(answer, path)) == (200, [])
    return answer.text


def test_from_the_inbox_to_the_answer(anna: FlaskClient, boss: FlaskClient, writer: Writer) -> None:
    lines.change_line("youth", {"letters_second_reader": True})
    page = f"{ROOT}{writer.id}/"
    assert page in Page(read(anna)).links
    assert "told" not in read(anna)
    assert "Claim it" in read(anna, page)
    assert "told" not in read(anna, page)
    assert send(anna, page, "claim").headers["Location"] == page
    assert "I have told &lt;nobody&gt;" in read(anna, page)
    assert send(anna, page, "write", body="half of it", deed="save").status_code == 303
    assert Page(read(anna, page)).form("write").fields["body"] == "half of it"
    told = send(anna, page, "write", body=TEXT, deed="submit").headers["Location"]
    assert "Your draft waits for a colleague" in read(anna, told)
    assert TEXT in read(anna, page), "what was given away can be read by who wrote it"
    assert send(boss, page, "check", remark="Say it is good that he wrote.", deed="send_back").status_code == 303
    assert "Say it is good that he wrote." in read(anna, page)
    for client in (anna, boss):
        assert ("Sent back</span>" in read(client), "1 sent back" in read(client)) == (True, True)
    send(anna, page, "write", body=f"Good that you wrote. {TEXT}", deed="submit")
    assert "ent back" not in read(anna), "a draft that was changed is not the one that was sent back"
    told = send(boss, page, "check", deed="approve").headers["Location"]
    assert "The answer is sent." in read(boss, told)
    assert writer.bodies == ["I have told <nobody>", f"Good that you wrote. {TEXT}"]
    assert "No letter waits" in read(anna)
    assert page in Page(read(anna, f"{ROOT}?show=answered")).links
    assert send(anna, page, "close").status_code == 303
    assert writer.state == "closed"


def test_without_a_second_reader_it_is_sent_at_once(anna: FlaskClient, writer: Writer) -> None:
    page = f"{ROOT}{writer.id}/"
    send(anna, page, "claim")
    assert send(anna, page, "write", body=TEXT, deed="send").headers["Location"] == f"{ROOT}?done=sent"
    assert "Say what it was about" in read(anna, f"{ROOT}?done=sent")
    assert writer.bodies[1] == TEXT


def test_what_cannot_be_sent_stands_in_the_field_still(anna: FlaskClient, boss: FlaskClient, writer: Writer) -> None:
    page = f"{ROOT}{writer.id}/"
    send(anna, page, "claim")
    form = Page(read(anna, page)).form("write").fields
    writer.replies("one more thing")
    for fields, told in (
        ({"body": TEXT, "deed": "send"}, "written more meanwhile"),
        ({"body": "Long.\n\ncall 06-12345678", "deed": "send", "seen": "2"}, "06-12345678"),
        ({"body": " ", "deed": "save"}, "nothing written"),
    ):
        answer = anna.post(f"{page}write", data=form | fields)
        assert (answer.status_code, told in answer.text) == (409, True), told
        assert ("https://www.kindertelefoon.nl" in answer.text) == ("06-" in fields["body"]), "what may stand in it"
        assert Page(answer.text).form("write").fields["body"].strip() == fields["body"].strip()
        assert (">call " + NUMBER in answer.text) == ("06-" in fields["body"]), "the line of it, and it marked there"
        assert wrong_with(answer, page) == []
    send(anna, page, "write", body="call 06-12345678", deed="ask")
    assert "<mark" not in read(boss, page)
    answer = send(boss, page, "check", deed="approve", remark="<mine>")
    assert (answer.status_code, "call " + NUMBER in answer.text) == (409, True)
    assert "&lt;mine&gt;</textarea>" in answer.text
    form = Page(answer.text).form("check").fields
    assert boss.post(f"{page}check", data=form | {"deed": "allow"}).status_code == 303
    assert writer.state == "answered"


def test_a_first_letter_is_closed_unanswered_by_two_presses_and_its_visitor_is_told(
    app: Flask, anna: FlaskClient, writer: Writer
) -> None:
    page = f"{ROOT}{writer.id}/"
    send(anna, page, "claim")
    assert re.search(r"<details class=\"closing\">.*Yes, close it.*</details>", read(anna, page), re.DOTALL)
    assert send(anna, page, "close").status_code == 303
    browser = app.test_client()
    browser.set_cookie("visit", writer.cookie)
    assert "without an answer" in browser.get("/en/youth/letters/yours/").text


def test_who_comes_too_late_gets_the_text_back(anna: FlaskClient, boss: FlaskClient, writer: Writer) -> None:
    page = f"{ROOT}{writer.id}/"
    send(anna, page, "claim")
    form = Page(read(anna, page)).form("write").fields
    assert send(boss, page, "release").status_code == 303
    answer = anna.post(f"{page}write", data=form | {"body": TEXT, "deed": "send"})
    assert (answer.status_code, TEXT in answer.text, wrong_with(answer, page)) == (409, True, [])
    assert page in Page(answer.text).links, "it can be claimed again"
    send(anna, page, "claim")
    writer.erases()
    answer = anna.post(f"{page}write", data=form | {"body": TEXT, "deed": "send"})
    assert (answer.status_code, TEXT in answer.text, "not here any more" in answer.text) == (409, True, True)
    assert anna.get(page).status_code == 409
    assert "was erased by who wrote it" in read(anna)
    form_of_notice = next(form for form in Page(read(anna)).forms if "/gone/" in form.action)
    assert anna.post(form_of_notice.action, data=form_of_notice.fields).status_code == 303
    assert "was erased" not in read(anna)


def test_a_reader_who_may_not_allow_it_is_told_who_may(anna: FlaskClient, boss: FlaskClient, writer: Writer) -> None:
    page = f"{ROOT}{writer.id}/"
    send(boss, page, "claim")
    told = send(boss, page, "write", body="call 06-12345678", deed="ask").headers["Location"]
    assert "waits for a supervisor to allow it" in read(boss, told)
    answer = send(anna, page, "check", deed="approve")
    assert (answer.status_code, "Only a supervisor can send it" in answer.text) == (409, True)
    told = send(anna, page, "check", deed="send_back", remark="Without the number, please.").headers["Location"]
    assert "The draft is back" in read(anna, told)
    assert "Anybody can claim it" in read(boss, send(boss, page, "release").headers["Location"])


def test_a_colleagues_letter_is_closed(app: Flask, anna: FlaskClient, writer: Writer) -> None:
    page = f"{ROOT}{writer.id}/"
    other = a_colleague(app)
    send(other, page, "claim")
    assert "the-supervisor has it" in read(anna, page)
    token = Page(read(anna)).forms[0].fields["csrf_token"]
    answer = anna.post(f"{page}claim", data={"csrf_token": token})
    assert (answer.status_code, "A colleague has this letter now" in answer.text) == (409, True)


def a_colleague(app: Flask) -> FlaskClient:
    """A second counsellor, who holds another role beside."""
    return signed_in(app, "supervisor", ["youth"])


@pytest.mark.parametrize("role", ["analyst", "administrator"])
def test_letters_are_for_counsellors(app: Flask, writer: Writer, role: str) -> None:
    client = signed_in(app, role, ["youth"])
    for path in (ROOT, f"{ROOT}{writer.id}/"):
        answer = client.get(path)
        assert (answer.status_code, wrong_with(answer, path)) == (403, [])
        assert client.get(path, headers=JSON).get_json() == {"ok": False, "error": "forbidden"}


def test_a_letter_of_another_line_is_not_there(app: Flask, writer: Writer) -> None:
    client = signed_in(app, "supervisor", ["prevention"])
    answer = client.get(f"{ROOT}{writer.id}/")
    assert answer.status_code == 404
    assert "No letter waits" in read(client)


def listed(page: str) -> list[str]:
    return [link for link in Page(page).links if link.startswith(ROOT) and len(link) == len(ROOT) + 27]


def test_two_hundred_letters_are_listed_page_by_page(anna: FlaskClient) -> None:
    for _ in range(200):
        Writer().writes()
    pages = [read(anna, f"{ROOT}?page={number}") for number in (1, 2, 3, 4, 99)]
    assert [len(listed(page)) for page in pages] == [50] * 5
    assert len(set().union(*map(listed, pages))) == 200
    assert listed(pages[3]) == listed(pages[4]), "beyond the last page is the last one"
    assert all("200 letters" in page for page in pages)
    send(anna, listed(pages[3])[0], "claim")
    assert listed(read(anna))[0] == listed(pages[3])[0], "one's own stand in front on the first page"
    assert len(listed(read(anna, f"{ROOT}?whose=free&page=4"))) == 49
    for odd in ("page=x", "page=0", "line=prevention", "line=nothing", "show=no", "whose=no"):
        assert len(listed(read(anna, f"{ROOT}?{odd}"))) == 51, odd


def test_what_waits_is_counted_in_the_menu_and_for_the_board(app: Flask, anna: FlaskClient, writer: Writer) -> None:
    assert anna.get(f"{ROOT}waiting").get_json() == {"youth": {"open": 1, "overdue": 0}}
    assert "data-overdue hidden" in read(anna)
    with db.transaction() as session:
        session.execute(update(Letter).values(due_at=writer.row.waiting_since))
    assert anna.get(f"{ROOT}waiting").get_json() == {"youth": {"open": 1, "overdue": 1}}
    assert "data-overdue hidden" not in read(anna)
    assert "1 overdue" in read(anna)
    assert "data-overdue" not in signed_in(app, "analyst", ["youth"]).get("/console/releases/").text


def test_a_draft_is_kept_by_a_script_too(anna: FlaskClient, writer: Writer) -> None:
    page = f"{ROOT}{writer.id}/"
    send(anna, page, "claim")
    form = Page(read(anna, page)).form("write").fields | {"deed": "save"}
    answer = anna.post(f"{page}write", data=form | {"body": "half"}, headers=JSON)
    assert (answer.status_code, answer.get_json()) == (200, {"ok": True, "version": 1})
    answer = anna.post(f"{page}write", data=form | {"body": "half of it"}, headers=JSON)
    assert (answer.status_code, answer.get_json()["error"]) == (409, "wrong_state")
    answer = anna.post(f"{page}write", data=form | {"body": "half of it", "version": "1"}, headers=JSON)
    assert answer.get_json() == {"ok": True, "version": 2}
    # The answer to the last keeping was lost: what is sent is what was kept.
    assert anna.post(f"{page}write", data=form | {"body": "half of it", "version": "1", "deed": "send"}).location == (
        f"{ROOT}?done=sent"
    )
    assert writer.bodies[-1] == "half of it"
    answer = anna.post(f"{page}write", data=form | {"body": "late"}, headers=JSON)
    assert (answer.status_code, answer.get_json()["error"]) == (409, "wrong_state")
    writer.erases()
    answer = anna.post(f"{page}write", data=form | {"body": "late"}, headers=JSON)
    assert (answer.status_code, answer.get_json()["error"]) == (409, "not_found")


def test_a_letter_to_be_described_is_called_a_letter(anna: FlaskClient, writer: Writer) -> None:
    page = f"{ROOT}{writer.id}/"
    send(anna, page, "claim")
    send(anna, page, "write", body=TEXT, deed="send")
    said = read(anna, "/console/wrap-up/")
    assert "a letter that you answered" in said
    assert "min" not in " ".join(Page(said).words).replace("minutes", "")
    link = next(
        link for link in Page(said).links if link.startswith("/console/wrap-up/") and link != "/console/wrap-up/"
    )
    assert "a letter that you answered" in read(anna, link)
    contacts = read(anna, "/console/contacts/")
    assert "a letter that you answered" in contacts
    assert "None" not in contacts
