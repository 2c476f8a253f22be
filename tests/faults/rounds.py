"""Chats that talk while things go wrong, and the proof afterwards that every promise was kept.

In the end everybody is quiet, every client has to have caught up by itself, and the checker compares what was sent,
acknowledged and shown with what both sides can read. What goes wrong is the business of those who build on this.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tests.clients import Wire
from tests.faults.history import Message, Problem, Sent, Stream, check
from tests.faults.newcomers import Newcomer
from tests.faults.talk import ConsoleTalker, FormTalker, Talker, VisitorTalker
from tests.journeys.house import House

LINES = ("youth", "prevention")
CHATS_EACH = 8
PATIENCE = 60.0
EVERY_NTH_BY_FORMS = 4


class Sidekick(Protocol):
    """A thread beside the talk: visitors who come and go, whoever receives them."""

    faults: list[str]
    over: threading.Event
    ident: int | None

    def start(self) -> None:
        """Begin."""

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end."""

    def is_alive(self) -> bool:
        """Whether it goes on."""


@dataclass
class Figures:
    """What the rounds did, for the report."""

    seed: int
    chats: int
    times: int = 0
    texts: int = 0
    newcomers: int = 0
    unanswered: list[int] = field(default_factory=list)
    """Texts without an acknowledgement whenever something went wrong."""
    stored_without_answer: int = 0
    seconds_to_come_back: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self) -> str:
        back = sorted(self.seconds_to_come_back) or [0.0]
        open_texts = self.unanswered or [0]
        return (
            f"seed {self.seed}: {self.times} faults, {self.chats} chats, {self.texts} texts acknowledged, "
            f"{self.newcomers} visitors came and left; "
            f"unacknowledged at the faults {sum(open_texts)} (most {max(open_texts)}), of these stored all the same "
            f"{self.stored_without_answer}, the others sent again; everybody talked again after "
            f"{back[len(back) // 2]:.1f} s (slowest {back[-1]:.1f}); {self.seconds:.0f} s in all"
        )


class Rounds:
    """A helpline, its chats in talk, and what goes wrong."""

    one_process = True

    def __init__(self, house: House, chats: int, seed: int) -> None:
        self.dice = random.Random(seed)
        self.figures = Figures(seed, chats)
        self.house, self.server = house, house.server
        self.chats = chats
        self.consoles: list[ConsoleTalker] = []
        self.visitors: list[VisitorTalker | FormTalker] = []
        self.newcomers: Sequence[Newcomer] = [Newcomer(f"n{n}", self.server, LINES[n]) for n in range(len(LINES))]
        self.problems: list[Problem] = []

    @property
    def talkers(self) -> Sequence[Talker]:
        """Everybody in the chats that talk."""
        return [*self.visitors, *self.consoles]

    @property
    def others(self) -> Sequence[Sidekick]:
        """Everybody beside them."""
        return self.newcomers

    def go_wrong(self) -> None:
        """Let something happen."""
        raise NotImplementedError

    def look_at_what_is_left(self) -> None:
        """Look into books and logs once everybody has gone."""
        raise NotImplementedError

    def run(self, times: int) -> list[Problem]:
        """Set up, let it go wrong so many times, and prove; the broken promises."""
        began = time.monotonic()
        try:
            self.open()
            for thread in (*self.talkers, *self.others):
                thread.start()
            self.all_talk()
            for _ in range(times):
                self.go_wrong()
            self.figures.seconds_to_come_back.append(self.all_talk())
            self.prove()
        finally:
            for thread in (*self.talkers, *self.others):
                thread.over.set()
            for thread in (*self.talkers, *self.others):
                if thread.ident is not None:
                    thread.join(10)
            self.figures.seconds = time.monotonic() - began
        self.look_at_what_is_left()
        return self.problems

    def open(self) -> None:
        """Lines, counsellors, visitors: every chat is accepted before the talk begins."""
        number = max(len(LINES), -(-self.chats // CHATS_EACH))
        logins = {f"c{n}": (["counsellor"], [LINES[n % len(LINES)]]) for n in range(number)}
        self.house.hire(logins, capacity=10)
        self.house.change(f"UPDATE lines SET queue_limit = {self.chats + 10}")  # noqa: S608 - a number
        for n, login in enumerate(logins):
            member = self.house.counsellor(login)
            self.consoles.append(ConsoleTalker(login, self.figures.seed, member))
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
            # From here on nothing rings at those who talk.
            wire = console.counsellor.wire
            assert wire.call("duty", {"state": "on_phone"})["ok"]
            wire.close()

    def _join(self, number: int) -> None:
        visitor = self.house.visitor().join(LINES[number % len(LINES)], first_message=f"v{number} comes in")
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

    def all_talk(self) -> float:
        """Wait until everybody got an acknowledgement since the last fault; how many seconds that took."""
        began = time.monotonic()
        self.wait("everybody talks", lambda: all(talker.acknowledged_since_fault for talker in self.talkers))
        return time.monotonic() - began

    def wait(self, what: str, done: Callable[[], bool]) -> None:
        """Wait for it; whatever a client noticed meanwhile ends the rounds at once."""
        deadline = time.monotonic() + PATIENCE
        while not done():
            self.stop_at_a_fault()
            if time.monotonic() > deadline:
                raise TimeoutError(f"not in {PATIENCE:.0f} s: {what}")
            time.sleep(0.01)

    def stop_at_a_fault(self) -> None:
        """Raise what a client noticed."""
        faults = [fault for thread in (*self.talkers, *self.others) for fault in thread.faults]
        assert not faults, "\n".join(faults)

    def something_went_wrong(self) -> None:
        """Write down how it stands just now."""
        self.figures.times += 1
        self.figures.unanswered.append(sum(len(talker.outbox) for talker in self.talkers))
        for talker in self.talkers:
            talker.acknowledged_since_fault = 0

    def prove(self) -> None:
        """Everybody falls silent and catches up by the client's own rules; then the truth is fetched and compared."""
        for talker in self.talkers:
            talker.quiet.set()
        for newcomer in self.newcomers:
            newcomer.over.set()
        self.wait("the newcomers have left", lambda: not any(n.is_alive() for n in self.newcomers))
        self.wait("every text is acknowledged", lambda: not any(talker.outbox for talker in self.talkers))
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
        while (found := check(logs, truth, one_process=self.one_process)) and time.monotonic() < deadline:
            if any(problem.kind != "behind" for problem in found):
                break
            time.sleep(0.5)
        self.stop_at_a_fault()
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
