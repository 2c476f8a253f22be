"""Coming back with a code, as the page does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from helpline import clock
from helpline.lines.models import Line
from helpline.privacy import codes, guessing, sessions

Opened = TypeVar("Opened")


def enters(
    cookie: str, line: Line, typed: str, caller: str, open_at: Callable[[str, Line, bytes], Opened | None]
) -> Opened | None:
    """What this code opens in a room, by its `open_at`; None for a wrong one."""
    sessions.check_line(sessions.load(cookie, clock.now()) or {}, line.slug)
    code = codes.read(typed)
    if code is None:
        return None
    return guessing.in_turn(code, caller, sessions.key_of(cookie), lambda root: open_at(cookie, line, root) or None)
