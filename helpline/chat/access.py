"""The only way to a chat: proves that the caller may touch it before anything is read or changed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from helpline.chat import store
from helpline.chat.models import Chat
from helpline.chat.states import State
from helpline.chat.store import Room
from helpline.lines import service as lines
from helpline.privacy import sessions
from helpline.staff import duties
from helpline.staff.service import Member


class NoAccess(Exception):
    """The caller may not touch this chat; `code` is the protocol's error code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Visitor:
    """The anonymous side of one chat, proved by an open sealed session. `session_key` is SHA-256 of its cookie."""

    session_key: str
    chat: str


def visitor_of(cookie: str | None, now: datetime) -> Visitor:
    """Who this cookie is; raises NoAccess('unauthorised') without a valid session that has a chat."""
    content = sessions.load(cookie, now)
    if cookie is None or content is None or not content.get("chat"):
        raise NoAccess("unauthorised")
    return Visitor(session_key=sessions.key_of(cookie), chat=content["chat"])


def visitor_chat(session: Session, visitor: Visitor, now: datetime, *, lock: bool = False) -> Chat:
    """The visitor's own chat while the session lives and until it may no longer be read.

    Raises NoAccess: `forbidden` when the session ended, `not_found` once the reading time after the end is over.
    """
    if not sessions.alive(session, [visitor.session_key], now):
        raise NoAccess("forbidden")
    chat = store.lock_chat(session, visitor.chat) if lock else store.get_chat(session, visitor.chat)
    if chat is None or no_longer_readable(chat, now):
        raise NoAccess("not_found")
    return chat


def no_longer_readable(chat: Chat | Room, now: datetime) -> bool:
    """True once the visitor's reading time after the end of the chat is over."""
    if chat.ended_at is None:
        return False
    return now > chat.ended_at + timedelta(minutes=lines.get_line(chat.line).read_after_end_minutes)


def staff_chat(session: Session, member: Member, chat_id: str, *, lock: bool = False) -> Chat:
    """A chat of the member's own lines, for the counsellor who has it, or a supervisor.

    Raises NoAccess: `not_found` for unknown ids and chats of other lines, which therefore look alike;
    `forbidden` for a colleague's chat.
    """
    chat = _chat_of_lines(session, member, chat_id, lock)
    if chat.counsellor != member.id and "supervisor" not in member.roles:
        raise NoAccess("forbidden")
    if chat.state == State.ENDED:
        raise NoAccess("wrong_state")
    return chat


def may_hear(session: Session, account: str, chat_ids: Collection[str]) -> set[str]:
    """Those of these chats that go on and are this counsellor's, or on a line that the account supervises."""
    live = store.progress(session, chat_ids)
    supervised = {line for line in {chat.line for chat in live} if account in duties.supervisors(line)}
    return {chat.id for chat in live if chat.counsellor == account or chat.line in supervised}


def answerable_chat(session: Session, member: Member, chat_id: str) -> Chat:
    """A chat this member is qualified to take, by line and language; its row is locked. Raises NoAccess."""
    chat = _chat_of_lines(session, member, chat_id, lock=True)
    if not member.takes_chats or chat.language not in member.languages:
        raise NoAccess("forbidden")
    return chat


def own_chat(session: Session, member: Member, chat_id: str) -> Chat:
    """The chat this counsellor has in hand now, locked. Raises NoAccess."""
    chat = _chat_of_lines(session, member, chat_id, lock=True)
    if chat.state == State.ENDED and member.id in (chat.counsellor, chat.last_counsellor):
        raise NoAccess("wrong_state")
    if chat.counsellor != member.id:
        raise NoAccess("forbidden")
    return chat


def _chat_of_lines(session: Session, member: Member, chat_id: str, lock: bool) -> Chat:
    chat = store.lock_chat(session, chat_id) if lock else store.get_chat(session, chat_id)
    if chat is None or chat.line not in member.lines:
        raise NoAccess("not_found")
    return chat
