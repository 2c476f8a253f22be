"""A helpline with staff on a real server, and a way to look into its database from outside."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, NullPool, Table, create_engine, select, update

from helpline.lines.models import Line
from tests.clients import Counsellor, Server, Visitor, Wire

# login: (roles, lines)
STAFF = {
    "anna": (["counsellor"], ["youth"]),
    "ben": (["counsellor"], ["youth"]),
    "cleo": (["counsellor"], ["prevention"]),
    "sam": (["counsellor", "supervisor"], ["youth"]),
    "ada": (["analyst"], ["youth", "prevention"]),
    "dora": (["supervisor"], ["prevention"]),
    "newcomer": (["counsellor"], ["youth"]),  # never on duty
    "temp": (["counsellor"], ["youth"]),  # comes and goes
}
# What presence, the sweep and the sessions' clocks change by themselves.
RESTLESS = {
    "chats": {"visitor_seen_at", "someone_on_duty"},
    "duties": {"heartbeat_at", "typed_at", "missed_offers"},
    "visitor_sessions": {"expires_at"},
    "staff_sessions": {"seen_at"},
    "leases": {"until", "since", "holder"},
}
LINES = Line.__table__
EMPTIED = (
    "messages",
    "refused_offers",
    "asked_texts",
    "wrap_ups",
    "contact_topics",
    "contacts",
    "missed_contacts",
    "imported_files",
    "day_tallies",
    "month_tallies",
    "releases",
    "release_runs",
    "chat_summaries",
    "chats",
    "visitor_sessions",
    "saved_courses",
    "kept_summaries",
    "letter_texts",
    "letter_drafts",
    "letters",
    "letters_gone",
)
SECONDS = 10.0


def run_all(server: Server, commands: list[list[str]]) -> str:
    """Several commands of one installation in one process, since most of a command's time is its start."""
    code = "import sys; from helpline.commands import run; sys.exit(max(run(c) for c in eval(sys.argv[1])))"
    done = subprocess.run(
        [sys.executable, "-c", code, repr(commands)], env=server.environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def snapshot_of(database: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, without what changes by itself."""
    with database.connect() as connection:
        return {table.name: _steady(connection, table) for table in _tables_of(database)}


@lru_cache(maxsize=1)
def _tables_of(database: Engine) -> list[Table]:
    book = MetaData()
    book.reflect(database)
    return book.sorted_tables


def _steady(connection: Connection, table: Table) -> list[tuple[Any, ...]]:
    kept = [column for column in table.columns if column.name not in RESTLESS.get(table.name, set())]
    return sorted((tuple(row) for row in connection.execute(select(*kept))), key=repr)


class House:
    """A running server, or several that look like one, with staff; whoever comes in is seen out after each test."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.database = server.instance / "helpline.db"
        address = server.environment.get("HELPLINE_DATABASE_URL", f"sqlite:///{self.database}")
        waiting = {"timeout": 10} if address.startswith("sqlite") else {}
        self._engine = create_engine(address, poolclass=NullPool, connect_args=waiting)
        self._credentials: dict[str, tuple[str, str]] = {}
        self._consoles: dict[str, str] = {}
        self._leaving: list[Callable[[], None]] = []

    def open(self, staff: dict[str, tuple[list[str], list[str]]] = STAFF) -> House:
        """Make lines and staff, start to serve."""
        hours = [["lines", "set", line, "--hours", "always"] for line in ("youth", "prevention")]
        self.hire(staff, *hours)
        self.server.start()
        with self._engine.connect() as connection:
            self._lines = [dict(row) for row in connection.execute(select(LINES)).mappings()]
        return self

    def hire(self, staff: dict[str, tuple[list[str], list[str]]], *before: list[str], capacity: int = 3) -> None:
        """Make the accounts that are not there yet; each can sign in at once."""
        staff = {login: duties for login, duties in staff.items() if login not in self._credentials}
        adding = [
            ["staff", "add", login, "--capacity", str(capacity)]
            + [word for role in roles for word in ("--role", role)]
            + [word for line in lines for word in ("--line", line)]
            for login, (roles, lines) in staff.items()
        ]
        if not (before or adding):
            return
        told = run_all(self.server, [*before, *adding])
        found = re.findall(r"password: (\S+)\ntotp: (\S+)", told)
        self._credentials |= dict(zip(staff, found, strict=True))

    def renew(self, *logins: str, by_hand: bool = False) -> None:
        """New credentials for accounts that were signed in or closed by an earlier test, or `by_hand` on a page."""
        used = [login for login in logins if self._consoles.pop(login, None) is not None or by_hand]
        if used:
            told = run_all(self.server, [["staff", "reset", login] for login in used])
            found = re.findall(r"password: (\S+)\ntotp: (\S+)", told)
            self._credentials |= dict(zip(used, found, strict=True))

    def credentials(self, login: str) -> tuple[str, str]:
        """Password and TOTP secret of this member of staff."""
        return self._credentials[login]

    def visitor(self, at: Server | None = None, **headers: str) -> Visitor:
        """A browser that nobody knows; it asks `at` this server where there are several."""
        visitor = Visitor(at or self.server, **headers)
        self._leaving.append(visitor.http.close)
        return visitor

    def counsellor(self, login: str, at: Server | None = None) -> Counsellor:
        """A browser in which this member of staff is signed in."""
        counsellor = Counsellor(at or self.server)
        self._leaving.append(counsellor.http.close)
        if login not in self._consoles:
            counsellor.sign_in(login, *self._credentials[login])
            self._consoles[login] = str(counsellor.http.cookies["console"])
            counsellor.http.cookies.clear()
        counsellor.login = login
        counsellor.give_cookie("console", self._consoles[login])
        return counsellor

    def tab(self, person: Visitor | Counsellor) -> Wire:
        """An open tab of this person, from now on `person.wire`."""
        wire = person.connect()
        self._leaving.append(wire.close)
        return wire

    def second_tab(self, person: Visitor | Counsellor) -> Wire:
        """Another tab beside the one that stays `person.wire`."""
        first = person.wire
        try:
            return self.tab(person)
        finally:
            person.wire = first

    def on_phone(self, login: str, line: str = "youth") -> Counsellor:
        """This member of staff, connected, on duty, and offered nothing."""
        return self.on_duty(login, line, state="on_phone")

    def on_duty(
        self, login: str, line: str = "youth", capacity: int = 3, state: str = "available", at: Server | None = None
    ) -> Counsellor:
        """This member of staff, connected and on duty."""
        counsellor = self.counsellor(login, at)
        self.tab(counsellor)
        counsellor.wire.call("resume", {})
        answer = counsellor.wire.call("duty", {"state": state, "line": line, "capacity": capacity})
        assert answer["ok"], answer
        return counsellor

    def talk(
        self, counsellor: Counsellor, line: str = "youth", at: Server | None = None, **answers: str
    ) -> tuple[Visitor, str]:
        """A visitor whom this counsellor has accepted, both connected; and the chat's id."""
        visitor = self.visitor(at).join(line, **answers)
        self.tab(visitor)
        chat = counsellor.accept_next()
        visitor.wire.wait_for("state", state="active")
        return visitor, chat

    # The database, from outside

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a query finds now; a `?` stands for each value."""
        with self._engine.connect() as connection:
            return [tuple(row) for row in self._run(connection, query, values)]

    def change(self, *statements: str) -> None:
        """Change rows behind the server's back, in one transaction."""
        with self._engine.begin() as connection:
            for statement in statements:
                self._run(connection, statement)

    @staticmethod
    def _run(connection: Connection, statement: str, values: tuple[Any, ...] = ()) -> Any:
        mark = "?" if connection.dialect.name == "sqlite" else "%s"
        return connection.exec_driver_sql(statement.replace("?", mark), values)

    def snapshot(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table, without what changes by itself."""
        return snapshot_of(self._engine)

    def until(self, query: str, wanted: list[tuple[Any, ...]], *values: Any) -> None:
        """Wait until the query finds exactly this."""
        deadline = time.monotonic() + SECONDS
        while (found := self.rows(query, *values)) != wanted:
            assert time.monotonic() < deadline, f"{query}: {found}, not {wanted}"
            time.sleep(0.02)

    def see_out(self) -> None:
        """Everybody goes, and the house is as it was."""
        for leave in self._leaving:
            leave()
        self._leaving.clear()
        with self._engine.begin() as connection:
            for table in EMPTIED:
                self._run(connection, f"DELETE FROM {table}")  # noqa: S608 - names from above
            self._run(connection, "UPDATE duties SET state = 'away', missed_offers = 0, typed_at = NULL")
            for line in self._lines:
                connection.execute(update(LINES).where(LINES.c.slug == line["slug"]).values(line))


def quiet(wire: Wire, event: str, seconds: float = 0.4) -> None:
    """Nothing of this kind comes for a moment."""
    try:
        data = wire.wait_for(event, timeout=seconds)
    except TimeoutError:
        return
    raise AssertionError(f"{event} came: {data}")
