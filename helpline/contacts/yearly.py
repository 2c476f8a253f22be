"""The exact figures of a line's year, for the report and for whoever checks it by counting rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpline.contacts.categories import CONCERNS, LEFT_EARLY, UNKNOWN, age_bands
from helpline.contacts.models import Contact, MissedContact
from helpline.db import reading

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class YearCounts:
    """What a line did and missed in a year, test contacts left out; `missed` without those who left early."""

    answered: int
    by_channel: dict[str, int]
    by_weekday: dict[str, int]
    missed: int
    missed_by_channel: dict[str, int]
    missed_by_cause: dict[str, int]
    left_early: int
    individuals: int
    individuals_by_concern: dict[str, int]
    individuals_by_age_band: dict[str, int]


def counts_of_year(line: str, year: int) -> YearCounts:
    """The exact figures of a line's year, by the calendar of its own time zone."""
    with reading() as session:
        contacts = _of_year(session, Contact, line, year, (Contact.channel, Contact.on_date))
        missed = _of_year(session, MissedContact, line, year, (MissedContact.channel, MissedContact.cause))
        left_early = sum(number for (_, cause), number in missed.items() if cause == LEFT_EARLY)
        missed = Counter({what: number for what, number in missed.items() if what[1] != LEFT_EARLY})
        concerns = individuals(session, line, year, Contact.concern, CONCERNS)
        ages = individuals(session, line, year, Contact.age_band, age_bands(line))
    weekdays = _along(contacts, 1)
    return YearCounts(
        answered=contacts.total(),
        by_channel=dict(sorted(_along(contacts, 0).items())),
        by_weekday={
            name: sum(number for day, number in weekdays.items() if day.weekday() == place)
            for place, name in enumerate(WEEKDAYS)
        },
        missed=missed.total(),
        missed_by_channel=dict(sorted(_along(missed, 0).items())),
        missed_by_cause=dict(sorted(_along(missed, 1).items())),
        left_early=left_early,
        individuals=sum(concerns.values()),
        individuals_by_concern=concerns,
        individuals_by_age_band=ages,
    )


def _of_year(session: Session, ledger: Any, line: str, year: int, by: Sequence[Any]) -> Counter[tuple[Any, ...]]:
    wanted = select(*by, func.count()).where(*_there(ledger, line, year)).group_by(*by)
    return Counter({tuple(row[:-1]): row[-1] for row in session.execute(wanted)})


def _there(ledger: Any, line: str, year: int) -> tuple[Any, ...]:
    return ledger.line == line, ledger.on_date.between(date(year, 1, 1), date(year, 12, 31)), ~ledger.test


def _along(counted: Counter[tuple[Any, ...]], place: int) -> Counter[Any]:
    along: Counter[Any] = Counter()
    for what, number in counted.items():
        along[what[place]] += number
    return along


def individuals(
    session: Session, line: str, year: int, column: Any, order: Sequence[str], *conditions: Any
) -> dict[str, int]:
    """Each person once: under what most of its contacts say, unknown only where none says anything. `conditions`
    narrow the contacts that are looked at."""
    said: dict[str, Counter[str]] = defaultdict(Counter)
    wanted = select(Contact.person, column, func.count()).where(
        *_there(Contact, line, year), Contact.person.is_not(None), *conditions
    )
    for person, value, number in session.execute(wanted.group_by(Contact.person, column)):
        said[person][value] = number
    counted = dict.fromkeys((*order, UNKNOWN), 0)
    for values in said.values():
        # Of two that were said as often, the first in the order of the categories.
        best = max(order, key=lambda value: values[value])
        counted[best if values[best] else UNKNOWN] += 1
    return counted
