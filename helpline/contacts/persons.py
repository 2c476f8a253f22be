"""Who is the same person within a year, as long as its figures are not released.

A code of a log is kept only as an HMAC under the salt of its year, a secret file. Once that is destroyed nobody can
tell any more whose row it was; rows of that year which come later are of nobody in particular.
"""

from __future__ import annotations

import hashlib
import hmac

from helpline import config
from helpline.privacy.keyring import destroy_secret, passing_secret

KEPT_CHARACTERS = 32


def salt(year: int) -> bytes | None:
    """The salt of this year; None once it was destroyed."""
    return passing_secret(config.current().instance_dir, _name(year))


def forget_persons(year: int) -> None:
    """Destroy the salt of this year for good."""
    destroy_secret(config.current().instance_dir, _name(year))


def disguised(code: str, line: str, salt: bytes) -> str:
    """What is stored for this code: the same on the same line in the same year, and nothing else can be told of it."""
    return hmac.new(salt, f"{line}\0{code}".encode(), hashlib.sha256).hexdigest()[:KEPT_CHARACTERS]


def _name(year: int) -> str:
    return f"persons-{year}"
