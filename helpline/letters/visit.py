"""What a sealed session knows of letters: where the letter of this visit lies, and how its code is known again."""

from __future__ import annotations

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
    return sessions.part_of(content, KIND)


def save(cookie: str, line: Line, content: Mapping[str, Any], part: Mapping[str, Any], now: datetime) -> None:
    """Put `part` in place of what `content` had of letters. Raises Left."""
    sessions.save(cookie, {"line": line.slug} | sessions.with_part(content, KIND, part), now)
