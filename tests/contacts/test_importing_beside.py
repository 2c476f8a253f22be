"""An import while others write and read, twice at the same moment, and killed in the middle."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select

from helpline import clock, config, db
from helpline.contacts import service
from helpline.contacts.models import Contact, ContactTopic, ImportedFile, MissedContact
from helpline.lines import service as lines
from tests.builders import EVENING, ledger
from tests.builders.logs import a_large_log, a_log, answered, missed

pytestmark = pytest.mark.usefixtures("house")

# Ends itself like a power cut at the first statement that begins with the words it is given.
KILLED_AT = """
import os, signal, sys
from sqlalchemy import Engine, event

@event.listens_for(Engine, "after_cursor_execute")
def fall(connection, cursor, statement, *rest):
    if statement.startswith(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)

from helpline.commands import run
sys.exit(run(["contacts", "import", sys.argv[2]]))
"""


def rows() -> list[int]:
    with db.reading() as session:
        models = (Contact, ContactTopic, MissedContact, ImportedFile)
        return [session.scalar(select(func.count()).select_from(model)) or 0 for model in models]


@contextmanager
def at_statement(words: str, what: Callable[[], Any]) -> Iterator[list[Any]]:
    """Collects what `what` gives after each statement that begins with these words."""
    given: list[Any] = []

    def look(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith(words):
            given.append(what())

    event.listen(db.engine(), "after_cursor_execute", look)
    try:
        yield given
    finally:
        event.remove(db.engine(), "after_cursor_execute", look)


def test_nobody_sees_a_part_of_a_file() -> None:
    def seen() -> int:
        with db.engine().connect() as other:
            return sum(other.scalar(select(func.count()).select_from(model)) or 0 for model in (Contact, MissedContact))

    with at_statement("INSERT INTO", seen) as given:
        service.import_log(a_large_log(6000).encode(), clock.now())
    assert len(given) > 6
    assert set(given) == {0}
    assert sum(ledger().values()) == 6000


def test_until_the_end_nobody_waits_for_an_import() -> None:
    """While rows are read and laid ready others write; the lock of SQLite is taken for the last statements only."""

    def another_write() -> str:
        return service.record_missed(lines.get_line("youth"), cause="lost", at=EVENING, language="nl")

    with at_statement("INSERT INTO arriving", another_write) as given:
        service.import_log(a_large_log(6000).encode(), clock.now())
    assert ledger("youth") == {"lost": len(given)}
    assert sum(ledger("prevention").values()) == 6000


def test_who_writes_meanwhile_loses_nothing() -> None:
    over, written = threading.Event(), []

    def write() -> None:
        while not over.is_set():
            written.append(service.record_missed(lines.get_line("youth"), cause="lost", at=EVENING, language="nl"))

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for seed in (1, 2, 3):
            service.import_log(a_large_log(2500, seed).encode(), clock.now())
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert ledger("youth") == {"lost": len(written)}
    assert sum(ledger("prevention").values()) == 7500


def test_a_file_that_is_imported_twice_at_the_same_moment_counts_once() -> None:
    log = a_log(*(answered(topics=f"topic_{letter};press") for letter in "abc"), missed()).encode()
    begin, done = threading.Barrier(4), []

    def take() -> None:
        begin.wait()
        done.append(service.import_log(log, clock.now()))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(result.again for result in done) == [False, True, True, True]
    assert rows() == [3, 6, 1, 1]


def test_two_files_at_the_same_moment_bring_their_new_topic_once() -> None:
    begin, failed = threading.Barrier(4), []

    def take(seed: int) -> None:
        begin.wait()
        try:
            service.import_log(a_log(answered(topics="brand_new", person=f"p{seed}")).encode(), clock.now())
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=take, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert rows() == [4, 4, 0, 4]
    assert [topic.code for topic in service.topics_of("prevention")].count("brand_new") == 1


@pytest.mark.parametrize("table", ["arriving_contacts", "imported_files", "contacts", "missed_contacts"])
def test_an_import_that_is_killed_left_nothing_and_can_be_done_again(
    table: str, settings: config.Settings, tmp_path: Path
) -> None:
    file = tmp_path / "log.csv"
    file.write_text(a_large_log(3000))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HELPLINE_")}
    environment |= {
        "HELPLINE_INSTANCE_DIR": str(settings.instance_dir),
        "HELPLINE_DATABASE_URL": settings.database_url,
    }
    command = [sys.executable, "-c", KILLED_AT, f"INSERT INTO {table} ", str(file)]
    killed = subprocess.run(command, env=environment, timeout=60)
    assert killed.returncode == -9
    assert rows() == [0, 0, 0, 0]
    assert not service.import_log(file.read_bytes(), clock.now()).again
    assert sum(ledger().values()) == 3000
    assert service.import_log(file.read_bytes(), clock.now()).again
