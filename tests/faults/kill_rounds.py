"""Rounds of SIGKILL while chats talk: `python -m tests.faults.kill_rounds --kills 20 --chats 30 --seed N`.

The server is killed at random moments, some of them while its clients are still coming back, and started again. In the
end everybody is quiet, every client has to have caught up by itself, and the checker compares what was sent,
acknowledged and shown with what both sides can read. Exits 1 when a promise was broken.
"""

from __future__ import annotations

import argparse
import random
import secrets
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.clients import Counsellor, Server, Visitor, Wire
from tests.faults.history import Message, Problem, Sent, Stream, check
from tests.faults.talk import ConsoleTalker, FormTalker, Newcomer, Talker, VisitorTalker

LINES = ("youth", "prevention")
CHATS_EACH = 8
PATIENCE = 60.0
EVERY_NTH_BY_FORMS = 4


@dataclass
class Figures:
    """What the rounds did, for the report."""

    seed: int
    chats: int
    kills: int = 0
    texts: int = 0
    newcomers: int = 0
    unanswered_at_kill: list[int] = field(default_factory=list)
    stored_without_answer: int = 0
    seconds_to_come_back: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self) -> str:
        back = sorted(self.seconds_to_come_back) or [0.0]
        open_texts = self.unanswered_at_kill or [0]
        return (
            f"seed {self.seed}: {self.kills} kills, {self.chats} chats, {self.texts} texts acknowledged, "
            f"{self.newcomers} visitors came and left; "
            f"unacknowledged at the kills {sum(open_texts)} (most {max(open_texts)}), of these stored all the same "
            f"{self.stored_without_answer}, the others sent again; everybody talked again after "
            f"{back[len(back) // 2]:.1f} s (slowest {back[-1]:.1f}); {self.seconds:.0f} s in all"
        )


class Rounds:
    """A server, its chats in talk, and the killing."""

    def __init__(self, folder: Path, chats: int, seed: int) -> None:
        self.dice = random.Random(seed)
        self.figures = Figures(seed, chats)
        self.server = Server(folder / "instance", ping_seconds="2")
        self.chats = chats
        self.consoles: list[ConsoleTalker] = []
        self.visitors: list[VisitorTalker | FormTalker] = []
        self.newcomers = [Newcomer(f"n{n}", self.server, LINES[n]) for n in range(len(LINES))]
        self.problems: list[Problem] = []

    @property
    def talkers(self) -> Sequence[Talker]:
        """Everybody."""
        return [*self.visitors, *self.consoles]

    def run(self, kills: int) -> list[Problem]:
        """Set up, kill so many times, and prove; the broken promises."""
        began = time.monotonic()
        try:
            self._open()
            for thread in (*self.talkers, *self.newcomers):
                thread.start()
            self._all_talk()
            for _ in range(kills):
                self._kill()
            self.figures.seconds_to_come_back.append(self._all_talk())
            self._prove()
        finally:
            for thread in (*self.talkers, *self.newcomers):
                thread.over.set()
            for thread in (*self.talkers, *self.newcomers):
                if thread.ident is not None:
                    thread.join(10)
            self.server.stop()
            self.figures.seconds = time.monotonic() - began
        self._look_at_what_is_left()
        return self.problems

    def _open(self) -> None:
        """Lines, counsellors, visitors: every chat is accepted before the talk begins."""
        for line in LINES:
            self.server.command("lines", "set", line, "--hours", "always", "--queue-limit", str(self.chats + 1))
        number = max(len(LINES), -(-self.chats // CHATS_EACH))
        accounts = [self.server.add_counsellor(f"c{n}", LINES[n % len(LINES)], capacity=10) for n in range(number)]
        self.server.start()
        for n, (password, totp) in enumerate(accounts):
            member = Counsellor(self.server).sign_in(f"c{n}", password, totp)
            self.consoles.append(ConsoleTalker(f"c{n}", self.figures.seed, member))
            member.on_duty(LINES[n % len(LINES)], 10)
        owners: dict[str, ConsoleTalker] = {}
        for n in range(self.chats):
            self._join(n)
            owner = self._accept_one(owners)
            self.visitors[-1].log.follows.append(Stream(owner))
        for visitor in self.visitors:
            stream, text = visitor.log.follows[0], f"{visitor.name} comes in"
            visitor.log.sent.append(Sent(stream, None, text, 0.0))
        for console in self.consoles:
            # From here on nothing rings: the newcomers are nobody's.
            wire = console.counsellor.wire
            assert wire.call("duty", {"state": "on_phone"})["ok"]
            wire.close()

    def _join(self, number: int) -> None:
        visitor = Visitor(self.server).join(LINES[number % len(LINES)], first_message=f"v{number} comes in")
        kind = FormTalker if number % EVERY_NTH_BY_FORMS == EVERY_NTH_BY_FORMS - 1 else VisitorTalker
        self.visitors.append(kind(f"v{number}", self.figures.seed, visitor))

    def _accept_one(self, owners: dict[str, ConsoleTalker]) -> str:
        """Accept the one chat that waits, whomever it is offered to."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for console in self.consoles:
                wire = console.counsellor.wire
                try:
                    chat = str(wire.wait_for("offer", timeout=0.05)["chat"])
                except TimeoutError:
                    continue
                answer = wire.call("accept", {"chat": chat})
                assert answer["ok"], answer
                owners[chat] = console
                console.take(chat)
                return chat
        raise TimeoutError("the chat was not offered")

    def _all_talk(self) -> float:
        """Wait until everybody got an acknowledgement since the last kill; how many seconds that took."""
        began = time.monotonic()
        self._wait("everybody talks", lambda: all(talker.acknowledged_since_kill for talker in self.talkers))
        return time.monotonic() - began

    def _wait(self, what: str, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not done():
            self._stop_at_a_fault()
            if time.monotonic() > deadline:
                raise TimeoutError(f"not in {PATIENCE:.0f} s: {what}")
            time.sleep(0.01)

    def _stop_at_a_fault(self) -> None:
        faults = [fault for thread in (*self.talkers, *self.newcomers) for fault in thread.faults]
        assert not faults, "\n".join(faults)

    def _kill(self) -> None:
        """Kill in the middle of the talk, one time in four while clients are still coming back; start again."""
        if self.dice.random() < 0.75:
            waited = self._all_talk()
            if self.figures.kills:
                self.figures.seconds_to_come_back.append(waited)
        time.sleep(self.dice.uniform(0.0, 1.5))
        self._stop_at_a_fault()
        self.server.kill()
        self.figures.kills += 1
        self.figures.unanswered_at_kill.append(sum(len(talker.outbox) for talker in self.talkers))
        for talker in self.talkers:
            talker.acknowledged_since_kill = 0
        self.server.start()

    def _prove(self) -> None:
        """Everybody falls silent and catches up by the client's own rules; then the truth is fetched and compared."""
        for talker in self.talkers:
            talker.quiet.set()
        for newcomer in self.newcomers:
            newcomer.over.set()
        self._wait("the newcomers have left", lambda: not any(n.is_alive() for n in self.newcomers))
        self._wait("every text is acknowledged", lambda: not any(talker.outbox for talker in self.talkers))
        truth: dict[Stream, dict[str, Sequence[Message]]] = {}
        for visitor in self.visitors:
            stream = visitor.log.follows[0]
            truth[stream] = {visitor.name: visitor.visitor.transcript(0)["messages"]}
        for console in self.consoles:
            wire = Wire(self.server.url, "/console", console.counsellor.cookie_header("console"))
            for stream in console.log.follows:
                answer = wire.call("sync", {"chat": stream.chat, "stream": stream.name, "after": 0})
                if answer.get("state") != "active":
                    self.problems.append(Problem("state", f"{stream} is {answer}"))
                truth.setdefault(stream, {})[console.name] = answer.get("messages", [])
            wire.close()
        # The checker says who is still behind; within a few pings nobody may be.
        deadline = time.monotonic() + 15
        logs = [talker.log for talker in self.talkers]
        while (found := check(logs, truth)) and time.monotonic() < deadline:
            if any(problem.kind != "behind" for problem in found):
                break
            time.sleep(0.5)
        self._stop_at_a_fault()
        self.problems += found
        self._end_the_chats()
        self.figures.newcomers = sum(newcomer.visits for newcomer in self.newcomers)
        self.figures.texts = sum(len({a.client_id for a in log.acknowledged}) for log in logs)
        self.figures.stored_without_answer = sum(talker.resent_known for talker in self.talkers)

    def _end_the_chats(self) -> None:
        """Every counsellor closes what is in hand."""
        for console in self.consoles:
            console.over.set()
            console.join(10)
            wire = Wire(self.server.url, "/console", console.counsellor.cookie_header("console"))
            for stream in console.log.follows:
                if stream.name == "talk":
                    answer = wire.call("end", {"chat": stream.chat})
                    if answer.get("reason") != "finished":
                        self.problems.append(Problem("state", f"{stream} did not end: {answer}"))
            wire.close()

    def _look_at_what_is_left(self) -> None:
        """SQLite finds nothing broken, the books are right, no text is there beside those sent, no error was logged."""
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the rounds and print their figures; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--chats", type=int, default=30)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    options = parser.parse_args(arguments)
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        rounds = Rounds(Path(folder), options.chats, options.seed)
        problems = rounds.run(options.kills)
    print(rounds.figures)
    for kind, times in Counter(problem.kind for problem in problems).items():
        print(f"BROKEN {kind}: {times} times, first: {next(p.what for p in problems if p.kind == kind)}")
    print("every promise was kept" if not problems else "promises were broken")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
