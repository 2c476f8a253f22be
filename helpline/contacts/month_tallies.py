"""The tallies of whole months, so that years need not be added up day by day whenever somebody looks.

A month's sum is kept with the sum of the versions of its days. Each write to an old day raises one of them, so a sum
that missed a row is never taken for the truth.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import orjson
from sqlalchemy import extract, func, select
from sqlalchemy.dialects import postgresql, sqlite

from helpline import db
from helpline.contacts.models import DayTally, MonthTally
from helpline.contacts.tallies import KEPT_AFTER, ONE_DAY, counted_since, tallies
from helpline.contacts.tally import Sum, summed
from helpline.db import reading, transaction

ONE_MONTH = timedelta(days=31)


def summed_days(line: str, first: date, last: date, today: date) -> Sum:
    """The tallies of the days from first to last, added up. `today` is the line's local date."""
    since, whole = counted_since(line), Sum()
    if since is None:
        return whole
    first, months = max(first, since), list(_months(max(first, since.replace(day=1)), min(last, today - KEPT_AFTER)))
    versions, kept = _kept(line, months)
    missing: dict[date, Sum] = {}
    for month in months:
        if month in kept:
            whole.add_sum(_loaded(kept[month]))
        else:
            missing[month] = summed(tallies(line, month, _end(month), today))
            whole.add_sum(missing[month])
        # In between others get their turn.
        time.sleep(0)
    for start, end in _around(months, first, last):
        for day, of_day in tallies(line, start, end, today):
            whole.add_day(day, of_day)
    _keep(line, missing, versions)
    return whole


def _months(first: date, last: date) -> Iterator[date]:
    """The first days of the months that lie between these days as a whole."""
    month = first if first.day == 1 else _end(first.replace(day=1)) + ONE_DAY
    while _end(month) <= last:
        yield month
        month = _end(month) + ONE_DAY


def _end(month: date) -> date:
    return (month + ONE_MONTH).replace(day=1) - ONE_DAY


def _around(months: Sequence[date], first: date, last: date) -> Iterator[tuple[date, date]]:
    """The days before and after the whole months."""
    if not months:
        yield first, last
        return
    if first < months[0]:
        yield first, months[0] - ONE_DAY
    if _end(months[-1]) < last:
        yield _end(months[-1]) + ONE_DAY, last


def _kept(line: str, months: Sequence[date]) -> tuple[dict[date, int], dict[date, bytes]]:
    """The sum of versions of each month, and the tallies of those for which it is still the same."""
    if not months:
        return {}, {}
    parts = extract("year", DayTally.on_date), extract("month", DayTally.on_date)
    of_days = select(*parts, func.sum(DayTally.version)).group_by(*parts)
    of_days = of_days.where(DayTally.line == line, DayTally.on_date.between(months[0], _end(months[-1])))
    wanted = select(MonthTally.month, MonthTally.versions, MonthTally.tally)
    wanted = wanted.where(MonthTally.line == line, MonthTally.month.between(months[0], months[-1]))
    with reading() as session:
        versions = dict.fromkeys(months, 0)
        for year, month, raised in session.execute(of_days):
            versions[date(int(year), int(month), 1)] = int(raised)
        stored = session.execute(wanted).all()
    return versions, {month: tally for month, counted, tally in stored if counted == versions[month]}


def _keep(line: str, missing: dict[date, Sum], versions: dict[date, int]) -> None:
    if not missing:
        return
    insert = postgresql.insert if db.engine().dialect.name == "postgresql" else sqlite.insert
    with transaction() as session:
        for month, counted in sorted(missing.items()):
            values = {"versions": versions[month], "tally": _dumped(counted)}
            new = insert(MonthTally).values(line=line, month=month, **values)
            session.execute(new.on_conflict_do_update(index_elements=["line", "month"], set_=values))


def _dumped(counted: Sum) -> bytes:
    return orjson.dumps([counted.together, counted.by_weekday, counted.of_days], option=orjson.OPT_NON_STR_KEYS)


def _loaded(stored: bytes) -> Sum:
    together, by_weekday, of_days = orjson.loads(stored)
    return Sum(together, tuple(by_weekday), {date.fromisoformat(day): numbers for day, numbers in of_days.items()})
