"""A tree as pages and the ways between them, in words: what its drawing and its list show. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from helpline.advice.tree import Advice, Branch, Condition, Forest, Node, Question

QUESTION, ADVICE, URGENT, TREE = "question", "advice", "urgent", "tree"


class Words(Protocol):
    """How pages and answers are called in one language."""

    any_answer: str
    otherwise: str

    def title(self, node: Node) -> str:
        """A question as it is asked, or the title of an advice."""

    def tree(self, slug: str) -> str:
        """The title of a tree."""

    def option(self, node: Question, option: str) -> str:
        """An answer as it stands on its button."""

    def only_if(self, question: str, options: str) -> str:
        """That an earlier answer is needed, too."""


@dataclass(frozen=True)
class Page:
    """A question, an advice, or another tree; `key` is its name within the tree."""

    id: str
    kind: str
    key: str
    title: str


@dataclass(frozen=True)
class Way:
    """From one page to another, with the answers that lead there."""

    source: str
    target: str
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Outline:
    """The pages of a tree in the order in which one meets them, and one way for each pair that is joined."""

    pages: tuple[Page, ...]
    ways: tuple[Way, ...]

    def leading_from(self, page: str) -> tuple[tuple[Way, Page], ...]:
        """The ways that begin at a page, each with where it leads."""
        pages = {found.id: found for found in self.pages}
        return tuple((way, pages[way.target]) for way in self.ways if way.source == page)

    def leading_to(self, page: str) -> tuple[tuple[Way, Page], ...]:
        """The ways that end at a page, each with where it comes from."""
        pages = {found.id: found for found in self.pages}
        return tuple((way, pages[way.source]) for way in self.ways if way.target == page)


def outline(forest: Forest, start: str, words: Words) -> Outline:
    """The tree that begins with the question `start`."""
    slug = forest.nodes[start].tree
    pages: dict[str, Page] = {}
    ways: list[Way] = []

    def visit(node: Node) -> str:
        page = _page(node, slug, words)
        if page.id in pages:
            return page.id
        pages[page.id] = page
        if isinstance(node, Question) and page.kind == QUESTION:
            answers: dict[str, list[str]] = {}
            for branch, said in _answers(forest, node, words):
                answers.setdefault(branch.go, []).extend(said)
            for go, said in answers.items():
                ways.append(Way(page.id, _page(forest.nodes[go], slug, words).id, tuple(dict.fromkeys(said))))
                visit(forest.nodes[go])
        return page.id

    visit(forest.nodes[start])
    return Outline(tuple(pages.values()), tuple(ways))


def _page(node: Node, slug: str, words: Words) -> Page:
    if node.tree != slug:
        return Page(f"tree:{node.tree}", TREE, node.tree, words.tree(node.tree))
    if isinstance(node, Advice):
        return Page(node.id, URGENT if node.urgent else ADVICE, node.key, words.title(node))
    return Page(node.id, QUESTION, node.key, words.title(node))


def _answers(forest: Forest, question: Question, words: Words) -> Iterator[tuple[Branch, list[str]]]:
    """Each branch with the answers that can take it."""
    settled: set[str] = set()  # an earlier branch takes these whatever else was answered
    doubtful: set[str] = set()  # an earlier branch takes these after some earlier answers
    for branch in question.branches:
        own = branch.when.get(question.key, frozenset(question.options))
        options = [option for option in question.options if option in own and option not in settled]
        others = {key: needed for key, needed in branch.when.items() if key != question.key}
        if not options:
            continue
        said = []
        if question.key in branch.when or settled:
            said = [words.option(question, option) for option in options]
        if others:
            said = [" ".join([*([", ".join(said)] if said else []), *needed(forest, question.tree, others, words)])]
        elif said and doubtful & set(options):
            said = [f"{', '.join(said)} ({words.otherwise})"]
        elif doubtful & set(options):
            said = [words.otherwise]
        yield branch, said or [words.any_answer]
        (doubtful if others else settled).update(options)


def needed(forest: Forest, slug: str, answers: Condition, words: Words) -> Iterator[str]:
    """Each earlier answer that a branch or a piece of this tree needs, in words."""
    asked = _questions(forest, slug)
    for key, options in answers.items():
        node = asked[key]
        yield words.only_if(key, ", ".join(words.option(node, option) for option in node.options if option in options))


def _questions(forest: Forest, slug: str) -> Mapping[str, Question]:
    """Questions by key: those of this tree, else of any."""
    found = {node.key: node for node in forest.nodes.values() if isinstance(node, Question)}
    return found | {n.key: n for n in forest.nodes.values() if isinstance(n, Question) and n.tree == slug}
