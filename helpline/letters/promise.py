"""How soon a letter is answered, in words: what the line wants, and what the last four weeks really were."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import format_timedelta

from helpline.letters import service
from helpline.lines.models import Line

# Up to two days are said in hours.
HOURS_UNTIL = 2


@dataclass(frozen=True)
class Promise:
    """`half` and `in_time_percent` are None where too few letters were answered to tell; `late`: some wait too long."""

    target: str
    half: str | None
    in_time_percent: int | None
    late: bool


def span(hours: int) -> str:
    """So many hours in words."""
    return str(format_timedelta(timedelta(hours=hours), granularity="hour", threshold=HOURS_UNTIL))


def promise(line: Line, now: datetime) -> Promise:
    """What the line may say of its answers at this moment."""
    figure = service.figure(line, now)
    half = None if figure.median_hours is None else span(figure.median_hours or 1)
    return Promise(span(line.letter_target_hours), half, figure.in_time_percent, figure.overdue > 0)
