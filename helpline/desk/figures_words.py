"""How the page of figures says periods, numbers and what they are compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import format_date
from flask_babel import gettext as _

from helpline.desk.course_views import Picture, number, percent
from helpline.lines.models import Line
from helpline.stats.course import change
from helpline.stats.figures import Figures
from helpline.stats.periods import Day, Period, Span, Week, compared

# Below this a percentage would only make a small number look like a large one.
ENOUGH_FOR_A_CHANGE = 20


@dataclass(frozen=True)
class Part(Picture):
    """A chart with its table, and what the columns add up to; `notes` say what is counted.

    Where the chart is bars, each stands in its row of the table: `bars` has them, `marks` the columns that they draw.
    """

    total: Sequence[str] | None = None
    notes: Sequence[str] = ()
    bars: Sequence[str] = ()
    marks: Sequence[int] = ()


@dataclass(frozen=True)
class Told:
    """What the page tells: figures of a line's period and of the days before it is compared with, both narrowed."""

    line: Line
    span: Span
    today: date
    now: Figures
    before: Figures
    since: date | None

    @property
    def goes_on(self) -> bool:
        """Whether there are more days to come, or today is the last one."""
        return not self.span.is_over(self.today)

    @property
    def compared(self) -> tuple[date, date]:
        """The days it is compared with."""
        return compared(self.span, self.today)

    @property
    def counted_later(self) -> bool:
        """Whether counting began after the first of the days that it is compared with."""
        return self.since is not None and self.since > self.compared[0]

    @property
    def is_empty(self) -> bool:
        """Nothing was counted."""
        return not (self.now.answered or self.now.missed or self.now.left_early)

    @property
    def name(self) -> str:
        """The period."""
        return name_of(self.span)

    @property
    def before_name(self) -> str:
        """The days it is compared with: the period before, or as much of it."""
        first, last = self.compared
        if last == self.span.before.last:
            return name_of(self.span.before)
        return between(first, last)


def short_before(told: Told) -> str:
    """The days it is compared with, where the page has said already which they are."""
    if isinstance(told.span, Day):
        return _("the day before")
    if isinstance(told.span, Week) and not told.goes_on:
        return _("the week before")
    return told.before_name


def name_of(span: Span) -> str:
    """`2026`, `November 2026`, `week 47, 16–22 Nov 2026` or `Monday 23 November 2026`, in the console's language."""
    if isinstance(span, Day):
        return format_date(span.day, "EEEE d MMMM y")
    if isinstance(span, Week):
        days = between(span.first, span.last)
        return _("week %(number)s, %(days)s", number=span.monday.isocalendar().week, days=days)
    return str(span.year) if span.month is None else format_date(span.first, "LLLL y")


def between(first: date, last: date) -> str:
    """From one day to another."""
    if first == last:
        return format_date(first, "d MMM y")
    begin = "d" if (first.year, first.month) == (last.year, last.month) else "d MMM"
    if first.year != last.year:
        begin = "d MMM y"
    return f"{format_date(first, begin)}–{format_date(last, 'd MMM y')}"


def compared_words(told: Told) -> str:
    """Against what all figures are compared, in sentences."""
    said = [_compared(told)]
    if told.since and told.counted_later:
        said.append(_("Counting began on %(day)s.", day=format_date(told.since, "d MMMM y")))
    return " ".join(said)


def _compared(told: Told) -> str:
    if isinstance(told.span, Day):
        of_day = _("Compared with the day before, %(day)s.", day=told.before_name)
        not_over = _("The day is not over.")
        return f"{of_day} {not_over}" if told.goes_on else of_day
    if not told.goes_on:
        return _("Compared with %(period)s.", period=told.before_name)
    come = told.span.days_until(told.today)
    so_far = _("So far: day %(day)s of %(days)s.", day=come, days=(told.span.last - told.span.first).days + 1)
    first, last = told.compared
    if (last - first).days + 1 == come:
        same = _("Compared with as many days of the one before: %(days)s.", days=between(first, last))
    else:
        same = _("Compared with all of the one before, which was shorter: %(days)s.", days=between(first, last))
    return f"{so_far} {same}"


def against(now: float, before: float, told: Told) -> str:
    """How a count stands beside the one before: in percent where that says more than the number."""
    if not before:
        return _("%(period)s: none", period=short_before(told))
    if before < ENOUGH_FOR_A_CHANGE or told.counted_later:
        return _("%(period)s: %(number)s", period=short_before(told), number=number(before))
    grown = change(now, before) or 0
    sign = "+" if grown > 0 else ""
    return _(
        "%(change)s on %(period)s (%(number)s)",
        change=sign + percent(grown),
        period=short_before(told),
        number=number(before),
    )


def stood(said: str, told: Told) -> str:
    """The figure of before that is no count."""
    return _("%(period)s: %(number)s", period=short_before(told), number=said)


def minutes(seconds: float | None) -> str:
    """`1:50`; a dash where nothing was measured."""
    return "–" if seconds is None else f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def cell(value: float | None) -> str:
    """A number of a table; a dash where there is none."""
    return "–" if value is None else number(value)


def share(part: float | None) -> str:
    """A part of one in percent; a dash where there is none."""
    return "–" if part is None else percent(part)


def most_words(counts: Mapping[str, int], labels: Mapping[str, str]) -> str:
    """Which was the most, as a sentence."""
    most = max(counts, key=lambda code: counts[code], default=None)
    if most is None or not counts[most]:
        return _("None.")
    return _("Most: %(what)s, %(number)s.", what=labels[most], number=number(counts[most]))


def said_step(span: Span, first: date) -> str:
    """A step in a sentence: its month, or its day with the month."""
    return format_date(first, "MMMM" if isinstance(span, Period) and span.month is None else "d MMMM")


def steps_of(span: Span) -> list[tuple[str, date, date]]:
    """The months of a year, the days of a month or week: a name, the first and the last day."""
    if isinstance(span, Period) and span.month is None:
        months = [Period(span.year, step.month) for step in span.steps]
        return [(format_date(month.first, "LLL"), month.first, month.last) for month in months]
    pattern = "d" if isinstance(span, Period) else "EEE d"
    return [(format_date(step, pattern), step, step) for step in span.steps]
