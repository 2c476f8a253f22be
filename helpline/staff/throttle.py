"""How often somebody may try to sign in. PURE: `now` is an argument.

Failures are counted for a login and an address together, so a stranger's failures never stop the counsellor, who sits
elsewhere. Over all addresses of a login they only slow things down. Kept in memory alone: logins and addresses as
hashes, forgotten an hour after the last try.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

FREE_TRIES = 5
FIRST_DELAY = timedelta(seconds=15)
LONGEST_DELAY = timedelta(minutes=15)
FREE_FAILURES_OF_A_LOGIN = 50
LONGEST_SLOW_DOWN_SECONDS = 5.0
FORGOTTEN_AFTER = timedelta(hours=1)
MOST_KEPT = 20_000

K = TypeVar("K")


class Throttled(Exception):
    """Too many failures; `until` is the moment from which the next try is looked at."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


@dataclass
class _Count:
    last: datetime
    failures: int = 0
    until: datetime | None = None


class Throttle:
    """Counts tries of this process. A try counts as failed until `succeeded` takes it back.

    Counting first means that a hundred tries at the same moment are not a hundred free ones.
    """

    def __init__(self, most_kept: int = MOST_KEPT) -> None:
        self._most_kept = most_kept
        self._lock = threading.Lock()
        self._pairs: dict[tuple[str, str], _Count] = {}
        self._logins: dict[str, _Count] = {}

    def attempt(self, login: str, address: str, now: datetime) -> float:
        """Count a try; returns for how many seconds to slow it down, raises Throttled when it comes too early."""
        name = _hashed(login)
        with self._lock:
            pair = self._counter(self._pairs, (name, address), now)
            if pair.until is not None and now < pair.until:
                raise Throttled(pair.until)
            pair.failures += 1
            pair.last = now
            if pair.failures >= FREE_TRIES:
                pair.until = now + delay_after(pair.failures)
            whole = self._counter(self._logins, name, now)
            whole.failures += 1
            whole.last = now
            return slow_down_after(whole.failures - 1)

    def succeeded(self, login: str, address: str) -> None:
        """The try was right: forget what this pair failed before."""
        name = _hashed(login)
        with self._lock:
            pair = self._pairs.pop((name, address), None)
            whole = self._logins.get(name)
            if pair is not None and whole is not None:
                whole.failures = max(0, whole.failures - pair.failures)

    def _counter(self, counts: dict[K, _Count], key: K, now: datetime) -> _Count:
        count = counts.get(key)
        if count is None or now - count.last > FORGOTTEN_AFTER:
            _make_room(counts, now, self._most_kept)
            count = counts[key] = _Count(last=now)
        return count


def delay_after(failures: int) -> timedelta:
    """How long a pair waits after so many failures: 15 s after the fifth, then twice as long each time."""
    if failures < FREE_TRIES:
        return timedelta()
    return min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(failures - FREE_TRIES, 16))


def slow_down_after(failures: int) -> float:
    """Seconds that every try at a login is slowed down by after so many failures from anywhere."""
    if failures < FREE_FAILURES_OF_A_LOGIN:
        return 0.0
    return min(LONGEST_SLOW_DOWN_SECONDS, 1.0 + (failures - FREE_FAILURES_OF_A_LOGIN) / 50)


def _make_room(counts: dict[K, _Count], now: datetime, most: int) -> None:
    if len(counts) < most:
        return
    for key in [key for key, count in counts.items() if now - count.last > FORGOTTEN_AFTER]:
        del counts[key]
    if len(counts) >= most:
        by_age = sorted(counts, key=lambda key: counts[key].last)
        for key in by_age[: most // 10 + 1]:
            del counts[key]


def _hashed(login: str) -> str:
    # People type their password into the wrong field: what was typed is not kept, even in memory.
    return hashlib.sha256(login.encode("utf-8", "replace")).hexdigest()
