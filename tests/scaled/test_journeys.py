"""Visitor and counsellor on different processes, nginx in front of each: everything is as on one."""

from __future__ import annotations

import time

import pytest
import requests

from tests.clients import PATIENCE, Refused, Wire
from tests.journeys.house import House, quiet
from tests.scaled.cluster import Cluster

SOON = 2.5  # the promise is a second after the command; the rest is what a busy machine takes to tell us


def test_a_whole_chat(house: House, cluster: Cluster) -> None:
    here, there = cluster.doors
    anna = house.on_duty("anna", at=there)
    visitor, chat = house.talk(anna, at=here, first_message="Is anyone there?")
    said = ["Is anyone there?"]
    for number in range(5):
        visitor.say(f"question {number}")
        anna.wire.wait_for("message", body=f"question {number}")
        anna.say(chat, f"answer {number}")
        visitor.wire.wait_for("message", body=f"answer {number}")
        said += [f"question {number}", f"answer {number}"]
    visitor.wire.call("typing", {"on": True})
    assert anna.wire.wait_for("typing") == {"chat": chat, "stream": "talk", "on": True}
    anna.wire.call("typing", {"chat": chat, "on": True})
    assert visitor.wire.wait_for("typing") == {"on": True}
    visitor.wire.call("read", {"seq": 11})
    assert anna.wire.wait_for("read")["seq"] == 11
    anna.wire.call("read", {"chat": chat, "seq": 10})
    assert visitor.wire.wait_for("read") == {"seq": 10}
    for texts in (
        visitor.wire.call("sync", {"after": 0})["messages"],
        anna.wire.call("sync", {"chat": chat, "stream": "talk", "after": 0})["messages"],
    ):
        assert [(text["seq"], text["body"]) for text in texts] == list(enumerate(said, start=1))
    anna.wire.call("end", {"chat": chat})
    assert visitor.wire.wait_for("state", state="ended")["reason"] == "finished"
    assert house.server.counts()["answered"] == 1


def test_texts_from_both_sides_at_once_have_one_order(house: House, cluster: Cluster) -> None:
    here, there = cluster.doors
    anna = house.on_duty("anna", at=there)
    visitor, chat = house.talk(anna, at=here)
    answers = []
    for number in range(40):
        answers.append(visitor.wire.send("say", {"client_id": f"v{number}", "body": f"v{number}"}))
        said = {"chat": chat, "stream": "talk", "client_id": f"c{number}", "body": f"c{number}"}
        answers.append(anna.wire.send("say", said))
    assert sorted(answer.get(timeout=PATIENCE)["seq"] for answer in answers) == list(range(1, 81))
    texts = visitor.wire.call("sync", {"after": 0})["messages"]
    assert anna.wire.call("sync", {"chat": chat, "stream": "talk", "after": 0})["messages"] == texts
    for side in ("v", "c"):
        own = [text["body"] for text in texts if text["body"].startswith(side)]
        assert own == [f"{side}{number}" for number in range(40)]


def test_two_tabs_on_different_processes_are_twins(house: House, cluster: Cluster) -> None:
    here, there = cluster.doors
    anna = house.on_duty("anna", at=there)
    visitor, chat = house.talk(anna, at=here)
    visitor.server = there
    other = house.second_tab(visitor)
    anna.server = here
    twin = house.second_tab(anna)
    twin.call("resume", {})
    assert other.call("say", {"client_id": "x", "body": "from the other tab"})["ok"]
    assert visitor.wire.wait_for("message")["body"] == "from the other tab"
    for wire in (anna.wire, twin):
        assert wire.wait_for("message", chat=chat)["body"] == "from the other tab"
    assert twin.call("say", {"chat": chat, "stream": "talk", "client_id": "y", "body": "from my twin"})["ok"]
    for wire in (visitor.wire, other, anna.wire):
        assert wire.wait_for("message", client_id="y")["seq"] == 2
    # What one tab accepts is there in the other, which hears of it from then on.
    second = house.visitor(at=here).join(first_message="I am second")
    offered = twin.wait_for("offer")["chat"]
    assert anna.wire.call("accept", {"chat": offered})["ok"]
    assert twin.wait_for("offer_gone") == {"chat": offered, "why": "accepted"}
    house.tab(second)
    second.say("hello")
    assert twin.wait_for("message", chat=offered)["body"] == "hello"


def test_a_sign_in_on_one_process_is_valid_on_the_other(house: House, cluster: Cluster) -> None:
    here, there = cluster.doors
    house.renew("temp")
    temp = house.counsellor("temp", at=here)
    temp.server = there
    assert house.tab(temp).call("resume", {})["me"]["login"] == "temp"
    page = temp.http.get(f"{there.url}/console/", timeout=PATIENCE, allow_redirects=False)
    assert page.status_code == 200
    # A form from one process is taken by the other, and the sign-out holds on both.
    assert temp.post("/console/sign-out", token_from="/console/").status_code == 303
    for door in cluster.doors:
        page = temp.http.get(f"{door.url}/console/", timeout=PATIENCE, allow_redirects=False)
        assert page.status_code == 303


def test_a_form_that_one_process_made_is_taken_by_the_other(house: House, cluster: Cluster) -> None:
    here, there = cluster.doors
    visitor = house.visitor(at=here)
    token = visitor.token_of("/en/youth/chat/")
    fields = {"danger": "no", "distress": "2", "language": "en", "first_message": "", "csrf_token": token}
    done = visitor.http.post(f"{there.url}/en/youth/chat/", data=fields, timeout=PATIENCE, allow_redirects=False)
    assert (done.status_code, done.headers["Location"]) == (303, "/en/youth/chat/room/")
    assert visitor.transcript()["state"] == "waiting"


def test_the_visitor_without_scripts_talks_on_another_process(house: House, cluster: Cluster) -> None:
    here, there = cluster.doors
    anna = house.on_duty("anna", at=there)
    visitor = house.visitor(at=here).join(first_message="No scripts here")
    chat = anna.accept_next()
    for number in range(3):
        answer = visitor.post(f"{visitor.room}say", visitor.room, client_id=f"form{number}", body=f"form {number}")
        assert answer.status_code == 303
        anna.wire.wait_for("message", body=f"form {number}")
        anna.say(chat, f"answer {number}")
        assert visitor.transcript()["messages"][-1]["body"] == f"answer {number}"
    assert visitor.transcript()["state"] == "active"
    assert visitor.post(f"{visitor.room}leave", token_from=visitor.room).status_code == 303
    assert anna.wire.wait_for("state", state="ended")["reason"] == "left"


def test_a_chat_is_handed_to_a_colleague_on_the_other_process(house: House, cluster: Cluster) -> None:
    here, there = cluster.doors
    anna = house.on_duty("anna", at=here)
    visitor, chat = house.talk(anna, at=here, first_message="Hello")
    ben = house.on_duty("ben", at=there)
    assert anna.wire.call("hand_over", {"chat": chat, "to": "ben"}) == {"ok": True, "state": "offered"}
    assert ben.accept_next() == chat
    visitor.wire.wait_for("state", state="active")
    visitor.say("Who are you?")
    assert ben.wire.wait_for("message")["body"] == "Who are you?"
    assert ben.say(chat, "I am Ben.")["seq"] == 3
    assert visitor.wire.wait_for("message", body="I am Ben.")
    # Whoever gave it away reads no more of it, whichever process knows of that.
    quiet(anna.wire, "message")
    assert anna.say(chat, "one more thing") == {"ok": False, "error": "forbidden"}


def test_one_of_two_who_pull_on_different_processes_gets_the_chat(house: House, cluster: Cluster) -> None:
    here, there = cluster.doors
    visitor = house.visitor(at=here).join()
    house.tab(visitor)
    people = house.on_duty("anna", state="on_phone", at=here), house.on_duty("ben", state="on_phone", at=there)
    for round_ in range(5):
        if round_:
            visitor = house.visitor(at=there).join()
            house.tab(visitor)
        (waiting,) = people[0].wire.call("resume", {})["queue"]
        answers = [person.wire.send("accept", {"chat": waiting["chat"]}) for person in people]
        told = [answer.get(timeout=PATIENCE) for answer in answers]
        assert sorted(answer["ok"] for answer in told) == [False, True]
        assert [answer["error"] for answer in told if not answer["ok"]] == ["taken"]
        assert visitor.wire.wait_for("state", state="active")
        held = [[chat["chat"] for chat in person.wire.call("resume", {})["chats"]] for person in people]
        assert [waiting["chat"] in chats for chats in held] == [answer["ok"] for answer in told]
        visitor.wire.call("leave", {})


def test_a_declined_offer_rings_on_the_other_process(house: House, cluster: Cluster) -> None:
    here, there = cluster.doors
    anna = house.on_duty("anna", at=here)
    visitor = house.visitor(at=here).join()
    house.tab(visitor)
    chat = anna.wire.wait_for("offer")["chat"]
    ben = house.on_duty("ben", at=there)
    assert anna.wire.call("decline", {"chat": chat}) == {"ok": True}
    assert anna.wire.wait_for("offer_gone") == {"chat": chat, "why": "declined"}
    assert ben.accept_next() == chat
    assert visitor.wire.wait_for("state", state="active")


def test_an_offer_that_nobody_answers_goes_on_to_the_other_process(house: House, cluster: Cluster) -> None:
    here, there = cluster.doors
    house.change("UPDATE lines SET offer_seconds = 2 WHERE slug = 'youth'")
    anna = house.on_duty("anna", at=there)
    house.tab(house.visitor(at=here).join())
    chat = anna.wire.wait_for("offer")["chat"]
    ben = house.on_duty("ben", at=here)
    assert anna.wire.wait_for("offer_gone") == {"chat": chat, "why": "expired"}
    assert ben.accept_next() == chat


def test_everybody_who_waits_hears_of_a_new_place(house: House, cluster: Cluster) -> None:
    visitors = [house.visitor(at=cluster.doors[number % 2]).join() for number in range(4)]
    for visitor in visitors:
        house.tab(visitor)
    places = [visitor.wire.call("sync", {"after": 0})["position"] for visitor in visitors]
    assert places == [1, 2, 3, 4]
    visitors[0].wire.call("leave", {})
    for place, visitor in enumerate(visitors[1:], start=1):
        hears_of_place(visitor.wire, place)


def hears_of_place(wire: Wire, place: int) -> None:
    """By a push, or as pages do by asking at a ping: who dispatches may see a visitor only after the place changed."""
    deadline = time.monotonic() + PATIENCE
    while True:
        event, data = wire.events.get(timeout=max(0.0, deadline - time.monotonic()))
        if event == "ping":
            data = wire.call("sync", {"after": 0})
        if event in ("ping", "state") and data["position"] == place:
            return


def test_a_disabled_account_is_closed_on_every_process(house: House, cluster: Cluster) -> None:
    here, there = cluster.doors
    house.renew("temp")
    temp = house.on_duty("temp", at=here)
    temp.server = there
    other = house.second_tab(temp)
    other.call("resume", {})
    visitor, chat = house.talk(temp, at=there)
    house.server.command("staff", "disable", "temp")
    ended = time.monotonic()
    for wire in (temp.wire, other):
        assert wire.closed.wait(SOON - (time.monotonic() - ended))
    heard = [len(wire.log) for wire in (temp.wire, other)]
    visitor.say("Is there still anybody who should not be there?")
    for door in cluster.doors:
        temp.server = door
        with pytest.raises(Refused) as refused:
            house.tab(temp)
        assert refused.value.reason == "unauthorised"
    assert [len(wire.log) for wire in (temp.wire, other)] == heard
    assert house.on_duty("ben", at=here).accept_next() == chat


def test_a_quick_exit_is_seen_on_the_other_process(house: House, cluster: Cluster) -> None:
    here, there = cluster.doors
    anna = house.on_duty("anna", at=there)
    visitor, chat = house.talk(anna, at=here, first_message="Hello")
    visitor.server = there
    other = house.second_tab(visitor)
    requests.get(f"{here.url}/exit", cookies=visitor.http.cookies, timeout=PATIENCE)
    for wire in (visitor.wire, other):
        assert wire.closed.wait(SOON)
    assert anna.wire.wait_for("state", state="ended")["reason"] == "emergency_exit"
    for door in cluster.doors:
        visitor.server = door
        with pytest.raises(Refused) as refused:
            house.tab(visitor)
        assert refused.value.reason == "unauthorised"
        assert visitor.http.get(f"{door.url}{visitor.room}", timeout=PATIENCE).status_code == 410
    assert anna.say(chat, "Are you there?") == {"ok": False, "error": "wrong_state"}


def test_through_one_address_everybody_lands_anywhere(house: House, cluster: Cluster) -> None:
    """nginx spreads pages and sockets over the processes; nobody notices."""
    people = [house.on_duty(login) for login in ("anna", "ben")]
    for round_ in range(4):
        counsellor, other = people[round_ % 2], people[(round_ + 1) % 2]
        other.wire.call("duty", {"state": "on_phone"})
        counsellor.wire.call("duty", {"state": "available"})
        visitor, chat = house.talk(counsellor, first_message=f"Hello {round_}")
        visitor.say("one")
        assert counsellor.wire.wait_for("message", chat=chat, body="one")["seq"] == 2
        counsellor.say(chat, "two")
        assert visitor.wire.wait_for("message", body="two")["seq"] == 3
        visitor.wire.call("leave", {})
        assert counsellor.wire.wait_for("state", chat=chat, state="ended")
    assert cluster.counts()["answered"] == 4


def test_a_line_with_a_name_of_its_own_is_behind_its_own_certificate(house: House, cluster: Cluster) -> None:
    served = cluster.nginx.served_as("youth.example.org", "/healthz")
    assert served.startswith(b"HTTP/1.1 404 "), "the processes' own pages are not for everybody"
    assert b"Strict-Transport-Security" in cluster.nginx.served_as("youth.example.org", "/en/youth/")
