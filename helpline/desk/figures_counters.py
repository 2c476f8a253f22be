"""What is counted beside the ledgers, for the page of figures: advice, the course, campaigns. No channel, no hour."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from helpline import clock, web
from helpline.advice import service as advice
from helpline.contacts import campaigns
from helpline.contacts import service as contacts
from helpline.desk.course_views import number
from helpline.desk.figures_parts import columns, drawn
from helpline.desk.figures_words import Part, Told, cell, share
from helpline.lines.models import Line
from helpline.selfhelp import service as selfhelp
from helpline.stats.charts import Chart, Series
from helpline.stats.periods import Period
from helpline.stats.words import heading


@dataclass(frozen=True)
class Beside:
    """What the page says of them. `apart`: whether these days are still told apart, else only months are known."""

    apart: bool
    parts: tuple[Part, ...] = ()
    course: str = ""
    campaigns: tuple[tuple[str, str, list[str]], ...] = ()


def beside_the_ledgers(told: Told) -> Beside:
    """The counters of the period."""
    first, last = told.span.first, told.span.last
    if not _told_apart(first, last):
        return Beside(apart=False)
    slug = told.line.slug
    before = told.compared if _told_apart(*told.compared) else None
    parts = ()
    if advice.has_advice(slug):
        parts = tuple(part for part in (_trees(told, before), _helped(told, before)) if part)
    return Beside(True, parts, _course(told, before), tuple(_campaigns(slug, first, last)))


def _told_apart(first: date, last: date) -> bool:
    """Old counts stand on the first of their month: then only whole months can be told."""
    apart = contacts.apart_since(clock.now().date())
    ends_a_month = (last + timedelta(days=1)).day == 1
    return first >= apart or (first.day == 1 and (ends_a_month or last >= apart))


def _trees(told: Told, before: tuple[date, date] | None) -> Part | None:
    slug, language = told.line.slug, web.language()
    now = _by_tree(slug, told.span.first, told.span.last)
    was = _by_tree(slug, *before) if before else None
    if not now:
        return None
    files = advice.content_of(slug).files.trees
    codes = sorted({*now, *(was or ())}, key=lambda tree: (-now[tree], tree))
    labels = {tree: files[tree].words[language].title if tree in files else tree for tree in codes}
    rows = [[labels[tree], number(now[tree]), share(now[tree] / now.total()), _of(was, tree)] for tree in codes]
    head = [heading("tree"), *columns()[:3]]
    total = [_("All"), number(now.total()), share(1), cell(was.total() if was is not None else None)]
    chart = Chart(
        "trees",
        _("Advice that was reached"),
        _("Most: %(what)s, %(number)s.", what=labels[codes[0]], number=number(now[codes[0]])),
        tuple(labels[tree] for tree in codes),
        (Series(told.name, tuple(now[tree] for tree in codes)),),
    )
    return drawn(chart, head, rows, total, _("Counts walks that came to an advice, by the tree it stands in."))


def _by_tree(slug: str, first: date, last: date) -> Counter[str]:
    counted: Counter[str] = Counter()
    for tree, _asked_for, _age_band, _gender, count in contacts.advice_counts(slug, first, last):
        counted[tree] += count
    return counted


def _of(was: Counter[str] | None, code: str) -> str:
    return cell(None if was is None else was[code])


def _helped(told: Told, before: tuple[date, date] | None) -> Part | None:
    slug = told.line.slug
    now = Counter(contacts.helped_counts(slug, told.span.first, told.span.last))
    was = Counter(contacts.helped_counts(slug, *before)) if before else None
    if not now.total():
        return None
    labels = {"yes": _("Yes"), "partly": _("Partly"), "no": _("No")}
    rows = [[labels[code], number(now[code]), share(now[code] / now.total()), _of(was, code)] for code in labels]
    head = [_("Answer"), *columns()[:3]]
    total = [_("All"), number(now.total()), share(1), cell(was.total() if was is not None else None)]
    chart = Chart(
        "helped",
        _("Did the advice help?"),
        _("%(part)s said yes.", part=share(now["yes"] / now.total())),
        tuple(labels.values()),
        (Series(told.name, tuple(now[code] for code in labels)),),
    )
    return drawn(chart, head, rows, total, _("Counts visitors who answered that question below an advice."))


def _course(told: Told, before: tuple[date, date] | None) -> str:
    slug = told.line.slug
    if not selfhelp.has_course(slug):
        return ""
    visits = _visits(slug, told.span.first, told.span.last)
    if before is None:
        return _("Visits to the course: %(visits)s.", visits=number(visits))
    was = number(_visits(slug, *before))
    return _(
        "Visits to the course: %(visits)s; %(period)s: %(was)s.",
        visits=number(visits),
        period=told.before_name,
        was=was,
    )


def _visits(slug: str, first: date, last: date) -> int:
    rows = contacts.course_counts(slug, first, last)
    return sum(count for _day, module, what, _seen, count in rows if not module and what == "visit")


def _campaigns(slug: str, first: date, last: date) -> list[tuple[str, str, list[str]]]:
    """Each campaign with anything in the period: its name, where it is told, arrivals, impressions and clicks."""
    arrived: Counter[str] = Counter()
    shown: dict[str, list[int | None]] = {}
    for code, _day, arrivals, *entered in campaigns.campaign_counts(slug, first, last):
        arrived[code] += arrivals
        known = shown.setdefault(code, [None, None])
        for place, value in enumerate(entered):
            if value is not None:
                known[place] = (known[place] or 0) + value
    return [
        (one.name, url_for("campaigns.list", line=slug), [number(arrived[one.code]), *map(cell, shown[one.code])])
        for one in campaigns.campaigns_of(slug)
        if one.code in shown
    ]


def course_link(line: Line, told: Told) -> str:
    """Where the course is told of the same period, as far as it tells months and years."""
    span = told.span if isinstance(told.span, Period) else Period(told.span.first.year, told.span.first.month)
    link: Any = url_for("course.figures", line=line.slug, period=str(span))
    return str(link)
