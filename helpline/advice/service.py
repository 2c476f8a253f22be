"""A visitor's walk through the trees of a line. The answers lie in the sealed session and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from markupsafe import Markup
from sqlalchemy.orm import Session

from helpline import clock
from helpline.advice import check, loader
from helpline.advice import tree as trees
from helpline.advice.loader import CHAT, TREES, Card, Content
from helpline.advice.tree import Advice, Answers, NotInTheTree, Question, Walk
from helpline.contacts import service as contacts
from helpline.content.files import ContentError
from helpline.db import transaction
from helpline.lines.models import Line
from helpline.lines.texts import HelpEntry
from helpline.privacy import sessions

# What a visitor can read in a text box; the chat takes as much.
LONGEST_TEXT = 4000


class BoundElsewhere(Exception):
    """This browser's visit belongs to another line; both never meet in one."""


# Content


def prepare(instance_dir: Path | None, root: Path = TREES) -> None:
    """Read all trees before the first visitor comes; raises ContentError with the first thing that is wrong."""
    own = instance_dir if instance_dir is not None and (instance_dir / "help").is_dir() else None
    _checked(own, root)


@lru_cache(maxsize=4)
def _checked(instance_dir: Path | None, root: Path) -> None:
    errors = check.of_everything(instance_dir, root).errors
    if errors:
        raise ContentError(errors[0])
    for line in loader.lines(root):
        loader.load(line, root)


def has_advice(line: str) -> bool:
    """Whether this line has trees."""
    return line in _lines()


@lru_cache(maxsize=1)
def _lines() -> tuple[str, ...]:
    return loader.lines()


def content_of(line: str) -> Content:
    """The trees of a line that has some."""
    return loader.load(line)


# The walk


@dataclass(frozen=True)
class Visit:
    """What a visit holds: the answers, and whether this walk has been counted and asked about already."""

    content: Content
    answers: Answers = ()
    counted: bool = False
    helped: bool = False

    @property
    def walk(self) -> Walk:
        """How far the answers lead."""
        return trees.walk(self.content.forest, self.answers)

    def before(self, step: int) -> Walk:
        """The walk as it stood at `step`; raises NotInTheTree where the answers don't reach it."""
        return trees.at_step(self.content.forest, self.answers, step)


def visit_of(cookie: str | None, line: Line) -> Visit:
    """What this browser's visit holds. Raises BoundElsewhere."""
    return _visit(sessions.load(cookie, clock.now()) or {}, line)


def _visit(content: Mapping[str, Any], line: Line) -> Visit:
    if content.get("line", line.slug) != line.slug:
        raise BoundElsewhere
    kept = content.get("advice") or {}
    answers = tuple((question, option) for question, option in kept.get("answers", ()))
    return Visit(content_of(line.slug), answers, kept.get("counted", False), kept.get("helped", False))


def _open(session: Session, cookie: str, line: Line, now: datetime) -> tuple[dict[str, Any], Visit]:
    """All that the session holds, locked, and what of it is ours."""
    content = sessions.claim(session, cookie, now)
    return content, _visit(content, line)


def _keep(cookie: str, line: Line, content: dict[str, Any], visit: Visit, now: datetime) -> None:
    kept = {"answers": [list(pair) for pair in visit.answers], "counted": visit.counted, "helped": visit.helped}
    sessions.save(cookie, {"line": line.slug} | content | {"advice": kept}, now)


def answer(cookie: str, line: Line, step: int, option: str, question: str | None = None) -> Walk:
    """Keep an answer; a walk that comes to its advice for the first time is counted. Returns the whole walk.

    `question` is the one that was answered, if the caller knows. Raises BoundElsewhere, and NotInTheTree where the
    step was not reached, asks something else or has no such option.
    """
    now = clock.now()
    with transaction() as session:
        content, visit = _open(session, cookie, line, now)
        if question is not None and visit.before(step).place.id != question:
            raise NotInTheTree(f"step {step} asks something else by now")
        answers = trees.answered(visit.content.forest, visit.answers, step, option)
        walk = trees.walk(visit.content.forest, answers)
        counted = visit.counted
        if isinstance(walk.place, Advice) and not counted:
            _count(line, visit.content, walk, walk.place, now)
            counted = True
        _keep(cookie, line, content, Visit(visit.content, answers, counted, visit.helped), now)
    return walk


def _count(line: Line, content: Content, walk: Walk, place: Advice, now: datetime) -> None:
    figures, known = content.files.shape.figures, walk.known
    contacts.count_advice(
        line,
        tree=place.tree,
        advice=place.key,
        asked_for=content.files.trees[place.tree].shape.asked_for,
        age_band=known.get(figures.age_band or ""),
        gender=known.get(figures.gender or ""),
        at=now,
    )


def say_if_it_helped(cookie: str, line: Line, helped: str) -> bool:
    """Count whether the advice helped, once a walk; False where it was counted or there is no advice yet.

    Raises BoundElsewhere, and ValueError for an answer that is none.
    """
    now = clock.now()
    with transaction() as session:
        content, visit = _open(session, cookie, line, now)
        place = visit.walk.place
        if visit.helped or not isinstance(place, Advice):
            return False
        contacts.count_helped(line, tree=place.tree, advice=place.key, helped=helped, at=now)
        _keep(cookie, line, content, Visit(visit.content, visit.answers, visit.counted, helped=True), now)
    return True


def start_again(cookie: str, line: Line) -> None:
    """Forget all answers. Raises BoundElsewhere."""
    now = clock.now()
    with transaction() as session:
        content, visit = _open(session, cookie, line, now)
        if visit.answers:
            _keep(cookie, line, content, Visit(visit.content), now)


# What is shown


@dataclass(frozen=True)
class Section:
    """A part of an advice as it is shown: text, help entries of the country, and the way to our chat."""

    title: str
    open: bool
    icon: str | None
    blocks: tuple[Markup | HelpEntry | Card, ...]


def composed(
    content: Content, advice: Advice, known: Mapping[str, str], lang: str, entries: Mapping[str, HelpEntry]
) -> list[Section]:
    """The sections of an advice for somebody with these answers; an entry that the country lacks is left out."""
    shown = []
    for name, pieces in advice.composed(known):
        blocks = [block for piece in pieces for block in content.blocks(advice.tree, piece, lang)]
        there = tuple(found for block in blocks if (found := _in_this_country(block, entries)) is not None)
        if there:
            shape = content.files.shape.sections[name]
            shown.append(Section(content.files.shared[lang].sections[name], shape.open, shape.icon, there))
    return shown


def _in_this_country(block: Markup | Card, entries: Mapping[str, HelpEntry]) -> Markup | HelpEntry | Card | None:
    if isinstance(block, Card) and block.key != CHAT:
        return entries.get(block.key)
    return block


def leads_to_the_chat(sections: list[Section]) -> bool:
    """Whether one of the sections has the way to our chat."""
    return any(isinstance(block, Card) for section in sections for block in section.blocks)


def told(content: Content, walk: Walk, lang: str) -> list[tuple[str, str]]:
    """The questions that steer the advice with their answers, as the visitor read them; not those for the figures."""
    said = []
    for node, option in walk.answers:
        question = content.forest.nodes[node]
        if isinstance(question, Question) and node not in content.forest.closing:
            words = content.question(question, lang)
            said.append((words.ask, words.options[option]))
    return said


def in_own_words(content: Content, walk: Walk, lang: str) -> str:
    """The answers as a text that the visitor can change and give to a counsellor."""
    lines = [f"{ask}\n– {option}" for ask, option in told(content, walk, lang)]
    return "\n\n".join(lines)[:LONGEST_TEXT]
