"""What one session counts for: a visit to the course, one to each module, and each that is done; each only once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from helpline.contacts import service as contacts
from helpline.lines.models import Line
from helpline.selfhelp.store import COUNT


def is_counted(part: Mapping[str, Any], what: str, module: str) -> bool:
    """Whether this session was counted for it."""
    return module in (part.get(COUNT) or {}).get(what, {})


def counted(part: Mapping[str, Any], line: Line, what: str, module: str, now: datetime) -> Mapping[str, Any]:
    """The part once this session is counted, which it is only once."""
    if is_counted(part, what, module):
        return part
    count = part.get(COUNT) or {}
    contacts.count_course(line, module=module, what=what, seen_before="back" in count, at=now)
    return {**part, COUNT: {**count, what: {**count.get(what, {}), module: int(now.timestamp())}}}


def of_returned(part: Mapping[str, Any], line: Line) -> dict[str, Any]:
    """Whoever looks at the course first and then enters a code is somebody who came back, counted once."""
    count = part.get(COUNT) or {}
    counted_at = count.get("visit", {}).get("")
    if counted_at is not None and "back" not in count:
        contacts.count_as_returning(line, at=datetime.fromtimestamp(counted_at, UTC))
    return {**count, "back": True}
