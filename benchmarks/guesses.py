"""Ten thousand guesses of return codes at one page, and whoever has a right code coming in between.

    .venv/bin/python benchmarks/guesses.py [--guesses 10000] [--at-once 200] [--addresses 300] [--only WORDS]
        [--right letter course chat]

The real launcher on core 0, so that all keys are made on one core; this program runs on the last one. Each round sends
so many random codes, so many at once: from one address or from many of the loopback, by browsers that keep their cookie
or by ones that come without a cookie for each guess. Meanwhile somebody comes back again and again with the code of a
letter, of a course or of a chat by turns, each time as a browser that was never here, from an address of the guessers
and from another one. Whoever is turned away presses again after 2 s.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import secrets
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).parent.parent))

from helpline.privacy import codes

from benchmarks.load import percentile
from benchmarks.pages import FOUR, TOKEN
from benchmarks.servers import Product

LETTERS, COURSE, ENTRANCE = "/en/prevention/letters/", "/en/prevention/self-help/", "/en/prevention/return/"
CHAT = "/en/prevention/chat/"
OPENED, LOOKED_AT, TURNED_AWAY = 303, 400, 429
NEAR, FAR = "127.0.1.1", "127.0.2.1"
PATIENCE = 120.0
AGAIN_AFTER, COMES_AFTER = 2.0, 0.5
LONGEST_ROUND = 240.0
# So many codes are kept at a busy helpline.
KEPT = 10_000
HOURS_A_YEAR = 24 * 365


class Visitor:
    """A browser at an address of the loopback, with a new connection for each page."""

    def __init__(self, port: int, address: str) -> None:
        self.port, self.address, self.cookie = port, address, ""
        self.token = ""

    def ask(self, method: str, path: str, **fields: str) -> tuple[int, str]:
        """The status and the page."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE, source_address=(self.address, 0))
        headers = {"Cookie": self.cookie} if self.cookie else {}
        if fields:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        with contextlib.closing(connection):
            connection.request(method, path, urlencode(fields) if fields else None, headers)
            answer = connection.getresponse()
            page = answer.read().decode()
            self.cookie = (answer.getheader("Set-Cookie") or self.cookie).partition(";")[0]
        if found := TOKEN.search(page):
            self.token = found[1]
        return answer.status, page

    def enters(self, code: str) -> int:
        """What comes of a code."""
        if not self.token:
            self.ask("GET", ENTRANCE)
        return self.ask("POST", ENTRANCE, csrf_token=self.token, code=code)[0]


def wrong_code() -> str:
    """A code as somebody may guess it."""
    return "".join(secrets.choice(codes.ALPHABET) for _ in range(codes.LENGTH))


def code_of_a_letter(port: int) -> str:
    """A letter is written, and its code kept."""
    visitor = Visitor(port, FAR)
    visitor.ask("GET", LETTERS)
    visitor.ask("POST", LETTERS, csrf_token=visitor.token, client_id=secrets.token_hex(16), body="hello")
    return confirmed(visitor, f"{LETTERS}code/", f"{LETTERS}code/confirm/")


def code_of_a_course(port: int) -> str:
    """A course is kept under a code before anything is written in it."""
    visitor = Visitor(port, FAR)
    visitor.ask("GET", f"{COURSE}code/")
    visitor.ask("POST", f"{COURSE}code/", csrf_token=visitor.token)
    return confirmed(visitor, f"{COURSE}code/keep/", f"{COURSE}code/confirm/")


def code_of_a_chat(port: int) -> str:
    """Somebody waits for a counsellor, and keeps the way back should the line break."""
    visitor = Visitor(port, FAR)
    visitor.ask("GET", CHAT)
    visitor.ask("POST", CHAT, csrf_token=visitor.token, danger="no", distress="3", language="en")
    visitor.ask("POST", f"{CHAT}room/way-back", csrf_token=visitor.token)
    visitor.ask("POST", f"{CHAT}kept/code/", csrf_token=visitor.token)
    return confirmed(visitor, f"{CHAT}kept/code/keep/", f"{CHAT}kept/code/confirm/")


RIGHT: dict[str, Callable[[int], str]] = {
    "letter": code_of_a_letter,
    "course": code_of_a_course,
    "chat": code_of_a_chat,
}


def confirmed(visitor: Visitor, shown: str, typed: str) -> str:
    """The code that is shown, once it was typed."""
    code = "-".join(FOUR.findall(visitor.ask("GET", shown)[1]))
    status, _ = visitor.ask("POST", typed, csrf_token=visitor.token, code=code)
    if status != OPENED:
        raise RuntimeError(f"the code was not confirmed: {status}")
    return code


class Round:
    """So many guesses, and the right holders between them."""

    def __init__(self, port: int, guesses: int, addresses: list[str], *, keeps_cookie: bool) -> None:
        self.port, self.addresses, self.keeps_cookie = port, addresses, keeps_cookie
        self._left = iter(range(guesses))
        self.guessed: Counter[int | str] = Counter()
        self.waits: dict[str, list[float]] = {NEAR: [], FAR: []}
        self.pressed: dict[str, list[int]] = {NEAR: [], FAR: []}
        self.seconds = 0.0
        self._lock = threading.Lock()
        self._over = threading.Event()

    def run(self, at_once: int, right: list[str]) -> Round:
        """Until all guesses are sent, or the longest time of a round is over."""
        froms = itertools.islice(itertools.cycle(self.addresses), at_once)
        guessers = [threading.Thread(target=self._guess, args=(address,), daemon=True) for address in froms]
        others = [threading.Thread(target=self._come_back, args=(at, right), daemon=True) for at in (NEAR, FAR)]
        began = time.perf_counter()
        for thread in [*guessers, *others]:
            thread.start()
        while not self._over.wait(0.2):
            self.seconds = time.perf_counter() - began
            if self.seconds > LONGEST_ROUND or not any(thread.is_alive() for thread in guessers):
                self._over.set()
        for thread in [*others, *guessers]:
            thread.join(PATIENCE)
        return self

    def _one_left(self) -> bool:
        with self._lock:
            return next(self._left, None) is not None

    def _guess(self, address: str) -> None:
        visitor = Visitor(self.port, address)
        while not self._over.is_set() and self._one_left():
            if not self.keeps_cookie:
                visitor = Visitor(self.port, address)
            try:
                status: int | str = visitor.enters(wrong_code())
            except (OSError, HTTPException) as error:
                status = type(error).__name__
            if not self._over.is_set():
                with self._lock:
                    self.guessed[status] += 1

    def _come_back(self, address: str, right: list[str]) -> None:
        time.sleep(COMES_AFTER * 4)
        for code in itertools.cycle(right):
            visitor, began = Visitor(self.port, address), time.perf_counter()
            for pressed in itertools.count(1):
                if self._over.is_set():
                    return
                if visitor.enters(code) == OPENED:
                    self.waits[address].append(time.perf_counter() - began)
                    self.pressed[address].append(pressed)
                    break
                self._over.wait(AGAIN_AFTER)
            self._over.wait(COMES_AFTER)

    @property
    def an_hour(self) -> float:
        """How many guesses were really looked at, an hour."""
        return 3600 * self.guessed[LOOKED_AT] / self.seconds

    def rows(self) -> Iterator[str]:
        """The cells of the table."""
        yield f"{self.guessed.total():,}"
        yield f"{self.seconds:.0f}"
        yield f"{self.guessed[LOOKED_AT]:,}"
        yield f"{self.an_hour:,.0f}"
        yield f"{self.guessed[TURNED_AWAY]:,}"
        yield f"{self.guessed.total() - self.guessed[LOOKED_AT] - self.guessed[TURNED_AWAY]}"
        for address in (NEAR, FAR):
            waits, pressed = self.waits[address], sorted(self.pressed[address])
            yield f"{len(waits)}"
            yield f"{percentile(waits, 0.5):.1f} / {max(waits):.1f}" if waits else "never"
            yield f"{pressed[len(pressed) // 2]} / {pressed[-1]}" if pressed else "never"


HEAD = (
    *("10,000 guesses", "sent", "in s", "looked at", "looked at an hour", "turned away", "no answer"),
    *("same address: returns", "let in after s, p50 / slowest", "presses, p50 / most"),
    *("other address: returns", "let in after s, p50 / slowest", "presses, p50 / most"),
)


def told(rounds: dict[str, Round]) -> Iterator[str]:
    """What was measured, as Markdown."""
    rows = [(name, *found.rows()) for name, found in rounds.items()]
    for row in (HEAD, ["---"] * len(HEAD), *rows):
        yield f"| {' | '.join(row)} |"
    fastest = max(found.an_hour for found in rounds.values())
    bits = 5 * codes.LENGTH
    chance = fastest * HOURS_A_YEAR * KEPT / 2**bits
    yield ""
    yield f"At {fastest:,.0f} guesses an hour, day and night for a year, any of {KEPT:,} kept codes of {bits} bits is"
    yield f"found with a chance of {chance:.0e}: once in {1 / chance:.0e} years."


def main() -> None:
    """Measure and say."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--guesses", type=int, default=10_000)
    parser.add_argument("--at-once", type=int, default=200)
    parser.add_argument("--addresses", type=int, default=300)
    parser.add_argument("--only", default="")
    parser.add_argument("--right", nargs="+", choices=RIGHT, default=list(RIGHT))
    wanted = parser.parse_args()
    os.sched_setaffinity(0, {(os.cpu_count() or 1) - 1})
    many = [NEAR, *(f"127.1.{number // 250}.{1 + number % 250}" for number in range(wanted.addresses - 1))]
    loads = {
        f"{where}, {how}": (addresses, keeps)
        for where, addresses in (("one address", [NEAR]), (f"{wanted.addresses} addresses", many))
        for how, keeps in (("cookies kept", True), ("a new cookie each", False))
    }
    server, rounds = Product("guesses"), dict[str, Round]()
    try:
        # A chat can only be begun while its line is open.
        server.command("lines", "set", "prevention", "--hours", "always")
        for name, (addresses, keeps) in loads.items():
            if wanted.only not in name:
                continue
            # A process that knows of no wrong codes yet.
            server.start()
            port = server.ports[0]
            right = [RIGHT[kind](port) for kind in wanted.right]
            rounds[name] = Round(port, wanted.guesses, addresses, keeps_cookie=keeps).run(wanted.at_once, right)
            server.end_processes()
            print(f"load average {os.getloadavg()[0]:.1f} after {name}", file=sys.stderr)
    finally:
        server.stop()
    print("\n".join(told(rounds)))


if __name__ == "__main__":
    main()
