"""A text is on disk, power cut included, before anybody hears of it."""

from __future__ import annotations

import contextlib
import re
import time
import uuid
from pathlib import Path
from typing import Any

from helpline import db
from tests.clients import Counsellor, Server, Visitor
from tests.faults.trace import STRACE, problems_of
from tests.postgres import sqlite_only

FULL = 2


@sqlite_only
def test_every_pooled_connection_syncs_each_commit(app: Any) -> None:
    with contextlib.ExitStack() as together:
        # More at once than the pool keeps, so that kept, new and overflowing ones are all asked.
        for _ in range(12):
            connection = together.enter_context(db.engine().connect())
            asked = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("synchronous", "journal_mode", "busy_timeout", "foreign_keys")
            }
            assert asked == {"synchronous": FULL, "journal_mode": "wal", "busy_timeout": 0, "foreign_keys": 1}
    with db.transaction() as session:
        assert session.connection().exec_driver_sql("PRAGMA synchronous").scalar() == FULL


def whole(trace: Path, process: int) -> str:
    """The trace once strace, which goes on for a moment after its server, has written the server's end."""
    deadline = time.monotonic() + 60
    while not re.search(rf"^{process} +\+\+\+ ", written := trace.read_text(), re.MULTILINE):
        if time.monotonic() > deadline:
            raise TimeoutError(f"strace did not finish: {written[-300:]}")
        time.sleep(0.1)
    return written


def test_the_log_is_synced_between_a_text_and_its_acknowledgement(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    server = Server(tmp_path / "instance", ping_seconds="60")
    server.command("lines", "set", "youth", "--hours", "always")
    account = server.add_counsellor("c", "youth")
    try:
        server.start(*STRACE, "-o", str(trace))
        counsellor = Counsellor(server).sign_in("c", *account).on_duty()
        visitor = Visitor(server).join()
        visitor.connect()
        chat = counsellor.accept_next()
        said = []
        for number in range(5):
            said += [uuid.uuid4().hex for _ in range(3)]
            assert visitor.say(f"visitor {number}", said[-3])["ok"]
            assert counsellor.say(chat, f"counsellor {number}", said[-2])["ok"]
            answer = visitor.post(f"{visitor.room}say", visitor.room, client_id=said[-1], body=f"form {number}")
            assert answer.status_code == 303
        assert [m["client_id"] for m in visitor.transcript()["messages"]] == said
        assert server.process is not None
        process = server.process.pid
    finally:
        server.stop()
    written = whole(trace, process)
    assert [problem for name in said for problem in problems_of(written, name, "helpline.db-wal")] == []
