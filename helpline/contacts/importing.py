"""Taking a log of contacts into the ledgers: the whole file or nothing of it, once, while chats go on.

The rows are read, checked and laid ready in temporary tables, for which nobody waits. Only then a transaction moves
them into the ledgers, by a few statements within the database: on SQLite that takes a fraction of the second for
which chats may be kept waiting.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateTable

from helpline import db
from helpline.contacts import persons
from helpline.contacts.call_log import COLUMNS, Entry, Problem, entries
from helpline.contacts.categories import CLOSED, NONE, UNKNOWN
from helpline.contacts.models import Contact, ContactTopic, ImportedFile, MissedContact, Topic
from helpline.contacts.tallies import days_written
from helpline.contacts.topic_editing import SPACING
from helpline.content.files import LANGUAGES
from helpline.db import random_key, reading
from helpline.lines import service as lines

LEDGERS = (Contact, ContactTopic, MissedContact)
LARGEST_FILE = 64 * 1024 * 1024
# So many bytes at its beginning tell the file of another program: it has a NUL there.
LOOKED_AT = 64
# So many rows at once are laid ready.
AT_ONCE = 2000
# So many codes that no topic has yet may a file bring to a line; more are a wrong column.
MOST_NEW_TOPICS = 40
# So many problems are named; the others are only counted.
MOST_PROBLEMS = 200
CACHE_KB = 65_536
# How much of their keys the rows of a file share, at random. They lie side by side then, so that few pages of the
# ledger change, however much is there; it tells which rows came together, and within them no order.
SHARED_CHARACTERS = 6


class BadFile(ValueError):
    """A log can't be imported: the first `problems` by line and column, and how many there are in all."""

    def __init__(self, problems: list[Problem], count: int) -> None:
        super().__init__(f"{count} problems")
        self.problems = problems
        self.count = count


@dataclass
class Imported:
    """What an import did; `again`: this file was in the ledgers already, and nothing was done. `days`: how many rows
    of each local day, by line."""

    answered: int = 0
    missed: int = 0
    again: bool = False
    new_topics: dict[str, list[str]] = field(default_factory=dict)
    days: dict[str, Counter[date]] = field(default_factory=lambda: defaultdict(Counter))


def import_log(data: bytes, now: datetime) -> Imported:
    """Take a log into the ledgers; raises BadFile, and then nothing of it is there."""
    digest = hashlib.sha256(data).hexdigest()
    with reading() as session:
        if session.get(ImportedFile, digest) is not None:
            return Imported(again=True)
    found = entries(_decoded(data), [line.slug for line in lines.all_lines()], now)
    with _connection() as connection:
        waiting = _Waiting(connection)
        for entry in found:
            waiting.take(entry)
        if waiting.problem_count:
            raise BadFile(waiting.problems, waiting.problem_count)
        waiting.lay_ready()
        if not _take_over(connection, digest, now, waiting):
            return Imported(again=True)
    return waiting.done


def _decoded(data: bytes) -> str:
    if len(data) > LARGEST_FILE:
        raise _bad_as_a_whole(1, f"a file of more than {LARGEST_FILE >> 20} MB is too large: split it")
    if b"\0" in data[:LOOKED_AT]:
        raise _bad_as_a_whole(1, "this is no text, but the file of a program: save it as CSV")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _bad_as_a_whole(line, "from here on this is no UTF-8") from None


def _bad_as_a_whole(line: int, what: str) -> BadFile:
    return BadFile([Problem(line, COLUMNS[0], what)], 1)


@contextmanager
def _connection() -> Iterator[Connection]:
    """A connection of its own, closed afterwards: temporary tables end with it."""
    with db.engine().connect() as connection:
        connection.detach()
        if connection.dialect.name == "sqlite":
            settings = connection.connection.cursor()
            settings.execute("PRAGMA temp_store=MEMORY")
            settings.execute(f"PRAGMA cache_size=-{CACHE_KB}")
            # That each topic has its contact is sure here, and looking for it would take a fifth of the time.
            settings.execute("PRAGMA foreign_keys=OFF")
            settings.close()
        yield connection


class _Waiting:
    """Rows on their way into the ledgers, in temporary tables of the same columns."""

    def __init__(self, connection: Connection) -> None:
        self.done = Imported()
        self.problems: list[Problem] = []
        self.problem_count = 0
        self._connection = connection
        self._lines = {line.slug: line for line in lines.all_lines()}
        self.topics: dict[str, set[str]] = {slug: set() for slug in self._lines}
        with reading() as session:
            self._known = {(line, code) for line, code in session.execute(select(Topic.line, Topic.code))}
        self._shared = random_key()[:SHARED_CHARACTERS]
        self._new: Counter[str] = Counter()
        self._salts: dict[tuple[str, int], bytes | None] = {}
        self._rows: dict[str, list[dict[str, Any]]] = {model.__tablename__: [] for model in LEDGERS}
        self.tables = {model.__tablename__: _temporary(model.__table__) for model in LEDGERS}
        for table in self.tables.values():
            connection.execute(CreateTable(table))
        connection.commit()

    def take(self, entry: Entry | Problem) -> None:
        """Lay a row ready; after a problem only further problems are of interest."""
        if isinstance(entry, Problem):
            self._note(entry)
        elif not self.problem_count:
            if entry.cause:
                self._take_missed(entry)
            else:
                self._take_answered(entry)
            if (self.done.answered + self.done.missed) % AT_ONCE == 0:
                self.lay_ready()

    def _take_answered(self, entry: Entry) -> None:
        row = self._of_both(entry)
        row["person"] = self._disguised(entry, row["on_date"].year)
        row |= {
            "length_min": entry.minutes,
            "concern": entry.concern,
            "age_band": entry.age_band,
            "gender": entry.gender,
            "found_via": entry.found_via,
            "referral": entry.referral,
            "recorded": UNKNOWN,
            "returned": UNKNOWN,
        }
        self._rows["contacts"].append(row)
        for topic in entry.topics:
            self._rows["contact_topics"].append({"contact_key": row["key"], "topic": topic})
            if topic not in self.topics[entry.line]:
                self._take_topic(entry.line, topic)
        self.done.answered += 1

    def _take_missed(self, entry: Entry) -> None:
        self._rows["missed_contacts"].append(self._of_both(entry) | {"cause": entry.cause, "caught_by": NONE})
        self.done.missed += 1

    def _of_both(self, entry: Entry) -> dict[str, Any]:
        line = self._lines[entry.line]
        here = lines.local(line, entry.at)
        self.done.days[line.slug][here.date()] += 1
        return {
            "key": self._shared + random_key()[SHARED_CHARACTERS:],
            "line": line.slug,
            "channel": entry.channel,
            "on_date": here.date(),
            "on_hour": here.hour,
            "in_hours": entry.cause != CLOSED and lines.was_open(line, entry.at),
            "language": UNKNOWN,
            "wait_s": None,
            "test": False,
            "counted_in": None,
        }

    def _disguised(self, entry: Entry, year: int) -> str | None:
        if not entry.person:
            return None
        of = entry.line, year
        if of not in self._salts:
            self._salts[of] = persons.salt(*of)
        salt = self._salts[of]
        return None if salt is None else persons.disguised(entry.person, entry.line, salt)

    def _take_topic(self, line: str, code: str) -> None:
        self.topics[line].add(code)
        if (line, code) in self._known:
            return
        self._new[line] += 1
        if self._new[line] == MOST_NEW_TOPICS + 1:
            what = f"more than {MOST_NEW_TOPICS} codes are no topics of {line}: add them first, or mend the column"
            self._note(Problem(1, "topics", what))

    def _note(self, problem: Problem) -> None:
        self.problem_count += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)

    def lay_ready(self) -> None:
        """Put what was taken into the temporary tables. Nobody waits for that."""
        for name, rows in self._rows.items():
            if rows:
                self._connection.execute(insert(self.tables[name]), rows)
                rows.clear()
        self._connection.commit()


def _temporary(ledger: Any) -> Table:
    # In the order of the ledger already: while others wait nothing has to be sorted.
    columns = [Column(column.name, column.type, primary_key=column.primary_key) for column in ledger.columns]
    return Table(f"arriving_{ledger.name}", MetaData(), *columns, prefixes=["TEMPORARY"], sqlite_with_rowid=False)


def _take_over(connection: Connection, digest: str, now: datetime, waiting: _Waiting) -> bool:
    """All rows in one transaction; False where another process was faster with the same file."""
    connection = connection.execution_options(writes=True)
    on_date, rows = now.date(), waiting.done.answered + waiting.done.missed
    with connection.begin():
        try:
            connection.execute(insert(ImportedFile).values(digest=digest, imported_at=on_date, rows=rows))
        except IntegrityError:
            return False
        for line, codes in waiting.topics.items():
            if added := _add_missing(connection, line, codes):
                waiting.done.new_topics[line] = added
        for model in LEDGERS:
            ledger: Any = model.__table__
            arriving = waiting.tables[ledger.name]
            ordered = select(*arriving.c).order_by(*(arriving.c[column.name] for column in ledger.primary_key))
            connection.execute(insert(ledger).from_select(list(arriving.c.keys()), ordered, include_defaults=False))
        for line, days in sorted(waiting.done.days.items()):
            days_written(connection, line, days)
    return True


def _add_missing(connection: Connection, line: str, codes: set[str]) -> list[str]:
    """Add the codes that are no topics yet, without words: a supervisor gives them some, or retires them.

    Those that are there are held, so that none is deleted before its contacts are in the ledger.
    """
    there = select(Topic.code).where(Topic.line == line, Topic.code.in_(codes)).order_by(Topic.code)
    missing = sorted(codes - set(connection.scalars(there.with_for_update(read=True, key_share=True))))
    if not missing:
        return []
    last = connection.scalar(select(func.max(Topic.position)).where(Topic.line == line)) or 0
    rows = [
        {
            "line": line,
            "code": code,
            "parent": None,
            "chi_code": None,
            "retired": False,
            "position": last + place * SPACING,
            "labels": dict.fromkeys(LANGUAGES, code.replace("_", " ").capitalize()),
            # It is there because a row has it: no release names it before a supervisor does.
            "confirmed": False,
        }
        for place, code in enumerate(missing, 1)
    ]
    insert_here = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(insert_here(Topic).on_conflict_do_nothing(), rows)
    return missing
