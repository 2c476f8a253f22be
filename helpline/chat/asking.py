"""A counsellor asks a supervisor to let a text pass; one of them allows it or refuses. One call, one transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from helpline import clock
from helpline.chat import access, agreeing, asked, keys, presence
from helpline.chat.access import NoAccess
from helpline.chat.items import Refused
from helpline.chat.models import AskedText, Chat
from helpline.chat.states import State
from helpline.chat.writer import checked
from helpline.db import random_key, transaction
from helpline.lines import service as lines
from helpline.staff import service as staff
from helpline.staff.service import Member

# Far above what one chat needs.
MOST = 20


def ask(member: Member, chat_id: str, body: object, stream: object = "talk") -> dict[str, Any]:
    """The counsellor of an active chat asks for a text as it would be sent; the same text again is the same question.

    `stream`: `talk`, or `summary` for a version of that. Raises NoAccess, and Refused: `invalid` where nothing in it
    has to be allowed, `wrong_state`, `rate_limited`.
    """
    if stream not in ("talk", agreeing.STREAM):
        raise Refused("invalid")
    text = agreeing.checked(body) if stream == agreeing.STREAM else checked(body, "-")[0]
    presence.counsellor_typed(member.id)
    with transaction() as session:
        chat = _own(session, member, chat_id)
        line = lines.get_line(chat.line)
        if not lines.checks_staff_texts(line) or not lines.unlisted_in(line, text):
            raise Refused("invalid")
        key, rows = keys.key_of(chat), asked.of_chat(session, chat.id)
        row = next((row for row in rows if row.stream == stream and asked.text_of(key, row) == text), None)
        if row is None:
            if len(rows) >= MOST:
                raise Refused("rate_limited")
            row = AskedText(id=random_key(), chat_id=chat.id, account_id=member.id, stream=stream, answer=asked.OPEN)
            row.asked_at, row.sealed = clock.now(), asked.seal(key, row, text)
            session.add(row)
            session.flush()
            asked.tell(row, chat)
        return asked.shown(row, chat, whole=True)


def take_back(member: Member, asked_id: str) -> None:
    """The counsellor of the chat asks no longer. Raises NoAccess, Refused."""
    with transaction() as session:
        chat = _own(session, member, _chat_of(session, asked_id))
        asked.drop(session, chat, [_still_there(session, asked_id)])


def look(member: Member, asked_id: str) -> dict[str, Any]:
    """The text, for the counsellor of the chat and the supervisors of its line, whose look is audited.

    Raises NoAccess, Refused.
    """
    with transaction() as session:
        chat = access.staff_chat(session, member, _chat_of(session, asked_id), lock=True)
        row = _still_there(session, asked_id)
        if chat.counsellor != member.id:
            staff.audit(member.id, "asked_text_read", f"chat:{chat.id}")
        return asked.shown(row, chat, whole=True)


def answer(member: Member, asked_id: str, *, allow: bool) -> dict[str, Any]:
    """A supervisor of the line lets the text pass or not; of two answers the first one holds. Noted in the audit trail.

    Raises NoAccess, and Refused: `taken` where it was answered otherwise, `wrong_state` where the chat is not active.
    """
    wanted = asked.ALLOWED if allow else asked.REFUSED
    with transaction() as session:
        chat = access.staff_chat(session, member, _chat_of(session, asked_id), lock=True)
        if "supervisor" not in member.roles:
            raise NoAccess("forbidden")
        if chat.state != State.ACTIVE:
            raise Refused("wrong_state")
        row = _still_there(session, asked_id)
        if row.answer == asked.OPEN:
            row.answer = wanted
            session.flush()
            staff.audit(member.id, f"asked_text_{wanted}", f"chat:{chat.id}")
            asked.tell(row, chat)
        elif row.answer != wanted:
            raise Refused("taken")
        return asked.shown(row, chat, whole=chat.counsellor == member.id)


def _own(session: Session, member: Member, chat_id: str) -> Chat:
    chat = access.own_chat(session, member, chat_id)
    if chat.state != State.ACTIVE:
        raise Refused("wrong_state")
    return chat


def _chat_of(session: Session, asked_id: str) -> str:
    return _still_there(session, asked_id).chat_id


def _still_there(session: Session, asked_id: str) -> AskedText:
    row = asked.get(session, asked_id)
    if row is None:
        raise NoAccess("not_found")
    return row
