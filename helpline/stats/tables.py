"""Tables of counts, what their margins are, and which cells of several tables are one and the same figure. Pure.

A table counts the rows of a `population` (the answered contacts of a line, the missed ones, ...) along its dimensions.
Tables of one population share what they can: the grand total, and the margin of every dimension they have in common.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

TOTAL = "total"
ANY = "any"

Key = tuple[str, ...]
# What a cell counts, whichever table it stands in: a population and the categories that it is narrowed to.
Figure = tuple[str, tuple[tuple[str, str], ...]]


class TablesError(ValueError):
    """Tables that contradict themselves or each other."""


@dataclass(frozen=True)
class Dimension:
    """One column of categories. With `several` a row may count under more than one of them and counts under at least
    one: then the margin is `any`, which no sum of the categories gives."""

    name: str
    categories: tuple[str, ...]
    several: bool = False

    @property
    def margin(self) -> str:
        """The word where this dimension is not told apart."""
        return ANY if self.several else TOTAL

    @property
    def words(self) -> tuple[str, ...]:
        """The categories, then the margin."""
        return (*self.categories, self.margin)


@dataclass(frozen=True)
class Relation:
    """`whole` is the sum of `parts`; with `several` it is at least each of them and at most their sum."""

    whole: Key
    parts: tuple[Key, ...]
    several: bool


@dataclass(frozen=True)
class Table:
    """Counts by key, one word a dimension; a key that is left out counts 0. Totals are not given, they follow; the
    `any` of a dimension with `several` is given. `ceilings` are released figures that a released cell may not exceed,
    such as the contacts of a year for its individuals."""

    name: str
    population: str
    dimensions: tuple[Dimension, ...]
    cells: Mapping[Key, int]
    ceilings: Mapping[Key, int] = field(default_factory=dict)

    def keys(self) -> list[Key]:
        """Every combination of words, margins included, in the order of the dimensions."""
        return list(product(*(dimension.words for dimension in self.dimensions)))

    def given(self) -> list[Key]:
        """The keys whose counts do not follow from others."""
        return list(product(*(d.words if d.several else d.categories for d in self.dimensions)))

    def figures(self) -> dict[Key, int]:
        """The count of every key, margins included."""
        counts = {key: self.cells.get(key, 0) for key in self.given()}
        for axis, dimension in enumerate(self.dimensions):
            if not dimension.several:
                totals: dict[Key, int] = {}
                for key, count in counts.items():
                    whole = (*key[:axis], TOTAL, *key[axis + 1 :])
                    totals[whole] = totals.get(whole, 0) + count
                counts |= totals
        return {key: counts.get(key, 0) for key in self.keys()}

    def figure(self, key: Key) -> Figure:
        """What the cell counts."""
        told = ((d.name, word) for d, word in zip(self.dimensions, key, strict=True) if word != d.margin)
        return self.population, tuple(sorted(told))

    def relations(self) -> Iterator[Relation]:
        """How every margin hangs on its parts, along each dimension on its own."""
        for key in self.keys():
            for axis, dimension in enumerate(self.dimensions):
                if key[axis] == dimension.margin:
                    parts = tuple((*key[:axis], word, *key[axis + 1 :]) for word in dimension.categories)
                    yield Relation(key, parts, dimension.several)

    def check(self) -> None:
        """Raises TablesError where the counts can't be those of any ledger."""
        if len({d.name for d in self.dimensions}) < len(self.dimensions) or not self.dimensions:
            raise TablesError(f"{self.name}: every dimension needs a name of its own, and there must be one.")
        for dimension in self.dimensions:
            if len(set(dimension.words) | {TOTAL, ANY}) < len(dimension.categories) + 2 or not dimension.categories:
                raise TablesError(f"{self.name}: the categories of {dimension.name} are none, twice there or a margin.")
        known = set(self.given())
        for key, count in self.cells.items():
            if key not in known:
                raise TablesError(f"{self.name}: {'/'.join(key)} is no cell of it.")
            if type(count) is not int or count < 0:
                raise TablesError(f"{self.name}: {'/'.join(key)} is no count.")
        counts = self.figures()
        for relation in self.relations():
            parts, whole = [counts[part] for part in relation.parts], counts[relation.whole]
            if relation.several and not max(parts) <= whole <= sum(parts):
                raise TablesError(f"{self.name}: {'/'.join(relation.whole)} does not fit its parts.")


def by_figure(tables: Iterable[Table]) -> dict[Figure, int]:
    """The count of every figure of these tables. Raises TablesError where two tables disagree."""
    counts: dict[Figure, int] = {}
    dimensions: dict[tuple[str, str], Dimension] = {}
    names: set[str] = set()
    for table in tables:
        table.check()
        if table.name in names:
            raise TablesError(f"{table.name} is there twice.")
        names.add(table.name)
        for dimension in table.dimensions:
            if dimensions.setdefault((table.population, dimension.name), dimension) != dimension:
                raise TablesError(f"{table.name}: {dimension.name} has other categories in another table.")
        for key, count in table.figures().items():
            if counts.setdefault(table.figure(key), count) != count:
                raise TablesError(f"{table.name}: {'/'.join(key)} differs from the same figure in another table.")
    return counts
