"""Hints between processes: sealed, bounded, and nobody waits for them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator

import orjson
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from helpline import bus, clock, metrics
from helpline.chat import push, wakeup  # noqa: F401 - these register what the hints of the chat do
from helpline.db import random_key
from tests.redis_server import RedisServer

KEY = b"k" * 32


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What this process was told to do, with a bus that is started but has no Redis."""
    done: list[tuple[str, ...]] = []
    monkeypatch.setitem(bus._handlers, "greet", lambda *words: done.append(words))
    monkeypatch.setattr(bus, "_seal", AESGCM(KEY))
    monkeypatch.setattr(bus, "_waiting", deque())
    monkeypatch.setattr(bus, "MOST_WAITING", 2)
    monkeypatch.setattr(bus, "_listening", True)
    monkeypatch.setattr(bus, "_lost_at", None)
    return done


def next_batch() -> list[bus.Hint]:
    """What is sent next."""
    assert bus._waiting is not None
    return bus._next_batch(bus._waiting, 0.0)


ANOTHER = random_key().encode()


def a_batch(*hints: list[object], sender: bytes = ANOTHER, age: float = 0.0) -> bytes:
    """What a process says."""
    return bus._sealed(orjson.dumps([clock.now().timestamp() - age, hints]), sender)


def test_a_hint_is_done_here_at_once_and_waits_for_the_others(heard: list[tuple[str, ...]]) -> None:
    bus.everywhere("greet", "hello")
    assert heard == [("hello",)]
    assert next_batch() == [("greet", ("hello",))]


def test_a_redis_that_takes_nothing_costs_hints_and_stops_nobody(heard: list[tuple[str, ...]]) -> None:
    lost = metrics.HINTS_LOST._value.get()
    for number in range(5):
        bus.everywhere("greet", str(number))
    assert len(heard) == 5
    assert next_batch() == [("missed", ())], "the others are told that something is missing"
    assert metrics.HINTS_LOST._value.get() == lost + 5


def test_hints_of_others_are_done_and_ones_own_are_not_done_twice(heard: list[tuple[str, ...]]) -> None:
    bus._receive(a_batch(["greet", ["hi"]]))
    bus._receive(a_batch(["greet", ["me again"]], sender=bus._self))
    assert heard == [("hi",)]


@pytest.mark.parametrize(("age", "taken"), [(4, True), (-4, True), (6, False), (-6, False), (86_400, False)])
def test_what_was_recorded_can_t_be_said_again_later(heard: list[tuple[str, ...]], age: float, taken: bool) -> None:
    bus._receive(a_batch(["greet", ["hi"]], age=age))
    assert heard == [("hi",)] * taken
    assert bus.trusted() is taken, "a clock may be wrong: then we look for ourselves"


def test_redis_sees_no_text_and_nobody_else_can_give_hints(heard: list[tuple[str, ...]]) -> None:
    sealed = a_batch(["greet", ["a secret"]])
    assert b"secret" not in sealed
    bus._receive(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    bus._receive(bus._self + sealed[len(ANOTHER) :])
    bus._receive(b"nonsense that is long enough to hold a nonce" * 2)
    assert heard == []


@pytest.mark.parametrize("data", [b"", b"short", b"\0" * 12, b"\0" * 500])
def test_rubbish_on_the_channel_is_dropped_and_nothing_is_trusted_for_a_while(
    heard: list[tuple[str, ...]], data: bytes
) -> None:
    assert bus.trusted()
    bus._receive(data)
    assert heard == []
    assert not bus.trusted()


@pytest.mark.parametrize(
    "plain",
    [
        *(b"", b"{", b"5", b"null", b'["x"]', b"[5]", b'["now", []]', b"[null, []]", b"[[]]", b'["x", NOW, []]'),
        *(b"[NOW, %s]" % batch for batch in (b"5", b"[5]", b'[["greet"]]', b"[[[], [1]]]")),
    ],
)
def test_a_sealed_hint_of_another_form_is_dropped(heard: list[tuple[str, ...]], plain: bytes) -> None:
    bus._receive(bus._sealed(plain.replace(b"NOW", orjson.dumps(clock.now().timestamp())), ANOTHER))
    assert heard == []
    assert not bus.trusted()


@pytest.mark.parametrize("kind", ["emit", "text", "hang_up", "see", "unsee", "wake"])
@pytest.mark.parametrize("arguments", [[], [None] * 2, [[], {}, [], {}], [{}], [1, 2, 3, 4], ["a", "b", [], "c"]])
def test_a_damaged_argument_harms_nothing(heard: list[tuple[str, ...]], kind: str, arguments: list[object]) -> None:
    bus._receive(a_batch([kind, arguments], ["greet", ["still here"]]))
    assert heard == [("still here",)]


def test_a_hint_that_fails_stops_no_other(heard: list[tuple[str, ...]]) -> None:
    bus._receive(a_batch(["unheard of", []], ["greet", ["still here"]]))
    assert heard == [("still here",)]


# With a real Redis


@pytest.fixture
def on_the_air(
    heard: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch, redis_server: RedisServer
) -> Iterator[RedisServer]:
    """This process sends and listens; it counts as another one, so that it hears itself."""
    monkeypatch.setattr(bus, "LOSS_SECONDS", 0.2)
    monkeypatch.setitem(bus._handlers, "back", lambda: heard.append(("back",)))
    bus.start(redis_server.url, KEY)
    comes(bus.trusted)
    yield redis_server
    bus.stop()


def comes(what: Callable[[], object]) -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + 20
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def as_another(redis_server: RedisServer, kind: str, *arguments: object) -> None:
    """What another process says."""
    with bus._connection(redis_server.url) as connection:
        connection.publish(bus.CHANNEL, a_batch([kind, arguments]))


def test_hints_go_through_redis(on_the_air: RedisServer, heard: list[tuple[str, ...]]) -> None:
    as_another(on_the_air, "greet", "hi")
    comes(lambda: ("hi",) in heard)
    assert heard[0] == ("back",), "what was said before the subscription stood is lost"


def test_rubbish_does_not_end_the_listening(on_the_air: RedisServer, heard: list[tuple[str, ...]]) -> None:
    with bus._connection(on_the_air.url) as connection:
        for rubbish in (b"", b"x", bus._sealed(b"]", ANOTHER)):
            connection.publish(bus.CHANNEL, rubbish)
    as_another(on_the_air, "greet", "hi")
    comes(lambda: ("hi",) in heard)


@pytest.mark.parametrize("talking", [True, False])
def test_a_silent_redis_is_noticed_and_holds_nobody(
    on_the_air: RedisServer, heard: list[tuple[str, ...]], talking: bool
) -> None:
    errors, lost = metrics.REDIS_ERRORS._value.get(), metrics.HINTS_LOST._value.get()
    on_the_air.fall_silent()
    if talking:
        bus.everywhere("greet", "lost")
    comes(lambda: not bus.trusted())
    comes(lambda: metrics.REDIS_ERRORS._value.get() > errors)
    assert (metrics.HINTS_LOST._value.get() > lost) is talking
    on_the_air.speak_again()
    comes(bus.trusted)
    assert heard.count(("back",)) == 2


@pytest.mark.usefixtures("heard")
def test_nothing_out_of_date_is_handed_out_when_redis_speaks_again(on_the_air: RedisServer) -> None:
    with bus._connection(on_the_air.url) as another, another.pubsub(ignore_subscribe_messages=True) as channel:
        channel.subscribe(bus.CHANNEL)
        assert channel.get_message(timeout=2) is None
        lost = metrics.HINTS_LOST._value.get()
        on_the_air.fall_silent()
        # The first may be on its way already; from then on Redis is asked before it is given anything.
        comes(lambda: not bus.trusted())
        for number in range(100):
            bus.everywhere("greet", f"old {number}")
        comes(lambda: metrics.HINTS_LOST._value.get() >= lost + 100)
        on_the_air.speak_again()
        comes(bus.trusted)
        bus.everywhere("greet", "new")
        kinds = []
        while ("greet", ["new"]) not in kinds:
            message = channel.get_message(timeout=0.5)
            if message is not None:
                mark, nonce, sealed = (message["data"][part] for part in (slice(26), slice(26, 38), slice(38, None)))
                opened = AESGCM(KEY).decrypt(nonce, sealed, bus.CHANNEL.encode() + mark)
                kinds += [(kind, arguments) for kind, arguments in orjson.loads(opened)[1]]
    assert kinds == [("missed", []), ("greet", ["new"])], "only that something is missing, and what is new"


def test_a_redis_that_stops_and_comes_back_is_used_again(on_the_air: RedisServer, heard: list[tuple[str, ...]]) -> None:
    on_the_air.stop()
    comes(lambda: not bus.trusted())
    bus.everywhere("greet", "nobody hears it")
    on_the_air.start()
    comes(bus.trusted)
    as_another(on_the_air, "greet", "hi")
    comes(lambda: ("hi",) in heard)


def test_an_emptied_redis_changes_nothing(on_the_air: RedisServer, heard: list[tuple[str, ...]]) -> None:
    on_the_air.empty()
    as_another(on_the_air, "greet", "hi")
    comes(lambda: ("hi",) in heard)
    assert bus.trusted()
