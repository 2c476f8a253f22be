"""Counts the rows of a day, for every figure that is told of them. Pure.

A tally is by `cut`, what figures can be narrowed to (ledger, channel, inside or outside opening hours), then by what is
counted, then by the values of that, joined with a space where it is two things at once:

    {"answered chat in": {"all": {"": 12}, "hour": {"13": 2, ...}, "age_band gender": {"12-15 female": 4, ...}, ...},
     "missed phone out": {"all": {"": 3}, "hour cause": {"2 closed": 3}, ...}}

Test contacts are in no tally.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from helpline.contacts.categories import LEFT_EARLY, UNKNOWN

ANSWERED, MISSED = "answered", "missed"
INSIDE, OUTSIDE = "in", "out"
ALL = "all"
# A contact has any number of topics; here it counts once.
ANY = "any"
Tally = dict[str, dict[str, dict[str, int]]]
# What is told by weekday too.
BY_THE_HOUR = ("hour", "hour cause")


@dataclass(frozen=True, slots=True)
class AnsweredRow:
    """An answered contact as it is counted; wait in seconds, length in minutes, None where nobody measured."""

    channel: str
    in_hours: bool
    hour: int
    language: str
    wait_s: int | None
    length_min: int | None
    concern: str
    age_band: str
    gender: str
    found_via: str
    referral: str
    recorded: str
    returned: str
    topics: tuple[str, ...] = ()
    # The topics of the first level that these are or stand below.
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MissedRow:
    """A missed contact as it is counted; `caught_by` says which other way in its visitor took, or none."""

    channel: str
    in_hours: bool
    hour: int
    language: str
    wait_s: int | None
    cause: str
    caught_by: str


def cut(ledger: str, channel: str, in_hours: bool) -> str:
    """The name of what figures can be narrowed to."""
    return f"{ledger} {channel} {INSIDE if in_hours else OUTSIDE}"


def tally(answered: Iterable[AnsweredRow], missed: Iterable[MissedRow]) -> Tally:
    """Count these rows."""
    contacts: dict[str, list[AnsweredRow]] = defaultdict(list)
    for contact in answered:
        contacts[cut(ANSWERED, contact.channel, contact.in_hours)].append(contact)
    tries: dict[str, list[MissedRow]] = defaultdict(list)
    for try_ in missed:
        tries[cut(MISSED, try_.channel, try_.in_hours)].append(try_)
    counted = {name: _of_answered(rows) for name, rows in contacts.items()}
    counted |= {name: _of_missed(rows) for name, rows in tries.items()}
    # What was never counted is not there.
    return {name: {what: dict(numbers) for what, numbers in of.items() if numbers} for name, of in counted.items()}


def _of_answered(rows: Sequence[AnsweredRow]) -> dict[str, Counter[str]]:
    topics = Counter(f"{ANY} {row.gender}" for row in rows)
    topics.update(f"{topic} {row.gender}" for row in rows for topic in row.topics or (UNKNOWN,))
    return {
        ALL: Counter({"": len(rows)}),
        "hour": Counter(str(row.hour) for row in rows),
        "language": Counter(row.language for row in rows),
        "concern gender": Counter(f"{row.concern} {row.gender}" for row in rows),
        "age_band gender": Counter(f"{row.age_band} {row.gender}" for row in rows),
        "topic gender": topics,
        "topic_group": Counter(group for row in rows for group in row.groups or (UNKNOWN,)),
        "found_via": Counter(row.found_via for row in rows),
        "referral": Counter(row.referral for row in rows),
        "recorded": Counter(row.recorded for row in rows),
        "returned": Counter(row.returned for row in rows),
        "wait_s": Counter(str(row.wait_s) for row in rows if row.wait_s is not None),
        "length_min": Counter(str(row.length_min) for row in rows if row.length_min is not None),
    }


def _of_missed(rows: Sequence[MissedRow]) -> dict[str, Counter[str]]:
    # Kept apart: nothing else of these is counted, so they are in no total.
    early = Counter(str(row.hour) for row in rows if row.cause == LEFT_EARLY)
    rows = [row for row in rows if row.cause != LEFT_EARLY]
    return {
        LEFT_EARLY: early,
        ALL: Counter({"": len(rows)} if rows else {}),
        "hour cause": Counter(f"{row.hour} {row.cause}" for row in rows),
        "cause caught_by": Counter(f"{row.cause} {row.caught_by}" for row in rows),
        "language": Counter(row.language for row in rows),
        "wait_s": Counter(str(row.wait_s) for row in rows if row.wait_s is not None),
    }


def add(into: Tally, more: Mapping[str, Mapping[str, Mapping[str, int]]]) -> None:
    """Add the counts of one tally to another."""
    for name, counts in more.items():
        here = into.setdefault(name, {})
        for what, numbers in counts.items():
            _add_up(here.setdefault(what, {}), numbers)


def _add_up(sums: dict[str, int], numbers: Mapping[str, int]) -> None:
    for value, number in numbers.items():
        sums[value] = sums.get(value, 0) + number


@dataclass(frozen=True)
class Sum:
    """The tallies of days added up: what is told by the hour for each weekday, all else together; and the number of
    rows of each day by cut."""

    together: Tally = field(default_factory=dict)
    by_weekday: tuple[Tally, ...] = field(default_factory=lambda: tuple({} for _ in range(7)))
    of_days: dict[date, dict[str, int]] = field(default_factory=dict)

    def add_day(self, day: date, of_day: Mapping[str, Mapping[str, Mapping[str, int]]]) -> None:
        """With one day more."""
        numbers = {}
        for name, counts in of_day.items():
            numbers[name] = sum(counts.get(ALL, {}).values())
            for what, values in counts.items():
                into = self.by_weekday[day.weekday()] if what in BY_THE_HOUR else self.together
                _add_up(into.setdefault(name, {}).setdefault(what, {}), values)
        self.of_days[day] = numbers

    def add_sum(self, more: Sum) -> None:
        """With other days more."""
        add(self.together, more.together)
        for into, other in zip(self.by_weekday, more.by_weekday, strict=True):
            add(into, other)
        self.of_days.update(more.of_days)


def summed(tallies: Iterable[tuple[date, Tally]]) -> Sum:
    """The sum of the tallies of days."""
    whole = Sum()
    for day, of_day in tallies:
        whole.add_day(day, of_day)
    return whole
