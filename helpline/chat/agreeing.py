"""The summary of a chat while its two sides write it and agree on it: sealed under the key of the chat.

One call, one transaction, in which the chat is locked: two hands that write at once come one after the other.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from helpline import clock
from helpline.chat import access, checking, keys, presence, push
from helpline.chat.access import Visitor
from helpline.chat.agreed import NotNow, Side, Standing, agreed_to, saved
from helpline.chat.items import Refused
from helpline.chat.models import Chat, ChatSummary
from helpline.chat.states import State
from helpline.chat.writer import storable
from helpline.db import after_commit, transaction
from helpline.privacy import envelope
from helpline.staff.service import Member

STREAM = "summary"
MAX_SUMMARY = 1000


def checked(body: object) -> str:
    """The words of a summary as they are stored; raises Refused."""
    if not isinstance(body, str):
        raise Refused("invalid")
    text = body.replace("\r\n", "\n").strip()
    if not text or not storable(text):
        raise Refused("invalid")
    if len(text) > MAX_SUMMARY:
        raise Refused("too_long")
    return text


def shown(session: Session, chat: Chat) -> dict[str, Any] | None:
    """The summary as both sides see it, None while there is none; raises KeyDestroyed once the chat's week is over."""
    # Most chats have nothing beside their texts, and each client asks every 20 seconds.
    row = _row(session, chat) if chat.beside else None
    return None if row is None else _shown(_standing(row), _text(chat, row))


def _shown(standing: Standing, text: str | None) -> dict[str, Any]:
    return {
        "version": standing.version,
        "body": text,
        "author": standing.author.value,
        "agreed_visitor": standing.by_visitor,
        "agreed_counsellor": standing.by_counsellor,
        "kept": standing.kept,
    }


def _row(session: Session, chat: Chat) -> ChatSummary | None:
    return session.get(ChatSummary, chat.id, populate_existing=True)


def _standing(row: ChatSummary) -> Standing:
    return Standing(row.version, Side(row.author), row.agreed_visitor, row.agreed_counsellor, kept=row.sealed is None)


def _text(chat: Chat, row: ChatSummary) -> str | None:
    if row.sealed is None:
        return None
    return envelope.open_(keys.key_of(chat), chat.id, STREAM, row.version, row.author, row.sealed)


# The visitor


def visitor_saves(visitor: Visitor, version: int, body: object) -> int:
    """A version of the visitor, made of `version`; returns its number. A sign of life.

    Raises NoAccess, and Refused: `taken` where another version is the newest, `wrong_state` unless the chat is active.
    """
    text, now = checked(body), clock.now()
    with transaction() as session:
        chat = access.visitor_chat(session, visitor, now, lock=True)
        number = _save(session, chat, Side.VISITOR, version, text)
    presence.visitor_heard(visitor.chat, visitor.session_key, now)
    return number


def visitor_agrees(visitor: Visitor, version: int) -> int:
    """The visitor says yes to this version, also after the end while the chat can be read. Raises NoAccess, Refused."""
    now = clock.now()
    with transaction() as session:
        chat = access.visitor_chat(session, visitor, now, lock=True)
        return _agree(session, chat, Side.VISITOR, version)


# The counsellor


def staff_saves(member: Member, chat_id: str, version: int, body: object, *, allow: bool = False) -> int:
    """A version of the counsellor who has the chat; otherwise as the visitor's.

    Raises Refused `forbidden` for what no text of staff may hold. `allow`: a supervisor's own is saved all the same.
    """
    text = checked(body)
    with transaction() as session:
        chat = access.own_chat(session, member, chat_id)
        row = _row(session, chat)
        # What stands there already is nothing new: the answer to the first save may have been lost.
        is_new = row is None or _text(chat, row) != text
        passed = is_new and checking.check(session, chat, text, member if allow else None, stream=STREAM)
        number = _save(session, chat, Side.COUNSELLOR, version, text)
        if passed:
            for hook in checking.use_up(session, chat, text, keys.key_of(chat), STREAM):
                after_commit(hook)
    presence.counsellor_typed(member.id)
    return number


def staff_agrees(member: Member, chat_id: str, version: int) -> int:
    """The counsellor who has the chat says yes to this version, while it is active. Raises NoAccess, Refused."""
    with transaction() as session:
        chat = access.own_chat(session, member, chat_id)
        if chat.state != State.ACTIVE:
            raise Refused("wrong_state")
        return _agree(session, chat, Side.COUNSELLOR, version)


# Parts of a running transaction in which the chat is locked


def _save(session: Session, chat: Chat, side: Side, version: int, text: str) -> int:
    if chat.state != State.ACTIVE:
        raise Refused("wrong_state")
    row = _row(session, chat)
    before = None if row is None else _standing(row)
    same_words = row is not None and _text(chat, row) == text
    try:
        standing = saved(before, side, version, same_words=same_words)
    except NotNow as refused:
        raise Refused(refused.code) from None
    return _put(session, chat, row, before, standing, text)


def _agree(session: Session, chat: Chat, side: Side, version: int) -> int:
    row = _row(session, chat)
    before = None if row is None else _standing(row)
    try:
        standing = agreed_to(before, side, version)
    except NotNow as refused:
        raise Refused(refused.code) from None
    return _put(session, chat, row, before, standing, None if row is None else _text(chat, row))


def _put(
    session: Session, chat: Chat, row: ChatSummary | None, before: Standing | None, now: Standing, text: str | None
) -> int:
    """Write what changed, and let both sides know."""
    if before == now:
        return now.version
    if row is None:
        row = ChatSummary(chat_id=chat.id)
        session.add(row)
    row.version, row.author = now.version, now.author.value
    row.agreed_visitor, row.agreed_counsellor = now.by_visitor, now.by_counsellor
    row.sealed = None if text is None else _sealed(chat, now, text)
    chat.beside += 1
    session.flush()
    after_commit(partial(push.summary, chat.id, _shown(now, text)))
    return now.version


def _sealed(chat: Chat, standing: Standing, text: str) -> bytes:
    return envelope.seal(keys.key_of(chat), chat.id, STREAM, standing.version, standing.author.value, text)


def agreed_text(session: Session, chat: Chat) -> str | None:
    """The words that both sides said yes to, None where they are kept already; raises Refused `wrong_state`."""
    row = _row(session, chat)
    if row is None or not _standing(row).agreed:
        raise Refused("wrong_state")
    return _text(chat, row)


def is_kept(session: Session, chat: Chat, text: str) -> None:
    """The visitor keeps these words under a code: they are erased here, unless the two have written on since."""
    row = _row(session, chat)
    if row is None or row.sealed is None or _text(chat, row) != text:
        return
    before = _standing(row)
    if before.agreed:
        kept = Standing(before.version, before.author, before.by_visitor, before.by_counsellor, kept=True)
        _put(session, chat, row, before, kept, None)
