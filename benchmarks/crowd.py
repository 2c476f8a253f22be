"""Two thousand at once: arriving within a minute, waiting while the queue moves, and talking slowly."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from benchmarks.load import Speaker, Talk, no_collections, own_cpu, percentile
from benchmarks.people import Desk, Visitor, both_sides, enter, join, several
from benchmarks.servers import Loop, Product
from benchmarks.wire import Link, Refused

SETTLE_SECONDS = 5.0
FEW = 0.25  # of the crowd connects first, so that what is loaded once is not counted as theirs
Figures = dict[str, Any]


@dataclass
class Size:
    """How big and how long."""

    visitors: int = 2000
    arrival_seconds: float = 60.0
    watch_seconds: float = 30.0
    talk_seconds: float = 60.0


class Watch:
    """Processor time of servers and load, and the loop's delays, between two moments."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self._loop = Loop(product)
        self._began, self._own, self._servers = time.perf_counter(), own_cpu(), sum(product.cpu())

    def figures(self) -> Figures:
        """Shares of a core, and the watchdog's view."""
        seconds = time.perf_counter() - self._began
        return {
            "seconds": seconds,
            "server_share": (sum(self._product.cpu()) - self._servers) / seconds,
            "client_share": (own_cpu() - self._own) / seconds,
            "loop": self._loop.since(),
        }


async def arrive(product: Product, size: Size) -> tuple[list[Visitor], Figures]:
    """Everybody comes within the minute at random moments: form, room, socket, first `sync`."""
    loop = asyncio.get_running_loop()
    luck = random.Random(11)
    moments = sorted(luck.uniform(0, size.arrival_seconds) for _ in range(size.visitors))
    answered: list[float] = []
    refused: Counter[str] = Counter()
    here: list[Visitor] = []
    watch = Watch(product)
    began = loop.time()

    async def come(number: int, moment: float) -> None:
        await asyncio.sleep(began + moment - loop.time())
        try:
            async with asyncio.timeout(120):
                visitor = await join(product.ports[number % len(product.ports)], number, open_room=True)
                answer = await enter(visitor)
        except (OSError, TimeoutError, Refused, asyncio.IncompleteReadError) as error:
            refused[f"{type(error).__name__} {error}"[:60]] += 1
            return
        if answer["ok"] and answer["position"]:
            answered.append(loop.time() - began - moment)
            here.append(visitor)
        else:
            refused[str(answer)[:60]] += 1

    await asyncio.gather(*(come(number, moment) for number, moment in enumerate(moments)))
    figures = watch.figures() | {
        "arrived": size.visitors,
        "within": size.arrival_seconds,
        "answered": len(answered),
        "refused": dict(refused),
        "p50_s": percentile(answered, 0.5),
        "p99_s": percentile(answered, 0.99),
        "max_s": max(answered, default=0.0),
        "rss": product.rss(),
    }
    return here, figures


async def weigh(product: Product, visitors: list[Visitor], desk: Desk) -> Figures:
    """Memory a connected visitor: the server is started anew and everybody connects again, a few of them first."""
    for visitor in visitors:
        if visitor.link is not None:
            visitor.link.close()
    product.end_processes()
    product.start()
    await desk.reopen()
    few = int(len(visitors) * FEW)
    await several([lambda v=v: enter(v) for v in visitors[:few]])
    await asyncio.sleep(SETTLE_SECONDS)
    before, began = product.rss(), time.perf_counter()
    await several([lambda v=v: enter(v) for v in visitors[few:]])
    took = time.perf_counter() - began
    await asyncio.sleep(SETTLE_SECONDS)
    more = len(visitors) - few
    return {"each": (product.rss() - before) / more, "of": more, "rss": product.rss(), "reconnect_s": took}


async def wait_while_the_queue_moves(product: Product, visitors: list[Visitor], size: Size) -> Figures:
    """Each second the first of the queue leaves and somebody else joins: who stays is told how often?"""
    visitors = sorted(visitors, key=lambda visitor: visitor.number)
    await asyncio.sleep(SETTLE_SECONDS)
    staying = visitors[int(size.watch_seconds) + 5 :]
    for visitor in staying:
        visitor.states.clear()
    bytes_before = sum(visitor.link.bytes_in for visitor in staying if visitor.link)
    watch = Watch(product)
    began, changes, number = time.perf_counter(), 0, 10_000
    late: list[float] = []
    with no_collections():
        while time.perf_counter() - began < size.watch_seconds:
            first = visitors.pop(0)
            assert first.link is not None
            asked = time.perf_counter()
            await first.link.call("leave", {})
            await join(product.ports[0], number)
            late.append(time.perf_counter() - asked)
            number, changes = number + 1, changes + 1
            await asyncio.sleep(max(0.0, began + changes - time.perf_counter()))
    figures = watch.figures()
    told = [len(visitor.states) for visitor in staying]
    heard = sum(visitor.link.bytes_in for visitor in staying if visitor.link) - bytes_before
    return figures | {
        "visitors": len(staying),
        "changes": changes,
        "change_p50_ms": 1000 * percentile(late, 0.5),
        "pushes_mean": sum(told) / len(told),
        "pushes_max": max(told),
        "allowed": figures["seconds"] / 5 + 1,
        "bytes_a_second": heard / len(staying) / figures["seconds"],
    }


async def waiting(product: Product, size: Size, found: Figures) -> None:
    """Arriving, waiting, and what a waiting visitor weighs; some counsellors look on and take nobody.

    What was measured is in `found` at once, so that it isn't lost when what follows fails.
    """
    desk = await Desk(product, 2).open(state="on_phone")
    visitors, found["arrival"] = await arrive(product, size)
    found["moving"] = await wait_while_the_queue_moves(product, visitors, size)
    left = sorted(visitors, key=lambda visitor: visitor.number)[found["moving"]["changes"] :]
    found["memory"] = await weigh(product, left, desk)


Chats = list[tuple[Speaker, Speaker]]


async def settle(product: Product, size: Size, capacity: int) -> tuple[Desk, list[Visitor], Chats]:
    """Everybody joins and gets a counsellor."""
    desk = await Desk(product, capacity).open()
    ports = product.ports
    visitors: list[Visitor] = []
    chats: Chats = []
    while len(visitors) < size.visitors:
        some = range(len(visitors), min(len(visitors) + 40, size.visitors))
        fresh = await several([lambda n=n: join(ports[n % len(ports)], n) for n in some], at_once=4)
        await several([lambda v=v: enter(v) for v in fresh])
        visitors += fresh
        chats += await both_sides(desk, fresh, visitors, len(chats))
    return desk, visitors, chats


async def many_chats(product: Product, size: Size, capacity: int, found: Figures) -> None:
    """What an idle visitor weighs, and what it costs when each chat says a text every 20 s, with marks and typing."""
    desk, visitors, chats = await settle(product, size, capacity)
    found["chats"] = len(chats)
    found["memory"] = await weigh(product, visitors, desk)
    by_chat = await _links_of_chats(desk)
    places = {visitor.chat: visitor.link for visitor in visitors}
    for visitor, counsellor in chats:
        place = counsellor.address.split(b'"')[3].decode()
        link = places[place]
        assert link is not None
        visitor.link, counsellor.link = link, by_chat[place]
    talk = Talk(chats, gapless=True)
    watch = Watch(product)
    await talk.at_a_pace(size.visitors / 20, size.talk_seconds, "real", product.cpu)
    figures = watch.figures()
    count = await talk.end()
    found["talking"] = figures | {
        "texts": count.done_in_time,
        "talked_s": count.seconds,
        "missing": count.missing,
        "gaps": count.gaps,
        "refused": dict(count.refused),
        "share": sum(count.server_cpu) / count.seconds,
        "delivery": [1000 * percentile(count.delivery, part) for part in (0.5, 0.95, 0.99, 1.0)],
    }


async def _links_of_chats(desk: Desk) -> dict[str, Link]:
    found = {}
    for link in desk.links:
        answer = await link.call("resume", {})
        found |= {chat["chat"]: link for chat in answer["chats"]}
    return found
