"""The tallies of a line's days, so that years need not be counted row by row whenever somebody looks.

A day's tally is kept with the version of the day it was counted from. Whoever writes a row of a day raises its version
in the same transaction, so a tally that missed a row is never taken for the truth, whatever came in between. Days that
are young get rows all the time: they are counted anew each time and have no version, so that chats which end at once
don't wait for one another.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from helpline import clock, db
from helpline.contacts.models import Contact, ContactTopic, DayTally, MissedContact, Topic
from helpline.contacts.tally import AnsweredRow, MissedRow, Tally, tally
from helpline.db import reading, transaction

# A day is young as long as chats of it may end and be described; who writes older ones marks them.
YOUNG = timedelta(days=6)
# Between both no day is kept, nor need be marked: no transaction lasts so long.
KEPT_AFTER = YOUNG + timedelta(days=2)
# So many days are read at once; in between others get their turn.
DAYS_AT_ONCE = 5
ONE_DAY = timedelta(days=1)
ANSWERED_COLUMNS = (
    Contact.channel,
    Contact.in_hours,
    Contact.on_hour,
    Contact.language,
    Contact.wait_s,
    Contact.length_min,
    Contact.concern,
    Contact.age_band,
    Contact.gender,
    Contact.found_via,
    Contact.referral,
    Contact.recorded,
    Contact.returned,
)
MISSED_COLUMNS = (
    MissedContact.channel,
    MissedContact.in_hours,
    MissedContact.on_hour,
    MissedContact.language,
    MissedContact.wait_s,
    MissedContact.cause,
    MissedContact.caught_by,
)


def tallies(line: str, first: date, last: date, today: date) -> list[tuple[date, Tally]]:
    """The tally of each day from first to last that has any rows, in order. `today` is the line's local date.

    Days without a tally that still holds are counted and kept.
    """
    since = counted_since(line)
    if since is None:
        return []
    days = [first + timedelta(days=day) for day in range((last - first).days + 1)]
    with reading() as session:
        versions, kept = _kept(session, line, first, last, today)
    stale = [day for day in days if since <= day <= today + ONE_DAY and day not in kept]
    counted: dict[date, Tally] = {}
    for start in range(0, len(stale), DAYS_AT_ONCE):
        with reading() as session:
            counted |= _counted(session, line, stale[start : start + DAYS_AT_ONCE])
        time.sleep(0)
    _keep(line, {day: counted[day] for day in stale if day < today - KEPT_AFTER}, versions)
    return [(day, told) for day, told in sorted((kept | counted).items()) if told]


def days_written(session: Session | Connection, line: str, days: Iterable[date]) -> None:
    """Say, in the transaction that writes them, that rows of these days came or changed."""
    # The line's own date may be a day off; that is why nothing is kept of the days between YOUNG and KEPT_AFTER.
    today = clock.now().date()
    old = sorted({day for day in days if day < today - YOUNG})
    if not old:
        return
    insert = postgresql.insert if db.engine().dialect.name == "postgresql" else sqlite.insert
    first = insert(DayTally).values([{"line": line, "on_date": day, "version": 1} for day in old])
    later = {"version": DayTally.version + 1}
    # In the order of the days, so that two who write the same ones don't wait for each other in a circle.
    session.execute(first.on_conflict_do_update(index_elements=["line", "on_date"], set_=later))


def rows_of(
    session: Session,
    of_answered: Sequence[Any],
    of_missed: Sequence[Any],
    merged_topics: Mapping[str, str] | None = None,
) -> dict[date, Tally]:
    """The tallies by day of the rows that fit these conditions; test contacts are left out.

    `merged_topics`: topics that count under another, once for a contact that has several of them.
    """
    other = merged_topics or {}
    topics: dict[str, set[str]] = defaultdict(set)
    groups: dict[str, set[str]] = defaultdict(set)
    wanted = select(ContactTopic.contact_key, ContactTopic.topic, Topic.parent)
    wanted = wanted.join(Contact, Contact.key == ContactTopic.contact_key)
    # A topic never goes to another group, so what is kept of a day stays true.
    of_line = (Topic.line == Contact.line) & (Topic.code == ContactTopic.topic)
    for key, topic, parent in session.execute(wanted.outerjoin(Topic, of_line).where(~Contact.test, *of_answered)):
        topics[key].add(other.get(topic, topic))
        groups[key].add(parent or topic)
    answered: dict[date, list[AnsweredRow]] = defaultdict(list)
    contacts = select(Contact.on_date, Contact.key, *ANSWERED_COLUMNS).where(~Contact.test, *of_answered)
    for contact in session.execute(contacts).all():
        columns: list[Any] = [*contact[2:], *(tuple(some.get(contact[1], ())) for some in (topics, groups))]
        answered[contact[0]].append(AnsweredRow(*columns))
    missed: dict[date, list[MissedRow]] = defaultdict(list)
    tries = select(MissedContact.on_date, *MISSED_COLUMNS).where(~MissedContact.test, *of_missed)
    for try_ in session.execute(tries).all():
        columns = [*try_[1:]]
        missed[try_[0]].append(MissedRow(*columns))
    return {day: tally(answered.get(day, ()), missed.get(day, ())) for day in answered.keys() | missed.keys()}


def counted_since(line: str) -> date | None:
    """The first day of which this line has a contact, answered or missed."""
    with reading() as session:
        days = [
            session.scalar(select(func.min(ledger.on_date)).where(ledger.line == line))
            for ledger in (Contact, MissedContact)
        ]
    return min((day for day in days if day), default=None)


def _kept(
    session: Session, line: str, first: date, last: date, today: date
) -> tuple[dict[date, int], dict[date, Tally]]:
    wanted = select(DayTally.on_date, DayTally.version, DayTally.counted, DayTally.tally)
    wanted = wanted.where(DayTally.line == line, DayTally.on_date.between(first, min(last, today - KEPT_AFTER)))
    versions, kept = {}, {}
    for day, version, counted, stored in session.execute(wanted):
        versions[day] = version
        if counted == version and stored is not None:
            kept[day] = orjson.loads(stored)
    return versions, kept


def _counted(session: Session, line: str, days: Sequence[date]) -> dict[date, Tally]:
    empty: dict[date, Tally] = {day: {} for day in days}
    answered, missed = (
        (ledger.line == line, ledger.on_date.between(days[0], days[-1]), ledger.on_date.in_(days))
        for ledger in (Contact, MissedContact)
    )
    return empty | rows_of(session, answered, missed)


def _keep(line: str, counted: dict[date, Tally], versions: dict[date, int]) -> None:
    """Each tally only where its day still has the version it was counted from."""
    if not counted:
        return
    with transaction() as session:
        insert = postgresql.insert if db.engine().dialect.name == "postgresql" else sqlite.insert
        for day, of_day in sorted(counted.items()):
            version, stored = versions.get(day, 0), orjson.dumps(of_day)
            values = {"counted": version, "tally": stored}
            new = insert(DayTally).values(line=line, on_date=day, version=version, **values)
            session.execute(
                new.on_conflict_do_update(
                    index_elements=["line", "on_date"], set_=values, where=DayTally.version == version
                )
            )
