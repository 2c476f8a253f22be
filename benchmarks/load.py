"""The load: chats of two sides that talk as fast as they are answered, or at a given pace.

A text is done when its sender holds the acknowledgement and the other side holds the text. Every text carries 120
bytes and a client_id that is random in front (as real ones are, which is what an index feels) and says at its end
whose it is, so that nothing has to be parsed to follow it.
"""

from __future__ import annotations

import asyncio
import gc
import random
import resource
import statistics
import string
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from benchmarks.wire import Link, event_of

TEXT_BYTES = 120
DRAIN_SECONDS = 30.0
STUCK_SECONDS = 5.0
# Real clients say 'typing on' with the first key, and 'typing off' just before a text; both are acknowledged, as is
# every read mark. 'marks' is without 'typing off'.
Manner = Literal["texts", "marks", "real"]


def _bodies(count: int = 256) -> list[bytes]:
    letters = string.ascii_lowercase + "      "
    made = ("".join(random.choice(letters) for _ in range(TEXT_BYTES)).strip() for _ in range(count))
    return [body.ljust(TEXT_BYTES, "x").encode() for body in made]


BODIES = _bodies()


class Speaker:
    """One side of one chat."""

    __slots__ = ("address", "chat", "due", "link", "number", "other", "owed", "read_up_to", "say", "seen", "side")

    def __init__(self, side: bytes, chat: int, link: Link, address: bytes, say: bytes) -> None:
        self.side, self.chat, self.link = side, chat, link
        # What every event of this side says first inside its braces, and what `say` says besides.
        self.address, self.say = address, say
        self.other: Speaker = self
        self.number = 0
        self.owed = 0
        self.seen = 0
        self.read_up_to = 0
        self.due: dict[int, float] = {}


def pair(visitor: Speaker, counsellor: Speaker) -> tuple[Speaker, Speaker]:
    """Make two sides one chat."""
    visitor.other, counsellor.other = counsellor, visitor
    return visitor, counsellor


@dataclass
class Count:
    """What happened in one round."""

    paced: bool = False
    seconds: float = 0.0
    sent: int = 0
    done: int = 0
    done_in_time: int = 0
    gaps: int = 0
    missing: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    delivery: list[float] = field(default_factory=list)
    acknowledged: list[float] = field(default_factory=list)
    lateness: list[float] = field(default_factory=list)
    client_share: float = 0.0
    sync_ms: float = 0.0
    server_cpu: list[float] = field(default_factory=list)

    @property
    def a_second(self) -> float:
        """Texts done in a second of the measured time."""
        return self.done_in_time / self.seconds

    @property
    def cpu_ms(self) -> float:
        """Processor time of all server processes a text, in milliseconds."""
        return 1000 * sum(self.server_cpu) / max(1, self.done_in_time)


def percentile(values: list[float], share: float) -> float:
    """The value that `share` of them don't exceed; 0 without values."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(values: list[float]) -> float:
    """Median, 0 without values."""
    return statistics.median(values) if values else 0.0


class Talk:
    """Chats on open links, and who said what."""

    def __init__(self, chats: list[tuple[Speaker, Speaker]], gapless: bool) -> None:
        self.chats = chats
        self.gapless = gapless
        self.manner: Manner = "texts"
        self.count = Count()
        self.paced = False
        self.going = False
        self.measuring = False
        self.in_flight = 0
        self.window = (0.0, 0.0)
        self._sides = {ord(b"v"): [v for v, _ in chats], ord(b"c"): [c for _, c in chats]}
        self._visitors = {visitor.link: visitor for visitor, _ in chats}
        self._random = random.Random(7)
        for link in {speaker.link for both in chats for speaker in both}:
            link.on_event = self.on_event

    # What the servers say

    def on_event(self, link: Link, packet: bytes) -> None:
        """Follow texts; answer pings as real clients do."""
        if b'["message"' not in packet[:24]:
            if b'["ping"' in packet[:24]:
                self._sign_of_life(link)
            return
        start = packet.index(b"client_id") + 12
        if packet[start - 1] == 32:
            start += 1
        if packet[start + 29] != 34:
            return  # not one of ours: the chat's first text, or the system's
        sender = self._sides[packet[start + 16]][int(packet[start + 17 : start + 21])]
        mine = sender.link is link
        here = sender if mine else sender.other
        at = packet.index(b'"seq":') + 6
        seq = int(packet[at : packet.index(b",", at)])
        if self.gapless:
            if here.seen and seq != here.seen + 1:
                self.count.gaps += 1
            here.seen = max(seq, here.seen)
        if not mine:
            self._delivered(sender, int(packet[start + 21 : start + 29]))
            if self.manner != "texts" and seq > here.read_up_to:
                here.read_up_to = seq
                link.emit(b'["read",{%b"seq":%d}]' % (here.address, seq), self._minor)

    def _sign_of_life(self, link: Link) -> None:
        if link.namespace == "/visitor":
            link.emit(b'["sync",{"after":%d}]' % self._visitors[link].seen, self._minor)
        elif link.namespace == "/console":
            link.emit(b'["resume",{}]', self._minor)

    def _minor(self, packet: bytes) -> None:
        if b'"ok":true' not in packet and b'"ok": true' not in packet:
            self._note_refusal(packet)

    def _note_refusal(self, packet: bytes) -> None:
        self.count.refused[packet[packet.index(b"[") :].decode()[:60]] += 1

    # Texts

    def _say(self, speaker: Speaker, due: float = 0.0) -> None:
        number = speaker.number = speaker.number + 1
        emit, address = speaker.link.emit, speaker.address
        if self.manner != "texts":
            emit(b'["typing",{%b"on":true}]' % address, self._minor)
            if self.manner == "real":
                emit(b'["typing",{%b"on":false}]' % address, self._minor)
        client_id = b"%016x%b%04d%08d" % (self._random.getrandbits(64), speaker.side, speaker.chat, number)
        self.in_flight += 1
        self.count.sent += 1
        if self.paced:
            speaker.due[number] = due
            self.count.lateness.append(time.perf_counter() - due)
        else:
            speaker.owed = 2
        emit(
            b'["say",{%b%b"client_id":"%b","body":"%b"}]'
            % (address, speaker.say, client_id, BODIES[self._random.randrange(256)]),
            lambda packet: self._acknowledged(speaker, due, packet),
        )

    def _acknowledged(self, speaker: Speaker, due: float, packet: bytes) -> None:
        if b'"ok":true' not in packet and b'"ok": true' not in packet:
            self._note_refusal(packet)
            self.in_flight -= 1
            return
        if self.paced:
            if self._counts(due):
                self.count.acknowledged.append(time.perf_counter() - due)
        else:
            self._one_less(speaker)

    def _delivered(self, speaker: Speaker, number: int) -> None:
        if not self.paced:
            self._one_less(speaker)
            return
        due = speaker.due.pop(number, None)
        if due is None:
            return
        self.in_flight -= 1
        self.count.done += 1
        if self._counts(due):
            self.count.delivery.append(time.perf_counter() - due)
            self.count.done_in_time += 1

    def _counts(self, due: float) -> bool:
        """Meant for the measured time, however late it came."""
        return self.window[0] <= due < self.window[1]

    def _one_less(self, speaker: Speaker) -> None:
        speaker.owed -= 1
        if speaker.owed:
            return
        self.in_flight -= 1
        self.count.done += 1
        if self.measuring:
            self.count.done_in_time += 1
        if self.going:
            self._say(speaker)

    # Rounds

    async def as_fast_as_answered(
        self, seconds: float, manner: Manner, cpu: Callable[[], list[float]], warm_up: float = 1.5
    ) -> None:
        """Closed loop: every side has one text under way and sends the next when it is done; then `end` the round."""
        self._begin(manner, paced=False)
        for speaker in self._everybody():
            self._say(speaker)
        await asyncio.sleep(warm_up)
        await self._measure(seconds, cpu)

    async def at_a_pace(
        self, rate: float, seconds: float, manner: Manner, cpu: Callable[[], list[float]], warm_up: float = 2.0
    ) -> None:
        """Open loop: texts come at random moments, `rate` a second in all, however the server is doing.

        Delays count from the moment a text was meant to be sent, so a server (or this program) that falls behind
        can't hide it.
        """
        self._begin(manner, paced=True)
        sender = asyncio.create_task(self._keep_pace(rate))
        await asyncio.sleep(warm_up)
        self.count.lateness.clear()
        await self._measure(seconds, cpu)
        self.going = False
        await sender

    async def _keep_pace(self, rate: float) -> None:
        everybody = list(self._everybody())
        due = time.perf_counter()
        while self.going:
            due += self._random.expovariate(rate)
            # The loop sleeps in whole milliseconds: the last ones are waited for by turning round.
            while (left := due - time.perf_counter()) > 0:
                await asyncio.sleep(left - 0.002 if left > 0.003 else 0)
            self._say(self._random.choice(everybody), due)

    def _everybody(self) -> Iterator[Speaker]:
        for visitor, counsellor in self.chats:
            yield visitor
            yield counsellor

    def _nobody_lost(self) -> None:
        lost = sum(speaker.link.lost for speaker in self._everybody())
        if lost:
            raise RuntimeError(f"the sockets of {lost} sides were closed")

    def _begin(self, manner: Manner, paced: bool) -> None:
        self._nobody_lost()
        self.count, self.manner, self.paced = Count(paced=paced), manner, paced
        self.going, self.in_flight = True, 0
        self.window = (float("inf"), float("inf"))
        for speaker in self._everybody():
            speaker.due.clear()

    async def _measure(self, seconds: float, cpu: Callable[[], list[float]]) -> None:
        with no_collections():
            self.measuring = True
            began, own, servers = time.perf_counter(), own_cpu(), cpu()
            self.window = (began, float("inf"))
            last, quiet_since = -1, began
            while (now := time.perf_counter()) < began + seconds:
                await asyncio.sleep(min(0.25, began + seconds - now))
                if self.count.done != last or not self.in_flight:
                    last, quiet_since = self.count.done, time.perf_counter()
                elif time.perf_counter() - quiet_since > STUCK_SECONDS:
                    raise RuntimeError(
                        f"nothing arrives any more: {self.in_flight} texts under way {self.count.refused}"
                    )
            self.measuring = False
            self.window = (began, time.perf_counter())
            self.count.seconds = time.perf_counter() - began
            self.count.client_share = (own_cpu() - own) / self.count.seconds
            self.count.server_cpu = [after - before for before, after in zip(servers, cpu(), strict=True)]

    async def end(self) -> Count:
        """Wait for what is under way and see that every text arrived: what happened in this round."""
        self.going = False
        deadline = time.perf_counter() + DRAIN_SECONDS
        while self.in_flight and time.perf_counter() < deadline:
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)
        self._nobody_lost()
        count = self.count
        count.missing = sum(self._counts(due) for speaker in self._everybody() for due in speaker.due.values())
        if not self.paced and count.done + sum(count.refused.values()) < count.sent:
            raise RuntimeError(f"{count.sent} texts were sent and {count.done} arrived; refused: {count.refused}")
        return count


def own_cpu() -> float:
    """Processor seconds of this program."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@contextmanager
def no_collections() -> Iterator[None]:
    """The garbage collector of the load generator is not what is measured."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def ignore(link: Link, packet: bytes) -> None:
    """An event nobody waits for."""


class Inbox:
    """Events as they come, read whole; for setting up, where nothing has to be fast."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[tuple[Link, str, object]] = asyncio.Queue()

    def take(self, link: Link, packet: bytes) -> None:
        """Keep an event until somebody asks for it."""
        self.events.put_nowait((link, *event_of(packet)))
