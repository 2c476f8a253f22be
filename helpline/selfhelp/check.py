"""What is wrong with the courses once they are put together: cards that no country has, headings, wording.

Errors keep the server from starting; warnings are what an administrator should still do.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from helpline.content.files import ContentError, headings, lost
from helpline.content.findings import Found, texts_of, told_of, wording_of
from helpline.content.lists import word_list
from helpline.content.wording import markdown, reached, remarks
from helpline.lines import countries
from helpline.lines.countries import Country
from helpline.selfhelp import loader
from helpline.selfhelp.loader import CHAT, COURSES, LIMITS, PLAN, Content
from helpline.selfhelp.problems import MARKER
from helpline.selfhelp.shapes import Page

_MARKS = re.compile(r"\[\[[^\]\n]*\]\]")
_ALWAYS_THERE = (CHAT, LIMITS, PLAN)


def prepare(instance_dir: Path | None, root: Path = COURSES, *, in_use: frozenset[str] | None = None) -> None:
    """Read all courses before the first visitor comes; raises ContentError with the first thing that is wrong.

    in_use: the countries of the lines; an own help file of another one keeps nobody from starting.
    """
    own = instance_dir if instance_dir is not None and (instance_dir / "help").is_dir() else None
    _checked(own, root, in_use)


@lru_cache(maxsize=4)
def _checked(instance_dir: Path | None, root: Path, in_use: frozenset[str] | None) -> None:
    errors = of_everything(instance_dir, root, in_use=in_use).errors
    if errors:
        raise ContentError(errors[0])
    for line in loader.lines(root):
        loader.load(line, root)


def of_everything(instance_dir: Path | None, root: Path = COURSES, *, in_use: Collection[str] | None = None) -> Found:
    """All courses in all languages, with the help entries of every country.

    in_use: the countries of the lines, None for any. In others an organisation's own file is only warned about.
    """
    found = Found()
    there, problems = loader.courses(root)
    found.add(problems)
    for line, folder in there.items():
        content, problems = loader.read_course(folder)
        found.add(problems)
        if content is not None:
            known = countries.of_line(line, instance_dir, in_use)
            for strict in (True, False):
                of_these = {name: country for name, country in known.items() if country.strict == strict}
                found.add(_of_cards(content, of_these), strict=strict)
            found.add(_of_pages(content))
    return found


def _of_cards(content: Content, known: Mapping[str, Country]) -> Iterator[str]:
    for page in content.files.pages.values():
        for match in MARKER.finditer(page.text):
            key = match["card"]
            problem = countries.lacking(key, match["optional"] is not None, known) if key else None
            if problem is not None and key not in _ALWAYS_THERE:
                yield page.at(page.text.count("\n", 0, match.start()) + 1, problem)


def _of_pages(content: Content) -> Iterator[str]:
    first: dict[str, Page] = {}
    for (lang, slug), page in content.files.pages.items():
        yield from _of_headings(page, first.setdefault(slug, page))
        yield from (page.at(line, f"{what} is not shown as it is meant") for line, what in lost(page.text))
        yield from _of_wording(page, lang)


def _of_headings(page: Page, first: Page) -> Iterator[str]:
    """The title is the heading of the page; below it parts, and parts of these, the same in every language."""
    there = list(headings(page.text))
    if not there or page.text[: page.text.find("#")].strip():
        yield page.at(1, "the text begins with a heading: ## ...")
    above = 1
    for line, rank, words in there:
        if rank > above + 1:
            yield page.at(line, f"a heading of rank {rank} below one of rank {above}")
        if not words:
            yield page.at(line, "a heading without words")
        above = rank
    others = [rank for _, rank, _ in headings(first.text)]
    for number, (line, rank, _) in enumerate(there):
        if number >= len(others) or rank != others[number]:
            yield page.at(line, "this heading is not there in every language")
            return
    if len(there) < len(others):
        yield page.at(there[-1][0] if there else 1, "other languages have more headings")


def _of_wording(page: Page, lang: str) -> Iterator[str]:
    """Sentences and words, telephone numbers and links; the sources are for authors."""
    for where, said in texts_of(page.words.model_dump(exclude_none=True, exclude={"sources"})):
        yield from wording_of(page.document, said, lang, where)
        yield from told_of(page.document, where, [*reached(said), *markdown(said)])
    for remark in remarks(page.text, word_list(lang)):
        yield page.at(page.text.count("\n", 0, remark.start) + 1, remark.text)
    for number, line in enumerate(_MARKS.sub("", page.text).split("\n"), 1):
        yield from (page.at(number, remark.text) for remark in reached(line))
