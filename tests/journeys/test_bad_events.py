"""Events that are not as the protocol asks: each is answered with a code and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.clients import Wire
from tests.journeys.house import House

MISSING = object()
NO_TEXT: tuple[Any, ...] = (MISSING, None, True, 7, 1.5, [], ["x"], {}, {"x": 1}, "")
NO_NUMBER: tuple[Any, ...] = (MISSING, None, True, False, -1, 1.0, 0.5, "1", "", [], [1], {}, 2**53, 10**30)
NO_SWITCH: tuple[Any, ...] = (MISSING, None, 0, 1, "true", "", [], {})
NO_ID: tuple[Any, ...] = (*NO_TEXT, "x" * 129, "nul\x00", "\ud800", "half \udfff pair")
NO_BODY: tuple[Any, ...] = (*NO_TEXT, " ", "\n\t  \n", "nul\x00inside", "\ud800", "tail \udfff")
NO_CLIENT_ID: tuple[Any, ...] = (*NO_TEXT, "x" * 65, "a\x00", "\udcff")

VISITOR: dict[str, dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "say": {"client_id": ("c", NO_CLIENT_ID), "body": ("Hello", NO_BODY)},
    "sync": {"after": (0, NO_NUMBER)},
    "typing": {"on": (True, NO_SWITCH)},
    "read": {"seq": (1, NO_NUMBER)},
    "summary": {"version": (0, NO_NUMBER), "body": ("Hello", NO_BODY)},
    "agree": {"version": (1, NO_NUMBER)},
}
CHAT = ("chat", NO_ID)
CONSOLE: dict[str, dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "duty": {
        "state": ("available", (*NO_TEXT, "Available", "asleep")),
        "line": ("youth", (True, 7, [], ["youth"], {}, "elders", "\ud800")),
        "capacity": (2, (True, 0, -1, 4, 1.0, 2.5, "2", "", [], {}, 10**30)),
    },
    "accept": {"chat": CHAT},
    "decline": {"chat": CHAT},
    "say": {
        "chat": CHAT,
        "stream": ("talk", (*NO_TEXT, "Talk", "other")),
        "client_id": ("c", NO_CLIENT_ID),
        "body": ("Hello", NO_BODY),
        "allow": (True, NO_SWITCH[1:]),
    },
    "sync": {"chat": CHAT, "stream": ("talk", (*NO_TEXT, "Talk", "other")), "after": (0, NO_NUMBER)},
    "typing": {"chat": CHAT, "on": (True, NO_SWITCH)},
    "read": {"chat": CHAT, "seq": (1, NO_NUMBER)},
    "end": {"chat": CHAT},
    "hand_over": {"chat": CHAT, "to": ("queue", NO_ID)},
    "follow": {"chat": CHAT},
    "summary": {"chat": CHAT, "version": (0, NO_NUMBER), "body": ("Hello", NO_BODY)},
    "agree": {"chat": CHAT, "version": (1, NO_NUMBER)},
    "earlier": {"chat": CHAT},
    "ask": {"chat": CHAT, "body": ("Call 06-12345678", NO_BODY)},
    "take_back": {"asked": CHAT},
    "look": {"asked": CHAT},
    "allow": {"asked": CHAT},
    "refuse": {"asked": CHAT},
}
INVALID = {"ok": False, "error": "invalid"}
# Data that is no object at all, and more than one argument.
NO_DATA = (
    '"text"',
    "7",
    "true",
    "null",
    "[]",
    '[{"after":0}]',
    '{"after":0},1',
    '{"after":0},{"after":0}',
    "null,null",
)


def spoilt(fields: dict[str, tuple[Any, tuple[Any, ...]]], chat: str) -> Iterator[dict[str, Any]]:
    """The data of an event with one field wrong at a time."""
    good = {name: chat if value == "chat" else value for name, (value, _) in fields.items()}
    for name, (_, bad) in fields.items():
        for value in bad:
            yield {key: kept for key, kept in good.items() if key != name} | ({} if value is MISSING else {name: value})


def refuses_all(wire: Wire, event: str, bad: list[dict[str, Any]]) -> None:
    """Each of these is answered with `invalid`."""
    for data, answer in [(data, wire.send(event, data)) for data in bad]:
        assert answer.get(timeout=10) == INVALID, (event, data)


@pytest.mark.parametrize("event", VISITOR)
def test_wrong_fields_of_a_visitors_event_change_nothing(house: House, event: str) -> None:
    visitor = house.visitor().join(first_message="Hello")
    wire = house.tab(visitor)
    before = house.snapshot()
    refuses_all(wire, event, list(spoilt(VISITOR[event], "")))
    assert house.snapshot() == before
    assert visitor.say("still works")["seq"] == 2


@pytest.mark.parametrize("event", CONSOLE)
def test_wrong_fields_of_a_counsellors_event_change_nothing(house: House, event: str) -> None:
    anna = house.on_duty("anna")
    visitor, chat = house.talk(anna, first_message="Hello")
    before = house.snapshot()
    refuses_all(anna.wire, event, list(spoilt(CONSOLE[event], chat)))
    assert house.snapshot() == before
    assert anna.say(chat, "still works")["seq"] == 2
    visitor.wire.wait_for("message", body="still works")


def test_data_that_is_no_object_and_extra_arguments_are_refused(house: House) -> None:
    anna = house.on_duty("anna")
    visitor, _ = house.talk(anna)
    before = house.snapshot()
    for wire, events in ((visitor.wire, [*VISITOR, "leave"]), (anna.wire, [*CONSOLE, "resume"])):
        for event in events:
            for data in NO_DATA:
                answer = wire.send(event, raw=f'["{event}",{data}]').get(timeout=10)
                assert answer == INVALID, (event, data)
    assert house.snapshot() == before


UNKNOWN = (
    "message",
    "state",
    "ping",
    "offer",
    "admin",
    "Say",
    "say ",
    "",
    "*",
    "__init__",
    "x" * 5000,
    "\ud800",
    "a\x00b",
)
NO_NAMES = ("7", "null", "true", "[]", '{"say":1}', "1.5")


def test_unknown_events_are_refused(house: House) -> None:
    anna = house.on_duty("anna")
    visitor, chat = house.talk(anna)
    before = house.snapshot()
    for wire in (visitor.wire, anna.wire):
        for event in UNKNOWN:
            assert wire.call(event, {"chat": chat}) == INVALID, event
        for name in NO_NAMES:
            assert wire.send("", raw=f"[{name},{{}}]").get(timeout=10) == INVALID, name
    # An event of the other namespace is unknown in this one.
    assert visitor.wire.call("accept", {"chat": chat}) == INVALID
    assert anna.wire.call("leave", {}) == INVALID
    assert house.snapshot() == before


@pytest.mark.parametrize("event", ["connect", "disconnect"])
def test_what_socket_io_itself_calls_events_is_refused_as_an_event(house: House, event: str) -> None:
    """A socket that could take itself off the list of open ones would stay open after its sign-in has ended."""
    anna = house.on_duty("anna")
    visitor, chat = house.talk(anna)
    for wire, cookie in ((visitor.wire, visitor.cookie_header("visit")), (anna.wire, anna.cookie_header("console"))):
        for data in ({}, {"HTTP_COOKIE": cookie}, None):
            assert wire.call(event, data) == INVALID, data
    assert visitor.say("still works")["ok"]
    assert anna.say(chat, "still works")["ok"]


def test_a_text_may_have_four_thousand_characters_and_no_more(house: House) -> None:
    anna = house.on_duty("anna")
    visitor, chat = house.talk(anna)
    # In a frame each of these takes twelve bytes.
    longest = "😀" * 4000
    assert visitor.say(longest)["ok"]
    assert anna.wire.wait_for("message")["body"] == longest
    before = house.snapshot()
    assert visitor.say(longest + "!") == {"ok": False, "error": "too_long"}
    assert anna.say(chat, "x" * 4001) == {"ok": False, "error": "too_long"}
    assert anna.say(chat, "x" * 4001, stream="aside") == {"ok": False, "error": "too_long"}
    assert house.snapshot() == before
