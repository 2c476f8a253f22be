"""An attack with everything that was published in a year finds out nothing; on what others publish it does."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from helpline.stats.disclosure import Month, Release, release
from helpline.stats.tables import TOTAL, Dimension, Table, by_figure
from tests.stats import releases
from tests.stats.attack import Attack, Published, as_released, conventional, suppressed

# To shrink a year that was found out takes minutes and makes nothing clearer.
SEARCH = (Phase.explicit, Phase.reuse, Phase.generate)

# A month of each line, by population.
MONTH = {
    "prevention": {"answered": 52, "missed": 68, "self-help": 680, "advice": 150},
    "youth": {"answered": 200, "missed": 80, "self-help": 100, "advice": 530},
}


@pytest.mark.parametrize("line", MONTH)
def test_a_year_of_all_tables_narrows_no_figure_below_its_window(line: str) -> None:
    done = releases.year(releases.shapes(line), MONTH[line], random.Random(2020))
    assert Attack(as_released(done)).narrowed() == {}


@settings(max_examples=6, deadline=None, phases=SEARCH)
@given(
    st.integers(0, 2**32),
    st.fixed_dictionaries({"answered": st.integers(0, 60), "missed": st.integers(0, 20)}),
)
def test_nor_does_any_other_year(number: int, counts: dict[str, int]) -> None:
    done = releases.year(releases.small(), counts, random.Random(number))
    assert Attack(as_released(done)).narrowed() == {}


def the_individuals(year: list[tuple[Month, Release]], dice: random.Random, *, capped: bool) -> Published:
    """One person for one or two contacts, by concern: told once, after the year, within what the year told."""
    ceilings = {
        (word,): sum(by_figure(month.released)["answered", concern] for month, _ in year)
        for word, concern in (("self", SELF), ("other", OTHERS), (TOTAL, ()))
    }
    persons = {
        (word,): dice.randint((contacts + 1) // 2, contacts)
        for word, concern in (("self", SELF), ("other", OTHERS))
        for contacts in [sum(by_figure(month.exact)["answered", concern] for month, _ in year)]
    }
    table = Table("individuals", "individuals", (Dimension("concern", ("self", "other")),), persons)
    found = release([replace(table, ceilings=ceilings) if capped else table], dice.randbytes(32))
    [published] = as_released([(Month((table,), found.tables), found)])
    return published


SELF, OTHERS = ((("concern", "self"),), (("concern", "other"),))
PERSONS = {("individuals", concern): ("answered", concern) for concern in ((), SELF, OTHERS)}


@settings(max_examples=4, deadline=None, phases=SEARCH)
@given(st.integers(0, 2**32), st.integers(0, 6))
def test_nor_do_the_individuals_of_the_year(number: int, about: int) -> None:
    """Nobody is an individual without a contact; a ceiling keeps that from telling anything."""
    dice = random.Random(number)
    done = releases.year(releases.small(), {"answered": about, "missed": 0}, dice)
    published = [*as_released(done), the_individuals(done, dice, capped=True)]
    assert Attack(published, PERSONS).narrowed() == {}


# --- what the same attack breaks -------------------------------------------------------------------------


def a_month(line: str) -> list[Table]:
    shape = releases.shapes(line)
    return releases.counted(shape, releases.rows(shape, MONTH[line], random.Random(7)))


@pytest.mark.parametrize("line", MONTH)
def test_conventional_rounding_with_true_totals_is_unpicked(line: str) -> None:
    attack = Attack([conventional(a_month(line), true_totals=True)])
    found = attack.narrowed()
    laid_bare = [
        figure
        for (_, figure), (low, high) in found.items()
        if high - low < 0.5 and attack.high[attack.places[0, figure]] > attack.low[attack.places[0, figure]]
    ]
    assert len(found) > 20
    assert laid_bare, "some figures are known exactly"


@pytest.mark.parametrize("line", MONTH)
def test_conventional_rounding_with_rounded_totals_is_unpicked(line: str) -> None:
    assert Attack([conventional(a_month(line), true_totals=False)]).narrowed()


@pytest.mark.parametrize("line", MONTH)
def test_leaving_out_small_counts_is_unpicked(line: str) -> None:
    found = Attack([suppressed(a_month(line))]).narrowed()
    assert any(high - low < 0.5 for low, high in found.values()), "some of what was left out is known exactly"


def a_released_year(months: int = 3) -> list[Published]:
    shape, counts = releases.small(), {"answered": 30, "missed": 10}
    return as_released(releases.year(shape, counts, random.Random(3), months))


def test_a_bound_of_the_year_closer_than_a_base_would_be_unpicked() -> None:
    """Why the bound is stated in whole bases: 'off by less than 3 so far' narrows every figure of January."""
    published = a_released_year()
    assert not Attack(published).narrowed()
    assert Attack([replace(published[0], year_within=3), *published[1:]]).narrowed()


def test_individuals_without_a_ceiling_would_be_unpicked() -> None:
    def is_unpicked(number: int) -> bool:
        dice = random.Random(number)
        done = releases.year(releases.small(), {"answered": 2, "missed": 0}, dice, 2)
        published = [*as_released(done), the_individuals(done, dice, capped=False)]
        return bool(Attack(published, PERSONS).narrowed())

    assert any(map(is_unpicked, range(40)))


def test_one_exact_total_beside_the_release_would_be_unpicked() -> None:
    """Why nothing exact leaves the house: the true number of all contacts narrows what it is the sum of."""
    published = a_released_year(1)
    total = published[0].told["answered", ()] + 4  # type: ignore[index]  # a release tells its figures
    known = replace(published[0], windows={**published[0].windows, ("answered", ()): (total, total)})
    assert len(Attack([known]).narrowed()) > 0


# --- the attack itself -----------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=6, max_size=6))
def test_the_attack_finds_what_trying_all_ledgers_finds(ends: list[tuple[int, int]]) -> None:
    """Two by two with a row and a column of totals left out: every table that fits is tried."""
    row, column = Dimension("row", ("a", "b")), Dimension("column", ("x", "y"))
    table = Table("t", "p", (row, column), {})
    cells = [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y"), ("a", "total"), ("total", "x")]
    windows = {table.figure(key): (0, 99) for key in table.keys()}  # noqa: SIM118  # the method of a table
    windows |= {table.figure(key): (min(span), max(span)) for key, span in zip(cells, ends, strict=True)}
    fitting = [
        counts
        for counts in product(range(7), repeat=4)
        if all(
            windows[figure][0] <= count <= windows[figure][1]
            for key, count in Table("t", "p", (row, column), dict(zip(cells[:4], counts, strict=True)))
            .figures()
            .items()
            for figure in [table.figure(key)]
        )
    ]
    attack = Attack([Published([table], windows)])
    if not fitting:
        with pytest.raises(AssertionError, match="no ledger fits"):
            attack.spans()
        return
    spans = attack.spans()
    for place, key in enumerate(cells[:4]):
        low, high = spans[0, table.figure(key)]
        assert round(low, 4) == min(counts[place] for counts in fitting)
        assert round(high, 4) == max(counts[place] for counts in fitting)
