"""Turns exact tables into tables that identify nobody: zero-restricted controlled rounding. Pure.

Every figure goes to one of the two multiples of 5 around it; multiples stay, so zeros stay zero. All tables of a line
and a month are rounded in one integer programme, in which a figure that stands in several tables is one variable: so
every margin adds up and shared margins are equal. `docs/decisions/014-disclosure.md` says why nothing narrows the
window of a cell.

The solver holds the thread for seconds and needs libraries that a server has no other use for: a release is made in a
process of its own, and they are imported only then.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from helpline.stats.tables import Dimension, Figure, Table, TablesError, by_figure

BASE = 5
# A category with fewer rows than this in the year before is no figure, only rounding.
SPARSE = 4 * BASE
OTHER = "other"
MONTHS_IN_A_YEAR = 12
# No rounding is ever ruled out, neither of one figure nor of all: what can't happen would tell the exact figures.
LEAST_CHANCE = 1 / 20
SEED_BYTES = 32
# Seconds. The real shapes take a small part of one.
PATIENCE = 120.0
OUT_OF_TIME = 1


class DisclosureError(Exception):
    """There is no protected form of these tables; nothing may be published."""


@dataclass(frozen=True)
class Month:
    """A month that was released: what was counted, and what was told."""

    exact: tuple[Table, ...]
    released: tuple[Table, ...]


@dataclass(frozen=True)
class Release:
    """The protected tables. Every figure differs from the exact one by less than `within`, and at the end of no month
    of this year so far was any sum of released figures off by `year_within` or more. Both are whole bases and hold for
    all tables together: a closer bound would narrow the windows."""

    tables: tuple[Table, ...]
    within: int
    year_within: int
    merged: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def window(released: int, base: int = BASE) -> range:
    """The exact counts that a released figure leaves possible."""
    return range(max(0, released - base + 1), released + base)


def sparse(year_before: Sequence[Month], dimension: Dimension, population: str) -> tuple[str, ...]:
    """The categories to merge into `other` for a whole year, by what was released of the year before and nothing else.

    Fewer than 12 released months merge nothing. What was not told then, being new or merged, is told, so that it can
    grow. A single sparse category is left alone unless `other` is there to join.
    """
    if len(year_before) < MONTHS_IN_A_YEAR:
        return ()
    sums: dict[str, int] = {}
    for month in year_before:
        # By figure, for one that stands in several tables counts once.
        for (of, told), count in by_figure(month.released).items():
            if of == population and len(told) == 1 and told[0][0] == dimension.name:
                sums[told[0][1]] = sums.get(told[0][1], 0) + count
    found = tuple(word for word in dimension.categories if word != OTHER and sums.get(word, SPARSE) < SPARSE)
    return found if len(found) > 1 or OTHER in dimension.categories else ()


def merge(dimension: Dimension, words: Iterable[str]) -> Dimension:
    """The dimension with these categories merged into `other`. The rows are then counted under it anew, for of a
    dimension with `several` no sum of categories gives what they count together."""
    gone = set(words)
    if not gone:
        return dimension
    kept = tuple(word for word in dimension.categories if word not in gone and word != OTHER)
    return Dimension(dimension.name, (*kept, OTHER), dimension.several)


def release(
    tables: Sequence[Table],
    seed: bytes,
    *,
    earlier: Sequence[Month] = (),
    merged: Mapping[str, tuple[str, ...]] | None = None,
    base: int = BASE,
) -> Release:
    """The protected form of all tables of a line and a month, given what the year told before.

    `seed`: 32 random bytes of this release alone, never published. Raises DisclosureError where there is none.
    """
    if len(seed) < SEED_BYTES:
        raise DisclosureError(f"The seed of a release needs {SEED_BYTES} random bytes.")
    if not tables:
        raise DisclosureError("There are no tables to release.")
    try:
        exact = by_figure(tables)
        drift, reached = _drift(earlier, base)
    except TablesError as error:
        raise DisclosureError(str(error)) from error
    _check_merged(tables, merged or {})
    # Sorted, so that the same figures and seed give the same release in whatever order they come.
    cells = [_Cell(figure, exact[figure], drift.get(figure, 0), base) for figure in sorted(exact)]
    rounded = _Programme(sorted(tables, key=lambda table: table.name), cells, base).solve(seed)
    released = tuple(
        replace(table, cells={key: rounded[table.figure(key)] for key in table.given()}, ceilings={})
        for table in tables
    )
    _check(tables, released, base)
    reached = max([reached, *(abs(cell.drift + rounded[cell.figure] - cell.exact) for cell in cells)])
    return Release(released, base, (reached // base + 1) * base, dict(merged or {}))


# --- what is rounded -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Cell:
    """A figure to be rounded; `drift` is how far this year's released sum is above the exact sum."""

    figure: Figure
    exact: int
    drift: int
    base: int

    @property
    def floor(self) -> int:
        return self.exact // self.base * self.base

    @property
    def rest(self) -> int:
        return self.exact % self.base

    @property
    def choices(self) -> tuple[int, ...]:
        """0 to stay at the floor, 1 to go one base up."""
        return (0, 1) if self.rest else (0,)

    def drift_after(self, up: int) -> int:
        return self.drift + self.floor + up * self.base - self.exact

    @property
    def within_year(self) -> tuple[int, ...]:
        """The choices after which the year's sum is within a base; at least one, as long as it was so before."""
        return tuple(up for up in self.choices if abs(self.drift_after(up)) < self.base)


def _drift(earlier: Sequence[Month], base: int) -> tuple[dict[Figure, int], int]:
    """How far each figure's sum is off after these months, and the farthest that any was after any of them."""
    drift: dict[Figure, int] = {}
    farthest = 0
    for month in earlier:
        exact, told = by_figure(month.exact), by_figure(month.released)
        if exact.keys() != told.keys():
            raise TablesError("An earlier month has other tables in its release than in its counts.")
        for figure, count in exact.items():
            if told[figure] % base or abs(told[figure] - count) >= base:
                raise TablesError("An earlier month has a release that does not come from its counts.")
            drift[figure] = drift.get(figure, 0) + told[figure] - count
            farthest = max(farthest, abs(drift[figure]))
    return drift, farthest


def _goes_up(cell: _Cell, allowed: Sequence[int], seed: bytes) -> int:
    """Where the cell would go by itself: drawn so that the year's sum is expected to be exact."""
    if len(allowed) == 1:
        return allowed[0]
    chance = min(max((cell.rest - cell.drift) / cell.base, LEAST_CHANCE), 1 - LEAST_CHANCE)
    return int(_fraction(seed, cell.figure) < chance)


def _fraction(seed: bytes, what: object) -> float:
    """A number from 0 up to 1 that only who has the seed can tell."""
    return int.from_bytes(hmac.digest(seed, repr(what).encode(), "sha256")[:6]) / 2**48


# --- the integer programme -------------------------------------------------------------------------------


class _Programme:
    """One variable a figure: 0 stays at the floor, 1 goes up. Counts are in bases."""

    def __init__(self, tables: Sequence[Table], cells: Sequence[_Cell], base: int) -> None:
        self.cells, self.base = cells, base
        self.place = {cell.figure: place for place, cell in enumerate(cells)}
        # (coefficients by place, least, most) of a sum of variables
        self.rows: list[tuple[dict[int, int], float, float]] = []
        self.top = [max(cell.choices) for cell in cells]
        for table in tables:
            for key, most in table.ceilings.items():
                place = self.place[table.figure(key)]
                self.top[place] = min(self.top[place], (most - cells[place].floor) // base)
        # A margin that several tables share hangs on its parts in each of them.
        for table in tables:
            for relation in table.relations():
                whole = self.place[table.figure(relation.whole)]
                parts = [self.place[table.figure(part)] for part in relation.parts]
                if not relation.several:
                    self._sum(whole, parts, 0, 0)
                    continue
                self._sum(whole, parts, 0, float("inf"))
                for part in parts:
                    self._sum(whole, [part], float("-inf"), 0)
        if any(top < 0 for top in self.top):
            raise DisclosureError("A figure is above the released figure that it may not exceed.")

    def _sum(self, whole: int, parts: list[int], least: float, most: float) -> None:
        """`least` <= the sum of parts minus the whole <= `most`, in bases."""
        row = dict.fromkeys(parts, 1)
        row[whole] = row.get(whole, 0) - 1
        floors = sum(factor * self.cells[place].floor // self.base for place, factor in row.items())
        self.rows.append((row, least - floors, most - floors))

    def solve(self, seed: bytes) -> dict[Figure, int]:
        """The figures rounded as near to what the seed draws as the sums allow; with each year's sum within a base, or
        where that can't be, with as few bases beyond as can be. In a few releases, drawn as well, the year's sums
        are only wished for: otherwise 'no rounding could keep them' would tell something about the exact figures."""
        cells, found = self.cells, None
        strict = [cell.within_year or cell.choices for cell in cells]
        keeps_year = _fraction(seed, "keeps the year") >= LEAST_CHANCE
        allowed = strict if keeps_year else [cell.choices for cell in cells]
        wished = [_goes_up(cell, ups, seed) for cell, ups in zip(cells, allowed, strict=True)]
        cost = list(self._cost(wished, seed))
        bounds = [(min(ups), min(max(ups), top)) for ups, top in zip(allowed, self.top, strict=True)]
        can_keep = not keeps_year or all(cell.within_year for cell in cells)
        if can_keep and all(low <= high for low, high in bounds):
            found = self._milp(cost, bounds, self.rows)
        if found is None:
            found = self._least_excess(cost)
        if found is None:
            raise DisclosureError("No rounding of these tables keeps all their sums; merge categories.")
        return {
            cell.figure: cell.floor + round(up) * self.base for cell, up in zip(cells, found[: len(cells)], strict=True)
        }

    def _cost(self, wished: Sequence[int], seed: bytes) -> Iterator[float]:
        """Against the wish first, and it outweighs all else; then the distance from the exact figures; then chance.

        So a rounding that is wished cell for cell is the only best one, and none is ever ruled out.
        """
        against = 10.0 * len(self.cells)
        for cell, up in zip(self.cells, wished, strict=True):
            further = self.base - 2 * cell.rest
            chance = _fraction(seed, ("of equals", cell.figure)) / len(self.cells)
            yield (-against if up else against) + further + chance

    def _least_excess(self, cost: list[float]) -> list[float] | None:
        """Where not every year's sum can stay within a base: as few bases beyond as can be, then as near as can be."""
        cells, size = self.cells, len(self.cells)
        within = [(0.0, float(top)) for top in self.top]
        beyond = [(0.0, float(MONTHS_IN_A_YEAR)) for _ in cells]
        rows = list(self.rows)
        for place, cell in enumerate(cells):
            here, slack = cell.drift_after(0), size + place
            rows.append(({place: self.base, slack: -self.base}, float("-inf"), self.base - 1 - here))
            rows.append(({place: self.base, slack: self.base}, 1 - self.base - here, float("inf")))
        first = self._milp([0.0] * size + [1.0] * size, within + beyond, rows)
        if first is None:
            return None
        excess = round(sum(first[size:]))
        rows.append((dict.fromkeys(range(size, 2 * size), 1), 0, excess))
        return self._milp(cost + [0.0] * size, within + beyond, rows)

    @staticmethod
    def _milp(
        cost: Sequence[float],
        bounds: Sequence[tuple[float, float]],
        rows: Sequence[tuple[dict[int, int], float, float]],
    ) -> list[float] | None:
        import numpy as np
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import csr_array

        entries = [(number, place, factor) for number, (row, _, _) in enumerate(rows) for place, factor in row.items()]
        numbers, places, factors = zip(*entries, strict=True)
        matrix = csr_array((factors, (numbers, places)), shape=(len(rows), len(cost)), dtype=float)
        result = milp(
            np.array(cost),
            integrality=np.ones(len(cost)),
            bounds=Bounds(np.array([low for low, _ in bounds]), np.array([high for _, high in bounds])),
            constraints=LinearConstraint(
                matrix, np.array([least for _, least, _ in rows]), np.array([most for _, _, most in rows])
            ),
            options={"time_limit": PATIENCE, "mip_rel_gap": 0.0},
        )
        if result.x is None and result.status == OUT_OF_TIME:
            raise DisclosureError(f"The solver gave up: {result.message}")
        return None if result.x is None else [float(value) for value in result.x]


# --- what is looked at again, whatever the solver said ---------------------------------------------------


def _check_merged(tables: Sequence[Table], merged: Mapping[str, tuple[str, ...]]) -> None:
    for table in tables:
        for dimension in table.dimensions:
            left = set(merged.get(dimension.name, ())) & set(dimension.categories)
            if left:
                raise DisclosureError(f"{table.name}: {', '.join(sorted(left))} was to be merged and is there.")


def _check(tables: Sequence[Table], released: Sequence[Table], base: int) -> None:
    try:
        exact, told = by_figure(tables), by_figure(released)
    except TablesError as error:
        raise DisclosureError(f"The rounded tables contradict each other: {error}") from error
    for figure, count in exact.items():
        if told[figure] % base or abs(told[figure] - count) >= base or (count == 0 and told[figure]):
            raise DisclosureError("A rounded figure is none of the two multiples around the exact one.")
    for table in tables:
        for key, most in table.ceilings.items():
            if told[table.figure(key)] > most:
                raise DisclosureError("A rounded figure is above the released figure that it may not exceed.")
