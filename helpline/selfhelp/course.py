"""What a course is made of: modules in a suggested order, exercises with fields, and what may be written there.

Pure: no texts, no storage. The words of a course stand in its files (`loader.py`), the answers in a `Record`
(`progress.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Literal

Kind = Literal["short", "long", "scale", "checklist", "pairs", "table", "timer"]
# What is written in a field: text, a number of a scale, ticked options, or rows of cells. Nothing written is None.
Value = str | int | list[str] | list[list[str]]

LONGEST: Mapping[str, int] = {"short": 300, "long": 4000, "pairs": 500, "table": 500}
"""Characters of a text field, or of each cell."""
SCALE = range(11)
LEFT, RIGHT = "left", "right"


@dataclass(frozen=True)
class Field:
    """One question of an exercise; `address` is `module.exercise.field`."""

    address: str
    kind: Kind
    options: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: int = 0
    minutes: int = 0

    @property
    def key(self) -> str:
        """Its name within the exercise."""
        return self.address.rpartition(".")[2]

    @property
    def is_written(self) -> bool:
        """Whether something is written here, and so can be kept; nothing is in a timer."""
        return self.kind != "timer"


@dataclass(frozen=True)
class Exercise:
    """Fields that are filled in and sent together."""

    module: str
    key: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Module:
    """One unit of 10 to 20 minutes. `number` counts from 1; a look back has none, and is due `days` after `after`."""

    slug: str
    exercises: tuple[Exercise, ...]
    number: int | None = None
    after: str = ""
    days: int = 0

    def exercise(self, key: str) -> Exercise | None:
        """The exercise of this name."""
        return next((exercise for exercise in self.exercises if exercise.key == key), None)


@dataclass(frozen=True)
class Course:
    """The modules of a line's course in the suggested order, and its look-backs. `plan`: the module that gathers."""

    line: str
    modules: tuple[Module, ...]
    boosters: tuple[Module, ...] = ()
    plan: str = ""

    def module(self, slug: str) -> Module | None:
        """The module or look-back of this name."""
        return next((module for module in chain(self.modules, self.boosters) if module.slug == slug), None)

    def field(self, address: str) -> Field | None:
        """The field at `module.exercise.field`."""
        slug, _, rest = address.partition(".")
        module = self.module(slug)
        exercise = module.exercise(rest.partition(".")[0]) if module else None
        return next((field for field in exercise.fields if field.address == address), None) if exercise else None


class TooLong(ValueError):
    """More was written in a field than can be kept; `field` says where, `most` how many characters fit."""

    def __init__(self, field: Field, most: int) -> None:
        super().__init__(f"{field.address}: {most} characters at most")
        self.field, self.most = field, most


def fits(field: Field, value: object) -> bool:
    """Whether `value`, such as one kept under an earlier form of the course, can stand in this field."""
    match field.kind, value:
        case (("short" | "long"), str()):
            return True
        case "scale", int():
            return value in SCALE
        case "checklist", list():
            return all(option in field.options for option in value)
        case (("pairs" | "table"), list()):
            wide = len(columns_of(field))
            return all(isinstance(row, list) and len(row) == wide for row in value) and len(value) <= field.rows
    return False


def shown(field: Field, value: Value | None) -> Value | None:
    """What of a value that was kept can stand in this field: all that fits, and of a list the options it still has."""
    if isinstance(value, str) and field.kind in ("short", "long"):
        # A browser would make one line of several in a short field, and what is too long could not be sent again.
        too_much = len(value) > LONGEST[field.kind] or (field.kind == "short" and "\n" in value)
        return None if too_much else value
    if value is None or fits(field, value):
        return value
    if field.kind == "checklist" and isinstance(value, list):
        return [option for option in field.options if option in value] or None
    return None


def columns_of(field: Field) -> tuple[str, ...]:
    """The columns of the rows of `pairs` and `table`."""
    return (LEFT, RIGHT) if field.kind == "pairs" else field.columns


def tidy(field: Field, value: Value | None) -> Value | None:
    """The value as it is kept: without blank ends, None where nothing was written.

    Raises TooLong, and ValueError for what the field can't hold.
    """
    if value is None or not field.is_written:
        return None
    if isinstance(value, str) and field.kind in ("short", "long"):
        value = _text(field, value) or None
    elif isinstance(value, list) and field.kind == "checklist":
        value = [option for option in field.options if option in value] or None
    elif isinstance(value, list) and field.kind in ("pairs", "table"):
        rows = [[_text(field, str(cell)) for cell in row] for row in value]
        while rows and not any(rows[-1]):
            rows.pop()
        value = rows or None
    if value is not None and not fits(field, value):
        raise ValueError(f"{field.address} can't hold this")
    return value


def _text(field: Field, written: str) -> str:
    # Browsers send line ends as two characters; a NUL is no text.
    text = written.replace("\r\n", "\n").replace("\x00", "").strip()
    if len(text) > LONGEST[field.kind]:
        raise TooLong(field, LONGEST[field.kind])
    return text
