"""Queries on letters. The caller's transaction commits.

Rows are locked in this order: session, letter, ledger and counters.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, case, delete, func, select, update
from sqlalchemy.orm import Session

from helpline.db import random_key
from helpline.letters import keys
from helpline.letters.models import Letter, LetterDraft, LetterGone, LetterText
from helpline.letters.states import IN_HAND, UNANSWERED, Action, State, hour_of, step

GONE_TOLD_FOR = timedelta(days=30)
# The drafts of a round are counted from here on, so that no page of an earlier round names one of this round.
VERSIONS_OF_A_ROUND = 100_000


def _changed(result: Any) -> int:
    return cast("CursorResult[object]", result).rowcount


def at_lookup(session: Session, lookup: str, now: datetime, *, lock: bool = False) -> Letter | None:
    """The letter that this code finds, unless its time is over."""
    return _alive(session, Letter.lookup == lookup, now, lock)


def of_id(session: Session, letter_id: str, now: datetime, *, lock: bool = False) -> Letter | None:
    """The letter with this key, unless its time is over."""
    return _alive(session, Letter.id == letter_id, now, lock)


def _alive(session: Session, which: Any, now: datetime, lock: bool) -> Letter | None:
    wanted = select(Letter).where(which)
    if lock:
        wanted = wanted.with_for_update()
    found = session.scalar(wanted.execution_options(populate_existing=True))
    return found if found is not None and found.expires_on >= now.date() else None


def move(session: Session, letter: Letter, action: Action, **changes: Any) -> bool:
    """Take the step `action` from the state the letter was read in, setting `changes` with it.

    One conditional UPDATE: False when it had moved on meanwhile. Raises WrongState for an illegal step.
    """
    target = step(State(letter.state), action)
    session.flush()
    won = session.execute(
        update(Letter)
        .where(
            Letter.id == letter.id,
            Letter.state == letter.state,
            Letter.last_seq == letter.last_seq,
            Letter.claimed_by.is_not_distinct_from(letter.claimed_by),
        )
        .values(state=target, **changes)
        .execution_options(synchronize_session=False)
    )
    session.refresh(letter)
    return _changed(won) == 1


def extend(session: Session, letter: Letter, until: date) -> None:
    """Let the code open it until this day at least: its key goes under the key of that week. Raises KeyDestroyed."""
    if letter.expires_on >= until:
        return
    letter.key_id, letter.wrapped_key = keys.wrapped(letter.id, keys.key_of(letter), until)
    letter.expires_on = until
    session.flush()


# Texts


def add_text(
    session: Session, letter: Letter, author: str, body: str, client_id: str, now: datetime, account: str | None = None
) -> int:
    """Seal a text under the next `seq`, which is returned; the letter itself is moved on by the caller."""
    seq = letter.last_seq + 1
    sealed = keys.seal(keys.key_of(letter), letter.id, seq, author, body)
    session.add(
        LetterText(
            letter_id=letter.id,
            seq=seq,
            client_id=client_id,
            author=author,
            account_id=account,
            sealed=sealed,
            at=hour_of(now),
        )
    )
    session.flush()
    return seq


def texts(session: Session, letter: Letter) -> list[tuple[LetterText, str]]:
    """The texts in order, opened. Raises KeyDestroyed, Tampered."""
    key = keys.key_of(letter)
    rows = session.scalars(select(LetterText).where(LetterText.letter_id == letter.id).order_by(LetterText.seq))
    return [(row, keys.open_(key, letter.id, row.seq, row.author, row.sealed)) for row in rows]


def introduction(letter: Letter) -> str | None:
    """What came along from the advice, opened; None where nothing did. Raises KeyDestroyed, Tampered."""
    sealed = letter.introduction
    return None if sealed is None else keys.open_introduction(keys.key_of(letter), letter.id, sealed)


def earlier(session: Session, letter: Letter, author: str, client_id: str) -> tuple[LetterText, str] | None:
    """The text that this form has sent already, opened."""
    wanted = select(LetterText).where(
        LetterText.letter_id == letter.id, LetterText.client_id == client_id, LetterText.author == author
    )
    row = session.scalar(wanted)
    if row is None:
        return None
    return row, keys.open_(keys.key_of(letter), letter.id, row.seq, row.author, row.sealed)


def has_answered(session: Session, letter_id: str, account: str) -> bool:
    """Whether a text of this letter is of this account."""
    wanted = select(LetterText.seq).where(LetterText.letter_id == letter_id, LetterText.account_id == account)
    return session.scalar(wanted.limit(1)) is not None


def answered_by(session: Session, account: str, letters: Collection[str]) -> set[str]:
    """Which of these letters have a text of this account."""
    wanted = select(LetterText.letter_id).where(LetterText.letter_id.in_(letters), LetterText.account_id == account)
    return set(session.scalars(wanted.distinct()))


# Drafts


def draft_of(session: Session, letter_id: str) -> LetterDraft | None:
    """The draft of a letter, if there is one."""
    return session.get(LetterDraft, letter_id, populate_existing=True)


def put_draft(session: Session, letter: Letter, account: str, body: str) -> LetterDraft:
    """The draft is this text now, in its next version; what was remarked on the former one is dropped."""
    row = draft_of(session, letter.id)
    if row is None:
        row = LetterDraft(letter_id=letter.id, version=(letter.round - 1) * VERSIONS_OF_A_ROUND)
        session.add(row)
    row.version += 1
    row.account_id = account
    row.sealed = keys.seal_draft(keys.key_of(letter), letter.id, row.version, "draft", body)
    row.remark = None
    session.flush()
    return row


def sent_back(session: Session, letters: Collection[str]) -> set[str]:
    """Which of these letters have a draft with a second reader's remark that was not changed since."""
    wanted = select(LetterDraft.letter_id).where(LetterDraft.letter_id.in_(letters), LetterDraft.remark.is_not(None))
    return set(session.scalars(wanted))


def drop_draft(session: Session, letter_id: str) -> None:
    """The draft was sent, or is not needed."""
    session.execute(delete(LetterDraft).where(LetterDraft.letter_id == letter_id))


# Lists


def of_lines(session: Session, lines: Collection[str], states: Collection[State], now: datetime) -> list[Letter]:
    """The letters of these lines in these states, the one that is due first in front."""
    wanted = select(Letter).where(Letter.line.in_(lines), Letter.state.in_(states), Letter.expires_on >= now.date())
    return list(session.scalars(wanted.order_by(Letter.due_at, Letter.id)))


def waiting(session: Session, lines: Collection[str], now: datetime) -> dict[str, tuple[int, int]]:
    """How many letters of each of these lines are to be answered, and how many of them should have been by now."""
    late = func.sum(case((Letter.due_at < now, 1), else_=0))
    wanted = select(Letter.line, func.count(), late).where(Letter.line.in_(lines), Letter.state.in_(UNANSWERED))
    found = session.execute(wanted.where(Letter.expires_on >= now.date()).group_by(Letter.line))
    return {line: (count, overdue or 0) for line, count, overdue in found}


def overdue(session: Session, line: str, now: datetime) -> int:
    """How many letters of this line wait longer than the line wants."""
    wanted = select(func.count()).select_from(Letter).where(Letter.line == line, Letter.state.in_(UNANSWERED))
    return session.scalar(wanted.where(Letter.due_at < now, Letter.expires_on >= now.date())) or 0


def any_letter(session: Session) -> bool:
    """Whether there is any letter."""
    return session.scalar(select(Letter.id).limit(1)) is not None


# The end of a letter


def lock_expired(session: Session, now: datetime) -> list[Letter]:
    """The letters whose time is over, locked in the order of their keys."""
    wanted = select(Letter).where(Letter.expires_on < now.date()).order_by(Letter.id).with_for_update()
    return list(session.scalars(wanted.execution_options(populate_existing=True)))


def destroy(session: Session, letter: Letter, why: str, today: date) -> None:
    """Delete the letter, its texts and its draft; whoever had it in hand is told that one is gone, not which."""
    if letter.claimed_by is not None and letter.state in IN_HAND:
        gone = LetterGone(key=random_key(), account_id=letter.claimed_by, line=letter.line, why=why, on_date=today)
        session.add(gone)
        session.flush()
    for model in (LetterText, LetterDraft):
        session.execute(delete(model).where(model.letter_id == letter.id))
    session.execute(delete(Letter).where(Letter.id == letter.id))


def gone_of(session: Session, account: str) -> list[LetterGone]:
    """What this account has not put away yet of letters that are gone."""
    wanted = select(LetterGone).where(LetterGone.account_id == account)
    return list(session.scalars(wanted.order_by(LetterGone.on_date, LetterGone.key)))


def put_away_gone(session: Session, account: str, key: str) -> None:
    """It was read."""
    session.execute(delete(LetterGone).where(LetterGone.account_id == account, LetterGone.key == key))


def drop_old_gone(session: Session, today: date) -> int:
    """Nobody needs to hear of it after a month. Returns how many."""
    return _changed(session.execute(delete(LetterGone).where(LetterGone.on_date < today - GONE_TOLD_FOR)))
