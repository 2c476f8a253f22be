"""The key of each letter: random, wrapped by the key of the week in which the letter expires."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path

from helpline import config
from helpline.letters.models import Letter
from helpline.lines.models import Line
from helpline.privacy import envelope
from helpline.privacy.keyring import KeyDestroyed, Keyring


@lru_cache(maxsize=8)
def _keyring_in(directory: Path) -> Keyring:
    return Keyring(directory)


def keyring() -> Keyring:
    """The keyring of this installation, the one that chats have too."""
    return _keyring_in(config.current().instance_dir / "keyring")


def kept_until(line: Line, now: datetime) -> date:
    """The last day on which the code opens a letter whose visitor is here now."""
    return (now.astimezone(UTC) + timedelta(days=line.letter_retention_days)).date()


def wrapped(letter_id: str, key: bytes, expires_on: date) -> tuple[str, bytes]:
    """This key as (id of the week's key, wrapped key)."""
    key_id, week_key = keyring().for_expiry(datetime.combine(expires_on, time.max, UTC))
    return key_id, envelope.wrap(week_key, _name(letter_id), key)


def key_of(letter: Letter) -> bytes:
    """The key of this letter; raises KeyDestroyed once its week is over."""
    return envelope.unwrap(keyring().key(letter.key_id), _name(letter.id), letter.wrapped_key)


def can_be_opened(letter: Letter) -> bool:
    """Whether the key of this letter is there still."""
    try:
        key_of(letter)
    except (KeyDestroyed, envelope.Tampered):
        return False
    return True


def seal(key: bytes, letter_id: str, seq: int, author: str, body: str) -> bytes:
    """A text of a letter, sealed for its place in it."""
    return envelope.seal(key, _name(letter_id), "letter", seq, author, body)


def open_(key: bytes, letter_id: str, seq: int, author: str, sealed: bytes) -> str:
    """What `seal` sealed for this place; raises Tampered."""
    return envelope.open_(key, _name(letter_id), "letter", seq, author, sealed)


def seal_draft(key: bytes, letter_id: str, version: int, part: str, body: str) -> bytes:
    """`part` is `draft` or `remark`."""
    return envelope.seal(key, _name(letter_id), part, version, "staff", body)


def open_draft(key: bytes, letter_id: str, version: int, part: str, sealed: bytes) -> str:
    """What `seal_draft` sealed for this version; raises Tampered."""
    return envelope.open_(key, _name(letter_id), part, version, "staff", sealed)


def seal_earlier(key: bytes, letter_id: str, day: date, text: str) -> bytes:
    """The summary of last time, which its visitor lets go along with a letter."""
    return envelope.seal(key, _name(letter_id), "earlier", 0, "visitor", f"{day.isoformat()} {text}")


def open_earlier(key: bytes, letter_id: str, sealed: bytes) -> tuple[date, str]:
    """What `seal_earlier` sealed. Raises Tampered."""
    day, _, text = envelope.open_(key, _name(letter_id), "earlier", 0, "visitor", sealed).partition(" ")
    return date.fromisoformat(day), text


def seal_introduction(key: bytes, letter_id: str, text: str) -> bytes:
    """What was answered in the advice, which its visitor sends along with a letter."""
    return envelope.seal(key, _name(letter_id), "introduction", 0, "visitor", text)


def open_introduction(key: bytes, letter_id: str, sealed: bytes) -> str:
    """What `seal_introduction` sealed. Raises Tampered."""
    return envelope.open_(key, _name(letter_id), "introduction", 0, "visitor", sealed)


def _name(letter_id: str) -> str:
    # The envelope knows chats by their ids: no letter is ever taken for one.
    return f"letter {letter_id}"
