"""Leaving at once."""

from __future__ import annotations

import pytest

from helpline import bus, config
from helpline.privacy import sessions
from tests.web.conftest import House
from tests.web.pages import ANSWERS, Page, Tab, cookies_set

DELETED = "Expires=Thu, 01 Jan 1970"


def test_the_link_ends_everything_and_shows_a_page_that_knows_nothing(house: House, tab: Tab) -> None:
    tab.join(first_message="Hello")
    answer = tab.get("/exit")
    assert answer.status_code == 200
    cookie = cookies_set(answer)["visit"]
    assert DELETED in cookie
    assert "Path=/" in cookie
    assert answer.headers["Cache-Control"] == "no-store"
    page = Page(answer.text)
    assert page.forms == []
    assert "Chat" not in page.html
    assert not any(link.startswith("/") for link in page.links), "no way back to us"
    assert house.snapshot()["visitor_sessions"] == []
    assert tab.get(tab.room).status_code == 410
    assert house.missed() == {"emergency_exit": 1}


def test_the_script_gets_an_empty_answer_and_the_same_happens(house: House, tab: Tab) -> None:
    tab.join()
    answer = tab.client.post("/exit")
    assert (answer.status_code, answer.data) == (204, b"")
    assert DELETED in cookies_set(answer)["visit"]
    assert house.missed() == {"emergency_exit": 1}


def test_the_cookie_that_another_tab_still_has_opens_nothing(house: House, tab: Tab) -> None:
    tab.join(first_message="Hello")
    kept = tab.client.get_cookie("visit")
    assert kept is not None
    tab.get("/exit")
    other = house.tab()
    other.client.set_cookie("visit", kept.value)
    before = house.snapshot()
    for path in (other.room, f"{other.room}transcript"):
        assert other.get(path).status_code == 410
    assert other.post(f"{other.room}say", {"client_id": "c", "body": "too late"}).status_code == 410
    assert house.snapshot() == before


def test_an_answered_chat_that_ends_so_is_no_missed_one(house: House, tab: Tab) -> None:
    tab.join()
    house.accept(house.counsellor())
    tab.get("/exit")
    assert house.missed() == {}


def test_leaving_twice_or_without_a_visit_counts_nothing(house: House, tab: Tab) -> None:
    tab.join()
    for _ in range(3):
        tab.get("/exit")
    house.tab().get("/exit")
    stranger = house.tab()
    stranger.client.set_cookie("visit", "A" * 43)
    stranger.get("/exit")
    assert house.missed() == {"emergency_exit": 1}


def test_a_chat_that_had_ended_stays_as_it_ended(house: House, tab: Tab) -> None:
    tab.join()
    tab.post(f"{tab.room}leave")
    tab.get("/exit")
    assert house.missed() == {"left_early": 1}
    assert house.snapshot()["visitor_sessions"] == []


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_another_site_can_not_end_somebodys_visit(house: House, tab: Tab, site: str, method: str) -> None:
    tab.join(first_message="Hello")
    before = house.snapshot()
    answer = tab.client.open("/exit", method=method, headers={"Sec-Fetch-Site": site})
    assert answer.status_code in (200, 204)
    assert cookies_set(answer) == {}
    assert "Clear-Site-Data" not in answer.headers
    assert house.snapshot() == before
    assert [body for _, _, body in tab.transcript().said] == ["Hello"]


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_ones_own_press_and_a_typed_address_count(house: House, tab: Tab, site: str) -> None:
    tab.join()
    tab.get("/exit", **{"Sec-Fetch-Site": site})
    assert house.missed() == {"emergency_exit": 1}


def test_where_an_address_is_set_the_exit_leads_there(house: House, tab: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = config.current().model_copy(update={"exit_url": "https://weather.example/today"})
    monkeypatch.setattr(config, "_current", elsewhere)
    tab.join()
    answer = tab.get("/exit")
    assert (answer.status_code, answer.headers["Location"]) == (303, "https://weather.example/today")
    assert answer.headers["Referrer-Policy"] == "same-origin", "the other site does not learn where one came from"
    assert DELETED in cookies_set(answer)["visit"]


def left_while_a_form_is_under_way(house: House, tab: Tab) -> Tab:
    """The same browser, where the answer that takes the cookie away has not come yet."""
    kept = tab.client.get_cookie("visit")
    assert kept is not None
    other = house.tab()
    other.client.set_cookie("visit", kept.value)
    assert tab.client.post("/exit").status_code == 204
    return other


def test_a_form_that_is_under_way_does_not_bring_the_visit_back(house: House, tab: Tab) -> None:
    tab.join(first_message="Hello")
    other = left_while_a_form_is_under_way(house, tab)
    before = house.snapshot()
    for path, sent in (
        (tab.chat, ANSWERS),
        (f"{tab.chat}bring", {"text": "Mine", "choice": "yes"}),
    ):
        answer = other.post(path, sent)
        assert answer.status_code == 410, path
        assert not any(link.startswith("/") for link in Page(answer.text).links)
    assert house.snapshot() == before
    assert before["visitor_sessions"] == []


def test_nor_does_the_first_form_of_a_visit_begin_one(house: House, tab: Tab) -> None:
    tab.get(tab.chat)
    other = left_while_a_form_is_under_way(house, tab)
    assert other.post(tab.chat, ANSWERS).status_code == 410
    assert house.snapshot()["visitor_sessions"] == house.snapshot()["chats"] == []


def test_nor_does_one_that_another_process_has_in_hand(house: House, tab: Tab) -> None:
    tab.get(tab.chat)
    kept = tab.client.get_cookie("visit")
    assert kept is not None
    bus._take("hang_up", (sessions.key_of(kept.value), True))
    assert tab.post(tab.chat, ANSWERS).status_code == 410
    assert house.snapshot()["visitor_sessions"] == []


def test_who_ends_a_visit_on_another_line_goes_on_with_the_same_browser(house: House, tab: Tab) -> None:
    other = house.tab()
    other.line = "prevention"
    other.join()
    kept = other.client.get_cookie("visit")
    assert kept is not None
    tab.client.set_cookie("visit", kept.value)
    assert tab.post("/en/youth/advice/begin-here").status_code == 303
    tab.join()


def test_every_page_has_the_way_out(house: House, tab: Tab) -> None:
    for path in ("/en/youth/", "/en/youth/about/", tab.chat, f"{tab.chat}other-ways/", "/en/youth/nothing/"):
        assert "/exit" in Page(tab.get(path).text).links, path
    assert "/exit" in tab.join().page(tab.room).links
