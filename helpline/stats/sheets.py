"""The tables in which a line's figures leave the house: which there are, and what they count. Pure.

The same tables are told exactly to the organisation itself and protected to everybody else. Categories come from the
lists of the line, never from the rows of a month; a code that is in no list counts under `other`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from helpline.contacts import categories
from helpline.contacts.categories import CAUSES, CHANNELS, CONCERNS, GENDERS, LEFT_EARLY, NONE, UNKNOWN
from helpline.contacts.tally import ANSWERED, MISSED
from helpline.stats.disclosure import OTHER, merge
from helpline.stats.figures import PARTS_OF_DAY, WEEKDAYS, Figures, part_of_day
from helpline.stats.tables import Dimension, Key, Table

VISITS, COURSE, ADVICE, INDIVIDUALS = "visits", "course", "advice", "individuals"
RETURNING = ("yes", "no")
# Tables of a release alone, by population: how many of its rows came too late for the release of their own month.
LATE = {ANSWERED: "answered-late", MISSED: "missed-late"}
IS_LATE: Key = ("yes",)
# What may be merged into `other` when it hardly occurs, by population.
MERGED = {
    ANSWERED: ("topic", "found_via", "referral"),
    VISITS: ("module",),
    ADVICE: ("tree", "asked_for"),
}


@dataclass(frozen=True)
class Lists:
    """The codes of a line that are no constants: its topics, modules, trees, and for whom these are asked."""

    line: str
    topics: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    trees: tuple[str, ...] = ()
    asked_for: tuple[str, ...] = ()


@dataclass(frozen=True)
class Counters:
    """The counters beside the ledgers, of the same days.

    advice: by tree, asked for, age band and gender. visits: by module and whether seen before, module '' the course.
    """

    advice: Mapping[tuple[str, str, str, str], int] = field(default_factory=dict)
    visits: Mapping[tuple[str, bool], int] = field(default_factory=dict)


def dimensions(lists: Lists) -> dict[tuple[str, str], Dimension]:
    """Every dimension by population and name, before anything is merged."""
    ages = (*categories.age_bands(lists.line), UNKNOWN)
    genders = Dimension("gender", (*GENDERS, UNKNOWN))
    here = {
        ANSWERED: (
            Dimension("channel", CHANNELS),
            Dimension("concern", (*CONCERNS, UNKNOWN)),
            Dimension("age_band", ages),
            genders,
            Dimension("topic", _with(lists.topics, UNKNOWN), several=True),
            Dimension("found_via", _with(categories.found_via(lists.line), OTHER, UNKNOWN)),
            Dimension("referral", _with(categories.referrals(lists.line), OTHER, NONE)),
            Dimension("weekday", WEEKDAYS),
            Dimension("part_of_day", PARTS_OF_DAY),
        ),
        MISSED: (
            Dimension("channel", CHANNELS),
            Dimension("missed_reason", tuple(cause for cause in CAUSES if cause != LEFT_EARLY)),
            Dimension("weekday", WEEKDAYS),
            Dimension("part_of_day", PARTS_OF_DAY),
        ),
        VISITS: (Dimension("module", _with(lists.modules, OTHER)), Dimension("returning", RETURNING)),
        COURSE: (Dimension("returning", RETURNING),),
        ADVICE: (
            # The trees of every line ask in the same bands.
            Dimension("age_band", (*categories.AGE_BANDS["youth"], UNKNOWN)),
            genders,
            Dimension("tree", _with(lists.trees, OTHER)),
            Dimension("asked_for", _with(lists.asked_for, OTHER)),
        ),
    }
    return {(population, d.name): d for population, some in here.items() for d in some}


def _with(codes: Iterable[str], *more: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*codes, *more)))


def tables(
    figures: Figures, counters: Counters, lists: Lists, merged: Mapping[tuple[str, str], Sequence[str]] | None = None
) -> list[Table]:
    """The tables of a line, exact. `merged`: categories that count under `other`, by population and dimension; of
    topics the figures must have been counted so already."""
    known = dimensions(lists)
    for place, words in (merged or {}).items():
        known[place] = merge(known[place], words)

    def table(name: str, population: str, names: Sequence[str], counts: Mapping[Key, int]) -> Table:
        dims = tuple(known[population, dimension] for dimension in names)
        return Table(name, population, dims, _in_categories(dims, counts))

    made = [
        table("answered-by-channel", ANSWERED, ("channel", "concern"), _by_channel(figures, "concern gender")),
        table("answered-by-age", ANSWERED, ("age_band", "gender"), figures.by(ANSWERED, "age_band gender")),
        table("answered-by-concern", ANSWERED, ("concern", "gender"), figures.by(ANSWERED, "concern gender")),
        table("answered-by-topic", ANSWERED, ("topic", "gender"), figures.by(ANSWERED, "topic gender")),
        table("answered-by-time", ANSWERED, ("weekday", "part_of_day"), _by_time(figures, ANSWERED)),
        table("answered-by-route", ANSWERED, ("found_via",), figures.by(ANSWERED, "found_via")),
        table("answered-by-referral", ANSWERED, ("referral",), figures.by(ANSWERED, "referral")),
        table("missed-by-reason", MISSED, ("channel", "missed_reason"), _missed_by_channel(figures)),
        table("missed-by-time", MISSED, ("weekday", "part_of_day"), _by_time(figures, MISSED)),
    ]
    if lists.modules:
        made += [
            table("self-help-visits", VISITS, ("module", "returning"), _visits(counters, of_course=False)),
            table("self-help-course", COURSE, ("returning",), _visits(counters, of_course=True)),
        ]
    if lists.trees:
        made += [
            table("advice-by-asker", ADVICE, ("age_band", "gender"), _advice(counters, 2, 3)),
            table("advice-by-tree", ADVICE, ("tree", "asked_for"), _advice(counters, 0, 1)),
        ]
    return made


def late_tables(all_of_them: Figures, late: Figures) -> list[Table]:
    """How many of the rows of a release are late ones, protected with all else: an exact number beside the tables
    would narrow them."""
    dimension = Dimension("late", ("yes", "no"))
    numbers = {
        ANSWERED: (late.answered, all_of_them.answered - late.answered),
        MISSED: (late.missed, all_of_them.missed - late.missed),
    }
    return [
        Table(LATE[population], population, (dimension,), {IS_LATE: yes, ("no",): no})
        for population, (yes, no) in numbers.items()
    ]


def individuals(line: str, by_concern: Mapping[str, int], by_age_band: Mapping[str, int]) -> list[Table]:
    """The tables of the individuals of a line's year."""
    known = dimensions(Lists(line))
    return [
        Table(
            f"individuals-by-{name}", INDIVIDUALS, (known[ANSWERED, dimension],), {(word,): n for word, n in of.items()}
        )
        for name, dimension, of in (("concern", "concern", by_concern), ("age", "age_band", by_age_band))
    ]


def _in_categories(dims: Sequence[Dimension], counts: Mapping[Key, int]) -> dict[Key, int]:
    """With what is in no list under `other`."""
    cells: Counter[Key] = Counter()
    for key, number in counts.items():
        cells[tuple(word if word in d.words else OTHER for d, word in zip(dims, key, strict=True))] += number
    return dict(cells)


def _by_channel(figures: Figures, what: str) -> Counter[Key]:
    counted: Counter[Key] = Counter()
    for channel in figures.channels:
        for value, number in figures.narrowed(channel, figures.in_hours).along(ANSWERED, what, 0).items():
            counted[channel, *value] += number
    return counted


def _missed_by_channel(figures: Figures) -> Counter[Key]:
    counted: Counter[Key] = Counter()
    for channel in figures.channels:
        for value, number in figures.narrowed(channel, figures.in_hours).along(MISSED, "hour cause", 1).items():
            counted[channel, *value] += number
    return counted


def _by_time(figures: Figures, ledger: str) -> Counter[Key]:
    counted: Counter[Key] = Counter()
    for (weekday, hour), number in figures.by_time(ledger).items():
        counted[weekday, part_of_day(hour)] += number
    return counted


def _visits(counters: Counters, *, of_course: bool) -> Counter[Key]:
    counted: Counter[Key] = Counter()
    for (module, seen_before), number in counters.visits.items():
        if (module == "") is of_course:
            returning = "yes" if seen_before else "no"
            counted[(returning,) if of_course else (module, returning)] += number
    return counted


def _advice(counters: Counters, *axes: int) -> Counter[Key]:
    counted: Counter[Key] = Counter()
    for key, number in counters.advice.items():
        counted[tuple(key[axis] for axis in axes)] += number
    return counted
