"""What the ledgers hear of a letter, and how it ends. Part of the running transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from helpline.contacts import service as contacts
from helpline.db import random_key
from helpline.letters import store
from helpline.letters.models import Letter
from helpline.letters.states import UNANSWERED, Action, State, hour_of, hours_waited, missed_cause, step
from helpline.lines import service as lines


def count_answer(letter: Letter, account: str, now: datetime) -> None:
    """A round was answered: one contact, with a wrap-up for whoever wrote the answer, and one more in the counters."""
    line, answered = lines.get_line(letter.line), hour_of(now)
    contacts.record_contact(
        line,
        joined_at=letter.waiting_since,
        started_at=answered,
        ended_at=answered,
        language=letter.language,
        # Any new key: the wrap-up's form needs one, and nothing may lead from the contact to the letter.
        chat=random_key(),
        account=account,
        channel="letter",
    )
    hours = hours_waited(letter.waiting_since, now)
    contacts.count_letter(line, hours=hours, in_time=answered <= letter.due_at, at=now)


def count_missed(letter: Letter, action: Action, now: datetime) -> None:
    """Count a round that is over by `action` before anybody answered it, unless nothing was owed.

    Whoever has had an answer, writes a thank-you and then erases the letter, or whose thank-you is closed, missed
    nothing; who was kept waiting for longer than the line wants did, and so did everybody whose time ran out.
    """
    if letter.state not in UNANSWERED:
        return
    owed = letter.round == 1 or action is Action.EXPIRE or (action is Action.ERASE and now > letter.due_at)
    if owed:
        contacts.record_missed(
            lines.get_line(letter.line),
            cause=missed_cause(action, confirmed=letter.confirmed),
            at=letter.waiting_since,
            language=letter.language,
            wait_s=hours_waited(letter.waiting_since, now) * 3600,
            channel="letter",
        )


def destroy(session: Session, letter: Letter, action: Action, now: datetime) -> None:
    """Erase a locked letter, by its visitor's wish or because its time is over."""
    why = step(State(letter.state), action)
    count_missed(letter, action, now)
    store.destroy(session, letter, why, now.date())
