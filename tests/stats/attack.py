"""What somebody finds out who has every published table of a year, knows the method and can compute.

Linear programming gives the least and the greatest value that each exact figure can have, given what every published
figure says about the exact one, how the tables add up, and how far the sums of the year may be off. Where the programme
reaches both ends of a figure's window nothing was found out.

To ask for each of thousands of figures alone takes hours. So one programme pulls at many figures at once, each up or
down; those that came to the end of their window are done, and only what no such pull could move is asked for alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from helpline.stats.disclosure import BASE, Month, Release, window
from helpline.stats.tables import Figure, Table

NEAR = 1e-6
Span = tuple[float, float]
Matrix = tuple[csr_array | None, np.ndarray | None]


@dataclass(frozen=True)
class Published:
    """A month as the public has it: the layout of its tables, what each figure says about the exact one (its least and
    greatest value), and the bound of the year's sums with the figures that it is about (none: nothing was said)."""

    tables: Sequence[Table]
    windows: Mapping[Figure, tuple[int, int]]
    told: Mapping[Figure, int] | None = None
    year_within: int | None = None


def as_released(months: Sequence[tuple[Month, Release]]) -> list[Published]:
    """The releases of a year."""
    published = []
    for month, release in months:
        told = {table.figure(key): count for table in month.released for key, count in table.figures().items()}
        windows = {figure: (min(window(count)), max(window(count))) for figure, count in told.items()}
        published.append(Published(month.released, windows, told, release.year_within))
    return published


def conventional(tables: Sequence[Table], *, true_totals: bool) -> Published:
    """Each cell by itself to the nearest multiple of 5, totals likewise or as they are."""
    windows = {}
    for table in tables:
        for key, count in table.figures().items():
            near = (count + BASE // 2) // BASE * BASE
            total = any(word == dimension.margin for word, dimension in zip(key, table.dimensions, strict=True))
            rounded = (max(0, near - BASE // 2), near + BASE // 2)
            windows[table.figure(key)] = (count, count) if total and true_totals else rounded
    return Published(tables, windows)


def suppressed(tables: Sequence[Table]) -> Published:
    """Counts of 1 to 4 are left out, all else is told."""
    windows = {}
    for table in tables:
        for key, count in table.figures().items():
            windows[table.figure(key)] = (1, BASE - 1) if 0 < count < BASE else (count, count)
    return Published(tables, windows)


class Attack:
    """The programme: a variable for each figure of each month, and one for how far its sum is off since January.

    `at_most` is known of figures that were published once, each at most what another counts in all months together.
    """

    def __init__(self, published: Sequence[Published], at_most: Mapping[Figure, Figure] | None = None) -> None:
        self.places: dict[tuple[int, Figure], int] = {}
        self.low: list[float] = []
        self.high: list[float] = []
        self._equal: list[tuple[dict[int, float], float]] = []
        self._most: list[tuple[dict[int, float], float]] = []
        for number, month in enumerate(published):
            for figure, (low, high) in month.windows.items():
                self.places[number, figure] = self._variable(low, high)
            self._add_up(number, month.tables)
        self.targets = len(self.low)
        last: dict[Figure, int] = {}
        for number, month in enumerate(published):
            if month.told is None or month.year_within is None:
                continue
            for figure, told in month.told.items():
                # what it was off before, and what the month adds
                off = self._variable(1 - month.year_within, month.year_within - 1)
                row = {off: 1.0, self.places[number, figure]: 1.0}
                if figure in last:
                    row[last[figure]] = -1.0
                self._equal.append((row, told))
                last[figure] = off
        for once, monthly in (at_most or {}).items():
            row = {
                place: 1.0 if figure == once else -1.0
                for (_, figure), place in self.places.items()
                if figure in (once, monthly)
            }
            self._most.append((row, 0.0))

    def _variable(self, low: float, high: float) -> int:
        self.low.append(low)
        self.high.append(high)
        return len(self.low) - 1

    def _add_up(self, number: int, tables: Sequence[Table]) -> None:
        for table in tables:
            for relation in table.relations():
                whole = self.places[number, table.figure(relation.whole)]
                parts = [self.places[number, table.figure(part)] for part in relation.parts]
                above = {whole: 1.0} | dict.fromkeys(parts, -1.0)
                if not relation.several:
                    self._equal.append((above, 0.0))
                    continue
                self._most.append((above, 0.0))
                self._most.extend(({part: 1.0, whole: -1.0}, 0.0) for part in parts)

    def _pull(self, weights: Mapping[int, float]) -> np.ndarray:
        """Values that fit all that is known and lie as far as can be in the direction of the weights."""
        cost = np.zeros(len(self.low))
        for place, weight in weights.items():
            cost[place] = -weight
        equal, most = self._matrices
        found = linprog(
            cost,
            A_ub=most[0],
            b_ub=most[1],
            A_eq=equal[0],
            b_eq=equal[1],
            bounds=np.column_stack([self.low, self.high]),
            # Faster by a third here than the simplex, and it ends in a corner too.
            method="highs-ipm",
        )
        assert found.status == 0, f"no ledger fits what was published: {found.message}"
        return np.asarray(found.x)

    @cached_property
    def _matrices(self) -> tuple[Matrix, Matrix]:
        return self._rows(self._equal), self._rows(self._most)

    def _rows(self, rows: Sequence[tuple[dict[int, float], float]]) -> Matrix:
        if not rows:
            return None, None
        entries = [(number, place, factor) for number, (row, _) in enumerate(rows) for place, factor in row.items()]
        numbers, places, factors = zip(*entries, strict=True)
        matrix = csr_array((factors, (numbers, places)), shape=(len(rows), len(self.low)))
        return matrix, np.array([right for _, right in rows])

    def spans(
        self, *, together: int = 400, dice: random.Random | None = None, say: Callable[[str], None] | None = None
    ) -> dict[tuple[int, Figure], Span]:
        """What each figure of each month can still be."""
        dice = dice or random.Random(1)
        reached = [(float("inf"), float("-inf"))] * self.targets
        ends = [(self.low[place], self.high[place]) for place in range(self.targets)]
        pulled = 0

        def look(values: np.ndarray) -> None:
            for place in range(self.targets):
                low, high = reached[place]
                reached[place] = (min(low, values[place]), max(high, values[place]))

        def open_ends() -> list[tuple[int, float]]:
            return [
                (place, sign)
                for place in range(self.targets)
                for sign, is_open in (
                    (-1.0, reached[place][0] > ends[place][0] + NEAR),
                    (1.0, reached[place][1] < ends[place][1] - NEAR),
                )
                if is_open
            ]

        left = open_ends()
        for _ in range(together):
            weights: dict[int, float] = {}
            dice.shuffle(left)
            for place, sign in left:
                weights.setdefault(place, sign * dice.uniform(0.5, 1.5))
            look(self._pull(weights))
            pulled += 1
            before, left = len(left), open_ends()
            if not left or before - len(left) <= max(1, before // 100):
                break
        for place, sign in left:
            # An earlier pull may have moved it by the way.
            edge = reached[place][0] > ends[place][0] + NEAR if sign < 0 else reached[place][1] < ends[place][1] - NEAR
            if edge:
                look(self._pull({place: sign}))
                pulled += 1
        if say:
            say(f"{self.targets} figures, {pulled} programmes")
        return {where: reached[place] for where, place in self.places.items()}

    def narrowed(self, **how: object) -> dict[tuple[int, Figure], Span]:
        """The figures of which more is found out than their own published value says."""
        return {
            where: span
            for where, span in self.spans(**how).items()  # type: ignore[arg-type]  # handed on as it came
            if span[0] > self.low[self.places[where]] + NEAR or span[1] < self.high[self.places[where]] - NEAR
        }
