"""The figures of a line, exact, for its supervisors: a period beside the one before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from flask_babel import format_date
from flask_babel import gettext as _
from flask_login import current_user

from helpline import clock, web
from helpline.contacts import service as contacts
from helpline.contacts.categories import CHANNELS
from helpline.contacts.tally import INSIDE, OUTSIDE
from helpline.desk.figures_after import after_the_chat
from helpline.desk.figures_counters import beside_the_ledgers, course_link
from helpline.desk.figures_missed import advice, missed, weekday_by_hour
from helpline.desk.figures_parts import how, when, who
from helpline.desk.figures_tiles import beside, tiles
from helpline.desk.figures_words import Told, compared_words, name_of
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.staff.service import Member
from helpline.stats import periods
from helpline.stats.figures import Figures
from helpline.stats.periods import Day, Period, Span, Week, compared
from helpline.stats.words import word

figures_page = Blueprint("figures", __name__, url_prefix="/console/figures")
HOURS = {INSIDE: True, OUTSIDE: False}


@dataclass(frozen=True)
class Asked:
    """What the address asks for."""

    line: Line
    span: Span
    channel: str | None = None
    hours: str | None = None

    @property
    def narrow(self) -> dict[str, Any]:
        """What the figures are narrowed to."""
        return {"channel": self.channel, "in_hours": HOURS.get(self.hours or "")}

    @property
    def is_narrow(self) -> bool:
        """Whether only a part of the contacts is shown."""
        return bool(self.channel or self.hours)

    def link(self, **other: Any) -> str:
        """The address of the same page with something else asked for."""
        asked = replace(self, **other)
        return url_for(
            "figures.show", line=asked.line.slug, period=str(asked.span), channel=asked.channel, hours=asked.hours
        )


def lines_told(member: Member) -> list[Line]:
    """The lines whose exact figures this member sees: a supervisor's own."""
    if "supervisor" not in member.roles:
        return []
    return [line for line in lines.all_lines() if line.slug in member.lines]


@figures_page.get("/", endpoint="show")
def show() -> Any:
    """A year, month, week or day of `?period=`, this month without one; of `?line=`, `?channel=` and `?hours=`."""
    if "supervisor" not in current_user.roles:
        return web.problem(403, "forbidden", "desk/figures_refused.html", member=current_user)
    own = lines_told(current_user)
    if not own:
        return render_template("desk/figures_none.html", member=current_user)
    line = next((line for line in own if line.slug == request.args.get("line", own[0].slug)), None) or abort(404)
    today = lines.local(line, clock.now()).date()
    asked = _asked(request.args, line, today)
    told = Told(line, asked.span, today, *_figures(asked, today), contacts.counted_since(line.slug))
    return render_template(
        "desk/figures.html",
        member=current_user,
        asked=asked,
        told=told,
        name_of=name_of,
        compared_words=compared_words(told),
        own=own,
        choices=_choices(asked, today, told.since or today),
        beside=_lines_beside(own, asked, told) if len(own) > 1 else [],
        counters=None if asked.is_narrow else beside_the_ledgers(told),
        after=None if asked.is_narrow else after_the_chat(told),
        course_link=course_link(line, told),
        **_parts(told),
    )


def _asked(arguments: Mapping[str, str], line: Line, today: date) -> Asked:
    span = periods.parse_any(arguments.get("period", str(Period(today.year, today.month))))
    channel, hours = arguments.get("channel") or None, arguments.get("hours") or None
    if span is None or span.first > today or channel not in (None, *CHANNELS) or hours not in (None, *HOURS):
        abort(404)
    return Asked(line, span, channel, hours)


def _figures(asked: Asked, today: date) -> tuple[Figures, Figures]:
    """Of the period and of the days it is compared with."""
    now, before = (asked.span.first, asked.span.last), compared(asked.span, today)
    slug = asked.line.slug
    made = [
        Figures(contacts.summed_days(slug, first, last, today)).narrowed(**asked.narrow)
        for first, last in (now, before)
    ]
    return made[0], made[1]


def _parts(told: Told) -> dict[str, Any]:
    if told.is_empty:
        return {"tiles": []}
    is_day = isinstance(told.span, Day)
    return {
        "tiles": tiles(told),
        "heat": None if is_day else weekday_by_hour(told),
        "advice": [] if is_day else advice(told),
        "missed": missed(told),
        "when": when(told),
        "how": how(told),
        "who": who(told) if told.now.answered else [],
    }


def _lines_beside(own: list[Line], asked: Asked, told: Told) -> list[tuple[str, str, list[str]]]:
    """The supervisor's lines, a row each; never a sum of several."""
    span, made = asked.span, []
    for line in own:
        now = told.now
        if line.slug != asked.line.slug:
            today = lines.local(line, clock.now()).date()
            now = Figures(contacts.summed_days(line.slug, span.first, span.last, today)).narrowed(**asked.narrow)
        made.append(beside(line.name, asked.link(line=line), now))
    return made


def _choices(asked: Asked, today: date, since: date) -> dict[str, Any]:
    """What can be chosen: (words, address, whether it is shown) in rows."""
    span = asked.span

    def entry(words: str, other: Span) -> tuple[str, str, str]:
        current = "page" if other == span else "true" if other.first <= span.first and span.last <= other.last else ""
        return words, asked.link(span=other), current

    this_month = Period(today.year, today.month)
    now = [(_("Today"), Day(today)), (_("This week"), Week.of(today)), (_("This month"), this_month)]
    year = Period(span.first.year if not isinstance(span, Week) else min(span.last, today).year)
    months = [Period(year.year, step.month) for step in year.steps if step <= today]
    channels = [(_("All channels"), None), *((word("channel", code), code) for code in CHANNELS)]
    hours = [(_("All hours"), None), (_("In opening hours"), INSIDE), (_("Outside opening hours"), OUTSIDE)]
    return {
        "now": [(words, asked.link(span=other), "page" if other == span else "") for words, other in now],
        "years": [entry(str(one), Period(one)) for one in range(min(since, today, span.first).year, today.year + 1)],
        "months": [entry(format_date(month.first, "LLL"), month) for month in months],
        "before": (name_of(span.before), asked.link(span=span.before)),
        "after": (name_of(span.after), asked.link(span=span.after)) if span.after.first <= today else None,
        "channels": [(words, asked.link(channel=code), code == asked.channel) for words, code in channels],
        "hours": [(words, asked.link(hours=code), code == asked.hours) for words, code in hours],
    }
