"""Who is the same person on a line within a year, as long as the line has not released the year.

A code of a log is kept only as an HMAC under the salt of its line and year, a secret file. Once that is destroyed
nobody can tell any more whose row it was; rows of that line and year which come later are of nobody in particular.
"""

from __future__ import annotations

import hashlib
import hmac
import re

from helpline import config
from helpline.privacy.keyring import SECRETS, destroy_secret, passing_secret

KEPT_CHARACTERS = 32
_WRITTEN = re.compile(r"persons-(\d{4})-(.+)", re.ASCII)


def salt(line: str, year: int) -> bytes | None:
    """The salt of this line and year; None once it was destroyed."""
    return passing_secret(config.current().instance_dir, _name(line, year))


def forget_persons(line: str, year: int) -> None:
    """Destroy the salt of this line and year for good."""
    destroy_secret(config.current().instance_dir, _name(line, year))


def told_apart() -> list[tuple[str, int]]:
    """The lines and years whose persons can still be told apart: those that have a salt."""
    files = (config.current().instance_dir / SECRETS).glob("persons-*.key")
    found = (_WRITTEN.fullmatch(path.stem) for path in files)
    return sorted((name[2], int(name[1])) for name in found if name)


def disguised(code: str, line: str, salt: bytes) -> str:
    """What is stored for this code: the same on the same line in the same year, and nothing else can be told of it."""
    return hmac.new(salt, f"{line}\0{code}".encode(), hashlib.sha256).hexdigest()[:KEPT_CHARACTERS]


def _name(line: str, year: int) -> str:
    return f"persons-{year}-{line}"
