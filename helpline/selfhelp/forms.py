"""What a form with an exercise says: the values of its fields, what stood there before, and what can't be kept.

Pure. Fields are named as in their exercise, cells of rows `<field>-<row>-<column>`, marks of what was shown
`seen.<field>`. Texts that are too long come back as they were written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from helpline.selfhelp.course import Exercise, Field, TooLong, Value, columns_of, tidy


class Fields(Protocol):
    """The fields of a form that was sent; one of them may be there several times."""

    def get(self, name: str, /) -> str | None:
        """The first one of this name."""

    def getlist(self, name: str, /) -> list[str]:
        """All of this name."""

    def __contains__(self, name: object, /) -> bool: ...


@dataclass(frozen=True)
class Sent:
    """values, seen: by address. too_long: address -> how many characters fit; unfit: addresses of what is no answer."""

    values: Mapping[str, Value | None] = field(default_factory=dict)
    seen: Mapping[str, str] = field(default_factory=dict)
    too_long: Mapping[str, int] = field(default_factory=dict)
    unfit: frozenset[str] = frozenset()

    @property
    def is_whole(self) -> bool:
        """Whether all of it can be kept."""
        return not self.too_long and not self.unfit


def read(exercise: Exercise, form: Fields) -> Sent:
    """What was sent of an exercise. A field that the form didn't have at all is left alone."""
    values: dict[str, Value | None] = {}
    seen: dict[str, str] = {}
    too_long: dict[str, int] = {}
    unfit: set[str] = set()
    for asked in exercise.fields:
        if not asked.is_written or not _is_there(asked, form):
            continue
        if (mark := form.get(f"seen.{asked.key}")) is not None:
            seen[asked.address] = mark
        raw = _raw(asked, form)
        try:
            values[asked.address] = tidy(asked, raw)
        except TooLong as error:
            values[asked.address], too_long[asked.address] = raw, error.most
        except ValueError:
            values[asked.address] = None
            unfit.add(asked.address)
    return Sent(values, seen, too_long, frozenset(unfit))


def cell(asked: Field, row: int, column: str) -> str:
    """The name of a cell."""
    return f"{asked.key}-{row}-{column}"


def _is_there(asked: Field, form: Fields) -> bool:
    # Nothing is sent of a list in which nothing is ticked but the mark that stands beside it.
    names = [asked.key, f"seen.{asked.key}"]
    return any(name in form for name in names) or any(
        cell(asked, row, column) in form for row in range(asked.rows) for column in columns_of(asked)
    )


def _raw(asked: Field, form: Fields) -> Value | None:
    written = form.get(asked.key) or ""
    match asked.kind:
        case "checklist":
            return form.getlist(asked.key)
        case "pairs" | "table":
            columns = columns_of(asked)
            return [[form.get(cell(asked, row, column)) or "" for column in columns] for row in range(asked.rows)]
        case "scale":
            # Whatever is no number stays a text, which no scale can hold.
            return int(written) if written.isdecimal() and len(written) <= 2 else written or None
    return written


def longest(value: Value | None) -> int:
    """Characters of the longest text in a value."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list):
        return max((len(part) if isinstance(part, str) else longest(part) for part in value), default=0)
    return 0
