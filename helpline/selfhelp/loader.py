"""Reads the courses: their shape from `course.yaml`, the words of a module from one file a language.

    selfhelp_modules/course.yaml           the modules in the suggested order, and their exercises
    selfhelp_modules/NN-<slug>/<lang>.md   a module: front matter with the words of its exercises, and its text
    selfhelp_modules/<slug>/<lang>.md      a look back
    selfhelp_modules/<course>/course.yaml  the course of another line, made alike

`docs/authoring-course.md` explains each key. What is wrong is told with file and line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from markupsafe import Markup

from helpline.content.files import ContentError, clean, read
from helpline.content.files import split as split_text
from helpline.paths import asset
from helpline.selfhelp import problems
from helpline.selfhelp.course import Course, Exercise, Field, Module
from helpline.selfhelp.shapes import (
    BoosterShape,
    CourseFiles,
    CourseShape,
    FieldWords,
    ModuleShape,
    ModuleWords,
    Page,
)

COURSES = asset("selfhelp_modules")
COURSE = "course.yaml"
# Cards that are no help entries: the way to our own chat, the page of what is confidential, the page of the plan.
CHAT, LIMITS, PLAN = "chat", "limits", "plan"


@dataclass(frozen=True)
class ExerciseHere:
    """An exercise of the module stands here."""

    key: str


@dataclass(frozen=True)
class AnswersHere:
    """What was written at `module.exercise.field` is shown here, nothing where there is nothing."""

    address: str


@dataclass(frozen=True)
class Card:
    """A help entry of the country, or one of `chat`, `limits`, `plan`; an optional one may lack in a country."""

    key: str
    optional: bool = False


Block = Markup | ExerciseHere | AnswersHere | Card


@dataclass(frozen=True)
class Content:
    """A course and all its words, read once: `words` by language and module, `texts` by both."""

    course: Course
    words: Mapping[str, Mapping[str, ModuleWords]] = field(repr=False)
    texts: Mapping[tuple[str, str], tuple[Block, ...]] = field(repr=False)
    headings: Mapping[tuple[str, str], tuple[tuple[str, str], ...]] = field(repr=False)
    files: CourseFiles = field(repr=False)

    def field_words(self, lang: str, field: Field) -> FieldWords:
        """How a field is asked."""
        module, exercise, key = field.address.split(".")
        return self.words[lang][module].exercises[exercise].fields[key]

    def sections(self, lang: str, slug: str) -> tuple[tuple[str, str], ...]:
        """The id and the words of each `##` heading of a module."""
        return self.headings[lang, slug]


@lru_cache(maxsize=8)
def lines(root: Path = COURSES) -> tuple[str, ...]:
    """The lines that have a course, read once."""
    return tuple(sorted(courses(root)[0]))


@lru_cache(maxsize=16)
def load(line: str, root: Path = COURSES) -> Content:
    """The course of a line, read once; raises ContentError where the files don't fit together."""
    content, found = read_line(line, root)
    if content is None:
        raise ContentError(found[0])
    return content


def courses(root: Path) -> tuple[dict[str, Path], list[str]]:
    """Line -> the folder of its course; and what is wrong with that, such as two courses of one line."""
    found: dict[str, Path] = {}
    told: list[str] = []
    for folder in _course_folders(root):
        try:
            document = read(folder / COURSE)
        except ContentError as error:
            told.append(str(error))
            continue
        line = str(document.data.get("line", ""))
        if line in found:
            told.append(document.at(("line",), f"line {line!r} has a course already, in {found[line] / COURSE}"))
        else:
            found[line] = folder
    return found, told


def _course_folders(root: Path) -> list[Path]:
    below = [path for path in folders(root) if (path / COURSE).is_file()]
    return below if below and not (root / COURSE).is_file() else [root, *below]


def folders(root: Path) -> list[Path]:
    """The folders in a folder, but hidden ones."""
    return (
        sorted(path for path in root.iterdir() if path.is_dir() and path.name[0] not in "._") if root.is_dir() else []
    )


def read_line(line: str, root: Path = COURSES) -> tuple[Content | None, list[str]]:
    """The course of a line; where it can't be put together None, and all that is wrong with it."""
    found, told = courses(root)
    return read_course(found[line]) if line in found else (None, told or [f"{root / COURSE}:1: no course of {line!r}"])


def read_course(folder: Path) -> tuple[Content | None, list[str]]:
    """The course in a folder; where it can't be put together None, and all that is wrong with it."""
    told: list[str] = []
    files = _files(folder, told)
    if files is None:
        return None, told
    told += problems.of_files(files)
    if told:
        return None, told
    course = _course(files.shape)
    words: dict[str, dict[str, ModuleWords]] = {lang: {} for lang in files.shape.languages}
    texts, headings = {}, {}
    for (lang, slug), page in files.pages.items():
        words[lang][slug] = page.words
    for (lang, slug), page in files.pages.items():
        links = {
            other: (f"/{lang}/{course.line}/self-help/{other}/", said.title) for other, said in words[lang].items()
        }
        texts[lang, slug], headings[lang, slug] = _text(page.text, links)
    return Content(course, words, texts, headings, files), []


def _files(folder: Path, told: list[str]) -> CourseFiles | None:
    try:
        document = read(folder / COURSE)
        shape = document.as_model(CourseShape)
    except ContentError as error:
        told.append(str(error))
        return None
    pages: dict[tuple[str, str], Page] = {}
    files = CourseFiles(folder, shape, document, pages)
    told += problems.of_folders(files, [path for path in folders(folder) if not (path / COURSE).is_file()])
    for slug in files.modules:
        there = files.folder_of(slug)
        for lang in shape.languages if there.is_dir() else ():
            try:
                pages[lang, slug] = _page(there / f"{lang}.md")
            except ContentError as error:
                told.append(str(error))
    return files


def _page(path: Path) -> Page:
    try:
        document, text, above = split_text(path.read_text(encoding="utf-8"), path)
    except FileNotFoundError:
        raise ContentError(f"{path}:1: is missing") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(f"{path}:1: can't be read: {error}") from None
    return Page(document.as_model(ModuleWords), document, text, above)


# Shape


def _course(shape: CourseShape) -> Course:
    return Course(
        shape.line,
        tuple(_module(module, number) for number, module in enumerate(shape.modules, 1)),
        tuple(_module(booster) for booster in shape.boosters),
        shape.plan or "",
    )


def _module(shape: ModuleShape, number: int | None = None) -> Module:
    exercises = tuple(
        Exercise(
            shape.slug,
            key,
            tuple(
                Field(
                    f"{shape.slug}.{key}.{name}",
                    asked.kind,
                    tuple(asked.options),
                    tuple(asked.columns),
                    asked.rows or 0,
                    asked.minutes or 0,
                )
                for name, asked in exercise.fields.items()
            ),
        )
        for key, exercise in shape.exercises.items()
    )
    after, days = (shape.after, shape.days) if isinstance(shape, BoosterShape) else ("", 0)
    return Module(shape.slug, exercises, number, after, days)


# Text


_HEADING = re.compile(r"<h([23])>(.*?)</h\1>", re.DOTALL)


def _text(text: str, links: Mapping[str, tuple[str, str]]) -> tuple[tuple[Block, ...], tuple[tuple[str, str], ...]]:
    """The blocks of a text, and its headings; `links`: module -> address and title."""
    found: list[Block] = []
    headings: list[tuple[str, str]] = []
    below = 0

    def named(match: re.Match[str]) -> str:
        nonlocal below
        rank, words = match[1], Markup(match[2])  # noqa: S704 - cleaned before
        if rank == "2":
            headings.append((f"part-{len(headings) + 1}", words.striptags()))
            below, name = 0, headings[-1][0]
        else:
            below += 1
            name = f"part-{len(headings)}-{below}"
        return f'<h{rank} id="{name}">{words}</h{rank}>'

    def linked(match: re.Match[str]) -> str:
        address, title = links[match[1]]
        return Markup('<a href="{}">{}</a>').format(address, title)

    def marked_up(markdown: str) -> Markup:
        html = problems.LINK.sub(linked, clean(markdown))
        return Markup(_HEADING.sub(named, html))  # noqa: S704 - cleaned, and all that is added is escaped

    at = 0
    for match in problems.MARKER.finditer(text):
        if text[at : match.start()].strip():
            found.append(marked_up(text[at : match.start()]))
        found.append(_marked(match))
        at = match.end()
    if text[at:].strip():
        found.append(marked_up(text[at:]))
    return tuple(found), tuple(headings)


def _marked(match: re.Match[str]) -> Block:
    if match["exercise"]:
        return ExerciseHere(match["exercise"])
    if match["answers"]:
        return AnswersHere(match["answers"])
    return Card(match["card"], optional=match["optional"] is not None)
