"""Waiting, saying, reading and leaving without JavaScript, and the JSON twins of the socket's events."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import deeds
from tests.journeys.shapes import SYNC, VISITOR_STATE, wrong
from tests.web.conftest import House
from tests.web.pages import Page, Tab

JSON = {"Accept": "application/json"}


def test_the_place_in_the_queue_is_shown_and_moves(house: House) -> None:
    first, second = house.tab().join(), house.tab().join()
    assert "You are next." in first.transcript().words[0] + " ".join(first.transcript().words)
    assert "1 person is ahead of you." in " ".join(second.transcript().words)
    assert "1 person is ahead of you." in " ".join(second.page(second.room).words)
    first.post(f"{first.room}leave")
    assert "You are next." in " ".join(second.transcript().words)


def test_the_frame_loads_itself_again_until_the_chat_has_ended(house: House, tab: Tab) -> None:
    tab.join()
    assert re.match(r"5\b", tab.transcript().metas["refresh"])
    member = house.counsellor()
    house.accept(member)
    assert re.match(r"5\b", tab.transcript().metas["refresh"])
    tab.post(f"{tab.room}leave")
    assert "refresh" not in tab.transcript().metas


def test_texts_of_both_sides_are_in_the_frame_in_order(house: House, tab: Tab) -> None:

    tab.join(first_message="Hello")
    member = house.counsellor()
    chat = house.accept(member)
    assert tab.say("I am <b>here</b> & \"quoting\" 'you'").status_code == 303
    deeds.say_as_staff(member, chat, "talk", "c1", "I read you.\nTell me more.")
    deeds.say_as_staff(member, chat, "aside", "c2", "A note among us")
    page = tab.transcript()
    assert page.said == [
        (1, "visitor", "Hello"),
        (2, "visitor", "I am <b>here</b> & \"quoting\" 'you'"),
        (3, "counsellor", "I read you.\nTell me more."),
    ]
    assert [seq for seq, _, _ in tab.transcript(2).said] == [3]
    assert tab.transcript(3).said == []
    assert "A note among us" not in page.html + tab.page(tab.room).html + str(tab.sync())
    assert "anna" not in page.html + tab.page(tab.room).html + str(tab.sync()), "no name of staff"


def test_saying_answers_with_the_room(tab: Tab) -> None:
    tab.join()
    answer = tab.say("Hello")
    assert (answer.status_code, answer.headers["Location"]) == (303, tab.room)
    assert tab.transcript().said == [(1, "visitor", "Hello")]


def test_each_page_has_a_client_id_of_its_own(tab: Tab) -> None:
    tab.join()
    ids = {tab.page(tab.room).form("say").fields["client_id"] for _ in range(5)}
    assert len(ids) == 5


def test_sending_the_same_form_again_stores_one_text(house: House, tab: Tab) -> None:
    tab.join()
    form = tab.page(tab.room).form("say")
    for _ in range(3):
        assert tab.submit(tab.room, form, body="Once").status_code == 303
    assert tab.transcript().said == [(1, "visitor", "Once")]


def test_going_back_and_sending_another_text_from_the_same_page_stores_both(tab: Tab) -> None:
    tab.join()
    form = tab.page(tab.room).form("say")
    for body in ("First", "Second", "Second", "First"):
        assert tab.submit(tab.room, form, body=body).status_code == 303
    assert [body for _, _, body in tab.transcript().said] == ["First", "Second"]


def test_line_breaks_of_a_form_are_stored_as_one_character(tab: Tab) -> None:
    tab.join()
    tab.say("one\r\ntwo")
    assert tab.sync()["messages"][0]["body"] == "one\ntwo"
    assert tab.say("\r\n".join(["a line"] * 571) + "xxxx").status_code == 303


REFUSED: list[tuple[str, int, str]] = [
    ("x" * 4001, 413, "too_long"),
    ("", 400, "invalid"),
    (" \r\n\t", 400, "invalid"),
    ("nul\x00inside", 400, "invalid"),
]


def test_a_refused_text_is_given_back_in_the_form_with_a_reason(house: House, tab: Tab) -> None:
    tab.join()
    before = house.snapshot()
    for body, status, code in REFUSED:
        answer = tab.say(body)
        assert answer.status_code == status, body
        page = Page(answer.text)
        given_back = page.form("say").fields["body"].strip("�\x00")
        assert given_back == body.replace("\r\n", "\n").strip("\x00").removeprefix("\n")
        assert "say-error" in page.attributes
        assert page.form("say").fields["client_id"] != ""
        as_json = tab.say(body, **JSON)
        assert (as_json.status_code, as_json.get_json()) == (status, {"ok": False, "error": code}), body
    assert house.snapshot() == before


def test_a_text_into_an_ended_chat_is_given_back(house: House, tab: Tab) -> None:
    tab.join()
    form = tab.page(tab.room).form("say")
    tab.post(f"{tab.room}leave")
    before = house.snapshot()
    answer = tab.submit(tab.room, form, body="My last words")
    assert answer.status_code == 409
    assert "My last words" in answer.text
    assert house.snapshot() == before


def test_a_text_that_comes_after_the_session_is_given_back(house: House, tab: Tab, later: Callable[..., None]) -> None:
    tab.join()
    form = tab.page(tab.room).form("say")
    later(hours=3)
    answer = tab.submit(tab.room, form, body="I was away for long")
    assert answer.status_code == 410
    assert "I was away for long" in answer.text


def test_who_sends_too_fast_gets_the_text_back(house: House, tab: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    from helpline.chat import visitor_views

    tab.join()
    monkeypatch.setattr(visitor_views.budget, "take", lambda sender: False)
    answer = tab.say("Too fast")
    assert answer.status_code == 429
    assert Page(answer.text).form("say").fields["body"] == "Too fast"
    assert tab.say("Too fast", **JSON).get_json() == {"ok": False, "error": "rate_limited"}
    assert tab.sync()["messages"] == []


def test_the_json_twins_answer_like_the_events(tab: Tab) -> None:
    tab.join(first_message="Hello")
    assert wrong(tab.sync(), {"ok": True} | SYNC) == []
    said = tab.say("Again", client_id="mine", **JSON)
    assert (said.status_code, said.get_json()) == (200, {"ok": True, "seq": 2})
    assert tab.say("Again", client_id="mine", **JSON).get_json() == {"ok": True, "seq": 2}
    other = tab.say("Another body", client_id="mine", **JSON)
    assert (other.status_code, other.get_json()) == (400, {"ok": False, "error": "invalid"})
    token = tab.token()
    left = tab.post(f"{tab.room}leave", **JSON)
    assert wrong(left.get_json(), {"ok": True} | VISITOR_STATE) == []
    fields = {"client_id": "late", "body": "Too late"}
    late = tab.client.post(f"{tab.room}say", data={"csrf_token": token} | fields, headers=JSON)
    assert (late.status_code, late.get_json()) == (409, {"ok": False, "error": "wrong_state"})


def test_an_id_that_is_no_client_id_is_refused(house: House, tab: Tab) -> None:
    tab.join()
    before = house.snapshot()
    for client_id in (None, "", "x" * 65, "a\x00b"):
        fields = {"body": "Hello"} | ({} if client_id is None else {"client_id": client_id})
        answer = tab.post(f"{tab.room}say", fields, **JSON)
        assert (answer.status_code, answer.get_json()) == (400, {"ok": False, "error": "invalid"}), client_id
    assert house.snapshot() == before


def test_a_bad_after_is_refused(house: House, tab: Tab) -> None:
    tab.join(first_message="Hello")
    for after in ("-1", "abc", "", "1.5", "1e3", "0x10", " 1", "9" * 30, "%00", "%ff", "١"):
        path = f"{tab.room}transcript?after={after}"
        assert tab.get(path).status_code == 400, after
        answer = tab.get(path, **JSON)
        assert (answer.status_code, answer.get_json()) == (400, {"ok": False, "error": "invalid"}), after


def test_leaving_shows_the_end_and_leaving_again_changes_nothing(house: House, tab: Tab) -> None:
    tab.join(first_message="Hello")
    form = tab.page(tab.room).form("leave")
    for _ in range(2):
        answer = tab.submit(tab.room, form)
        assert (answer.status_code, answer.headers["Location"]) == (303, tab.room)
        page = tab.page(tab.room)
        assert page.attributes["room"]["data-state"] == "ended"
        assert "You have left" in page.words
        assert [body for _, _, body in tab.transcript().said] == ["Hello"]
    assert house.missed() == {"left_early": 1}


def test_an_end_by_the_counsellor_is_seen_and_read_for_ten_minutes(
    house: House, tab: Tab, later: Callable[..., None]
) -> None:
    from helpline.chat import service as chats

    tab.join(first_message="Hello")
    member = house.counsellor()
    chat = house.accept(member)
    assert "You are talking with a counsellor." in tab.transcript().words
    chats.end(member, chat)
    assert "The chat has ended" in tab.transcript().words
    later(minutes=9)
    assert len(tab.transcript().said) == 1
    later(minutes=2)
    for path in (tab.room, f"{tab.room}transcript"):
        answer = tab.get(path)
        assert answer.status_code == 410
        assert "Hello" not in answer.text
    assert tab.get(f"{tab.room}transcript", **JSON).get_json() == {"ok": False, "error": "not_found"}


def test_reading_the_frame_is_a_sign_of_life(house: House, tab: Tab, later: Callable[..., Any]) -> None:
    from sqlalchemy import select

    from helpline.chat import presence
    from helpline.chat.models import Chat
    from helpline.db import reading

    tab.join()
    now = later(minutes=2)
    tab.transcript()
    presence.flush(now)
    with reading() as session:
        seen = session.scalar(select(Chat.visitor_seen_at))
    assert seen is not None
    assert abs((seen - now).total_seconds()) < 5


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("GET", "transcript"), ("POST", "say"), ("POST", "leave")])
def test_who_has_no_chat_finds_nothing(house: House, tab: Tab, method: str, path: str) -> None:
    fields = {"csrf_token": tab.token(), "body": "x", "client_id": "c"} if method == "POST" else None
    before = house.snapshot()
    assert tab.client.open(f"{tab.room}{path}", method=method, data=fields).status_code == 410
    answer = tab.client.open(f"{tab.room}{path}", method=method, data=fields, headers=JSON)
    assert (answer.status_code, answer.get_json()) == (410, {"ok": False, "error": "not_found"})
    assert house.snapshot() == before


def test_a_session_of_the_other_line_does_not_open_this_room(house: House, tab: Tab) -> None:
    tab.join(first_message="A secret of the first line")
    tab.line = "prevention"
    for path in (tab.room, f"{tab.room}transcript"):
        answer = tab.get(path)
        assert answer.status_code == 410
        assert "secret" not in answer.text


def test_wrong_methods_are_refused(house: House, tab: Tab) -> None:
    tab.join()
    before = house.snapshot()
    for path, methods in {
        tab.chat: ("PUT", "DELETE", "PATCH"),
        tab.room: ("POST", "PUT", "DELETE"),
        f"{tab.room}say": ("GET", "PUT", "DELETE", "HEAD"),
        f"{tab.room}leave": ("GET", "PUT", "DELETE", "HEAD"),
        f"{tab.room}transcript": ("POST", "PUT", "DELETE"),
        "/exit": ("PUT", "DELETE", "PATCH"),
        "/healthz": ("POST",),
    }.items():
        for method in methods:
            for headers in ({}, JSON):
                fields = {"csrf_token": tab.token(), "body": "x", "client_id": "c"}
                answer = tab.client.open(path, method=method, data=fields, headers=headers)
                assert answer.status_code == 405, (method, path)
                if headers and method != "HEAD":
                    assert answer.get_json() == {"ok": False, "error": "invalid"}
    assert house.snapshot() == before


def test_a_form_over_256_kb_is_refused(house: House, tab: Tab) -> None:
    tab.join()
    before = house.snapshot()
    huge = {"csrf_token": tab.token(), "client_id": "c", "body": "x" * 300_000}
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        answer = tab.client.post(f"{tab.room}say", data=huge, content_type=kind)
        assert answer.status_code == 413
        answer = tab.client.post(f"{tab.room}say", data=huge, content_type=kind, headers=JSON)
        assert (answer.status_code, answer.get_json()) == (413, {"ok": False, "error": "too_long"})
    assert house.snapshot() == before


def test_bytes_that_are_no_utf8_do_no_harm(house: House, tab: Tab) -> None:
    tab.join()
    form = "application/x-www-form-urlencoded"
    fields = f"csrf_token={tab.token()}&client_id=c&body=caf".encode()
    before = house.snapshot()
    answer = tab.client.post(f"{tab.room}say", data=fields + b"\xff\xfe", content_type=form)
    assert answer.status_code == 400
    assert house.snapshot() == before
    answer = tab.client.post(f"{tab.room}say", data=fields + b"%E9+%ED%A0%80", content_type=form)
    assert answer.status_code == 303
    (text,) = tab.sync()["messages"]
    assert text["body"].startswith("caf")


def test_a_text_of_an_earlier_chat_is_given_back_and_not_said_in_the_next(tab: Tab) -> None:
    tab.join()
    stale = tab.page(tab.room).form("say")
    tab.post(f"{tab.room}leave")
    tab.join()
    text = {"body": "meant for the chat before"}
    answer = tab.submit(tab.room, stale, **text)
    assert answer.status_code == 410
    assert "meant for the chat before" in answer.text
    told = tab.client.post(f"{tab.room}say", data=stale.fields | text, headers=JSON)
    assert (told.status_code, told.get_json()) == (410, {"ok": False, "error": "not_found"})
    assert tab.sync()["messages"] == []
    assert tab.say("meant for this one").status_code == 303


def test_the_mark_is_one_for_a_chat_and_another_for_the_next(tab: Tab) -> None:
    marks = [tab.join().sync()["mark"], tab.sync()["mark"]]
    tab.post(f"{tab.room}leave")
    marks.append(tab.join().sync()["mark"])
    assert marks[0] == marks[1] != marks[2]
