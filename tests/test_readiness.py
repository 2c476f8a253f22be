"""`/readyz` says within two seconds whether the database takes what is written, and nothing hangs on one that is gone.

The servers are real, and so is what happens to their databases.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from sqlalchemy import text

from helpline import db
from tests.clients import Server, Visitor
from tests.postgres import Postgres

# It promises two seconds; the rest is for a machine that does other things too.
IN_TIME = 5.0
UNTIL = 30.0
# Put into the server: how long it waits for a silent database takes no ten seconds to try.
IMPATIENT = "from helpline import serve\nserve.DATABASE_SECONDS = 3.0\n"
ROOT = Path(__file__).parents[1]


def answer(server: Server) -> int:
    return requests.get(f"{server.url}/readyz", timeout=IN_TIME).status_code


def becomes(server: Server, status: int) -> None:
    """Ask until it answers so; every single answer is in time."""
    deadline = time.monotonic() + UNTIL
    while (found := answer(server)) != status:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def stays_alive(server: Server) -> None:
    assert requests.get(f"{server.url}/healthz", timeout=IN_TIME).status_code == 200


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("sqlite") / "instance", metrics_token="t0ken")
    yield running.start()
    running.stop()


def test_sqlite_that_is_moved_away_is_gone_until_it_is_back(on_sqlite: Server) -> None:
    assert answer(on_sqlite) == 200
    file, aside = on_sqlite.instance / "helpline.db", on_sqlite.instance / "aside"
    file.rename(aside)
    becomes(on_sqlite, 503)
    stays_alive(on_sqlite)
    aside.rename(file)
    becomes(on_sqlite, 200)


def test_sqlite_that_somebody_else_keeps_locked_is_not_ready(on_sqlite: Server) -> None:
    header = {"Authorization": "Bearer t0ken"}
    with contextlib.closing(sqlite3.connect(on_sqlite.instance / "helpline.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        becomes(on_sqlite, 503)
        stays_alive(on_sqlite)
        assert "helpline_ready 0.0" in requests.get(f"{on_sqlite.url}/metrics", headers=header, timeout=IN_TIME).text
        other.execute("ROLLBACK")
    becomes(on_sqlite, 200)
    assert "helpline_ready 1.0" in requests.get(f"{on_sqlite.url}/metrics", headers=header, timeout=IN_TIME).text


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """One that nobody else uses, for it is stopped."""
    running = Postgres()
    yield running
    running.stop()


@pytest.fixture
def on_postgres(tmp_path: Path, own_postgres: Postgres) -> Iterator[Server]:
    with own_postgres.new_database() as address:
        (tmp_path / "sitecustomize.py").write_text(IMPATIENT, encoding="utf-8")
        running = Server(tmp_path / "instance", database_url=address, log_level="ERROR")
        running.environment["PYTHONPATH"] = f"{tmp_path}:{ROOT}"
        running.command("lines", "set", "youth", "--hours", "always")
        running.start()
        yield running
        running.stop()


@pytest.mark.postgres
def test_postgresql_that_is_stopped_or_silent_is_gone_until_it_is_back(
    on_postgres: Server, own_postgres: Postgres
) -> None:
    assert answer(on_postgres) == 200
    own_postgres.crash()
    becomes(on_postgres, 503)
    stays_alive(on_postgres)
    own_postgres.start()
    becomes(on_postgres, 200)
    with own_postgres.frozen():
        becomes(on_postgres, 503)
        with ThreadPoolExecutor(10) as many:
            assert set(many.map(lambda _: answer(on_postgres), range(10))) == {503}
        stays_alive(on_postgres)
        # Whoever asks for a page meanwhile is told, and does not hang as long as the database does.
        assert requests.get(f"{on_postgres.url}/en/youth/chat/", timeout=UNTIL).status_code == 503
    becomes(on_postgres, 200)
    assert Visitor(on_postgres).join().transcript()["state"] == "waiting"


# What the server of the database is told


def test_a_database_takes_writes_or_says_no(app: object) -> None:
    with db.engine().connect().execution_options(writes=True) as connection:
        assert db.takes_writes(connection)
        connection.rollback()
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET default_transaction_read_only = on"))
            connection.commit()
            assert not db.takes_writes(connection)
            connection.invalidate()


def test_a_silent_postgresql_is_given_up_and_gives_up_the_silent(postgres: Postgres) -> None:
    with postgres.new_database() as address:
        engine = db.new_engine(address)
        with engine.connect() as connection:
            told = connection.connection.dbapi_connection.get_dsn_parameters()  # type: ignore[union-attr]  # psycopg2's
            assert connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar() == "10s"
        engine.dispose()
        given = db.new_engine(f"{address}&connect_timeout=3&options=-c%20statement_timeout%3D7s")
        with given.connect() as connection:
            own = connection.connection.dbapi_connection.get_dsn_parameters()  # type: ignore[union-attr]  # psycopg2's
            assert connection.execute(text("SHOW statement_timeout")).scalar() == "7s"
        given.dispose()
    assert (told["connect_timeout"], told["tcp_user_timeout"], own["connect_timeout"]) == ("5", "10000", "3")
