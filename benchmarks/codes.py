"""How many return codes can be guessed, and how long whoever has a right one waits meanwhile.

    .venv/bin/python benchmarks/codes.py [--seconds 15] [--guessers 25] [--addresses 300]

The real launcher, pinned to core 0, so that all keys are made on one core; this program runs on the last one. Wrong
codes are sent one after another, first by so many visitors of one address, then by one visitor of each of so many
addresses of the loopback. Meanwhile somebody with a right code comes back again and again, each time as a browser that
was never here, from an address of the guessers and from another one. Whoever is turned away presses again after 1 s.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.load import percentile
from benchmarks.pages import FOUR, TOKEN
from benchmarks.servers import Product

COURSE, ENTRANCE = "/en/prevention/self-help/", "/en/prevention/return/"
WRONG = "7777-7777-7777-7777"
OPENED, LOOKED_AT, TURNED_AWAY = 303, 400, 429
NEAR, FAR = "127.0.1.1", "127.0.2.1"
PATIENCE = 120.0
AGAIN_AFTER = 1.0


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

    def takes_a_code(self) -> str:
        """A code that is confirmed."""
        self.ask("GET", f"{COURSE}code/")
        self.ask("POST", f"{COURSE}code/", csrf_token=self.token)
        code = "-".join(FOUR.findall(self.ask("GET", f"{COURSE}code/keep/")[1]))
        status, _ = self.ask("POST", f"{COURSE}code/confirm/", csrf_token=self.token, code=code)
        if status != OPENED:
            raise RuntimeError(f"the code was not confirmed: {status}")
        return code


class Round:
    """What happened while some guessed."""

    def __init__(self, port: int, code: str, seconds: float) -> None:
        self.port, self.code, self.seconds = port, code, seconds
        self.guessed: Counter[int | str] = Counter()
        self.waits: dict[str, list[float]] = {NEAR: [], FAR: []}
        self.pressed: dict[str, list[int]] = {NEAR: [], FAR: []}
        self.health: list[float] = []
        self._over = threading.Event()

    def run(self, addresses: list[str]) -> Round:
        """One guesser for each of these addresses, until the time is over."""
        guessers = [threading.Thread(target=self._guess, args=(address,), daemon=True) for address in addresses]
        others = [threading.Thread(target=self._come_back, args=(address,), daemon=True) for address in (NEAR, FAR)]
        others.append(threading.Thread(target=self._look_at_health, daemon=True))
        for thread in guessers:
            thread.start()
        time.sleep(2 if guessers else 0)
        self.guessed.clear()
        for thread in others:
            thread.start()
        time.sleep(self.seconds)
        self._over.set()
        for thread in [*others, *guessers]:
            thread.join(PATIENCE)
        return self

    def _guess(self, address: str) -> None:
        visitor = Visitor(self.port, address)
        while not self._over.is_set():
            try:
                status: int | str = visitor.enters(WRONG)
            except (OSError, HTTPException) as error:
                status = type(error).__name__
            if not self._over.is_set():
                self.guessed[status] += 1
            self._over.wait(AGAIN_AFTER if status == TURNED_AWAY else 0)

    def _come_back(self, address: str) -> None:
        while not self._over.is_set():
            visitor, began = Visitor(self.port, address), time.perf_counter()
            for pressed in itertools.count(1):
                if visitor.enters(self.code) == OPENED:
                    self.waits[address].append(time.perf_counter() - began)
                    self.pressed[address].append(pressed)
                    break
                time.sleep(AGAIN_AFTER)
            self._over.wait(0.5)

    def _look_at_health(self) -> None:
        visitor = Visitor(self.port, FAR)
        while not self._over.wait(0.05):
            began = time.perf_counter()
            visitor.ask("GET", "/healthz")
            self.health.append(1000 * (time.perf_counter() - began))

    def rows(self) -> Iterator[str]:
        """The cells of the table."""
        for status in (LOOKED_AT, TURNED_AWAY):
            yield f"{60 * self.guessed.pop(status, 0) / self.seconds:,.0f}"
        yield ", ".join(f"{number} {what}" for what, number in self.guessed.items()) or "0"
        for address in (NEAR, FAR):
            yield _spread(self.waits[address], "{:.1f}")
            yield f"{max(self.pressed[address], default=0)}"
        yield _spread(self.health, "{:.0f}")


def _spread(values: list[float], form: str) -> str:
    shown = [form.format(percentile(values, share)) for share in (0.5, 1.0)] if values else ["never"]
    return " / ".join(shown)


HEAD = (
    *("who guesses", "wrong codes looked at a minute", "turned away a minute", "other answers"),
    *("same address: let in after s, p50 / slowest", "pressed, at most"),
    *("other address: let in after s, p50 / slowest", "pressed, at most", "`/healthz` ms, p50 / slowest"),
)


def table(rounds: dict[str, Round]) -> str:
    """What was measured, as Markdown."""
    rows = [(name, *found.rows()) for name, found in rounds.items()]
    return "\n".join(f"| {' | '.join(row)} |" for row in (HEAD, ["---"] * len(HEAD), *rows))


def main() -> None:
    """Measure and say."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--guessers", type=int, default=25)
    parser.add_argument("--addresses", type=int, default=300)
    wanted = parser.parse_args()
    os.sched_setaffinity(0, {(os.cpu_count() or 1) - 1})
    server = Product("codes")
    many = [NEAR, *(f"127.1.{number // 250}.{1 + number % 250}" for number in range(wanted.addresses - 1))]
    loads: dict[str, Callable[[], list[str]]] = {
        "nobody": list,
        f"{wanted.guessers} visitors of one address": lambda: [NEAR] * wanted.guessers,
        f"{wanted.addresses} addresses": lambda: many,
    }
    rounds: dict[str, Round] = {}
    try:
        server.command("lines", "set", "prevention", "--hours", "always")
        for name, addresses in loads.items():
            # A process that knows of no wrong codes yet.
            server.start()
            code = Visitor(server.ports[0], FAR).takes_a_code()
            rounds[name] = Round(server.ports[0], code, wanted.seconds).run(addresses())
            server.end_processes()
    finally:
        server.stop()
    print(f"load average {os.getloadavg()[0]:.1f}\n\n{table(rounds)}")


if __name__ == "__main__":
    main()
