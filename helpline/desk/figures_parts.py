"""The parts of the page of figures: a chart with its table for each thing that contacts are counted by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta

from flask_babel import gettext as _

from helpline import web
from helpline.contacts import categories
from helpline.contacts import service as contacts
from helpline.contacts.categories import CHANNELS, CONCERNS, GENDERS, NONE, UNKNOWN
from helpline.contacts.tally import ANSWERED, ANY, MISSED
from helpline.desk.course_views import number
from helpline.desk.figures_words import Part, Told, cell, most_words, said_step, share, steps_of
from helpline.stats import charts
from helpline.stats.charts import Chart, Series
from helpline.stats.figures import CAN_BE_MISSED, WEEKDAYS, Figures
from helpline.stats.periods import Day, Period
from helpline.stats.words import heading, word

HOURS = 24
YES_NO = ("yes", "no", UNKNOWN)
# The upper ends of bands of a wait in seconds, of a length in minutes; what is longer is the last band.
WAITS, LENGTHS = (60, 120, 300, 600, 1200), (5, 15, 30, 45, 60)
Counts = Mapping[str, int]
# A weekday and an hour.
Time = tuple[str, int]


def drawn(
    chart: Chart,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    total: Sequence[str],
    *notes: str,
    marks: Sequence[int] = (1,),
) -> Part:
    """A table with a bar in each row for each series; `marks`: the columns that say their numbers."""
    most = max((value or 0 for series in chart.series for value in series.values), default=0)
    bars = [charts.beams([series.values[place] for series in chart.series], most) for place in range(len(rows))]
    return Part(chart, "", head, rows, total, [note for note in notes if note], bars, marks)


def shares(
    told: Told,
    key: str,
    title: str,
    dimension: str,
    order: Iterable[str],
    counts: Callable[[Figures], Counts],
    note: str,
) -> Part | None:
    """How contacts divide over the values of one dimension, with their shares; None without any."""
    now, before = counts(told.now), counts(told.before)
    if not any(now.values()):
        return None
    # What only an import knows stands behind what the line knows.
    codes = list(dict.fromkeys((*order, *sorted(now), *sorted(before))))
    labels = {code: word(dimension, code) for code in codes}
    whole, was = sum(now.values()), sum(before.values())
    chart = Chart(key, title, most_words(now, labels), tuple(labels.values()), _both(told, codes, now, before))
    rows = [
        [
            labels[code],
            number(now.get(code, 0)),
            share(now.get(code, 0) / whole),
            number(before.get(code, 0)),
            share(before.get(code, 0) / was if was else None),
        ]
        for code in codes
    ]
    head = [heading(dimension), *columns()]
    total = [_("All"), number(whole), share(1), number(was), share(1 if was else None)]
    return drawn(chart, head, rows, total, note, marks=(1, 3))


def columns() -> list[str]:
    """The heads behind the first: a number and its share, and those of before."""
    return [_("Number"), _("Share"), _("Before"), _("Share before")]


def _both(told: Told, codes: Sequence[str], now: Counts, before: Counts) -> tuple[Series, ...]:
    return tuple(
        Series(name, tuple(some.get(code, 0) for code in codes))
        for name, some in ((told.name, now), (told.before_name, before))
    )


def along(ledger: str, what: str, axis: int = 0) -> Callable[[Figures], Counts]:
    """Counts by one place of what a tally has."""
    return lambda figures: {value[0]: count for value, count in figures.along(ledger, what, axis).items()}


def who(told: Told) -> list[Part]:
    """Who was in touch, and how they found us."""
    slug = told.line.slug
    once = _("Counts each answered contact once.")
    genders, ages = (*GENDERS, UNKNOWN), (*categories.age_bands(slug), UNKNOWN)
    found_via, referrals = (*categories.found_via(slug), UNKNOWN), (*categories.referrals(slug), NONE)
    concerns = (*CONCERNS, UNKNOWN)
    made = (
        shares(told, "concern", _("Who it was about"), "concern", concerns, along(ANSWERED, "concern gender"), once),
        shares(told, "age", _("Ages"), "age_band", ages, along(ANSWERED, "age_band gender"), once),
        shares(told, "gender", heading("gender"), "gender", genders, along(ANSWERED, "concern gender", 1), once),
        shares(told, "recorded", _("Recorded on image"), "recorded", YES_NO, along(ANSWERED, "recorded"), once),
        shares(told, "returned", _("In touch before"), "returned", YES_NO, along(ANSWERED, "returned"), once),
        shares(told, "found-via", _("How they found us"), "found_via", found_via, along(ANSWERED, "found_via"), once),
        shares(told, "referral", _("Where we sent them"), "referral", referrals, along(ANSWERED, "referral"), once),
        topics(told),
    )
    return [part for part in made if part]


def topics(told: Told) -> Part | None:
    """Topics in two levels: one of the first with all below it, and each of these; a contact counts once in a row."""
    now, before = (_by_topic(figures) for figures in (told.now, told.before))
    if not now.get(ANY):
        return None
    language = web.language()
    labels, shown = {}, []
    for topic in contacts.topics_of(told.line.slug):
        said = topic.labels.get(language) or next(iter(topic.labels.values()), topic.code)
        labels[topic.code] = f"– {said}" if topic.parent else said
        shown.append((topic.code, topic.parent))
    counted = {code for code in (*now, *before) if now.get(code) or before.get(code)} - {ANY}
    wanted = counted | {parent for code, parent in shown if code in counted and parent}
    codes = [code for code, _parent in shown if code in wanted]
    codes += sorted(counted - labels.keys() - {UNKNOWN}) + [UNKNOWN] * (UNKNOWN in counted)
    labels |= {code: word("topic", code) for code in codes if code not in labels}
    of_topics = {code: now.get(code, 0) for code in codes if code != UNKNOWN}
    chart = Chart(
        "topics",
        _("What it was about"),
        most_words(of_topics, {code: label.removeprefix("– ") for code, label in labels.items()}),
        tuple(labels[code] for code in codes),
        _both(told, codes, now, before),
    )
    rows = [
        [
            labels[code],
            number(now.get(code, 0)),
            share(now.get(code, 0) / now[ANY]),
            number(before.get(code, 0)),
            share(before.get(code, 0) / before[ANY] if before.get(ANY) else None),
        ]
        for code in codes
    ]
    head = [heading("topic"), *columns()]
    total = [_("Contacts"), number(now[ANY]), "", number(before.get(ANY, 0)), ""]
    note = _("A contact counts once in each row that fits it, so rows add up to more than the contacts.")
    return drawn(chart, head, rows, total, note, marks=(1, 3))


def _by_topic(figures: Figures) -> dict[str, int]:
    """Counts by topic, those of the first level with what is below them."""
    return dict(along(ANSWERED, "topic gender")(figures)) | dict(along(ANSWERED, "topic_group")(figures))


# When


def when(told: Told) -> list[Part]:
    """Answered and missed over time, by weekday and by hour."""
    by_time = [figures.by_time(ledger) for ledger in (ANSWERED, MISSED) for figures in (told.now, told.before)]
    made = [] if isinstance(told.span, Day) else [over_time(told)]
    if isinstance(told.span, Period):
        made.append(_by_weekday(told, by_time))
    return [*made, _by_hour(told, by_time)]


def _four(
    told: Told, title: str, rows: Sequence[tuple[str, Sequence[float | None]]]
) -> tuple[list[str], list[list[str]], list[str]]:
    """Head, rows and sums of a table with answered and missed, each with the one before."""
    head = [title, _("Answered"), _("Answered before"), _("Missed"), _("Missed before")]
    sums = [number(sum(values[place] or 0 for _label, values in rows)) for place in range(4)]
    return head, [[label, *map(cell, values)] for label, values in rows], [_("All"), *sums]


def over_time(told: Told) -> Part:
    """By month, or by day; the step that goes on is in the table only."""
    steps, were = steps_of(told.span), steps_of(told.span.before)
    by_year = isinstance(told.span, Period) and told.span.month is None
    days = [figures.by_day(ledger) for ledger in (ANSWERED, MISSED) for figures in (told.now, told.before)]
    until = told.compared[1]

    def value(place: int, spans: Sequence[tuple[str, date, date]], counts: Mapping[date, int], end: date) -> int | None:
        if place >= len(spans) or spans[place][1] > end:
            return None
        _name, first, last = spans[place]
        days = (first + timedelta(days=more) for more in range((last - first).days + 1))
        return sum(counts.get(day, 0) for day in days)

    rows = []
    for place in range(max(len(steps), len(were))):
        name = (steps if place < len(steps) else were)[place][0]
        values = [
            value(place, *((steps, counts, told.today) if column % 2 == 0 else (were, counts, until)))
            for column, counts in enumerate(days)
        ]
        rows.append((name, values))
    head, cells, sums = _four(told, _("Month") if by_year else _("Day"), rows)
    come = [place for place, (_name, first, _last) in enumerate(steps) if first <= told.today]
    open_step = come[-1] if told.goes_on and len(come) > 1 else None
    series = [
        Series(name, tuple(None if place == open_step else rows[place][1][column] for place in range(len(steps))))
        for name, column in ((_("Answered"), 0), (_("Missed"), 2))
    ]
    labels = tuple(name for name, _first, _last in steps)
    most = max(come, key=lambda place: rows[place][1][0] or 0)
    text = _most_answered(said_step(told.span, steps[most][1]), rows[most][1][0])
    title = _("Contacts by month") if by_year else _("Contacts by day")
    chart = Chart("over-time", title, text, labels, tuple(series))
    notes = [_("What is not over yet stands in the table only.")] if open_step is not None else []
    return Part(chart, charts.lines(chart, number), head, cells, sums, notes)


def _by_weekday(told: Told, by_time: Sequence[Counter[Time]]) -> Part:
    counts = [_along_time(some, 0) for some in by_time]
    rows = [(word("weekday", day), [some[day] for some in counts]) for day in WEEKDAYS]
    return _two_bars(told, "weekday", _("Contacts by weekday"), heading("weekday"), rows)


def _by_hour(told: Told, by_time: Sequence[Counter[Time]]) -> Part:
    counts = [_along_time(some, 1) for some in by_time]
    rows = [(f"{hour}–{hour + 1}", [some[hour] for some in counts]) for hour in range(HOURS)]
    head, cells, sums = _four(told, _("Hour"), rows)
    most = max(range(HOURS), key=lambda hour: rows[hour][1][0])
    text = _most_answered(rows[most][0], rows[most][1][0])
    labels = tuple(str(hour) for hour in range(HOURS))
    series = tuple(
        Series(name, tuple(values[column] for _label, values in rows))
        for name, column in ((_("Answered"), 0), (_("Missed"), 2))
    )
    chart = Chart("hour", _("Contacts by hour"), text, labels, series)
    note = _("By the hour in which they came, on the clock of the line.")
    return Part(chart, charts.lines(chart, number), head, cells, sums, [note])


def _most_answered(when: str, count: int | None) -> str:
    if not count:
        return _("No contact was answered.")
    return _("Most answered: %(when)s, %(number)s.", when=when, number=number(count))


def _along_time(by_time: Counter[Time], axis: int) -> Counter[str | int]:
    counted: Counter[str | int] = Counter()
    for at, count in by_time.items():
        counted[at[axis]] += count
    return counted


def _two_bars(
    told: Told, key: str, title: str, first: str, rows: Sequence[tuple[str, Sequence[int]]], *notes: str
) -> Part:
    head, cells, sums = _four(told, first, rows)
    labels = tuple(label for label, _values in rows)
    most = max(rows, key=lambda row: row[1][0])
    chart = Chart(
        key,
        title,
        _most_answered(most[0], most[1][0]),
        labels,
        (
            Series(_("Answered"), tuple(values[0] for _label, values in rows)),
            Series(_("Missed"), tuple(values[2] for _label, values in rows)),
        ),
    )
    return drawn(chart, head, cells, sums, *notes, marks=(1, 3))


# How


def how(told: Told) -> list[Part]:
    """By channel, how long people waited and how long contacts took."""
    made = (
        _by_channel(told) if told.now.channel is None else None,
        _bands(told, "waits", _("How long people waited"), "wait_s", WAITS, _minutes_of_seconds),
        _bands(told, "lengths", _("How long contacts took"), "length_min", LENGTHS, _minutes_of_minutes),
    )
    return [part for part in made if part]


def _by_channel(told: Told) -> Part:
    counts = [figures.by_channel(ledger) for ledger in (ANSWERED, MISSED) for figures in (told.now, told.before)]
    rows = [(word("channel", channel), [some[channel] for some in counts]) for channel in CHANNELS]
    said = ", ".join(word("channel", channel) for channel in CAN_BE_MISSED)
    note = _("Shares of what was missed are of these alone: %(channels)s.", channels=said)
    return _two_bars(told, "channel", _("Contacts by channel"), heading("channel"), rows, note)


def _minutes_of_seconds(low: int, high: int | None) -> str:
    return _minutes_of_minutes(low // 60, None if high is None else high // 60)


def _minutes_of_minutes(low: int, high: int | None) -> str:
    if high is None:
        return _("%(minutes)s min and longer", minutes=low)
    return _("%(low)s–%(high)s min", low=low, high=high)


def _bands(
    told: Told, key: str, title: str, what: str, ends: Sequence[int], say: Callable[[int, int | None], str]
) -> Part | None:
    bands = list(zip((0, *ends), (*ends, None), strict=True))

    def counts(figures: Figures) -> Counts:
        measured = figures.by(ANSWERED, what)
        return {
            say(low, high): sum(
                count
                for (value,), count in measured.items()
                if low <= int(value) and (high is None or int(value) < high)
            )
            for low, high in bands
        }

    note = _("Answered contacts of which it was measured; a band ends just before its second number.")
    return shares(told, key, title, _("Minutes"), [say(*band) for band in bands], counts, note)
