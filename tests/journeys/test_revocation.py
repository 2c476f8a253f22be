"""Sessions that end while sockets are open: nothing comes through them any more, and nothing goes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.clients import PATIENCE, Counsellor, Refused, Wire
from tests.journeys.house import House, quiet

SOON = 2.5  # the promise is two seconds; the rest is what a busy machine takes to tell us


def locked_out(house: House, counsellor: Counsellor, namespace: str = "/console") -> None:
    """Neither socket nor page opens any more."""
    with pytest.raises(Refused) as refused:
        Wire(house.server.url, namespace, counsellor.cookie_header("console"))
    assert refused.value.reason == "unauthorised"
    page = counsellor.http.get(f"{house.server.url}/console/", timeout=PATIENCE, allow_redirects=False)
    assert page.status_code == 303
    assert page.headers["Location"] == "/console/sign-in"


@pytest.fixture
def temp(house: House) -> Callable[[], Counsellor]:
    """A counsellor of one test alone."""
    house.renew("temp")
    return lambda: house.on_duty("temp")


def disable(house: House, counsellor: Counsellor) -> None:
    house.server.command("staff", "disable", counsellor.login)


def reset(house: House, counsellor: Counsellor) -> None:
    house.server.command("staff", "reset", counsellor.login)


def sign_out(house: House, counsellor: Counsellor) -> None:
    other = Counsellor(house.server)
    other.http.cookies.set("console", str(counsellor.http.cookies["console"]), domain="127.0.0.1")
    answer = other.post("/console/sign-out", token_from="/console/")
    assert answer.status_code == 303
    other.http.close()


@pytest.mark.parametrize("end", [disable, reset, sign_out])
def test_a_revoked_sign_in_is_closed_in_every_tab_and_can_do_nothing(
    house: House, temp: Callable[[], Counsellor], end: Callable[[House, Counsellor], None]
) -> None:
    counsellor = temp()
    other = house.second_tab(counsellor)
    other.call("resume", {})
    # A tab that says it is gone already must be closed like the rest.
    counsellor.wire.call("disconnect", {})
    visitor, chat = house.talk(counsellor, first_message="Hello")
    end(house, counsellor)
    ended = time.monotonic()
    for wire in (counsellor.wire, other):
        assert wire.closed.wait(SOON - (time.monotonic() - ended))
    heard = [len(wire.log) for wire in (counsellor.wire, other)]
    visitor.say("Is there still anybody who should not be there?")
    for wire, before in zip((counsellor.wire, other), heard, strict=True):
        assert wire.log[before:] == []
    locked_out(house, counsellor)
    if end is disable:
        assert visitor.wire.wait_for("state", state="waiting"), "nobody comes back to a closed account"
        assert house.on_duty("anna").accept_next() == chat


def test_between_the_end_of_a_sign_in_and_the_closing_of_its_socket_nothing_is_done(
    house: House, temp: Callable[[], Counsellor]
) -> None:
    """Each event is checked anew, so not even the second until the sweep is a hole."""
    counsellor = temp()
    _, chat = house.talk(counsellor, first_message="Hello")
    before = house.snapshot()["messages"]
    house.change("DELETE FROM staff_sessions WHERE account_id = (SELECT id FROM accounts WHERE login = 'temp')")
    for event, data in {
        "say": {"chat": chat, "stream": "talk", "client_id": "x", "body": "one more"},
        "sync": {"chat": chat, "stream": "talk", "after": 0},
        "end": {"chat": chat},
    }.items():
        try:
            assert counsellor.wire.call(event, data) == {"ok": False, "error": "forbidden"}, event
        except ConnectionError:
            pass
    assert counsellor.wire.closed.wait(SOON)
    assert house.snapshot()["messages"] == before
    locked_out(house, counsellor)


def everything_a_visitor_can_send() -> dict[str, dict[str, Any]]:
    return {
        "say": {"client_id": "late", "body": "one more"},
        "sync": {"after": 0},
        "typing": {"on": True},
        "read": {"seq": 1},
        "leave": {},
    }


def test_quick_exit_closes_every_tab_and_tells_the_counsellor(house: House) -> None:
    anna = house.on_duty("anna")
    visitor, chat = house.talk(anna, first_message="Hello")
    other = house.second_tab(visitor)
    requests.post(f"{house.server.url}/exit", cookies=visitor.http.cookies, timeout=PATIENCE)
    for wire in (visitor.wire, other):
        assert wire.closed.wait(1)
    assert anna.wire.wait_for("state", state="ended") == {
        "chat": chat,
        "stream": "talk",
        "state": "ended",
        "reason": "emergency_exit",
    }
    with pytest.raises(Refused) as refused:
        house.tab(visitor)
    assert refused.value.reason == "unauthorised"
    answer = visitor.http.get(f"{house.server.url}{visitor.room}", timeout=PATIENCE)
    assert answer.status_code == 410
    assert "Hello" not in answer.text


def test_a_quick_exit_of_who_still_waits_is_counted_and_stops_the_ringing(house: House) -> None:
    anna = house.on_duty("anna")
    visitor = house.visitor().join()
    house.tab(visitor)
    chat = anna.wire.wait_for("offer")["chat"]
    requests.get(f"{house.server.url}/exit", cookies=visitor.http.cookies, timeout=PATIENCE)
    assert anna.wire.wait_for("offer_gone") == {"chat": chat, "why": "left"}
    assert house.rows("SELECT cause FROM missed_contacts") == [("emergency_exit",)]


@pytest.mark.parametrize("how", ["expired", "deleted"])
def test_a_visitors_session_that_ended_does_nothing_and_is_closed(house: House, how: str) -> None:
    anna = house.on_duty("anna")
    visitor, chat = house.talk(anna, first_message="Hello")
    before = house.snapshot()["messages"]
    house.change(
        "DELETE FROM visitor_sessions"
        if how == "deleted"
        else "UPDATE visitor_sessions SET expires_at = '2026-01-01 00:00:00.000000'"
    )
    for event, data in everything_a_visitor_can_send().items():
        try:
            assert visitor.wire.call(event, data) == {"ok": False, "error": "forbidden"}, event
        except ConnectionError:
            break
    assert visitor.wire.closed.wait(SOON)
    assert house.snapshot()["messages"] == before
    heard = len(visitor.wire.log)
    anna.say(chat, "Are you there?")
    quiet(visitor.wire, "message", 0.2)
    assert len(visitor.wire.log) == heard
    with pytest.raises(Refused):
        house.tab(visitor)


def test_whoever_begins_on_the_other_line_is_cut_off_from_the_first_chat(house: House) -> None:
    visitor = house.visitor().join(first_message="Hello")
    wire = house.tab(visitor)
    answers = {"danger": "no", "distress": "3", "language": "en", "first_message": "", "end_other": "y"}
    assert visitor.post("/en/prevention/chat/", **answers).status_code == 303
    assert wire.closed.wait(1)
    visitor.line = "prevention"
    house.tab(visitor)
    assert visitor.wire.call("sync", {"after": 0})["messages"] == []


def test_a_database_that_is_locked_for_a_moment_loses_no_text(house: House) -> None:
    anna = house.on_duty("anna")
    visitor, _ = house.talk(anna)
    with sqlite3.connect(house.database, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = visitor.wire.send("say", {"client_id": "slow", "body": "Hello"})
        time.sleep(0.5)
        assert waiting.empty()
        other.execute("ROLLBACK")
    other.close()
    assert waiting.get(timeout=PATIENCE) == {"ok": True, "seq": 1}
