"""Guessing return codes is slow, and locks nobody out.

The tries of one address are looked at one after another, its visitors in turn; every other turn goes to whoever was
wrong least often. Nobody waits for a pause: after some wrong codes the answer to the next wrong one comes later, and by
then the next in line is looked at. Where the line is full, whoever was wrong most often makes room.

Kept in the memory of this process alone, for ten minutes: addresses and visitors as hashes, and when a code was wrong
or not looked at; never a code.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
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
# How often an address may be turned away, for others try codes too, before it is doubted.
MOST_TURNED_AWAY = 3
MOST_WAITING = 20
MOST_WAITING_OF_ONE = 3
# Of all addresses together: whoever has many of them still leaves the process room for others.
MOST_WAITING_IN_ALL = 400
MOST_KEPT = 20_000


@dataclass(eq=False)
class Try:
    """A code that somebody entered.

    doubtful: whether other codes of this address were wrong, or it comes very often. wrong: to be set where this is.
    """

    visitor: str
    doubtful: bool = False
    wrong: bool = False
    turned_away: bool = False
    dropped: bool = False
    turn: threading.Event = field(default_factory=threading.Event)


@dataclass
class _Lane:
    """The tries of one address: whether one is looked at, those that wait, which were wrong, which not looked at."""

    taken: bool = False
    # By visitor, in the order of their turns.
    waiting: dict[str, deque[Try]] = field(default_factory=dict)
    wrong: deque[tuple[datetime, str]] = field(default_factory=deque)
    turned_away: deque[datetime] = field(default_factory=lambda: deque(maxlen=MOST_TURNED_AWAY + 1))
    by_order: bool = False

    def forget(self, now: datetime) -> None:
        """Nobody is held to what was wrong ten minutes ago."""
        while self.wrong and now - self.wrong[0][0] >= WITHIN:
            self.wrong.popleft()
        while self.turned_away and now - self.turned_away[0] >= WITHIN:
            self.turned_away.popleft()

    @property
    def doubtful(self) -> bool:
        return bool(self.wrong) or len(self.turned_away) > MOST_TURNED_AWAY

    def times_wrong(self) -> Counter[str]:
        """How often each visitor was."""
        return Counter(who for _, who in self.wrong)

    @property
    def length(self) -> int:
        return sum(map(len, self.waiting.values()))

    def add(self, one: Try) -> None:
        self.waiting.setdefault(one.visitor, deque()).append(one)

    def take(self) -> Try:
        """The next one; its visitor's next turn comes after those of all others."""
        self.by_order = not self.by_order
        times = Counter[str]() if self.by_order else self.times_wrong()
        visitor = min(self.waiting, key=lambda who: times[who])
        tries = self.waiting.pop(visitor)
        one = tries.popleft()
        if tries:
            self.waiting[visitor] = tries
        return one

    def remove(self, one: Try) -> bool:
        """Whether it waited here still."""
        tries = self.waiting.get(one.visitor)
        if tries is None or one not in tries:
            return False
        tries.remove(one)
        if not tries:
            del self.waiting[one.visitor]
        return True

    def in_the_way_of(self, visitor: str) -> Try | None:
        """Whoever makes room for this visitor in a line that is full; None where nobody does."""
        times = self.times_wrong()
        worst = max(self.waiting, key=lambda who: times[who], default=visitor)
        return self.waiting[worst][-1] if times[worst] > times[visitor] else None


def pause_after(wrong: int) -> float:
    """Seconds until it is said that a code was wrong, the how-manieth it ever is: 1 for the fifth, then 2."""
    return min(LONGEST_PAUSE_SECONDS, max(0, wrong - FREE_TRIES + 1) * PAUSE_SECONDS)


class Guessing:
    """The lanes of this process."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep
        self._lock = threading.Lock()
        self._lanes: dict[str, _Lane] = {}
        self._waiting = 0

    @contextmanager
    def turn(self, address: str, visitor: str) -> Iterator[Try]:
        """Wait for a turn of this (hashed) address and visitor; tell what it gives when the code was wrong.

        Leaving it takes a while then, and so does being turned away. Raises Busy.
        """
        one = Try(visitor)
        try:
            lane = self._enter(address, one)
            try:
                yield one
            except Busy:
                one.turned_away = True
                raise
            finally:
                pause = self._leave(lane, one)
        except Busy:
            self._sleep(PAUSE_SECONDS)
            raise
        if pause:
            self._sleep(pause)

    def _enter(self, address: str, one: Try) -> _Lane:
        now = clock.now()
        with self._lock:
            self._forget(now)
            lane = self._lanes.pop(address, None) or _Lane()
            self._lanes[address] = lane  # at the end: the first one is who was here longest ago
            self._make_room()
            if not lane.taken:
                lane.taken, one.doubtful = True, lane.doubtful
                return lane
            self._find_place(lane, one)
        try:
            one.turn.wait()
        except BaseException:
            # Whoever stops waiting takes no turn, and lets the next one go on if it just came.
            if not self._gave_up(lane, one):
                self._leave(lane, one)
            raise
        if one.dropped:
            raise Busy
        return lane

    def _find_place(self, lane: _Lane, one: Try) -> None:
        own = lane.waiting.get(one.visitor, deque())
        if len(own) >= MOST_WAITING_OF_ONE:
            # Whoever presses again has turned away from the answer to what was sent first.
            self._drop(lane, own[0])
        elif lane.length >= MOST_WAITING or self._waiting >= MOST_WAITING_IN_ALL:
            in_the_way = lane.in_the_way_of(one.visitor)
            if in_the_way is None:
                raise Busy
            self._drop(lane, in_the_way)
        lane.add(one)
        self._waiting += 1

    def _drop(self, lane: _Lane, one: Try) -> None:
        lane.remove(one)
        self._waiting -= 1
        one.dropped = True
        one.turn.set()

    def _gave_up(self, lane: _Lane, one: Try) -> bool:
        with self._lock:
            waited = lane.remove(one)
            self._waiting -= waited
            return waited or one.dropped

    def _leave(self, lane: _Lane, one: Try) -> float:
        """Let the next one go on. Returns how long the answer to this one waits."""
        now = clock.now()
        with self._lock:
            lane.forget(now)
            if one.wrong:
                lane.wrong.append((now, one.visitor))
            if one.turned_away:
                lane.turned_away.append(now)
            if lane.waiting:
                self._waiting -= 1
                following = lane.take()
                following.doubtful = lane.doubtful
                following.turn.set()
            else:
                lane.taken = False
            return pause_after(len(lane.wrong)) if one.wrong else 0.0

    def _forget(self, now: datetime) -> None:
        """Let go of addresses with which nothing was wrong in the last ten minutes."""
        while self._lanes:
            address, lane = next(iter(self._lanes.items()))
            lane.forget(now)
            if lane.taken or lane.wrong or lane.turned_away:
                return
            del self._lanes[address]

    def _make_room(self) -> None:
        if len(self._lanes) <= MOST_KEPT:
            return
        idle = [address for address, lane in self._lanes.items() if not lane.taken]
        for address in idle[: MOST_KEPT // 10 + 1]:
            del self._lanes[address]


tries = Guessing()
