"""What a sealed session knows of letters: where the letter of this visit lies, and how its code is known again."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from helpline.lines.models import Line
from helpline.privacy import sessions

KIND = "letter"
# Where the letter lies; its code until that was confirmed, and by what it is known again afterwards; which form wrote
# the letter; how many texts were there when it was opened; and that it was erased from here, for who presses twice.
LOOKUP, CODE, SUM, SENT, FOUND, ERASED = "lookup", "code", "sum", "sent", "found", "erased"


def part_of(content: Mapping[str, Any] | None) -> dict[str, Any]:
    """The session's part of letters."""
    return dict((content or {}).get(KIND) or {})


def save(cookie: str, line: Line, content: Mapping[str, Any], part: Mapping[str, Any], now: datetime) -> None:
    """Put `part` in place of what `content` had of letters. Raises Left."""
    others = {name: value for name, value in content.items() if name != KIND}
    sessions.save(cookie, {"line": line.slug} | others | ({KIND: dict(part)} if part else {}), now)


def locked(cookie: str, line: Line, now: datetime) -> dict[str, Any]:
    """What the session holds, locked; no session comes to be by this. Raises BoundElsewhere, Left."""
    content = sessions.load(cookie, now, lock=True)
    if content is None:
        sessions.refuse_who_left(cookie, now)
    sessions.check_line(content or {}, line.slug)
    return content or {}


def sum_of(lookup: str, code: str) -> str:
    """By what a code is known again that was forgotten."""
    return hmac.new(lookup.encode(), code.encode(), hashlib.sha256).hexdigest()
