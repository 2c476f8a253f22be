"""Bringing visitors and counsellors into chats, on the product and on the plain relay."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pyotp

from benchmarks.load import Inbox, Speaker, Talk, ignore, pair
from benchmarks.servers import Product, Relay
from benchmarks.wire import Browser, Link, Refused, connect, event_of

LINE = "/en/youth/chat/"
CHATS_A_COUNSELLOR = 2
AT_ONCE = 8


@dataclass
class Visitor:
    """A visitor who has joined."""

    number: int
    port: int
    cookie: str
    chat: str = ""
    link: Link | None = None
    states: list[dict[str, Any]] = field(default_factory=list)

    def hear(self, link: Link, packet: bytes) -> None:
        """Keep states; answer pings as the room does."""
        if b'["ping"' in packet[:24]:
            link.emit(b'["sync",{"after":0}]', lambda _: None)
        elif b'["state"' in packet[:24]:
            self.states.append(event_of(packet)[1])


async def join(port: int, number: int, *, open_room: bool = False) -> Visitor:
    """Fill the join form as a browser does; the name of the first text's visitor comes back to the counsellor."""
    browser = Browser(port)
    try:
        answers = {"danger": "no", "distress": "3", "language": "en", "first_message": f"visitor {number}"}
        status = await browser.submit(LINE, **answers)
        if status != 303:
            raise Refused(f"joining: {status}")
        if open_room:
            status, _ = await browser.request(f"{LINE}room/")
            if status != 200:
                raise Refused(f"the room: {status}")
        return Visitor(number, port, browser.header("visit"))
    finally:
        browser.close()


async def several(work: list[Callable[[], Any]], at_once: int = AT_ONCE) -> list[Any]:
    """Do things, some at a time, as the crowd would."""
    gate = asyncio.Semaphore(at_once)

    async def one(thing: Callable[[], Any]) -> Any:
        async with gate:
            return await thing()

    return await asyncio.gather(*(one(thing) for thing in work))


async def sign_in(port: int, account: tuple[str, str, str]) -> str:
    """Sign in with password and code; the console's cookie."""
    login, password, totp = account
    browser = Browser(port)
    try:
        code = pyotp.TOTP(totp).now()
        status = await browser.submit("/console/sign-in", login=login, password=password, code=code)
        if status != 303:
            raise Refused(f"sign-in of {login}: {status}")
        return browser.header("console")
    finally:
        browser.close()


class Desk:
    """Counsellors on duty who accept whatever rings."""

    def __init__(self, product: Product, capacity: int) -> None:
        self.product, self.capacity = product, capacity
        self.inbox = Inbox()
        self.cookies: list[str] = []
        self.links: list[Link] = []
        self.taken: asyncio.Queue[tuple[Link, str]] = asyncio.Queue()
        self.refusals: list[str] = []
        self.answering: set[asyncio.Task[None]] = set()

    async def open(self, state: str = "available") -> Desk:
        """Sign everybody in and go on duty; the accounts are spread over the ports."""
        ports = self.product.ports
        accounts = self.product.accounts
        # One counsellor is on another port than most of their visitors: pushes have to cross between processes.
        where = [ports[(number + 1) % len(ports)] for number in range(len(accounts))]
        self.cookies = await several([lambda n=n, a=a: sign_in(where[n], a) for n, a in enumerate(accounts)], at_once=2)
        self.links = [
            await connect(port, "/console", cookie, self._hear)
            for port, cookie in zip(where, self.cookies, strict=True)
        ]
        for link in self.links:
            await link.call("resume", {})
            answer = await link.call("duty", {"state": state, "line": "youth", "capacity": self.capacity})
            if not answer["ok"]:
                raise Refused(f"duty: {answer}")
        return self

    async def reopen(self) -> None:
        """Connect again with the same sign-ins, after the server was started anew."""
        ports = [self.product.ports[(number + 1) % len(self.product.ports)] for number in range(len(self.cookies))]
        for link in self.links:
            link.close()
        self.links = []
        for port, cookie in zip(ports, self.cookies, strict=True):
            self.links.append(await connect(port, "/console", cookie, self._hear))
            await self.links[-1].call("resume", {})

    def _hear(self, link: Link, packet: bytes) -> None:
        if b'["offer"' in packet[:24]:
            task = asyncio.create_task(self._accept(link, event_of(packet)[1]["chat"]))
            self.answering.add(task)
            task.add_done_callback(self.answering.discard)
        elif b'["ping"' in packet[:24]:
            link.emit(b'["resume",{}]', lambda _: None)

    async def _accept(self, link: Link, chat: str) -> None:
        answer = await link.call("accept", {"chat": chat})
        if answer["ok"]:
            self.taken.put_nowait((link, chat))
        else:
            self.refusals.append(answer["error"])


async def enter(visitor: Visitor) -> dict[str, Any]:
    """Open the visitor's socket and ask for everything, as the room does; the answer."""
    visitor.link = await connect(visitor.port, "/visitor", visitor.cookie, visitor.hear)
    return await visitor.link.call("sync", {"after": 0})


async def product_chats(product: Product, count: int, capacity: int) -> list[tuple[Speaker, Speaker]]:
    """`count` running chats, both sides connected."""
    desk = await Desk(product, capacity).open()
    ports = product.ports
    visitors = await several([lambda n=n: join(ports[n % len(ports)], n) for n in range(count)], at_once=4)
    await several([lambda v=v: enter(v) for v in visitors])
    return await both_sides(desk, visitors, visitors)


async def both_sides(
    desk: Desk, fresh: list[Visitor], visitors: list[Visitor], begin: int = 0
) -> list[tuple[Speaker, Speaker]]:
    """Wait until every fresh visitor has a counsellor; each chat's two sides, known by the visitor's first text.

    `visitors` are all so far, by their numbers; the chats are numbered from `begin`.
    """
    chats: list[tuple[Speaker, Speaker]] = []
    for _ in fresh:
        link, chat = await asyncio.wait_for(desk.taken.get(), 120)
        told = await link.call("sync", {"chat": chat, "stream": "talk", "after": 0})
        first = next(text["body"] for text in told["messages"] if text["author"] == "visitor")
        visitor = visitors[int(first.split()[1])]
        visitor.chat = chat
        assert visitor.link is not None
        place, number = b'"chat":"%b",' % chat.encode(), begin + len(chats)
        chats.append(
            pair(
                Speaker(b"v", number, visitor.link, b"", b""),
                Speaker(b"c", number, link, place, b'"stream":"talk",'),
            )
        )
    return chats


async def relay_chats(relay: Relay, count: int) -> list[tuple[Speaker, Speaker]]:
    """The same people on the plain relay: as many sockets, in as many rooms."""
    port, chats = relay.ports[0], []
    desks = [await connect(port, "", "", ignore) for _ in range(-(-count // CHATS_A_COUNSELLOR))]
    for number in range(count):
        place = b'"chat":"%032x",' % number
        visitor, desk = await connect(port, "", "", ignore), desks[number // CHATS_A_COUNSELLOR]
        for link in (visitor, desk):
            await link.call("join", {"chat": f"{number:032x}"})
        chats.append(
            pair(
                Speaker(b"v", number, visitor, place, b'"author":"visitor",'),
                Speaker(b"c", number, desk, place, b'"author":"counsellor",'),
            )
        )
    return chats


async def talk_on(server: Product | Relay, chats: int) -> Talk:
    """Set up chats on either server."""
    if isinstance(server, Product):
        return Talk(await product_chats(server, chats, CHATS_A_COUNSELLOR), gapless=True)
    return Talk(await relay_chats(server, chats), gapless=False)
