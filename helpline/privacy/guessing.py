"""Guessing return codes is slow, and locks nobody out.

The tries of one address are looked at one after another. Codes of our own making come first, and behind them, with
places of their own, all others: guesses, misreadings, and codes from before ours could be told. Among either, visitors
come in turn, every other turn for whoever was wrong least often. Nobody waits for a pause: after some wrong codes the
answer to the next wrong one comes later, and by then the next in line is looked at. Where a line is full, whoever was
wrong most often makes room.

Kept in the memory of this process alone, for ten minutes: addresses and visitors as hashes, and when a code was wrong;
of a code of our own making that opened nothing a hash under a key of this process, so that it comes first only once.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from helpline import clock
from helpline.privacy import codes
from helpline.privacy.codes import Busy

Opened = TypeVar("Opened")
FREE_TRIES = 5
WITHIN = timedelta(minutes=10)
PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 2.0
# In either line of one address.
MOST_WAITING = 20
MOST_WAITING_OF_ONE = 3
# Of all addresses together: whoever has many of them still leaves the process room for others.
MOST_WAITING_IN_ALL = 400
MOST_KEPT = 20_000


@dataclass(eq=False)
class Try:
    """A code that somebody entered.

    mark: what a code of our own making is known again by. doubtful: whether it is none, or opened nothing here lately.
    wrong: to be set where this is.
    """

    visitor: str
    mark: bytes | None = None
    doubtful: bool = True
    wrong: bool = False
    dropped: bool = False
    turn: threading.Event = field(default_factory=threading.Event)


@dataclass
class _Line:
    """Tries that wait, by visitor in the order of their turns."""

    waiting: dict[str, deque[Try]] = field(default_factory=dict)
    by_order: bool = False

    def __len__(self) -> int:
        return sum(map(len, self.waiting.values()))

    def add(self, one: Try) -> None:
        self.waiting.setdefault(one.visitor, deque()).append(one)

    def take(self, times_wrong: Counter[str]) -> Try:
        """The next one; its visitor's next turn comes after those of all others."""
        self.by_order = not self.by_order
        times = Counter[str]() if self.by_order else times_wrong
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

    def in_the_way_of(self, visitor: str, times_wrong: Counter[str]) -> Try | None:
        """Whoever makes room for this visitor in a line that is full; None where nobody does."""
        worst = max(self.waiting, key=lambda who: times_wrong[who], default=visitor)
        return self.waiting[worst][-1] if times_wrong[worst] > times_wrong[visitor] else None


@dataclass
class _Lane:
    """The tries of one address: whether one is looked at, those that wait, and when whose were wrong."""

    taken: bool = False
    likely: _Line = field(default_factory=_Line)
    doubtful: _Line = field(default_factory=_Line)
    wrong: deque[tuple[datetime, str, bytes | None]] = field(default_factory=deque)

    def forget(self, now: datetime) -> None:
        """Nobody is held to what was wrong ten minutes ago."""
        while self.wrong and now - self.wrong[0][0] >= WITHIN:
            self.wrong.popleft()

    def line_of(self, one: Try) -> _Line:
        return self.doubtful if one.doubtful else self.likely

    def doubts(self, one: Try) -> bool:
        return one.mark is None or any(mark == one.mark for _, _, mark in self.wrong)

    def times_wrong(self) -> Counter[str]:
        """How often each visitor was."""
        return Counter(who for _, who, _ in self.wrong)


def pause_after(wrong: int) -> float:
    """Seconds until it is said that a code was wrong, the how-manieth it ever is: 1 for the fifth, then 2."""
    return min(LONGEST_PAUSE_SECONDS, max(0, wrong - FREE_TRIES + 1) * PAUSE_SECONDS)


class Guessing:
    """The lanes of this process."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep
        self._lock = threading.Lock()
        self._lanes: dict[str, _Lane] = {}
        # By whether they are doubtful.
        self._waiting = Counter[bool]()
        self._key = secrets.token_bytes(32)

    @contextmanager
    def turn(self, address: str, visitor: str, likely: str | None = None) -> Iterator[Try]:
        """Wait for a turn of this (hashed) address and visitor; tell what it gives when the code was wrong.

        likely: the code, where it is of our own making. Leaving takes a while after a wrong one, and so does being
        turned away. Raises Busy.
        """
        one = Try(visitor, hmac.digest(self._key, likely.encode(), "sha256") if likely else None)
        try:
            lane = self._enter(address, one)
            try:
                yield one
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
            one.doubtful = lane.doubts(one)
            if not lane.taken:
                lane.taken = True
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
        line = lane.line_of(one)
        own = line.waiting.get(one.visitor, deque())
        if len(own) >= MOST_WAITING_OF_ONE:
            # Whoever presses again has turned away from the answer to what was sent first.
            self._drop(lane, own[0])
        elif len(line) >= MOST_WAITING or self._waiting[one.doubtful] >= MOST_WAITING_IN_ALL:
            in_the_way = line.in_the_way_of(one.visitor, lane.times_wrong())
            if in_the_way is None:
                raise Busy
            self._drop(lane, in_the_way)
        line.add(one)
        self._waiting[one.doubtful] += 1

    def _drop(self, lane: _Lane, one: Try) -> None:
        lane.line_of(one).remove(one)
        self._waiting[one.doubtful] -= 1
        one.dropped = True
        one.turn.set()

    def _gave_up(self, lane: _Lane, one: Try) -> bool:
        with self._lock:
            waited = lane.line_of(one).remove(one)
            self._waiting[one.doubtful] -= waited
            return waited or one.dropped

    def _leave(self, lane: _Lane, one: Try) -> float:
        """Let the next one go on. Returns how long the answer to this one waits."""
        now = clock.now()
        with self._lock:
            lane.forget(now)
            if one.wrong:
                lane.wrong.append((now, one.visitor, one.mark))
            line = lane.likely or lane.doubtful
            if line:
                following = line.take(lane.times_wrong())
                self._waiting[following.doubtful] -= 1
                following.turn.set()
            else:
                lane.taken = False
            return pause_after(len(lane.wrong)) if one.wrong else 0.0

    def _forget(self, now: datetime) -> None:
        """Let go of addresses with which nothing was wrong in the last ten minutes."""
        while self._lanes:
            address, lane = next(iter(self._lanes.items()))
            lane.forget(now)
            if lane.taken or lane.wrong:
                return
            del self._lanes[address]

    def _make_room(self) -> None:
        if len(self._lanes) <= MOST_KEPT:
            return
        idle = [address for address, lane in self._lanes.items() if not lane.taken]
        for address in idle[: MOST_KEPT // 10 + 1]:
            del self._lanes[address]


tries = Guessing()


def in_turn(code: str, caller: str, visitor: str, opens: Callable[[bytes], Opened | None]) -> Opened | None:
    """What `opens` finds with that from which all keys of a code come, once it is its turn; None for a wrong code.

    caller: the hashed address. visitor: the hash of the session. Raises Busy, and what `opens` raises.
    """
    salt = codes.own_salt()
    with tries.turn(caller, visitor, code if codes.likely(code, salt) else None) as this:
        # One slow step for everything that the code may open.
        found = opens(codes.opened(code, salt, doubtful=this.doubtful))
        this.wrong = found is None
    return found
