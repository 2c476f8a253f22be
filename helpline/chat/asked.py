"""Texts of counsellors that a supervisor was asked to let pass: their rows, and whom they are shown to.

Such a text is sealed under the key of its chat and lies here only while that chat goes on. Parts of a running
transaction in which the chat is locked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import structlog
from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from helpline import clock
from helpline.chat import keys, push
from helpline.chat.models import AskedText, Chat
from helpline.chat.states import State
from helpline.db import after_commit
from helpline.lines import service as lines
from helpline.privacy import envelope
from helpline.privacy.keyring import KeyDamaged, KeyDestroyed
from helpline.staff import duties
from helpline.staff.service import Member

log = structlog.get_logger()

OPEN, ALLOWED, REFUSED, GONE = "open", "allowed", "refused", "gone"


def seal(key: bytes, row: AskedText, body: str) -> bytes:
    """The text as it is stored: bound to its chat, its row and who asked."""
    return envelope.seal(key, row.chat_id, f"asked {row.id}", 0, row.account_id, body)


def text_of(key: bytes, row: AskedText) -> str:
    """What `seal` sealed for this row; raises Tampered."""
    return envelope.open_(key, row.chat_id, f"asked {row.id}", 0, row.account_id, row.sealed)


def get(session: Session, asked_id: str) -> AskedText | None:
    """The row as the database has it now."""
    return session.get(AskedText, asked_id, populate_existing=True)


def of_chat(session: Session, chat_id: str) -> Sequence[AskedText]:
    """What was asked in this chat."""
    wanted = select(AskedText).where(AskedText.chat_id == chat_id)
    return session.scalars(wanted.execution_options(populate_existing=True)).all()


def of_member(session: Session, member: Member) -> list[dict[str, Any]]:
    """What this member has to do with, oldest first: all of the chats in hand, for supervisors what is still open."""
    theirs = Chat.counsellor == member.id
    if "supervisor" in member.roles:
        theirs = or_(theirs, (AskedText.answer == OPEN) & Chat.line.in_(member.lines))
    wanted = select(AskedText, Chat).join(Chat, Chat.id == AskedText.chat_id).where(Chat.state == State.ACTIVE, theirs)
    rows = session.execute(wanted.order_by(AskedText.asked_at, AskedText.id)).all()
    return [shown(row, chat, whole=chat.counsellor == member.id) for row, chat in rows]


def states(session: Session) -> frozenset[tuple[str, str]]:
    """How each stands, for whoever looks whether something has moved."""
    return frozenset((row.id, row.answer) for row in session.execute(select(AskedText.id, AskedText.answer)))


def shown(row: AskedText, chat: Chat, *, whole: bool) -> dict[str, Any]:
    """As consoles get it; the text only with `whole`."""
    body = _readable(row, chat) if whole else None
    asker = duties.colleagues().get(row.account_id)
    return {
        "asked": row.id,
        "chat": chat.id,
        "line": chat.line,
        "name": chat.name,
        "stream": row.stream,
        "by": asker.name if asker else "",
        "asked_at": clock.rfc3339(row.asked_at),
        "answer": row.answer,
        "body": body,
        "found": None if body is None else lines.unlisted_in(lines.get_line(chat.line), body),
    }


def _readable(row: AskedText, chat: Chat) -> str | None:
    try:
        return text_of(keys.key_of(chat), row)
    except (envelope.Tampered, KeyDamaged, KeyDestroyed) as error:
        # One damaged text must not stop the console of a whole desk.
        log.error("chat_damaged", chat=chat.id, problem=type(error).__name__)
        return None


def news(row: AskedText, chat: Chat, answer: str | None = None) -> list[Callable[[], None]]:
    """The pushes of how it stands, or `gone`: to the counsellor of the chat with the text, to supervisors without."""
    more = {} if answer is None else {"answer": answer}
    without = shown(row, chat, whole=False) | more
    pushes: list[Callable[[], None]] = []
    for account in sorted({*duties.supervisors(chat.line), chat.counsellor or ""} - {""}):
        mine = account == chat.counsellor and answer != GONE
        pushes.append(partial(push.asked, account, shown(row, chat, whole=True) | more if mine else without))
    return pushes


def tell(row: AskedText, chat: Chat) -> None:
    """Push how it stands after the commit."""
    for hook in news(row, chat):
        after_commit(hook)


def take_away(session: Session, chat: Chat, rows: Sequence[AskedText]) -> list[Callable[[], None]]:
    """They are needed no more: sent, taken back, or the chat is over. Returns the pushes that say so."""
    if not rows:
        return []
    pushes = [hook for row in rows for hook in news(row, chat, GONE)]
    session.execute(delete(AskedText).where(AskedText.id.in_([row.id for row in rows])))
    return pushes


def drop(session: Session, chat: Chat, rows: Sequence[AskedText]) -> None:
    """Take them away and say so after the commit."""
    for hook in take_away(session, chat, rows):
        after_commit(hook)
