"""What is wrong with the trees of a line once they are put together: ways that lead nowhere, advice without a person.

Errors keep the server from starting; warnings are what an administrator should still do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from helpline.advice import loader
from helpline.advice.loader import CHAT, TREES, Card, Content
from helpline.advice.shapes import LineFiles, TreeFiles
from helpline.advice.tree import Answers, Question
from helpline.advice.ways import Ways, all_ways
from helpline.content.files import ContentError, Document, Place
from helpline.content.lists import word_list
from helpline.content.wording import remarks
from helpline.lines import texts
from helpline.lines.texts import HelpEntry

# Nobody can read more ways through one tree than these, neither an author nor a test.
MOST_PATHS = 600
# The help entries of a country, by key.
Known = Mapping[str, HelpEntry]


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
            found.warnings += texts.unverified(country, instance_dir)
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


def _of_ways(content: Content, instance_dir: Path | None) -> Iterator[str]:
    ways = all_ways(content.forest)
    yield from _of_nodes(content, ways)
    for question, answers in ways.dead_ends:
        document, where = _place(content, question)
        yield document.at((*where, "next"), f"dead end: no branch after {_told(answers)}")
    for question, answers in ways.again.items():
        document, where = _place(content, question)
        key = where[-1]
        yield document.at(where, f"{key!r} is asked again after another tree asked it, here after {_told(answers)}")
    for (advice, section), answers in ways.silent.items():
        if content.files.shape.sections[section].required:
            document, where = _place(content, advice)
            problem = f"section {section!r} says nothing after {_told(answers)}"
            yield document.at((*where, "sections", section), problem)
    for slug, number in ways.most.items():
        if number > MOST_PATHS:
            yield content.files.trees[slug].document.at((), f"{number} paths, {MOST_PATHS} at most")
    countries = _countries(content, instance_dir)
    yield from _of_cards(content, countries)
    for country, known in countries.items():
        for advice, compositions in ways.composed.items():
            if any(not _has_contact(content, advice, pieces, known) for pieces in compositions):
                document, where = _place(content, advice)
                yield document.at(where, f"no human contact at the end of {advice} in {country}")


def _of_nodes(content: Content, ways: Ways) -> Iterator[str]:
    """Pages, branches and parts that nobody ever sees."""
    for node in content.forest.nodes.values():
        if node.id in content.forest.closing:
            continue
        document, where = _place(content, node.id)
        if node.id not in ways.visited:
            yield document.at(where, f"unreachable: no answers lead to {node.id}")
        elif isinstance(node, Question):
            for number in range(len(node.branches)):
                if (node.id, number) not in ways.taken:
                    yield document.at((*where, "next", number), "unreachable: no answers take this branch")
        else:
            for section, pieces in node.sections:
                for number in range(len(pieces)):
                    if (node.id, section, number) not in ways.shown:
                        place = (*where, "sections", section, number)
                        yield document.at(place, "unreachable: no answers show this part")


def _told(answers: Answers) -> str:
    return ", ".join(f"{question.rpartition('/')[2]}={option}" for question, option in answers) or "no answer"


# Cards and people


def _countries(content: Content, instance_dir: Path | None) -> dict[str, Known]:
    """The help entries that this line may show, by country; those of a broken file are told elsewhere."""
    found: dict[str, Known] = {}
    for country in texts.countries(instance_dir):
        with suppress(ContentError):
            found[country] = texts.load_help(country, "en", instance_dir, line=content.files.line)
    return found


def _of_cards(content: Content, countries: Mapping[str, Known]) -> Iterator[str]:
    for (lang, slug, name), blocks in content.parts.items():
        documents = content.files.shared_documents
        document = documents[lang] if slug == loader.SHARED else content.files.trees[slug].word_documents[lang]
        for card in (block for block in blocks if isinstance(block, Card) and block.key != CHAT):
            lacking = [country for country, known in countries.items() if card.key not in known]
            if countries and len(lacking) == len(countries):
                yield document.at(("parts", name), f"there is no help entry {card.key!r} on this line")
            elif lacking and not card.optional:
                yield document.at(
                    ("parts", name),
                    f"help entry {card.key!r} is unknown in {', '.join(lacking)}; where a country may lack it: "
                    f"[[{card.key}?]]",
                )


def _has_contact(content: Content, advice: str, pieces: tuple[str, ...], known: Known) -> bool:
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
