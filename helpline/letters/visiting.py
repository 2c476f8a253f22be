"""The visitor's side of letters: one call, one transaction.

A letter is stored before its code was confirmed: what somebody wrote at last is never lost for want of a code. The
sealed session knows where the letter of this visit lies; without a session only the code does.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from helpline import clock
from helpline.contacts import service as contacts
from helpline.db import random_key, reading, transaction
from helpline.letters import ending, keys, store, visit
from helpline.letters.models import Letter
from helpline.letters.states import Action, State, due, hour_of
from helpline.letters.texts import MOST_TEXTS, NotDone, Refused, checked, checked_id, checked_introduction
from helpline.letters.visit import CODE, ERASED, FOUND, KIND, LOOKUP, SENT, SUM, part_of
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.privacy import codes, envelope, sessions
from helpline.privacy.keyring import KeyDestroyed
from helpline.summaries import service as summaries
from helpline.summaries.service import Summary


class HasLetter(Exception):
    """This visit has a letter already: what is to be added is a reply, or the letter is put away first.

    `text` is what was written.
    """

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.text = text


class NoLetters(Exception):
    """The line takes no letters. `text` is what was written."""

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.text = text


class CodeNotKept(Exception):
    """The code of this visit's letter was not retyped yet: whoever has not written it down would lose the letter."""


class Unreadable(Exception):
    """The letter is there, but nobody can open it any more."""


@dataclass(frozen=True)
class Said:
    """One text as the visitor sees it. `on` is the day on the line's clock, `now` whether this visit wrote it."""

    seq: int
    author: str
    body: str
    on: date
    now: bool


@dataclass(frozen=True)
class Thread:
    """The letter of this visit. `answer_due` is None where nothing is owed, `introduction` where nothing came along."""

    state: str
    introduction: str | None
    texts: tuple[Said, ...]
    answer_due: datetime | None
    kept_until: date
    has_code: bool

    @property
    def open(self) -> bool:
        """Whether somebody at the line has still to answer."""
        return self.answer_due is not None


# Writing


def write(
    cookie: str,
    line: Line,
    language: str,
    body: object,
    client_id: object,
    *,
    show_summary: bool = False,
    introduction: str = "",
) -> str | None:
    """Store a new letter and return its code, to be shown once; it opens the letter from this moment on.

    `show_summary`: the summary of last time, which a code has opened in this visit, goes along. `introduction`: what
    the visitor sends along from the advice.

    The same form sent twice gives the same code, and None once that was confirmed. Raises NoLetters, Refused,
    HasLetter, codes.Busy, and BoundElsewhere or Left of the session; then nothing is stored.
    """
    text, sent, brought = checked(body), checked_id(client_id), checked_introduction(introduction)
    now = clock.now()
    content = sessions.load(cookie, now) or {}
    sessions.check_line(content, line.slug)
    with reading() as session:
        again = _sent_before(session, part_of(content), text, sent, now)
    if again is not None:
        return again or None
    if not line.letters:
        raise NoLetters(text)
    code = codes.new_code(codes.own_salt())
    place = codes.place_of(code, KIND, line.slug)
    with transaction() as session:
        content = sessions.claim(session, cookie, now)
        sessions.check_line(content, line.slug)
        part = part_of(content)
        again = _sent_before(session, part, text, sent, now)
        if again is not None:
            return again or None
        if LOOKUP in part and store.at_lookup(session, part[LOOKUP], now) is not None:
            raise HasLetter(text)
        along = summaries.newest(content, line, now) if show_summary else None
        _begin(session, line, language, place.lookup, text, sent, along, brought, now)
        content = contacts.catch(content, line, "letter")
        visit.save(cookie, line, content, {LOOKUP: place.lookup, CODE: code, SENT: sent, FOUND: 0}, now)
    return code


def _sent_before(session: Session, part: Mapping[str, Any], text: str, sent: str, now: datetime) -> str | None:
    """The code of the letter that this very form has written; '' where it was confirmed already, None for a new one.

    Raises HasLetter for another text from the same page, to which its writer went back.
    """
    letter = store.at_lookup(session, part[LOOKUP], now) if part.get(SENT) == sent else None
    if letter is None:
        return None
    try:
        before = store.earlier(session, letter, "visitor", sent)
    except (KeyDestroyed, envelope.Tampered):
        raise HasLetter(text) from None
    if before is None or before[1] != text:
        raise HasLetter(text)
    return str(part.get(CODE, ""))


def summary_along(cookie: str | None, line: Line) -> Summary | None:
    """What could go along with a letter of this visit. Raises BoundElsewhere."""
    now = clock.now()
    content = sessions.load(cookie, now) or {}
    sessions.check_line(content, line.slug)
    return summaries.newest(content, line, now)


def _begin(
    session: Session,
    line: Line,
    language: str,
    lookup: str,
    text: str,
    sent: str,
    along: Summary | None,
    brought: str,
    now: datetime,
) -> None:
    letter_id, until, key = random_key(), keys.kept_until(line, now), envelope.new_key()
    key_id, wrapped_key = keys.wrapped(letter_id, key, until)
    letter = Letter(
        id=letter_id,
        line=line.slug,
        language=language if language in line.languages else line.languages[0],
        state=State.WAITING,
        lookup=lookup,
        confirmed=False,
        round=1,
        last_seq=0,
        waiting_since=hour_of(now),
        due_at=due(now, line.letter_target_hours),
        key_id=key_id,
        wrapped_key=wrapped_key,
        expires_on=until,
        earlier=None if along is None else keys.seal_earlier(key, letter_id, along.day, along.text),
        introduction=keys.seal_introduction(key, letter_id, brought) if brought else None,
    )
    session.add(letter)
    session.flush()
    letter.last_seq = store.add_text(session, letter, "visitor", text, sent, now)


def pending_code(cookie: str | None, line: Line) -> str | None:
    """The code that was not confirmed yet. Raises BoundElsewhere."""
    return sessions.pending_code(cookie, line.slug, KIND, clock.now())


def confirm_code(cookie: str, line: Line, typed: str) -> bool:
    """The visitor has the code, which the session forgets from now on. False for another one.

    Raises NotDone(`gone`), BoundElsewhere, Left.
    """
    code, now = codes.read(typed), clock.now()
    if code is None:
        return False
    with transaction() as session:
        content = sessions.locked(cookie, line.slug, now)
        part = part_of(content)
        if LOOKUP not in part:
            return False
        if CODE not in part:
            # The same form was sent twice.
            return hmac.compare_digest(part.get(SUM, ""), codes.sum_of(part[LOOKUP].encode(), code))
        if not hmac.compare_digest(part[CODE], code):
            return False
        letter = store.at_lookup(session, part[LOOKUP], now, lock=True)
        if letter is None:
            raise NotDone("gone")
        letter.confirmed = True
        part = {name: value for name, value in part.items() if name != CODE} | {
            SUM: codes.sum_of(part[LOOKUP].encode(), code)
        }
        visit.save(cookie, line, content, part, now)
    return True


# Coming back


def open_at(cookie: str, line: Line, root: bytes) -> bool:
    """Whether a code opens a letter of the line, which is the one of this visit then.

    `root`: what all keys of the code come from. Raises BoundElsewhere, Left, and HasLetter where the visit holds
    another letter whose code nobody has kept yet: it would be lost.
    """
    place, now = codes.for_kind(root, KIND, line.slug), clock.now()
    with reading() as session:
        if store.at_lookup(session, place.lookup, now) is None:
            # A wrong code makes no session.
            return False
    with transaction() as session:
        content = sessions.claim(session, cookie, now)
        sessions.check_line(content, line.slug)
        part = part_of(content)
        if CODE in part and part[LOOKUP] != place.lookup and store.at_lookup(session, part[LOOKUP], now) is not None:
            raise HasLetter
        letter = store.at_lookup(session, place.lookup, now, lock=True)
        if letter is None:
            return False
        letter.confirmed = True
        _stay(session, letter, line, now)
        visit.save(cookie, line, content, {LOOKUP: place.lookup, FOUND: letter.last_seq}, now)
    return True


def _stay(session: Session, letter: Letter, line: Line, now: datetime) -> None:
    """The visitor is here: the letter's time begins again, as long as anybody can read it."""
    try:
        store.extend(session, letter, keys.kept_until(line, now))
    except KeyDestroyed:
        return


def thread_of(cookie: str | None, line: Line) -> Thread | None:
    """The letter of this visit, None where it has none; to read is to be here, so its time begins again.

    Raises BoundElsewhere, NotDone(`gone`), and Unreadable where its key is lost.
    """
    now = clock.now()
    content = sessions.load(cookie, now)
    sessions.check_line(content or {}, line.slug)
    part = part_of(content)
    if cookie is None or LOOKUP not in part:
        return None
    sessions.extend([sessions.key_of(cookie)], now)
    with reading() as session:
        letter = store.at_lookup(session, part[LOOKUP], now)
    if letter is not None and letter.expires_on < keys.kept_until(line, now):
        with transaction() as session:
            letter = store.at_lookup(session, part[LOOKUP], now, lock=True)
            if letter is not None:
                _stay(session, letter, line, now)
    with reading() as session:
        letter = store.at_lookup(session, part[LOOKUP], now)
        if letter is None:
            raise NotDone("gone")
        try:
            texts, introduction = store.texts(session, letter), store.introduction(letter)
        except (KeyDestroyed, envelope.Tampered):
            raise Unreadable from None
    # What was there when the code opened it stays folded: somebody may read along.
    found = part.get(FOUND, letter.last_seq)
    said = tuple(
        Said(row.seq, row.author, body, lines.local(line, row.at).date(), row.author == "visitor" and row.seq > found)
        for row, body in texts
    )
    owed = letter.state not in (State.ANSWERED, State.CLOSED)
    due_at = letter.due_at if owed else None
    return Thread(letter.state, introduction, said, due_at, letter.expires_on, CODE not in part)


def reply(cookie: str, line: Line, body: object, client_id: object) -> int:
    """Add a text to the letter of this visit; returns its `seq`, also when the same form comes again.

    Raises Refused, BoundElsewhere, Left, and NotDone with the text: `gone` where there is no letter any more.
    """
    text, sent = checked(body), checked_id(client_id)
    now = clock.now()
    with transaction() as session:
        content = sessions.locked(cookie, line.slug, now)
        lookup = part_of(content).get(LOOKUP)
        letter = None if lookup is None else store.at_lookup(session, lookup, now, lock=True)
        if letter is None:
            raise NotDone("gone", text)
        try:
            # Going back to a page and sending another text from it repeats the page's id, and that may come twice too.
            for known in (sent, hashlib.sha256(f"{sent}\n{text}".encode()).hexdigest()):
                before = store.earlier(session, letter, "visitor", known)
                if before is None:
                    sent = known
                    break
                if before[1] == text:
                    return before[0].seq
            if letter.last_seq >= MOST_TEXTS:
                raise Refused("full")
            _stay(session, letter, line, now)
            seq = store.add_text(session, letter, "visitor", text, sent, now)
        except KeyDestroyed:
            raise NotDone("gone", text) from None
        _move_on(session, letter, line, seq, now)
        sessions.save(cookie, content, now)
    return seq


def _move_on(session: Session, letter: Letter, line: Line, seq: int, now: datetime) -> None:
    anew: dict[str, Any] = {}
    if letter.state in (State.ANSWERED, State.CLOSED):
        anew = {
            "round": letter.round + 1,
            "waiting_since": hour_of(now),
            "due_at": due(now, line.letter_target_hours),
            "claimed_by": None,
        }
    if not store.move(session, letter, Action.REPLY, last_seq=seq, **anew):
        raise RuntimeError("a locked letter moved")


# Going


def close_visit(cookie: str, line: Line, *, anyway: bool = False) -> None:
    """This browser forgets the letter, which stays where it is. Raises CodeNotKept, BoundElsewhere, Left."""
    now = clock.now()
    with transaction() as session:
        content = sessions.locked(cookie, line.slug, now)
        part = part_of(content)
        if CODE in part and not anyway and store.at_lookup(session, part[LOOKUP], now) is not None:
            raise CodeNotKept
        if part:
            visit.save(cookie, line, content, {}, now)


def erase(cookie: str, line: Line) -> bool:
    """Erase the letter of this visit with all that was answered, for good.

    False where the visit holds no letter. Raises BoundElsewhere, Left.
    """
    now = clock.now()
    with transaction() as session:
        content = sessions.locked(cookie, line.slug, now)
        part = part_of(content)
        if LOOKUP in part:
            letter = store.at_lookup(session, part[LOOKUP], now, lock=True)
            if letter is not None:
                ending.destroy(session, letter, Action.ERASE, now)
            visit.save(cookie, line, content, {ERASED: True}, now)
        return LOOKUP in part or ERASED in part
