"""Whatever keeps a letter from being sent, its text comes back on the page that says so."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from helpline.letters import service
from helpline.lines import service as lines
from helpline.privacy import codes, guessing
from tests.postgres import sqlite_only
from tests.web.conftest import House
from tests.web.pages import Page, Tab
from tests.web.test_letters import Desk

pytestmark = sqlite_only
TEXT = "what took me <an hour> to write"
IN_HTML = "what took me &lt;an hour&gt; to write"
FAR_AWAY = {"REMOTE_ADDR": "203.0.113.9"}


@pytest.fixture(autouse=True)
def quick_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Codes that are quick to check; nobody has guessed any yet."""
    monkeypatch.setattr(codes, "MEMORY_KIB", 64)
    monkeypatch.setattr(guessing, "tries", guessing.Guessing(lambda seconds: None))


@pytest.fixture
def desk(tab: Tab) -> Desk:
    """A visitor of the line for youngsters."""
    return Desk(tab)


def sends_often(desk: Desk, page: str) -> Any:
    """The answer to one form more than an address may send in a minute."""
    form = desk.page(page).form(page or "letters/")
    for _ in range(30):
        desk.tab.client.post(desk.base + page, data=form.fields | {"body": ""}, environ_base=FAR_AWAY)
    return desk.tab.client.post(desk.base + page, data=form.fields | {"body": TEXT}, environ_base=FAR_AWAY)


def test_who_shares_an_address_with_many_keeps_the_text(desk: Desk) -> None:
    answer = sends_often(desk, "")
    page = Page(answer.text)
    assert (answer.status_code, page.form("letters/").fields["body"]) == (429, TEXT)
    assert "nothing was sent" in answer.text


def test_so_does_who_writes_back(desk: Desk) -> None:
    desk.writes()
    answer = sends_often(desk, "yours/")
    assert (answer.status_code, Page(answer.text).form("yours/").fields["body"]) == (429, TEXT)


def test_a_text_that_was_not_sent_is_not_left_unasked(desk: Desk) -> None:
    fresh, refused = desk.tab.client.get(desk.base).text, sends_often(desk, "").text
    assert ["js/selfhelp/writing.js" in one and "data-writing" in one for one in (fresh, refused)] == [True, True]
    assert ["data-unsaved" in one for one in (fresh, refused)] == [False, True]


def test_a_line_that_takes_no_letters_any_more_gives_the_text_back(house: House, desk: Desk) -> None:
    form = desk.page().form("letters/")
    lines.change_line("youth", {"letters": False})
    answer = desk.tab.submit(desk.base, form, body=TEXT)
    assert (answer.status_code, IN_HTML in answer.text) == (404, True)
    assert "/en/youth/" in Page(answer.text).links


@pytest.mark.parametrize("body", [f"{TEXT} {'x' * service.MAX_BODY}", TEXT])
@pytest.mark.parametrize("how", ["erase", "close"])
def test_a_reply_to_a_letter_that_is_not_open_any_more_comes_back(
    house: House, desk: Desk, how: str, body: str
) -> None:
    code = desk.writes()
    desk.keeps(code)
    form = desk.page("yours/").form("yours/")
    if how == "close":
        assert desk.sends("yours/", "/close") == "#closed"
    else:
        other = Desk(house.tab())
        other.enters(code)
        other.sends("yours/", "/erase", 200)
    answer = desk.tab.submit(f"{desk.base}yours/", form, body=body)
    assert (answer.status_code, IN_HTML in answer.text) == (410, True)


@pytest.mark.parametrize("deed", ["write", "reply"])
def test_a_database_that_is_away_keeps_the_text_on_the_page(
    desk: Desk, deed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if deed == "reply":
        desk.writes()
    path = "" if deed == "write" else "yours/"
    form = desk.page(path).form("letters/" if deed == "write" else "yours/")

    def fail(*_: object, **__: object) -> None:
        raise OperationalError("", {}, Exception())

    monkeypatch.setattr(f"helpline.letters.service.{deed}", fail)
    answer = desk.tab.submit(desk.base + path, form, body=TEXT)
    assert (answer.status_code, IN_HTML in answer.text) == (503, True)


ALONG = {"introduction": "what I answered <before>", "send_along": "y"}
ALONG_IN_HTML = "what I answered &lt;before&gt;"


@pytest.mark.parametrize("why", ["away", "expired"])
def test_what_was_to_go_along_comes_back_with_the_letter(desk: Desk, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OperationalError("", {}, Exception())

    form = desk.page().form("letters/")
    if why == "away":
        monkeypatch.setattr("helpline.letters.service.write", fail)
    else:
        del form.fields["csrf_token"]
    answer = desk.tab.submit(desk.base, form, body=TEXT, **ALONG)
    assert answer.status_code == {"away": 503, "expired": 400}[why]
    assert [told in answer.text for told in (ALONG_IN_HTML, IN_HTML)] == [True, True]


def test_what_was_to_go_along_and_can_not_be_stored_stands_in_its_field_again(desk: Desk) -> None:
    answer = desk.tab.submit(desk.base, desk.page().form("letters/"), body=TEXT, **ALONG | {"introduction": "a\0b"})
    assert answer.status_code == 400
    fields = Page(answer.text).form("letters/").fields
    assert (fields["body"], fields["introduction"].startswith("a"), fields["send_along"]) == (TEXT, True, "y")
    assert 'id="introduction-error"' in answer.text


def test_a_code_that_was_not_kept_is_asked_about_before_it_is_put_away(desk: Desk) -> None:
    code = desk.writes()
    answer = desk.tab.submit(f"{desk.base}yours/", desk.page("yours/").form("/close"))
    assert answer.status_code == 409
    page = Page(answer.text)
    assert f"{desk.base}code/" in page.links
    assert desk.tab.submit(f"{desk.base}close", page.form("/close")).headers["Location"] == f"{desk.base}#closed"
    desk.enters(code)
    assert "I have told nobody" in desk.words()


def test_two_presses_on_erase_say_the_same(desk: Desk) -> None:
    desk.writes()
    form = desk.page("yours/").form("/erase")
    said = [desk.tab.submit(f"{desk.base}yours/", form).text for _ in range(2)]
    assert ["Your letter is erased" in one for one in said] == [True, True]
