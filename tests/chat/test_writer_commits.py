"""Acknowledged means committed: nobody hears of a text before, nor of one that failed. On both databases."""

from __future__ import annotations

import threading
import time as real_time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import create_engine, event, func, select, text
from sqlalchemy.engine import Connection

from helpline import db
from helpline.chat import push
from helpline.chat import writer as writer_module
from helpline.chat.items import Mark, Read
from helpline.chat.models import Message
from helpline.chat.writer import Refused, Stored, Text, Writer
from tests.builders import Visit, a_chat, a_counsellor, texts_of
from tests.chat.conftest import Ears

pytestmark = pytest.mark.usefixtures("house")


class Lost(Exception):
    """The database went away."""


@pytest.fixture(params=["by itself", "in the background"])
def writer(request: pytest.FixtureRequest) -> Writer:
    """A writer as commands have it, and one with its own thread as the server has it."""
    made = Writer()
    if request.param == "in the background":
        made.start()
    return made


def a_text(visit: Visit, client_id: str = "c1") -> Text:
    return Text(visit.chat, "talk", "visitor", client_id, "hello", session_key=visit.visitor.session_key)


@contextmanager
def on_commit(deed: Callable[[Connection], None]) -> Iterator[None]:
    """Within it, `deed` happens just before each commit reaches the database."""
    engine = db.engine()
    event.listen(engine, "commit", deed)
    yield
    event.remove(engine, "commit", deed)


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until it holds, for a while."""
    deadline = real_time.monotonic() + 10
    while not holds() and real_time.monotonic() < deadline:
        real_time.sleep(0.01)


def stored_for_others() -> int:
    """How many texts somebody else, on a connection of their own, finds in the database now."""
    foreign = create_engine(db.engine().url)
    with foreign.connect() as connection:
        found = connection.scalar(select(func.count()).select_from(Message)) or 0
    foreign.dispose()
    return found


def test_a_text_is_acknowledged_once_others_could_read_it(writer: Writer) -> None:
    visit = a_chat()
    acknowledged = threading.Event()
    early: list[bool] = []

    def look(_connection: Connection) -> None:
        early.append(acknowledged.wait(0.05))

    with on_commit(look):
        writer.submit(a_text(visit))
        acknowledged.set()
    assert (early, stored_for_others()) == ([False], 1)


def test_a_text_is_shown_once_others_could_read_it(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = a_chat(held_by=a_counsellor())
    seen: list[tuple[str, int]] = []
    monkeypatch.setattr(push, "_emit_here", lambda name, data, to, room: seen.append((to, stored_for_others())))
    writer.submit(a_text(visit))
    # Acknowledged first, then shown: the writer's own thread may still be at it.
    eventually(lambda: len(seen) == 2)
    assert seen == [("/visitor", 1), ("/console", 1)]


def test_a_text_whose_commit_fails_is_not_acknowledged_shown_or_stored(writer: Writer, ears: Ears) -> None:
    visit = a_chat()
    ears.heard.clear()

    def fail(_connection: Connection) -> None:
        raise Lost

    with on_commit(fail), pytest.raises((Refused, Lost)) as refused:
        writer.submit(a_text(visit))
    assert getattr(refused.value, "code", "unavailable") == "unavailable"
    assert (stored_for_others(), ears.heard, visit.row.talk_seq) == (0, [], 0)
    assert writer.submit(a_text(visit)).seq == 1


def test_texts_go_on_once_the_database_is_well_again(ears: Ears) -> None:
    visit, writer = a_chat(), Writer()
    writer.start()
    with db.transaction() as session:
        session.execute(text("ALTER TABLE messages RENAME TO gone"))
    ears.heard.clear()
    with pytest.raises(Refused, match="unavailable"):
        writer.submit(a_text(visit))
    assert ears.heard == []
    with db.transaction() as session:
        session.execute(text("ALTER TABLE gone RENAME TO messages"))
    assert writer.submit(a_text(visit)).seq == 1
    assert [name for name, _ in ears.of_visitor(visit.chat)] == ["message"]


def test_a_client_that_hangs_up_in_the_middle_costs_nobody_the_acknowledgement(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = a_chat()

    def hang_up(*_push: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(push, "_emit_here", hang_up)
    assert writer.submit(a_text(visit)).seq == 1
    assert stored_for_others() == 1


def test_texts_that_wait_share_a_commit_and_keep_their_order() -> None:
    visits, writer, commits = [a_chat() for _ in range(5)], Writer(), []
    release, at_work = threading.Event(), threading.Event()

    def note(_connection: Connection) -> None:
        commits.append(1)
        at_work.set()
        release.wait(20)

    def send(visit: Visit) -> list[int]:
        return [writer.submit(a_text(visit, f"c{number}")).seq for number in range(8)]

    writer.start()
    with on_commit(note), ThreadPoolExecutor(len(visits)) as senders:
        first = senders.submit(writer.submit, a_text(visits[0], "first"))
        assert at_work.wait(20)
        sent = [senders.submit(send, visit) for visit in visits[1:]]
        while len(writer.lanes[0].waiting) < len(sent):
            real_time.sleep(0.001)
        release.set()
        assert first.result().seq == 1
        assert [each.result() for each in sent] == [list(range(1, 9))] * 4
    # One by one they would have been 33.
    assert len(commits) < 33
    for visit in visits[1:]:
        assert [row.client_id for row in texts_of(visit.chat)] == [f"c{number}" for number in range(8)]


def test_a_read_mark_goes_along_with_the_next_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "MARKS_WAIT_SECONDS", 60.0)
    visit, writer, commits = a_chat(), Writer(), []
    key = visit.visitor.session_key
    writer.start()
    with on_commit(lambda _connection: commits.append(1)):
        read = threading.Event()
        writer.post(Mark(visit.chat, 0, session_key=key), lambda _outcome: read.set())
        assert not commits
        assert writer.submit(a_text(visit)).seq == 1
        assert read.wait(20)
    assert len(commits) == 1


def test_a_read_mark_that_stays_alone_is_written_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "MARKS_WAIT_SECONDS", 0.01)
    visit, writer = a_chat(), Writer()
    writer.start()
    read = writer.submit(Mark(visit.chat, 0, session_key=visit.visitor.session_key))
    assert isinstance(read, Read)


def test_many_senders_in_one_chat_get_a_number_each() -> None:
    visit, writer = a_chat(), Writer()
    writer.start()

    def send(sender: int) -> list[Stored]:
        return [writer.submit(a_text(visit, f"{sender}-{number}")) for number in range(10)]

    with ThreadPoolExecutor(8) as senders:
        stored = [each for sent in senders.map(send, range(8)) for each in sent]
    assert sorted(each.seq for each in stored) == list(range(1, 81))
    assert visit.row.talk_seq == 80


def test_two_processes_that_write_in_one_chat_leave_no_gap() -> None:
    """Each with a writer of its own; one sends again what the other has stored."""
    visit, writers = a_chat(), [Writer(), Writer()]
    for writer in writers:
        writer.start()

    def send(writer: Writer) -> list[int]:
        return [writer.submit(a_text(visit, f"c{number}")).seq for number in range(25)]

    with ThreadPoolExecutor(2) as senders:
        one, other = senders.map(send, writers)
    assert one == other == list(range(1, 26))
    assert len(texts_of(visit.chat)) == 25
