"""Lines as the rest of the house uses them: read, created, changed, and whether they take visitors now."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpline import config
from helpline.content.files import LANGUAGES, ContentError
from helpline.db import reading, transaction
from helpline.lines import hours as rules
from helpline.lines import texts
from helpline.lines.models import Line, Site
from helpline.lines.texts import HelpEntry
from helpline.lines.unlisted import found_in

NO_DAYS: frozenset[date] = frozenset()
LONGEST_HOURS = 400
LONGEST_HOST_NAME = 253
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
HOST_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")

# Which settings `lines set` takes, with the smallest and largest value that make sense.
RANGES = {
    "offer_seconds": (1, 600),
    "waiting_lost_seconds": (1, 3600),
    "active_lost_seconds": (1, 7200),
    "counsellor_lost_seconds": (1, 3600),
    "longest_wait_minutes": (1, 1440),
    "queue_limit": (0, 100_000),
    "wrap_ups_open": (0, 100),
    "letter_target_hours": (1, 24 * 30),
    "letter_retention_days": (7, 730),
    "summary_retention_days": (7, 730),
}
# Settings that are on or off: whether the line takes letters, and whether a colleague reads an answer before it goes.
SWITCHES = ("letters", "letters_second_reader")

LINES_OF_YOUNGSTERS = frozenset({"youth"})

DEFAULTS = (
    {
        "slug": "youth",
        "name": "Zeg het ons",
        "hours": "mon-fri 14:00-22:00;sat-sun 15:00-21:00",
    },
    {
        "slug": "prevention",
        "name": "Anders verder",
        "hours": "mon-fri 09:00-17:00;tue 19:00-21:00;thu 19:00-21:00",
    },
)


class UnknownLine(LookupError):
    """No line has this slug."""


class BadSetting(ValueError):
    """A setting of a line can't be used; the message names it."""


@dataclass(frozen=True)
class Opening:
    """Whether a line takes visitors at a moment. Moments are aware UTC."""

    open: bool
    accepts: bool
    closes_at: datetime | None
    next_opening: datetime | None


def ensure_lines() -> None:
    """Make the two lines of a new installation."""
    with transaction() as session:
        if session.scalar(select(Line).limit(1)) is None:
            for facts in DEFAULTS:
                session.add(Line(country="nl", time_zone="Europe/Amsterdam", languages=["nl", "en"], **facts))
        if session.get(Site, 1) is None:
            session.add(Site(id=1))


def all_lines() -> list[Line]:
    """Every line, in the order of their slugs."""
    with reading() as session:
        return list(session.scalars(select(Line).order_by(Line.slug)))


def countries() -> frozenset[str]:
    """The countries of the lines."""
    return frozenset(line.country for line in all_lines())


def get_line(slug: str) -> Line:
    """The line called `slug`; raises UnknownLine."""
    with reading() as session:
        line = session.get(Line, slug)
    if line is None:
        raise UnknownLine(slug)
    return line


def lock_queue(slug: str) -> None:
    """Let others who join this line wait until the transaction ends; nobody else waits (SQLite has one writer)."""
    with transaction() as session:
        session.execute(select(Line.slug).where(Line.slug == slug).with_for_update(key_share=True))


def line_of_host(host: str) -> Line | None:
    """The line whose own host name is `host`, if any."""
    with reading() as session:
        return session.scalar(select(Line).where(Line.host_name == host.lower()))


def joint_front_page() -> bool:
    """True where one front page leads to all lines: by setting, else as stored."""
    wanted = config.current().joint_front_page
    if wanted is not None:
        return wanted
    with reading() as session:
        site = session.get(Site, 1)
        return site is not None and site.joint_front_page


def switch_joint_front_page(on: bool) -> None:
    """Store whether one front page leads to all lines."""
    with transaction() as session:
        site = session.get(Site, 1) or Site(id=1)
        site.joint_front_page = on
        session.add(site)


def change_line(slug: str, changes: dict[str, str | int]) -> Line:
    """Set `hours`, `host_name`, a number of RANGES or one of SWITCHES.

    Raises UnknownLine or BadSetting, and then changes nothing.
    """
    for name, value in changes.items():
        _check(name, value)
    with transaction() as session:
        line = session.get(Line, slug)
        if line is None:
            raise UnknownLine(slug)
        if changes.get("host_name"):
            _check_free(session, slug, str(changes["host_name"]).lower())
        for name, value in changes.items():
            stored = (str(value).lower() or None) if name == "host_name" else value
            setattr(line, name, stored)
        return line


def _check(name: str, value: str | int) -> None:
    if name == "hours":
        try:
            rules.parse_hours(str(value))
        except rules.HoursError as error:
            raise BadSetting(f"hours: {error}") from None
        if len(str(value)) > LONGEST_HOURS:
            raise BadSetting(f"hours: {len(str(value))} characters are too long, {LONGEST_HOURS} fit")
    elif name in RANGES:
        low, high = RANGES[name]
        if not low <= int(value) <= high:
            raise BadSetting(f"{name.replace('_', '-')}: {value} is not between {low} and {high}")
    elif name in SWITCHES:
        if not isinstance(value, bool):
            raise BadSetting(f"{name.replace('_', '-')}: {value} is neither on nor off")
    elif name == "host_name":
        text = str(value)
        if text and (len(text) > LONGEST_HOST_NAME or not HOST_NAME.fullmatch(text.lower())):
            raise BadSetting(f"host-name: {text[:80]!r} is not a host name")
    else:
        raise BadSetting(f"{name}: no such setting")


def _check_free(session: Session, slug: str, host: str) -> None:
    other = session.scalar(select(Line.slug).where(Line.host_name == host, Line.slug != slug))
    if other is not None:
        raise BadSetting(f"host-name: {host} belongs to the line {other} already")


@lru_cache(maxsize=64)
def _public_holidays(country: str, year: int) -> frozenset[date]:
    try:
        return frozenset(holidays.country_holidays(country.upper(), years=year))
    except NotImplementedError:
        return NO_DAYS


def closed_days(line: Line, now: datetime) -> frozenset[date]:
    """Public holidays around `now` on which the line is closed; empty where it opens on holidays."""
    if not line.closed_on_holidays:
        return NO_DAYS
    return _public_holidays(line.country, now.year) | _public_holidays(line.country, now.year + 1)


def opening(line: Line, now: datetime) -> Opening:
    """Whether `line` is open and takes new visitors at `now`, and when that changes."""
    # Hours begin and end on whole minutes, so one answer holds for all who ask within a minute.
    minute = now.replace(second=0, microsecond=0)
    return _opening(line.hours, line.time_zone, line.last_entry_minutes, closed_days(line, now), minute)


@lru_cache(maxsize=64)
def _opening(hours: str, time_zone: str, last_entry: int, days: frozenset[date], now: datetime) -> Opening:
    parsed, zone = rules.parse_hours(hours), ZoneInfo(time_zone)
    is_open = rules.is_open(parsed, zone, now, days)
    accepts = rules.accepts_entry(parsed, zone, now, last_entry, days)
    return Opening(
        open=is_open,
        accepts=accepts,
        closes_at=rules.closes_at(parsed, zone, now, days) if is_open else None,
        next_opening=None if accepts else rules.next_opening(parsed, zone, now, days),
    )


def was_open(line: Line, moment: datetime) -> bool:
    """Whether `line` is open at any moment, by its hours of today; quick enough to be asked for a whole log."""
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    stretches = _open_on(line.hours, line.time_zone, closed_days(line, moment), day)
    return any(start <= moment < end for start, end in stretches)


@lru_cache(maxsize=4096)
def _open_on(hours: str, time_zone: str, days: frozenset[date], day: datetime) -> tuple[tuple[datetime, datetime], ...]:
    return rules.open_between(rules.parse_hours(hours), ZoneInfo(time_zone), day, day + timedelta(days=1), days)


def local(line: Line, moment: datetime) -> datetime:
    """`moment` on the clock of the line's own time zone."""
    return moment.astimezone(ZoneInfo(line.time_zone))


def checks_staff_texts(line: Line) -> bool:
    """Whether texts of staff are looked through for ways to reach somebody outside: where youngsters write."""
    return line.slug in LINES_OF_YOUNGSTERS


def unlisted_in(line: Line, text: str) -> list[str]:
    """Ways to be reached in this text that are neither in the help entries of the line nor our own addresses."""
    instance = config.current().instance_dir
    try:
        entries = [
            entry
            for language in LANGUAGES
            for entry in texts.load_help(line.country, language, instance, line=line.slug).values()
        ]
    except ContentError:
        # Of a file that broke while we serve nothing is known, which `helpline check` says; nobody's texts wait for it.
        entries = []
    ours = [config.current().public_url, line.host_name]
    return found_in(text, _listed(tuple(entries), tuple(one for one in ours if one)))


@lru_cache(maxsize=16)
def _listed(entries: tuple[HelpEntry, ...], ours: tuple[str, ...]) -> tuple[str, ...]:
    listed = {one for entry in entries for one in (entry.phone, entry.url, entry.chat_url) if one}
    # Some say of a second number or an address what it is for.
    listed |= {one for entry in entries for one in found_in(entry.what)}
    return (*sorted(listed), *ours)


def longest_retention(line: Line) -> timedelta:
    """How long a chat of this line is kept after it began."""
    return timedelta(days=line.retention_days)
