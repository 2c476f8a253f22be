"""What a page of a course is made of, for somebody who has written this much.

Answers that a text asks for and that nobody has written yet stand together in one line, with the modules that ask.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, groupby
from typing import Literal

from markupsafe import Markup

from helpline.lines.texts import HelpEntry
from helpline.selfhelp import course, progress
from helpline.selfhelp.course import Exercise, Field, Module, Value
from helpline.selfhelp.loader import AnswersHere, Block, Card, Content, ExerciseHere
from helpline.selfhelp.progress import Record
from helpline.selfhelp.shapes import ExerciseWords, FieldWords, ModuleWords

# Cards that lead to pages of ours; every other one is a help entry of the country.
OWN = ("chat", "limits", "plan")
HEADING = re.compile(r"<h[23][^>]*>(.*?)</h[23]>", re.DOTALL)


@dataclass(frozen=True)
class Given:
    """An answer with the words it was asked in."""

    field: Field
    words: FieldWords
    value: Value

    @property
    def kind(self) -> str:
        """How it is drawn: as its field is, or as plain text where the field holds something else by now."""
        of_options = self.field.kind == "checklist" and isinstance(self.value, list)
        listed = of_options and all(isinstance(one, str) for one in self.value)  # type: ignore[union-attr]  # it is a list
        return self.field.kind if listed or course.fits(self.field, self.value) else "long"

    @property
    def can_stand(self) -> bool:
        """Whether all of it can stand in the field."""
        return course.shown(self.field, self.value) == self.value

    @property
    def text(self) -> str:
        """All of it as plain text, whatever it was written for."""
        rows = self.value if isinstance(self.value, list) else [str(self.value)]
        return "\n".join(row if isinstance(row, str) else "; ".join(filter(None, row)) for row in rows)

    @property
    def options(self) -> list[str]:
        """What was ticked; an option that there is no more by its name."""
        ticked = self.value if isinstance(self.value, list) else []
        return [self.words.options.get(str(option), str(option)) for option in ticked]


@dataclass(frozen=True)
class Part:
    """One piece of a module's page. unwritten: modules that have not given their answers yet."""

    kind: Literal["text", "exercise", "answers", "entry", "chat", "limits", "plan"]
    html: Markup = field(default_factory=Markup)
    exercise: Exercise | None = None
    words: ExerciseWords | None = None
    given: tuple[Given, ...] = ()
    unwritten: tuple[Module, ...] = ()
    entry: HelpEntry | None = None


@dataclass(frozen=True)
class Group:
    """Answers under one heading."""

    title: str
    given: tuple[Given, ...] = ()


@dataclass(frozen=True)
class Item:
    """A module in the list. state: new, begun, done, or due for a look-back whose time has come."""

    module: Module
    words: ModuleWords
    state: str


@dataclass(frozen=True)
class Overview:
    """Where somebody is in a course. following: the one that is suggested next."""

    modules: tuple[Item, ...]
    boosters: tuple[Item, ...] = field(default=())
    following: Item | None = None


def overview(content: Content, lang: str, record: Record, due: Collection[str]) -> Overview:
    """Every module with how far it is; look-backs whose time has come are due."""

    def item(module: Module) -> Item:
        state = "due" if module.slug in due else progress.state(record, module)
        return Item(module, content.words[lang][module.slug], state)

    following = progress.suggested(record, content.course)
    return Overview(
        tuple(item(module) for module in content.course.modules),
        tuple(item(module) for module in content.course.boosters),
        None if following is None else item(following),
    )


def given(content: Content, lang: str, record: Record, address: str) -> Given | None:
    """What was written at an address, if it was, and if the course still asks for something there."""
    found, value = content.course.field(address), record.answers.get(address)
    if found is None or value is None:
        return None
    return Given(found, content.field_words(lang, found), value)


def parts(
    content: Content, lang: str, record: Record, module: Module, entries: Mapping[str, HelpEntry]
) -> Iterator[Part]:
    """The page of a module piece by piece; a help entry that the country lacks is left out."""
    blocks = content.texts[lang, module.slug]
    for asks, run in groupby(blocks, key=lambda block: isinstance(block, AnswersHere)):
        if asks:
            yield _answers(content, lang, record, run)
        else:
            yield from (part for block in run if (part := _part(content, lang, module, block, entries)) is not None)


def _answers(content: Content, lang: str, record: Record, run: Iterable[Block]) -> Part:
    there: list[Given] = []
    unwritten: dict[str, Module] = {}
    for block in run:
        address = block.address if isinstance(block, AnswersHere) else ""
        found = given(content, lang, record, address)
        asker = content.course.module(address.partition(".")[0])
        if found is not None:
            there.append(found)
        elif asker is not None:
            unwritten[asker.slug] = asker
    return Part("answers", given=tuple(there), unwritten=tuple(unwritten.values()))


def _part(content: Content, lang: str, module: Module, block: Block, entries: Mapping[str, HelpEntry]) -> Part | None:
    match block:
        case ExerciseHere(key):
            words = content.words[lang][module.slug].exercises[key]
            return Part("exercise", exercise=module.exercise(key), words=words)
        case Card(key) if key in OWN:
            return Part(key)  # type: ignore[arg-type]  # one of OWN
        case Card(key):
            return Part("entry", entry=entries[key]) if key in entries else None
        case Markup():
            return Part("text", html=block)
    return None


def gathered(content: Content, lang: str, record: Record) -> list[Group]:
    """All answers that the text of the plan's module brings together, under its headings, and those of its exercises.

    Nothing stands for what was not written.
    """
    module = content.course.module(content.course.plan)
    if module is None:
        return []
    groups, title = [Group("")], ""
    for block in content.texts[lang, module.slug]:
        match block:
            case Markup():
                headings = HEADING.findall(block)
                title = Markup(headings[-1]).striptags() if headings else title  # noqa: S704 - its tags are taken out
            case AnswersHere(address):
                found = given(content, lang, record, address)
                groups = _into(groups, title, [] if found is None else [found])
            case ExerciseHere(key):
                exercise = module.exercise(key)
                asked = exercise.fields if exercise else ()
                own = [found for one in asked if (found := given(content, lang, record, one.address)) is not None]
                groups = _into(groups, content.words[lang][module.slug].exercises[key].title, own)
    return [group for group in groups if group.given]


def others(content: Content, lang: str, record: Record, groups: Iterable[Group]) -> list[Group]:
    """All other answers under the titles of their modules: with those gathered, everything there is."""
    had = {one.field.address for group in groups for one in group.given}
    found = []
    for module in chain(content.course.modules, content.course.boosters):
        asked = (one.address for exercise in module.exercises for one in exercise.fields if one.address not in had)
        there = tuple(one for address in asked if (one := given(content, lang, record, address)) is not None)
        found += [Group(content.words[lang][module.slug].title, there)] if there else []
    return found


def standing(record: Record, module: Module) -> dict[str, Value | None]:
    """What can stand in the fields of a module, by address."""
    fields = (asked for exercise in module.exercises for asked in exercise.fields if asked.is_written)
    return {asked.address: course.shown(asked, record.answers.get(asked.address)) for asked in fields}


def unfit(record: Record, asked: Field) -> tuple[Value, ...]:
    """The answer that the field can't hold, or not all of: it was written when something else was asked there."""
    value = record.answers.get(asked.address)
    return () if value is None or course.shown(asked, value) == value else (value,)


def _into(groups: list[Group], title: str, answers: list[Given]) -> list[Group]:
    """With these answers under this heading, each only once."""
    had = {one.field.address for group in groups for one in group.given}
    more = tuple(one for one in answers if one.field.address not in had)
    if groups[-1].title == title:
        return [*groups[:-1], Group(title, (*groups[-1].given, *more))]
    return [*groups, Group(title, more)]


def without(groups: list[Group], out: Collection[str]) -> list[Group]:
    """Without the answers at these addresses."""
    left = [Group(group.title, tuple(one for one in group.given if one.field.address not in out)) for group in groups]
    return [group for group in left if group.given]


def column_words(asked: Field, words: FieldWords) -> list[str]:
    """What stands above the columns of a table or of pairs."""
    if asked.kind == "pairs":
        return [words.left or "", words.right or ""]
    return [words.columns[column] for column in asked.columns]


def cells(one: Given) -> list[list[tuple[str, str]]]:
    """Rows of a table or of pairs, as (heading, text) of each cell that has one; the name of its row stands first."""
    heads = column_words(one.field, one.words)
    rows = []
    for number, row in enumerate(one.value if isinstance(one.value, list) else []):
        filled = [(head, text) for head, text in zip(heads, row, strict=False) if text]
        name = one.words.rows[number] if number < len(one.words.rows) else ""
        if filled:
            rows.append([("", name), *filled] if name else filled)
    return rows


def as_text(title: str, groups: list[Group]) -> str:
    """The same as plain text."""
    lines = [title, ""]
    for group in groups:
        lines += [group.title.upper(), ""] if group.title else []
        for one in group.given:
            lines += [one.words.label, *_said(one), ""]
    return "\n".join(lines).rstrip() + "\n"


def _said(one: Given) -> list[str]:
    match one.kind:
        case "scale":
            return [f"{one.value} / {course.SCALE[-1]}"]
        case "checklist":
            return [f"- {option}" for option in one.options]
        case "pairs" | "table":
            return ["- " + "; ".join(f"{head}: {text}" if head else text for head, text in row) for row in cells(one)]
    return one.text.split("\n")
