"""What goes along from the advice, without JavaScript: read first, sent only with a yes, and used up by one chat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from helpline import clock
from helpline.chat import service as chats
from helpline.privacy import sessions
from tests.postgres import sqlite_only
from tests.web.conftest import House
from tests.web.pages import ANSWERS, Page, Tab

# What the pages rest on is tried on both databases where their services are.
pytestmark = sqlite_only

JSON = {"Accept": "application/json"}
TEXT = "What happened?\n– Someone has a picture of me"
SHOWN = "Someone has a picture of me"


def brings(tab: Tab, text: str = TEXT, choice: str = "yes", **more: Any) -> TestResponse:
    """Press one of the two buttons below the text; `more` are fields, and headers with a capital."""
    fields = {name: value for name, value in more.items() if name.islower()}
    headers = {name: value for name, value in more.items() if not name.islower()}
    return tab.post(f"{tab.chat}bring", {"text": text, "choice": choice} | fields, **headers)


def leads_to(answer: TestResponse) -> tuple[int, str | None]:
    return answer.status_code, answer.headers.get("Location")


def kept(tab: Tab) -> dict[str, Any]:
    """What this browser's sealed session holds."""
    cookie = tab.client.get_cookie("visit")
    assert cookie is not None
    return sessions.load(cookie.value, clock.now()) or {}


def above(house: House, member: Any, chat: str) -> str | None:
    """What the counsellor sees above the chat."""
    found = chats.staff_sync(member, chat, "talk", 0)["introduction"]
    return None if found is None else str(found)


def test_what_the_visitor_said_yes_to_waits_for_the_chat_and_stands_above_it(house: House, tab: Tab) -> None:
    assert leads_to(brings(tab)) == (303, tab.chat)
    form = tab.page(tab.chat)
    assert SHOWN in form.html, "the form shows what goes along"
    assert kept(tab)["bring"] == TEXT
    tab.join()
    assert "bring" not in kept(tab), "used once"
    assert SHOWN in tab.page(tab.room).html, "the visitor still sees what went along"
    assert SHOWN not in tab.transcript().html, "which is no message"
    anna = house.counsellor()
    assert above(house, anna, house.accept(anna)) == TEXT


def test_the_next_chat_begins_without_it(house: House, tab: Tab) -> None:
    brings(tab)
    tab.join()
    tab.post(f"{tab.room}leave")
    assert SHOWN not in tab.page(tab.chat).html
    tab.join()
    assert SHOWN not in tab.page(tab.room).html
    anna = house.counsellor()
    assert above(house, anna, house.accept(anna)) is None


@pytest.mark.parametrize("choice", ["no", "", "YES", "perhaps"])
def test_without_a_yes_nothing_goes_along_and_what_was_kept_is_forgotten(tab: Tab, choice: str) -> None:
    brings(tab)
    assert leads_to(brings(tab, choice=choice)) == (303, tab.chat)
    assert "bring" not in kept(tab)
    assert SHOWN not in tab.join().page(tab.room).html


def test_an_empty_text_is_nothing_to_send(tab: Tab) -> None:
    brings(tab)
    assert leads_to(brings(tab, " \r\n ")) == (303, tab.chat)
    assert "bring" not in kept(tab)


def test_the_join_form_still_lets_the_visitor_leave_it_out(house: House, tab: Tab) -> None:
    brings(tab)
    answer = tab.post(tab.chat, ANSWERS | {"distress": "", "leave_out": "y"})
    assert answer.status_code == 400
    assert Page(answer.text).form().fields["leave_out"] == "y", "which is kept when the form comes back"
    assert SHOWN in answer.text
    tab.join(leave_out="y")
    assert "bring" not in kept(tab)
    anna = house.counsellor()
    assert above(house, anna, house.accept(anna)) is None


def test_the_form_in_the_other_language_still_has_it(tab: Tab) -> None:
    brings(tab)
    assert SHOWN in tab.post("/nl/youth/chat/", ANSWERS | {"other_language": "y"}).text


def test_in_a_chat_that_goes_on_it_is_there_at_once_and_the_last_one_counts(house: House, tab: Tab) -> None:
    tab.join()
    assert leads_to(brings(tab, "The first")) == (303, tab.room)
    anna = house.counsellor()
    chat = house.accept(anna)
    assert above(house, anna, chat) == "The first"
    assert leads_to(brings(tab, "The second")) == (303, tab.room)
    assert above(house, anna, chat) == "The second"
    assert "bring" not in kept(tab)
    assert leads_to(brings(tab, "The third", choice="no")) == (303, tab.room)
    assert above(house, anna, chat) == "The second", "what was sent is sent"
    page = tab.page(tab.room).html
    assert "The second" in page
    assert "The first" not in page


def test_after_the_end_it_waits_for_the_next_chat(tab: Tab) -> None:
    tab.join()
    tab.post(f"{tab.room}leave")
    assert leads_to(brings(tab)) == (303, tab.chat)
    assert SHOWN not in tab.page(tab.room).html
    assert kept(tab)["bring"] == TEXT


def test_while_the_line_is_closed_it_waits(house: House, tab: Tab) -> None:
    token = tab.token()
    house.set_line("youth", hours="closed")
    answer = tab.client.post(f"{tab.chat}bring", data={"csrf_token": token, "text": TEXT, "choice": "yes"})
    assert leads_to(answer) == (303, tab.chat)
    page = tab.page(tab.chat)
    assert "not sent yet" in page.html
    assert SHOWN not in page.html
    assert tab.client.post(tab.chat, data={"csrf_token": token}).status_code == 303
    assert kept(tab)["bring"] == TEXT, "a try that was turned away loses nothing"


BAD = [("x" * 4001, 413, "too_long"), ("a\0b", 400, "invalid")]


@pytest.mark.parametrize(("text", "status", "code"), BAD)
def test_a_text_that_can_not_go_along_is_given_back(house: House, tab: Tab, text: str, status: int, code: str) -> None:
    tab.token()
    before = house.snapshot()
    answer = brings(tab, text)
    assert answer.status_code == status
    page = Page(answer.text)
    assert page.form("bring").fields["text"].startswith(text[:1])
    assert len(page.form("bring").fields["text"]) >= len(text) - 1
    assert "aria-invalid" in answer.text
    told = brings(tab, text, **JSON)
    assert (told.status_code, told.get_json()) == (status, {"ok": False, "error": code})
    assert house.snapshot() == before


def test_line_breaks_count_as_one_character(tab: Tab) -> None:
    text = "\r\n".join(["a line"] * 571) + "xxxx"
    assert leads_to(brings(tab, text)) == (303, tab.chat)
    assert kept(tab)["bring"] == text.replace("\r\n", "\n")


def test_nobody_brings_more_than_the_budget(tab: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    from helpline.chat import visitor_views

    monkeypatch.setattr(visitor_views.budget, "take", lambda sender: False)
    answer = brings(tab)
    assert answer.status_code == 429
    assert SHOWN in answer.text
    assert brings(tab, **JSON).get_json() == {"ok": False, "error": "rate_limited"}


def test_as_json_it_is_answered_like_an_event(tab: Tab) -> None:
    assert brings(tab, **JSON).get_json() == {"ok": True}
    tab.join()
    assert brings(tab, "Another", **JSON).get_json() == {"ok": True}


def test_a_form_without_its_token_sends_nothing_and_gives_the_text_back(house: House, tab: Tab) -> None:
    tab.token()
    before = house.snapshot()
    answer = tab.client.post(f"{tab.chat}bring", data={"text": TEXT, "choice": "yes"})
    assert answer.status_code == 400
    assert SHOWN in answer.text
    assert house.snapshot() == before


# Two lines that never meet


def test_on_the_other_line_nothing_of_it_is_known_and_joining_there_ends_it(tab: Tab) -> None:
    brings(tab)
    tab.line = "prevention"
    assert SHOWN not in tab.page(tab.chat).html
    tab.join(end_other="y")
    assert "bring" not in kept(tab)
    assert SHOWN not in tab.page(tab.room).html


def test_a_visit_to_the_other_line_ends_only_with_a_yes(house: House, tab: Tab) -> None:
    tab.join(first_message="On the first line")
    first = dict(kept(tab))
    tab.line = "prevention"
    before = house.snapshot()
    assert leads_to(brings(tab, choice="no")) == (303, tab.chat), "the join form asks"
    asked = brings(tab)
    assert asked.status_code == 409
    assert SHOWN in asked.text
    assert "youth" not in asked.text.lower()
    assert brings(tab, **JSON).get_json() == {"ok": False, "error": "wrong_state"}
    assert house.snapshot() == before
    form = Page(asked.text).form("bring")
    answer = tab.submit(f"{tab.chat}bring", form, choice="yes", end_other="y")
    assert leads_to(answer) == (303, tab.chat)
    assert kept(tab) == {"line": "prevention", "bring": TEXT}
    assert first["line"] == "youth"
    assert house.missed("youth") == {"left_early": 1}


def test_a_quick_exit_forgets_it(house: House, tab: Tab) -> None:
    brings(tab)
    cookie = tab.client.get_cookie("visit")
    assert cookie is not None
    tab.get("/exit")
    tab.client.set_cookie("visit", cookie.value)
    assert kept(tab) == {}
    assert SHOWN not in tab.page(tab.chat).html


def test_the_database_holds_no_word_of_it(house: House, tab: Tab) -> None:
    brings(tab)
    assert SHOWN.encode() not in repr(house.snapshot()).encode()
    tab.join()
    brings(tab, f"{TEXT} again")
    assert SHOWN.encode() not in repr(house.snapshot()).encode()


# The strip on other pages


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_the_strip_says_how_the_chat_stands_and_leads_back(house: House, lang: str) -> None:
    house.tab().join(distress="5")
    tab = house.tab(lang=lang)
    tab.join()

    def strip() -> Page:
        page = tab.page(f"{tab.room}place")
        assert page.links == [tab.room]
        assert page.language == lang
        assert 'target="_top"' in page.html
        return page

    waiting = strip()
    assert 'data-state="waiting"' in waiting.html
    assert waiting.metas["refresh"] == "10"
    assert "1 " in " ".join(waiting.words), "one is before this one"
    anna = house.counsellor()
    house.accept(anna)
    house.accept(anna)
    active = strip()
    assert ('data-state="active"' in active.html, active.metas["refresh"]) == (True, "10")
    tab.post(f"{tab.room}leave")
    ended = strip()
    assert ('data-state="ended"' in ended.html, "refresh" in ended.metas) == (True, False)


def test_the_strip_keeps_the_place_in_the_queue(house: House, tab: Tab, later: Callable[..., Any]) -> None:
    from helpline.chat import presence, store
    from helpline.db import reading

    tab.join()
    chat = kept(tab)["chat"]
    later(seconds=60)
    tab.page(f"{tab.room}place")
    presence.flush(clock.now())
    with reading() as session:
        row = store.get_chat(session, chat)
    assert row is not None
    assert (clock.now() - row.visitor_seen_at).total_seconds() < 5


def test_only_our_own_pages_frame_the_strip(tab: Tab) -> None:
    tab.join()
    answer = tab.get(f"{tab.room}place")
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]


def test_without_a_chat_here_the_strip_has_nothing_to_tell(house: House, tab: Tab) -> None:
    other = house.tab("prevention")
    other.join()
    other.line = "youth"
    for browser in (tab, other):
        answer = browser.get(f"{browser.room}place")
        assert answer.status_code == 410
        page = Page(answer.text)
        assert (page.links, "refresh" in page.metas) == ([], False)
        assert browser.get(f"{browser.room}place", **JSON).get_json() == {"ok": False, "error": "not_found"}
