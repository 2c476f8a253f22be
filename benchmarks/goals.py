"""What this was meant to reach, beside what was measured: the first table of the page."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any

from benchmarks.load import percentile

Row = tuple[str, str, str]


def rows(results: Any) -> list[Row]:
    """One row a goal that this run measured: the goal, what was measured, `yes` or `no`."""
    return [*_speed(results), *_delay(results), *_waiting(results.waiting), *_talking(results.many)]


def _middle(results: Any, manner: str, place: str) -> float | None:
    counts = results.closed.get(manner, {}).get(place)
    return statistics.median(count.a_second for count in counts) if counts else None


def _row(goal: str, shown: str, met: bool) -> Row:
    return goal, shown, "yes" if met else "no"


def _speed(results: Any) -> Iterator[Row]:
    relay = _middle(results, "texts", "relay")
    for manner, least, goal in (
        ("texts", 4.0, "SQLite, texts alone: 4 times the plain relay, better 6"),
        ("marks", 2.0, "SQLite, with typing and read marks: twice the relay's texts alone, better 3 times"),
        ("real", 2.0, "SQLite, as real clients: twice the relay's texts alone"),
    ):
        speed = _middle(results, manner, "sqlite")
        if speed is not None and relay is not None:
            yield _row(goal, f"{speed / relay:.2f} times", speed >= least * relay)
    for manner, name in (("texts", "texts alone"), ("marks", "typing and read marks"), ("real", "as real clients")):
        for one, other, least, goal in (
            ("sqlite", "postgres", 0.7, f"PostgreSQL, {name}: 0.7 of SQLite"),
            ("share1", "share2", 1.6, f"two processes with a share of a core each, {name}: 1.6 times one"),
        ):
            base, speed = _middle(results, manner, one), _middle(results, manner, other)
            if base is not None and speed is not None:
                yield _row(goal, f"{speed / base:.2f}", speed >= least * base)


def _delay(results: Any) -> Iterator[Row]:
    counts = results.delivery.get("sqlite")
    if counts:
        p99 = [1000 * percentile(count.delivery, 0.99) for count in counts]
        shown = f"{statistics.median(p99):.1f} ms, {min(p99):.1f} in the quietest round"
        yield _row("SQLite, 200 texts a second: p99 under 10 ms", shown, statistics.median(p99) < 10)


def _loop(what: str, found: dict[str, Any]) -> Row:
    loop = found["loop"]
    shown = f"p99 up to {loop['p99_ms']:.0f} ms, {loop['stalls']:.0f} over 250 ms"
    return _row(f"{what}: loop p99 under 50 ms, none over 250 ms", shown, loop["p99_ms"] <= 50 and not loop["stalls"])


def _waiting(found: dict[str, Any]) -> Iterator[Row]:
    arrival, moving = found.get("arrival"), found.get("moving")
    if arrival:
        answered = f"{arrival['answered']:,} of {arrival['arrived']:,}"
        yield _row("all who arrive get an answer", answered, arrival["answered"] == arrival["arrived"])
        yield _loop("while they arrive", arrival)
    if moving:
        shown = f"{moving['pushes_max']} in {moving['seconds']:.0f} s at most"
        yield _row("who waits is pushed once in 5 s at most", shown, moving["pushes_max"] <= moving["allowed"])
        yield _loop("while the queue moves", moving)


def _talking(found: dict[str, Any]) -> Iterator[Row]:
    talking = found.get("talking")
    if talking:
        yield _row("all chats, a text each 20 s: under half a core", f"{talking['share']:.0%}", talking["share"] < 0.5)
        yield _loop("while they talk", talking)
