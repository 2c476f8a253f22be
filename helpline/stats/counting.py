"""What a line counts, exact: its lists, its counters, its tables."""

from __future__ import annotations

from datetime import date

from helpline import clock
from helpline.advice import service as advice
from helpline.contacts import service as contacts
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.selfhelp import service as selfhelp
from helpline.stats import sheets
from helpline.stats.figures import figures
from helpline.stats.periods import Period
from helpline.stats.sheets import Counters, Lists
from helpline.stats.tables import Table


def lists_of(line: str) -> Lists:
    """The codes of a line that are no constants: they don't depend on what was counted."""
    trees = advice.content_of(line).files.trees if advice.has_advice(line) else {}
    course = selfhelp.content_of(line).course if selfhelp.has_course(line) else None
    return Lists(
        line=line,
        topics=tuple(topic.code for topic in contacts.topics_of(line)),
        modules=tuple(module.slug for module in (*course.modules, *course.boosters)) if course else (),
        trees=tuple(trees),
        asked_for=tuple(sorted({tree.shape.asked_for for tree in trees.values()})),
    )


def counters_of(line: str, first: date, last: date) -> Counters:
    """The counters of advice and course of these days."""
    visits: dict[tuple[str, bool], int] = {}
    for _, module, what, seen_before, number in contacts.course_counts(line, first, last):
        if what == "visit":
            visits[module, seen_before] = visits.get((module, seen_before), 0) + number
    walks = {
        (tree, asked_for, age_band, gender): number
        for tree, asked_for, age_band, gender, number in contacts.advice_counts(line, first, last)
    }
    return Counters(walks, visits)


def exact_tables(line: Line, period: Period, today: date | None = None) -> list[Table]:
    """The tables of a period as the screen tells them, nothing merged; also of one that goes on. `today`: the date on
    the line's clock, where it is not that of this moment."""
    here = today or lines.local(line, clock.now()).date()
    counted = figures(contacts.tallies(line.slug, period.first, period.last, here))
    return sheets.tables(counted, counters_of(line.slug, period.first, period.last), lists_of(line.slug))
