"""A summary on a running server: both sides see each version as it is saved, and nobody else does."""

from __future__ import annotations

from typing import Any

from tests.journeys.house import House, quiet
from tests.journeys.shapes import answered, pushed_wrongly


def test_both_write_and_agree_and_others_hear_nothing(house: House) -> None:
    anna, ben = house.on_duty("anna"), house.on_phone("ben")
    sam = house.counsellor("sam")
    house.tab(sam)
    visitor, chat = house.talk(anna)
    stranger = house.tab(house.visitor().join())
    assert sam.wire.call("follow", {"chat": chat})["ok"]
    (held,) = anna.wire.call("resume", {})["chats"]

    def asks(event: str, **data: Any) -> Any:
        return answered("/visitor", event, visitor.wire.call(event, data))

    def ask(event: str, **data: Any) -> Any:
        return answered("/console", event, anna.wire.call(event, {"chat": chat} | data))

    assert asks("summary", version=0, body="About the uncle")["version"] == 1
    for wire in (anna.wire, sam.wire):
        assert wire.wait_for("summary")["body"] == "About the uncle"
    assert anna.wire.call("summary", {"chat": chat, "version": 0, "body": "Late"}) == {"ok": False, "error": "taken"}
    refused = anna.wire.call("summary", {"chat": chat, "version": 1, "body": "Call me: 06-12345678"})
    assert refused == {"ok": False, "error": "forbidden", "found": ["06-12345678"]}
    assert ask("summary", version=1, body="About the uncle; next the aunt")["version"] == 2
    assert visitor.wire.wait_for("summary", version=2)["agreed_visitor"] is False
    assert asks("agree", version=2)["version"] == 2
    assert ask("agree", version=2)["version"] == 2
    agreed = anna.wire.wait_for("summary", agreed_visitor=True, version=2)
    assert agreed["agreed_counsellor"] is True
    assert asks("sync", after=0)["summary"] == ask("sync", stream="talk", after=0)["summary"]
    assert ask("sync", stream="aside", after=0)["summary"] is None
    assert anna.wire.call("resume", {})["chats"][0]["beside"] > held["beside"]
    for event, data in (("summary", {"version": 2, "body": "Mine"}), ("agree", {"version": 2}), ("earlier", {})):
        assert ben.wire.call(event, {"chat": chat} | data) == {"ok": False, "error": "forbidden"}
    assert sam.wire.call("agree", {"chat": chat, "version": 2}) == {"ok": False, "error": "forbidden"}
    assert anna.wire.call("earlier", {"chat": chat}) == {"ok": False, "error": "not_found"}
    for wire in (ben.wire, stranger):
        quiet(wire, "summary", 0.2)
    for namespace, wires in (("/visitor", [visitor.wire, stranger]), ("/console", [anna.wire, ben.wire, sam.wire])):
        for wire in wires:
            assert pushed_wrongly(namespace, wire.log) == []


def test_the_summary_of_last_time_comes_above_the_next_chat(house: House) -> None:
    anna = house.on_duty("anna")
    visitor, chat = house.talk(anna)
    visitor.wire.call("summary", {"version": 0, "body": "About the uncle"})
    anna.wire.call("agree", {"chat": chat, "version": 1})
    kept = f"/{visitor.lang}/{visitor.line}/chat/kept/"
    assert visitor.post(f"{visitor.room}keep", token_from=visitor.room).headers["Location"] == f"{kept}code/"
    anna.wire.call("end", {"chat": chat})
    visitor.wire.wait_for("state", state="ended")
    visitor.join()
    house.tab(visitor)
    second = anna.accept_next()
    before = anna.wire.call("sync", {"chat": second, "stream": "talk", "after": 0})
    assert before["earlier"] is None, "only if the visitor says so"
    assert visitor.post(f"{kept}show", token_from=kept).headers["Location"] == visitor.room
    shown = anna.wire.wait_for("earlier")
    assert (shown["chat"], shown["summary"]["text"], shown["continues"]) == (second, "About the uncle", False)
    told = answered("/console", "sync", anna.wire.call("sync", {"chat": second, "stream": "talk", "after": 0}))
    assert told["earlier"] == {"summary": shown["summary"], "continues": False}
    assert "earlier" not in [event for event, _ in visitor.wire.log]
    assert pushed_wrongly("/console", anna.wire.log) == []
