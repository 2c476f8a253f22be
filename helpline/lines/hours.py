"""When a line is open. Pure; `now` is any aware moment, answers are moments in UTC.

Hours are times on the wall clock of the line's zone. A time that the clock skips in spring means the next
one that exists; a time that comes twice in autumn means the first. An opening belongs to the day on which
it begins, so one past midnight runs on into a closed day, and a closed day has no openings of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NO_DAYS: frozenset[date] = frozenset()
_A_DAY = timedelta(days=1)
_MINUTES_A_DAY = 24 * 60
_PART = re.compile(r"([^\s-]+)(?:\s*-\s*([^\s-]+))?\s+([^\s-]+)\s*-\s*([^\s-]+)")
_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00", re.ASCII)
# Past the last closed day a week shows everything, two where the clock skips the only opening of one.
_HORIZON = timedelta(days=15)


class HoursError(ValueError):
    """These are not opening hours; the message names the part that is wrong."""


@dataclass(frozen=True, order=True)
class Opening:
    """From `start` to `end`, in minutes after the midnight that begins `weekday` (0 is Monday)."""

    weekday: int
    start: int
    end: int


@dataclass(frozen=True)
class Hours:
    """The openings of a week, sorted. 'always' is seven whole days, 'closed' is none."""

    openings: tuple[Opening, ...]


def parse_hours(text: str) -> Hours:
    """Read 'always', 'closed' or parts such as 'mon-fri 09:00-17:00;sat 20:00-02:00'; raises HoursError.

    Closing at or before the opening time means on the next day; 24:00 is the midnight that ends the day.
    """
    plain = text.strip().lower()
    if plain == "always":
        plain = "mon-sun 00:00-24:00"
    if plain == "closed":
        return Hours(())
    if not plain:
        raise HoursError("no hours given; say 'always', 'closed' or hours such as 'mon-fri 09:00-17:00'")
    return Hours(tuple(sorted({opening for part in plain.split(";") for opening in _openings_in(part)})))


def hours_of_week(hours: Hours) -> frozenset[tuple[int, int]]:
    """The hours of a week, as weekday and hour, in which a line is open for all or a part of them."""
    return frozenset(
        ((opening.weekday + minute // _MINUTES_A_DAY) % 7, minute % _MINUTES_A_DAY // 60)
        for opening in hours.openings
        for minute in range(opening.start - opening.start % 60, opening.end, 60)
    )


def is_open(hours: Hours, zone: ZoneInfo, now: datetime, closed_days: frozenset[date] = NO_DAYS) -> bool:
    """True from the moment a line opens until just before it closes."""
    return _stretch_at(hours, zone, now, closed_days) is not None


def open_between(
    hours: Hours, zone: ZoneInfo, first: datetime, last: datetime, closed_days: frozenset[date] = NO_DAYS
) -> tuple[tuple[datetime, datetime], ...]:
    """From when to when a line is open, whatever of it lies between two moments."""
    begun = takewhile(lambda stretch: stretch[0] < last, _stretches(hours, zone, first, closed_days))
    return tuple((start, end) for start, end in begun if end > first)


def closes_at(hours: Hours, zone: ZoneInfo, now: datetime, closed_days: frozenset[date] = NO_DAYS) -> datetime | None:
    """When the line closes next, adjoining openings being one; None if it is closed now or never closes."""
    stretch = _stretch_at(hours, zone, now, closed_days)
    if stretch is None or stretch[1] >= _midnight(zone, _last_day(zone, now, closed_days)):
        return None
    return stretch[1]


def next_opening(
    hours: Hours, zone: ZoneInfo, now: datetime, closed_days: frozenset[date] = NO_DAYS
) -> datetime | None:
    """When the line opens next, after `now`; None if it never does, or never closes before."""
    return next((start for start, _ in _stretches(hours, zone, now, closed_days) if start > now), None)


def last_entry(
    hours: Hours, zone: ZoneInfo, now: datetime, minutes: int, closed_days: frozenset[date] = NO_DAYS
) -> datetime | None:
    """Until when new visitors are taken: `minutes` before closing. None if closed now, or never closing."""
    end = closes_at(hours, zone, now, closed_days)
    return end and end - timedelta(minutes=minutes)


def accepts_entry(
    hours: Hours, zone: ZoneInfo, now: datetime, minutes: int, closed_days: frozenset[date] = NO_DAYS
) -> bool:
    """True if the line is open and takes new visitors, which it does until `minutes` before closing."""
    last = last_entry(hours, zone, now, minutes, closed_days)
    return is_open(hours, zone, now, closed_days) and (last is None or now < last)


def moment_of(wall: datetime, zone: ZoneInfo) -> datetime | None:
    """The moment at which clocks of this zone show `wall`, the first of two; None for a time that they skip."""
    moment = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return moment if moment.astimezone(zone).replace(tzinfo=None) == wall else None


def _openings_in(part: str) -> Iterator[Opening]:
    part = part.strip()
    if not part:
        raise HoursError("a part between semicolons is empty")
    match = _PART.fullmatch(part)
    if match is None:
        raise HoursError(f"{part!r} is not days and hours such as 'mon-fri 09:00-17:00'")
    first, last, opens, closes = match.groups()
    start, end = _minutes(opens), _minutes(closes)
    if start == _MINUTES_A_DAY:
        raise HoursError(f"{part!r} opens at 24:00; say 00:00 on the next day")
    if start == end:
        raise HoursError(f"{part!r} opens and closes at the same time; a whole day is 00:00-24:00")
    if end < start:
        end += _MINUTES_A_DAY
    weekday, days_after = _weekday(first), (_weekday(last or first) - _weekday(first)) % 7
    for after in range(days_after + 1):
        yield Opening((weekday + after) % 7, start, end)


def _weekday(name: str) -> int:
    if name not in DAYS:
        raise HoursError(f"{name!r} is not a day; days are {' '.join(DAYS)}")
    return DAYS.index(name)


def _minutes(text: str) -> int:
    if not _TIME.fullmatch(text):
        raise HoursError(f"{text!r} is not a time from 00:00 to 24:00")
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def _stretch_at(
    hours: Hours, zone: ZoneInfo, now: datetime, closed_days: frozenset[date]
) -> tuple[datetime, datetime] | None:
    for start, end in _stretches(hours, zone, now, closed_days):
        if now < end:
            return (start, end) if start <= now else None
    return None


def _stretches(
    hours: Hours, zone: ZoneInfo, now: datetime, closed_days: frozenset[date]
) -> Iterator[tuple[datetime, datetime]]:
    """From yesterday's openings on, in order of time, those that adjoin or overlap joined into one."""
    joined: tuple[datetime, datetime] | None = None
    for start, end in _openings(hours, zone, now, closed_days):
        if joined and start <= joined[1]:
            joined = joined[0], max(joined[1], end)
        else:
            if joined:
                yield joined
            joined = start, end
    if joined:
        yield joined


def _openings(
    hours: Hours, zone: ZoneInfo, now: datetime, closed_days: frozenset[date]
) -> Iterator[tuple[datetime, datetime]]:
    if not hours.openings:
        return
    # No opening is longer than a day, so yesterday's are the oldest that can still be going on.
    day, last_day = now.astimezone(zone).date() - _A_DAY, _last_day(zone, now, closed_days)
    while day <= last_day:
        for opening in hours.openings:
            if opening.weekday == day.weekday() and day not in closed_days:
                start, end = _moment(zone, day, opening.start), _moment(zone, day, opening.end)
                if start < end:  # else the clock skips all of it
                    yield start, end
        day += _A_DAY


def _last_day(zone: ZoneInfo, now: datetime, closed_days: frozenset[date]) -> date:
    return max(now.astimezone(zone).date(), *closed_days, date.min) + _HORIZON


def _midnight(zone: ZoneInfo, day: date) -> datetime:
    return _moment(zone, day, 0)


def _moment(zone: ZoneInfo, day: date, minutes: int) -> datetime:
    wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
    while True:
        moment = wall.replace(tzinfo=zone).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None) == wall:
            return moment
        wall += timedelta(minutes=1)
