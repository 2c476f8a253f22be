"""What is wrong with the files of a course before they are put together, each with file and line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from helpline.content.files import LANGUAGES, Document, Place
from helpline.selfhelp.course import Kind
from helpline.selfhelp.shapes import (
    BoosterShape,
    CourseFiles,
    ExerciseWords,
    FieldShape,
    FieldWords,
    ModuleShape,
    ModuleWords,
    Page,
)

# Each of these stands alone on its line: an exercise, what was written earlier, a card.
MARKER = re.compile(
    r"^\[\[(?:exercise (?P<exercise>[a-z0-9-]+)|answers (?P<answers>[a-z0-9.-]+)"
    r"|(?P<card>[a-z0-9_]+)(?P<optional>\?)?)\]\][ \t]*$",
    re.MULTILINE,
)
# Within a sentence: a link to another module.
LINK = re.compile(r"\[\[module ([a-z0-9-]+)\]\]")
_LOST = re.compile(r"\[\[[^\]\n]*\]?\]?|\]\]")
PLAN = "plan"

# These stand for pages and forms of the course itself.
RESERVED = ("plan", "code", "return", "close", "erase")
RESERVED_EXERCISES = ("done", "beside")
# What a field of each kind is made of, and the words it has beside its label and hint: needed, and possible.
_SHAPE = ("options", "columns", "rows", "minutes")
_MADE_OF: Mapping[Kind, tuple[str, ...]] = {
    "short": (),
    "long": (),
    "scale": (),
    "checklist": ("options",),
    "pairs": ("rows",),
    "table": ("columns", "rows"),
    "timer": ("minutes",),
}
_WORDS = ("options", "columns", "left", "right", "low", "high", "rows", "during")
_NEEDED: Mapping[Kind, tuple[str, ...]] = {"pairs": ("left", "right")}
_POSSIBLE: Mapping[Kind, tuple[str, ...]] = {
    "checklist": ("options",),
    "table": ("columns", "rows"),
    "scale": ("low", "high"),
    "timer": ("during",),
}


def of_folders(files: CourseFiles, there: Iterable[Path]) -> Iterator[str]:
    """Modules without a folder, folders without a module, and languages that the course doesn't have."""
    at, found = files.document.at, {path.name: path for path in there}
    wanted = {files.folder_of(slug).name: slug for slug in files.modules}
    for name, slug in wanted.items():
        other = next((other for other in found if other not in wanted and _without_number(other) == slug), None)
        if name not in found and other is not None:
            yield at(_place(files, slug), f"the folder of {slug!r} is {other!r}, by its place here {name!r}")
            del found[other]
        elif name not in found:
            yield at(_place(files, slug), f"module {slug!r} has no folder {name!r}")
    for name, path in found.items():
        if name not in wanted:
            yield at(("modules",), f"folder {name!r} belongs to no module")
            continue
        for page in sorted(path.glob("*.md")):
            if page.stem not in files.shape.languages:
                yield f"{page}:1: {page.stem!r} is none of the languages of the course"


def _without_number(name: str) -> str:
    return re.sub(r"^\d+-", "", name)


def _place(files: CourseFiles, slug: str) -> Place:
    for number, module in enumerate(files.shape.modules):
        if module.slug == slug:
            return ("modules", number)
    return ("boosters", [booster.slug for booster in files.shape.boosters].index(slug))


def of_files(files: CourseFiles) -> list[str]:
    """All problems of shape, words and texts."""
    found = [*_of_course(files), *_of_exercises(files), *_of_titles(files)]
    addresses = _addresses(files)
    for slug, module in files.modules.items():
        pages = {lang: files.pages[lang, slug] for lang in files.shape.languages if (lang, slug) in files.pages}
        for lang, page in pages.items():
            first = next(iter(pages.values()))
            found += _of_words(page, module, lang)
            found += _of_same_words(page, first, lang)
            found += _of_text(page, files, module, addresses)
            found += _of_same_text(page, first)
    return found


# Shape


def _of_course(files: CourseFiles) -> Iterator[str]:
    shape, at = files.shape, files.document.at
    for lang in sorted(set(LANGUAGES) ^ set(shape.languages)):
        lacks = f"{lang!r} is missing" if lang in LANGUAGES else f"visitors can't choose {lang!r}"
        yield at(("languages",), f"{lacks}: a course is there in {', '.join(LANGUAGES)}")
    for where, module in _modules(files):
        if where != _place(files, module.slug):
            yield at(where, f"module {module.slug!r} stands there twice")
        if module.slug in RESERVED:
            yield at((*where, "slug"), f"no module can be called {module.slug!r}: a page of every course has that name")
        if isinstance(module, BoosterShape) and module.after not in {one.slug for one in shape.modules}:
            yield at((*where, "after"), f"there is no module {module.after!r} to look back at")
    if shape.plan is not None and shape.plan not in {module.slug for module in shape.modules}:
        yield at(("plan",), f"there is no module {shape.plan!r} to be the plan")


def _modules(files: CourseFiles) -> Iterator[tuple[Place, ModuleShape]]:
    for number, module in enumerate(files.shape.modules):
        yield ("modules", number), module
    for number, booster in enumerate(files.shape.boosters):
        yield ("boosters", number), booster


def _of_exercises(files: CourseFiles) -> Iterator[str]:
    at = files.document.at
    for where, module in _modules(files):
        for key, exercise in module.exercises.items():
            if key in RESERVED_EXERCISES:
                yield at((*where, "exercises", key), f"no exercise can be called {key!r}: a form of the page is")
            for name, asked in exercise.fields.items():
                place = (*where, "exercises", key, "fields", name)
                for problem in _of_field(name, asked):
                    yield at(place, problem)


def _of_field(name: str, asked: FieldShape) -> Iterator[str]:
    for part in _SHAPE:
        there, wanted = bool(getattr(asked, part)), part in _MADE_OF[asked.kind]
        if wanted and not there:
            yield f"{name!r} is a {asked.kind}, which needs {part}"
        if there and not wanted:
            yield f"{name!r} is a {asked.kind}, which has no {part}"
    for keys in (asked.options, asked.columns):
        for twice in sorted({key for key in keys if keys.count(key) > 1}):
            yield f"{twice!r} of {name!r} stands there twice"


def _addresses(files: CourseFiles) -> dict[str, FieldShape]:
    return {
        f"{slug}.{key}.{name}": asked
        for slug, module in files.modules.items()
        for key, exercise in module.exercises.items()
        for name, asked in exercise.fields.items()
    }


# Words


def _compared(
    document: Document, where: Place, wanted: Iterable[str], there: Iterable[str], lang: str
) -> Iterator[str]:
    asked, said, name = list(wanted), list(there), ".".join(str(step) for step in where)
    for key in asked:
        if key not in said:
            yield document.at(where, f"{name}.{key} has no words in {lang}")
    for key in said:
        if key not in asked:
            yield document.at((*where, key), f"{name}.{key} belongs to nothing in course.yaml")


def _of_words(page: Page, module: ModuleShape, lang: str) -> Iterator[str]:
    said: Mapping[str, ExerciseWords] = page.words.exercises
    yield from _compared(page.document, ("exercises",), module.exercises, said, lang)
    for key in [key for key in module.exercises if key in said]:
        where: Place = ("exercises", key, "fields")
        fields = module.exercises[key].fields
        yield from _compared(page.document, where, fields, said[key].fields, lang)
        for name in [name for name in fields if name in said[key].fields]:
            yield from _of_field_words(page.document, (*where, name), fields[name], said[key].fields[name], lang)


def _of_field_words(document: Document, where: Place, asked: FieldShape, said: FieldWords, lang: str) -> Iterator[str]:
    name = where[-1]
    for part in _WORDS:
        there = bool(getattr(said, part))
        if there and part not in (*_NEEDED.get(asked.kind, ()), *_POSSIBLE.get(asked.kind, ())):
            yield document.at((*where, part), f"{name!r} is a {asked.kind}, which has no words for {part}")
        if not there and part in _NEEDED.get(asked.kind, ()):
            yield document.at(where, f"{name!r} is a {asked.kind}, which needs words for {part}")
    if asked.kind == "checklist":
        yield from _compared(document, (*where, "options"), asked.options, said.options, lang)
        yield from _told_apart(document, (*where, "options"), said.options)
    if asked.kind == "table":
        yield from _compared(document, (*where, "columns"), asked.columns, said.columns, lang)
        yield from _told_apart(document, (*where, "columns"), said.columns)
        if said.rows and len(said.rows) != asked.rows:
            yield document.at((*where, "rows"), f"{len(said.rows)} names of rows, but {name!r} has {asked.rows} rows")
    if (said.low is None) != (said.high is None):
        yield document.at(where, f"{name!r} has words for one end of the scale only")


def _told_apart(document: Document, where: Place, said: Mapping[str, str]) -> Iterator[str]:
    first: dict[str, str] = {}
    for key, words in said.items():
        other = first.setdefault(words.casefold(), key)
        if other != key:
            yield document.at((*where, key), f"{other!r} and {key!r} say the same")


def _of_titles(files: CourseFiles) -> Iterator[str]:
    """A title is the words of the links to its module, too."""
    first: dict[tuple[str, str], str] = {}
    for (lang, slug), page in files.pages.items():
        other = first.setdefault((lang, page.words.title.casefold()), slug)
        if other != slug:
            yield page.document.at(("title",), f"{other!r} and {slug!r} have the same title")


def _of_same_words(page: Page, first: Page, lang: str) -> Iterator[str]:
    """What is explained in one language is explained in all."""
    words, others = _said(page.words), _said(first.words)
    for where in [where for where in words if where in others]:
        if words[where] != others[where]:
            name = ".".join(str(step) for step in where)
            here = "has other words" if words[where] else "has no words"
            yield page.document.at(where, f"{name} {here} in {lang} than in another language")


def _said(words: ModuleWords) -> dict[Place, int]:
    """How much is said where a language might say less: the minutes, and the number of texts of each field."""
    found: dict[Place, int] = {("minutes",): words.minutes}
    for key, exercise in words.exercises.items():
        for name, said in exercise.fields.items():
            where = ("exercises", key, "fields", name)
            found[(*where, "hint")] = int(said.hint is not None)
            found[(*where, "low")] = int(said.low is not None)
            found[(*where, "rows")] = len(said.rows)
            found[(*where, "during")] = len(said.during)
    return found


# Text


def _line(text: str, start: int) -> int:
    return text.count("\n", 0, start) + 1


def _of_text(page: Page, files: CourseFiles, module: ModuleShape, addresses: Mapping[str, FieldShape]) -> Iterator[str]:
    stands: Counter[str] = Counter()
    for match in MARKER.finditer(page.text):
        key, address = match["exercise"], match["answers"]
        problem = None
        if key is not None:
            stands[key] += 1
            if key not in module.exercises:
                problem = f"module {module.slug!r} has no exercise {key!r}"
            elif stands[key] > 1:
                problem = f"exercise {key!r} stands there twice"
        elif address is not None and address not in addresses:
            problem = f"there is no field {address!r} whose answers could stand here"
        elif address is not None and addresses[address].kind == "timer":
            problem = f"nothing is written in {address!r}: it is a timer"
        elif match["card"] == PLAN and files.shape.plan is None:
            problem = "the course has no plan to lead to"
        if problem is not None:
            yield page.at(_line(page.text, match.start()), problem)
    for key in module.exercises:
        if not stands[key]:
            yield page.document.at(("exercises", key), f"exercise {key!r} stands nowhere in the text")
    for match in LINK.finditer(page.text):
        if match[1] not in files.modules:
            yield page.at(_line(page.text, match.start()), f"there is no module {match[1]!r} to link to")
    # As many characters as before, so that each line keeps its number.
    left = LINK.sub(lambda match: " " * len(match[0]), MARKER.sub(lambda match: " " * len(match[0]), page.text))
    for match in _LOST.finditer(left):
        alone = "needs a line of its own" if MARKER.fullmatch(match[0]) else "is no mark that is known"
        yield page.at(_line(left, match.start()), f"{match[0]} {alone}")


def _of_same_text(page: Page, first: Page) -> Iterator[str]:
    """The same exercises, answers and cards in the same order in every language, and links to the same modules."""
    here, there = _marks(page.text), _marks(first.text)
    differ = sorted({*(Counter(here) - Counter(there)), *(Counter(there) - Counter(here))})
    for mark in differ:
        yield page.at(_line(page.text, max(page.text.find(mark), 0)), f"{mark} is not the same in every language")
    if not differ and here != there:
        mark = next(mark for mark, other in zip(here, there, strict=True) if mark != other)
        yield page.at(_line(page.text, page.text.find(mark)), f"{mark} is not in the same place in every language")
    for slug in sorted(set(LINK.findall(page.text)) ^ set(LINK.findall(first.text))):
        at = max(page.text.find(f"[[module {slug}]]"), 0)
        yield page.at(_line(page.text, at), f"[[module {slug}]] is not there in every language")


def _marks(text: str) -> list[str]:
    return [match[0].strip() for match in MARKER.finditer(text)]
