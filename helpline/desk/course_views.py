"""The course in figures, exact, for the supervisors of its line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from babel import numbers
from flask import Blueprint, abort, render_template, request
from flask_babel import format_date, format_percent, get_locale
from flask_babel import gettext as _
from flask_login import current_user

from helpline import clock, web
from helpline.contacts import service as contacts
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.selfhelp import service as selfhelp
from helpline.staff.service import Member
from helpline.stats import charts, periods
from helpline.stats.charts import Chart, Series
from helpline.stats.course import Figures, change, figures
from helpline.stats.periods import Period

course = Blueprint("course", __name__, url_prefix="/console/course")


@dataclass(frozen=True)
class Picture:
    """A chart with its table: what stands in the first column, then the columns, then a row a label."""

    chart: Chart
    svg: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def lines_told(member: Member) -> list[Line]:
    """The lines whose course this member sees the exact figures of: a supervisor's own."""
    if "supervisor" not in member.roles:
        return []
    return [line for line in lines.all_lines() if line.slug in member.lines and selfhelp.has_course(line.slug)]


@course.get("/", endpoint="figures")
def show() -> Any:
    """A month or a year of `?period=`, this month without one, beside the one before; of `?line=` where several."""
    if "supervisor" not in current_user.roles:
        return web.problem(403, "forbidden", "desk/course_refused.html", member=current_user)
    own = lines_told(current_user)
    if not own:
        return render_template("desk/course_none.html", member=current_user)
    line = next((line for line in own if line.slug == request.args.get("line", own[0].slug)), None)
    if line is None:
        abort(404)
    today = lines.local(line, clock.now()).date()
    period = periods.parse(request.args.get("period", str(Period(today.year, today.month))))
    if period is None or period.first > today:
        abort(404)
    told = _told(line, period, today)
    return render_template("desk/course.html", member=current_user, own=own, told_line=line, **told)


def _told(line: Line, period: Period, today: date) -> dict[str, Any]:
    titles, order = _modules(line.slug)
    rows = contacts.course_counts(line.slug, period.before.first, period.last)
    now, before = (figures(rows, told, order, today) for told in (period, period.before))
    since = contacts.course_counted_since(line.slug)
    return {
        "period": period,
        "name": name_of(period),
        "before_name": name_of(period.before),
        "now": now,
        "before": before,
        "change": change,
        "is_over": period.is_over(today),
        "today": today,
        "titles": titles,
        "number": number,
        "percent": percent,
        "years": [Period(year) for year in range(min(since or today, today).year, today.year + 1)],
        "months": [(Period(period.year, day.month), format_date(day, "LLL")) for day in Period(period.year).steps],
        "over_time": _over_time(now, before, today, contacts.apart_since(clock.now().date())),
        "left_over": _left_over(now, before),
        "by_module": _by_module(now, before, titles),
    }


def _modules(line: str) -> tuple[Mapping[str, str], list[str]]:
    """What the modules of a line's course are called in the language of the console, in the order of the course."""
    content = selfhelp.content_of(line)
    said = content.words.get(web.language()) or next(iter(content.words.values()))
    order = [*content.course.modules, *content.course.boosters]
    return {
        module.slug: f"{module.number}. {said[module.slug].title}" if module.number else said[module.slug].title
        for module in order
    }, [module.slug for module in order]


def _over_time(now: Figures, before: Figures, today: date, apart_since: date) -> Picture | None:
    """Visits by month, or by day as long as days are told apart; the one that goes on in the table only."""
    by_day = now.period.month is not None
    if by_day and now.period.first < apart_since:
        return None
    compared = [] if by_day and before.period.first < apart_since else [before]
    told = [now, *compared]
    steps = now.period.steps
    labels = tuple(str(step.day) if by_day else format_date(step, "LLL") for step in steps)
    values = [_padded(figures, len(steps)) for figures in told]
    goes_on = -1 if now.period.is_over(today) else (today.day if by_day else today.month) - 1
    drawn = [tuple(None if place == goes_on else value for place, value in enumerate(values[0])), *values[1:]]
    series = tuple(Series(name_of(figures.period), line) for figures, line in zip(told, drawn, strict=True))
    peak = max(range(len(now.steps)), key=lambda place: values[0][place] or 0)
    chart = Chart(
        key="over-time",
        title=_("Visits by day") if by_day else _("Visits by month"),
        text=_(
            "Most visits: %(when)s, %(number)s.",
            when=format_date(now.period.steps[peak], "d MMMM" if by_day else "MMMM"),
            number=number(values[0][peak] or 0),
        ),
        labels=labels,
        series=series,
    )
    head = [_("Day") if by_day else _("Month"), name_of(now.period), _("returning")]
    head += [name_of(figures.period) for figures in compared]
    returning = [None if visits is None else visits.returning for visits in now.steps] + [None] * len(steps)
    columns = [values[0], returning, *values[1:]]
    rows = [[label, *(_cell(column[place]) for column in columns)] for place, label in enumerate(labels)]
    return Picture(chart, charts.lines(chart, number), head, rows)


def _padded(figures: Figures, length: int) -> tuple[float | None, ...]:
    values = tuple(None if visits is None else visits.all for visits in figures.steps)
    return values[:length] + (None,) * (length - len(values))


def _left_over(now: Figures, before: Figures) -> int | None:
    """Visits on the last days of a month before that was longer; None where it was not."""
    more = before.steps[len(now.steps) :]
    return sum(visits.all for visits in more if visits) if more else None


def _by_module(now: Figures, before: Figures, titles: Mapping[str, str]) -> Picture:
    labels = tuple(titles.get(module.slug, module.slug) for module in now.modules)
    most = ", ".join(titles.get(module.slug, module.slug) for module in now.most_visited[:2])
    chart = Chart(
        key="by-module",
        title=_("Visits to each module, and how many finished it"),
        text=_("Most visited: %(modules)s.", modules=most),
        labels=labels,
        series=(
            Series(_("visits to the module"), tuple(module.visits for module in now.modules)),
            Series(_("finished"), tuple(module.done for module in now.modules)),
        ),
    )
    head = [
        _("Module"),
        _("Visits"),
        name_of(before.period),
        _("Finished"),
        _("Of its visits"),
    ]
    rows = [
        [
            label,
            number(module.visits),
            number(before.module(module.slug).visits),
            number(module.done),
            _cell(module.done_share, percent),
        ]
        for label, module in zip(labels, now.modules, strict=True)
    ]
    return Picture(chart, charts.bars(chart, number), head, rows)


def _cell(value: float | None, show: Callable[[float], str] | None = None) -> str:
    return "–" if value is None else (show or number)(value)


def name_of(period: Period) -> str:
    """`2026`, or `November 2026` in the language of the console."""
    return str(period.year) if period.month is None else format_date(period.first, "LLLL y")


def number(value: float, decimals: int = 0) -> str:
    """A number as it is written in the language of the console."""
    return _written(str(get_locale()), value, decimals)


@lru_cache(maxsize=10_000)
def _written(locale: str, value: float, decimals: int) -> str:
    """A page of figures has a thousand numbers, most of them again and again."""
    return numbers.format_decimal(value, format="#,##0" + ("." + "0" * decimals if decimals else ""), locale=locale)


def percent(part: float, decimals: int = 0) -> str:
    """A part of one as a percentage."""
    return format_percent(part, format="#,##0" + ("." + "0" * decimals if decimals else "") + "%")
