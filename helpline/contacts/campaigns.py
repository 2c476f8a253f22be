"""Campaigns of a line: how many arrived by their links, how often they were shown and clicked.

An arrival is one more in its day's counter and nothing else. Who arrives waits for nobody: what can't be written at
that moment is kept in memory and written with the next.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Date, String, delete, extract, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from helpline.contacts.counters import apart_since
from helpline.contacts.models import UNORDERED
from helpline.db import Base, reading, transaction
from helpline.lines import service as lines
from helpline.lines.models import Line

# What stands in an address that people copy from a poster.
CODE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?", re.ASCII)
LONGEST_NAME = 80
# Far more than run beside each other; and nobody gives each reader a code of their own.
MOST_RUNNING = 60
MOST_SHOWN = 1_000_000_000
PATIENCE_SECONDS = 0.02
# Code, day, arrivals, impressions, clicks.
Row = tuple[str, date, int, int | None, int | None]


class BadCampaign(ValueError):
    """Something that was entered about a campaign can't be used; `field` says which, `why` a word for it."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field, self.why = field, why


class Campaign(Base):
    """A campaign; its code stands in its links."""

    __tablename__ = "campaigns"

    line: Mapped[str] = mapped_column(String(32), primary_key=True)
    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    starts_on: Mapped[date | None] = mapped_column(Date)
    ends_on: Mapped[date | None] = mapped_column(Date)
    archived: Mapped[bool] = mapped_column(default=False)


class CampaignCount(Base):
    """A day of a campaign: arrivals are counted, impressions and clicks entered by hand."""

    __tablename__ = "campaign_counts"
    __table_args__ = (UNORDERED,)

    line: Mapped[str] = mapped_column(String(32), primary_key=True)
    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    on_date: Mapped[date] = mapped_column(Date, primary_key=True)
    arrivals: Mapped[int] = mapped_column(default=0)
    impressions: Mapped[int | None]
    clicks: Mapped[int | None]


# The campaigns


def campaigns_of(line: str) -> list[Campaign]:
    """The campaigns of a line, those that run first, then by when they began."""
    with reading() as session:
        found = list(session.scalars(select(Campaign).where(Campaign.line == line).order_by(Campaign.code)))
    return sorted(found, key=lambda one: (one.archived, -(one.starts_on or date.min).toordinal()))


def campaign_of(line: str, code: str) -> Campaign | None:
    """The campaign of a line that has this code."""
    with reading() as session:
        return session.get(Campaign, (line, code))


def add_campaign(line: str, code: str, name: str, starts_on: date | None, ends_on: date | None) -> None:
    """Make a campaign; raises BadCampaign, also for a code that this line has already."""
    if not CODE.fullmatch(code):
        raise BadCampaign("code", "malformed")
    _check(name, starts_on, ends_on)
    with transaction() as session:
        if session.get(Campaign, (line, code)) is not None:
            raise BadCampaign("code", "taken")
        _check_room(session, line)
        session.add(Campaign(line=line, code=code, name=name, starts_on=starts_on, ends_on=ends_on, archived=False))


def change_campaign(line: str, code: str, name: str, starts_on: date | None, ends_on: date | None) -> None:
    """Give a campaign another name or other dates; its code stays, for it stands in links."""
    _check(name, starts_on, ends_on)
    with transaction() as session:
        campaign = session.get_one(Campaign, (line, code))
        campaign.name, campaign.starts_on, campaign.ends_on = name, starts_on, ends_on


def archive_campaign(line: str, code: str, archived: bool) -> None:
    """Whoever comes by the link of an archived campaign is not counted; what was counted stays."""
    with transaction() as session:
        if not archived:
            _check_room(session, line)
        session.get_one(Campaign, (line, code)).archived = archived


def _check(name: str, starts_on: date | None, ends_on: date | None) -> None:
    if not name or len(name) > LONGEST_NAME:
        raise BadCampaign("name", "missing" if not name else "long")
    if starts_on and ends_on and ends_on < starts_on:
        raise BadCampaign("ends_on", "before")


def _check_room(session: Session, line: str) -> None:
    running = select(func.count()).select_from(Campaign).where(Campaign.line == line, ~Campaign.archived)
    if (session.scalar(running) or 0) >= MOST_RUNNING:
        raise BadCampaign("code", "many")


# Counting

_lock = threading.Lock()
_waiting: Counter[tuple[str, str, date]] = Counter()


def count_arrival(line: Line, code: str, at: datetime) -> None:
    """Add one to the day's counter of a campaign of this line; of unknown and archived ones nothing is counted.

    Raises OperationalError where the database can't be written at this moment; then it is counted later.
    """
    if not CODE.fullmatch(code):
        return
    campaign = campaign_of(line.slug, code)
    if campaign is None or campaign.archived:
        return
    with _lock:
        _waiting[line.slug, code, lines.local(line, at).date()] += 1
    write_arrivals(PATIENCE_SECONDS)


def write_arrivals(patience: float | None = None) -> None:
    """Write the arrivals that wait."""
    global _waiting
    with _lock:
        counted, _waiting = _waiting, Counter()
    if not counted:
        return
    try:
        with transaction(patience) as session:
            for (line, code, day), number in sorted(counted.items()):
                _add(session, number, line=line, code=code, on_date=day)
    except Exception:
        # Nobody is forgotten because somebody else was writing.
        with _lock:
            _waiting += counted
        raise


def forget_arrivals() -> None:
    """Drop the arrivals that wait; a new application begins without any."""
    with _lock:
        _waiting.clear()


def _add(session: Session, arrivals: int, **day: object) -> None:
    """One statement, so that of two at the same moment none is lost."""
    first = _insert(session).values(arrivals=arrivals, **day)
    more = {"arrivals": CampaignCount.arrivals + first.excluded.arrivals}
    session.execute(first.on_conflict_do_update(index_elements=list(day), set_=more))


def _insert(session: Session) -> Any:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    return insert(CampaignCount)


# What is entered by hand


def enter_shown(
    line: str, code: str, day: date, impressions: int | None, clicks: int | None, *, today: date, month: bool = False
) -> None:
    """How often a campaign was shown and clicked on a day, in place of what was entered for it before.

    month: for all of the day's month, which stands at its first day and takes the place of all its days.
    None: not known. Raises BadCampaign.
    """
    day = day.replace(day=1) if month else day
    if day > today:
        raise BadCampaign("on_date", "future")
    if not month and day < apart_since(today):
        raise BadCampaign("on_date", "merged")
    for field, number in (("impressions", impressions), ("clicks", clicks)):
        if number is not None and not 0 <= number <= MOST_SHOWN:
            raise BadCampaign(field, "range")
    if impressions is not None and clicks is not None and clicks > impressions:
        raise BadCampaign("clicks", "more")
    with transaction() as session:
        if month:
            after = (day + timedelta(days=31)).replace(day=1)
            of_month = (CampaignCount.on_date >= day) & (CampaignCount.on_date < after)
            of_campaign = (CampaignCount.line == line) & (CampaignCount.code == code)
            session.execute(update(CampaignCount).where(of_campaign, of_month).values(impressions=None, clicks=None))
        shown = {"impressions": impressions, "clicks": clicks}
        first = _insert(session).values(line=line, code=code, on_date=day, arrivals=0, **shown)
        session.execute(first.on_conflict_do_update(index_elements=["line", "code", "on_date"], set_=shown))


# Reading


def campaign_counts(line: str, first: date = date.min, last: date = date.max) -> list[Row]:
    """The counters of all campaigns of a line from one day to another, both included, in order.

    Each row is a code, a day, arrivals, impressions and clicks; the last two are None where nobody entered them.
    """
    columns = CampaignCount.__table__.c
    wanted = select(columns.code, columns.on_date, columns.arrivals, columns.impressions, columns.clicks)
    wanted = wanted.where(columns.line == line, columns.on_date.between(first, last))
    with reading() as session:
        return [tuple(row) for row in session.execute(wanted.order_by(columns.code, columns.on_date))]


def merge_old_counts(now: datetime) -> int:
    """Count days long ago on the first of their month, as with the other counters. Returns how many rows went there.

    What still waits is written first.
    """
    write_arrivals()
    columns, key = CampaignCount.__table__.c, list(CampaignCount.__table__.primary_key)
    old = (columns.on_date < apart_since(now.date())) & (extract("day", columns.on_date) != 1)
    with transaction() as session:
        # Locked in order, so that two processes don't wait for each other; who deletes a row is who adds it up.
        session.execute(select(columns.arrivals).where(old).order_by(*key).with_for_update())
        days = session.execute(delete(CampaignCount).where(old).returning(*columns)).mappings().all()
        for day in sorted(days, key=lambda row: (row["line"], row["code"], row["on_date"])):
            _add_up(session, {**day, "on_date": day["on_date"].replace(day=1)})
    return len(days)


def _add_up(session: Session, row: dict[str, Any]) -> None:
    """What nobody entered stays unknown, beside what somebody did it is nothing."""
    first = _insert(session).values(**row)
    sums = {"arrivals": CampaignCount.arrivals + first.excluded.arrivals}
    for name in ("impressions", "clicks"):
        there, more = getattr(CampaignCount, name), first.excluded[name]
        sums[name] = func.coalesce(there + more, there, more)
    session.execute(first.on_conflict_do_update(index_elements=["line", "code", "on_date"], set_=sums))
