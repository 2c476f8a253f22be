"""Measures the chat and writes docs/performance.md.

    .venv/bin/python benchmarks/chat.py                 prints
    .venv/bin/python benchmarks/chat.py --write         prints, and writes docs/performance.md
    .venv/bin/python benchmarks/chat.py --quick         a few minutes, for a first look; too short to quote
    .venv/bin/python benchmarks/chat.py --only texts real --on sqlite relay

Needs two cores, `taskset`, and the packages of the tests (make test-tools).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.crowd import Size, many_chats, waiting
from benchmarks.databases import Redis, postgres
from benchmarks.load import Count, Talk
from benchmarks.people import CHATS_A_COUNSELLOR, talk_on
from benchmarks.servers import Missing, Product, Relay

CHATS = 50
PACE = 200.0
CAPACITY = 10
LOAD_CORE = 1
CLOSED = ("texts", "marks", "real")
PARTS = (*CLOSED, "delivery", "waiting", "many")
PLACES = ("relay", "sqlite", "postgres", "postgres2", "share1", "share2")
# One and two processes with so much of a core each: the others' core is then free for database and load.
SHARE = 0.3
SHARED = {"share1": 1, "share2": 2}
# Who stood still does not trust the hints of others for some seconds and asks the database in the meantime.
WITH_REDIS = ("postgres2", *SHARED)
AWAKE_SECONDS = 9.0
# Measured in turn with each other.
GROUPS = (("relay", "sqlite", "postgres"), ("postgres2",), tuple(SHARED))

Server = Product | Relay


@dataclass
class Results:
    """Everything that was measured, for the page and for `--json`."""

    about: dict[str, Any] = field(default_factory=dict)
    closed: dict[str, dict[str, list[Count]]] = field(default_factory=dict)
    delivery: dict[str, list[Count]] = field(default_factory=dict)
    waiting: dict[str, Any] = field(default_factory=dict)
    many: dict[str, Any] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


def options() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="short rounds and small crowds")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="parts to measure")
    parser.add_argument("--on", nargs="+", choices=PLACES, default=list(PLACES), help="servers to measure")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument("--rounds", type=int, help="interleaved rounds")
    parser.add_argument("--seconds", type=float, help="measured seconds a round, at most 12")
    parser.add_argument("--visitors", type=int, help="size of the crowd")
    parser.add_argument("--database", help="use this empty PostgreSQL database instead of starting one")
    parser.add_argument("--redis", help="use this Redis instead of starting one")
    parser.add_argument("--priority", type=int, default=0, help="nice value for everything here, e.g. -10 as root")
    chosen = parser.parse_args()
    chosen.rounds = chosen.rounds or (2 if chosen.quick else 5)
    # Servers that rest while others are measured must not miss the pings of their sockets.
    chosen.seconds = min(12.0, chosen.seconds or (3.0 if chosen.quick else 8.0))
    chosen.visitors = chosen.visitors or (200 if chosen.quick else 2000)
    return chosen


class Bench:
    """The servers of one run, and what they depend on."""

    def __init__(self, chosen: argparse.Namespace) -> None:
        self.chosen = chosen
        self.results = Results()
        self._stack = contextlib.ExitStack()
        self._postgres: Any = None
        self._redis: Redis | None = None

    def close(self) -> None:
        """End everything that was started."""
        self._stack.close()

    def _database(self) -> str:
        if self.chosen.database:
            return str(self.chosen.database)
        if self._postgres is None:
            self._postgres = postgres()
            self._stack.callback(self._postgres.stop)
        return str(self._stack.enter_context(self._postgres.empty_database()))

    def _redis_url(self) -> str:
        if self.chosen.redis:
            return str(self.chosen.redis)
        if self._redis is None:
            self._redis = Redis()
            self._stack.callback(self._redis.stop)
        return self._redis.url

    def start(self, place: str, counsellors: int, capacity: int) -> Server:
        """A fresh server of this kind."""
        if place == "relay":
            return Relay("relay").start()
        if place == "sqlite":
            product = Product(place)
        elif place == "postgres":
            product = Product(place, database=self._database(), redis=self.chosen.redis or "")
        elif place in SHARED:
            product = Product(place, SHARED[place], self._database(), self._redis_url(), SHARE)
        else:
            product = Product(place, processes=2, database=self._database(), redis=self._redis_url())
        try:
            product.furnish(counsellors, capacity)
            return product.start()
        except BaseException:
            product.stop()
            raise

    def _say(self, *words: object) -> None:
        print(*words, flush=True)

    # Fifty chats

    async def fifty(self) -> None:
        """The closed loops and the paced one, on the servers of one group in turn.

        Whoever is not measured stands still; more than 20 s of it would look like a lost connection to both ends.
        """
        for group in GROUPS:
            await self._fifty_on([place for place in group if place in self.chosen.on])

    async def _fifty_on(self, places: list[str]) -> None:
        servers: dict[str, Server] = {}
        talks: dict[str, Talk] = {}
        try:
            for place in places:
                with self._tolerant(place, "fifty chats"):
                    server = self.start(place, -(-CHATS // CHATS_A_COUNSELLOR), CHATS_A_COUNSELLOR)
                    servers[place] = server
                    talks[place] = await talk_on(server, CHATS)
            for manner in CLOSED:
                if manner in self.chosen.only:
                    kept = self.results.closed.setdefault(manner, {})
                    await self._rounds(servers, talks, kept, manner, self._closed(manner))
            if "delivery" in self.chosen.only:
                whole = {place: talk for place, talk in talks.items() if place not in SHARED}
                await self._rounds(servers, whole, self.results.delivery, "delivery", self._paced)
        finally:
            for server in servers.values():
                server.stop()

    def _closed(self, manner: Any) -> Callable[[Talk, Server], Any]:
        return lambda talk, server: talk.as_fast_as_answered(self.chosen.seconds, manner, server.cpu)

    def _paced(self, talk: Talk, server: Server) -> Any:
        return talk.at_a_pace(PACE, self.chosen.seconds, "real", server.cpu)

    async def _rounds(
        self,
        servers: dict[str, Server],
        talks: dict[str, Talk],
        kept: dict[str, list[Count]],
        what: str,
        measure: Callable[[Talk, Server], Any],
    ) -> None:
        for number in range(self.chosen.rounds):
            for place in list(talks):
                with self._tolerant(place, what, talks):
                    with contextlib.ExitStack() as others:
                        for other, server in servers.items():
                            if other != place:
                                others.enter_context(server.resting())
                        await asyncio.sleep(AWAKE_SECONDS if place in WITH_REDIS else 0.3)
                        disk = report.sync_ms()
                        await measure(talks[place], servers[place])
                    count = await talks[place].end()
                    count.sync_ms = disk
                    kept.setdefault(place, []).append(count)
                    self._say(report.line(what, place, number, count))

    @contextlib.contextmanager
    def _tolerant(self, place: str, what: str, talks: dict[str, Talk] | None = None) -> Iterator[None]:
        """A server that can't be measured is told on the page; the others go on."""
        try:
            yield
        except Exception as error:
            told = f"{type(error).__name__}: {error}"[:300]
            self.results.missing[f"{place}, {what}"] = told
            self._say("NOT MEASURED", place, what, told)
            if not isinstance(error, Missing):
                traceback.print_exc()
            if talks is not None:
                talks.pop(place, None)

    # Two thousand

    async def crowds(self) -> None:
        """Arriving, waiting, many chats."""
        size = Size(self.chosen.visitors)
        if self.chosen.quick:
            size = Size(self.chosen.visitors, self.chosen.visitors / 33, 15.0, 15.0)
        place = next((place for place in ("sqlite", "postgres") if place in self.chosen.on), None)
        if place is None:
            return
        if "waiting" in self.chosen.only:
            with self._tolerant(place, "waiting"), self._fresh(place, 5, CHATS_A_COUNSELLOR) as product:
                await waiting(product, size, self.results.waiting)
        if "many" in self.chosen.only:
            people = -(-size.visitors // CAPACITY)
            with self._tolerant(place, "many"), self._fresh(place, people, CAPACITY) as product:
                await many_chats(product, size, CAPACITY, self.results.many)

    @contextlib.contextmanager
    def _fresh(self, place: str, counsellors: int, capacity: int) -> Iterator[Product]:
        server = self.start(place, counsellors, capacity)
        assert isinstance(server, Product)
        try:
            yield server
        finally:
            server.stop()


async def measure(bench: Bench) -> None:
    """All parts that were asked for."""
    if set(bench.chosen.only) & {*CLOSED, "delivery"}:
        await bench.fifty()
    await bench.crowds()


def main() -> None:
    """The command."""
    chosen = options()
    if (os.cpu_count() or 1) < 2:
        sys.exit("The load needs a core of its own: this machine has one.")
    # Ended by a signal, everything that was started is ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    os.sched_setaffinity(0, {LOAD_CORE})
    if chosen.priority:
        os.nice(chosen.priority)
        # Linux shares the processor between sessions first: nice alone only counts within ours.
        with contextlib.suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(chosen.priority))
    bench = Bench(chosen)
    bench.results.about = report.about(chosen)
    try:
        asyncio.run(measure(bench))
    finally:
        bench.close()
    page = report.page(bench.results)
    print("\n" + page)
    if chosen.write:
        report.PAGE.write_text(page, encoding="utf-8")
    if chosen.json:
        chosen.json.write_text(json.dumps(report.plain(bench.results), indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
