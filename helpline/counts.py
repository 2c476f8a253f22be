"""Where the limits of one address are counted: in Redis, so that they hold over all processes, or in memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from typing import Any, ClassVar

import redis
from limits.storage import MemoryStorage, RedisStorage, Storage

from helpline import metrics

SCHEME = "shared+"
# A visitor waits for connecting and for the answer at most: 0.1 s together.
TIMEOUT_SECONDS = 0.05
# So long nobody asks a Redis that did not answer.
PAUSE_SECONDS = 30.0
# A day and an hour, for midnight does not come to all hosts at the same moment.
SALT_SECONDS = 90_000


class SharedCounts(Storage):
    """Counts in Redis; while that does not answer in this process's memory, where each process counts for itself."""

    STORAGE_SCHEME: ClassVar[list[str]] = [f"{SCHEME}redis", f"{SCHEME}rediss"]

    def __init__(self, uri: str, wrap_exceptions: bool = False, **options: Any) -> None:
        super().__init__(uri, wrap_exceptions)
        bounds = {"socket_timeout": TIMEOUT_SECONDS, "socket_connect_timeout": TIMEOUT_SECONDS, "retry": None}
        self._shared = RedisStorage(uri.removeprefix(SCHEME), **bounds)  # type: ignore[arg-type]  # handed to redis-py
        self._own = MemoryStorage()
        self._ask_again_at = 0.0
        self._agreed: tuple[date, bytes] = (date.min, b"")

    @property
    def base_exceptions(self) -> type[Exception]:
        """What may go wrong on the way to Redis."""
        return redis.RedisError

    def _ask(self, what: str, *arguments: Any) -> Any:
        return self._or(lambda: getattr(self._shared, what)(*arguments), lambda: getattr(self._own, what)(*arguments))

    def _or(self, shared: Callable[[], Any], own: Callable[[], Any]) -> Any:
        if time.monotonic() >= self._ask_again_at:
            try:
                return shared()
            except (redis.RedisError, OSError):
                metrics.REDIS_ERRORS.inc()
                self._ask_again_at = time.monotonic() + PAUSE_SECONDS
        return own()

    def salt(self, day: date, own: bytes) -> bytes:
        """The salt of this day, of whichever process was the first to offer one; `own` while Redis is away."""
        if self._agreed[0] != day:
            agreed = self._or(lambda: self._agree(f"salt:{day}", own), lambda: None)
            if agreed is None:
                return own
            self._agreed = (day, agreed)
        return self._agreed[1]

    def _agree(self, key: str, own: bytes) -> bytes | None:
        # At once, so that a visitor waits for one answer.
        with self._shared.storage.pipeline(transaction=False) as both:
            answers = both.set(key, own, nx=True, ex=SALT_SECONDS).get(key).execute()
        return answers[1]  # type: ignore[no-any-return]  # redis-py says Any

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """One more; returns how many there are in this window."""
        return int(self._ask("incr", key, expiry, amount))

    def get(self, key: str) -> int:
        """How many there are in this window."""
        return int(self._ask("get", key))

    def get_expiry(self, key: str) -> float:
        """When the window ends."""
        return float(self._ask("get_expiry", key))

    def check(self) -> bool:
        """There is always a place to count."""
        return True

    def clear(self, key: str) -> None:
        """Begin anew with one key."""
        self._ask("clear", key)

    def reset(self) -> int | None:
        """Begin anew with all."""
        return int(self._ask("reset") or 0)
