"""Never telling it twice: what a visitor keeps of a chat, lets the next counsellor read, and goes on with.

What is kept lies in the sealed session or under a return code (the room of summaries); what goes along to a counsellor
lies sealed under the key of that counsellor's chat.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from helpline import clock
from helpline.chat import (
    access,
    afterwards,
    agreeing,
    introduction,
    keys,
    presence,
    push,
    reading,
    routing,
    store,
    visits,
)
from helpline.chat.access import NoAccess, Visitor
from helpline.chat.entry import Entry
from helpline.chat.items import Refused
from helpline.chat.models import Chat
from helpline.chat.states import Reason, State
from helpline.db import after_commit, transaction
from helpline.db import reading as reading_transaction
from helpline.lines.models import Line
from helpline.privacy import envelope, sessions
from helpline.privacy.keyring import KeyDestroyed
from helpline.staff import service as staff
from helpline.staff.service import Member
from helpline.summaries import service as summaries
from helpline.summaries.service import Kept, Record, Summary

STREAM = "earlier"
# A chat may be cut off more than once; nobody reads on for longer than this.
MOST_PARTS = 10
Texts = list[dict[str, Any]]


# Keeping


def keep(cookie: str, line: Line, visitor: Visitor, *, summary: bool) -> bool:
    """Let this visit keep its chat to come back to, and with `summary` the words that both agreed on.

    True where that lies under a code now, False where the visit has none yet. Raises NoAccess, Left, BoundElsewhere,
    KeyDestroyed, and Refused `wrong_state` where nothing is agreed on.
    """
    now = clock.now()
    with transaction() as session:
        content = _content(cookie, line, now)
        chat = access.visitor_chat(session, visitor, now, lock=True)
        if content.get("chat") != chat.id:
            raise NoAccess("not_found")
        text = agreeing.agreed_text(session, chat) if summary else None
        content, under_code = summaries.put(content, line, now, chat=chat.id, text=text or "")
        sessions.save(cookie, content, now)
        if under_code and text:
            agreeing.is_kept(session, chat, text)
    return under_code


def _content(cookie: str, line: Line, now: datetime) -> dict[str, Any]:
    """What the session of this browser holds, locked. Raises NoAccess, BoundElsewhere."""
    content = sessions.load(cookie, now, lock=True)
    if content is None:
        raise NoAccess("unauthorised")
    sessions.check_line(content, line.slug)
    return content


def confirm_code(cookie: str, line: Line, typed: str) -> bool:
    """The code is the one that was made: it keeps the visit's summaries from now on, and they are erased here.

    Raises BoundElsewhere, Busy, Left.
    """
    record = summaries.confirm_code(cookie, line, typed)
    if record is not None:
        _erase_here(record)
    return record is not None


def open_at(cookie: str, line: Line, root: bytes) -> bool:
    """Whether a code opens something kept of chats; raises as `summaries.open_at`."""
    record = summaries.open_at(cookie, line, root)
    if record is not None:
        _erase_here(record)
    return record is not None


def _erase_here(record: Record) -> None:
    """What lies under a code now is erased from those of its chats that are still there."""
    with transaction() as session:
        for kept in sorted(record.summaries, key=lambda one: one.chat):
            chat = store.lock_chat(session, kept.chat)
            if chat is not None:
                try:
                    agreeing.is_kept(session, chat, kept.text)
                except (KeyDestroyed, envelope.Tampered):
                    # What can't be read there need not be erased.
                    continue


# Going on


@dataclass(frozen=True)
class WayBack:
    """What a visit can do with what it has opened.

    goes_on: its chat has not ended, and is not the one of this browser; here: it is. cut_off: it can be gone on with.
    can_show: the chat of this browser goes on, and the newest summary is of another one and not shown there yet.
    """

    kept: Kept
    goes_on: bool
    here: bool
    cut_off: bool
    can_show: bool


def way_back(cookie: str | None, line: Line) -> WayBack | None:
    """What this visit has opened, and what became of its chat; None where it has nothing.

    Raises BoundElsewhere, and summaries.Gone or summaries.Tampered.
    """
    kept = summaries.visit_of(cookie, line)
    if kept is None:
        return None
    now = clock.now()
    content = sessions.load(cookie, now) or {}
    with reading_transaction() as session:
        chat = store.get_chat(session, kept.record.chat) if kept.record.chat else None
        here = store.get_chat(session, content["chat"]) if content.get("chat") else None
        cut_off = _cut_off_before(session, chat, line, now) is not None
        last = kept.record.newest
        can_show = here is not None and _goes_on(here, line) and last is not None and not _is_known(here, last)
    other = chat is not None and chat.id != content.get("chat")
    return WayBack(
        kept,
        goes_on=other and _goes_on(chat, line),
        here=not other and _goes_on(chat, line),
        cut_off=cut_off,
        can_show=can_show,
    )


def _is_known(chat: Chat, summary: Summary) -> bool:
    """Whether it is of this very chat, or stands above it already."""
    seen = earlier(chat)
    return summary.chat == chat.id or (seen is not None and seen["summary"] == _said(summary))


def _goes_on(chat: Chat | None, line: Line) -> bool:
    return chat is not None and chat.line == line.slug and chat.state != State.ENDED


def _was_cut_off(chat: Chat | None, line: Line, now: datetime) -> bool:
    """A conversation on this line that its visitor or its counsellor was lost from, and is not erased yet.

    Whose counsellor was lost waits again, and may end unanswered.
    """
    if chat is None or chat.line != line.slug or chat.started_at is None:
        return False
    return chat.state == State.ENDED and chat.reason in (Reason.LOST, Reason.UNANSWERED) and chat.expires_at > now


def _cut_off_before(session: Session, chat: Chat | None, line: Line, now: datetime) -> Chat | None:
    """What a new chat goes on with after this one, None where that is nothing.

    Where this one was to go on with a conversation and ended before anybody answered, that is still cut off: whoever
    drops out of the queue, or sends the form twice, does not have to tell it again.
    """
    start = chat
    for _ in range(MOST_PARTS):
        if chat is None or _was_cut_off(chat, line, now):
            return None if chat is None else start
        if chat.line != line.slug or chat.state != State.ENDED or chat.started_at is not None or not chat.continues:
            return None
        before = store.get_chat(session, chat.continues)
        if start is chat and not chat.talk_seq:
            # Nothing was said there.
            start = before
        chat = before
    return None


def is_kept_here(cookie: str | None, line: Line) -> dict[str, bool]:
    """Whether the chat of this browser is what it keeps (`here`), under a code, or one that is not confirmed yet."""
    try:
        kept = summaries.visit_of(cookie, line)
    except (summaries.Gone, summaries.Tampered):
        kept = None
    if kept is None:
        return {"here": False, "has_code": False, "pending": False}
    content = sessions.load(cookie, clock.now()) or {}
    here = kept.record.chat is not None and kept.record.chat == content.get("chat")
    return {"here": here, "has_code": kept.has_code, "pending": kept.pending_code}


def _to_go_on_with(
    session: Session, content: Mapping[str, Any], record: Record, line: Line, now: datetime
) -> tuple[Chat | None, bool]:
    """The chat that was cut off: the one that a code leads to, or the last one of this very browser; whether the first.

    None where somebody has gone on with it already, and that chat has not ended.
    """
    for chat_id in (record.chat, content.get("chat")):
        chat = store.get_chat(session, chat_id) if chat_id else None
        if _goes_on(chat, line):
            break
        before = _cut_off_before(session, chat, line, now)
        if before is not None:
            return before, chat_id == record.chat
    return None, False


def offered(cookie: str | None, line: Line) -> dict[str, Any] | None:
    """What the join form offers to let go along: `{summary, cut_off}`, None where there is nothing."""
    now = clock.now()
    content = sessions.load(cookie, now) or {}
    if content.get("line", line.slug) != line.slug:
        return None
    record = summaries.record_of(content, line, now)
    with reading_transaction() as session:
        was_cut_off = _to_go_on_with(session, content, record, line, now)[0] is not None
    return {"summary": record.newest, "cut_off": was_cut_off} if record.newest or was_cut_off else None


def go_on(cookie: str, line: Line) -> None:
    """Bind this browser to the chat of its way back, which has not ended; another chat of this browser is left.

    Raises NoAccess, BoundElsewhere, and Refused `wrong_state` where there is no such chat.
    """
    now = clock.now()
    with transaction() as session:
        content = _content(cookie, line, now)
        wanted = summaries.record_of(content, line, now).chat
        if wanted is None:
            raise Refused("wrong_state")
        if content.get("chat") == wanted:
            return
        chats = store.lock_chats(session, {wanted, content.get("chat", wanted)})
        chat = chats.get(wanted)
        if not _goes_on(chat, line):
            raise Refused("wrong_state")
        visits.leave_current(session, content, now)
        content = afterwards.learned(session, content)
        sessions.save(cookie, content | {"chat": wanted}, now)
        # Tabs of this browser that show another chat come back to this one.
        after_commit(lambda: push.hang_up(sessions.key_of(cookie)))
    presence.visitor_heard(wanted, sessions.key_of(cookie), now)


# What goes along


def along(
    session: Session, chat: Chat, content: Mapping[str, Any], line: Line, entry: Entry, now: datetime
) -> dict[str, Any]:
    """Let what this visit brings stand above its new chat; what the session holds after that.

    Part of the transaction that joins, in which no other chat of this visit is locked later.
    """
    content = dict(content)
    brought = content.pop(sessions.UNSENT, "")
    if brought and not entry.leave_out:
        introduction.put(chat, brought, now)
    if not (entry.show_summary or entry.goes_on):
        return content
    record = summaries.record_of(content, line, now)
    nothing = (None, False)
    before, by_code = _to_go_on_with(session, content, record, line, now) if entry.goes_on else nothing
    if before is not None:
        chat.continues, chat.cut_off = before.id, True
        chat.rank_at = routing.rank(now, chat.danger, chat.distress, handed_over=True)
        if by_code:
            content, _ = summaries.put(content, line, now, chat=chat.id)
    if record.newest is not None and entry.show_summary:
        _put_above(chat, record.newest)
    return content


def _put_above(chat: Chat, summary: Summary) -> None:
    said = json.dumps(_said(summary), ensure_ascii=False)
    chat.earlier = envelope.seal(keys.key_of(chat), chat.id, STREAM, 0, "visitor", said)
    chat.beside = (chat.beside or 0) + 1


def _said(summary: Summary) -> dict[str, str]:
    return {"day": summary.day.isoformat(), "text": summary.text}


def show(cookie: str, line: Line) -> None:
    """Let the counsellor of the chat that goes on read the summary of last time.

    Raises NoAccess, BoundElsewhere, KeyDestroyed, and Refused `wrong_state` without a summary or a chat.
    """
    now = clock.now()
    with transaction() as session:
        content = _content(cookie, line, now)
        summary = summaries.newest(content, line, now)
        chat = visits.live_chat(session, content)
        if summary is None or chat is None or summary.chat == chat.id:
            raise Refused("wrong_state")
        _put_above(chat, summary)
        session.flush()
        seen = earlier(chat)
        if seen is not None:
            after_commit(partial(push.earlier, chat.id, seen))


def earlier(chat: Chat) -> dict[str, Any] | None:
    """`{summary, continues}`: what stands above the chat of an earlier one, None when nothing does; KeyDestroyed."""
    continues = chat.continues is not None
    if not continues and (not chat.beside or chat.earlier is None):
        return None
    summary = None
    if chat.earlier is not None:
        summary = json.loads(envelope.open_(keys.key_of(chat), chat.id, STREAM, 0, "visitor", chat.earlier))
    return {"summary": summary, "continues": continues}


def above(session: Session, chat: Chat) -> dict[str, Any]:
    """What the visitor sees above the chat: what went along, and the texts of chats cut off before it."""
    return {"introduction": introduction.text_of(chat), "earlier": earlier(chat), "before": before(session, chat)}


def before(session: Session, chat: Chat) -> list[Texts]:
    """The texts of the chats that were cut off before this one, the oldest chat first; those erased are left out."""
    return [texts for _, texts in _parts(session, chat)]


def _parts(session: Session, chat: Chat) -> list[tuple[str, Texts]]:
    found: list[tuple[str, Texts]] = []
    at: Chat | None = chat
    while at is not None and at.continues is not None and len(found) < MOST_PARTS:
        at = store.get_chat(session, at.continues)
        if at is None or at.line != chat.line:
            break
        try:
            found.append((at.id, reading.texts(session, at, "talk", 0)))
        except KeyDestroyed:
            break
    return found[::-1]


def staff_before(member: Member, chat_id: str) -> Texts:
    """The same for staff, each text with the number of its `part`; noted in the audit trail. Raises NoAccess.

    `not_found` where the chat goes on with none, or with one that is erased.
    """
    with reading_transaction() as session:
        chat = access.staff_chat(session, member, chat_id)
        if chat.state == State.OFFERED and chat.counsellor == member.id:
            raise NoAccess("forbidden")
        parts = _parts(session, chat)
    if not parts:
        raise NoAccess("not_found")
    for earlier_chat, _ in parts:
        staff.audit(member.id, "read_before", f"chat:{earlier_chat}")
    return [text | {"part": number} for number, (_, texts) in enumerate(parts) for text in texts]
