"""What staff see of letters: the inbox, without a word of what stands in them, and one letter that is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from helpline import clock
from helpline.db import reading, transaction
from helpline.letters import access, keys, store
from helpline.letters.models import Letter
from helpline.letters.states import IN_HAND, UNANSWERED, State
from helpline.letters.texts import NotDone, name_of
from helpline.lines import service as lines
from helpline.privacy import envelope
from helpline.privacy.keyring import KeyDestroyed
from helpline.staff import duties
from helpline.staff import service as staff
from helpline.staff.duties import Colleague
from helpline.staff.service import Member


@dataclass(frozen=True)
class Item:
    """A letter in the inbox: nothing of what stands in it."""

    id: str
    name: str
    line: str
    language: str
    state: str
    round: int
    waiting_since: datetime
    due_at: datetime
    overdue: bool
    claimed_by: str | None
    holder: str
    """How whoever has it in hand is called."""
    left: bool
    """Whoever has it in hand can't answer it any more: it is anybody's."""
    mine: bool
    to_check: bool
    """This member may read the draft before it goes."""
    known: bool
    """This member has answered it before."""
    sent_back: bool
    """A second reader asks for a change, and the draft is as it was."""
    expires_on: date


@dataclass(frozen=True)
class Waiting:
    """How many letters of a line are to be answered, and how many of them should have been by now."""

    line: str
    open: int
    overdue: int


@dataclass(frozen=True)
class Written:
    """One text of a letter; `account` is who of staff wrote it, `by` how they are called."""

    seq: int
    author: str
    account: str | None
    by: str
    body: str
    at: datetime


@dataclass(frozen=True)
class Draft:
    """The answer that is being written; version 0 is none yet."""

    version: int = 0
    body: str = ""
    remark: str = ""
    account: str | None = None


@dataclass(frozen=True)
class Opened:
    """A letter as staff read it. `seen` goes along with what they do next, so that no text is overlooked.

    `earlier`: day and text of the summary of a chat before, where the visitor let it go along; `introduction`: what
    came along from the advice.
    """

    item: Item
    earlier: tuple[date, str] | None
    introduction: str | None
    texts: tuple[Written, ...]
    draft: Draft
    seen: int
    second_reader_needed: bool


@dataclass(frozen=True)
class Gone:
    """A letter that this member had in hand was erased or is past its time; which one is not known any more."""

    key: str
    line: str
    why: str
    on_date: date


def inbox(member: Member, states: tuple[State, ...] = UNANSWERED) -> list[Item]:
    """The letters of the member's lines in these states, the one that is due first in front."""
    if not access.answers_letters(member):
        return []
    now = clock.now()
    with reading() as session:
        found = store.of_lines(session, member.lines, states, now)
        ids = [letter.id for letter in found]
        answered, returned = store.answered_by(session, member.id, ids), store.sent_back(session, ids)
        names = duties.colleagues()
        return [_item(member, letter, now, names, letter.id in answered, letter.id in returned) for letter in found]


def waiting(member: Member) -> list[Waiting]:
    """What waits on the member's lines, those that take letters and have none too."""
    if not access.answers_letters(member):
        return []
    now = clock.now()
    with reading() as session:
        found = store.waiting(session, member.lines, now)
    own = (line for line in lines.all_lines() if line.slug in member.lines and (line.letters or line.slug in found))
    return [Waiting(line.slug, *found.get(line.slug, (0, 0))) for line in own]


def _item(
    member: Member,
    letter: Letter,
    now: datetime,
    colleagues: Mapping[str, Colleague],
    known: bool,
    remarked: bool,
) -> Item:
    mine = letter.claimed_by == member.id and letter.state in IN_HAND
    fits = letter.language in member.languages
    return Item(
        id=letter.id,
        name=name_of(letter.id),
        line=letter.line,
        language=letter.language,
        state=letter.state,
        round=letter.round,
        waiting_since=letter.waiting_since,
        due_at=letter.due_at,
        overdue=letter.state in UNANSWERED and now > letter.due_at,
        claimed_by=letter.claimed_by,
        holder=_name(colleagues, letter.claimed_by) if letter.state in IN_HAND else "",
        left=access.has_left(letter, colleagues),
        mine=mine,
        to_check=letter.state == State.CHECKING and letter.claimed_by != member.id and fits,
        known=known,
        sent_back=letter.state == State.DRAFTED and remarked,
        expires_on=letter.expires_on,
    )


def _name(colleagues: Mapping[str, Colleague], account: str | None) -> str:
    found = colleagues.get(account or "")
    return found.name if found else ""


def open_letter(member: Member, letter_id: str) -> Opened:
    """The letter with its texts and the draft; noted in the audit trail before anything is shown.

    Raises NoAccess, NotDone(`gone`), and NotDone(`unreadable`) where its key is lost.
    """
    now = clock.now()
    with transaction() as session:
        # Locked, so that nothing is erased or added between the letter and its texts.
        letter = access.of_lines(session, member, letter_id, now, lock=True)
        if not access.may_read(session, member, letter):
            raise access.NoAccess("forbidden")
        staff.audit(member.id, "letter_read", f"letter:{letter.id}")
        names = duties.colleagues()
        try:
            texts = tuple(
                Written(row.seq, row.author, row.account_id, _name(names, row.account_id), body, row.at)
                for row, body in store.texts(session, letter)
            )
            draft = draft_of(session, letter)
            along = letter.earlier
            earlier = None if along is None else keys.open_earlier(keys.key_of(letter), letter.id, along)
            introduction = store.introduction(letter)
        except (KeyDestroyed, envelope.Tampered):
            raise NotDone("unreadable") from None
        known = any(text.account == member.id for text in texts)
        item = _item(member, letter, now, names, known, bool(draft.remark))
        second_reader = lines.get_line(letter.line).letters_second_reader
        return Opened(item, earlier, introduction, texts, draft, letter.last_seq, second_reader)


def draft_of(session: Session, letter: Letter) -> Draft:
    """The draft, opened. Raises KeyDestroyed, Tampered."""
    row = store.draft_of(session, letter.id)
    if row is None:
        return Draft()
    key = keys.key_of(letter)
    body = keys.open_draft(key, letter.id, row.version, "draft", row.sealed)
    said = keys.open_draft(key, letter.id, row.version, "remark", row.remark) if row.remark else ""
    return Draft(row.version, body, said, row.account_id)


def gone(member: Member) -> list[Gone]:
    """What this member had in hand and is no more; each once, until it is put away."""
    with reading() as session:
        return [Gone(row.key, row.line, row.why, row.on_date) for row in store.gone_of(session, member.id)]


def put_away(member: Member, key: str) -> None:
    """The notice was read."""
    with transaction() as session:
        store.put_away_gone(session, member.id, key)
