"""What counts in the release of a month: rows that were in none yet, marked when it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from helpline.contacts.categories import CONCERNS, age_bands
from helpline.contacts.models import Contact, ContactTopic, MissedContact
from helpline.contacts.tallies import ANSWERED_COLUMNS, MISSED_COLUMNS, rows_of
from helpline.contacts.tally import Tally
from helpline.contacts.yearly import individuals
from helpline.db import reading, transaction

Ledger = type[Contact] | type[MissedContact]
Rows = tuple[frozenset[tuple[Any, ...]], ...]


@dataclass(frozen=True)
class Due:
    """Which rows count in a release: those of its days that are in none yet, and late ones of the days before.

    `merged_topics`: topics that count under another, once for a contact that has several of them.
    """

    line: str
    month: str
    late_since: date
    last: date
    merged_topics: Mapping[str, str]

    def rows(self, ledger: Ledger, counted_in: str | None) -> tuple[Any, ...]:
        """The conditions for rows of these days that are counted in this release, or in none."""
        counted = ledger.counted_in.is_(None) if counted_in is None else ledger.counted_in == counted_in
        return ledger.line == self.line, ledger.on_date.between(self.late_since, self.last), counted


@dataclass(frozen=True)
class Counted:
    """What would count now: its tallies by day, and the rows that they were counted from."""

    by_day: dict[date, Tally]
    rows: Rows


def count_due(due: Due) -> Counted:
    """What would count now."""
    with reading() as session:
        # The rows first: where one changes between, they are not those that are marked later.
        rows = _read(session, due, None)
        of_answered, of_missed = due.rows(Contact, None), due.rows(MissedContact, None)
        return Counted(rows_of(session, of_answered, of_missed, due.merged_topics), rows)


def mark_counted(due: Due) -> Rows:
    """Mark these rows as counted in this release, part of the transaction that stores it, and tell which these are.

    Where they differ from those that were counted, rows came or changed meanwhile and the release has to be made anew.
    Every other writer of an embedded installation waits meanwhile: so they are compared and not counted again.
    """
    with transaction() as session:
        for ledger in (Contact, MissedContact):
            mark = update(ledger).where(*due.rows(ledger, None), ~ledger.test).values(counted_in=due.month)
            session.execute(mark.execution_options(synchronize_session=False))
        return _read(session, due, due.month)


def _read(session: Session, due: Due, counted_in: str | None) -> Rows:
    """All that is counted of these rows, as it is stored."""
    answered = (*due.rows(Contact, counted_in), ~Contact.test)
    about = select(ContactTopic.contact_key, ContactTopic.topic)
    wanted = (
        select(Contact.key, Contact.on_date, *ANSWERED_COLUMNS).where(*answered),
        about.join(Contact, Contact.key == ContactTopic.contact_key).where(*answered),
        select(MissedContact.key, MissedContact.on_date, *MISSED_COLUMNS).where(
            *due.rows(MissedContact, counted_in), ~MissedContact.test
        ),
    )
    return tuple(frozenset(map(tuple, session.execute(rows))) for rows in wanted)


def individuals_counted(line: str, year: int) -> dict[str, dict[str, int]]:
    """The persons of a line's year by `concern` and `age_band`, as far as their contacts are in a release of that year:
    so nobody is an individual without a released contact."""
    in_a_release = Contact.counted_in.between(f"{year}-01", f"{year}-12")
    with reading() as session:
        return {
            "concern": individuals(session, line, year, Contact.concern, CONCERNS, in_a_release),
            "age_band": individuals(session, line, year, Contact.age_band, age_bands(line), in_a_release),
        }
