"""Hints between processes: sealed, bounded, and nobody waits for them."""

from __future__ import annotations

import queue

import orjson
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from helpline import bus


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What this process was told to do, with a bus that is started but has no Redis."""
    done: list[tuple[str, ...]] = []
    monkeypatch.setitem(bus._handlers, "greet", lambda *words: done.append(words))
    monkeypatch.setattr(bus, "_seal", AESGCM(b"k" * 32))
    monkeypatch.setattr(bus, "_waiting", queue.Queue(2))
    return done


def test_a_hint_is_done_here_at_once_and_waits_for_the_others(heard: list[tuple[str, ...]]) -> None:
    bus.everywhere("greet", "hello")
    assert heard == [("hello",)]
    assert bus._next_batch() == [("greet", ("hello",))]


def test_a_redis_that_takes_nothing_costs_hints_and_stops_nobody(heard: list[tuple[str, ...]]) -> None:
    for number in range(5):
        bus.everywhere("greet", str(number))
    assert len(heard) == 5
    assert bus._next_batch() == [("greet", ("0",)), ("greet", ("1",))]


def test_hints_of_others_are_done_and_ones_own_are_not_done_twice(heard: list[tuple[str, ...]]) -> None:
    bus._receive(bus._sealed(orjson.dumps(["another process", [["greet", ["hi"]]]])))
    bus._receive(bus._sealed(orjson.dumps([bus._self, [["greet", ["me again"]]]])))
    assert heard == [("hi",)]


def test_redis_sees_no_text_and_nobody_else_can_give_hints(heard: list[tuple[str, ...]]) -> None:
    sealed = bus._sealed(orjson.dumps(["another process", [["greet", ["a secret"]]]]))
    assert b"secret" not in sealed
    bus._receive(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    bus._receive(b"nonsense that is long enough to hold a nonce")
    assert heard == []


def test_a_hint_that_fails_stops_no_other(heard: list[tuple[str, ...]]) -> None:
    batch = [["unheard of", []], ["greet", ["still here"]]]
    bus._receive(bus._sealed(orjson.dumps(["another process", batch])))
    assert heard == [("still here",)]
