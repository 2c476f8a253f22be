"""Random ledgers in the shapes of the two lines, counted into the tables of a release."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import product

from helpline.stats.disclosure import Month, Release, release
from helpline.stats.tables import ANY, Dimension, Table

Row = Mapping[str, str | Sequence[str]]
Shape = dict[str, tuple[str, list[Dimension]]]

GENDER = Dimension("gender", ("male", "female", "other", "unknown"))
CHANNEL = Dimension("channel", ("phone", "email", "chat", "letter"))
CONCERN = Dimension("concern", ("self", "other", "professional", "general"))
WEEKDAY = Dimension("weekday", ("mon", "tue", "wed", "thu", "fri", "sat", "sun"))
PART = Dimension("part_of_day", ("night", "morning", "afternoon", "evening"))
REASON = Dimension(
    "missed_reason",
    ("closed", "nobody_on_duty", "queue_full", "left", "lost", "emergency_exit", "unanswered"),
)
ROUTE = Dimension("found_via", ("internet", "police", "professional", "campaign", "family", "school", "unknown"))
REFERRAL = Dimension(
    "referral",
    ("none", "practitioner", "self_help", "general_practitioner", "advice", "police", "hotline", "other"),
)
MODULE = Dimension("module", tuple(f"module-{number:02}" for number in range(1, 18)))
RETURNING = Dimension("returning", ("no", "yes"))
TREE = Dimension("tree", ("extorted", "image", "worried", "online", "viewing", "partner"))
ASKED_FOR = Dimension("asked_for", ("myself", "somebody_else", "unknown"))
AGES = {
    "prevention": Dimension("age_band", ("0-17", "18-25", "26-35", "36-45", "46-60", "61+", "unknown")),
    "youth": Dimension("age_band", ("0-11", "12-15", "16-17", "18-25", "26+", "unknown")),
}
TOPICS = {"prevention": 19, "youth": 26}


def shapes(line: str) -> Shape:
    """Population and dimensions of every table of a line, as they are exported."""
    age = AGES[line]
    topic = Dimension("topic", tuple(f"topic-{number:02}" for number in range(1, TOPICS[line] + 1)), several=True)
    return {
        "answered-by-channel": ("answered", [CHANNEL, CONCERN]),
        "answered-by-age": ("answered", [age, GENDER]),
        "answered-by-concern": ("answered", [CONCERN, GENDER]),
        "answered-by-topic": ("answered", [topic, GENDER]),
        "answered-by-time": ("answered", [WEEKDAY, PART]),
        "answered-by-route": ("answered", [ROUTE]),
        "answered-by-referral": ("answered", [REFERRAL]),
        "missed-by-reason": ("missed", [CHANNEL, REASON]),
        "missed-by-time": ("missed", [WEEKDAY, PART]),
        "self-help-visits": ("self-help", [MODULE, RETURNING]),
        "advice-by-asker": ("advice", [age, GENDER]),
        "advice-by-tree": ("advice", [TREE, ASKED_FOR]),
    }


def small() -> Shape:
    """Every kind of relation in few cells: two shared margins, several topics, a table of one dimension."""
    gender = Dimension("gender", ("male", "female", "unknown"))
    concern = Dimension("concern", ("self", "other"))
    return {
        "answered-by-channel": ("answered", [Dimension("channel", ("phone", "email", "chat")), concern]),
        "answered-by-concern": ("answered", [concern, gender]),
        "answered-by-topic": ("answered", [Dimension("topic", ("a", "b", "c"), several=True), gender]),
        "answered-by-route": ("answered", [Dimension("found_via", ("internet", "police", "unknown"))]),
        "missed-by-reason": (
            "missed",
            [Dimension("channel", ("phone", "email", "chat")), Dimension("why", ("x", "y"))],
        ),
    }


def rows(shape: Shape, counts: Mapping[str, int], dice: random.Random) -> dict[str, list[Row]]:
    """Rows by population. Some categories are common and most are rare, as in life."""
    dimensions: dict[str, dict[str, Dimension]] = {}
    for population, of in shape.values():
        dimensions.setdefault(population, {}).update({dimension.name: dimension for dimension in of})

    def drawn(dimension: Dimension) -> str | list[str]:
        weights = [1 / (place + 1) ** 1.3 for place in range(len(dimension.categories))]
        words = dice.choices(dimension.categories, weights, k=dice.choice((1, 1, 2, 3)) if dimension.several else 1)
        return sorted(set(words)) if dimension.several else words[0]

    return {
        population: [{name: drawn(dimension) for name, dimension in of.items()} for _ in range(counts[population])]
        for population, of in dimensions.items()
    }


def table(name: str, population: str, dimensions: Sequence[Dimension], of: Sequence[Row]) -> Table:
    """The rows counted: a row counts under each of its categories, and once under `any`."""
    counts: Counter[tuple[str, ...]] = Counter()
    for row in of:
        words = []
        for dimension in dimensions:
            word = row[dimension.name]
            words.append((*word, ANY) if dimension.several else (str(word),))
        counts.update(product(*words))
    return Table(name, population, tuple(dimensions), dict(counts))


def counted(shape: Shape, of: Mapping[str, Sequence[Row]]) -> list[Table]:
    """All tables of a month."""
    return [table(name, population, dimensions, of[population]) for name, (population, dimensions) in shape.items()]


def seed(dice: random.Random) -> bytes:
    """A seed that a test can repeat."""
    return dice.randbytes(32)


def year(shape: Shape, counts: Mapping[str, int], dice: random.Random, months: int = 12) -> list[tuple[Month, Release]]:
    """The months of a year, released one after the other; each month is about as busy as `counts`."""
    done: list[tuple[Month, Release]] = []
    for _ in range(months):
        busy = {population: int(count * dice.uniform(0.4, 1.6)) for population, count in counts.items()}
        exact = counted(shape, rows(shape, busy, dice))
        found = release(exact, seed(dice), earlier=[month for month, _ in done])
        done.append((Month(tuple(exact), found.tables), found))
    return done
