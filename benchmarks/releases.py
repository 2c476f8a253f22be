"""How long the release of a line and month takes, how true its figures are, and whether a year of them can be attacked.

    .venv/bin/python benchmarks/releases.py [--years 3] [--without-attack]

Random years in the shapes of the two lines, with all tables that are exported, as busy as the published years and, as
`big`, with 500 contacts a day. The goal: under 10 s a line and month, on one core. The attack is the one of the tests:
the least and the greatest value of every exact figure, given every released figure of twelve months.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean

sys.path.insert(0, str(Path(__file__).parent.parent))

from helpline.stats.disclosure import BASE, Month, release
from helpline.stats.tables import Figure, by_figure
from tests.stats import releases
from tests.stats.attack import Attack, as_released

from benchmarks.load import percentile

GOAL_S = 10.0
# line, what of, rows a month by population
YEARS: list[tuple[str, str, Mapping[str, int]]] = [
    ("prevention", "published", {"answered": 52, "missed": 68, "self-help": 680, "advice": 150}),
    ("youth", "published", {"answered": 156, "missed": 80, "self-help": 100, "advice": 527}),
    ("prevention", "quiet", {"answered": 6, "missed": 3, "self-help": 20, "advice": 10}),
    ("youth", "big", {"answered": 15_000, "missed": 5_000, "self-help": 3_000, "advice": 20_000}),
]


def main() -> int:
    parser = argparse.ArgumentParser(description="Measures the releases of figures.")
    parser.add_argument("--years", type=int, default=3)
    parser.add_argument("--without-attack", action="store_true")
    options = parser.parse_args()
    slow = found_out = 0
    for line, what, rows in YEARS:
        took: list[float] = []
        months_off: list[int] = []
        years_off: list[int] = []
        beyond: list[int] = []
        bounds: list[int] = []
        attacked_s = narrowed = 0.0
        figures = 0
        for number in range(options.years):
            dice = random.Random(number)
            shape = releases.shapes(line)
            done: list[Month] = []
            published = []
            off: dict[Figure, int] = {}
            for _ in range(12):
                busy = {population: int(count * dice.uniform(0.5, 1.5)) for population, count in rows.items()}
                exact = releases.counted(shape, releases.rows(shape, busy, dice))
                begun = time.perf_counter()
                found = release(exact, dice.randbytes(32), earlier=done)
                took.append(time.perf_counter() - begun)
                done.append(Month(tuple(exact), found.tables))
                published.append((done[-1], found))
                before, told = by_figure(exact), by_figure(found.tables)
                figures = len(told)
                months_off.extend(abs(told[figure] - count) for figure, count in before.items() if count)
                for figure, count in before.items():
                    off[figure] = off.get(figure, 0) + told[figure] - count
                beyond.append(sum(abs(by) >= BASE for by in off.values()))
            years_off.extend(map(abs, off.values()))
            bounds.append(found.year_within)
            if not options.without_attack:
                begun = time.perf_counter()
                narrowed += len(Attack(as_released(published)).narrowed())
                attacked_s += time.perf_counter() - begun
        slow += max(took) > GOAL_S
        found_out += bool(narrowed)
        print(
            f"{line:10} {what:9} {sum(rows.values()):6} rows and {figures} figures a month: "
            f"{percentile(took, 50):.2f} s, worst {max(took):.2f} s; off by {fmean(months_off):.1f} in a month and "
            f"{fmean(years_off):.1f} in a year (mean), at most {max(years_off)} in a year; sums of the year beyond a "
            f"base: {fmean(beyond):.1f} of {figures}, stated bounds {bounds}"
        )
        if not options.without_attack:
            print(f"{'':20} attack on {options.years} years: {narrowed:.0f} figures narrowed, {attacked_s:.0f} s")
    return int(bool(slow or found_out))


if __name__ == "__main__":
    sys.exit(main())
