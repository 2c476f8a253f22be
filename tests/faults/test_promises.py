"""What an acknowledgement promises, shown with commits that hang, fail, or fail only seemingly."""

from __future__ import annotations

import queue
import random
import threading
import time as real_time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from helpline import db
from helpline.chat import service, store
from helpline.chat.models import Message
from helpline.chat.writer import Refused, Stored, Writer
from helpline.staff.service import Member
from tests.builders import Visit, a_chat, a_counsellor, deeds, texts_of
from tests.faults.conftest import Ears
from tests.faults.history import Acknowledged, Log, Received, Sent, Stream, check

pytestmark = pytest.mark.usefixtures("house")
SOON, LATE = 0.3, 20.0


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Writer:
    """A writer in a thread of its own, as the server has it."""
    writer = Writer()
    writer.start()
    monkeypatch.setattr(service, "writer", writer)
    return writer


def no_commit(_session: Session) -> None:
    """A disk that refuses."""
    raise OperationalError("COMMIT", {}, Exception("disk I/O error"))


def test_a_text_is_acknowledged_only_once_it_is_committed(running: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    visit, told = a_chat(), queue.SimpleQueue[Stored]()
    come, go_on, commit = threading.Event(), threading.Event(), Session.commit

    def wait(session: Session) -> None:
        come.set()
        assert go_on.wait(LATE)
        commit(session)

    monkeypatch.setattr(Session, "commit", wait)
    threading.Thread(target=lambda: told.put(visit.says("hello", "one")), daemon=True).start()
    assert come.wait(LATE)
    real_time.sleep(SOON)
    early = told.qsize()
    go_on.set()
    assert told.get(timeout=LATE).seq == 1
    assert early == 0, "it was acknowledged while its commit had not come back"


def test_the_database_itself_takes_no_text_twice() -> None:
    visit = a_chat()
    visit.says("hello", "one")
    (stored,) = texts_of(visit.chat)
    row = {column.name: getattr(stored, column.name) for column in Message.__table__.columns}
    with pytest.raises(IntegrityError), db.transaction() as session:
        store.insert_texts(session, [row | {"seq": 2}])


class Speaker(threading.Thread):
    """One side of a chat: sends its texts one after another, each until it is acknowledged."""

    def __init__(self, log: Log, stream: Stream, say: Callable[[str, str], Stored], count: int) -> None:
        super().__init__(daemon=True)
        self.log, self.stream, self.say, self.count = log, stream, say, count
        self.fault: Exception | None = None

    def run(self) -> None:
        try:
            for number in range(self.count):
                name = f"{self.log.client}-{number}"
                self.log.sent.append(Sent(self.stream, name, f"text {name}", real_time.monotonic()))
                self._send(name)
        except Exception as fault:
            self.fault = fault

    def _send(self, name: str) -> None:
        while True:
            self.log.tried[name] += 1
            try:
                seq = self.say(f"text {name}", name).seq
            except Refused as refused:
                assert refused.code == "unavailable"  # noqa: PT017 - nothing else may be the answer to a failed commit
                continue
            self.log.acknowledged.append(Acknowledged(name, seq, real_time.monotonic()))
            return


def test_commits_that_fail_or_only_seem_to_lose_double_and_reorder_nothing(
    running: Writer, ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = random.randrange(10**6)
    dice, commit = random.Random(seed), Session.commit
    pairs = [(a_counsellor(), a_chat()) for _ in range(3)]
    for member, visit in pairs:
        service.accept(member, visit.chat)

    def perhaps(session: Session) -> None:
        chance = dice.random()
        if chance < 0.2:
            no_commit(session)
        commit(session)
        if chance > 0.9:
            # The answer of the disk is lost, the text is not.
            no_commit(session)

    monkeypatch.setattr(Session, "commit", perhaps)
    speakers = [speaker for member, visit in pairs for speaker in both_sides(member, visit)]
    for speaker in speakers:
        speaker.start()
    for speaker in speakers:
        speaker.join(LATE)
        assert speaker.fault is None
        assert not speaker.is_alive()
    monkeypatch.setattr(Session, "commit", commit)
    truth: dict[Stream, dict[str, Any]] = {}
    for (member, visit), visitor, counsellor in zip(pairs, speakers[::2], speakers[1::2], strict=True):
        stream = visitor.stream
        told = service.staff_sync(member, visit.chat, "talk", 0)["messages"]
        truth[stream] = {"visitor": visit.sees()["messages"], "counsellor": told}
        pushed = [data for _, data in ears.of_visitor(visit.chat, "message")]
        visitor.log.received += [Received(stream, data, pushed_on=1) for data in pushed]
        pushed = [data for _, data in ears.of_chat(visit.chat, "message")]
        counsellor.log.received += [Received(stream, data, pushed_on=1) for data in pushed]
    problems = check([speaker.log for speaker in speakers], truth)
    assert problems == [], f"seed {seed}"
    assert sum(len(sides["visitor"]) for sides in truth.values()) == 3 * 2 * 25


def both_sides(member: Member, visit: Visit) -> list[Speaker]:
    """The visitor and the counsellor of a chat, about to speak 25 texts each."""
    stream = Stream(visit.chat)

    def counsellor_says(body: str, name: str) -> Stored:
        return deeds.say_as_staff(member, visit.chat, "talk", name, body)

    return [
        Speaker(Log(f"visitor of {visit.chat}", "visitor"), stream, visit.says, 25),
        Speaker(Log(f"counsellor of {visit.chat}", "counsellor"), stream, counsellor_says, 25),
    ]
