"""The database as every service relies on it: settings, transactions, and waiting without standing still."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import String, select, text
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from sqlalchemy.orm import Mapped, mapped_column

from helpline import db
from tests.postgres import sqlite_only

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Note(db.Base):
    """A table of this test's own, outside every migration."""

    __tablename__ = "notes_of_test_db"

    word: Mapped[str] = mapped_column(String(20), primary_key=True)
    at: Mapped[db.Instant | None]


db.Base.metadata.remove(Note.__table__)


@pytest.fixture
def address(database: str, tmp_path: Path) -> str:
    """The address of a database that is bound and has the table."""
    return database or f"sqlite:///{tmp_path / 'helpline.db'}"


@pytest.fixture(autouse=True)
def house(address: str) -> Iterator[None]:
    engine = db.bind(address)
    Note.__table__.create(engine)
    yield
    engine.dispose()
    Note.__table__.drop(engine)
    engine.dispose()


def note(word: str, at: datetime | None = None) -> None:
    with db.transaction() as session:
        session.add(Note(word=word, at=at))


def notes() -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(Note.word).order_by(Note.word)))


# SQLite's settings


@sqlite_only
def test_every_connection_of_the_pool_is_safe_against_a_power_cut_and_never_waits_by_itself() -> None:
    wanted = {"synchronous": 2, "journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 0, "secure_delete": 1}
    with ExitStack() as held:
        connections = [held.enter_context(db.engine().connect()) for _ in range(15)]
        found = [
            {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted}
            for connection in connections
        ]
    assert found == [wanted] * 15
    with db.transaction() as session:
        assert session.connection().exec_driver_sql("PRAGMA synchronous").scalar() == 2


@sqlite_only
def test_the_settings_are_there_after_the_pool_was_emptied() -> None:
    db.engine().dispose()
    with db.reading() as session:
        assert session.scalar(text("PRAGMA synchronous")) == 2
        assert session.scalar(text("PRAGMA foreign_keys")) == 1


# Transactions


def test_what_was_written_is_there_and_what_failed_is_not() -> None:
    note("kept")

    def fail() -> None:
        with db.transaction() as session:
            session.add(Note(word="lost"))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with pytest.raises(IntegrityError):
        note("kept")
    assert notes() == ["kept"]


def test_a_transaction_inside_another_joins_it_and_both_fail_together() -> None:
    def fail() -> None:
        with db.transaction() as outer:
            with db.transaction() as inner:
                assert inner is outer
                inner.add(Note(word="inner"))
            note("joined")
            with db.reading() as session:
                assert session is outer
            assert notes() == ["inner", "joined"]
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert notes() == []


def test_nobody_else_sees_what_is_not_committed() -> None:
    seen: list[list[str]] = []
    with db.transaction() as session:
        session.add(Note(word="secret"))
        session.flush()
        other = threading.Thread(target=lambda: seen.append(notes()))
        other.start()
        other.join()
    assert (seen, notes()) == ([[]], ["secret"])


def test_what_is_to_follow_the_commit_follows_it_in_order() -> None:
    order: list[str] = []
    with db.transaction():
        db.after_commit(lambda: order.append(f"first, with {notes()}"))
        with db.transaction():
            note("stored")
            db.after_commit(lambda: order.append("second"))
        order.append("still inside")
    assert order == ["still inside", "first, with ['stored']", "second"]


def test_nothing_follows_a_transaction_that_failed() -> None:
    order: list[str] = []

    def fail() -> None:
        with db.transaction():
            db.after_commit(lambda: order.append("told"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert order == []


def test_outside_a_transaction_it_happens_at_once() -> None:
    order: list[str] = []
    db.after_commit(lambda: order.append("told"))
    assert order == ["told"]


def test_one_thing_that_fails_after_the_commit_stops_no_other_and_hides_nothing() -> None:
    order: list[str] = []

    def fail() -> None:
        raise ConnectionError

    with db.transaction() as session:
        session.add(Note(word="stored"))
        db.after_commit(fail)
        db.after_commit(lambda: order.append("told"))
    assert (notes(), order) == (["stored"], ["told"])


def test_what_follows_a_commit_may_write_itself() -> None:
    with db.transaction():
        db.after_commit(lambda: note("later"))
    assert notes() == ["later"]


def test_a_reading_inside_a_reading_is_the_same_one() -> None:
    with db.reading() as outer:
        with db.reading() as inner:
            assert inner is outer
        with db.reading() as again:
            assert again is outer


def test_many_who_read_at_once_never_wait_for_each_other_with_a_connection_in_hand() -> None:
    """More readers than connections, each reading inside a reading."""
    done: list[int] = []

    def read(number: int) -> None:
        with db.reading() as session:
            session.execute(select(Note))
            time.sleep(0.01)
            notes()
        done.append(number)

    readers = [threading.Thread(target=read, args=(number,)) for number in range(40)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(20)
    assert len(done) == 40


# Moments


def test_a_moment_comes_back_as_it_was_in_utc() -> None:
    here = timezone(timedelta(hours=5, minutes=30))
    moment = datetime(2026, 3, 2, 17, 30, 1, 234567, tzinfo=here)
    note("moment", moment)
    note("never")
    with db.reading() as session:
        found = {row.word: row.at for row in session.scalars(select(Note))}
    assert found == {"moment": moment, "never": None}
    assert found["moment"] is not None
    assert found["moment"].tzinfo is UTC


def test_moments_are_compared_by_the_database() -> None:
    for hour in (1, 2, 3):
        note(f"{hour}", NOON + timedelta(hours=hour))
    with db.reading() as session:
        later = select(Note.word).where(Note.at > NOON + timedelta(hours=2))
        assert list(session.scalars(later)) == ["3"]


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(StatementError, match="without a zone"):
        note("naive", NOON.replace(tzinfo=None))


# Keys


def test_keys_are_random_and_easy_to_say() -> None:
    keys = {db.random_key() for _ in range(1000)}
    assert len(keys) == 1000
    assert {len(key) for key in keys} == {26}
    assert set("".join(keys)) == set(db.CROCKFORD)


# Other processes

HOLD = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
held.execute("COMMIT")
"""


@contextlib.contextmanager
def lock_held_elsewhere(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process holds SQLite's one lock until a line is written to it."""
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder
        holder.kill()


def let_go(holder: subprocess.Popen[str]) -> None:
    assert holder.stdin is not None
    holder.stdin.write("\n")
    holder.stdin.flush()


@sqlite_only
def test_a_lock_held_by_another_process_delays_a_write_without_an_error(tmp_path: Path) -> None:
    with lock_held_elsewhere(tmp_path / "helpline.db") as holder:
        writing = threading.Thread(target=note, args=("late",))
        writing.start()
        writing.join(0.3)
        assert writing.is_alive()
        assert notes() == []  # reading goes on meanwhile
        let_go(holder)
        writing.join(20)
    assert notes() == ["late"]


@sqlite_only
def test_a_lock_that_is_never_given_back_is_an_error_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "LOCK_WAIT_SECONDS", 0.2)
    with lock_held_elsewhere(tmp_path / "helpline.db"), pytest.raises(OperationalError, match="locked"):
        note("never")
    note("now")
    assert notes() == ["now"]


def test_who_has_no_patience_does_not_wait_for_a_row_that_somebody_else_changes(address: str) -> None:
    note("one")
    other = db.new_engine(address)
    try:
        with other.connect().execution_options(writes=True) as held:
            held.execute(text("UPDATE notes_of_test_db SET at = NULL"))
            with pytest.raises(OperationalError), db.transaction(patience=0.01) as session:
                session.execute(text("UPDATE notes_of_test_db SET word = 'two'"))
        with db.transaction(patience=0.01) as session:
            session.execute(text("UPDATE notes_of_test_db SET word = 'three'"))
    finally:
        other.dispose()
    assert notes() == ["three"]


# As the server runs: cooperative threads, of which one that waits inside SQLite would stop all.
COOPERATIVE = """
import eventlet
eventlet.monkey_patch()
import sys, time
from helpline import db
from tests.postgres import sqlite_only
from sqlalchemy import text

db.bind(sys.argv[1])
turns = []

def others():
    while True:
        turns.append(time.monotonic())
        eventlet.sleep(0.005)

def write():
    print("waits", flush=True)
    with db.transaction() as session:
        session.execute(text("INSERT INTO notes_of_test_db (word) VALUES ('late')"))

eventlet.spawn(others)
start = time.monotonic()
eventlet.spawn(write).wait()
longest = max(b - a for a, b in zip(turns, turns[1:]))
print(f"{time.monotonic() - start:.3f} {longest:.3f} {len(turns)}", flush=True)
"""


@sqlite_only
def test_a_lock_held_by_another_process_does_not_stand_in_the_way_of_other_chats(tmp_path: Path, address: str) -> None:
    command = [sys.executable, "-W", "ignore", "-c", COOPERATIVE, address]
    with (
        lock_held_elsewhere(tmp_path / "helpline.db") as holder,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server,
    ):
        assert server.stdout is not None
        assert server.stdout.readline() == "waits\n"
        time.sleep(1)
        let_go(holder)
        waited, longest, turns = server.stdout.readline().split()
    assert float(waited) > 0.9
    assert float(longest) < 0.5
    assert int(turns) > 20
    assert notes() == ["late"]


def end_all_connections(address: str) -> None:
    """As PostgreSQL does when it is restarted."""
    other = db.new_engine(address)
    with other.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    other.dispose()


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_connection_that_rested_is_tried_before_it_is_used(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "RESTED_SECONDS", 0.0)
    note("before")
    end_all_connections(address)
    note("after")
    assert notes() == ["after", "before"]


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_connection_lost_in_use_costs_one_error_and_takes_the_others_with_it(address: str) -> None:
    with db.reading() as one:
        one.execute(text("SELECT 1"))
        with db.transaction():
            pass
    end_all_connections(address)
    with pytest.raises(OperationalError):
        note("lost")
    note("after")
    assert notes() == ["after"]
