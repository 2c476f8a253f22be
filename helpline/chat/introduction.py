"""What a visitor sends along from the advice: sealed under the key of the chat, above which its counsellor reads it."""

from __future__ import annotations

from datetime import datetime

from helpline.chat import keys
from helpline.chat.items import Refused
from helpline.chat.models import Chat
from helpline.chat.writer import MAX_BODY, storable
from helpline.privacy import envelope

STREAM = "introduction"


def checked(text: str) -> str:
    """`text` without the white space around it; raises Refused `too_long` or `invalid`."""
    stripped = text.strip()
    if len(stripped) > MAX_BODY:
        raise Refused("too_long")
    if not storable(stripped):
        raise Refused("invalid")
    return stripped


def put(chat: Chat, text: str, now: datetime) -> None:
    """Let this stand above the chat, in place of what stood there before; part of a running transaction."""
    chat.introduction = envelope.seal(keys.key_of(chat), chat.id, STREAM, 0, "visitor", text)
    chat.introduced_at = now


def text_of(chat: Chat) -> str | None:
    """What stands above the chat, None when nothing came along; raises KeyDestroyed once the chat's week is over."""
    if chat.introduced_at is None or chat.introduction is None:
        return None
    return envelope.open_(keys.key_of(chat), chat.id, STREAM, 0, "visitor", chat.introduction)
