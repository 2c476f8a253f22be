"""From the advice to a counsellor on a running server: whoever has the chat is told, and nobody else."""

from __future__ import annotations

from tests.journeys.house import House, quiet
from tests.journeys.shapes import answered

TEXT = "What happened?\n– Someone has pictures of me"


def test_it_is_above_the_chat_from_the_start_and_its_successor_comes_while_they_talk(house: House) -> None:
    anna, ben = house.on_duty("anna"), house.on_phone("ben")
    sam = house.counsellor("sam")
    house.tab(sam)
    visitor = house.visitor()
    assert visitor.bring(TEXT).endswith("/chat/")
    visitor.join()
    house.tab(visitor)
    chat = anna.accept_next()
    other = house.second_tab(anna)
    other.call("resume", {})

    def above(stream: str = "talk") -> object:
        return answered("/console", "sync", anna.wire.call("sync", {"chat": chat, "stream": stream, "after": 0}))[
            "introduction"
        ]

    assert (above(), above("aside")) == (TEXT, None)
    (held,) = anna.wire.call("resume", {})["chats"]
    assert held["introduced_at"] is not None
    assert sam.wire.call("follow", {"chat": chat})["ok"]
    assert visitor.bring("Something else").endswith("/room/")
    for wire in (anna.wire, other, sam.wire):
        assert wire.wait_for("introduction") == {"chat": chat, "text": "Something else"}
    assert above() == "Something else"
    assert anna.wire.call("resume", {})["chats"][0]["introduced_at"] > held["introduced_at"]
    assert ben.wire.call("sync", {"chat": chat, "stream": "talk", "after": 0}) == {"ok": False, "error": "forbidden"}
    quiet(ben.wire, "introduction", 0.2)
    assert "introduction" not in [event for event, _ in visitor.wire.log]


def test_after_a_hand_over_the_first_counsellor_hears_of_it_no_more(house: House) -> None:
    anna, ben = house.on_duty("anna"), house.on_duty("ben")
    visitor, chat = house.talk(anna)
    visitor.bring(TEXT)
    assert anna.wire.wait_for("introduction")["text"] == TEXT
    assert anna.wire.call("hand_over", {"chat": chat, "to": "ben"})["ok"]
    assert ben.accept_next() == chat
    assert ben.wire.call("sync", {"chat": chat, "stream": "talk", "after": 0})["introduction"] == TEXT
    visitor.bring("For the second one")
    assert ben.wire.wait_for("introduction")["text"] == "For the second one"
    quiet(anna.wire, "introduction", 0.2)
    refused = anna.wire.call("sync", {"chat": chat, "stream": "talk", "after": 0})
    assert refused == {"ok": False, "error": "forbidden"}
