"""The namespace `/visitor`: every answer and every push, to the letter."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from tests.clients import PATIENCE, Refused, Wire
from tests.journeys.house import House, quiet
from tests.journeys.shapes import ANSWERS, PUSHES, answered, documented, pushed_wrongly, wrong


def test_every_event_is_answered_as_the_protocol_says(house: House) -> None:
    visitor = house.visitor().join(first_message="Is anyone there?")
    wire = house.tab(visitor)

    def ask(event: str, data: dict[str, object]) -> dict[str, object]:
        return answered("/visitor", event, wire.call(event, data))

    assert ask("sync", {"after": 0})["messages"][0]["body"] == "Is anyone there?"
    assert ask("say", {"client_id": "mine", "body": "Hello"})["seq"] == 2
    ask("typing", {"on": True})
    ask("typing", {"on": False})
    ask("read", {"seq": 2})
    assert ask("leave", {}) == {
        "ok": True,
        "state": "ended",
        "position": None,
        "wait_minutes": None,
        "reason": "left",
    }


@pytest.mark.parametrize("namespace", ["/visitor", "/console"])
def test_the_documentation_names_the_same_fields(namespace: str) -> None:
    answers, pushes = documented(namespace)
    assert set(answers) == set(ANSWERS[namespace])
    assert set(pushes) == set(PUSHES[namespace])
    for event, fields in answers.items():
        told = set(ANSWERS[namespace][event])
        # Prose says these: "the chat, as in `chats`", "the duty as it is now", "the visitor's own answer `danger`".
        assert fields in (told, set()) or fields | {"danger"} == told, event
    for event, fields in pushes.items():
        shape = PUSHES[namespace][event]
        if fields and isinstance(shape, dict):
            assert fields == set(shape), event


def test_a_wrong_shape_is_seen() -> None:
    assert wrong({"seq": True}, {"seq": int})
    assert wrong({"seq": 1, "more": 2}, {"seq": int})
    assert wrong({"seq": "1"}, {"seq": int})
    assert pushed_wrongly("/visitor", [("gossip", {})])


def test_everything_that_is_pushed_has_its_shape(house: House) -> None:
    anna = house.on_duty("anna")
    visitor, chat = house.talk(anna)
    other = house.second_tab(visitor)
    anna.wire.call("typing", {"chat": chat, "on": True})
    assert other.wait_for("typing") == {"on": True}
    assert anna.say(chat, "Hello, I am here.")["ok"]
    told = other.wait_for("message", body="Hello, I am here.")
    assert told["author"] == "counsellor"
    visitor.say("Hi")
    anna.wire.wait_for("message", body="Hi")
    anna.wire.call("read", {"chat": chat, "seq": 2})
    assert other.wait_for("read") == {"seq": 2}
    assert other.wait_for("ping") == {}
    visitor.wire.call("summary", {"version": 0, "body": "About the uncle"})
    assert other.wait_for("summary")["body"] == "About the uncle"
    anna.wire.call("end", {"chat": chat})
    assert other.wait_for("state", state="ended")["reason"] == "finished"
    for wire in (visitor.wire, other):
        assert pushed_wrongly("/visitor", wire.log) == []
        assert {event for event, _ in wire.log} == set(PUSHES["/visitor"])


def test_sync_gives_only_what_is_after_the_last_seen_text(house: House) -> None:
    visitor = house.visitor().join()
    wire = house.tab(visitor)
    for body in ("one", "two", "three"):
        visitor.say(body)
    assert [text["body"] for text in wire.call("sync", {"after": 1})["messages"]] == ["two", "three"]
    assert wire.call("sync", {"after": 3})["messages"] == []
    assert wire.call("sync", {"after": 2**53 - 1})["messages"] == []


def test_place_and_estimate_are_told_and_honest(house: House) -> None:
    first, second = house.visitor().join(), house.visitor().join()
    house.tab(first)
    house.tab(second)
    looked = time.monotonic()
    while (sights := [visitor.wire.call("sync", {"after": 0}) for visitor in (first, second)])[0]["wait_minutes"] == 0:
        # The dispatcher's last look, two seconds ago at most, may still have seen the staff of the test before.
        assert time.monotonic() < looked + 5
    assert [sight["position"] for sight in sights] == [1, 2]
    assert [sight["wait_minutes"] for sight in sights] == [None, None], "nobody is on duty, so nobody can tell"
    house.on_duty("anna", capacity=1).accept_next()
    first.wire.wait_for("state", state="active")
    moved = second.wire.wait_for("state", position=1)
    assert moved["state"] == "waiting"
    assert isinstance(moved["wait_minutes"], int)
    assert moved["wait_minutes"] > 0


def test_a_second_tab_is_a_full_twin(house: House) -> None:
    visitor = house.visitor().join()
    one, other = house.tab(visitor), house.second_tab(visitor)
    key = uuid.uuid4().hex
    assert one.call("say", {"client_id": key, "body": "from the first"}) == {"ok": True, "seq": 1}
    assert other.wait_for("message")["client_id"] == key
    assert one.wait_for("message")["client_id"] == key, "the tab that sent it hears of it too"
    assert other.call("say", {"client_id": "b", "body": "from the second"}) == {"ok": True, "seq": 2}
    assert one.wait_for("message")["body"] == "from the second"
    assert one.call("sync", {"after": 0})["messages"] == other.call("sync", {"after": 0})["messages"]
    other.call("leave", {})
    assert one.wait_for("state", state="ended")["reason"] == "left"


def test_what_was_missed_while_away_comes_with_sync_once_and_in_order(house: House) -> None:
    anna = house.on_duty("anna")
    visitor, chat = house.talk(anna)
    visitor.say("before")
    visitor.wire.close()
    for number in range(5):
        anna.say(chat, f"while away {number}")
    wire = house.tab(visitor)
    caught_up = wire.call("sync", {"after": 1})
    assert caught_up["state"] == "active"
    assert [text["body"] for text in caught_up["messages"]] == [f"while away {number}" for number in range(5)]
    assert [text["seq"] for text in caught_up["messages"]] == [2, 3, 4, 5, 6]
    anna.say(chat, "back")
    assert wire.wait_for("message")["seq"] == 7


def test_a_text_that_is_sent_again_is_stored_once_and_pushed_again(house: House) -> None:
    anna = house.on_duty("anna")
    visitor, chat = house.talk(anna)
    assert visitor.say("Hello", "again") == {"ok": True, "seq": 1}
    visitor.wire.close()
    house.tab(visitor)
    assert visitor.say("Hello", "again") == {"ok": True, "seq": 1}
    assert visitor.say("next") == {"ok": True, "seq": 2}
    anna.wire.wait_for("message", body="next")
    assert [data["seq"] for event, data in anna.wire.log if event == "message"] == [1, 1, 2]
    assert len(anna.wire.call("sync", {"chat": chat, "stream": "talk", "after": 0})["messages"]) == 2


def test_a_known_client_id_with_another_body_is_refused(house: House) -> None:
    visitor = house.visitor().join()
    house.tab(visitor)
    visitor.say("Hello", "same")
    assert visitor.say("Something else", "same") == {"ok": False, "error": "invalid"}
    assert [text["body"] for text in visitor.wire.call("sync", {"after": 0})["messages"]] == ["Hello"]


def test_many_texts_sent_at_once_keep_their_order(house: House) -> None:
    visitor = house.visitor().join()
    wire = house.tab(visitor)
    answers = [wire.send("say", {"client_id": f"c{n}", "body": f"text {n}"}) for n in range(60)]
    assert [answer.get(timeout=PATIENCE) for answer in answers] == [{"ok": True, "seq": n + 1} for n in range(60)]
    bodies = [text["body"] for text in wire.call("sync", {"after": 0})["messages"]]
    assert bodies == [f"text {n}" for n in range(60)]


def test_an_ended_chat_takes_no_text_and_leaving_again_changes_nothing(house: House) -> None:
    visitor = house.visitor().join()
    wire = house.tab(visitor)
    ended = wire.call("leave", {})
    before = house.snapshot()
    assert visitor.say("too late") == {"ok": False, "error": "wrong_state"}
    assert wire.call("leave", {}) == ended
    assert wire.call("read", {"seq": 1}) == {"ok": True}
    assert wire.call("typing", {"on": True}) == {"ok": True}
    assert house.snapshot() == before


def test_read_marks_never_go_back_or_beyond_the_last_text(house: House) -> None:
    anna = house.on_duty("anna")
    visitor, chat = house.talk(anna)
    for body in ("one", "two"):
        anna.say(chat, body)
    visitor.wire.call("read", {"seq": 9})
    assert anna.wire.wait_for("read") == {"chat": chat, "stream": "talk", "seq": 2}
    visitor.wire.call("read", {"seq": 1})
    quiet(anna.wire, "read")
    assert anna.wire.call("sync", {"chat": chat, "stream": "talk", "after": 2})["read"] == 2


def test_ping_answered_with_sync_is_the_sign_of_life(house: House) -> None:
    visitor = house.visitor().join()
    wire = house.tab(visitor)
    # Not so long ago that the visitor is lost already.
    then = (datetime.now(UTC) - timedelta(seconds=100)).strftime("%Y-%m-%d %H:%M:%S.%f")
    house.change(f"UPDATE chats SET visitor_seen_at = '{then}'")  # noqa: S608 - our own clock
    wire.wait_for("ping")
    time.sleep(0.3)
    assert house.rows("SELECT visitor_seen_at FROM chats") == [(then,)], "a ping alone is no answer"
    wire.call("sync", {"after": 0})
    house.until("SELECT visitor_seen_at > ? FROM chats", [(1,)], then)


def test_a_typing_visitor_is_seen_by_the_counsellor_and_the_draft_is_not(house: House) -> None:
    anna = house.on_duty("anna")
    visitor, chat = house.talk(anna)
    visitor.wire.call("typing", {"on": True, "draft": "half a thought"})
    assert anna.wire.wait_for("typing") == {"chat": chat, "stream": "talk", "on": True}
    visitor.wire.call("typing", {"on": False})
    assert anna.wire.wait_for("typing")["on"] is False
    quiet(visitor.wire, "typing")


@pytest.mark.parametrize(
    "body", ["<script>alert(1)</script> & \"quotes\" 'too'", "🏳️‍🌈 ñ ‮ e\u0301", "line\nbreak\ttab", "x" * 4000]
)
def test_a_text_comes_out_exactly_as_it_went_in(house: House, body: str) -> None:
    anna = house.on_duty("anna")
    visitor, _ = house.talk(anna)
    assert visitor.say(body)["ok"]
    assert anna.wire.wait_for("message")["body"] == body
    assert visitor.transcript()["messages"][0]["body"] == body


def test_who_has_no_chat_gets_no_connection(house: House) -> None:
    for cookie in ("", "visit=nonsense", f"visit={'A' * 43}", "visit="):
        with pytest.raises(Refused) as refused:
            Wire(house.server.url, "/visitor", cookie)
        assert refused.value.reason == "unauthorised"
