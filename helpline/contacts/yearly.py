"""The exact figures of a line's year, for the report and for whoever checks it by counting rows."""

from __future__ import annotations

import time
from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpline.contacts.categories import CONCERNS, LEFT_EARLY, UNKNOWN, WEEKDAYS, age_bands
from helpline.contacts.models import Contact, MissedContact
from helpline.db import reading


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
    concerns, ages = people_of_year(line, year)
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


def people_of_year(line: str, year: int) -> tuple[dict[str, int], dict[str, int]]:
    """The persons of a line's year, each once, by concern and by age band. They are read month by month: in between
    others get their turn."""
    concerns: dict[str, Counter[str]] = defaultdict(Counter)
    ages: dict[str, Counter[str]] = defaultdict(Counter)
    for month in range(1, 13):
        days = Contact.on_date.between(date(year, month, 1), date(year, month, monthrange(year, month)[1]))
        said = Contact.person, Contact.concern, Contact.age_band
        wanted = select(*said).where(Contact.line == line, days, ~Contact.test, Contact.person.is_not(None))
        with reading() as session:
            rows = session.execute(wanted).all()
        for person, concern, age_band in rows:
            assert person is not None  # noqa: S101  # only those were asked for
            concerns[person][concern] += 1
            ages[person][age_band] += 1
        time.sleep(0)
    return _each_once(concerns, CONCERNS), _each_once(ages, age_bands(line))


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
    return _each_once(said, order)


def _each_once(said: Mapping[str, Counter[str]], order: Sequence[str]) -> dict[str, int]:
    counted = dict.fromkeys((*order, UNKNOWN), 0)
    for values in said.values():
        # Of two that were said as often, the first in the order of the categories.
        best = max(order, key=lambda value: values[value])
        counted[best if values[best] else UNKNOWN] += 1
    return counted
