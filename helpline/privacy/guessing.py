"""Guessing return codes is slow, and locks nobody out.

The tries of one address go one after another, and after some wrong ones each waits before it is looked at. A right code
opens whatever was wrong before it. Kept in the memory of this process alone: addresses as keyed hashes, and how often a
code was wrong; never a code.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from helpline import clock
from helpline.privacy.codes import Busy

FREE_TRIES = 5
WITHIN = timedelta(minutes=10)
PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 2.0
MOST_WAITING = 20
# Of all addresses together: whoever has many of them still leaves the process room for others.
MOST_WAITING_IN_ALL = 400
MOST_KEPT = 20_000


@dataclass
class _Lane:
    """The tries of one address: whether one goes on, those that wait, and when the last ones were wrong."""

    taken: bool = False
    waiting: deque[threading.Event] = field(default_factory=deque)
    wrong: deque[datetime] = field(default_factory=deque)

    def pause(self, now: datetime) -> float:
        """For how many seconds the next try waits."""
        while self.wrong and now - self.wrong[0] >= WITHIN:
            self.wrong.popleft()
        return pause_after(len(self.wrong))


def pause_after(wrong: int) -> float:
    """Seconds to wait after so many wrong codes: 1 after the fifth, then 2."""
    return min(LONGEST_PAUSE_SECONDS, max(0, wrong - FREE_TRIES + 1) * PAUSE_SECONDS)


class Guessing:
    """The lanes of this process."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep
        self._lock = threading.Lock()
        self._lanes: dict[str, _Lane] = {}
        self._waiting = 0

    @contextmanager
    def turn(self, address: str) -> Iterator[Callable[[], None]]:
        """Wait for the turn of this (hashed) address; call what it gives when the code was wrong. Raises Busy."""
        lane = self._enter(address)
        try:
            pause = lane.pause(clock.now())
            if pause:
                self._sleep(pause)
            yield lambda: self._note(lane)
        finally:
            self._next(lane)

    def _enter(self, address: str) -> _Lane:
        with self._lock:
            lane = self._lanes.pop(address, None) or _Lane()
            self._lanes[address] = lane  # at the end: the first one is who was here longest ago
            self._make_room()
            if not lane.taken:
                lane.taken = True
                return lane
            if len(lane.waiting) >= MOST_WAITING or self._waiting >= MOST_WAITING_IN_ALL:
                raise Busy
            turn = threading.Event()
            lane.waiting.append(turn)
            self._waiting += 1
        try:
            turn.wait()
        except BaseException:
            # Whoever stops waiting takes no turn, and lets one that just came go on.
            if not self._gave_up(lane, turn):
                self._next(lane)
            raise
        return lane

    def _gave_up(self, lane: _Lane, turn: threading.Event) -> bool:
        with self._lock:
            if turn not in lane.waiting:
                return False
            lane.waiting.remove(turn)
            self._waiting -= 1
            return True

    def _note(self, lane: _Lane) -> None:
        with self._lock:
            lane.wrong.append(clock.now())

    def _next(self, lane: _Lane) -> None:
        with self._lock:
            if lane.waiting:
                self._waiting -= 1
                lane.waiting.popleft().set()
            else:
                lane.taken = False

    def _make_room(self) -> None:
        if len(self._lanes) <= MOST_KEPT:
            return
        idle = [address for address, lane in self._lanes.items() if not lane.taken]
        for address in idle[: MOST_KEPT // 10 + 1]:
            del self._lanes[address]


tries = Guessing()
