"""The tables in which figures are told: what the rows say, and equal where they must be equal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from helpline.contacts import categories
from helpline.contacts.tally import AnsweredRow, MissedRow, tally
from helpline.stats.figures import Figures, Spread, figures, part_of_day
from helpline.stats.sheets import Counters, Lists, tables
from helpline.stats.tables import TOTAL, by_figure

LISTS = Lists("prevention", ("viewing", "urges", "press"), ("goals", "plan"), ("me", "partner"), ("self", "child"))
DAYS = [date(2026, 3, 26) + timedelta(days=day) for day in range(8)]


def one_of(*values: str) -> st.SearchStrategy[str]:
    return st.sampled_from(values)


hours, channels = st.integers(0, 23), one_of(*categories.CHANNELS)
answered_rows = st.builds(
    AnsweredRow,
    channel=channels,
    in_hours=st.booleans(),
    hour=hours,
    language=one_of("nl", "en"),
    wait_s=st.none() | st.integers(0, 40).map(lambda tens: tens * 10),
    length_min=st.none() | st.integers(0, 90),
    concern=one_of(*categories.CONCERNS, "unknown"),
    age_band=one_of(*categories.age_bands("prevention"), "unknown"),
    gender=one_of(*categories.GENDERS, "unknown"),
    found_via=one_of("internet", "police", "unknown", "billboard"),
    referral=one_of("none", "police", "elsewhere"),
    recorded=one_of("yes", "no", "unknown"),
    returned=one_of("yes", "no", "unknown"),
    topics=st.sets(one_of("viewing", "urges", "press"), max_size=3).map(lambda some: tuple(sorted(some))),
)
missed_rows = st.builds(
    MissedRow,
    channel=channels,
    in_hours=st.booleans(),
    hour=hours,
    language=one_of("nl", "en"),
    wait_s=st.none() | st.integers(0, 40).map(lambda tens: tens * 10),
    cause=one_of(*categories.CAUSES),
    caught_by=one_of("none", "letter", "advice"),
)
ledgers = st.tuples(
    st.lists(st.tuples(st.sampled_from(DAYS), answered_rows), max_size=25),
    st.lists(st.tuples(st.sampled_from(DAYS), missed_rows), max_size=25),
)
counters = st.builds(
    Counters,
    advice=st.dictionaries(
        st.tuples(one_of("me", "partner", "old"), one_of("self", "child"), one_of("12-15", "26+"), one_of("male")),
        st.integers(1, 9),
        max_size=5,
    ),
    visits=st.dictionaries(
        st.tuples(one_of("", "goals", "plan", "gone"), st.booleans()), st.integers(1, 9), max_size=6
    ),
)
Ledger = tuple[list[tuple[date, AnsweredRow]], list[tuple[date, MissedRow]]]


def added_up(ledger: Ledger) -> Figures:
    answered, missed = ledger
    return figures(
        (day, tally([row for on, row in answered if on == day], [row for on, row in missed if on == day]))
        for day in DAYS
    )


def told(found: Figures, counted: Counters | None = None) -> dict[str, dict[tuple[str, ...], int]]:
    return {table.name: table.figures() for table in tables(found, counted or Counters(), LISTS)}


@settings(max_examples=40, deadline=None)
@given(ledgers, counters)
def test_tables_that_share_a_margin_agree_on_it(ledger: Ledger, counted: Counters) -> None:
    made = tables(added_up(ledger), counted, LISTS)
    by_figure(made)  # raises where two tables tell different counts of the same
    sheets = {table.name: table.figures() for table in made}
    answered = {name: cells for name, cells in sheets.items() if name.startswith("answered")}
    wholes = {
        name: cells[tuple(dimension.margin for dimension in table.dimensions)]
        for (name, cells), table in zip(sheets.items(), made, strict=True)
    }
    assert {wholes[name] for name in answered} == {len(ledger[0])}
    there = sum(row.cause != "left_early" for _, row in ledger[1])
    assert wholes["missed-by-reason"] == wholes["missed-by-time"] == there
    assert wholes["advice-by-asker"] == wholes["advice-by-tree"] == sum(counted.advice.values())


@settings(max_examples=40, deadline=None)
@given(ledgers, st.none() | channels, st.none() | st.booleans())
def test_every_cell_is_a_plain_count_of_its_rows(ledger: Ledger, channel: str | None, in_hours: bool | None) -> None:
    def fits(row: AnsweredRow | MissedRow) -> bool:
        return channel in (None, row.channel) and in_hours in (None, row.in_hours)

    answered = [(day, row) for day, row in ledger[0] if fits(row)]
    missed = [(day, row) for day, row in ledger[1] if fits(row) and row.cause != "left_early"]
    sheets = told(added_up(ledger).narrowed(channel, in_hours))

    def expect(sheet: str, rows: list[tuple[date, AnsweredRow]], *words: Callable[[date, AnsweredRow], str]) -> None:
        counts: Counter[tuple[str, ...]] = Counter()
        for day, row in rows:
            counts.update(product(*((word(day, row), TOTAL) for word in words)))
        assert {key: number for key, number in sheets[sheet].items() if number} == counts

    def weekday(day: date, _row: AnsweredRow) -> str:
        return day.strftime("%A").lower()

    def part(_day: date, row: AnsweredRow) -> str:
        return ("night", "morning", "afternoon", "evening")[row.hour // 6]

    expect("answered-by-channel", answered, lambda _, row: row.channel, lambda _, row: row.concern)
    expect("answered-by-age", answered, lambda _, row: row.age_band, lambda _, row: row.gender)
    expect("answered-by-concern", answered, lambda _, row: row.concern, lambda _, row: row.gender)
    expect("answered-by-time", answered, weekday, part)
    known = {"internet", "police", "unknown"}
    expect("answered-by-route", answered, lambda _, row: row.found_via if row.found_via in known else "other")
    expect("missed-by-reason", missed, lambda _, row: row.channel, lambda _, row: row.cause)  # type: ignore[arg-type] # both ledgers have a channel and an hour
    expect("missed-by-time", missed, weekday, part)  # type: ignore[arg-type] # as above


def test_a_contact_counts_once_under_each_of_its_topics() -> None:
    row = AnsweredRow(
        "chat", True, 9, "nl", None, None, "self", "18-25", "male", "police", "none", "no", "no", ("urges", "viewing")
    )
    sheet = told(added_up(([(DAYS[0], row), (DAYS[1], replace(row, topics=()))], [])))["answered-by-topic"]
    found = {word: sheet[word, "male"] for word in ("urges", "viewing", "press", "unknown", "any")}
    assert found == {"urges": 1, "viewing": 1, "press": 0, "unknown": 1, "any": 2}


def test_a_code_that_is_in_no_list_counts_under_other() -> None:
    counted = Counters(visits={("", False): 7, ("", True): 2, ("gone", True): 3, ("plan", False): 4})
    sheets = told(Figures(), counted)
    assert sheets["self-help-visits"]["other", "yes"] == 3
    assert sheets["self-help-visits"][TOTAL, TOTAL] == 7
    assert sheets["self-help-course"] == {("yes",): 2, ("no",): 7, (TOTAL,): 9}


def test_a_line_without_course_or_trees_has_no_tables_of_them() -> None:
    names = [table.name for table in tables(Figures(), Counters(), Lists("youth"))]
    assert not [name for name in names if name.startswith(("self-help", "advice"))]


def test_parts_of_the_day_begin_when_they_say() -> None:
    assert [part_of_day(hour) for hour in (0, 5, 6, 11, 12, 17, 18, 23)] == [
        part for part in ("night", "morning", "afternoon", "evening") for _ in range(2)
    ]


@given(st.lists(st.integers(0, 60), min_size=1, max_size=40))
def test_half_are_at_most_the_median_and_nine_tenths_at_most_the_other(values: list[int]) -> None:
    spread = Spread.of(Counter(values))
    assert spread.median is not None
    assert spread.ninetieth is not None
    assert spread.measured == len(values)
    for told_value, share in ((spread.median, 0.5), (spread.ninetieth, 0.9)):
        assert told_value in values
        assert sum(value <= told_value for value in values) >= share * len(values)
        assert sum(value < told_value for value in values) < share * len(values)


def test_nothing_was_measured() -> None:
    assert Spread.of({}) == Spread(0, None, None)
