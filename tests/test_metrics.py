"""The figures for Prometheus: each counts what it says, when it is committed; none holds an id. On both databases."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2.errors
import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from helpline import db, metrics
from helpline.chat import gaps, push, service, sweep
from helpline.chat.service import Conflict
from helpline.db import transaction
from tests.builders import StoppedClock, a_chat, a_counsellor
from tests.chat.conftest import Ears, ears, house, time

__all__ = ["Ears", "ears", "house", "time"]


def figure(name: str, **labels: str) -> float:
    """The figure as it stands now; 0 when it was never counted."""
    return REGISTRY.get_sample_value(f"helpline_{name}", labels) or 0.0


@contextmanager
def grows(name: str, by: float = 1, **labels: str) -> Iterator[None]:
    """Within it the figure grows by so much."""
    before = figure(name, **labels)
    yield
    assert figure(name, **labels) - before == pytest.approx(by), (name, labels)


# Chats, offers, waits


@pytest.mark.usefixtures("house")
def test_chats_are_shown_by_line_and_state(time: StoppedClock) -> None:
    anna = a_counsellor()
    a_chat(held_by=anna)
    a_chat(offered_to=anna)
    a_chat("prevention")
    time.sweeps()
    assert [figure("chats", line="youth", state=state) for state in ("waiting", "offered", "active")] == [0, 1, 1]
    assert figure("chats", line="prevention", state="waiting") == 1


@pytest.mark.usefixtures("house")
def test_a_process_that_does_not_dispatch_shows_no_chats(time: StoppedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    a_chat()
    time.sweeps()
    monkeypatch.setattr(sweep, "_holder", "another process")
    assert not time.sweeps()
    assert REGISTRY.get_sample_value("helpline_chats", {"line": "youth", "state": "waiting"}) is None


@pytest.mark.usefixtures("house")
def test_each_offer_that_is_made_ends_in_one_way(time: StoppedClock) -> None:
    anna = a_counsellor()
    with grows("offers_total", outcome="made"), grows("offers_total", outcome="declined"):
        visit = a_chat(offered_to=anna)
        service.decline(anna, visit.chat)
    with grows("offers_total", 0, outcome="made"), grows("offers_total", outcome="pulled"):
        service.accept(anna, visit.chat)
    with grows("offers_total", 0, outcome="handed_over"), grows("chats_returned_total", why="handed_over"):
        service.hand_over(anna, visit.chat, "queue")
    with grows("offers_total", outcome="accepted"):
        service.accept(anna, a_chat(offered_to=anna).chat)
    with grows("offers_total", outcome="left"), grows("chats_ended_total", line="youth", reason="left"):
        service.leave(a_chat(offered_to=anna).visitor)
    with grows("offers_total", outcome="expired"):
        a_chat(offered_to=anna)
        time.passes(seconds=31)


@pytest.mark.usefixtures("house")
def test_a_wait_is_counted_once_however_it_ends(time: StoppedClock) -> None:
    anna = a_counsellor()
    visit, given_up = a_chat("youth"), a_chat("youth")
    time.turn(seconds=45)
    with grows("wait_seconds_sum", 45, line="youth", outcome="answered"):
        service.accept(anna, visit.chat)
        service.hand_over(anna, visit.chat, "queue")
        time.turn(seconds=5)
        service.accept(anna, visit.chat)
        service.end(anna, visit.chat)
    with grows("wait_seconds_sum", 50, line="youth", outcome="missed"):
        service.leave(given_up.visitor)
        service.leave(a_chat("youth").visitor)  # left early: not in the total


@pytest.mark.usefixtures("house")
def test_what_is_rolled_back_is_not_counted() -> None:
    anna = a_counsellor()
    visit = a_chat(offered_to=anna)

    def accept_in_vain() -> None:
        with transaction():
            service.accept(anna, visit.chat)
            raise Conflict("wrong_state")

    with grows("offers_total", 0, outcome="accepted"), pytest.raises(Conflict):
        accept_in_vain()


# Texts


@pytest.mark.usefixtures("house")
def test_texts_are_counted_once_and_batches_measured() -> None:
    visit = a_chat()
    with grows("texts_total", 2, author="visitor"), grows("batch_items_sum", 3), grows("batch_seconds_count", 3):
        for client_id in ("a", "b", "b"):
            visit.says("hello", client_id)


# Sync gaps


def messages(clock: StoppedClock, *numbers: int, age: float = 10) -> list[dict[str, Any]]:
    from helpline.clock import rfc3339
    from tests.builders import ago

    return [{"seq": number, "sent_at": rfc3339(ago(seconds=age))} for number in numbers]


@pytest.fixture
def socket(time: StoppedClock) -> Iterator[str]:
    gaps.begin("a socket")
    yield "a socket"
    gaps.forget("a socket")


def asks(socket: str, after: int, given: list[dict[str, Any]], namespace: str = "/visitor", **more: Any) -> None:
    gaps.note(socket, namespace, {"after": after} | more, given)


def test_what_a_first_sync_brings_is_no_gap(socket: str, time: StoppedClock) -> None:
    with grows("sync_gaps_total", 0, namespace="/visitor"):
        asks(socket, 0, messages(time, 1, 2, 3))
        asks(socket, 3, [])


def test_texts_that_no_push_brought_are_a_gap(socket: str, time: StoppedClock) -> None:
    asks(socket, 0, messages(time, 1))
    with grows("sync_gaps_total", 2, namespace="/visitor"):
        asks(socket, 1, messages(time, 2, 3))
        asks(socket, 3, [])


def test_what_may_be_on_its_way_and_what_is_asked_for_again_is_no_gap(socket: str, time: StoppedClock) -> None:
    asks(socket, 0, messages(time, 1, 2))
    with grows("sync_gaps_total", 0, namespace="/visitor"):
        asks(socket, 0, messages(time, 1, 2))
        asks(socket, 2, messages(time, 3, age=1))


def test_a_chat_that_was_away_in_between_leaves_no_gap(socket: str, time: StoppedClock) -> None:
    asks(socket, 0, messages(time, 1), "/console", chat="c", stream="talk")
    asks(socket, 0, messages(time, 1), "/console", chat="d", stream="talk")
    gaps.forget_chat(socket, "c")
    with grows("sync_gaps_total", 0, namespace="/console"):
        asks(socket, 1, messages(time, 2), "/console", chat="c", stream="talk")
    with grows("sync_gaps_total", 1, namespace="/console"):
        asks(socket, 1, messages(time, 2), "/console", chat="d", stream="talk")


def test_what_a_visitor_writes_beside_after_is_not_kept(socket: str, time: StoppedClock) -> None:
    for odd in ({}, [], "x" * 1000):
        asks(socket, 0, [], chat=odd, stream=odd)
    assert len(gaps._given[socket]) == 1


def test_a_socket_that_closed_while_it_was_answered_is_not_remembered(socket: str, time: StoppedClock) -> None:
    gaps.forget(socket)
    asks(socket, 0, messages(time, 1))
    assert socket not in gaps._given


# Errors of the database


@pytest.mark.usefixtures("house")
def test_an_error_of_the_database_is_counted_by_its_kind() -> None:
    with grows("database_errors_total", kind="other"), pytest.raises(DBAPIError), db.reading() as session:
        session.execute(text("SELECT nothing FROM nowhere"))
    with grows("database_errors_total", kind="conflict"), pytest.raises(DBAPIError), transaction() as session:
        session.execute(text("INSERT INTO leases SELECT * FROM leases"))


@pytest.mark.parametrize(
    "url", ["sqlite:////nowhere/at/all.db", "postgresql+psycopg2://helpline@127.0.0.1:1/nothing"], ids=["sqlite", "pg"]
)
def test_a_database_that_can_not_be_reached_is_counted_as_such(url: str) -> None:
    away = db.new_engine(url)
    with grows("database_errors_total", kind="connection"), pytest.raises(DBAPIError):
        away.connect()
    away.dispose()


def busy() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorname = "SQLITE_BUSY"
    return error


@pytest.mark.parametrize(
    ("error", "lost", "kind"),
    [
        (busy(), False, "conflict"),
        (sqlite3.ProgrammingError("x"), False, "other"),
        (psycopg2.OperationalError("server closed the connection unexpectedly"), False, "connection"),
        (psycopg2.InterfaceError("connection already closed"), True, "connection"),
        (psycopg2.DataError("x"), False, "other"),
    ],
)
def test_the_kind_follows_from_what_the_driver_says(error: Exception, lost: bool, kind: str) -> None:
    assert metrics.kind_of(error, lost) == kind


# Sockets


@pytest.mark.usefixtures("house")
def test_open_sockets_are_counted_by_namespace(app: Any, sockets: Any) -> None:
    visit = a_chat()
    tab = sockets.test_client(
        app, namespace=push.VISITOR, headers={"Cookie": f"visit={visit.cookie}"}, flask_test_client=None
    )
    assert figure("connections", namespace="/visitor") == 1
    tab.disconnect(push.VISITOR)
    assert (figure("connections", namespace="/visitor"), figure("connections", namespace="/console")) == (0, 0)
