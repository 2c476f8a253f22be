"""Texts sealed under the key of their chat, and chat keys sealed under the key of a week.

AES-256-GCM with a random 96-bit nonce in front of what it sealed. Where something belongs is bound in as
additional data, so a text copied to another chat, stream, place or author opens no more than a changed one.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12


class Tampered(Exception):
    """What was sealed has been changed, belongs elsewhere, or was sealed under another key."""


def new_key() -> bytes:
    """A random key for one chat."""
    return secrets.token_bytes(KEY_BYTES)


def wrap(week_key: bytes, chat_id: str, key: bytes) -> bytes:
    """The key of a chat, sealed under the key of the week in which the chat expires."""
    return _seal(week_key, key, _bound("chat key", chat_id))


def unwrap(week_key: bytes, chat_id: str, blob: bytes) -> bytes:
    """The key of a chat; raises Tampered."""
    return _open(week_key, blob, _bound("chat key", chat_id))


def seal(key: bytes, chat_id: str, stream: str, seq: int, author: str, body: str) -> bytes:
    """A text of a chat, sealed under the key of the chat. `body` must be encodable as UTF-8."""
    return _seal(key, body.encode(), _bound("text", chat_id, stream, str(seq), author))


def open_(key: bytes, chat_id: str, stream: str, seq: int, author: str, blob: bytes) -> str:
    """The text that seal() sealed with the very same facts; raises Tampered."""
    return _open(key, blob, _bound("text", chat_id, stream, str(seq), author)).decode()


def _bound(*fields: str) -> bytes:
    """All fields as bytes, each after its length, so that no two lists of fields give the same bytes."""
    encoded = [field.encode() for field in fields]
    return b"".join(len(field).to_bytes(4, "big") + field for field in encoded)


def _seal(key: bytes, plain: bytes, bound: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound)


def _open(key: bytes, blob: bytes, bound: bytes) -> bytes:
    nonce, sealed = blob[:NONCE_BYTES], blob[NONCE_BYTES:]
    if len(nonce) < NONCE_BYTES:
        raise Tampered
    try:
        return AESGCM(key).decrypt(nonce, sealed, bound)
    except InvalidTag:
        raise Tampered from None
