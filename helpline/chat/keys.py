"""The key of each chat: random, wrapped by the key of the week in which the chat expires."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from helpline import config
from helpline.chat.models import Chat
from helpline.privacy import envelope
from helpline.privacy.keyring import Keyring


@lru_cache(maxsize=8)
def _keyring_in(directory: Path) -> Keyring:
    return Keyring(directory)


def keyring() -> Keyring:
    """The keyring of this installation, a folder outside the database."""
    return _keyring_in(config.current().instance_dir / "keyring")


def new_wrapped_key(chat_id: str, expires_at: datetime) -> tuple[str, bytes]:
    """A fresh chat key as (id of the week's key, wrapped key)."""
    key_id, week_key = keyring().for_expiry(expires_at)
    return key_id, envelope.wrap(week_key, chat_id, envelope.new_key())


class Sealed(Protocol):
    """Whatever carries the wrapped key of a chat."""

    @property
    def id(self) -> str: ...
    @property
    def key_id(self) -> str: ...
    @property
    def wrapped_key(self) -> bytes: ...


class Opener:
    """Opens the keys of several chats at one moment; each week's key is read once. Not to be kept."""

    def __init__(self) -> None:
        self._weeks: dict[str, bytes] = {}
        self._chats: dict[str, bytes] = {}

    def open(self, chat: Sealed) -> bytes:
        """The key of this chat; raises KeyDestroyed once its week is over."""
        if chat.id not in self._chats:
            if chat.key_id not in self._weeks:
                self._weeks[chat.key_id] = keyring().key(chat.key_id)
            self._chats[chat.id] = envelope.unwrap(self._weeks[chat.key_id], chat.id, chat.wrapped_key)
        return self._chats[chat.id]


def key_of(chat: Chat) -> bytes:
    """The key of this chat; raises KeyDestroyed once its week is over."""
    return envelope.unwrap(keyring().key(chat.key_id), chat.id, chat.wrapped_key)
