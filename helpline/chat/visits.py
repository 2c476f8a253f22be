"""What a visitor's browser has with the chat: which of its chats goes on, and that it is left when another begins."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from helpline.chat import changes, push, store
from helpline.chat.models import Chat
from helpline.chat.states import Action, State
from helpline.db import after_commit
from helpline.lines.models import Line
from helpline.privacy import sessions


def come_here(session: Session, cookie: str, line: Line, now: datetime) -> dict[str, Any]:
    """The content of this browser's session on this line, locked; a visit to another line ends, with its chat."""
    content = sessions.claim(session, cookie, now)
    if content.get("line", line.slug) == line.slug:
        return content
    # The two lines never meet: nothing of the other one goes along, and its tabs hear nothing more.
    leave_current(session, content, now)
    after_commit(lambda: push.hang_up(sessions.key_of(cookie)))
    return {}


def live_chat(session: Session, content: dict[str, Any]) -> Chat | None:
    """The chat of this session that has not ended, locked."""
    chat = store.lock_chat(session, content["chat"]) if content.get("chat") else None
    return chat if chat is not None and chat.state != State.ENDED else None


def leave_current(session: Session, content: dict[str, Any], now: datetime, action: Action = Action.LEAVE) -> None:
    """End the chat of this session that goes on, if there is one."""
    chat = live_chat(session, content)
    if chat is not None:
        changes.finish(session, chat, action, now)
