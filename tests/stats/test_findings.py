"""Sentences of advice: every number in them is a count of rows, and where numbers are small nothing is said."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from helpline.contacts.categories import CAUSES, LEFT_EARLY
from helpline.stats.figures import WEEKDAYS
from helpline.stats.findings import AT_MOST, ENOUGH, HELPS, findings

TOLD = tuple(cause for cause in CAUSES if cause != LEFT_EARLY)
ROWS = st.lists(
    st.tuples(st.sampled_from(WEEKDAYS), st.integers(0, 23), st.sampled_from(TOLD)).flatmap(
        lambda row: st.integers(1, 12).map(lambda times: (row, times))
    ),
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(ROWS)
def test_every_number_counts_the_rows_that_its_sentence_names(made: list[tuple[tuple[str, int, str], int]]) -> None:
    rows = [row for row, times in made for _ in range(times)]
    found = findings(Counter(rows))
    assert len(found) <= AT_MOST
    assert [finding.missed for finding in found] == sorted((finding.missed for finding in found), reverse=True)
    for finding in found:
        there = [row for row in rows if row[0] == finding.weekday and finding.start <= row[1] < finding.end]
        assert finding.missed == sum(row[2] == finding.cause for row in there)
        assert finding.of == len(there)
        assert finding.missed >= ENOUGH
        assert 0 <= finding.start < finding.end <= 24
        assert finding.helps == HELPS[finding.cause]
        # It begins and ends with an hour of the cause itself.
        assert {finding.start, finding.end - 1} <= {row[1] for row in there if row[2] == finding.cause}


def test_a_block_of_hours_stands_out() -> None:
    counts = {("monday", hour, "nobody_on_duty"): number for hour, number in ((19, 12), (20, 15), (21, 14))}
    counts |= {("tuesday", hour, "left"): 1 for hour in range(24)}
    (finding,) = findings(counts)
    assert (finding.weekday, finding.start, finding.end, finding.cause) == ("monday", 19, 22, "nobody_on_duty")
    assert finding.missed == 41


def test_what_is_the_same_all_week_stands_out_nowhere() -> None:
    assert findings({(weekday, hour, "closed"): 9 for weekday in WEEKDAYS for hour in range(24)}) == []


def test_where_numbers_are_small_nothing_is_said() -> None:
    assert findings({}) == []
    assert findings({("monday", 3, "closed"): ENOUGH - 1}) == []
    assert findings({("monday", hour, "closed"): 1 for hour in range(20)}) == []


def test_nothing_is_advised_where_another_cause_is_most_of_it_or_nothing_helps() -> None:
    assert findings({("monday", 3, "left"): 6, ("monday", 3, "lost"): 60}) == []
    assert findings({("monday", 3, "emergency_exit"): 60}) == []
