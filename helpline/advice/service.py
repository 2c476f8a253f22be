"""A visitor's walk through the trees of a line. The answers lie in the sealed session and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from helpline import clock
from helpline.advice import check, loader
from helpline.advice import tree as trees
from helpline.advice.loader import CHAT, OURS, TREES, Card, Content
from helpline.advice.tree import Advice, Answers, NotInTheTree, Question, Walk
from helpline.contacts import service as contacts
from helpline.content.files import ContentError
from helpline.db import transaction
from helpline.lines.models import Line
from helpline.lines.texts import HelpEntry
from helpline.privacy import sessions
from helpline.privacy.sessions import BoundElsewhere as BoundElsewhere

# What a visitor can read in a text box; the chat takes as much.
LONGEST_TEXT = 4000
# Many may share an address, and a walk is about ten answers; but nobody makes the figures from one alone.
ANSWERS_OF_ONE_ADDRESS = "120 per minute; 1200 per hour"
# Whoever walks again within this time is still the same person with the same question.
SAME_PERSON = timedelta(minutes=30)


# Content


def prepare(
    instance_dir: Path | None,
    root: Path = TREES,
    *,
    in_use: frozenset[str] | None = None,
    courses: frozenset[str] | None = None,
) -> None:
    """Read all trees before the first visitor comes; raises ContentError with the first thing that is wrong.

    in_use: the countries of the lines; an own help file of another one keeps nobody from starting. courses: the lines
    that have a course to lead to, None where the caller doesn't know.
    """
    own = instance_dir if instance_dir is not None and (instance_dir / "help").is_dir() else None
    _checked(own, root, in_use, courses)


@lru_cache(maxsize=4)
def _checked(
    instance_dir: Path | None, root: Path, in_use: frozenset[str] | None, courses: frozenset[str] | None
) -> None:
    def once(line: str, root: Path) -> tuple[Content, list[str]]:
        """To read them takes a second, and what is looked at here is what visitors get."""
        return loader.load(line, root), []

    errors = check.of_everything(instance_dir, root, in_use=in_use, courses=courses, read=once).errors
    if errors:
        raise ContentError(errors[0])


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
    """What a visit holds: the answers, and which advice of this walk was counted and asked about already.

    counted, helped: ids of advice. counted_at: when a walk of this visit was counted last. notice: what the next
    question says first, once. there: whether there is a session at all.
    """

    content: Content
    answers: Answers = ()
    counted: tuple[str, ...] = ()
    helped: tuple[str, ...] = ()
    counted_at: datetime | None = None
    notice: str = ""
    there: bool = True

    @property
    def walk(self) -> Walk:
        """How far the answers lead."""
        return trees.walk(self.content.forest, self.answers)

    def before(self, step: int) -> Walk:
        """The walk as it stood at `step`; raises NotInTheTree where the answers don't reach it."""
        return trees.at_step(self.content.forest, self.answers, step)

    def is_due(self, place: Advice, now: datetime) -> bool:
        """Whether this advice counts: the first urgent one of a walk, which is a stopover, and the first other one."""
        if self.counted:
            kinds = {self._is_urgent(advice) for advice in self.counted}
            return place.urgent not in kinds
        return self.counted_at is None or now - self.counted_at >= SAME_PERSON

    def _is_urgent(self, advice: str) -> bool:
        node = self.content.forest.nodes.get(advice)
        return isinstance(node, Advice) and node.urgent

    def may_say_if_it_helped(self, place: Advice) -> bool:
        """Whether an answer to that can be counted: only for advice that was counted itself, and once."""
        return place.id in self.counted and place.id not in self.helped


def visit_of(cookie: str | None, line: Line) -> Visit:
    """What this browser's visit holds; to read is to be here, so its idle hours begin again. Raises BoundElsewhere."""
    now = clock.now()
    content = sessions.load(cookie, now)
    visit = _visit(content or {}, line)
    if cookie is not None and visit.answers:
        sessions.extend([sessions.key_of(cookie)], now)
    return replace(visit, there=content is not None)


def _visit(content: Mapping[str, Any], line: Line) -> Visit:
    sessions.check_line(content, line.slug)
    kept = content.get("advice") or {}
    at = kept.get("counted_at")
    return Visit(
        content_of(line.slug),
        answers=tuple((question, option) for question, option in kept.get("answers", ())),
        counted=tuple(kept.get("counted", ())),
        helped=tuple(kept.get("helped", ())),
        counted_at=None if at is None else datetime.fromtimestamp(at, UTC),
        notice=kept.get("notice", ""),
    )


def _keep(cookie: str, line: Line, content: dict[str, Any], visit: Visit, now: datetime) -> None:
    kept = {
        "answers": [list(pair) for pair in visit.answers],
        "counted": list(visit.counted),
        "helped": list(visit.helped),
        "counted_at": None if visit.counted_at is None else int(visit.counted_at.timestamp()),
    }
    sessions.save(cookie, {"line": line.slug} | content | {"advice": kept}, now)


def answer(cookie: str, line: Line, step: int, option: str, question: str | None = None) -> Walk:
    """Keep an answer; a walk that comes to its advice for the first time is counted. Returns the whole walk.

    `question` is the one that was answered, if the caller knows. Raises BoundElsewhere, and NotInTheTree where the
    step was not reached, asks something else or has no such option.
    """
    now = clock.now()
    with transaction() as session:
        content = sessions.claim(session, cookie, now)
        visit = _visit(content, line)
        if question is not None and visit.before(step).place.id != question:
            raise NotInTheTree(f"step {step} asks something else by now")
        answers = trees.answered(visit.content.forest, visit.answers, step, option)
        if answers != visit.answers:
            # The yes was to other answers than these: it is asked again.
            content.pop(sessions.UNSENT, None)
        visit = replace(visit, answers=answers)
        walk = visit.walk
        if isinstance(walk.place, Advice):
            content = contacts.catch(content, line, "advice")
        if isinstance(walk.place, Advice) and visit.is_due(walk.place, now):
            _count(line, visit.content, walk, walk.place, now)
            visit = replace(visit, counted=(*visit.counted, walk.place.id), counted_at=now)
        _keep(cookie, line, content, visit, now)
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
    """Count whether the advice that is shown helped; False where that can't be counted, or was already.

    Raises BoundElsewhere, and ValueError for an answer that is none.
    """
    now = clock.now()
    with transaction():
        content = sessions.load(cookie, now, lock=True) or {}
        visit = _visit(content, line)
        place = visit.walk.place
        if not isinstance(place, Advice) or not visit.may_say_if_it_helped(place):
            return False
        contacts.count_helped(line, tree=place.tree, advice=place.key, helped=helped, at=now)
        _keep(cookie, line, content, replace(visit, helped=(*visit.helped, place.id)), now)
    return True


def start_again(cookie: str, line: Line) -> None:
    """Forget all answers, and what was made of them and not sent yet. Raises BoundElsewhere."""
    now = clock.now()
    with transaction():
        content = sessions.load(cookie, now, lock=True) or {}
        visit = _visit(content, line)
        unsent = content.pop(sessions.UNSENT, None)
        if visit.answers or unsent is not None:
            _keep(cookie, line, content, Visit(visit.content, counted_at=visit.counted_at), now)


def leave_notice(cookie: str, notice: str) -> None:
    """Let the next question that this browser sees say something first."""
    now = clock.now()
    with transaction():
        content = sessions.load(cookie, now, lock=True) or {}
        kept = (content.get("advice") or {}) | {"notice": notice}
        # It binds the browser to no line: no answer has been given yet.
        sessions.save(cookie, content | {"advice": kept}, now)


def forget_notice(cookie: str) -> None:
    """It has been said; a session that held nothing else ends."""
    now = clock.now()
    with transaction():
        content = sessions.load(cookie, now, lock=True) or {}
        kept = content.pop("advice", {})
        kept.pop("notice", None)
        left = content | ({"advice": kept} if kept else {})
        if left:
            sessions.save(cookie, left, now)
        else:
            sessions.end(cookie)


# What is shown


@dataclass(frozen=True)
class Section:
    """A part of an advice as it is shown: text, help entries of the country, and the ways to our chat and course."""

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
    if isinstance(block, Card) and block.key not in OURS:
        return entries.get(block.key)
    return block


def leads_to_the_chat(sections: list[Section]) -> bool:
    """Whether one of the sections has the way to our chat."""
    return any(isinstance(block, Card) and block.key == CHAT for section in sections for block in section.blocks)


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
