"""Joining the queue without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from helpline import config, create_app, db
from tests.web.conftest import House
from tests.web.pages import ANSWERS, Page, Tab, cookies_set


def test_joining_leads_to_the_room_with_a_cookie_that_only_this_site_gets(house: House, tab: Tab) -> None:
    first = tab.get(tab.chat)
    cookie = cookies_set(first)["visit"]
    value = re.fullmatch(r"visit=([A-Za-z0-9_-]{43}); (.*)", cookie)
    assert value, cookie
    attributes = set(value[2].split("; "))
    assert attributes == {"HttpOnly", "Path=/", "SameSite=Lax"}, "host-only, until the browser is closed, no more"
    form = Page(first.text).form()
    answer = tab.submit(tab.chat, form, **ANSWERS)
    assert (answer.status_code, answer.headers["Location"]) == (303, tab.room)
    assert cookies_set(answer) == {}, "the cookie of the form is the one the socket uses"
    assert tab.page(tab.room).attributes["room"]["data-state"] == "waiting"


def test_the_form_opened_twice_keeps_one_cookie(tab: Tab) -> None:
    tab.get(tab.chat)
    assert cookies_set(tab.get(tab.chat)) == {}
    assert cookies_set(tab.join().get(tab.room)) == {}


def test_pages_without_a_form_set_no_cookie(tab: Tab) -> None:
    for page in ("", "what-we-keep/", "what-we-count/", "leaving-quickly/", "about/", "chat/other-ways/"):
        assert cookies_set(tab.get(f"/en/youth/{page}")) == {}, page


def test_over_tls_cookies_are_secure(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    safe = config.current().model_copy(update={"public_url": "https://help.example.org"})
    monkeypatch.setattr(config, "_current", safe)
    answer = house.tab().get("/en/youth/chat/")
    assert "Secure" in cookies_set(answer)["visit"].split("; ")
    assert "max-age=" in answer.headers["Strict-Transport-Security"]


def test_a_cookie_of_another_form_is_replaced(house: House) -> None:
    for cookie in ("", "short", "A" * 42, "A" * 44, "é" * 43, "A" * 42 + "=", "A" * 4000):
        tab = house.tab()
        tab.client.set_cookie("visit", cookie)
        fresh = cookies_set(tab.get(tab.chat))["visit"].split(";")[0]
        assert len(fresh) == len("visit=") + 43, cookie


BAD_ANSWERS: list[dict[str, str]] = [
    {"danger": ""},
    {"danger": "perhaps"},
    {"danger": "YES"},
    {"distress": ""},
    {"distress": "0"},
    {"distress": "6"},
    {"distress": "three"},
    {"distress": "1.0"},
    {"language": ""},
    {"language": "fr"},
    {"first_message": "nul\x00inside"},
]


def test_a_bad_answer_gives_the_form_back_with_all_that_was_typed(house: House, tab: Tab) -> None:
    tab.token()
    before = house.snapshot()
    for answers in BAD_ANSWERS:
        answer = tab.post(tab.chat, ANSWERS | {"first_message": "My story, which took an hour"} | answers)
        assert answer.status_code == 400, answers
        page = Page(answer.text)
        kept = page.form().fields["first_message"]
        assert kept.startswith(answers.get("first_message", "My story, which took an hour")[:3]), answers
        for name in {"distress", "danger"} - set(answers):
            assert page.form().fields[name] == ANSWERS[name], answers
    assert house.snapshot() == before


def test_a_first_message_that_is_too_long_is_given_back(house: House, tab: Tab) -> None:
    before = house.snapshot()
    answer = tab.post(tab.chat, ANSWERS | {"first_message": "x" * 4001})
    assert answer.status_code == 413
    assert Page(answer.text).form().fields["first_message"] == "x" * 4001
    assert house.snapshot() == before


def test_line_breaks_of_a_form_count_as_one_character(house: House, tab: Tab) -> None:
    """Browsers send two characters for each line break."""
    story = "\r\n".join(["a line"] * 571) + "xxxx"
    assert len(story.replace("\r\n", "\n")) == 4000
    tab.join(first_message=story)
    assert tab.sync()["messages"][0]["body"] == story.replace("\r\n", "\n")


def test_the_first_message_is_there_and_an_empty_one_is_none(house: House, tab: Tab) -> None:
    assert tab.join(first_message="  Hello\n").transcript().said[0][2].strip() == "Hello"
    assert house.tab().join(first_message=" \r\n ").sync()["messages"] == []


def test_sending_the_join_form_twice_makes_one_chat(house: House, tab: Tab) -> None:
    form = tab.page(tab.chat).form()
    for _ in range(3):
        answer = tab.submit(tab.chat, form, **(ANSWERS | {"first_message": "Once"}))
        assert (answer.status_code, answer.headers["Location"]) == (303, tab.room)
    assert len(house.snapshot()["chats"]) == 1
    assert [body for _, _, body in tab.transcript().said] == ["Once"]
    assert house.missed() == {}


def test_after_the_end_a_new_chat_begins(house: House, tab: Tab) -> None:
    tab.join(first_message="Old").post(f"{tab.room}leave")
    tab.join(first_message="New")
    assert [body for _, _, body in tab.transcript().said] == ["New"]


def test_the_language_of_the_path_is_chosen_in_the_form_and_on_every_page(house: House) -> None:
    for lang in ("en", "nl"):
        tab = house.tab(lang=lang)
        page = tab.page(tab.chat)
        assert page.language == lang
        assert re.search(rf'<option value="{lang}" selected', page.html)
        other = {"en": "nl", "nl": "en"}[lang]
        assert f"/{other}/youth/chat/" in page.links
        tab.join()
        room = tab.page(tab.room)
        assert room.language == lang
        assert f"/{other}/youth/chat/room/" in room.links
        assert house.tab(lang=other).get(tab.room).status_code == 410, "nobody else's browser has this chat"


def test_danger_shows_the_emergency_number_at_once(house: House, tab: Tab) -> None:
    tab.join(danger="yes")
    for path in (tab.room, f"{tab.room}transcript"):
        assert 'href="tel:112"' in tab.page(path).html, path


def test_a_form_without_its_token_changes_nothing_and_loses_nothing(house: House, tab: Tab) -> None:
    name = "csrf_token"
    tab.join(first_message="Stored")
    before = house.snapshot()
    told = "A text that must not be lost"
    for token in ({}, {name: ""}, {name: "wrong"}, {name: "é" * 40}, {name: house.tab().token()}):
        for path, fields in (
            (tab.chat, ANSWERS | {"first_message": told}),
            (f"{tab.room}say", {"client_id": "c", "body": told}),
            (f"{tab.room}leave", {}),
        ):
            answer = tab.client.post(path, data=fields | token)
            assert answer.status_code == 400, (path, token)
            assert not fields or told in answer.text, "what was typed is given back"
            as_json = tab.client.post(path, data=fields | token, headers={"Accept": "application/json"})
            assert (as_json.status_code, as_json.get_json()) == (400, {"ok": False, "error": "forbidden"})
    assert house.snapshot() == before
    assert tab.say("still works").status_code == 303


def test_a_form_needs_no_referer(tab: Tab) -> None:
    tab.token()
    answer = tab.post(tab.chat, ANSWERS, Referer="https://elsewhere.example/")
    assert answer.status_code == 303


BEHIND_A_PROXY = {"X-Forwarded-For": "203.0.113.9"}


@pytest.fixture
def proxied(house: House, settings: config.Settings) -> Iterator[Tab]:
    """A browser elsewhere, behind the proxy that the settings announce; the Redis that they name is not there."""
    elsewhere = settings.model_copy(update={"trusted_proxies": 1, "redis_url": "redis://127.0.0.1:1"})
    yield Tab(create_app(elsewhere).test_client())
    db.engine().dispose()


def test_nobody_fills_the_queue_from_one_address_and_others_still_get_in(proxied: Tab) -> None:
    token = proxied.token()
    for number in range(13):
        proxied.client.delete_cookie("visit")
        token = proxied.token()
        answer = proxied.client.post(
            proxied.chat, data=ANSWERS | {"csrf_token": token, "first_message": "Me again"}, headers=BEHIND_A_PROXY
        )
        assert answer.status_code == (303 if number < 12 else 429), number
    assert Page(answer.text).title
    other = {"X-Forwarded-For": "203.0.113.10"}
    assert proxied.client.post(proxied.chat, data=ANSWERS | {"csrf_token": token}, headers=other).status_code == 303


def test_an_address_that_the_visitor_claims_counts_for_nothing_without_a_proxy(house: House) -> None:
    for number in range(14):
        tab = house.tab()
        answer = tab.post(tab.chat, ANSWERS, **{"X-Forwarded-For": f"203.0.113.{number % 2}"})
        assert answer.status_code == 303


# The other language


def test_the_form_in_the_other_language_keeps_what_was_filled_in(house: House, tab: Tab) -> None:
    filled = ANSWERS | {"danger": "unsure", "distress": "4", "first_message": "Written before the switch"}
    for answers in (filled, filled | {"danger": "", "distress": ""}):
        shown = tab.post("/nl/youth/chat/", answers | {"other_language": "y"})
        assert shown.status_code == 200
        page = Page(shown.text)
        fields = page.form().fields
        assert (page.language, fields["first_message"]) == ("nl", "Written before the switch")
        assert (fields.get("danger", ""), fields.get("distress", "")) == (answers["danger"], answers["distress"])
        assert re.search(r'<option value="nl" selected', shown.text), "and the chat will be in it"
        assert "aria-invalid" not in shown.text, "nothing was judged"
    assert tab.get(tab.room).status_code == 410, "nobody joined"
    assert tab.client.post("/nl/youth/chat/", data=fields | ANSWERS).status_code == 303


def test_the_switch_of_the_form_posts_it_and_enter_does_not(tab: Tab) -> None:
    wrong = tab.post(tab.chat, ANSWERS | {"danger": "", "first_message": "kept"})
    for shown in (tab.get(tab.chat), wrong):
        buttons = re.findall(r'<button type="submit" form="join"([^>]*)>', shown.text)
        assert len(buttons) == 2
        assert "hidden" in buttons[0], "the first one is pressed by Enter"
        assert 'formaction="/nl/youth/chat/"' in buttons[1]
        assert 'name="other_language"' in buttons[1]


def test_at_a_closed_line_the_switch_shows_what_is_closed_and_counts_nobody(house: House, tab: Tab) -> None:
    fields = {"csrf_token": tab.token(), "other_language": "y"}
    assert tab.client.post("/nl/youth/chat/", data=fields).status_code == 200
    house.set_line("youth", hours="closed")
    answer = tab.client.post("/nl/youth/chat/", data=fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/nl/youth/chat/")
    assert sum(house.missed().values()) == 0


def test_the_room_that_answers_a_bad_text_leads_to_the_room_in_the_other_language(tab: Tab) -> None:
    answer = tab.join().say("x" * 4001)
    assert answer.status_code == 413
    assert "/nl/youth/chat/room/" in Page(answer.text).links
