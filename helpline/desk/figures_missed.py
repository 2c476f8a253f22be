"""What was missed and what to do about it: when, why, what became of them, and plain sentences of advice."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from helpline.contacts.categories import CAUSES, LEFT_EARLY, NONE
from helpline.contacts.tally import ANSWERED, MISSED
from helpline.desk.course_views import number
from helpline.desk.figures_parts import along, drawn, shares
from helpline.desk.figures_tiles import CAUGHT
from helpline.desk.figures_words import Part, Told, share
from helpline.lines.hours import hours_of_week, parse_hours
from helpline.stats.charts import Chart, Series
from helpline.stats.figures import WEEKDAYS
from helpline.stats.findings import ONE_MORE, OPEN, PLAN_A_SHIFT, Finding, findings
from helpline.stats.heat import HOURS, heat
from helpline.stats.periods import Period
from helpline.stats.words import word

_EACH = {
    "monday": _l("Mondays"),
    "tuesday": _l("Tuesdays"),
    "wednesday": _l("Wednesdays"),
    "thursday": _l("Thursdays"),
    "friday": _l("Fridays"),
    "saturday": _l("Saturdays"),
    "sunday": _l("Sundays"),
}
_SHORT = {
    "monday": _l("Mon"),
    "tuesday": _l("Tue"),
    "wednesday": _l("Wed"),
    "thursday": _l("Thu"),
    "friday": _l("Fri"),
    "saturday": _l("Sat"),
    "sunday": _l("Sun"),
}
_BECAUSE = {
    "nobody_on_duty": _l("because nobody was on duty"),
    "closed": _l("because the line was closed"),
    "queue_full": _l("because the queue was full"),
    "left": _l("because they left while they waited"),
    "unanswered": _l("because nobody answered in time"),
}
_HELPS = {
    PLAN_A_SHIFT: _l("Plan a shift there."),
    OPEN: _l("These hours would be worth opening."),
    ONE_MORE: _l("One more counsellor there would help."),
}
# Opening hours changed where more than one contact in so many came at another time.
AGREE = 20
Time = tuple[int, int]
# What is said in a table about an hour in which the line is closed.
CLOSED = "(%s)"


def advice(told: Told) -> list[str]:
    """What the missed contacts of the period ask for, in sentences; each number counts rows."""
    return [sentence(finding, told) for finding in findings(told.now.missed_by_time())]


def sentence(finding: Finding, told: Told) -> str:
    """A finding in words."""
    many = isinstance(told.span, Period)
    said = _(
        "%(days)s %(start)s–%(end)s: %(number)s missed %(because)s.",
        days=_EACH[finding.weekday] if many else word("weekday", finding.weekday),
        start=finding.start,
        end=finding.end,
        number=number(finding.missed),
        because=_BECAUSE[finding.cause],
    )
    return f"{said} {_HELPS[finding.helps]}"


def missed(told: Told) -> list[Part]:
    """By cause, inside and outside opening hours, and what became of them."""
    causes = [cause for cause in CAUSES if cause != LEFT_EARLY]
    made = (
        shares(
            told,
            "cause",
            _("Why they were missed"),
            "cause",
            causes,
            along(MISSED, "hour cause", 1),
            _("Counts each missed contact once, under the cause of its end."),
        ),
        shares(
            told,
            "caught",
            _("What became of them"),
            "caught_by",
            (*CAUGHT, NONE),
            along(MISSED, "cause caught_by", 1),
            _("What a missed visitor did next, as far as the same visit shows it."),
        ),
        inside_and_outside(told) if told.now.in_hours is None else None,
    )
    return [part for part in made if part]


def inside_and_outside(told: Told) -> Part | None:
    """Answered, missed and the share missed, in and outside opening hours."""
    pairs = [
        [figures.narrowed(figures.channel, inside) for figures in (told.now, told.before)] for inside in (True, False)
    ]
    pairs.append([told.now, told.before])
    if not told.now.missed:
        return None
    labels = [word("in_hours", "yes"), word("in_hours", "no"), _("All")]
    rows = [
        [
            label,
            number(now.answered),
            number(before.answered),
            number(now.missed),
            number(before.missed),
            share(now.share_missed),
            share(before.share_missed),
        ]
        for label, (now, before) in zip(labels, pairs, strict=True)
    ]
    chart = Chart(
        "in-hours",
        _("In and outside opening hours"),
        _(
            "Share missed in opening hours: %(inside)s, outside: %(outside)s.",
            inside=rows[0][5],
            outside=rows[1][5],
        ),
        tuple(labels[:2]),
        (
            Series(_("Answered"), tuple(pair[0].answered for pair in pairs[:2])),
            Series(_("Missed"), tuple(pair[0].missed for pair in pairs[:2])),
        ),
    )
    head = [
        _("Opening hours"),
        _("Answered"),
        _("Answered before"),
        _("Missed"),
        _("Missed before"),
        _("Share missed"),
        _("Share before"),
    ]
    note = _("By the hours that the line had at that moment. Shares are of chats and calls.")
    return drawn(chart, head, rows[:2], rows[2], note, marks=(1, 3))


def weekday_by_hour(told: Told) -> Part | None:
    """The heat map, with the opening hours of today."""
    by_time = told.now.by_time(MISSED)
    if not by_time:
        return None
    counts = {(WEEKDAYS.index(day), hour): count for (day, hour), count in by_time.items()}
    is_open, which = open_hours(told)
    labels = tuple(str(_SHORT[day]) for day in WEEKDAYS)
    chart = Chart("heat", _("When contacts are missed"), _peak(counts), labels, ())
    legend = (_("opening hours"), _("missed: none to"))

    def say(weekday: int, hour: int, count: int) -> str:
        day = word("weekday", WEEKDAYS[weekday])
        return _("%(day)s %(start)s–%(end)s: %(number)s", day=day, start=hour, end=hour + 1, number=number(count))

    rows = []
    for hour in range(HOURS):
        row = [counts.get((day, hour), 0) for day in range(len(WEEKDAYS))]
        cells = [number(count) if (day, hour) in is_open else CLOSED % number(count) for day, count in enumerate(row)]
        rows.append([f"{hour}–{hour + 1}", *cells, number(sum(row))])
    total = [_("All")]
    total += [number(sum(count for (day, _h), count in counts.items() if day == here)) for here in range(len(WEEKDAYS))]
    total.append(number(sum(counts.values())))
    notes = [_("In the table, brackets mean outside opening hours."), which]
    svg = heat(chart, counts, is_open, legend, say, number)
    return Part(chart, svg, [_("Hour"), *labels, _("All")], rows, total, notes)


def open_hours(told: Told) -> tuple[frozenset[Time], str]:
    """The opening hours of now where the contacts agree with them, else those in which most contacts came inside."""
    inside, outside = _by_time(told, in_hours=True), _by_time(told, in_hours=False)
    of_now = hours_of_week(parse_hours(told.line.hours))
    against = sum(count for at, count in inside.items() if at not in of_now)
    against += sum(count for at, count in outside.items() if at in of_now)
    if against * AGREE <= inside.total() + outside.total():
        return of_now, _("Opening hours are those of now.")
    were = {at for at, count in inside.items() if count > outside[at]}
    for day in range(len(WEEKDAYS)):
        heard = [hour for hour in range(HOURS) if inside[day, hour] or outside[day, hour]]
        for hour, after in pairwise(heard):
            # Nobody came in an hour between two open ones: it was open too.
            if {(day, hour), (day, after)} <= were:
                were |= {(day, between) for between in range(hour, after)}
    return frozenset(were), _("The line had other hours then: open is what most contacts of that hour say.")


def _by_time(told: Told, in_hours: bool) -> Counter[Time]:
    figures, counted = told.now.narrowed(told.now.channel, in_hours), Counter[Time]()
    for ledger in (ANSWERED, MISSED):
        for (day, hour), count in figures.by_time(ledger).items():
            counted[WEEKDAYS.index(day), hour] += count
    return counted


def _peak(counts: dict[tuple[int, int], int]) -> str:
    (day, hour), most = max(sorted(counts.items()), key=lambda one: one[1])
    return _(
        "Most missed: %(day)s %(start)s–%(end)s, %(number)s.",
        day=word("weekday", WEEKDAYS[day]),
        start=hour,
        end=hour + 1,
        number=number(most),
    )
