"""Writing and counting the two ledgers; the counters beside them are in a file of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypedDict, cast

from sqlalchemy import CursorResult, delete, func, select

from helpline.contacts.counters import AGE_BANDS as AGE_BANDS
from helpline.contacts.counters import GENDERS as GENDERS
from helpline.contacts.counters import HELPED as HELPED
from helpline.contacts.counters import apart_since as apart_since
from helpline.contacts.counters import count_advice as count_advice
from helpline.contacts.counters import count_as_returning as count_as_returning
from helpline.contacts.counters import count_course as count_course
from helpline.contacts.counters import count_helped as count_helped
from helpline.contacts.counters import course_counted_since as course_counted_since
from helpline.contacts.counters import course_counts as course_counts
from helpline.contacts.counters import merge_old_counts as merge_old_counts
from helpline.contacts.models import Contact, MissedContact, WrapUp
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
WRAP_UP_OPEN = timedelta(hours=24)


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
