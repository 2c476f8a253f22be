"""Whether a text of staff may go to a visitor: on a line for youngsters none with a way to be reached outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy.orm import Session

from helpline.chat import asked, keys, store
from helpline.chat.items import Item, Refused, Text
from helpline.chat.keys import Sealed
from helpline.chat.models import AskedText, Chat
from helpline.chat.store import Room
from helpline.lines import service as lines
from helpline.lines.unlisted import found_in
from helpline.staff import service as staff
from helpline.staff.service import Member


def suspects(items: Iterable[Item]) -> frozenset[tuple[str, str]]:
    """The (chat, client_id) of those texts to visitors in which something may have to be refused.

    Looked for before a transaction begins, while nothing is locked; most batches have none.
    """
    return frozenset(
        (item.chat, item.client_id)
        for item in items
        if isinstance(item, Text) and item.member is not None and item.stream == "talk" and found_in(item.body)
    )


def check(
    session: Session,
    chat: Chat | Room,
    body: str,
    by: Member | None = None,
    key: bytes | None = None,
    stream: str = "talk",
) -> bool:
    """Part of a running transaction in which the chat is locked; raises Refused(`forbidden`) with what was found.

    It passes when a supervisor has allowed exactly this text in this chat, and when it is a supervisor's own, `by`
    whom it is sent all the same; that is noted in the audit trail. True when it passed for such a reason.
    """
    line = lines.get_line(chat.line)
    found = lines.unlisted_in(line, body) if lines.checks_staff_texts(line) else []
    if not found:
        return False
    if by is not None and "supervisor" in by.roles:
        staff.audit(by.id, "unlisted_sent", f"chat:{chat.id}")
    elif allowed(session, chat, body, key, stream) is None:
        raise Refused("forbidden", found)
    return True


def allowed(
    session: Session, chat: Sealed, body: str, key: bytes | None = None, stream: str = "talk"
) -> AskedText | None:
    """The row by which exactly this text may pass in this chat."""
    rows = [row for row in asked.of_chat(session, chat.id) if row.answer == asked.ALLOWED and row.stream == stream]
    if not rows:
        return None
    opened = key or keys.Opener().open(chat)
    return next((row for row in rows if asked.text_of(opened, row) == body), None)


def use_up(session: Session, room: Sealed, body: str, key: bytes, stream: str = "talk") -> list[Callable[[], None]]:
    """This text is sent: whoever asked for it need not be answered any more. Returns the pushes that say so."""
    rows = [row for row in asked.of_chat(session, room.id) if row.stream == stream and asked.text_of(key, row) == body]
    chat = store.get_chat(session, room.id) if rows else None
    return [] if chat is None else asked.take_away(session, chat, rows)
