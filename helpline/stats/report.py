"""What the yearly report of a line says: exactly, or from what was released and nothing else. Pure.

Both forms are made from the same tables, so they say the same things in the same words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from helpline.stats.figures import CAN_BE_MISSED
from helpline.stats.tables import ANY, TOTAL, Key, Table

# What is told of each kind of row: what it is called here, the table it stands in, the dimension.
CONTACTS = (
    ("by_channel", "answered-by-channel", "channel"),
    ("by_concern", "answered-by-concern", "concern"),
    ("by_gender", "answered-by-concern", "gender"),
    ("by_age_band", "answered-by-age", "age_band"),
    ("by_topic", "answered-by-topic", "topic"),
    ("by_found_via", "answered-by-route", "found_via"),
    ("by_referral", "answered-by-referral", "referral"),
    ("by_weekday", "answered-by-time", "weekday"),
    ("by_part_of_day", "answered-by-time", "part_of_day"),
)
MISSED = (
    ("by_reason", "missed-by-reason", "missed_reason"),
    ("by_channel", "missed-by-reason", "channel"),
    ("by_weekday", "missed-by-time", "weekday"),
    ("by_part_of_day", "missed-by-time", "part_of_day"),
)
INDIVIDUALS = (
    ("by_concern", "individuals-by-concern", "concern"),
    ("by_age_band", "individuals-by-age", "age_band"),
)
ADVICE = (
    ("by_tree", "advice-by-tree", "tree"),
    ("by_asked_for", "advice-by-tree", "asked_for"),
    ("by_age_band", "advice-by-asker", "age_band"),
    ("by_gender", "advice-by-asker", "gender"),
)
COURSE = (("by_returning", "self-help-course", "returning"),)
MODULES = (("by_module", "self-help-visits", "module"),)
# Of these a zero says something too.
ALWAYS = ("weekday", "part_of_day")


@dataclass(frozen=True)
class Year:
    """A line's year as it is told. The tables of its individuals may not be there yet.

    by_month: answered and missed, by `2020-01`. bounds: by less than what the figures differ from what was counted,
    in a month, in the year and of the individuals; none where they are exact. merged: the categories told as `other`,
    by dimension. more: what is told beside the tables, by the part of the report it belongs to.
    """

    tables: Mapping[str, Table]
    by_month: Mapping[str, tuple[int, int]]
    bounds: Mapping[str, int] | None = None
    merged: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    more: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def report(line: str, year: int, now: Year, before: Year | None, campaigns: list[dict[str, Any]]) -> dict[str, Any]:
    """The report. `before`: the year before as far as it is told in the same form; of it the figures stand in
    `before`, and what they became in `previous` and `change_percent`."""
    told, earlier = _figures(now), _figures(before) if before else {}
    for part, figures in told.items():
        of_before = earlier.get(part, {})
        figures["previous"] = of_before.get("total")
        figures["change_percent"] = change_percent(figures["total"], figures["previous"])
    return {
        "year": year,
        "line": line,
        "exact": now.bounds is None,
        **told,
        "campaigns": campaigns,
        "bounds": None if now.bounds is None else dict(now.bounds),
        "merged": _merged(now),
        "before": {**earlier, "merged": _merged(before)} if before else None,
    }


def change_percent(now: int | None, before: int | None) -> float | None:
    """By how much of a hundred it grew, to one decimal; None where there is nothing to compare with."""
    return None if now is None or not before else round(100 * (now - before) / before, 1)


def _merged(year: Year) -> dict[str, list[str]]:
    return {dimension: list(words) for dimension, words in year.merged.items() if words}


def _figures(year: Year) -> dict[str, dict[str, Any]]:
    tables = year.tables
    told = {
        "contacts": _part(tables, CONTACTS) | _by_month(year, 0),
        "missed": _part(tables, MISSED) | _by_month(year, 1),
        "individuals": _part(tables, INDIVIDUALS),
    }
    told["missed"]["share_percent"] = _share_percent(tables)
    if "advice-by-tree" in tables:
        told["advice"] = _part(tables, ADVICE)
    if "self-help-course" in tables:
        told["course"] = _part(tables, COURSE) | _counts(tables, MODULES)
    for part, figures in year.more.items():
        if part in told:
            told[part] |= figures
    return told


def _by_month(year: Year, place: int) -> dict[str, dict[str, int]]:
    return {"by_month": {month: numbers[place] for month, numbers in year.by_month.items()}}


def _part(tables: Mapping[str, Table], wanted: tuple[tuple[str, str, str], ...]) -> dict[str, Any]:
    """The total of the tables, and the margins that are wanted of them; None where they are not told."""
    table = tables.get(wanted[0][1])
    if table is None:
        return {"total": None}
    return {"total": table.figures()[_margins(table)], **_counts(tables, wanted)}


def _counts(tables: Mapping[str, Table], wanted: tuple[tuple[str, str, str], ...]) -> dict[str, dict[str, int]]:
    return {name: _along(tables[table], dimension) for name, table, dimension in wanted}


def _along(table: Table, name: str) -> dict[str, int]:
    """The margin of a dimension. What did not occur is left out, apart from days and hours."""
    counts, margins = table.figures(), _margins(table)
    axis = [dimension.name for dimension in table.dimensions].index(name)
    found = {word: counts[*margins[:axis], word, *margins[axis + 1 :]] for word in table.dimensions[axis].categories}
    return {word: number for word, number in found.items() if number or name in ALWAYS}


def _margins(table: Table) -> Key:
    return tuple(ANY if dimension.several else TOTAL for dimension in table.dimensions)


def _share_percent(tables: Mapping[str, Table]) -> float | None:
    """Missed as a part of missed and answered, over what can be missed; None where there is neither."""
    answered, missed = (
        sum(number for channel, number in _along(tables[table], "channel").items() if channel in CAN_BE_MISSED)
        for table in ("answered-by-channel", "missed-by-reason")
    )
    return round(100 * missed / (missed + answered), 1) if missed + answered else None
