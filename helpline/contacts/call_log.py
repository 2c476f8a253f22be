"""Reads a log of contacts, a CSV file of the format in `docs/ledgers.md`. Pure.

What is wrong is named by line and column and never by what stands there: that may be a name or a telephone number, and
what is said here ends in a terminal or a log.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from helpline.contacts import categories
from helpline.contacts.categories import NONE, UNKNOWN, is_code

COLUMNS = (
    "occurred_at",
    "line",
    "channel",
    "outcome",
    "missed_reason",
    "person",
    "concern",
    "age_band",
    "gender",
    "topics",
    "found_via",
    "referral",
    "duration_minutes",
)
ANSWERED, MISSED = "answered", "missed"
CAUSES = (*categories.CAUSES, "abandoned")
MOST_ROWS = 150_000
MOST_TOPICS = 20
LONGEST_PERSON = 100
LONGEST_MINUTES = 24 * 60
FIRST_YEAR = 1990
# A row of the file may be written by a clock that is not ours.
CLOCKS_DIFFER = timedelta(hours=1)

T = TypeVar("T")
_NUMBERS = re.compile(
    r"(?:a_?|b_?|calling_?|callers?_?|phone_?|telephone_?|from_?|source_?)?(?:number|no|nr|nummer)"
    r"|calle[rd]s?|caller_?id|calling_?party|phone|telephone|telefoon(?:_?nummer)?|tel|mobile|msisdn|cli|clip|ani|beller"
)
_LIKE_A_NUMBER = re.compile(r"\+?[\d\s()./-]{6,24}")
_WITHHELD = {"anonymous", "unknown", "withheld", "private", "restricted", "anoniem", "onbekend"}
# A telephone number for certain, which an opaque code of digits hardly is by chance.
_TELEPHONE = re.compile(r"(?:(?:\+|00)[1-9]|0[1-9])[\d\s()./-]{7,18}")
_TELLABLE_NAME = re.compile(r"[A-Za-z][A-Za-z _-]{0,31}")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a cell."""

    line: int
    column: str
    what: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.what}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A contact as the log tells it; `cause` is empty where it was answered, `person` still as it stands there."""

    at: datetime
    line: str
    channel: str
    cause: str
    person: str
    concern: str
    age_band: str
    gender: str
    topics: tuple[str, ...]
    found_via: str
    referral: str
    minutes: int | None


class _BadCell(ValueError):
    """A cell can't be read; the message says what may stand there."""


def entries(text: str, lines: Collection[str], now: datetime) -> Iterator[Entry | Problem]:
    """The rows of a log in turn, or what is wrong with them. Columns that look like callers' numbers are dropped."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins = 1
    try:
        header = [name.strip() for name in next(rows, [])]
        if whole := _of_the_whole(text, header):
            yield Problem(1, COLUMNS[0], whole)
            return
        missing = [Problem(1, name, "is missing") for name in COLUMNS if name not in header]
        twice = [Problem(1, name, "stands here twice") for name in COLUMNS if header.count(name) > 1]
        if missing or twice:
            yield from (*missing, *twice)
            return
        reader = _Reader(header, frozenset(lines), now)
        begins = rows.line_num + 1
        count = 0
        for cells in rows:
            if cells:
                count += 1
                if count > MOST_ROWS:
                    yield Problem(begins, COLUMNS[0], f"more than {MOST_ROWS} rows are too many for one file: split it")
                    return
                yield from reader.row(cells, begins)
            begins = rows.line_num + 1
        if not count:
            yield Problem(1, COLUMNS[0], "there are no rows below the names of the columns")
    except csv.Error as error:
        yield Problem(begins, COLUMNS[0], f"from here on this is no CSV: {error}")


def _of_the_whole(text: str, header: list[str]) -> str:
    """What is wrong with the file and not with a cell; empty where nothing is."""
    if not text.strip():
        return "the file is empty"
    if any(mark in name for name in header[:1] for mark in ";\t") and not set(header) & set(COLUMNS):
        return "the columns are not separated by commas: save the file as CSV with commas"
    return ""


class _Reader:
    """What is known of the columns of one file."""

    def __init__(self, header: list[str], lines: frozenset[str], now: datetime) -> None:
        self._header = header
        self._lines = lines
        self._latest = now + CLOCKS_DIFFER
        self._foreign = {
            place: name
            for place, name in enumerate(header)
            if name not in COLUMNS and not _NUMBERS.fullmatch(name.lower().replace(" ", "_").replace("-", "_"))
        }
        self._places = {name: header.index(name) for name in COLUMNS}

    def row(self, cells: list[str], line: int) -> Iterator[Entry | Problem]:
        """The contact of one row, or each cell that can't be read."""
        if len(cells) != len(self._header):
            place = min(len(cells), len(self._header) - 1)
            yield Problem(line, self._name(place), f"the row has {len(cells)} cells, the first {len(self._header)}")
            return
        yield from self._of_foreign_columns(cells, line)
        cell = {name: cells[place].strip() for name, place in self._places.items()}
        problems: list[Problem] = []

        def read(column: str, reader: Callable[[str], T], otherwise: T) -> T:
            try:
                return reader(cell[column])
            except _BadCell as bad:
                problems.append(Problem(line, column, str(bad)))
                return otherwise

        slug = read("line", lambda text: _one_of(text, self._lines), "")
        outcome = read("outcome", lambda text: _one_of(text, (ANSWERED, MISSED)), "")
        bands = (*categories.age_bands(slug), UNKNOWN, "") if slug else (cell["age_band"],)
        entry = Entry(
            at=read("occurred_at", self._moment, self._latest),
            line=slug,
            channel=read("channel", lambda text: _one_of(text, categories.CHANNELS), ""),
            cause=read("missed_reason", lambda text: _cause(text, outcome), ""),
            person=read("person", _person, ""),
            concern=read("concern", lambda text: _one_of(text, (*categories.CONCERNS, UNKNOWN, "")), "") or UNKNOWN,
            age_band=read("age_band", lambda text: _one_of(text, bands), "") or UNKNOWN,
            gender=read("gender", lambda text: _one_of(text, (*categories.GENDERS, UNKNOWN, "")), "") or UNKNOWN,
            topics=read("topics", _topics, ()),
            found_via=read("found_via", _code, "") or UNKNOWN,
            referral=read("referral", _code, "") or NONE,
            minutes=read("duration_minutes", _minutes, None),
        )
        yield from problems or (entry,)

    def _of_foreign_columns(self, cells: list[str], line: int) -> Iterator[Problem]:
        for place in list(self._foreign):
            text = cells[place].strip()
            if text and not _LIKE_A_NUMBER.fullmatch(text) and text.lower() not in _WITHHELD:
                yield Problem(line, self._name(place), f"is no column of a log, which has {', '.join(COLUMNS)}")
                del self._foreign[place]

    def _name(self, place: int) -> str:
        name = self._header[place]
        return name if _TELLABLE_NAME.fullmatch(name) else str(place + 1)

    def _moment(self, text: str) -> datetime:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise _BadCell("is no moment such as 2020-01-31T14:05:00+01:00") from None
        if moment.tzinfo is None:
            raise _BadCell("has no offset such as +01:00")
        if moment.year < FIRST_YEAR:
            raise _BadCell(f"is before {FIRST_YEAR}")
        if moment > self._latest:
            raise _BadCell("is still to come")
        return moment.astimezone(UTC)


def _one_of(text: str, values: Collection[str]) -> str:
    if text not in values:
        raise _BadCell(
            f"is none of {', '.join(sorted(values) if isinstance(values, frozenset) else filter(None, values))}"
        )
    return text


def _cause(text: str, outcome: str) -> str:
    if outcome == ANSWERED:
        if text:
            raise _BadCell("is for missed contacts, and this one was answered")
        return ""
    if not outcome and not text:
        return ""
    cause = _one_of(text, CAUSES)
    return "left" if cause == "abandoned" else cause


def _person(text: str) -> str:
    if len(text) > LONGEST_PERSON or not text.isprintable():
        raise _BadCell(f"is no code of at most {LONGEST_PERSON} characters")
    return "" if _TELEPHONE.fullmatch(text) else text


def _code(text: str) -> str:
    if text and not is_code(text):
        raise _BadCell("is no code of small letters, digits and _")
    return text


def _topics(text: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(_code(part.strip()) for part in text.split(";") if part.strip()))
    if len(found) > MOST_TOPICS:
        raise _BadCell(f"more than {MOST_TOPICS} topics")
    return found


def _minutes(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 4 or int(text) > LONGEST_MINUTES:
        raise _BadCell(f"is no whole number of minutes up to {LONGEST_MINUTES}")
    return int(text)
