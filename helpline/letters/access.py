"""Who of staff may touch a letter: proved before anything is read or changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from helpline.letters import store
from helpline.letters.models import Letter
from helpline.letters.states import IN_HAND, State
from helpline.letters.texts import NotDone
from helpline.staff.duties import Colleague
from helpline.staff.service import Member


class NoAccess(Exception):
    """The caller may not touch this letter: `not_found` (also of other lines), or `forbidden`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def answers_letters(member: Member) -> bool:
    """Whether this member answers letters at all."""
    return member.takes_chats


def of_lines(session: Session, member: Member, letter_id: str, now: datetime, *, lock: bool, text: str = "") -> Letter:
    """A letter of the member's own lines. Raises NoAccess, and NotDone(`gone`) with what the member wrote.

    A letter that was erased and one that never was look alike: nothing of it is kept that could tell.
    """
    if not answers_letters(member):
        raise NoAccess("forbidden")
    letter = store.of_id(session, letter_id, now, lock=lock)
    if letter is None:
        raise NotDone("gone", text)
    if letter.line not in member.lines:
        raise NoAccess("not_found")
    return letter


def to_claim(session: Session, member: Member, letter_id: str, now: datetime) -> Letter:
    """A letter that this member can answer, by line and language; locked."""
    letter = of_lines(session, member, letter_id, now, lock=True)
    if letter.language not in member.languages:
        raise NoAccess("forbidden")
    return letter


def in_hand(session: Session, member: Member, letter_id: str, now: datetime, text: str = "") -> Letter:
    """The letter that this member has claimed, locked; raises NotDone(`taken`) with the text for a colleague's."""
    letter = of_lines(session, member, letter_id, now, lock=True, text=text)
    if letter.claimed_by != member.id:
        raise NotDone("taken" if letter.state in IN_HAND else "wrong_state", text)
    return letter


def to_check(session: Session, member: Member, letter_id: str, now: datetime, text: str = "") -> Letter:
    """A letter whose draft this member may read before it goes: anybody who could answer it but did not; locked."""
    letter = of_lines(session, member, letter_id, now, lock=True, text=text)
    if letter.claimed_by == member.id or letter.language not in member.languages:
        raise NoAccess("forbidden")
    if letter.state != State.CHECKING:
        raise NotDone("wrong_state", text)
    return letter


def has_left(letter: Letter, colleagues: Mapping[str, Colleague]) -> bool:
    """Whether whoever has this letter in hand can't answer it any more."""
    holder = colleagues.get(letter.claimed_by or "")
    return letter.state in IN_HAND and (holder is None or letter.line not in holder.lines)


def may_read(session: Session, member: Member, letter: Letter) -> bool:
    """Whoever has it in hand or answered it before, a second reader while there is a draft to be read, a supervisor."""
    if letter.claimed_by == member.id or "supervisor" in member.roles:
        return True
    if letter.state == State.CHECKING and letter.language in member.languages:
        return True
    return store.has_answered(session, letter.id, member.id)
