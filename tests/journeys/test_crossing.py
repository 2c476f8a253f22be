"""A browser without JavaScript: refreshing and posting at the same time loses and doubles nothing."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import requests

from tests.clients import PATIENCE, Visitor
from tests.journeys.house import House
from tests.web.pages import Page


def frame(visitor: Visitor, after: int = 0) -> Page:
    """The frame as a browser without JavaScript loads it."""
    address = f"{visitor.server.url}{visitor.room}transcript?after={after}"
    answer = requests.get(address, cookies=visitor.http.cookies, timeout=PATIENCE)
    assert answer.status_code == 200
    return Page(answer.text)


def press_send(visitor: Visitor, body: str, times: int) -> None:
    """Open the room, write, and press the button so often; a browser sends line breaks as two characters."""
    cookies = visitor.http.cookies
    page = Page(requests.get(f"{visitor.server.url}{visitor.room}", cookies=cookies, timeout=PATIENCE).text)
    form = page.form("say")
    for _ in range(times):
        answer = requests.post(
            visitor.server.url + form.action,
            data=form.fields | {"body": body},
            cookies=cookies,
            timeout=PATIENCE,
            allow_redirects=False,
        )
        assert (answer.status_code, answer.headers["Location"]) == (303, visitor.room)


def test_refreshing_and_posting_cross_and_every_text_is_there_once(house: House) -> None:
    anna = house.on_duty("anna")
    visitor = house.visitor().join(first_message="Hello")
    chat = anna.accept_next()
    done = threading.Event()
    seen: list[list[int]] = []

    def refresh() -> None:
        while not done.is_set():
            seen.append([text.seq for text in frame(visitor).texts])

    def talk() -> None:
        for number in range(20):
            assert anna.say(chat, f"counsellor {number}")["ok"]

    refreshing = [threading.Thread(target=refresh) for _ in range(2)]
    for thread in refreshing:
        thread.start()
    with ThreadPoolExecutor(5) as hands:
        sending = [hands.submit(press_send, visitor, f"visitor {number}", 3) for number in range(20)]
        sending.append(hands.submit(talk))
        for sent in sending:
            sent.result()
    done.set()
    for thread in refreshing:
        thread.join()
    said = frame(visitor).said
    assert [seq for seq, _, _ in said] == list(range(1, 42))
    bodies = [body for _, _, body in said]
    assert sorted(bodies) == sorted(
        ["Hello", *(f"visitor {n}" for n in range(20)), *(f"counsellor {n}" for n in range(20))]
    )
    assert [body for body in bodies if body.startswith("counsellor")] == [f"counsellor {n}" for n in range(20)]
    assert all(page == list(range(1, len(page) + 1)) for page in seen), "no page ever had a hole"
    heard = {(data["seq"], data["body"]) for event, data in anna.wire.log if event == "message"}
    assert heard == {(seq, body) for seq, _, body in said if seq > 1}, "pushed again or not, it is the same text"


def test_a_text_that_goes_by_socket_and_by_form_is_stored_once(house: House) -> None:
    visitor = house.visitor().join()
    house.tab(visitor)
    token = visitor.token_of(visitor.room)
    address = f"{house.server.url}{visitor.room}say"
    asked = {"csrf_token": token, "client_id": "both-ways", "body": "Once"}
    as_json = {"Accept": "application/json"}
    by_form = visitor.http.post(address, data=asked, headers=as_json, timeout=PATIENCE)
    assert by_form.json() == {"ok": True, "seq": 1}
    assert visitor.say("Once", "both-ways") == {"ok": True, "seq": 1}
    assert visitor.say("Twice", "twice") == {"ok": True, "seq": 2}
    again = visitor.http.post(address, data=asked | {"client_id": "twice", "body": "Twice"}, headers=as_json, timeout=9)
    assert again.json() == {"ok": True, "seq": 2}
    assert [text["body"] for text in visitor.transcript()["messages"]] == ["Once", "Twice"]
    assert visitor.transcript(1)["messages"] == visitor.wire.call("sync", {"after": 1})["messages"]


def test_two_visitors_one_without_javascript_have_one_queue(house: House) -> None:
    with_script, without = house.visitor().join(), house.visitor().join()
    house.tab(with_script)
    assert with_script.wire.call("sync", {"after": 0})["position"] == 1
    assert any("1 person is ahead of you." in word for word in frame(without).words)
    anna = house.on_duty("anna")
    anna.accept_next()
    chat = anna.accept_next()
    assert re.search(r'data-state="active"', frame(without).html)
    assert anna.say(chat, "Good evening.")["ok"]
    press_send(without, "Good evening to you.", 1)
    assert anna.wire.wait_for("message", author="visitor")["body"] == "Good evening to you."
    assert [body for _, _, body in frame(without).said] == ["Good evening.", "Good evening to you."]
    anna.wire.call("end", {"chat": chat})
    assert "The chat has ended" in frame(without).words
