"""How long the pages of the advice and of the course take, and how much a module of the course weighs.

    .venv/bin/python benchmarks/pages.py [--walks 40] [--students 6]

One browser after another walks through every tree of the youth line, and then through every module of the prevention
line's course, on the real launcher, pinned to core 0; this program runs on core 1 and asks for one page at a time, on a
connection that stays open. So a figure is the server's time for a page plus the way there and back on one machine,
from the request to the last byte of the answer. The goal: 99 of 100 pages within 15 ms; making a key out of a code is
slow on purpose and stands apart. The kernel says how long the server stood in line for its core meanwhile: that is what
the slowest pages are made of on a machine with other work, so each table ends with the same figures without it. A
module weighs all that a browser without cache loads for it, uncompressed, with its icons and without what the visitor
wrote; the goal is 60 KB.
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

GOAL_MS, GOAL_BYTES = 15.0, 60 * 1024
OPTION = re.compile(r'name="answer" value="([^"]+)"')
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
MODULE = re.compile(r'/self-help/([a-z-]+)/"')
SAVED = re.compile(r'action="(\S+/self-help/(?!code)\S+/)"')
FIELD = re.compile(r'<(?:textarea|input class="line")[^>]* name="([^"]+)"')
FOUR = re.compile(r'class="four">(\w{4})<')
LOADED = re.compile(r'(?:href|src)="(/static/[^"#]+)')
NUMBER = re.compile(r"\d+")
# Here a key is made out of a code.
SLOW = {"POST code/confirm/", "POST return/"}


# Milliseconds that a page took, and how many of these the server stood in line for its core.
Took = tuple[float, float]


def in_line(process: int) -> float:
    """Milliseconds that a process's first thread, which serves, has stood in line for a core."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[1]) / 1e6


class Browser:
    """One without scripts that notes how long each page takes."""

    def __init__(self, server: Product, line: str, room: str, lang: str, took: dict[str, list[Took]]) -> None:
        self.connection = HTTPConnection("127.0.0.1", server.ports[0])
        self.server = server.processes[0].pid
        self.line_root = f"/{lang}/{line}/"
        self.root = f"{self.line_root}{room}/"
        self.took, self.cookie = took, ""

    def ask(self, method: str, path: str, **fields: str) -> tuple[str, str]:
        """The page and where it sends on."""
        headers = {"Cookie": self.cookie} if self.cookie else {}
        if fields:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        path = path.partition("#")[0]
        before, began = in_line(self.server), time.perf_counter()
        self.connection.request(method, path, urlencode(fields) if fields else None, headers)
        answer = self.connection.getresponse()
        body = answer.read()
        took = (time.perf_counter() - began) * 1000
        waited = min(took, in_line(self.server) - before)
        if answer.status not in (200, 303):
            raise RuntimeError(f"{method} {path}: {answer.status}")
        self.took.setdefault(f"{method} {self.name(path)}", []).append((took, waited))
        if given := answer.getheader("Set-Cookie"):
            self.cookie = given.partition(";")[0]
        return body.decode(), answer.getheader("Location") or ""

    def name(self, path: str) -> str:
        """What kind of page an address is."""
        return NUMBER.sub("N", path.removeprefix(self.root).removeprefix(self.line_root)) or "(first page)"

    def token(self, page: str) -> str:
        """The form token of a page."""
        found = TOKEN.search(page)
        assert found is not None
        return found[1]


class Walker(Browser):
    """Walks to an advice."""

    def walk(self, dice: random.Random) -> None:
        """Answer as the dice fall, mostly without danger, and read what comes of it."""
        page, _ = self.ask("GET", self.root)
        token, step = self.token(page), 1
        while options := OPTION.findall(page):
            option = {1: "no", 2: "yes"}.get(step) or dice.choice(options)
            _, to = self.ask("POST", f"{self.root}step/{step}/", csrf_token=token, answer=option)
            page, _ = self.ask("GET", to)
            step += 1
        for rest in ("yours/print/", "bring/"):
            self.ask("GET", self.root + rest)
        self.connection.close()


class Student(Browser):
    """Follows a course; the first half of it without a code."""

    def name(self, path: str) -> str:
        """Modules are alike."""
        kind = super().name(path)
        if kind.startswith(("code/", "plan/", "return/", "(")):
            return kind
        first, _, rest = kind.partition("/")
        return f"MODULE/{'EXERCISE/' if rest.endswith('/') else rest}" if first else kind

    def weigh(self) -> dict[str, int]:
        """How many bytes each module is for somebody who has written nothing yet."""
        return {slug: self._weight(self.ask("GET", f"{self.root}{slug}/")[0]) for slug in self._modules()}

    def _modules(self) -> list[str]:
        page, _ = self.ask("GET", self.root)
        return list(dict.fromkeys(slug for slug in MODULE.findall(page) if slug not in ("code", "plan")))

    def study(self) -> None:
        """Write in every field of every module, keep it with a code, come back, print it."""
        slugs = self._modules()
        for number, slug in enumerate(slugs):
            page, _ = self.ask("GET", f"{self.root}{slug}/")
            token = self.token(page)
            for action in SAVED.findall(page):
                written = dict.fromkeys(FIELD.findall(page), "Some words of an ordinary length, as people write. " * 3)
                _, to = self.ask("POST", action, csrf_token=token, **written)
                self.ask("GET", to)
            self.ask("POST", f"{self.root}{slug}/done", csrf_token=token)
            if number == len(slugs) // 2:
                self._take_a_code(token)
        for rest in ("plan/", "plan/file", ""):
            self.ask("GET", self.root + rest)
        self.connection.close()

    def _take_a_code(self, token: str) -> None:
        self.ask("GET", f"{self.root}code/")
        self.ask("POST", f"{self.root}code/", csrf_token=token)
        page, _ = self.ask("GET", f"{self.root}code/keep/")
        code = "-".join(FOUR.findall(page))
        self.ask("POST", f"{self.root}code/confirm/", csrf_token=token, code=code)
        self.cookie = ""
        back = f"{self.line_root}return/"
        page, _ = self.ask("GET", back)
        self.ask("POST", back, csrf_token=self.token(page), code=code)

    def _weight(self, page: str) -> int:
        """Bytes of a page and of all that it loads."""
        weight = len(page.encode())
        for path in sorted(set(LOADED.findall(page))):
            self.connection.request("GET", path)
            weight += len(self.connection.getresponse().read())
        return weight


def report(kind: str, took: dict[str, list[Took]]) -> bool:
    """Say how long the pages took; whether the goal is reached."""
    quick = [value for name, values in took.items() if name not in SLOW for value in values]
    every = "all but codes" if SLOW & took.keys() else "all"
    rows = {name: [value for value, _ in values] for name, values in sorted(took.items())}
    rows[every] = [value for value, _ in quick]
    rows["the same, without the line"] = [value - waited for value, waited in quick]
    print(f"\n{kind}, load average {os.getloadavg()[0]:.1f}; milliseconds a page")
    print(f"{'page':28} {'number':>7} {'p50':>7} {'p95':>7} {'p99':>7} {'slowest':>8}")
    for name, values in rows.items():
        shares = " ".join(f"{percentile(values, share):7.2f}" for share in (0.5, 0.95, 0.99))
        print(f"{name:28} {len(values):7} {shares} {max(values):8.2f}")
    return percentile(rows[every], 0.99) < GOAL_MS


def main() -> None:
    """Measure and say."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--walks", type=int, default=40)
    parser.add_argument("--students", type=int, default=6)
    wanted = parser.parse_args()
    os.sched_setaffinity(0, {os.cpu_count() - 1 if os.cpu_count() else 0})
    server, dice = Product("pages"), random.Random(1)
    walked: dict[str, list[Took]] = {}
    studied: dict[str, list[Took]] = {}
    weights: dict[str, int] = {}
    try:
        for line in ("youth", "prevention"):
            server.command("lines", "set", line, "--hours", "always")
        server.start()
        for lang in ("en", "nl"):
            # The first page of each kind compiles its template.
            Walker(server, "youth", "advice", lang, {}).walk(dice)
            Student(server, "prevention", "self-help", lang, {}).study()
            found = Student(server, "prevention", "self-help", lang, {}).weigh()
            weights |= {f"{lang}/{slug}": weight for slug, weight in found.items()}
        for number in range(wanted.walks):
            Walker(server, "youth", "advice", ("en", "nl")[number % 2], walked).walk(dice)
        for number in range(wanted.students):
            Student(server, "prevention", "self-help", ("en", "nl")[number % 2], studied).study()
    finally:
        server.stop()
    reached = [report(f"advice, {wanted.walks} walks", walked), report(f"course, {wanted.students} students", studied)]
    heaviest, weight = max(weights.items(), key=lambda one: one[1])
    print(f"\nheaviest of {len(weights)} modules without cache: {heaviest}, {weight / 1024:.1f} KB; median ", end="")
    print(f"{sorted(weights.values())[len(weights) // 2] / 1024:.1f} KB")
    for goal, is_reached in (
        (f"p99 of the advice under {GOAL_MS:.0f} ms", reached[0]),
        (f"p99 of the course under {GOAL_MS:.0f} ms, but for making keys", reached[1]),
        (f"every module under {GOAL_BYTES // 1024} KB", weight < GOAL_BYTES),
    ):
        print(f"goal, {goal}: {'reached' if is_reached else 'missed'}")


if __name__ == "__main__":
    main()
