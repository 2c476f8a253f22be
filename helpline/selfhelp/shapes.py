"""How the files of a course look: what `course.yaml` and the front matter of a module may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from helpline.content.files import Document
from helpline.selfhelp.course import Kind

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=40)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=160)]
Count = Annotated[int, Field(ge=1, le=31)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FieldShape(_Strict):
    """One question: options of a checklist, columns and rows of a table, rows of pairs, minutes of a timer."""

    kind: Kind
    options: list[Slug] = []
    columns: list[Slug] = []
    rows: Count | None = None
    minutes: Annotated[int, Field(ge=1, le=60)] | None = None


class ExerciseShape(_Strict):
    """Fields that are filled in and sent together, in their order."""

    fields: Annotated[dict[Slug, FieldShape], Field(min_length=1)]


class ModuleShape(_Strict):
    """One module and its exercises; a number in front of its name is that of its folder alone."""

    slug: Annotated[Slug, StringConstraints(pattern=r"^[a-z]")]
    exercises: dict[Slug, ExerciseShape] = {}


class BoosterShape(ModuleShape):
    """A look back: offered so many `days` after the module `after` was done."""

    after: Slug
    days: Annotated[int, Field(ge=1, le=366)]


class CourseShape(_Strict):
    """`plan`: the module whose answers and earlier ones make the page to keep."""

    line: Slug
    languages: Annotated[list[Slug], Field(min_length=1)]
    modules: Annotated[list[ModuleShape], Field(min_length=1)]
    boosters: list[BoosterShape] = []
    plan: Slug | None = None


class FieldWords(_Strict):
    """A question as it is asked. `rows`: what each row of a table is called; `during`: what a timer says meanwhile."""

    label: Short
    hint: Words | None = None
    low: Short | None = None
    high: Short | None = None
    options: dict[Slug, Short] = {}
    columns: dict[Slug, Short] = {}
    left: Short | None = None
    right: Short | None = None
    rows: list[Short] = []
    during: list[Words] = []


class ExerciseWords(_Strict):
    """The words of an exercise and of its fields."""

    title: Short
    intro: Words
    fields: dict[Slug, FieldWords]


class ModuleWords(_Strict):
    """The front matter of a module. `gives`: what it gives today; `sources` are never shown."""

    title: Short
    gives: Words
    minutes: Annotated[int, Field(ge=1, le=120)]
    step: Words
    sources: list[Words] = []
    exercises: dict[Slug, ExerciseWords] = {}


@dataclass(frozen=True)
class Page:
    """A module in one language as it was read; `above` lines of the file stand before its text."""

    words: ModuleWords
    document: Document
    text: str
    above: int

    def at(self, line: int, problem: str) -> str:
        """`problem` with the file, and the line (from 1) of the text, in front."""
        return f"{self.document.path}:{self.above + line}: {problem}"


@dataclass(frozen=True)
class CourseFiles:
    """All files of a course as they were read; the pages by language and module."""

    folder: Path
    shape: CourseShape
    document: Document
    pages: Mapping[tuple[str, str], Page]

    @property
    def modules(self) -> dict[str, ModuleShape]:
        """All modules and look-backs by name; of two with one name the first."""
        found: dict[str, ModuleShape] = {}
        for module in (*self.shape.modules, *self.shape.boosters):
            found.setdefault(module.slug, module)
        return found

    def folder_of(self, slug: str) -> Path:
        """Where the words of a module stand: modules are numbered in their order, look-backs are not."""
        number = next((number for number, module in enumerate(self.shape.modules, 1) if module.slug == slug), None)
        return self.folder / (slug if number is None else f"{number:02}-{slug}")
