"""How long the pages of the advice take, from the request to the last byte of the answer.

    .venv/bin/python benchmarks/pages.py [--walks 40]

One browser after another walks through every tree of the youth line on the real launcher, pinned to core 0; this
program runs on core 1 and asks for one page at a time, on a connection that stays open. So a figure is the server's
time for a page plus the way there and back on one machine. The goal: 99 of 100 pages within 15 ms.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.load import percentile
from benchmarks.servers import Product

GOAL_MS = 15.0
LINE = "youth"
OPTION = re.compile(r'name="answer" value="([^"]+)"')
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
NUMBER = re.compile(r"\d+")


class Walker:
    """A browser without scripts that notes how long each page takes."""

    def __init__(self, port: int, lang: str, took: dict[str, list[float]]) -> None:
        self.connection = HTTPConnection("127.0.0.1", port)
        self.root = f"/{lang}/{LINE}/advice/"
        self.took, self.cookie = took, ""

    def ask(self, method: str, path: str, **fields: str) -> tuple[str, str]:
        """The page and where it sends on."""
        headers = {"Cookie": self.cookie} if self.cookie else {}
        if fields:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        began = time.perf_counter()
        self.connection.request(method, path, urlencode(fields) if fields else None, headers)
        answer = self.connection.getresponse()
        body = answer.read()
        took = (time.perf_counter() - began) * 1000
        if answer.status not in (200, 303):
            raise RuntimeError(f"{method} {path}: {answer.status}")
        name = NUMBER.sub("N", path.removeprefix(self.root)) or "(first question)"
        self.took.setdefault(f"{method} {name}", []).append(took)
        if given := answer.getheader("Set-Cookie"):
            self.cookie = given.partition(";")[0]
        return body.decode(), answer.getheader("Location") or ""

    def walk(self, dice: random.Random) -> None:
        """Answer as the dice fall, mostly without danger, and read what comes of it."""
        page, _ = self.ask("GET", self.root)
        found = TOKEN.search(page)
        assert found is not None
        step = 1
        while options := OPTION.findall(page):
            option = {1: "no", 2: "yes"}.get(step) or dice.choice(options)
            _, to = self.ask("POST", f"{self.root}step/{step}/", csrf_token=found[1], answer=option)
            page, _ = self.ask("GET", to)
            step += 1
        for rest in ("yours/print/", "bring/"):
            self.ask("GET", self.root + rest)
        self.connection.close()


def main() -> None:
    """Measure and say."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--walks", type=int, default=40)
    walks = parser.parse_args().walks
    os.sched_setaffinity(0, {os.cpu_count() - 1 if os.cpu_count() else 0})
    server, dice = Product("pages"), random.Random(1)
    try:
        server.command("lines", "set", LINE, "--hours", "always")
        server.start()
        for lang in ("en", "nl"):
            Walker(server.ports[0], lang, {}).walk(dice)  # the first page of each kind compiles its template
        took: dict[str, list[float]] = {}
        for number in range(walks):
            Walker(server.ports[0], ("en", "nl")[number % 2], took).walk(dice)
    finally:
        server.stop()
    print(f"{walks} walks, load average {os.getloadavg()[0]:.1f}; milliseconds a page")
    print(f"{'page':28} {'number':>7} {'p50':>7} {'p95':>7} {'p99':>7} {'slowest':>8}")
    everything = [value for values in took.values() for value in values]
    for name, values in [*sorted(took.items()), ("all", everything)]:
        shares = " ".join(f"{percentile(values, share):7.2f}" for share in (0.5, 0.95, 0.99))
        print(f"{name:28} {len(values):7} {shares} {max(values):8.2f}")
    reached = percentile(everything, 0.99) < GOAL_MS
    print(f"goal, p99 under {GOAL_MS:.0f} ms: {'reached' if reached else 'missed'}")


if __name__ == "__main__":
    main()
