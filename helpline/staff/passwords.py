"""Passwords of staff: made here, kept as Argon2id hashes.

A hash takes 0.1 s and 64 MB. Callers run these functions in the thread pool and never inside a transaction.
"""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

# One lane: a sign-in occupies one core and leaves the others to the chats.
_hasher = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)

# Verified when no account has the login, so that the answer takes as long as for one that exists. It is the hash of
# random bytes that nobody kept, written down so that the first unknown login doesn't take longer than the second.
NOBODYS_HASH = "$argon2id$v=19$m=65536,t=3,p=1$pMaLKq1qpBaQybzu9tg4Vw$gLt0GccZYV58XPNMe0U/RijEt/1Fyh4KcGWOeaYA8o4"

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_password() -> str:
    """A random password of 100 bits, in fives so that it can be read out and typed."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(20))
    return "-".join(letters[start : start + 5] for start in range(0, 20, 5))


def make_hash(password: str) -> str:
    """The Argon2id hash of `password`, salt and cost inside."""
    return _hasher.hash(password)


def matches(stored: str, password: str) -> bool:
    """True when `password` is the one that `stored` is the hash of."""
    try:
        return _hasher.verify(stored, password)
    except (Argon2Error, InvalidHashError, UnicodeError):
        return False


def is_current(stored: str) -> bool:
    """True when `stored` was made at today's cost."""
    return not _hasher.check_needs_rehash(stored)
