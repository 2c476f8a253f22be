"""Return codes: with one an anonymous visitor comes back to what was kept, and nobody else can read it.

A code has 70 random bits and 10 more that only this installation can tell from them: a guess is known for one, and
waits behind whoever has a code of ours. From it come, by Argon2id with the installation's salt and by HKDF, the place
where something lies and the key that opens it: others for each kind and line. The server keeps neither code nor key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from helpline import config
from helpline.privacy import keyring
from helpline.serve import in_thread_pool

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 16
# At the end of each code. One guess of a thousand has them right: too few to stand in anybody's way.
OWN_LETTERS = 2
# What people write for a letter or digit that the alphabet of codes doesn't have, so that nothing is taken for another.
_MEANT = str.maketrans({"O": "0", "I": "1", "L": "1"})
# Whatever white space or dashes somebody's notebook, telephone or text program put between.
_BETWEEN = re.compile(r"[\s\u00ad\u200b-\u200d\u2060\ufeff\-_\u2010-\u2015\u2212]+")
_CODE = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")
# One try takes 64 MB and a core for a tenth of a second: no more than so many go on at once in a process.
_hashing = threading.BoundedSemaphore(2)
# What one busy core does in about four seconds; guesses leave half of it to codes of ours.
MOST_WAITING, MOST_DOUBTFUL = 16, 8
_waiting = 0
_waiting_lock = threading.Lock()
TIME_COST, MEMORY_KIB, LANES = 3, 64 * 1024, 1
# Whoever sees the size of what is sealed learns no more than how many of these it fills.
BLOCK_BYTES = 4096
NONCE_BYTES, LENGTH_BYTES = 12, 4


class Busy(Exception):
    """Too many tries of codes wait already; this one was not looked at, and may be right."""


class Tampered(Exception):
    """What was sealed has been changed, or was put where another should be."""


@dataclass(frozen=True)
class Sealed:
    """Where something of one kind and line lies, and the key that opens it."""

    kind: str
    line: str
    lookup: str
    key: bytes = field(repr=False)


def own_salt() -> bytes:
    """The salt of this installation: a code leads nowhere without it."""
    return keyring.secret(config.current().instance_dir, "codes")


def new_code(salt: bytes) -> str:
    """A new code of the installation with this salt, in fours: XXXX-XXXX-XXXX-XXXX."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH - OWN_LETTERS))
    return _in_fours(letters + _own(letters, salt))


def likely(code: str, salt: bytes) -> bool:
    """Whether it looks like a code of this installation, told at once; it may still open nothing.

    Codes from before there was such a mark do not look like it, and open what they always did.
    """
    letters = code.replace("-", "")
    return hmac.compare_digest(letters[-OWN_LETTERS:], _own(letters[:-OWN_LETTERS], salt))


def _own(letters: str, salt: bytes) -> str:
    digest = hmac.digest(salt, b"helpline code " + letters.encode(), "sha256")
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:OWN_LETTERS])


def _in_fours(letters: str) -> str:
    return "-".join(letters[start : start + 4] for start in range(0, LENGTH, 4))


def read(typed: str) -> str | None:
    """The code that somebody meant, as `new_code` writes it; None where it is none."""
    letters = _BETWEEN.sub("", typed[:200]).upper().translate(_MEANT)
    if not _CODE.fullmatch(letters):
        return None
    return _in_fours(letters)


def opened(code: str, salt: bytes, *, doubtful: bool = False) -> bytes:
    """What all keys of this code come from. Slow on purpose: in the thread pool, never inside a transaction.

    doubtful: whether others of the same address were wrong. Raises Busy.
    """
    with _place(MOST_DOUBTFUL if doubtful else MOST_WAITING):
        return in_thread_pool(_derived, code, salt)


@contextmanager
def _place(most: int) -> Iterator[None]:
    """Wait, where fewer than so many do."""
    global _waiting
    with _waiting_lock:
        if _waiting >= most:
            raise Busy
        _waiting += 1
    try:
        _hashing.acquire()
    finally:
        with _waiting_lock:
            _waiting -= 1
    try:
        yield
    finally:
        _hashing.release()


def _derived(code: str, salt: bytes) -> bytes:
    return hash_secret_raw(
        code.encode(), salt, time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=LANES, hash_len=32, type=Type.ID
    )


def place_of(code: str, kind: str, line: str) -> Sealed:
    """Where the code's things of this kind and line lie. Slow, and never inside a transaction. Raises Busy."""
    return for_kind(opened(code, own_salt()), kind, line)


def for_kind(root: bytes, kind: str, line: str) -> Sealed:
    """Where the code's things of this kind and line lie, and their key."""
    lookup, key = (_expanded(root, purpose, kind, line) for purpose in ("lookup", "key"))
    return Sealed(kind, line, lookup.hex(), key)


def _expanded(root: bytes, purpose: str, kind: str, line: str) -> bytes:
    info = json.dumps(["helpline code", purpose, kind, line]).encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(root)


def size(content: Any) -> int:
    """How many bytes there are to seal."""
    return len(_said(content))


def _said(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def as_part(place: Sealed) -> dict[str, str]:
    """A place as a sealed session holds it."""
    return {"lookup": place.lookup, "key": base64.b64encode(place.key).decode()}


def of_part(part: Mapping[str, Any], kind: str, line: str) -> Sealed | None:
    """The place that this part of a session holds, of this kind and line."""
    return Sealed(kind, line, part["lookup"], base64.b64decode(part["key"])) if "lookup" in part else None


def sum_of(key: bytes, code: str) -> str:
    """By what a code is known again that was forgotten, to whoever has a key that it led to."""
    return hmac.new(key, code.encode(), hashlib.sha256).hexdigest()


def seal(place: Sealed, content: Any) -> bytes:
    """The content, which must be JSON, sealed for its place."""
    said = _said(content)
    plain = len(said).to_bytes(LENGTH_BYTES, "big") + said
    padded = plain + bytes(-len(plain) % BLOCK_BYTES)
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(place.key).encrypt(nonce, padded, _bound(place))


def open_(place: Sealed, sealed: bytes) -> Any:
    """What `seal` sealed for this place; raises Tampered."""
    try:
        plain = AESGCM(place.key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound(place))
    except (InvalidTag, ValueError):
        raise Tampered from None
    length = int.from_bytes(plain[:LENGTH_BYTES], "big")
    return json.loads(plain[LENGTH_BYTES : LENGTH_BYTES + length].decode("utf-8", "surrogatepass"))


def _bound(place: Sealed) -> bytes:
    return json.dumps([place.lookup, place.kind, place.line]).encode()
