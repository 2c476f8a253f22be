"""Faults of a cluster while chats talk: `python -m tests.scaled.fault_rounds --rounds 10 --chats 30 --seed N`.

First every fault once, in turn, then random ones: a process killed, PostgreSQL crashed, Redis stopped, silent, emptied,
its connections cut. After each, and during those that no client should notice, every client has to know what is stored
within five seconds. In the end the checker compares, and the books hold one row for each chat that ended. Exits 1 when
a promise was broken.
"""

from __future__ import annotations

import argparse
import re
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.clients import Server
from tests.faults.history import Problem, Stream
from tests.faults.kill_rounds import report
from tests.faults.rounds import LINES, Rounds, Sidekick
from tests.journeys.house import House
from tests.scaled.cluster import Cluster
from tests.scaled.reception import Guest, Receptionist

CATCH_UP_SECONDS = 5.0
# What a process may say while its database is away; the second when it went in the middle of an answer.
EXPECTED = {"OperationalError", "DatabaseError"}


@contextmanager
def a_process_killed(cluster: Cluster, number: int) -> Iterator[None]:
    """SIGKILL to this process."""
    process: Server = cluster.processes[number % len(cluster.processes)]
    process.kill()
    try:
        yield
    finally:
        process.start()


@contextmanager
def postgres_crashed(cluster: Cluster, _: int) -> Iterator[None]:
    """PostgreSQL ends as at a power cut, and recovers."""
    cluster.postgres.crash()
    try:
        yield
    finally:
        cluster.postgres.start()


@contextmanager
def redis_stopped(cluster: Cluster, _: int) -> Iterator[None]:
    """Redis refuses connections."""
    cluster.redis.stop()
    try:
        yield
    finally:
        cluster.redis.start()


@contextmanager
def redis_silent(cluster: Cluster, _: int) -> Iterator[None]:
    """Redis takes everything and answers nothing."""
    cluster.redis.fall_silent()
    try:
        yield
    finally:
        cluster.redis.speak_again()


@contextmanager
def redis_emptied(cluster: Cluster, _: int) -> Iterator[None]:
    """Redis forgets all it holds and everybody who is connected."""
    cluster.redis.empty()
    cluster.redis.hang_up()
    yield


Fault = Callable[[Cluster, int], AbstractContextManager[None]]
FAULTS: Sequence[Fault] = (a_process_killed, postgres_crashed, redis_stopped, redis_silent, redis_emptied)
OF_REDIS = (redis_stopped, redis_silent, redis_emptied)


class FaultRounds(Rounds):
    """`plan` says what goes wrong, one after another, each with its number and its length in seconds."""

    one_process = False

    def __init__(self, house: House, chats: int, seed: int, plan: Sequence[tuple[Fault, int, float]]) -> None:
        super().__init__(house, chats, seed)
        assert isinstance(house.server, Cluster)
        self.cluster = house.server
        self.plan = list(plan)
        self.newcomers = [Guest(f"n{n}", self.server, LINES[n]) for n in range(len(LINES))]
        self.receptionists: list[Receptionist] = []
        self.catching_up: list[tuple[str, float]] = []

    @property
    def others(self) -> Sequence[Sidekick]:
        """Visitors who come and go, and their counsellors."""
        return [*self.newcomers, *self.receptionists]

    def open(self) -> None:
        """Beside those who talk, somebody for each line receives who comes."""
        self._logs_before = {log: log.stat().st_size for log in self.cluster.logs}
        super().open()
        for talker in self.talkers:
            talker.careful = True
            talker.pace = 1.0
        self.house.hire({f"r{line}": (["counsellor"], [line]) for line in LINES}, capacity=10)
        self.receptionists = [Receptionist(self.house.counsellor(f"r{line}"), line) for line in LINES]
        self._talking = {stream.chat for talker in self.talkers for stream in talker.log.follows}

    def go_wrong(self) -> None:
        """The next of the plan, and how long everybody is behind."""
        fault, number, length = self.plan.pop(0)
        name = fault.__name__.replace("_", " ")
        self.all_talk()
        time.sleep(self.dice.uniform(0.0, 1.0))
        self.stop_at_a_fault()
        connected = self._connections()
        with fault(self.cluster, number):
            self.something_went_wrong()
            self._go_on_for(length)
            if fault is not postgres_crashed:
                self._catch_up(f"during {name}")
        self._catch_up(f"after {name}")
        if fault in OF_REDIS and self._connections() != connected:
            self.problems.append(Problem("cut", f"{name}: clients lost their connection"))

    def _go_on_for(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.stop_at_a_fault()
            time.sleep(min(left, 0.2))

    def _connections(self) -> list[int]:
        return [getattr(talker, "connections", 0) for talker in self.talkers]

    def _catch_up(self, when: str) -> None:
        """Wait until every client knows what is stored now, and what it had said by now is stored."""
        began = time.monotonic()
        counted = self.house.rows("SELECT id, talk_seq, aside_seq FROM chats WHERE state = 'active'")
        stored = {Stream(chat, name): seq for chat, *both in counted for name, seq in zip(("talk", "aside"), both)}  # noqa: B905 - two of each
        waiting = {text.client_id for talker in self.talkers for text in list(talker.outbox)}

        def done() -> bool:
            return all(
                all(talker.complete_to(stream) >= stored.get(stream, 0) for stream in talker.log.follows)
                and all(text.client_id not in waiting for text in list(talker.outbox))
                for talker in self.talkers
            )

        self.wait(f"everybody has caught up {when}", done)
        took = time.monotonic() - began
        self.catching_up.append((when, took))
        self.figures.seconds_to_come_back.append(took)
        if took > CATCH_UP_SECONDS:
            self.problems.append(Problem("late", f"{when}: {took:.1f} s until everybody had caught up"))

    def prove(self) -> None:
        """Beside the texts: every chat has come to its end, whoever lost sight of it."""
        super().prove()
        live = "SELECT count(*) FROM chats WHERE state <> 'ended'"
        self.wait("nobody is left", lambda: self.house.rows(live) == [(0,)])

    def look_at_what_is_left(self) -> None:
        """One ledger row a chat, no text beside those sent, nothing in the log that nobody expects."""
        self._compare("the contacts", "SELECT count(*) FROM contacts", "chats WHERE started_at IS NOT NULL")
        self._compare("the missed", "SELECT count(*) FROM missed_contacts", "chats WHERE started_at IS NULL")
        self._compare("one for each", "SELECT count(DISTINCT contact_key) FROM wrap_ups", "contacts")
        texts = dict(self.house.rows("SELECT chat_id, count(*) FROM messages GROUP BY chat_id"))
        stored = sum(texts.get(chat, 0) for chat in self._talking)
        sent = sum(len(talker.log.sent) for talker in self.talkers)
        if stored != sent:
            self.problems.append(Problem("foreign", f"{stored} texts in the table, {sent} sent"))
        for log, before in self._logs_before.items():
            for line in log.read_bytes()[before:].decode().splitlines():
                if line.startswith("Traceback") or ('"level": "error"' in line and _unexpected(line)):
                    self.problems.append(Problem("error", line))

    def _compare(self, what: str, query: str, counted: str) -> None:
        found, wanted = self.house.rows(query), self.house.rows(f"SELECT count(*) FROM {counted}")  # noqa: S608 - our own
        if found != wanted:
            self.problems.append(Problem("books", f"{what}: {found[0][0]} rows, {wanted[0][0]} are right"))

    def told(self) -> str:
        """How long everybody was behind, fault by fault."""
        received = sum(len(one.received) for one in self.receptionists)
        return "\n".join(
            [f"{when}: everybody had caught up after {took:.1f} s" for when, took in self.catching_up]
            + [f"{received} visitors were received and greeted meanwhile"]
        )


def _unexpected(line: str) -> bool:
    return any(problem not in EXPECTED for problem in re.findall(r'"problem": "(\w+)"', line))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the rounds and print their figures; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10, help="random faults after one of each")
    parser.add_argument("--chats", type=int, default=30)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--away", type=float, default=60.0, help="seconds that Redis is away the first time")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    options = parser.parse_args(arguments)
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        cluster = Cluster(Path(folder), options.processes, ping_seconds="2")
        try:
            house = House(cluster.open()).open({})
            rounds = FaultRounds(house, options.chats, options.seed, ())
            rounds.plan += [(a_process_killed, number, 2.0) for number in range(options.processes)]
            rounds.plan += [(postgres_crashed, 0, 2.0)]
            rounds.plan += [(fault, 0, options.away) for fault in (redis_stopped, redis_silent)]
            rounds.plan += [(redis_emptied, 0, 2.0)]
            chosen: list[Fault] = []
            while len(chosen) < options.rounds:
                chosen += rounds.dice.sample(FAULTS, k=len(FAULTS))
            for fault in chosen[: options.rounds]:
                number = rounds.dice.randrange(options.processes)
                rounds.plan.append((fault, number, rounds.dice.uniform(0.0, 8.0)))
            problems = rounds.run(len(rounds.plan))
        finally:
            cluster.stop()
    print(rounds.told())
    return report(rounds, problems)


if __name__ == "__main__":
    sys.exit(main())
