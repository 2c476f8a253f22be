"""The namespace `/console`: every answer and every push, to the letter; offers, hand over, following."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients import Counsellor, Refused, Wire
from tests.journeys.house import House, quiet
from tests.journeys.shapes import PUSHES, answered, pushed_wrongly


def test_every_event_is_answered_as_the_protocol_says(house: House) -> None:
    anna = house.counsellor("anna")
    wire = house.tab(anna)

    def ask(event: str, **data: Any) -> Any:
        return answered("/console", event, wire.call(event, data))

    assert ask("resume")["me"] == {"login": "anna", "name": "anna"}
    told = ask("duty", state="available", line="youth", capacity=2)
    assert told == {"ok": True, "state": "available", "line": "youth", "capacity": 2}
    house.tab(house.visitor().join(first_message="Hello"))
    chat = wire.wait_for("offer")["chat"]
    assert [offer["chat"] for offer in ask("resume")["offers"]] == [chat]
    ask("decline", chat=chat)
    assert [waiting["chat"] for waiting in ask("resume")["queue"]] == [chat]
    assert ask("accept", chat=chat)["unread"] == 1
    assert ask("say", chat=chat, stream="talk", client_id="a", body="Hello")["seq"] == 2
    assert ask("say", chat=chat, stream="aside", client_id="b", body="A note")["seq"] == 1
    assert [text["body"] for text in ask("sync", chat=chat, stream="talk", after=0)["messages"]] == ["Hello", "Hello"]
    assert [text["body"] for text in ask("sync", chat=chat, stream="aside", after=0)["messages"]] == ["A note"]
    ask("typing", chat=chat, on=True)
    ask("read", chat=chat, seq=1)
    (held,) = ask("resume")["chats"]
    assert (held["chat"], held["last_seq"], held["unread"]) == (chat, {"talk": 2, "aside": 1}, 0)
    assert ask("hand_over", chat=chat, to="queue")["state"] == "waiting"
    ask("accept", chat=chat)
    ask("end", chat=chat)
    (pending,) = ask("resume")["wrap_ups"]
    assert (pending["chat"], pending["name"], pending["reason"]) == (chat, held["name"], "finished")
    sam = house.counsellor("sam")
    house.tab(sam)
    _, running = house.talk(anna)
    assert answered("/console", "follow", sam.wire.call("follow", {"chat": running}))["chat"] == running


def test_everything_that_is_pushed_has_its_shape(house: House) -> None:
    anna = house.on_duty("anna")
    sam = house.counsellor("sam")
    house.tab(sam)
    other = house.second_tab(anna)
    other.call("resume", {})
    visitor, chat = house.talk(anna, danger="yes", first_message="Help")
    sam.wire.wait_for("alert", kind="danger", chat=chat)
    visitor.wire.call("typing", {"on": True})
    visitor.bring("Someone has pictures of me")
    visitor.wire.call("summary", {"version": 0, "body": "About the pictures"})
    visitor.say("Please")
    other.wait_for("message", body="Please")
    anna.say(chat, "I am here.")
    visitor.wire.call("read", {"seq": 3})
    other.wait_for("read", seq=3)
    visitor.wire.call("leave", {})
    other.wait_for("state", state="ended", reason="left")
    anna.wire.call("duty", {"state": "resting", "line": "youth", "capacity": 3})
    assert other.wait_for("duty") == {"state": "resting", "line": "youth", "capacity": 3, "why": "other_tab"}
    other.wait_for("ping")
    sam.wire.wait_for("board", timeout=8)
    house.tab(house.visitor().join())
    for wire in (anna.wire, other, sam.wire):
        assert next_queue(wire)[0]["waited_s"] < 9
    for wire in (anna.wire, other, sam.wire):
        assert pushed_wrongly("/console", wire.log) == []
    seen = {event for wire in (anna.wire, other, sam.wire) for event, _ in wire.log}
    # What comes of an earlier chat, and of a text that was asked for, have journeys of their own.
    assert seen | {"earlier", "asked"} == set(PUSHES["/console"])


def next_queue(wire: Wire) -> list[dict[str, Any]]:
    """The next list of waiting chats that is not empty."""
    while not (queue := wire.wait_for("queue")):
        pass
    return queue


def test_whoever_looks_at_the_desk_sees_the_queue_before_ever_being_on_duty(house: House) -> None:
    newcomer = house.tab(house.counsellor("newcomer"))
    newcomer.call("resume", {})
    house.tab(house.visitor().join(distress="5"))
    assert [waiting["distress"] for waiting in next_queue(newcomer)] == [5]


def test_a_declined_offer_goes_on_to_the_next(house: House) -> None:
    anna, ben = house.on_duty("anna"), house.on_duty("ben")
    visitor = house.visitor().join(danger="unsure", distress="4")
    house.tab(visitor)
    offer = anna.wire.wait_for("offer")
    assert (offer["line"], offer["language"], offer["danger"], offer["distress"]) == ("youth", "en", "unsure", 4)
    quiet(ben.wire, "offer", 0.2)
    assert anna.wire.call("decline", {"chat": offer["chat"]}) == {"ok": True}
    assert anna.wire.wait_for("offer_gone") == {"chat": offer["chat"], "why": "declined"}
    assert ben.accept_next() == offer["chat"]
    quiet(anna.wire, "offer", 0.2)


def test_an_offer_that_nobody_answers_goes_on(house: House) -> None:
    house.change("UPDATE lines SET offer_seconds = 1 WHERE slug = 'youth'")
    anna, ben = house.on_duty("anna"), house.on_duty("ben")
    house.tab(house.visitor().join())
    chat = anna.wire.wait_for("offer")["chat"]
    assert anna.wire.wait_for("offer_gone") == {"chat": chat, "why": "expired"}
    assert ben.wire.wait_for("offer")["chat"] == chat
    assert anna.wire.call("accept", {"chat": chat}) == {"ok": False, "error": "taken"}
    assert ben.wire.call("accept", {"chat": chat})["ok"]


def test_who_lets_two_offers_ring_out_goes_off_duty_unless_nobody_else_is_there(house: House) -> None:
    house.change("UPDATE lines SET offer_seconds = 1, missed_offers_limit = 1 WHERE slug = 'youth'")
    sam = house.counsellor("sam")
    house.tab(sam)
    anna, ben = house.on_duty("anna"), house.on_duty("ben")
    house.tab(house.visitor().join())
    chat = anna.wire.wait_for("offer")["chat"]
    assert anna.wire.wait_for("duty") == {"state": "away", "line": "youth", "capacity": 3, "why": "missed_offers"}
    assert sam.wire.wait_for("alert", kind="unanswered_offers") == {
        "kind": "unanswered_offers",
        "chat": chat,
        "line": "youth",
    }
    assert ben.wire.call("resume", {})["duty"]["state"] == "available", "the last one stays"


def test_a_visitor_who_leaves_stops_the_ringing(house: House) -> None:
    anna = house.on_duty("anna")
    visitor = house.visitor().join()
    house.tab(visitor)
    chat = anna.wire.wait_for("offer")["chat"]
    visitor.wire.call("leave", {})
    assert anna.wire.wait_for("offer_gone") == {"chat": chat, "why": "left"}
    assert anna.wire.call("accept", {"chat": chat}) == {"ok": False, "error": "wrong_state"}


def test_accepting_in_one_tab_shows_in_the_other_and_both_may_write(house: House) -> None:
    anna = house.on_duty("anna")
    one, other = anna.wire, house.second_tab(anna)
    other.call("resume", {})
    visitor = house.visitor().join()
    house.tab(visitor)
    chat = one.wait_for("offer")["chat"]
    assert other.wait_for("offer")["chat"] == chat
    assert one.call("accept", {"chat": chat})["ok"]
    assert other.wait_for("offer_gone") == {"chat": chat, "why": "accepted"}
    assert other.wait_for("state", chat=chat)["state"] == "active"
    visitor.say("to both")
    for wire in (one, other):
        assert wire.wait_for("message", chat=chat)["body"] == "to both"
    said = {"chat": chat, "stream": "talk", "client_id": "x", "body": "from the other tab"}
    assert other.call("say", said) == {"ok": True, "seq": 2}
    assert one.wait_for("message", client_id="x")["author"] == "counsellor"
    assert other.call("accept", {"chat": chat})["error"] == "taken"
    other.call("end", {"chat": chat})
    assert one.wait_for("state", state="ended") == {
        "chat": chat,
        "stream": "talk",
        "state": "ended",
        "reason": "finished",
    }


def test_a_console_that_comes_back_has_everything(house: House) -> None:
    anna = house.on_duty("anna")
    visitor, chat = house.talk(anna, first_message="One")
    anna.say(chat, "two")
    anna.say(chat, "for us", stream="aside")
    anna.wire.close()
    visitor.say("three")
    wire = house.tab(anna)
    back = wire.call("resume", {})
    assert back["duty"] == {"state": "available", "line": "youth", "capacity": 3}
    (held,) = back["chats"]
    assert (held["chat"], held["last_seq"], held["peer"]) == (chat, {"talk": 3, "aside": 1}, "here")
    texts = wire.call("sync", {"chat": chat, "stream": "talk", "after": 1})["messages"]
    assert [(text["seq"], text["author"], text["body"]) for text in texts] == [
        (2, "counsellor", "two"),
        (3, "visitor", "three"),
    ]
    visitor.say("four")
    assert wire.wait_for("message", chat=chat)["seq"] == 4


def test_one_of_two_who_pull_the_same_chat_gets_it(house: House) -> None:
    visitor = house.visitor().join()
    house.tab(visitor)
    anna, ben = house.on_phone("anna"), house.on_phone("ben")
    (waiting,) = anna.wire.call("resume", {})["queue"]
    answers = [person.wire.send("accept", {"chat": waiting["chat"]}) for person in (anna, ben)]
    told = [answer.get(timeout=10) for answer in answers]
    assert sorted(answer["ok"] for answer in told) == [False, True]
    assert [answer["error"] for answer in told if not answer["ok"]] == ["taken"]
    assert visitor.wire.wait_for("state", state="active")


def test_who_is_away_or_full_can_not_pull(house: House) -> None:
    house.tab(house.visitor().join())
    anna = house.counsellor("anna")
    (waiting,) = house.tab(anna).call("resume", {})["queue"]
    assert anna.wire.call("accept", {"chat": waiting["chat"]}) == {"ok": False, "error": "wrong_state"}
    anna.wire.call("duty", {"state": "available", "line": "youth", "capacity": 1})
    assert anna.accept_next() == waiting["chat"]
    house.tab(house.visitor().join())
    (second,) = anna.wire.call("resume", {})["queue"]
    assert anna.wire.call("accept", {"chat": second["chat"]}) == {"ok": False, "error": "wrong_state"}


def test_a_chat_is_handed_back_to_the_queue(house: House) -> None:
    anna = house.on_duty("anna")
    visitor, chat = house.talk(anna)
    ben = house.on_duty("ben")
    assert anna.wire.call("hand_over", {"chat": chat, "to": "queue"}) == {"ok": True, "state": "waiting"}
    assert anna.wire.wait_for("state", state="waiting")["reason"] == "handed_over"
    assert visitor.wire.wait_for("state", position=1)["state"] in ("waiting", "offered")
    visitor.say("Still there?")
    assert ben.accept_next() == chat
    quiet(anna.wire, "message")
    assert anna.say(chat, "one more thing") == {"ok": False, "error": "forbidden"}
    texts = ben.wire.call("sync", {"chat": chat, "stream": "talk", "after": 0})["messages"]
    assert [text["body"] for text in texts] == ["Still there?"]


def test_a_chat_is_handed_to_a_colleague(house: House) -> None:
    anna = house.on_duty("anna")
    _, chat = house.talk(anna)
    before = house.snapshot()
    refusals = {
        "nobody": "not_found",
        "anna": "not_found",
        "ben": "unavailable",
        "cleo": "not_found",
        "ada": "unavailable",
    }
    for login, code in refusals.items():
        assert anna.wire.call("hand_over", {"chat": chat, "to": login}) == {"ok": False, "error": code}, login
    assert house.snapshot() == before
    ben = house.on_duty("ben")
    assert anna.wire.call("hand_over", {"chat": chat, "to": "ben"}) == {"ok": True, "state": "offered"}
    assert ben.accept_next() == chat


def test_a_supervisor_follows_and_writes_asides_that_no_visitor_sees(house: House) -> None:
    anna = house.on_duty("anna")
    visitor, chat = house.talk(anna, first_message="Hello")
    sam = house.counsellor("sam")
    wire = house.tab(sam)
    assert wire.call("follow", {"chat": chat})["state"] == "active"
    visitor.say("a second text")
    assert wire.wait_for("message", body="a second text")["chat"] == chat
    assert sam.say(chat, "ask about school", stream="aside") == {"ok": True, "seq": 1}
    told = anna.wire.wait_for("message", stream="aside")
    assert (told["author"], told["body"]) == ("supervisor", "ask about school")
    assert sam.say(chat, "I take over") == {"ok": False, "error": "forbidden"}
    for event in ("end", "hand_over", "read", "typing"):
        answer = wire.call(event, {"chat": chat, "to": "queue", "seq": 1, "on": True})
        assert answer == {"ok": False, "error": "forbidden"}, event
    anna.say(chat, "the end")
    visitor.wire.wait_for("message", body="the end")
    assert "ask about school" not in str(visitor.wire.log) + str(visitor.wire.call("sync", {"after": 0}))
    assert "ask about school" not in str(visitor.transcript())


def followed(house: House) -> int:
    return int(house.rows("SELECT count(*) FROM audit_entries WHERE action = 'follow'")[0][0])


def test_opening_a_colleagues_conversation_is_written_to_the_audit_trail(house: House) -> None:
    anna = house.on_duty("anna")
    _, chat = house.talk(anna, first_message="a secret")
    sam = house.counsellor("sam")
    before = followed(house)
    answer = house.tab(sam).call("sync", {"chat": chat, "stream": "talk", "after": 0})
    assert [text["body"] for text in answer["messages"]] == ["a secret"]
    assert followed(house) == before + 1, "reading by `sync` is opening too"
    sam.wire.call("sync", {"chat": chat, "stream": "talk", "after": 1})
    assert followed(house) == before + 1, "once for each time it is opened"
    house.second_tab(sam).call("follow", {"chat": chat})
    assert followed(house) == before + 2
    anna.wire.call("sync", {"chat": chat, "stream": "talk", "after": 0})
    assert followed(house) == before + 2, "one's own chat is no colleague's"


def test_only_a_supervisor_of_the_line_follows(house: House) -> None:
    anna = house.on_duty("anna")
    _, chat = house.talk(anna)
    for login, code in {"ben": "forbidden", "cleo": "not_found"}.items():
        assert house.tab(house.counsellor(login)).call("follow", {"chat": chat}) == {"ok": False, "error": code}
    assert house.tab(house.counsellor("sam")).call("follow", {"chat": "0" * 26}) == {"ok": False, "error": "not_found"}


def everything_with(chat: str) -> dict[str, dict[str, Any]]:
    """Each event that names a chat, with data of the right form."""
    return {
        "decline": {"chat": chat},
        "say": {"chat": chat, "stream": "talk", "client_id": "x", "body": "Let me in"},
        "sync": {"chat": chat, "stream": "talk", "after": 0},
        "typing": {"chat": chat, "on": True},
        "read": {"chat": chat, "seq": 1},
        "end": {"chat": chat},
        "hand_over": {"chat": chat, "to": "queue"},
        "follow": {"chat": chat},
        "ask": {"chat": chat, "body": "Call 06-12345678"},
        "accept": {"chat": chat},
    }


@pytest.mark.parametrize(
    ("login", "line", "code"),
    [("ben", "youth", "forbidden"), ("cleo", "prevention", "not_found")],
    ids=["a colleague's chat", "a chat of another line"],
)
def test_a_chat_of_others_opens_to_nobody_and_nothing_changes(house: House, login: str, line: str, code: str) -> None:
    anna, stranger = house.on_duty("anna"), house.on_duty(login, line)
    visitor, chat = house.talk(anna, first_message="Hello")
    before = house.snapshot()
    for event, data in everything_with(chat).items():
        expected = "taken" if code == "forbidden" and event in ("accept", "decline") else code
        assert stranger.wire.call(event, data) == {"ok": False, "error": expected}, event
    aside = everything_with(chat)["say"] | {"stream": "aside"}
    assert stranger.wire.call("say", aside) == {"ok": False, "error": code}
    assert house.snapshot() == before
    visitor.say("still private")
    anna.wire.wait_for("message", body="still private")
    quiet(stranger.wire, "message", 0.2)


GUESSED = ["0" * 26, "z" * 26, "1", "../../etc", "' OR 1=1 --", "é" * 20, "x" * 128, "a\nb"]


@pytest.mark.parametrize("guess", GUESSED)
def test_a_guessed_id_is_not_found(house: House, guess: str) -> None:
    anna = house.on_duty("anna")
    before = house.snapshot()
    for event, data in everything_with(guess).items():
        assert anna.wire.call(event, data) == {"ok": False, "error": "not_found"}, event
    assert house.snapshot() == before


def test_a_counsellor_can_not_read_what_only_rings(house: House) -> None:
    anna = house.on_duty("anna")
    visitor = house.visitor().join(first_message="Hello")
    house.tab(visitor)
    chat = anna.wire.wait_for("offer")["chat"]
    for event, code in {
        "sync": "forbidden",
        "say": "wrong_state",
        "end": "wrong_state",
        "hand_over": "wrong_state",
    }.items():
        assert anna.wire.call(event, everything_with(chat)[event]) == {"ok": False, "error": code}, event
    visitor.say("more")
    quiet(anna.wire, "message", 0.2)


def test_an_ended_chat_is_closed_to_its_counsellor(house: House) -> None:
    anna = house.on_duty("anna")
    _, chat = house.talk(anna)
    anna.wire.call("end", {"chat": chat})
    before = house.snapshot()
    for event in ("end", "hand_over", "say", "sync", "typing", "read", "accept", "decline", "follow"):
        answer = anna.wire.call(event, everything_with(chat)[event])
        assert answer == {"ok": False, "error": "wrong_state"}, event
    assert house.snapshot() == before


def test_who_takes_no_chats_gets_no_connection(house: House) -> None:
    analyst = house.counsellor("ada").cookie_header("console")
    for cookie in (analyst, "console=" + "A" * 43, "console=", ""):
        with pytest.raises(Refused) as refused:
            Wire(house.server.url, "/console", cookie)
        assert refused.value.reason == "unauthorised"


def test_a_visitors_cookie_opens_no_console_and_the_other_way_round(house: House) -> None:
    visitor = house.visitor().join()
    anna: Counsellor = house.counsellor("anna")
    crossed = {
        "/console": "console=" + str(visitor.http.cookies["visit"]),
        "/visitor": "visit=" + str(anna.http.cookies["console"]),
    }
    for namespace, cookie in crossed.items():
        with pytest.raises(Refused) as refused:
            Wire(house.server.url, namespace, cookie)
        assert refused.value.reason == "unauthorised"
