"""What became of a missed contact: whether the same visit wrote a letter or found advice, a module or a chat after all.

A visit keeps when and how it was missed, sealed like all it holds, and never which row of the ledger tells of it. Rows
that say the same can't be told apart, so any one of them is marked: the ledger is then just as if it were the visit's
own, and nothing leads from one to the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from helpline import clock
from helpline.contacts.categories import CLOSED, NONE
from helpline.contacts.models import MissedContact
from helpline.contacts.tallies import days_written
from helpline.db import transaction
from helpline.lines import service as lines
from helpline.lines.models import Line

# Where a session keeps what was missed and not caught yet.
MISSED = "missed"
# Where it keeps when its last letter was written: whoever waits may write one, and be missed only afterwards.
WROTE = "wrote"
LETTER = "letter"
CAUGHT_BY = (LETTER, "advice", "course", "chat")


def with_missed(
    content: Mapping[str, Any], *, cause: str, at: datetime, language: str, wait_s: int | None = None
) -> dict[str, Any]:
    """The content of a session that was just missed; `wait_s` as the ledger tells it, in its bands."""
    missed = {"cause": cause, "at": at.isoformat(), "language": language, "wait_s": wait_s}
    return {**content, MISSED: [*content.get(MISSED, ()), missed]}


def catch(content: Mapping[str, Any], line: Line, by: str) -> dict[str, Any]:
    """The content of a session that was caught `by` one of CAUGHT_BY; what it had missed is marked and forgotten."""
    caught = _caught(content, line, by)
    return caught | {WROTE: clock.now().isoformat()} if by == LETTER else caught


def catch_meanwhile(content: Mapping[str, Any], line: Line, since: datetime) -> dict[str, Any]:
    """The content of a session that was just missed: caught at once where a letter was written `since` it waited."""
    wrote = content.get(WROTE)
    if wrote is None or datetime.fromisoformat(wrote) < since:
        return dict(content)
    return _caught(content, line, LETTER)


def _caught(content: Mapping[str, Any], line: Line, by: str) -> dict[str, Any]:
    for missed in content.get(MISSED, ()):
        told = {name: value for name, value in missed.items() if name != "at"}
        mark_caught(line, by, at=datetime.fromisoformat(missed["at"]), **told)
    return {name: value for name, value in content.items() if name != MISSED}


def mark_caught(line: Line, by: str, *, cause: str, at: datetime, language: str, wait_s: int | None) -> bool:
    """Mark one of the missed chats that say this; False where there is none that nothing caught yet."""
    if by not in CAUGHT_BY:
        raise ValueError(f"{by!r} catches nobody")
    here = lines.local(line, at)
    alike = (
        MissedContact.line == line.slug,
        MissedContact.channel == "chat",
        MissedContact.on_date == here.date(),
        MissedContact.on_hour == here.hour,
        MissedContact.in_hours == (cause != CLOSED and lines.was_open(line, at)),
        MissedContact.cause == cause,
        MissedContact.language == language,
        MissedContact.wait_s.is_not_distinct_from(wait_s),
        MissedContact.caught_by == NONE,
        ~MissedContact.test,
    )
    with transaction() as session:
        # Of two visits that were missed alike each marks one of its own.
        one = select(MissedContact.key).where(*alike).order_by(MissedContact.key).limit(1)
        key = session.scalar(one.with_for_update(skip_locked=True))
        if key is None:
            return False
        session.execute(update(MissedContact).where(MissedContact.key == key).values(caught_by=by))
        days_written(session, line.slug, [here.date()])
    return True
