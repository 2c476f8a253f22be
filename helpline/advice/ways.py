"""All ways through the trees of a line, walked once for each set of earlier answers that matters further on. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from helpline.advice.tree import Advice, Answers, Condition, Forest, NotInTheTree, Question, holds


@dataclass(frozen=True)
class Entry:
    """How somebody comes to a tree: the earlier answers that matter there, and all that may not be asked again."""

    start: str
    known: frozenset[tuple[str, str]] = frozenset()
    asked: frozenset[str] = frozenset()


# The conditions that earlier answers meet: question -> its options of which one was chosen.
Met = frozenset[tuple[str, frozenset[str]]]


@dataclass
class Ways:
    """What was met on all ways. Answers are those of one tree, an example of how one gets there.

    visited: ids of questions and advice
    taken: (question, number of its branch)
    shown: (advice, section, number of its piece)
    composed: advice -> the pieces that its visitors read
    dead_ends: (question, answers)
    again: question asked a second time -> answers
    silent: (advice, section) -> answers after which the section says nothing
    unmet: (advice, section, number of its piece) that is shown without the answers it needs -> answers
    entries: tree -> how one comes to it
    most: tree -> how many ways lead through it
    """

    visited: set[str] = field(default_factory=set)
    taken: set[tuple[str, int]] = field(default_factory=set)
    shown: set[tuple[str, str, int]] = field(default_factory=set)
    composed: dict[str, set[tuple[str, ...]]] = field(default_factory=dict)
    dead_ends: list[tuple[str, Answers]] = field(default_factory=list)
    again: dict[str, Answers] = field(default_factory=dict)
    silent: dict[tuple[str, str], Answers] = field(default_factory=dict)
    unmet: dict[tuple[str, str, int], Answers] = field(default_factory=dict)
    entries: dict[str, list[Entry]] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)


def all_ways(forest: Forest, needs: Mapping[str, Condition] | None = None) -> Ways:
    """Every way through every tree that answers lead to. The forest has no cycles.

    Earlier answers that meet the same conditions further on come to the same, so the tree is walked for one of them.

    needs: piece -> the answers without which nobody may read it.
    """
    needs = needs or {}
    ways, ahead = Ways(), _Ahead(forest, needs)
    waiting, met = [Entry(forest.start)], set()
    while waiting:
        entry = waiting.pop()
        slug = entry.start.partition("/")[0]
        alike = ahead.alike(entry)
        if alike in met:
            continue
        met.add(alike)
        ways.entries.setdefault(slug, []).append(entry)
        number = 0
        for answers, end, known in _through(forest, entry, ways):
            number += 1
            node = forest.nodes[end]
            if isinstance(node, Advice):
                _arrived(node, answers, known, ways, needs)
            else:
                waiting.append(ahead.entry(node, known, entry.asked | {_key(question) for question, _ in answers}))
        ways.most[slug] = max(number, ways.most.get(slug, 0))
    return ways


def _key(question: str) -> str:
    return question.rpartition("/")[2]


def _through(forest: Forest, entry: Entry, ways: Ways) -> Iterator[tuple[Answers, str, dict[str, str]]]:
    """Each way to an advice or another tree: the answers, where it ends, all that is known there."""
    slug = entry.start.partition("/")[0]

    def onwards(place: str, given: Answers, known: dict[str, str]) -> Iterator[tuple[Answers, str, dict[str, str]]]:
        node = forest.nodes[place]
        if isinstance(node, Advice) or node.tree != slug:
            yield given, place, known
            return
        ways.visited.add(place)
        if node.key in entry.asked:
            ways.again.setdefault(place, given)
        for option in node.options:
            answers, now = (*given, (place, option)), known | {node.key: option}
            try:
                go = node.leads_to(now)
            except NotInTheTree:
                ways.dead_ends.append((place, answers))
                continue
            ways.taken.add((place, next(n for n, branch in enumerate(node.branches) if holds(branch.when, now))))
            yield from onwards(go, answers, now)

    yield from onwards(entry.start, (), dict(entry.known))


def _arrived(
    advice: Advice, answers: Answers, known: dict[str, str], ways: Ways, needs: Mapping[str, Condition]
) -> None:
    ways.visited.add(advice.id)
    ways.composed.setdefault(advice.id, set()).add(
        tuple(piece for _, pieces in advice.composed(known) for piece in pieces)
    )
    for section, pieces in advice.sections:
        heard = {(advice.id, section, number) for number, piece in enumerate(pieces) if holds(piece.when, known)}
        ways.shown |= heard
        for place in heard:
            if not holds(needs.get(pieces[place[2]].name, {}), known):
                ways.unmet.setdefault(place, answers)
        if not heard:
            ways.silent.setdefault((advice.id, section), answers)


class _Ahead:
    """What still matters on the way: without it each tree would be walked for every earlier answer there is."""

    def __init__(self, forest: Forest, needs: Mapping[str, Condition]) -> None:
        trees = {node.tree for node in forest.nodes.values()}
        self._own: dict[str, set[str]] = {slug: set() for slug in trees}
        self._wanted: dict[str, set[tuple[str, frozenset[str]]]] = {slug: set() for slug in trees}
        onwards: dict[str, set[str]] = {slug: set() for slug in trees}
        for node in forest.nodes.values():
            if isinstance(node, Question):
                self._own[node.tree].add(node.key)
                self._wanted[node.tree] |= {wanted for branch in node.branches for wanted in branch.when.items()}
                onwards[node.tree] |= {branch.go.partition("/")[0] for branch in node.branches}
            else:
                self._wanted[node.tree] |= {
                    wanted
                    for _, pieces in node.sections
                    for piece in pieces
                    for wanted in (*piece.when.items(), *needs.get(piece.name, {}).items())
                }
        for _ in trees:  # no way is longer than there are trees
            for slug, others in onwards.items():
                for other in others:
                    self._own[slug] |= self._own[other]
                    self._wanted[slug] |= self._wanted[other]

    def entry(self, first: Question, known: dict[str, str], asked: frozenset[str]) -> Entry:
        """How one comes to the tree of `first` with these answers."""
        matter = {key for key, _ in self._wanted[first.tree]}
        return Entry(
            first.id,
            frozenset((key, option) for key, option in known.items() if key in matter),
            asked & self._own[first.tree],
        )

    def alike(self, entry: Entry) -> tuple[str, Met, frozenset[str]]:
        """What an entry shares with those that come to the same: the conditions further on that its answers meet."""
        known = dict(entry.known)
        wanted = self._wanted[entry.start.partition("/")[0]]
        return entry.start, frozenset((key, go) for key, go in wanted if known.get(key) in go), entry.asked
