"""Rounds of SIGKILL while chats talk: `python -m tests.faults.kill_rounds --kills 20 --chats 30 --seed N`.

The server is killed at random moments, some of them while its clients are still coming back, and started again.
Exits 1 when a promise was broken.
"""

from __future__ import annotations

import argparse
import secrets
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from tests.clients import Server
from tests.faults.history import Problem
from tests.faults.rounds import Rounds
from tests.journeys.house import House


class KillRounds(Rounds):
    """One server on SQLite that is killed again and again."""

    def __init__(self, folder: Path, chats: int, seed: int) -> None:
        super().__init__(House(Server(folder / "instance", ping_seconds="2")), chats, seed)

    def run(self, times: int) -> list[Problem]:
        """Kill so many times."""
        try:
            return super().run(times)
        finally:
            self.server.stop()

    def open(self) -> None:
        """Open the house first."""
        self.house.open({})
        super().open()

    def go_wrong(self) -> None:
        """Kill in the middle of the talk, one time in four while clients are still coming back; start again."""
        if self.dice.random() < 0.75:
            waited = self.all_talk()
            if self.figures.times:
                self.figures.seconds_to_come_back.append(waited)
        time.sleep(self.dice.uniform(0.0, 1.5))
        self.stop_at_a_fault()
        self.server.kill()
        self.something_went_wrong()
        self.server.start()

    def look_at_what_is_left(self) -> None:
        """SQLite finds nothing broken, the books are right, no text is there beside those sent, no error was logged."""
        self.server.stop()
        counted = self.server.counts()
        if (counted["answered"], sum(counted["missed"].values())) != (self.chats, self.figures.newcomers):
            self.problems.append(Problem("books", f"{counted}, {self.figures.newcomers} came and left"))
        with closing(sqlite3.connect(self.server.instance / "helpline.db")) as database:
            answer = database.execute("PRAGMA integrity_check").fetchone()[0]
            stored = database.execute("SELECT count(*) FROM messages").fetchone()[0]
        sent = sum(len(talker.log.sent) for talker in self.talkers) + self.figures.newcomers
        if answer != "ok":
            self.problems.append(Problem("damaged", answer))
        if stored != sent:
            self.problems.append(Problem("foreign", f"{stored} texts in the table, {sent} sent"))
        for line in self.server.log.read_text().splitlines():
            if '"level": "error"' in line or line.startswith("Traceback"):
                self.problems.append(Problem("error", line))


def report(rounds: Rounds, problems: Sequence[Problem]) -> int:
    """Tell what was done and what was broken; the exit code."""
    print(rounds.figures)
    for kind, times in Counter(problem.kind for problem in problems).items():
        print(f"BROKEN {kind}: {times} times, first: {next(p.what for p in problems if p.kind == kind)}")
    print("every promise was kept" if not problems else "promises were broken")
    return 1 if problems else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the rounds and print their figures; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--chats", type=int, default=30)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    options = parser.parse_args(arguments)
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        rounds = KillRounds(Path(folder), options.chats, options.seed)
        problems = rounds.run(options.kills)
    return report(rounds, problems)


if __name__ == "__main__":
    sys.exit(main())
