"""What a visit remembers of having been missed, and learns of its chat: whether it was missed, or made up for that.

Only in a request of the visit's own browser, since nobody else can open its session.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from helpline import clock
from helpline.chat import parting, store
from helpline.chat.models import Chat
from helpline.chat.states import Cause, Reason, State, missed_cause
from helpline.contacts import service as contacts
from helpline.db import reading, transaction
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.privacy import sessions

# Where a session keeps which chat of its own it knows to be missed.
KNOWN = "known"
ENDS_UNASKED = frozenset({contacts.MISSED, contacts.WROTE, KNOWN, parting.ANSWERED})


def count_try(cookie: str, line: Line, cause: Cause, language: str) -> bool:
    """Count a try to enter a closed or full line; once in 30 minutes a session and line. True when it was counted."""
    now = clock.now()
    with transaction() as session:
        content = sessions.claim(session, cookie, now)
        tries = content.get("tries", {})
        last, again = tries.get(line.slug), timedelta(minutes=line.count_again_minutes)
        if last is not None and now - datetime.fromisoformat(last) < again:
            return False
        contacts.record_missed(line, cause=cause, at=now, language=language)
        content = learned(session, content) | {"tries": tries | {line.slug: now.isoformat()}}
        content = {"line": line.slug} | content
        if content["line"] == line.slug:
            content = contacts.with_missed(content, cause=cause, at=now, language=language)
        sessions.save(cookie, content, now)
    return True


def settle(cookie: str | None) -> None:
    """Let the session of this browser learn what became of its chat, if there is anything new."""
    now = clock.now()
    with reading() as session:
        content = sessions.load(cookie, now)
        if cookie is None or content is None or _news(session, content) is None:
            return
    with transaction() as session:
        content = sessions.load(cookie, now, lock=True)
        if content is not None and _news(session, content) is not None:
            sessions.save(cookie, learned(session, content), now)


def learned(session: Session, content: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a locked session with what is new about its chat."""
    chat = _news(session, content)
    if chat is None:
        return dict(content)
    line = lines.get_line(chat.line)
    if chat.started_at is not None:
        return contacts.catch(content, line, "chat")
    waited = ((chat.ended_at or chat.joined_at) - chat.joined_at).total_seconds()
    cause = missed_cause(Reason(chat.reason or ""), waited, chat.someone_on_duty, line.left_early_seconds)
    known = {**content, KNOWN: chat.id}
    if cause == Cause.LEFT_EARLY:
        return known
    wait_s = contacts.band_of_wait(waited)
    missed = contacts.with_missed(known, cause=cause, at=chat.joined_at, language=chat.language, wait_s=wait_s)
    return contacts.catch_meanwhile(missed, line, chat.joined_at)


def _news(session: Session, content: Mapping[str, Any]) -> Chat | None:
    """The session's chat where it was answered and something missed before it, or was missed itself."""
    chat = store.get_chat(session, content["chat"]) if content.get("chat") else None
    if chat is None or content.get(KNOWN) == chat.id:
        return None
    if chat.started_at is not None:
        return chat if contacts.MISSED in content else None
    return chat if chat.state == State.ENDED else None
