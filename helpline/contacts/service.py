"""Writing and counting the two ledgers; the counters beside them are in a file of their own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypedDict, cast

from sqlalchemy import CursorResult, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from helpline.contacts import categories
from helpline.contacts.after import AFTER as AFTER
from helpline.contacts.after import after_counts as after_counts
from helpline.contacts.after import count_after as count_after
from helpline.contacts.catching import CAUGHT_BY as CAUGHT_BY
from helpline.contacts.catching import MISSED as MISSED
from helpline.contacts.catching import WROTE as WROTE
from helpline.contacts.catching import catch as catch
from helpline.contacts.catching import catch_meanwhile as catch_meanwhile
from helpline.contacts.catching import mark_caught as mark_caught
from helpline.contacts.catching import with_missed as with_missed
from helpline.contacts.categories import CAUSES as CAUSES
from helpline.contacts.categories import UNKNOWN as UNKNOWN
from helpline.contacts.categories import Answers as Answers
from helpline.contacts.categories import BadAnswer as BadAnswer
from helpline.contacts.counters import AGE_BANDS as AGE_BANDS
from helpline.contacts.counters import GENDERS as GENDERS
from helpline.contacts.counters import HELPED as HELPED
from helpline.contacts.counters import advice_counts as advice_counts
from helpline.contacts.counters import apart_since as apart_since
from helpline.contacts.counters import count_advice as count_advice
from helpline.contacts.counters import count_as_returning as count_as_returning
from helpline.contacts.counters import count_course as count_course
from helpline.contacts.counters import count_helped as count_helped
from helpline.contacts.counters import count_letter as count_letter
from helpline.contacts.counters import course_counted_since as course_counted_since
from helpline.contacts.counters import course_counts as course_counts
from helpline.contacts.counters import helped_counts as helped_counts
from helpline.contacts.counters import letter_counts as letter_counts
from helpline.contacts.counters import merge_old_counts as merge_old_counts
from helpline.contacts.importing import BadFile as BadFile
from helpline.contacts.importing import Imported as Imported
from helpline.contacts.importing import import_log as import_log
from helpline.contacts.models import Contact, ContactTopic, MissedContact, WrapUp
from helpline.contacts.models import Topic as Topic
from helpline.contacts.month_tallies import summed_days as summed_days
from helpline.contacts.persons import forget_persons as forget_persons
from helpline.contacts.persons import told_apart as told_apart
from helpline.contacts.releasing import Due as Due
from helpline.contacts.releasing import count_due as count_due
from helpline.contacts.releasing import individuals_counted as individuals_counted
from helpline.contacts.releasing import mark_counted as mark_counted
from helpline.contacts.tallies import counted_since as counted_since
from helpline.contacts.tallies import days_written as days_written
from helpline.contacts.tallies import tallies as tallies
from helpline.contacts.topic_editing import LONGEST_LABEL as LONGEST_LABEL
from helpline.contacts.topic_editing import BadTopic as BadTopic
from helpline.contacts.topic_editing import SameWords as SameWords
from helpline.contacts.topic_editing import TopicExists as TopicExists
from helpline.contacts.topic_editing import TopicInUse as TopicInUse
from helpline.contacts.topic_editing import add_topic as add_topic
from helpline.contacts.topic_editing import any_topics as any_topics
from helpline.contacts.topic_editing import change_topic as change_topic
from helpline.contacts.topic_editing import check_known
from helpline.contacts.topic_editing import chi_codes as chi_codes
from helpline.contacts.topic_editing import delete_topic as delete_topic
from helpline.contacts.topic_editing import ensure_topics as ensure_topics
from helpline.contacts.topic_editing import free_code as free_code
from helpline.contacts.topic_editing import groups_of as groups_of
from helpline.contacts.topic_editing import is_used as is_used
from helpline.contacts.topic_editing import move_topic as move_topic
from helpline.contacts.topic_editing import rename_topic as rename_topic
from helpline.contacts.topic_editing import retire_topic as retire_topic
from helpline.contacts.topic_editing import topics_of as topics_of
from helpline.contacts.yearly import YearCounts as YearCounts
from helpline.contacts.yearly import counts_of_year as counts_of_year
from helpline.contacts.yearly import people_of_year as people_of_year
from helpline.db import random_key, reading, transaction
from helpline.lines import service as lines
from helpline.lines.models import Line

WRAP_UP_OPEN = timedelta(hours=24)
# What has an entry of its own by hand; chats come by themselves.
BY_HAND = ("phone", "email", "letter")
# What goes on for a while; how long somebody writes on a letter is nobody's business.
TIMED = ("chat", "phone")


class AlreadyCounted(Exception):
    """A form that was sent before: what it says is in the ledger already, once."""


class NoWrapUp(LookupError):
    """This counsellor has no wrap-up of this chat to fill in: filled in already, too old, or a colleague's."""


@dataclass(frozen=True)
class PendingWrapUp:
    """A contact of the last 24 hours that its counsellor has not described yet; a letter's has no minutes."""

    chat: str
    line: str
    ended_at: datetime
    minutes: int | None


def band_of_wait(seconds: float) -> int:
    """A wait to 10 seconds, downwards: 0, 10, 20, ..."""
    return max(0, int(seconds) // 10 * 10)


def _when(line: Line, moment: datetime, cause: str = "") -> dict[str, object]:
    here = lines.local(line, moment)
    inside = cause != categories.CLOSED and lines.was_open(line, moment)
    return {"on_date": here.date(), "on_hour": here.hour, "in_hours": inside}


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
    """Write an answered chat and open its wrap-up; part of the transaction that ends the chat. Returns the key.

    The same for a letter, whose `chat` is any new key: nothing leads from its wrap-up to the letter.
    """
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
                length_min=minutes if channel in TIMED else None,
                **_when(line, joined_at),
            )
        )
        session.flush()
        days_written(session, line.slug, [lines.local(line, joined_at).date()])
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


def record_by_hand(
    line: Line,
    *,
    channel: str,
    at: datetime,
    answers: Answers,
    minutes: int | None = None,
    language: str = UNKNOWN,
    key: str | None = None,
) -> str:
    """Write a call, e-mail or letter that was answered, with its wrap-up; returns the key. Raises BadAnswer.

    With a `key` of its own form it is counted once: raises AlreadyCounted when the form comes again.
    """
    if channel not in BY_HAND:
        raise BadAnswer(f"channel is none of {', '.join(BY_HAND)}")
    if minutes is not None and minutes < 0:
        raise BadAnswer("minutes are less than none")
    categories.check(answers, line.slug)
    with transaction() as session:
        row = Contact(
            line=line.slug,
            channel=channel,
            language=language,
            length_min=minutes,
            **answers.columns(),
            **_when(line, at),
        )
        _add(session, row, key)
        session.flush()
        _write_topics(session, line.slug, row.key, answers.topics)
        days_written(session, line.slug, [row.on_date])
        return row.key


def record_missed(
    line: Line,
    *,
    cause: str,
    at: datetime,
    language: str = UNKNOWN,
    wait_s: float | None = None,
    channel: str = "chat",
    test: bool = False,
    key: str | None = None,
) -> str:
    """Write a contact that nobody answered; `at` is when it came. Returns the key. Raises AlreadyCounted."""
    if channel not in categories.CHANNELS:
        raise ValueError(f"{channel!r} is no channel")
    if cause not in CAUSES:
        raise ValueError(f"{cause!r} is no cause of a missed contact")
    with transaction() as session:
        row = MissedContact(
            line=line.slug,
            channel=channel,
            language=language,
            cause=cause,
            test=test,
            wait_s=None if wait_s is None else band_of_wait(wait_s),
            **_when(line, at, cause),
        )
        _add(session, row, key)
        days_written(session, line.slug, [row.on_date])
        return row.key


def missed_by_hand(
    line: Line, *, channel: str, cause: str, at: datetime, keys: Collection[str], test: bool = False
) -> None:
    """Write as many missed contacts as there are keys, all or none. Raises AlreadyCounted when the form comes again."""
    with transaction():
        for key in keys:
            record_missed(line, cause=cause, at=at, channel=channel, test=test, key=key)


def _add(session: Session, row: Contact | MissedContact, key: str | None) -> None:
    """Add a row under its `key`, once, or without one under a random key."""
    row.key = key or random_key()
    session.add(row)
    if key is not None:
        try:
            session.flush()
        except IntegrityError:
            raise AlreadyCounted from None


def take_back(line: Line, keys: Collection[str]) -> bool:
    """Delete what was entered by hand under these keys; False where nothing is there, or a release counts it."""
    with transaction() as session:
        # A release marks its rows in any order: without, both could wait for each other in a circle.
        lines.lock_queue(line.slug)
        rows: list[Contact | MissedContact] = []
        for ledger in (Contact, MissedContact):
            wanted = select(ledger).where(ledger.key.in_(keys), ledger.line == line.slug).order_by(ledger.key)
            rows += session.scalars(wanted.with_for_update())
        if not rows or any(row.counted_in is not None for row in rows):
            return False
        session.execute(delete(ContactTopic).where(ContactTopic.contact_key.in_(keys)))
        for row in rows:
            session.delete(row)
        days_written(session, line.slug, {row.on_date for row in rows})
    return True


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
    wanted = select(WrapUp, Contact.channel).join(Contact, Contact.key == WrapUp.contact_key)
    with reading() as session:
        return [
            PendingWrapUp(row.chat_id, row.line, row.ended_at, row.minutes if channel in TIMED else None)
            for row, channel in session.execute(wanted.where(WrapUp.account_id == account).order_by(WrapUp.ended_at))
        ]


def open_wrap_ups() -> dict[str, int]:
    """How many chats each counsellor still has to describe; who has none is left out.

    A letter is answered when there is time for it: its wrap-up keeps no visitor waiting.
    """
    of_chats = select(WrapUp.account_id, func.count()).join(Contact, Contact.key == WrapUp.contact_key)
    of_chats = of_chats.where(Contact.channel == "chat").group_by(WrapUp.account_id)
    with reading() as session:
        return dict(session.execute(of_chats).all())


def wrap_up(account: str, chat: str, answers: Answers) -> bool:
    """Fill in the wrap-up of a chat; its link to the contact is gone then. Raises NoWrapUp or BadAnswer.

    Returns whether the counsellor is to be offered a rest.
    """
    with transaction() as session:
        # Deleted first: of two tabs that send it at once one wins.
        filled = delete(WrapUp).where(WrapUp.chat_id == chat, WrapUp.account_id == account)
        link = session.execute(filled.returning(WrapUp.contact_key, WrapUp.line)).one_or_none()
        if link is None:
            raise NoWrapUp(chat)
        categories.check(answers, link.line)
        contact = session.get_one(Contact, link.contact_key)
        for column, value in answers.columns().items():
            setattr(contact, column, value)
        _write_topics(session, link.line, link.contact_key, answers.topics)
        days_written(session, link.line, [contact.on_date])
    return answers.heavy


def _write_topics(session: Session, line: str, key: str, topics: Collection[str]) -> None:
    check_known(session, line, topics)
    session.add_all(ContactTopic(contact_key=key, topic=topic) for topic in sorted(set(topics)))


def drop_old_wrap_ups(now: datetime) -> int:
    """Cut the link of wrap-ups older than 24 hours; what they left open stays `unknown`. Returns how many."""
    with transaction() as session:
        stale = delete(WrapUp).where(WrapUp.ended_at < now - WRAP_UP_OPEN)
        return cast("CursorResult[object]", session.execute(stale)).rowcount
