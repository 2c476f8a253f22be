"""The staff's side of letters: one call, one transaction; of two at the same moment one wins.

Who loses changes nothing and gets what they wrote handed back, with the reason.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from helpline import clock
from helpline.db import transaction
from helpline.letters import access, ending, keys, looking, store
from helpline.letters.models import Letter
from helpline.letters.states import IN_HAND, Action, State, WrongState
from helpline.letters.texts import MAX_REMARK, NotDone, checked, checked_id
from helpline.lines import service as lines
from helpline.privacy import envelope
from helpline.privacy.keyring import KeyDestroyed
from helpline.staff import duties
from helpline.staff import service as staff
from helpline.staff.service import Member

# Taking and giving back


def claim(member: Member, letter_id: str) -> None:
    """Take a letter to answer it; to claim it again changes nothing. Raises NoAccess, NotDone(`taken`, `gone`...).

    One that somebody has who can't answer it any more, for the account is closed or the line is not theirs now, is
    taken from them, with its draft.
    """
    now = clock.now()
    with transaction() as session:
        letter = access.to_claim(session, member, letter_id, now)
        if letter.claimed_by == member.id and letter.state in IN_HAND:
            return
        if letter.state in IN_HAND:
            if not access.has_left(letter, duties.colleagues()):
                raise NotDone("taken")
            _give_back(session, letter, member)
        _move(session, letter, Action.CLAIM, claimed_by=member.id, second_reader=None)


def release(member: Member, letter_id: str, *, holder: str | None = None) -> None:
    """Give it back with its draft, so that a colleague goes on; a supervisor may do so for somebody who is away.

    `holder`: who had it on the page that was shown, so that nobody else's is given back. Raises NoAccess, NotDone.
    """
    now = clock.now()
    with transaction() as session:
        letter = access.of_lines(session, member, letter_id, now, lock=True)
        if letter.state == State.WAITING:
            return
        if "supervisor" not in member.roles:
            letter = access.in_hand(session, member, letter_id, now)
        if holder is not None and letter.state in IN_HAND and letter.claimed_by != holder:
            raise NotDone("taken")
        _give_back(session, letter, member)


def _give_back(session: Session, letter: Letter, member: Member) -> None:
    _move(session, letter, Action.RELEASE, claimed_by=None)
    staff.audit(member.id, "letter_released", f"letter:{letter.id}")


# The draft


def save_draft(member: Member, letter_id: str, body: object, version: int) -> int:
    """Keep what was written so far; returns its version. `version` is the one it was written upon, 0 for none.

    Raises Refused, NoAccess, and NotDone with the text: `gone`, `taken`, `changed`, `wrong_state`.
    """
    text = checked(body)
    with transaction() as session:
        letter = access.in_hand(session, member, letter_id, clock.now(), text)
        saved = _put(session, letter, member, text, version)
        _move(session, letter, Action.SAVE, text)
        return saved


def _put(session: Session, letter: Letter, member: Member, text: str, version: int) -> int:
    """The version of the draft with this text; the same text sent again is no new one."""
    with _readable(text):
        now_there = looking.draft_of(session, letter)
        if now_there.version != version:
            if now_there.body == text and now_there.account == member.id:
                return now_there.version
            raise NotDone("changed", text)
        return store.put_draft(session, letter, member.id, text).version


def submit(member: Member, letter_id: str, body: object, version: int, seen: int, *, ask: bool = False) -> int:
    """Give the draft to a second reader; returns its version.

    `ask`: it names a number or an address that no help entry has, for a supervisor to allow. Raises as `answer`.
    """
    text = checked(body)
    with transaction() as session:
        letter = access.in_hand(session, member, letter_id, clock.now(), text)
        if letter.state == State.CHECKING:
            return _given_already(session, letter, text)
        _check_seen(letter, seen, text)
        if not ask:
            _check_unlisted(letter, text)
        saved = _put(session, letter, member, text, version)
        _move(session, letter, Action.SUBMIT, text)
        return saved


def _given_already(session: Session, letter: Letter, text: str) -> int:
    """The version of this very draft, for whoever pressed twice."""
    with _readable(text):
        draft = looking.draft_of(session, letter)
    if draft.body != text:
        raise NotDone("wrong_state", text)
    return draft.version


def take_back(member: Member, letter_id: str) -> None:
    """Go on writing although a colleague was to read it. Raises NoAccess, NotDone."""
    with transaction() as session:
        letter = access.in_hand(session, member, letter_id, clock.now())
        if letter.state != State.DRAFTED:
            _move(session, letter, Action.TAKE_BACK)


def send_back(member: Member, letter_id: str, remark: object, version: int) -> None:
    """The second reader wants something changed, and says what; staff alone see it.

    Raises Refused, NoAccess, and NotDone with the remark.
    """
    said = checked(remark, MAX_REMARK)
    with transaction() as session:
        if _remarked_already(session, member, letter_id, said, version):
            return
        letter = access.to_check(session, member, letter_id, clock.now(), said)
        row = store.draft_of(session, letter.id)
        if row is None or row.version != version:
            raise NotDone("changed", said)
        with _readable(said):
            row.remark = keys.seal_draft(keys.key_of(letter), letter.id, row.version, "remark", said)
        _move(session, letter, Action.SEND_BACK, said, second_reader=member.id)


def _remarked_already(session: Session, member: Member, letter_id: str, said: str, version: int) -> bool:
    letter = access.of_lines(session, member, letter_id, clock.now(), lock=True, text=said)
    if letter.state != State.DRAFTED or letter.second_reader != member.id:
        return False
    with _readable(said):
        draft = looking.draft_of(session, letter)
    return draft.version == version and draft.remark == said


# The answer


def approve(member: Member, letter_id: str, version: int, seen: int, *, allow: bool = False) -> None:
    """The second reader sends the draft as it was shown. It is the answer of whoever wrote it.

    Raises NoAccess and NotDone: `wrong_state`, `changed`, `visitor_wrote`, `gone`, `unlisted`.
    """
    now = clock.now()
    with transaction() as session:
        letter = access.of_lines(session, member, letter_id, now, lock=True)
        sent = _id_of_draft(letter, version)
        with _readable(""):
            if letter.second_reader == member.id and store.earlier(session, letter, "counsellor", sent) is not None:
                return
            letter = access.to_check(session, member, letter_id, now)
            draft = looking.draft_of(session, letter)
        if draft.version != version:
            raise NotDone("changed")
        _check_seen(letter, seen, "")
        author = letter.claimed_by or draft.account
        _check_unlisted(letter, draft.body, allow=allow and "supervisor" in member.roles, by=member)
        assert author is not None  # noqa: S101 - a letter that is read a second time is somebody's
        _send(session, letter, Action.APPROVE, author, draft.body, sent, now, second_reader=member.id)
        staff.audit(member.id, "letter_approved", f"letter:{letter.id}")


def _id_of_draft(letter: Letter, version: int) -> str:
    """By what an answer is known again that a second reader has sent; no form of a visitor can have it."""
    return hashlib.sha256(f"{letter.id} {version}".encode()).hexdigest()


def answer(
    member: Member, letter_id: str, body: object, version: int, seen: int, client_id: object, *, allow: bool = False
) -> int:
    """Send the answer; returns its `seq`, also when the same form comes again.

    `version` is that of the draft it was written upon, `seen` the last text of the visitor that was shown. `allow`: a
    supervisor lets a number or an address pass that no help entry has. Raises Refused, NoAccess, and NotDone with the
    text: `gone`, `taken`, `changed`, `visitor_wrote`, `wrong_state`, `second_reader`, `unlisted`.
    """
    text, sent, now = checked(body), checked_id(client_id), clock.now()
    with transaction() as session:
        letter = access.of_lines(session, member, letter_id, now, lock=True, text=text)
        with _readable(text):
            before = store.earlier(session, letter, "counsellor", sent)
        if before is not None and before[0].account_id == member.id and before[1] == text:
            return before[0].seq
        letter = access.in_hand(session, member, letter_id, now, text)
        if lines.get_line(letter.line).letters_second_reader:
            raise NotDone("second_reader", text)
        _check_seen(letter, seen, text)
        with _readable(text):
            draft = looking.draft_of(session, letter)
        # Whoever sends the very text that lies there overlooks nothing.
        if draft.version not in (0, version) and draft.body != text:
            raise NotDone("changed", text)
        _check_unlisted(letter, text, allow=allow and "supervisor" in member.roles, by=member)
        return _send(session, letter, Action.ANSWER, member.id, text, sent, now)


def _send(
    session: Session,
    letter: Letter,
    action: Action,
    author: str,
    text: str,
    sent: str,
    now: datetime,
    **changes: Any,
) -> int:
    ending.count_answer(letter, author, now)
    with _readable(text):
        seq = store.add_text(session, letter, "counsellor", text, sent, now, author)
    store.drop_draft(session, letter.id)
    _move(session, letter, action, text, last_seq=seq, claimed_by=None, **changes)
    if action is Action.ANSWER:
        staff.audit(author, "letter_answered", f"letter:{letter.id}")
    return seq


def close_letter(member: Member, letter_id: str, seen: int) -> None:
    """Nothing more is to be written from here; the visitor may still write again.

    A first letter that is closed without an answer was missed. Raises NoAccess, NotDone.
    """
    now = clock.now()
    with transaction() as session:
        letter = access.of_lines(session, member, letter_id, now, lock=True)
        if letter.state == State.CLOSED:
            return
        if letter.state in IN_HAND:
            letter = access.in_hand(session, member, letter_id, now)
        elif not access.may_read(session, member, letter):
            raise access.NoAccess("forbidden")
        if keys.can_be_opened(letter):
            _check_seen(letter, seen, "")
        ending.count_missed(letter, Action.CLOSE, now)
        store.drop_draft(session, letter.id)
        _move(session, letter, Action.CLOSE, claimed_by=None)
        staff.audit(member.id, "letter_closed", f"letter:{letter.id}")


# What all of them need


@contextmanager
def _readable(text: str) -> Iterator[None]:
    """Within it, a key that is lost hands back what was written."""
    try:
        yield
    except (KeyDestroyed, envelope.Tampered):
        raise NotDone("unreadable", text) from None


def _move(session: Session, letter: Letter, action: Action, text: str = "", **changes: Any) -> None:
    try:
        won = store.move(session, letter, action, **changes)
    except WrongState:
        raise NotDone("wrong_state", text) from None
    if not won:
        raise NotDone("changed", text)


def _check_seen(letter: Letter, seen: int, text: str) -> None:
    if letter.last_seq != seen:
        raise NotDone("visitor_wrote", text)


def _check_unlisted(letter: Letter, text: str, *, allow: bool = False, by: Member | None = None) -> None:
    """On a line for youngsters no way to be reached goes out that is not the house's own, unless one is allowed."""
    line = lines.get_line(letter.line)
    findings = lines.unlisted_in(line, text) if lines.checks_staff_texts(line) else []
    if not findings:
        return
    if not allow or by is None:
        raise NotDone("unlisted", text, findings)
    staff.audit(by.id, "letter_unlisted_allowed", f"letter:{letter.id}")
