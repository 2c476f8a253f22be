"""What is wrong with the trees of a line once they are put together: ways that lead nowhere, advice without a person.

Errors keep the server from starting; warnings are what an administrator should still do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from helpline.advice import loader, tree
from helpline.advice.loader import CHAT, TREES, Card, Content
from helpline.advice.shapes import LineFiles, TreeFiles
from helpline.advice.tree import Advice, NotInTheTree, Question
from helpline.content.files import ContentError, Document, Place
from helpline.content.lists import word_list
from helpline.content.wording import remarks
from helpline.lines import texts
from helpline.lines.texts import HelpEntry

# Nobody can read more ways through one tree than these, neither an author nor a test.
MOST_PATHS = 600
Known = frozenset[tuple[str, str]]
# The answers of one tree, the node they lead to, and all that is known there.
Way = tuple[tree.Answers, str, dict[str, str]]


@dataclass
class Found:
    """What a look at the content found, each `file:line: problem`."""

    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def of_everything(instance_dir: Path | None, root: Path = TREES) -> Found:
    """All lines, all trees, all languages, with the help entries of every country."""
    found = Found()
    for line in loader.lines(root):
        content, problems = loader.read_line(line, root)
        found.errors += problems
        if content is not None:
            found.errors += of_content(content, instance_dir)
    for country in texts.countries(instance_dir):
        try:
            found.warnings += texts.warnings_of_help(country, instance_dir)
        except ContentError as error:
            found.errors.append(str(error))
    return found


def of_content(content: Content, instance_dir: Path | None) -> list[str]:
    """Ways, cards, contacts and wording of a line's trees."""
    found = list(_cycles(content))
    if not found:
        found += _of_ways(content, instance_dir)
    return [*found, *_of_wording(content.files)]


# Ways


def _place(content: Content, node: str) -> tuple[Document, Place]:
    slug, _, key = node.partition("/")
    kind = "questions" if isinstance(content.forest.nodes[node], Question) else "advice"
    return content.files.trees[slug].document, (kind, key)


def _cycles(content: Content) -> Iterator[str]:
    """Questions that lead back to themselves, whatever is answered."""
    done: set[str] = set()

    def visit(node: str, way: tuple[str, ...]) -> Iterator[str]:
        if node in way:
            document, where = _place(content, node)
            yield document.at(where, f"cycle: {' -> '.join((*way[way.index(node) :], node))}")
            return
        if node in done:
            return
        found = content.forest.nodes[node]
        if isinstance(found, Question):
            for go in dict.fromkeys(branch.go for branch in found.branches):
                yield from visit(go, (*way, node))
        done.add(node)

    for node in content.forest.nodes:
        yield from visit(node, ())


@dataclass
class _Ways:
    """What was met on all ways through a line's trees."""

    visited: set[str] = field(default_factory=set)
    taken: set[tuple[str, int]] = field(default_factory=set)
    composed: dict[str, set[tuple[str, ...]]] = field(default_factory=dict)
    problems: dict[str, None] = field(default_factory=dict)


def _of_ways(content: Content, instance_dir: Path | None) -> list[str]:
    ways = _walked(content)
    found = list(ways.problems)
    for node in content.forest.nodes.values():
        if node.id in content.forest.closing:
            continue
        document, where = _place(content, node.id)
        if node.id not in ways.visited:
            found.append(document.at(where, f"unreachable: no answers lead to {node.id}"))
        elif isinstance(node, Question):
            for number in range(len(node.branches)):
                if (node.id, number) not in ways.taken:
                    found.append(document.at((*where, "next", number), "unreachable: no answers take this branch"))
    found += _of_cards(content, instance_dir)
    if not any(texts.countries(instance_dir)):
        return found
    for country in texts.countries(instance_dir):
        help_entries = _help(content, country, instance_dir)
        for node_id, compositions in ways.composed.items():
            if any(not _has_contact(content, node_id, pieces, help_entries) for pieces in compositions):
                document, where = _place(content, node_id)
                found.append(document.at(where, f"no human contact at the end of {node_id} in {country}"))
    return found


def _walked(content: Content) -> _Ways:
    """Every way through every tree, for each set of earlier answers that some condition asks about."""
    forest, ways = content.forest, _Ways()
    needed = _needed(content)
    waiting: list[tuple[str, Known]] = [(forest.start, frozenset())]
    seen: set[tuple[str, Known]] = set()
    counted: dict[str, int] = {}
    while waiting:
        start, known = waiting.pop()
        if (start, known) in seen:
            continue
        seen.add((start, known))
        slug, through = start.partition("/")[0], list(_ways_of(content, start, dict(known), ways))
        counted[slug] = max(len(through), counted.get(slug, 0))
        for answers, end, so_far in through:
            node = forest.nodes[end]
            if isinstance(node, Advice):
                pieces = tuple(piece for _, names in node.composed(so_far) for piece in names)
                ways.composed.setdefault(end, set()).add(pieces)
                for section in _empty(node, so_far, content.files):
                    document, where = _place(content, end)
                    problem = f"section {section!r} says nothing after {_told(answers)}"
                    ways.problems.setdefault(document.at((*where, "sections", section), problem))
            else:
                wanted = needed[node.tree]
                waiting.append((end, frozenset(pair for pair in so_far.items() if pair[0] in wanted)))
    for slug, number in counted.items():
        if number > MOST_PATHS:
            document = content.files.trees[slug].document
            ways.problems.setdefault(document.at((), f"{number} paths, {MOST_PATHS} at most"))
    return ways


def _ways_of(content: Content, start: str, known: dict[str, str], ways: _Ways) -> Iterator[Way]:
    """Each way from `start` to an advice or another tree: the answers, where it ends, all answers known there."""
    slug = start.partition("/")[0]

    def onwards(place: str, given: tree.Answers, so_far: dict[str, str]) -> Iterator[Way]:
        ways.visited.add(place)
        node = content.forest.nodes[place]
        if isinstance(node, Advice) or (node.tree != slug):
            yield given, place, so_far
            return
        document, where = _place(content, place)
        for option in node.options:
            now = so_far | {node.key: option}
            try:
                go = node.leads_to(now)
            except NotInTheTree:
                told = _told((*given, (place, option)))
                ways.problems.setdefault(document.at((*where, "next"), f"dead end: no branch after {told}"))
                continue
            ways.taken.add((place, _taken(node, now)))
            yield from onwards(go, (*given, (place, option)), now)

    yield from onwards(start, (), known)


def _taken(question: Question, known: Mapping[str, str]) -> int:
    return next(number for number, branch in enumerate(question.branches) if tree.holds(branch.when, known))


def _needed(content: Content) -> dict[str, set[str]]:
    """For each tree the questions of earlier trees that a condition in it, or further on, asks about."""
    own: dict[str, set[str]] = {slug: set() for slug in content.files.trees}
    asked: dict[str, set[str]] = {slug: set() for slug in content.files.trees}
    onwards: dict[str, set[str]] = {slug: set() for slug in content.files.trees}
    for node in content.forest.nodes.values():
        if isinstance(node, Advice):
            asked[node.tree] |= {key for _, pieces in node.sections for piece in pieces for key in piece.when}
        elif node.id not in content.forest.closing:
            own[node.tree].add(node.key)
            asked[node.tree] |= {key for branch in node.branches for key in branch.when}
            onwards[node.tree] |= {branch.go.partition("/")[0] for branch in node.branches} - {node.tree}
    needed = {slug: asked[slug] - own[slug] for slug in own}
    for _ in own:  # no way is longer than there are trees
        needed = {slug: (asked[slug] | {key for to in onwards[slug] for key in needed[to]}) - own[slug] for slug in own}
    return needed


def _empty(advice: Advice, known: Mapping[str, str], files: LineFiles) -> Iterator[str]:
    there = {name for name, _ in advice.composed(known)}
    for name, _ in advice.sections:
        if files.shape.sections[name].required and name not in there:
            yield name


def _told(answers: tree.Answers) -> str:
    return ", ".join(f"{question.rpartition('/')[2]}={option}" for question, option in answers) or "no answer"


# Cards and people


def _help(content: Content, country: str, instance_dir: Path | None) -> dict[str, HelpEntry]:
    return texts.load_help(country, "en", instance_dir, line=content.files.line)


def _of_cards(content: Content, instance_dir: Path | None) -> Iterator[str]:
    countries = {country: _help(content, country, instance_dir) for country in texts.countries(instance_dir)}
    for (lang, slug, name), blocks in content.parts.items():
        documents = content.files.shared_documents
        document = documents[lang] if slug == loader.SHARED else content.files.trees[slug].word_documents[lang]
        for card in (block for block in blocks if isinstance(block, Card) and block.key != CHAT):
            lacking = [country for country, known in countries.items() if card.key not in known]
            if len(lacking) == len(countries):
                yield document.at(("parts", name), f"there is no help entry {card.key!r} on this line")
            elif lacking and not card.optional:
                yield document.at(
                    ("parts", name),
                    f"help entry {card.key!r} is unknown in {', '.join(lacking)}; where a country may lack it: "
                    f"[[{card.key}?]]",
                )


def _has_contact(content: Content, advice: str, pieces: tuple[str, ...], known: Mapping[str, HelpEntry]) -> bool:
    """Whether a person can be reached from these pieces, in every language."""
    slug = advice.partition("/")[0]
    for lang in content.files.shared:
        cards = {
            block.key for piece in pieces for block in content.blocks(slug, piece, lang) if isinstance(block, Card)
        }
        if CHAT not in cards and not any(key in known and (known[key].phone or known[key].chat_url) for key in cards):
            return False
    return True


# Wording


def _of_wording(files: LineFiles) -> Iterator[str]:
    for lang, words in files.shared.items():
        yield from wording_of(files.shared_documents[lang], words.model_dump(exclude_none=True), lang)
    for found in files.trees.values():
        yield from _of_tree(found)


def _of_tree(found: TreeFiles) -> Iterator[str]:
    for lang, words in found.words.items():
        yield from wording_of(found.word_documents[lang], words.model_dump(exclude_none=True), lang)


def wording_of(document: Document, said: object, lang: str, where: Place = ()) -> Iterator[str]:
    """Remarks on every text in what a file says."""
    if isinstance(said, dict):
        for key, value in said.items():
            yield from wording_of(document, value, lang, (*where, key))
    elif isinstance(said, str):
        for remark in remarks(said, word_list(lang)):
            yield f"{document.path}:{document.text_line(where, remark.start)}: {remark.text}"
