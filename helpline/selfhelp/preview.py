"""What a module is made of, for staff to look at: all that it says and asks, and nothing that somebody wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from markupsafe import Markup

from helpline.lines.texts import HelpEntry
from helpline.selfhelp.course import Exercise, Field, Module
from helpline.selfhelp.loader import AnswersHere, Card, Content, ExerciseHere
from helpline.selfhelp.shapes import ExerciseWords
from helpline.selfhelp.showing import column_words as column_words


@dataclass(frozen=True)
class Asked:
    """What an earlier answer was an answer to: the words of the question, and the module that asks it."""

    label: str
    slug: str
    title: str


@dataclass(frozen=True)
class Part:
    """One piece of a module's page. key: which card it is; entry: its help entry, None where the country has none."""

    kind: Literal["text", "exercise", "answer", "card"]
    html: Markup = field(default_factory=Markup)
    exercise: Exercise | None = None
    words: ExerciseWords | None = None
    asked: Asked | None = None
    key: str = ""
    entry: HelpEntry | None = None


def parts(
    content: Content, lang: str, module: Module, entries: Mapping[str, HelpEntry], address: str
) -> Iterator[Part]:
    """The page piece by piece; links to other modules lead to `address` with their name in place of SLUG."""
    link = re.compile(rf'href="/{lang}/{content.course.line}/self-help/([a-z0-9-]+)/"')
    for block in content.texts[lang, module.slug]:
        match block:
            case ExerciseHere(key):
                words = content.words[lang][module.slug].exercises[key]
                yield Part("exercise", exercise=module.exercise(key), words=words)
            case AnswersHere(written_at):
                yield Part("answer", asked=_asked(content, lang, written_at))
            case Card(key):
                yield Part("card", key=key, entry=entries.get(key))
            case Markup():
                html = link.sub(lambda found: f'href="{address.replace("SLUG", found[1])}"', block)
                yield Part("text", html=Markup(html))  # noqa: S704 - cleaned where it was read


def _asked(content: Content, lang: str, address: str) -> Asked:
    """The question at an address; the check of the course refuses an address that no question has."""
    found, slug = content.course.field(address), address.partition(".")[0]
    label = content.field_words(lang, found).label if isinstance(found, Field) else address
    return Asked(label, slug, content.words[lang][slug].title)
