"""The figures after a whole journey: each has moved, and no label or value leads to anybody."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from helpline.metrics import AUTHORS
from tests.clients import PATIENCE, Server
from tests.journeys.house import House

CANARY = "the text of a canary 4f1c2b9e"
ADDRESS = "203.0.113.77"
# Every word that may stand in a label. Whatever else turned up there could be somebody.
WORDS = {
    "line": {"youth", "prevention"},
    "state": {"waiting", "offered", "active"},
    "reason": {"finished", "left", "lost", "emergency_exit", "unanswered", "line_closed"},
    "why": {"handed_over", "duty"},
    "outcome": {
        *("made", "accepted", "pulled", "declined", "expired", "duty", "left", "ended"),
        *("answered", "missed"),
    },
    "author": set(AUTHORS),
    "namespace": {"/visitor", "/console"},
    "kind": {"connection", "conflict", "other"},
}
NUMBER = re.compile(r"[0-9.e+]+|\+Inf")


@pytest.fixture
def figured(tmp_path: Path) -> Iterator[House]:
    house = House(Server(tmp_path / "instance", metrics_token="t0ken", trusted_proxies="1", ping_seconds="0.5"))
    house.open({"anna": (["counsellor"], ["youth"]), "ben": (["counsellor"], ["youth"])})
    yield house
    house.see_out()
    house.server.stop()


def page_of(house: House) -> str:
    header = {"Authorization": "Bearer t0ken"}
    return requests.get(f"{house.server.url}/metrics", headers=header, timeout=PATIENCE).text


def samples(page: str) -> list[Sample]:
    families = text_string_to_metric_families(page)
    return [sample for family in families for sample in family.samples if sample.name.startswith("helpline_")]


def journey(house: House) -> list[str]:
    """Everything that can happen to chats; returns all that must not be found in a figure."""
    anna = house.on_duty("anna")
    visitor = house.visitor(**{"X-Forwarded-For": ADDRESS, "User-Agent": CANARY})
    visitor.join(first_message=CANARY, danger="yes")
    house.tab(visitor)
    offer = anna.wire.wait_for("offer")
    chat = offer["chat"]
    assert anna.wire.call("decline", {"chat": chat})["ok"]
    assert anna.wire.call("accept", {"chat": chat})["ok"]
    client_id = uuid.uuid4().hex
    assert visitor.say(CANARY, client_id)["ok"]
    assert anna.say(chat, CANARY)["ok"]
    assert anna.say(chat, CANARY, stream="aside")["ok"]
    for event in ({"after": 1, "chat": CANARY, "stream": CANARY}, {"after": 2, "chat": [CANARY], "stream": {}}):
        assert visitor.wire.call("sync", event)["ok"]
    assert visitor.wire.call(CANARY, {})["error"] == "invalid"
    assert anna.wire.call("hand_over", {"chat": chat, "to": "queue"})["ok"]
    assert anna.wire.call("accept", {"chat": chat})["ok"]
    assert anna.wire.call("end", {"chat": chat})["ok"]
    leaver, runner = house.visitor().join(), house.visitor().join("prevention")
    leaver.post(f"{leaver.room}leave", token_from=leaver.room)
    runner.http.get(f"{house.server.url}/exit", timeout=PATIENCE)
    waiting = house.visitor().join("prevention")
    house.rows("SELECT 1")
    accounts = [str(value) for row in house.rows("SELECT id, login, name FROM accounts") for value in row]
    chats = [str(value) for row in house.rows("SELECT id, name FROM chats") for value in row]
    sessions = [str(value) for row in house.rows("SELECT key FROM visitor_sessions") for value in row]
    cookies = [str(person.http.cookies["visit"]) for person in (visitor, waiting)]
    secrets = [client_id, CANARY, "canary", ADDRESS, "127.0.0.1", *accounts, *chats, *sessions, *cookies]
    assert len(secrets) > 15
    return secrets


def test_after_a_whole_journey_every_figure_counts_and_none_names_anybody(figured: House) -> None:
    secrets = journey(figured)
    page = page_of(figured)
    assert [secret for secret in secrets if secret in page] == []
    values = {(sample.name, *sample.labels.values()): sample.value for sample in samples(page)}
    for sample in samples(page):
        for name, word in sample.labels.items():
            assert NUMBER.fullmatch(word) if name == "le" else word in WORDS[name], sample
    assert not [name for name, *_ in values if name.endswith("_created")], "the moment of what happened first"
    assert values["helpline_texts_total", "visitor"] == 2
    assert values["helpline_texts_total", "counsellor"] == 2
    assert values["helpline_wait_seconds_count", "youth", "answered"] == 1
    assert values["helpline_chats_ended_total", "youth", "finished"] == 1
    assert values["helpline_chats_ended_total", "prevention", "emergency_exit"] == 1
    assert values["helpline_chats_returned_total", "handed_over"] == 1
    assert values["helpline_offers_total", "declined"] == 1
    assert values["helpline_offers_total", "pulled"] >= 1
    assert values["helpline_connections", "/console"] == 1
    assert values["helpline_connections", "/visitor"] == 1
    assert values["helpline_sync_gaps_total", "/visitor"] == 0
    for name in ("batch_items_sum", "batch_seconds_count", "sweep_seconds_count", "loop_delay_seconds_count", "ready"):
        assert values[f"helpline_{name}",] > 0, name


def test_the_words_of_the_labels_are_those_of_the_house() -> None:
    from helpline.chat.states import Reason
    from helpline.chat.store import LIVE

    assert WORDS["reason"] == set(Reason)
    assert WORDS["state"] == set(LIVE)
