"""Counters of the advice, the course and the letters: numbers of a day, never a row of anybody's own."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, extract, func, select
from sqlalchemy.dialects import postgresql, sqlite

from helpline.contacts.categories import AGE_BANDS as AGE_BANDS_OF
from helpline.contacts.categories import GENDERS as GENDERS
from helpline.contacts.categories import UNKNOWN
from helpline.contacts.models import AdviceCount, AdviceHelped, AfterCount, CourseCount, LetterCount
from helpline.db import reading, transaction
from helpline.lines import service as lines
from helpline.lines.models import Line

# The trees of both lines ask in these.
AGE_BANDS = AGE_BANDS_OF["youth"]
HELPED = ("yes", "no", "partly")
# What is counted of a course: that it or a module was opened, that a module was finished.
COURSE_COUNTS = ("visit", "done")
# So long the days are told apart, then only the months.
DAYS_APART = timedelta(days=62)
COUNTERS = (AdviceCount, AdviceHelped, CourseCount, LetterCount)
# Whoever waited longer than this is counted with it: a month or a year are both too long.
MOST_HOURS = 31 * 24
Counts = AdviceCount | AdviceHelped | CourseCount | LetterCount


def count_advice(
    line: Line,
    *,
    tree: str,
    advice: str,
    asked_for: str,
    at: datetime,
    age_band: str | None = None,
    gender: str | None = None,
) -> None:
    """Add one walk to its day's counter; whatever is no age band or gender of ours counts as unknown."""
    add_to(
        AdviceCount,
        1,
        line=line.slug,
        on_date=lines.local(line, at).date(),
        tree=tree,
        advice=advice,
        age_band=age_band if age_band in AGE_BANDS else UNKNOWN,
        gender=gender if gender in GENDERS else UNKNOWN,
        asked_for=asked_for,
    )


def count_helped(line: Line, *, tree: str, advice: str, helped: str, at: datetime) -> None:
    """Add one answer to 'did this help?'; `helped` is one of HELPED."""
    if helped not in HELPED:
        raise ValueError(f"{helped!r} is no answer to whether it helped")
    on_date = lines.local(line, at).date()
    add_to(AdviceHelped, 1, line=line.slug, on_date=on_date, tree=tree, advice=advice, helped=helped)


def count_course(line: Line, *, module: str, what: str, seen_before: bool, at: datetime) -> None:
    """Add one to the day's counter of a module, of the course itself where `module` is ''; `what`: COURSE_COUNTS.

    `seen_before`: this visit came back with a code.
    """
    if what not in COURSE_COUNTS:
        raise ValueError(f"{what!r} is nothing that is counted of a course")
    on_date = lines.local(line, at).date()
    add_to(CourseCount, 1, line=line.slug, on_date=on_date, module=module, what=what, seen_before=seen_before)


def count_as_returning(line: Line, *, at: datetime) -> None:
    """The visit to the course that was counted as a new one at this moment came back with a code after all."""
    of_that_day = {"line": line.slug, "on_date": lines.local(line, at).date(), "module": "", "what": "visit"}
    add_to(CourseCount, -1, **of_that_day, seen_before=False)
    add_to(CourseCount, 1, **of_that_day, seen_before=True)


def count_letter(line: Line, *, hours: int, in_time: bool, at: datetime) -> None:
    """Add one answered letter to its day's counter, the day on which it was answered."""
    day = lines.local(line, at).date()
    add_to(LetterCount, 1, line=line.slug, on_date=day, hours=min(hours, MOST_HOURS), in_time=in_time)


def letter_counts(line: str, first: date, last: date) -> list[tuple[int, bool, int]]:
    """Letters answered from one day to another, both included: hours waited, in time, how many; the quickest first."""
    columns = LetterCount.__table__.c
    by = (columns.hours, columns.in_time)
    wanted = select(*by, func.sum(columns.count)).where(columns.line == line, columns.on_date.between(first, last))
    with reading() as session:
        rows = session.execute(wanted.group_by(*by).order_by(*by))
        return [(hours, in_time, int(number)) for hours, in_time, number in rows]


def course_counts(line: str, first: date, last: date) -> list[tuple[date, str, str, bool, int]]:
    """The counters of a line's course from one day to another, both included: day, module, what, seen before, count."""
    columns = CourseCount.__table__.c
    wanted = select(columns.on_date, columns.module, columns.what, columns.seen_before, columns.count)
    wanted = wanted.where(columns.line == line, columns.on_date.between(first, last))
    with reading() as session:
        return [tuple(row) for row in session.execute(wanted.order_by(*CourseCount.__table__.primary_key))]


def course_counted_since(line: str) -> date | None:
    """The first day of which the course of this line has a count."""
    with reading() as session:
        return session.scalar(select(func.min(CourseCount.on_date)).where(CourseCount.line == line))


def advice_counts(line: str, first: date, last: date) -> list[tuple[str, str, str, str, int]]:
    """Walks to an advice from one day to another, both included: tree, asked for, age band, gender, count."""
    columns = AdviceCount.__table__.c
    by = (columns.tree, columns.asked_for, columns.age_band, columns.gender)
    wanted = select(*by, func.sum(columns.count)).where(columns.line == line, columns.on_date.between(first, last))
    with reading() as session:
        return [(*row[:4], int(row[4])) for row in session.execute(wanted.group_by(*by).order_by(*by))]


def helped_counts(line: str, first: date, last: date) -> dict[str, int]:
    """What visitors of these days said when asked whether an advice helped; HELPED says in which words."""
    columns = AdviceHelped.__table__.c
    wanted = select(columns.helped, func.sum(columns.count))
    wanted = wanted.where(columns.line == line, columns.on_date.between(first, last)).group_by(columns.helped)
    with reading() as session:
        return dict.fromkeys(HELPED, 0) | {helped: int(number) for helped, number in session.execute(wanted)}


def add_to(counter: type[Counts | AfterCount], number: int, **dimensions: object) -> None:
    """Add to the one row of these dimensions. One statement, so that of two at the same moment none is lost."""
    with transaction() as session:
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        first = insert(counter).values(count=number, **dimensions)
        more = {"count": counter.__table__.c.count + first.excluded.count}
        session.execute(first.on_conflict_do_update(index_elements=list(dimensions), set_=more))


def apart_since(today: date) -> date:
    """The first day that is told apart; those before it may have been added up on the first of their month."""
    return today - DAYS_APART


def merge_old_counts(now: datetime) -> int:
    """Count days long ago on the first of their month; nothing is lost. Returns how many rows went there."""
    return sum(_merge(counter, apart_since(now.date())) for counter in COUNTERS)


def _merge(counter: type[Counts], until: date) -> int:
    columns, key = counter.__table__.c, list(counter.__table__.primary_key)
    old = (columns.on_date < until) & (extract("day", columns.on_date) != 1)
    months: Counter[tuple[Any, ...]] = Counter()
    with transaction() as session:
        # Locked in order, so that two processes don't wait for each other; who deletes a row is who adds it up.
        session.execute(select(columns.count).where(old).order_by(*key).with_for_update())
        days = session.execute(delete(counter).where(old).returning(*columns)).mappings().all()
        for day in days:
            month = {**day, "on_date": day["on_date"].replace(day=1)}
            months[tuple(month[column.name] for column in key)] += day["count"]
        for dimensions, number in sorted(months.items()):
            add_to(counter, number, **{column.name: value for column, value in zip(key, dimensions, strict=True)})
    return len(days)
