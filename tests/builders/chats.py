"""Chats in any state, made the way a visitor and a counsellor make them."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from helpline import clock
from helpline.chat import access, changes, service, store
from helpline.chat.models import Chat, Message
from helpline.chat.writer import Stored
from helpline.db import reading, transaction
from helpline.lines import service as lines
from helpline.privacy import sessions
from helpline.staff import duties
from helpline.staff import service as staff
from helpline.staff.service import Member
from tests.builders.clocks import at


@dataclass(frozen=True)
class Visit:
    """A visitor with a browser and a chat."""

    cookie: str
    chat: str

    @property
    def visitor(self) -> access.Visitor:
        """Whom the cookie proves."""
        return access.Visitor(session_key=sessions.key_of(self.cookie), chat=self.chat)

    @property
    def row(self) -> Chat:
        """The chat as it is stored now."""
        with reading() as session:
            chat = store.get_chat(session, self.chat)
        assert chat is not None
        return chat

    @property
    def state(self) -> str:
        """Where the chat is now."""
        return self.row.state

    def says(self, body: str, client_id: str | None = None) -> Stored:
        """The visitor sends a text."""
        return service.say_as_visitor(self.visitor, client_id or uuid.uuid4().hex, body)

    def sees(self, after: int = 0) -> dict[str, Any]:
        """What the visitor's page shows."""
        return service.visitor_sync(self.visitor, after)


def an_entry(language: str = "nl", danger: str = "no", distress: int = 1, first_message: str = "") -> service.Entry:
    """What a visitor fills in on joining."""
    return service.Entry(language=language, danger=danger, distress=distress, first_message=first_message)


def a_chat(
    line: str = "youth",
    *,
    waiting_since: datetime | None = None,
    silent_since: datetime | None = None,
    language: str = "nl",
    danger: str = "no",
    distress: int = 1,
    first_message: str = "",
    offered_to: Member | None = None,
    held_by: Member | None = None,
    cookie: str | None = None,
) -> Visit:
    """A visitor who waits, to whom a counsellor may be ringing (`offered_to`) or talking (`held_by`).

    Has joined at `waiting_since` and was last heard at `silent_since`, both now unless told otherwise.
    """
    browser = cookie or sessions.new_cookie()
    entry = an_entry(language, danger, distress, first_message)
    with transaction() as session:
        with at(waiting_since or clock.now()):
            visit = Visit(browser, service.join(browser, lines.get_line(line), entry))
        row = store.lock_chat(session, visit.chat)
        assert row is not None
        row.visitor_seen_at = silent_since or clock.now()
        if offered_to is not None:
            is_offered(visit, offered_to)
        if held_by is not None:
            service.accept(held_by, visit.chat)
    return visit


def is_offered(visit: Visit, member: Member) -> None:
    """Let a waiting chat ring at this counsellor."""
    with transaction() as session:
        chat = store.lock_chat(session, visit.chat)
        assert chat is not None
        assert changes.offer(session, chat, member.id, clock.now())


def everybody_is_heard(silent: Collection[Visit | Member] = ()) -> None:
    """Each visitor of a live chat and each member on duty gives a sign of life, except the `silent`."""
    quiet = {someone.chat if isinstance(someone, Visit) else someone.id for someone in silent}
    with transaction() as session:
        live = {chat.id: clock.now() for chat in store.glimpses(session) if chat.id not in quiet}
        store.mark_seen(session, live)
        staff.touch_heartbeats({one.account: clock.now() for one in duties.everybody() if one.account not in quiet})


def texts_of(chat: str, stream: str = "talk") -> list[Message]:
    """The stored rows of a stream, in the order of `seq`."""
    wanted = select(Message).where(Message.chat_id == chat, Message.stream == stream).order_by(Message.seq)
    with reading() as session:
        return list(session.scalars(wanted))
