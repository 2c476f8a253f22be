"""What stands between an event and the services: reading it, the ceiling on texts, and failures behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask_socketio import SocketIO, SocketIOTestClient
from sqlalchemy.exc import OperationalError

from helpline import clock, db
from helpline.chat import service, sockets
from helpline.chat.limits import A_SECOND, BURST, TextBudget
from helpline.lines import service as lines
from helpline.privacy import sessions

Env = dict[str, Any]


# Reading


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("visit=abc", "abc"),
        ("other=1; visit=abc; more=2", "abc"),
        ('broken={"a": [1, 2]}; visit=abc', "abc"),
        ("x; =; ;;; visit=abc", "abc"),
        ("revisit=no", None),
        ("Visit=no", None),
        ("", None),
    ],
)
def test_the_cookie_is_found_among_others(header: str, value: str | None) -> None:
    assert sockets.cookie_in({"HTTP_COOKIE": header}, "visit") == value
    assert sockets.cookie_in({}, "visit") is None


@pytest.mark.parametrize(
    ("origin", "host", "ours"),
    [
        ("https://help.example", "help.example", True),
        ("https://HELP.example:8443", "help.EXAMPLE:8443", True),
        ("https://help.example:8443", "help.example", False),
        ("https://help.example.evil.example", "help.example", False),
        ("https://evil.example/help.example", "help.example", False),
        ("https://help.example@evil.example", "help.example", False),
        ("null", "help.example", False),
        ("", "", False),
        ("null", "", False),
        ("http://[broken", "help.example", False),
    ],
)
def test_an_origin_is_ours_when_its_host_was_asked(origin: str, host: str, ours: bool) -> None:
    assert sockets.from_here({"HTTP_ORIGIN": origin, "HTTP_HOST": host}) is ours


def test_without_an_origin_it_is_no_browser() -> None:
    assert sockets.from_here({"HTTP_HOST": "help.example"})


# The ceiling on texts


def test_a_burst_is_let_through_and_then_so_many_a_second() -> None:
    budget = TextBudget(0.0)
    assert all(budget.take("me", 0.0) for _ in range(int(BURST)))
    assert not budget.take("me", 0.0)
    assert budget.take("you", 0.0), "each sender has a budget of their own"
    assert sum(budget.take("me", 1.0) for _ in range(1000)) == A_SECOND
    assert sum(budget.take("me", 60.0) for _ in range(1000)) == BURST, "never more than one burst is saved up"


def test_a_clock_that_stands_still_gives_nothing_new() -> None:
    budget = TextBudget(0.0)
    assert sum(budget.take("me", 5.0) for _ in range(1000)) == BURST


def test_who_was_quiet_is_forgotten() -> None:
    budget = TextBudget(0.0)
    for number in range(100):
        budget.take(f"sender {number}", 0.0)
    budget.take("me", 10.0)
    assert set(budget._left) == {"me"}


# Events


@pytest.fixture
def cookie(app: Flask) -> str:
    """The cookie of a visitor in the queue."""
    made = sessions.new_cookie()
    service.join(made, lines.get_line("youth"), service.Entry("en", "no", 3, "Hello"))
    return made


@pytest.fixture
def open_socket(app: Flask, sockets: SocketIO, cookie: str) -> Iterator[Callable[[], SocketIOTestClient]]:
    """Opens a socket of this visitor, inside the process."""
    opened = []

    def connect() -> SocketIOTestClient:
        client = SocketIOTestClient(app, sockets, namespace="/visitor", headers={"Cookie": f"visit={cookie}"})
        opened.append(client)
        return client

    yield connect
    for client in opened:
        if client.is_connected("/visitor"):
            client.disconnect("/visitor")


Open = Callable[[], SocketIOTestClient]


def asked(client: SocketIOTestClient, event: str, data: object) -> Any:
    return client.emit(event, data, namespace="/visitor", callback=True)


def test_who_sends_too_much_is_told_so_and_nothing_is_stored(
    open_socket: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = open_socket()
    assert asked(client, "say", {"client_id": "a", "body": "Hello"}) == {"ok": True, "seq": 2}
    monkeypatch.setattr(TextBudget, "take", lambda self, sender: False)
    assert asked(client, "say", {"client_id": "b", "body": "Hello"}) == {"ok": False, "error": "rate_limited"}
    assert len(asked(client, "sync", {"after": 0})["messages"]) == 2


def test_the_budget_is_one_for_all_tabs_of_a_visitor(open_socket: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    takers: list[str] = []
    monkeypatch.setattr(TextBudget, "take", lambda self, sender: takers.append(sender) is None)
    for client in (open_socket(), open_socket()):
        asked(client, "say", {"client_id": "a", "body": "Hello"})
    assert len(takers) == 2
    assert len(set(takers)) == 1


@pytest.mark.parametrize(
    "failure",
    [OperationalError("SELECT secret", {}, Exception("secret")), RuntimeError("secret"), RecursionError("secret")],
    ids=lambda failure: type(failure).__name__,
)
def test_a_failure_behind_an_event_is_answered_and_told_without_its_words(
    open_socket: Open, failure: Exception, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    client = open_socket()

    def fail(*arguments: object) -> None:
        raise failure

    monkeypatch.setattr(service, "visitor_sync", fail)
    assert asked(client, "sync", {"after": 0}) == {"ok": False, "error": "unavailable"}
    said = "".join(capfd.readouterr())
    assert "event_failed" in said
    assert type(failure).__name__ in said
    assert "secret" not in said
    monkeypatch.undo()
    assert asked(client, "sync", {"after": 0})["ok"], "the socket goes on"


def test_while_the_database_is_away_a_connection_is_refused_and_not_left_waiting(
    app: Flask, sockets: SocketIO, cookie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = db.new_engine("sqlite:////nowhere/at/all.db")
    monkeypatch.setattr(db, "_engine", away)
    client = SocketIOTestClient(app, sockets, namespace="/visitor", headers={"Cookie": f"visit={cookie}"})
    assert not client.is_connected("/visitor")
    monkeypatch.undo()
    away.dispose()
    client = SocketIOTestClient(app, sockets, namespace="/visitor", headers={"Cookie": f"visit={cookie}"})
    assert client.is_connected("/visitor")
    client.disconnect("/visitor")


def test_a_session_that_ended_answers_forbidden_before_its_socket_is_closed(open_socket: Open, cookie: str) -> None:
    client = open_socket()
    sessions.end(cookie)
    for event, data in (("say", {"client_id": "a", "body": "x"}), ("sync", {"after": 0}), ("leave", {})):
        assert asked(client, event, data) == {"ok": False, "error": "forbidden"}
    assert client.is_connected("/visitor")
    sockets.close_revoked()
    assert not client.is_connected("/visitor")


def test_a_chat_that_may_no_longer_be_read_is_not_found(open_socket: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    client = open_socket()
    asked(client, "leave", {})
    later = clock.now() + timedelta(minutes=11)
    monkeypatch.setattr(clock, "now", lambda: later)
    for event, data in (("say", {"client_id": "a", "body": "x"}), ("sync", {"after": 0}), ("read", {"seq": 1})):
        expected = "wrong_state" if event == "say" else "not_found"
        assert asked(client, event, data) == {"ok": False, "error": expected}, event
