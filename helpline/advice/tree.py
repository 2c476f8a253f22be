"""Trees of questions and the walk through them. Pure: content and answers come in, a place in the tree comes out.

A walk is nothing but the answers in the order they were given. It is replayed from the start each time, so going back,
changing an answer and reloading need no rule of their own, and answers of a branch that was left steer nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

UNKNOWN = "unknown"
RATHER_NOT = "rather-not"

# question key -> the options of which one must have been chosen
Condition = Mapping[str, frozenset[str]]
# (id of the question, option), in the order they were given
Answers = tuple[tuple[str, str], ...]


class NotInTheTree(ValueError):
    """There is no such step or option for somebody with these answers."""


def holds(condition: Condition, known: Mapping[str, str]) -> bool:
    """Whether the answers (question key -> option) meet all of the condition."""
    return all(known.get(key) in options for key, options in condition.items())


@dataclass(frozen=True)
class Branch:
    """Where a question leads while its condition holds; `go` is the id of a question or an advice."""

    go: str
    when: Condition = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """A question; its id is `tree/key`. The first branch that holds is taken."""

    tree: str
    key: str
    options: tuple[str, ...]
    branches: tuple[Branch, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.tree}/{self.key}"

    def leads_to(self, known: Mapping[str, str]) -> str:
        """The id of what comes next; raises NotInTheTree where no branch holds."""
        for branch in self.branches:
            if holds(branch.when, known):
                return branch.go
        raise NotInTheTree(f"{self.id} leads nowhere for {dict(known)}")


@dataclass(frozen=True)
class Piece:
    """A named text of an advice, there while its condition holds."""

    name: str
    when: Condition = field(default_factory=dict)


@dataclass(frozen=True)
class Advice:
    """A leaf: sections (name -> pieces), in the order they are shown. Urgent ones come without a last question."""

    tree: str
    key: str
    sections: tuple[tuple[str, tuple[Piece, ...]], ...]
    urgent: bool = False

    @property
    def id(self) -> str:
        return f"{self.tree}/{self.key}"

    def composed(self, known: Mapping[str, str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Each section that says something to somebody with these answers, with the names of its pieces."""
        chosen = (
            (name, tuple(piece.name for piece in pieces if holds(piece.when, known))) for name, pieces in self.sections
        )
        return tuple((name, pieces) for name, pieces in chosen if pieces)


Node = Question | Advice


@dataclass(frozen=True)
class Forest:
    """All trees of a line. `closing` are ids of questions asked last, before any advice that isn't urgent."""

    start: str
    nodes: Mapping[str, Node]
    closing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Walk:
    """How far the answers lead: those that count, and the question or advice they lead to."""

    answers: Answers
    place: Node

    @property
    def known(self) -> dict[str, str]:
        """question key -> option"""
        return {question.rpartition("/")[2]: option for question, option in self.answers}

    @property
    def step(self) -> int:
        """The number of the place, from 1."""
        return len(self.answers) + 1


def walk(forest: Forest, answers: Answers) -> Walk:
    """Replay the answers from the start; from the first that doesn't fit on, none counts."""
    known: dict[str, str] = {}
    goal = forest.start
    place = _settled(forest, goal, known)
    for number, (question, option) in enumerate(answers):
        if not isinstance(place, Question) or place.id != question or option not in place.options:
            return Walk(answers[:number], place)
        known[place.key] = option
        if place.id not in forest.closing:
            goal = place.leads_to(known)
        place = _settled(forest, goal, known)
    return Walk(answers, place)


def _settled(forest: Forest, goal: str, known: Mapping[str, str]) -> Node:
    """The place that `goal` stands for: an advice lets the last questions go first."""
    node = forest.nodes[goal]
    if isinstance(node, Advice) and not node.urgent:
        for closing in forest.closing:
            last = forest.nodes[closing]
            if last.key not in known:
                return last
    return node


def at_step(forest: Forest, answers: Answers, step: int) -> Walk:
    """The walk as it stood at the question or advice number `step`; raises NotInTheTree where nobody has been yet."""
    whole = walk(forest, answers)
    if not 1 <= step <= whole.step:
        raise NotInTheTree(f"there is no step {step} yet")
    return walk(forest, whole.answers[: step - 1])


def answered(forest: Forest, answers: Answers, step: int, option: str) -> Answers:
    """The answers with this one at `step`; a changed answer takes away all that came after it.

    Raises NotInTheTree when the step was not reached or its question has no such option.
    """
    here = at_step(forest, answers, step)
    if not isinstance(here.place, Question) or option not in here.place.options:
        raise NotInTheTree(f"step {step} has no option {option!r}")
    new = (here.place.id, option)
    whole = walk(forest, answers).answers
    if whole[step - 1 : step] == (new,):
        return whole
    return (*here.answers, new)


def paths(forest: Forest, start: str, *, known: Mapping[str, str] | None = None) -> Iterator[Answers]:
    """Every way from the node `start` to an advice, without the last questions; a way into another tree ends there.

    known: answers given before, question key -> option.
    """
    node = forest.nodes[start]
    tree = node.tree
    before = dict(known or {})

    def onwards(place: Node, given: Answers, so_far: dict[str, str]) -> Iterator[Answers]:
        if not isinstance(place, Question) or place.tree != tree:
            yield given
            return
        for option in place.options:
            now = so_far | {place.key: option}
            yield from onwards(forest.nodes[place.leads_to(now)], (*given, (place.id, option)), now)

    yield from onwards(node, (), before)
