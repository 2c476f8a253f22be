"""What counts in the release of a month: rows that were in none yet, marked when it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select, update

from helpline.contacts.categories import CONCERNS, age_bands
from helpline.contacts.models import Contact, MissedContact, WrapUp
from helpline.contacts.tallies import rows_of
from helpline.contacts.tally import Tally
from helpline.contacts.yearly import individuals
from helpline.db import reading, transaction

Ledger = type[Contact] | type[MissedContact]


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


def count_due(due: Due) -> dict[date, Tally]:
    """What would count now, by day."""
    with reading() as session:
        return rows_of(session, due.rows(Contact, None), due.rows(MissedContact, None), due.merged_topics)


def mark_counted(due: Due) -> dict[date, Tally]:
    """Mark these rows as counted in this release, part of the transaction that stores it, and count them.

    Where that differs from what was counted before, rows came or changed meanwhile and the release has to be made anew.
    """
    with transaction() as session:
        for ledger in (Contact, MissedContact):
            mark = update(ledger).where(*due.rows(ledger, None), ~ledger.test).values(counted_in=due.month)
            session.execute(mark.execution_options(synchronize_session=False))
        now = due.rows(Contact, due.month), due.rows(MissedContact, due.month)
        return rows_of(session, *now, due.merged_topics)


def individuals_counted(line: str, year: int) -> dict[str, dict[str, int]]:
    """The persons of a line's year by `concern` and `age_band`, as far as their contacts are in a release of that year:
    so nobody is an individual without a released contact."""
    in_a_release = Contact.counted_in.between(f"{year}-01", f"{year}-12")
    with reading() as session:
        return {
            "concern": individuals(session, line, year, Contact.concern, CONCERNS, in_a_release),
            "age_band": individuals(session, line, year, Contact.age_band, age_bands(line), in_a_release),
        }


def lines_with_persons(year: int) -> set[str]:
    """The lines of which a contact of this year tells whose it was, under the salt of the year."""
    wanted = select(Contact.line).where(Contact.on_date.between(date(year, 1, 1), date(year, 12, 31)))
    with reading() as session:
        return set(session.scalars(wanted.where(Contact.person.is_not(None)).distinct()))


def still_described(line: str) -> bool:
    """Whether some contact of the last day on this line has an open wrap-up: what it will say is in no release yet."""
    with reading() as session:
        return session.scalar(select(WrapUp.chat_id).where(WrapUp.line == line).limit(1)) is not None
