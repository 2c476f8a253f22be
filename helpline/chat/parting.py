"""Two questions after a chat that was answered: once for each chat, skipped by saying nothing, told by nobody.

Only the visit itself knows that it has answered about which chat, sealed like all it holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from helpline import clock
from helpline.chat import access
from helpline.chat.access import NoAccess, Visitor
from helpline.chat.models import Chat
from helpline.chat.states import State
from helpline.contacts import service as contacts
from helpline.db import reading, transaction
from helpline.lines.models import Line
from helpline.privacy import sessions

# Where a session keeps the chat about which it has answered.
ANSWERED = "answered"


class Standing(StrEnum):
    """Whether there is anything to ask about the chat of a visit."""

    NOTHING = ""
    ASK = "ask"
    THANKS = "thanks"


def standing(cookie: str | None) -> Standing:
    """How it stands with the visit of this cookie."""
    now = clock.now()
    try:
        visitor = access.visitor_of(cookie, now)
        with reading() as session:
            chat = access.visitor_chat(session, visitor, now)
    except NoAccess:
        return Standing.NOTHING
    if not _was_talk(chat):
        return Standing.NOTHING
    content = sessions.load(cookie, now) or {}
    return Standing.THANKS if content.get(ANSWERED) == chat.id else Standing.ASK


def answer(cookie: str, visitor: Visitor, line: Line, given: Mapping[str, str]) -> bool:
    """Count what was answered; False where this chat was asked about before, or there was no talk. Raises NoAccess."""
    now = clock.now()
    with transaction() as session:
        content = sessions.load(cookie, now, lock=True)
        if content is None:
            raise NoAccess("forbidden")
        chat = access.visitor_chat(session, visitor, now)
        if not given or not _was_talk(chat) or content.get(ANSWERED) == chat.id:
            return False
        contacts.count_after(line, given, at=now)
        sessions.save(cookie, {**content, ANSWERED: chat.id}, now)
    return True


def _was_talk(chat: Chat) -> bool:
    return chat.state == State.ENDED and chat.started_at is not None
