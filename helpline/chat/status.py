"""Whether a line takes visitors now and how long they would wait, as pages show it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import format_date, format_time
from flask_babel import gettext as _

from helpline import clock
from helpline.chat import reading, service
from helpline.db import reading as reading_transaction
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.lines.when import When, when


def shown_status(line: Line) -> dict[str, Any]:
    """`{open, accepts, full, closes_at, next_opening, waiting, estimate_minutes, on_duty}`.

    Moments are words on the line's own clock, None where there is none; the estimate is None when we can't say.
    """
    now = clock.now()
    opening = lines.opening(line, now)
    with reading_transaction() as session:
        sight = reading.recent_sights.get(line.slug, now) or reading.line_sight(session, line, now)
    return {
        "open": opening.open,
        "accepts": service.refusal(line, now) is None,
        "full": sight.waiting >= line.queue_limit,
        "closes_at": None if opening.closes_at is None else _time(line, opening.closes_at),
        "next_opening": None if opening.next_opening is None else _day_and_time(line, opening.next_opening, now),
        "waiting": sight.waiting,
        "estimate_minutes": sight.newcomer_minutes(),
        "on_duty": sight.on_duty,
    }


def _time(line: Line, moment: datetime) -> str:
    return format_time(lines.local(line, moment), "HH:mm", rebase=False)


def _day_and_time(line: Line, moment: datetime, now: datetime) -> str:
    """As people say it: tonight at 19:00, tomorrow at 9:00, on Thursday at 9:00."""
    here = lines.local(line, moment)
    time, called = format_time(here, "H:mm", rebase=False), when(here, lines.local(line, now))
    if called is When.TODAY:
        return str(_("today at %(time)s", time=time))
    if called is When.TONIGHT:
        return str(_("tonight at %(time)s", time=time))
    if called is When.TOMORROW:
        return str(_("tomorrow at %(time)s", time=time))
    day = format_date(here, "EEEE" if called is When.WEEKDAY else "EEEE d MMMM", rebase=False)
    return str(_("on %(day)s at %(time)s", day=day, time=time))
