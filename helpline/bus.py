"""Hints between processes through Redis: pushes for clients elsewhere, and 'there may be something to dispatch'.

The database is the truth, so a hint may be lost: whoever misses one asks a little later. Nobody waits for Redis: hints
go into a bounded queue that a thread of its own (a greenlet in the server) empties.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

import orjson
import redis
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from helpline import metrics
from helpline.db import random_key

log = structlog.get_logger()

CHANNEL = "helpline"
MOST_WAITING = 5000
MOST_AT_ONCE = 200
TIMEOUT_SECONDS = 0.5
RETRY_SECONDS = 0.5
SAID_SECONDS = 60.0
# Redis answers a ping on the subscription at least this often, or the subscription is made anew.
SILENCE_SECONDS = 5.0

_handlers: dict[str, Callable[..., None]] = {}
_waiting: queue.Queue[tuple[str, tuple[Any, ...]]] | None = None
_self = random_key()
_seal: AESGCM | None = None


def handler(kind: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register what happens here when a hint of this kind comes from another process."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        _handlers[kind] = function
        return function

    return register


def everywhere(kind: str, *arguments: Any) -> None:
    """Do it in this process now, and let the others do it soon."""
    _handlers[kind](*arguments)
    if _waiting is None:
        return
    try:
        _waiting.put_nowait((kind, arguments))
    except queue.Full:
        metrics.HINTS_LOST.inc()


def start(redis_url: str, key: bytes) -> None:
    """Begin to send and to listen, in threads that end with the process.

    `key` (32 bytes, the same in all processes) seals every hint: Redis sees no text, and nobody else can give hints.
    """
    global _waiting, _seal
    _seal = AESGCM(key)
    _waiting = queue.Queue(MOST_WAITING)
    for work in (_send_forever, _listen_forever):
        threading.Thread(target=work, args=(redis_url,), name=work.__name__, daemon=True).start()


def _connection(redis_url: str) -> redis.Redis:
    # redis-py's own default would break the blocking read of the subscription; here every wait has its bound.
    return redis.Redis.from_url(
        redis_url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS, retry=None
    )


def _next_batch() -> list[tuple[str, tuple[Any, ...]]]:
    assert _waiting is not None  # noqa: S101 - started
    batch = [_waiting.get()]
    while len(batch) < MOST_AT_ONCE:
        try:
            batch.append(_waiting.get_nowait())
        except queue.Empty:
            break
    return batch


def _send_forever(redis_url: str) -> None:
    connection = _connection(redis_url)
    while True:
        batch = _next_batch()
        try:
            connection.publish(CHANNEL, _sealed(orjson.dumps([_self, batch])))
        except (redis.RedisError, OSError):
            # The listener says in the log that Redis is away.
            metrics.HINTS_LOST.inc(len(batch))
            time.sleep(RETRY_SECONDS)


def _listen_forever(redis_url: str) -> None:
    said_at = 0.0
    while True:
        try:
            _listen(_connection(redis_url))
        except (redis.RedisError, OSError, ValueError) as error:
            metrics.REDIS_ERRORS.inc()
            if time.monotonic() - said_at > SAID_SECONDS:
                said_at = time.monotonic()
                log.warning("redis_away", problem=type(error).__name__)
            time.sleep(RETRY_SECONDS)


def _listen(connection: redis.Redis) -> None:
    subscription = connection.pubsub(ignore_subscribe_messages=True)
    subscription.subscribe(CHANNEL)
    # What was said while nobody listened is lost: look for work at once.
    _take("wake", ())
    heard = time.monotonic()
    while True:
        message = subscription.get_message(timeout=TIMEOUT_SECONDS / 2)
        now = time.monotonic()
        if message is not None:
            heard = now
            if message["type"] == "message":
                _receive(message["data"])
        elif now - heard > SILENCE_SECONDS:
            raise redis.ConnectionError("Redis is silent")
        elif now - heard > SILENCE_SECONDS / 2:
            subscription.ping()


def _sealed(plain: bytes) -> bytes:
    assert _seal is not None  # noqa: S101 - started
    nonce = os.urandom(12)
    return nonce + _seal.encrypt(nonce, plain, CHANNEL.encode())


def _receive(data: bytes) -> None:
    assert _seal is not None  # noqa: S101 - started
    try:
        sender, batch = orjson.loads(_seal.decrypt(data[:12], data[12:], CHANNEL.encode()))
    except InvalidTag:
        log.warning("foreign_hint")
        return
    if sender == _self:
        return
    for kind, arguments in batch:
        _take(kind, arguments)


def _take(kind: str, arguments: Any) -> None:
    try:
        _handlers[kind](*arguments)
    except Exception as error:
        log.error("hint_failed", kind=kind, problem=type(error).__name__)
