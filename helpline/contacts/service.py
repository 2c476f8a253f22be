"""Writing and counting the two ledgers, and the counters of the advice."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypedDict, cast

from sqlalchemy import CursorResult, delete, extract, func, select
from sqlalchemy.dialects import postgresql, sqlite

from helpline.contacts.models import AdviceCount, AdviceHelped, Contact, MissedContact, WrapUp
from helpline.db import random_key, reading, transaction
from helpline.lines import service as lines
from helpline.lines.models import Line

CAUSES = (
    "closed",
    "nobody_on_duty",
    "queue_full",
    "left",
    "lost",
    "emergency_exit",
    "unanswered",
    "left_early",
)
AGE_BANDS = ("0-11", "12-15", "16-17", "18-25", "26+")
GENDERS = ("male", "female", "other")
HELPED = ("yes", "no", "partly")
UNKNOWN = "unknown"
WRAP_UP_OPEN = timedelta(hours=24)
# So long the advice is counted by the day, then by the month.
DAYS_APART = timedelta(days=62)


@dataclass(frozen=True)
class PendingWrapUp:
    """A contact of the last 24 hours that its counsellor has not described yet."""

    chat: str
    line: str
    ended_at: datetime
    minutes: int


def band_of_wait(seconds: float) -> int:
    """A wait to 10 seconds, downwards: 0, 10, 20, ..."""
    return max(0, int(seconds) // 10 * 10)


def _when(line: Line, moment: datetime) -> dict[str, object]:
    here = lines.local(line, moment)
    return {"on_date": here.date(), "on_hour": here.hour, "in_hours": lines.opening(line, moment).open}


def record_contact(
    line: Line,
    *,
    joined_at: datetime,
    started_at: datetime,
    ended_at: datetime,
    language: str,
    chat: str,
    account: str,
    channel: str = "chat",
) -> str:
    """Write an answered chat and open its wrap-up; part of the transaction that ends the chat. Returns the key."""
    minutes = int((ended_at - started_at).total_seconds() // 60)
    with transaction() as session:
        key = random_key()
        session.add(
            Contact(
                key=key,
                line=line.slug,
                channel=channel,
                language=language,
                wait_s=band_of_wait((started_at - joined_at).total_seconds()),
                length_min=minutes,
                **_when(line, joined_at),
            )
        )
        session.flush()
        session.add(
            WrapUp(
                chat_id=chat,
                account_id=account,
                contact_key=key,
                line=line.slug,
                ended_at=ended_at,
                minutes=minutes,
            )
        )
        return key


def record_missed(
    line: Line, *, cause: str, at: datetime, language: str, wait_s: float | None = None, channel: str = "chat"
) -> str:
    """Write a contact that nobody answered; `at` is when the visitor came. Returns the key."""
    if cause not in CAUSES:
        raise ValueError(f"{cause!r} is no cause of a missed contact")
    with transaction() as session:
        key = random_key()
        session.add(
            MissedContact(
                key=key,
                line=line.slug,
                channel=channel,
                language=language,
                cause=cause,
                wait_s=None if wait_s is None else band_of_wait(wait_s),
                **_when(line, at),
            )
        )
        return key


def count_advice(
    line: Line,
    *,
    tree: str,
    advice: str,
    asked_for: str,
    at: datetime,
    age_band: str | None = None,
    gender: str | None = None,
) -> None:
    """Add one walk to its day's counter; whatever is no age band or gender of ours counts as unknown."""
    _add(
        AdviceCount,
        1,
        line=line.slug,
        on_date=lines.local(line, at).date(),
        tree=tree,
        advice=advice,
        age_band=age_band if age_band in AGE_BANDS else UNKNOWN,
        gender=gender if gender in GENDERS else UNKNOWN,
        asked_for=asked_for,
    )


def count_helped(line: Line, *, tree: str, advice: str, helped: str, at: datetime) -> None:
    """Add one answer to 'did this help?'; `helped` is one of HELPED."""
    if helped not in HELPED:
        raise ValueError(f"{helped!r} is no answer to whether it helped")
    on_date = lines.local(line, at).date()
    _add(AdviceHelped, 1, line=line.slug, on_date=on_date, tree=tree, advice=advice, helped=helped)


def _add(counter: type[AdviceCount | AdviceHelped], number: int, **dimensions: object) -> None:
    """One statement, so that of two at the same moment none is lost."""
    with transaction() as session:
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        first = insert(counter).values(count=number, **dimensions)
        more = {"count": counter.__table__.c.count + first.excluded.count}
        session.execute(first.on_conflict_do_update(index_elements=list(dimensions), set_=more))


def merge_old_counts(now: datetime) -> int:
    """Count days long ago on the first of their month; nothing is lost. Returns how many rows went there."""
    return sum(_merge(counter, now.date() - DAYS_APART) for counter in (AdviceCount, AdviceHelped))


def _merge(counter: type[AdviceCount | AdviceHelped], until: date) -> int:
    columns, key = counter.__table__.c, list(counter.__table__.primary_key)
    old = (columns.on_date < until) & (extract("day", columns.on_date) != 1)
    months: Counter[tuple[Any, ...]] = Counter()
    with transaction() as session:
        # Locked in order, so that two processes don't wait for each other; who deletes a row is who adds it up.
        session.execute(select(columns.count).where(old).order_by(*key).with_for_update())
        days = session.execute(delete(counter).where(old).returning(*columns)).mappings().all()
        for day in days:
            month = {**day, "on_date": day["on_date"].replace(day=1)}
            months[tuple(month[column.name] for column in key)] += day["count"]
        for dimensions, number in sorted(months.items()):
            _add(counter, number, **{column.name: value for column, value in zip(key, dimensions, strict=True)})
    return len(days)


class Counted(TypedDict):
    """What `helpline contacts count --json` prints; `left_early` is among the causes but belongs to no total."""

    answered: int
    missed: dict[str, int]


def missed_on(line: str, day: date) -> int:
    """Missed contacts of one local day, without those who left early and test contacts."""
    wanted = (
        select(func.count())
        .select_from(MissedContact)
        .where(MissedContact.line == line, MissedContact.on_date == day)
        .where(MissedContact.cause != "left_early", ~MissedContact.test)
    )
    with reading() as session:
        return session.scalar(wanted) or 0


def count(line: str | None = None) -> Counted:
    """Answered and missed contacts over all time, test contacts left out."""
    answered = select(func.count()).select_from(Contact).where(~Contact.test)
    missed = select(MissedContact.cause, func.count()).where(~MissedContact.test).group_by(MissedContact.cause)
    if line is not None:
        answered = answered.where(Contact.line == line)
        missed = missed.where(MissedContact.line == line)
    with reading() as session:
        causes = dict.fromkeys(CAUSES, 0) | dict(session.execute(missed).all())
        return Counted(answered=session.scalar(answered) or 0, missed=causes)


def pending_wrap_ups(account: str) -> list[PendingWrapUp]:
    """What this counsellor still has to describe, oldest first."""
    wanted = select(WrapUp).where(WrapUp.account_id == account).order_by(WrapUp.ended_at)
    with reading() as session:
        return [
            PendingWrapUp(chat=row.chat_id, line=row.line, ended_at=row.ended_at, minutes=row.minutes)
            for row in session.scalars(wanted)
        ]


def drop_old_wrap_ups(now: datetime) -> int:
    """Cut the link of wrap-ups older than 24 hours; what they left open stays `unknown`. Returns how many."""
    with transaction() as session:
        stale = delete(WrapUp).where(WrapUp.ended_at < now - WRAP_UP_OPEN)
        return cast("CursorResult[object]", session.execute(stale)).rowcount
