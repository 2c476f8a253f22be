"""Hints between processes through Redis: pushes for clients elsewhere, and 'there may be something to dispatch'.

The database is the truth, so a hint may be lost: whoever misses one asks a little later. Nobody waits for Redis: hints
go into a bounded queue that a thread of its own (a greenlet in the server) empties. `trusted` says whether hints
arrive; while they don't, `chat.catch_up` looks for itself.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import orjson
import redis
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from helpline import clock, metrics
from helpline.db import random_key

log = structlog.get_logger()

CHANNEL = "helpline"
MOST_WAITING = 5000
MOST_AT_ONCE = 200
GATHER_SECONDS = 0.003
APART_SECONDS = 0.02
TIMEOUT_SECONDS = 0.5
RETRY_SECONDS = 0.5
SAID_SECONDS = 60.0
# After so much quiet Redis is asked whether it is there, and has so long to answer.
ASK_SECONDS = 0.5
SILENCE_SECONDS = 1.5
# For so long after a loss hints are not trusted: whatever disturbed them may not be over.
LOSS_SECONDS = 5.0
# Sealed longer ago, or so far ahead, a hint is not for now: somebody recorded it, or a clock is wrong.
FRESH_SECONDS = 5.0

Hint = tuple[str, tuple[Any, ...]]

_handlers: dict[str, Callable[..., None]] = {}
_waiting: deque[Hint] | None = None
_some = threading.Event()
_self = random_key().encode()
_seal: AESGCM | None = None
_over = threading.Event()
_threads: list[threading.Thread] = []
_listening = False
_lost_at: float | None = None


def handler(kind: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register what happens here when a hint of this kind comes from another process.

    Two kinds come from here: `missed`, hints for this process were lost, and `back`, the subscription stands anew.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        _handlers[kind] = function
        return function

    return register


def everywhere(kind: str, *arguments: Any) -> None:
    """Do it in this process now, and let the others do it soon."""
    if _waiting is not None:
        if len(_waiting) < MOST_WAITING:
            _waiting.append((kind, arguments))
            _some.set()
        else:
            _lose([(kind, arguments)])
    _handlers[kind](*arguments)


def trusted() -> bool:
    """True while the hints of the others arrive here, as far as can be told."""
    return _listening and (_lost_at is None or time.monotonic() - _lost_at > LOSS_SECONDS)


@handler("missed")
def _missed() -> None:
    global _lost_at
    _lost_at = time.monotonic()


def start(redis_url: str, key: bytes) -> None:
    """Begin to send and to listen, in threads that end with the process or after `stop`.

    `key` (32 bytes, the same in all processes) seals every hint: Redis sees no text, and nobody else can give hints.
    """
    global _waiting, _seal, _lost_at, _listening
    _seal, _waiting, _lost_at, _listening = AESGCM(key), deque(), None, False
    _over.clear()
    for work in (_send_forever, _listen_forever):
        thread = threading.Thread(target=work, args=(redis_url,), name=work.__name__, daemon=True)
        thread.start()
        _threads.append(thread)


def stop() -> None:
    """Let both threads end and wait for them; what was not sent is lost."""
    global _waiting
    _over.set()
    _lose([])
    while _threads:
        _threads.pop().join()
    _waiting = None


def _connection(redis_url: str) -> redis.Redis:
    # redis-py's own default would break the blocking read of the subscription; here every wait has its bound.
    return redis.Redis.from_url(
        redis_url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS, retry=None
    )


# Sending


def _send_forever(redis_url: str) -> None:
    waiting = _waiting
    assert waiting is not None  # noqa: S101 - started
    connection, answered, sent = _connection(redis_url), 0.0, 0.0
    while not _over.is_set():
        batch = _next_batch(waiting, sent)
        sent = time.monotonic()
        if not batch:
            continue
        try:
            sealed = _sealed(orjson.dumps([clock.now().timestamp(), batch]))
            # Asked first: what a silent Redis is given it hands out when it speaks again, long out of date.
            if time.monotonic() - answered > ASK_SECONDS:
                connection.ping()
            connection.publish(CHANNEL, sealed)
            answered = time.monotonic()
        except Exception as error:
            # The listener says in the log that Redis is away.
            if not isinstance(error, redis.RedisError | OSError):
                log.error("hint_not_sent", problem=type(error).__name__)
            answered = 0.0
            _lose(batch)
            _over.wait(RETRY_SECONDS)


def _next_batch(waiting: deque[Hint], sent: float) -> list[Hint]:
    _some.wait()
    # A message for Redis costs more than its hints: those that come within a moment share one, a longer one when busy.
    time.sleep(max(GATHER_SECONDS, sent + APART_SECONDS - time.monotonic()))
    _some.clear()
    batch = []
    while waiting and len(batch) < MOST_AT_ONCE:
        batch.append(waiting.popleft())
    if waiting:
        _some.set()
    return batch


def _lose(hints: list[Hint]) -> None:
    """These are lost, and with them all that wait, for later they would be out of date; the others are told so."""
    if _waiting is None:
        return
    while _waiting:
        hints.append(_waiting.popleft())
    metrics.HINTS_LOST.inc(sum(kind != "missed" for kind, _ in hints))
    # What disturbs our hints probably disturbs those of the others.
    _missed()
    _waiting.append(("missed", ()))
    _some.set()


# Listening


def _listen_forever(redis_url: str) -> None:
    global _listening
    said_at: float | None = None
    while not _over.is_set():
        try:
            with _connection(redis_url) as connection:
                _listen(connection)
        except Exception as error:
            metrics.REDIS_ERRORS.inc()
            if said_at is None or time.monotonic() - said_at > SAID_SECONDS:
                said_at = time.monotonic()
                log.warning("redis_away", problem=type(error).__name__)
        _listening = False
        _over.wait(RETRY_SECONDS)


def _listen(connection: redis.Redis) -> None:
    global _listening
    with connection.pubsub() as subscription:
        subscription.subscribe(CHANNEL)
        heard = time.monotonic()
        asked: float | None = heard
        while not _over.is_set():
            message = subscription.get_message(timeout=TIMEOUT_SECONDS / 2)
            now = time.monotonic()
            if message is None:
                if asked is not None and now - asked > SILENCE_SECONDS:
                    raise redis.ConnectionError("Redis is silent")
                if asked is None and now - heard > ASK_SECONDS:
                    subscription.ping()
                    asked = now
                continue
            heard, asked = now, None
            if message["type"] == "message":
                _receive(message["data"])
            elif message["type"] == "subscribe":
                # What was said while nobody listened is lost.
                _take("back", ())
                _take("wake", ())
                _listening = True


def _sealed(plain: bytes, sender: bytes = _self) -> bytes:
    """The sender's mark, which everybody may read, and the rest, bound to it."""
    assert _seal is not None  # noqa: S101 - started
    nonce = os.urandom(12)
    return sender + nonce + _seal.encrypt(nonce, plain, CHANNEL.encode() + sender)


def _receive(data: bytes) -> None:
    assert _seal is not None  # noqa: S101 - started
    sender, nonce, sealed = data[: len(_self)], data[len(_self) : len(_self) + 12], data[len(_self) + 12 :]
    if sender == _self:
        return
    try:
        sealed_at, batch = orjson.loads(_seal.decrypt(nonce, sealed, CHANNEL.encode() + sender))
        fresh = abs(clock.now().timestamp() - sealed_at) <= FRESH_SECONDS
        hints = [(kind, tuple(arguments)) for kind, arguments in batch]
    except (InvalidTag, ValueError, TypeError):
        log.warning("foreign_hint")
        _missed()
        return
    if not fresh:
        log.warning("stale_hint")
        _missed()
        return
    for kind, arguments in hints:
        _take(kind, arguments)


def _take(kind: str, arguments: tuple[Any, ...]) -> None:
    try:
        _handlers[kind](*arguments)
    except Exception as error:
        log.error("hint_failed", problem=type(error).__name__)
        _missed()
