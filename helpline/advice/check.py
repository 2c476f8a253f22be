"""What is wrong with the trees of a line once they are put together: ways that lead nowhere, advice without a person.

Errors keep the server from starting; warnings are what an administrator should still do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from helpline.advice import loader
from helpline.advice.loader import CHAT, TREES, Card, Content
from helpline.advice.shapes import LineFiles, SharedWords, TreeWords
from helpline.advice.tree import Advice, Answers, Question
from helpline.advice.ways import Ways, all_ways
from helpline.content.files import ContentError, Document, Place
from helpline.content.lists import word_list
from helpline.content.wording import Remark, markdown, reached, remarks
from helpline.lines import texts
from helpline.lines.texts import HelpEntry

# Nobody can read more ways through one tree than these, neither an author nor a test.
MOST_PATHS = 600


@dataclass(frozen=True)
class Country:
    """The help entries of a country that a line may show, by key, and those that the organisation shows nowhere.

    strict: what lacks here keeps the server from starting.
    """

    known: Mapping[str, HelpEntry]
    hidden: frozenset[str]
    strict: bool


@dataclass
class Found:
    """What a look at the content found, each `file:line: problem`."""

    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def of_everything(instance_dir: Path | None, root: Path = TREES, *, in_use: Collection[str] | None = None) -> Found:
    """All lines, all trees, all languages, with the help entries of every country.

    in_use: the countries of the lines, None for any. In others an organisation's own file is only warned about.
    """
    found = Found()
    strict = frozenset(
        country
        for country in texts.countries(instance_dir)
        if in_use is None or country in in_use or not texts.has_own_help(country, instance_dir)
    )
    for line in loader.lines(root):
        content, problems = loader.read_line(line, root)
        found.errors += problems
        if content is not None:
            _of_content(content, _countries(line, strict, instance_dir), found)
    for country in texts.countries(instance_dir):
        try:
            _of_help(country, instance_dir, found)
        except ContentError as error:
            (found.errors if country in strict else found.warnings).append(str(error))
    return found


def _of_content(content: Content, countries: Mapping[str, Country], found: Found) -> None:
    """Ways, cards, contacts and wording of a line's trees."""
    cycles = list(_cycles(content))
    found.errors += cycles
    if not cycles:
        ways = all_ways(content.forest, loader.needs(content.files))
        found.errors += _of_ways(content, ways)
        found.errors += _of_cards(content, {name: there for name, there in countries.items() if there.strict})
        lenient = {name: there for name, there in countries.items() if not there.strict}
        found.warnings += _of_cards(content, lenient)
        for name, country in countries.items():
            (found.errors if country.strict else found.warnings).extend(_of_contacts(content, ways, name, country))
    found.errors += _of_wording(content.files)


def _of_help(country: str, instance_dir: Path | None, found: Found) -> None:
    """What nobody verified, and how the entries are worded: strictly in the files that ship."""
    found.warnings += texts.unverified(country, instance_dir)
    for document, place, lang, said in texts.sentences(country, instance_dir):
        shipped = document.path.is_relative_to(texts.PACKAGED)
        (found.errors if shipped else found.warnings).extend(wording_of(document, said, lang, place))


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


def _of_ways(content: Content, ways: Ways) -> Iterator[str]:
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
    for (advice, section, number), answers in ways.unmet.items():
        document, where = _place(content, advice)
        problem = f"this part is shown without the answers it needs after {_told(answers)}"
        yield document.at((*where, "sections", section, number), problem)
    for advice, compositions in ways.composed.items():
        twice = {piece for pieces in compositions for piece in pieces if pieces.count(piece) > 1}
        for piece in sorted(twice):
            document, where = _place(content, advice)
            yield document.at(where, f"part {piece!r} is read twice in {advice}")


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


def _countries(line: str, strict: Collection[str], instance_dir: Path | None) -> dict[str, Country]:
    """The countries with their help entries for this line; a broken file is told elsewhere."""
    found: dict[str, Country] = {}
    for country in texts.countries(instance_dir):
        with suppress(ContentError):
            found[country] = Country(
                texts.load_help(country, "en", instance_dir, line=line),
                texts.hidden(country, instance_dir),
                country in strict,
            )
    return found


def _of_cards(content: Content, countries: Mapping[str, Country]) -> Iterator[str]:
    for (lang, slug, name), blocks in content.parts.items():
        documents = content.files.shared_documents
        document = documents[lang] if slug == loader.SHARED else content.files.trees[slug].word_documents[lang]
        for card in (block for block in blocks if isinstance(block, Card) and block.key != CHAT):
            lacking = [name for name, there in countries.items() if card.key not in (*there.known, *there.hidden)]
            if countries and len(lacking) == len(countries):
                yield document.at(("parts", name), f"there is no help entry {card.key!r} on this line")
            elif lacking and not card.optional:
                yield document.at(
                    ("parts", name),
                    f"help entry {card.key!r} is unknown in {', '.join(lacking)}; where a country may lack it: "
                    f"[[{card.key}?]]",
                )


def _of_contacts(content: Content, ways: Ways, name: str, country: Country) -> Iterator[str]:
    """Advice without a person at its end; the urgent one needs others than us, whose chat may be closed."""
    lang = next(iter(content.files.shared))  # the cards are the same in all
    for advice, compositions in ways.composed.items():
        slug = advice.partition("/")[0]
        node = content.forest.nodes[advice]
        urgent = isinstance(node, Advice) and node.urgent
        for pieces in compositions:
            blocks = [block for piece in pieces for block in content.blocks(slug, piece, lang)]
            cards = {block.key for block in blocks if isinstance(block, Card)}
            entries = [country.known[key] for key in cards if key in country.known]
            others = any(entry.phone or entry.chat_url for entry in entries)
            if not others and (urgent or CHAT not in cards):
                document, where = _place(content, advice)
                beside = ", beside our own chat, which may be closed" if CHAT in cards else ""
                yield document.at(where, f"no human contact at the end of {advice} in {name}{beside}")
                break


# Wording


def _of_wording(files: LineFiles) -> Iterator[str]:
    for lang, words in files.shared.items():
        yield from _of_words(files.shared_documents[lang], words, lang)
    for tree in files.trees.values():
        for lang, said in tree.words.items():
            yield from _of_words(tree.word_documents[lang], said, lang)


def _of_words(document: Document, words: SharedWords | TreeWords, lang: str) -> Iterator[str]:
    for where, said in texts_of(words.model_dump(exclude_none=True)):
        yield from wording_of(document, said, lang, where)
        found = reached(said) + (markdown(said) if where[0] != "parts" else [])
        yield from _told_of(document, where, found)


def texts_of(said: object, where: Place = ()) -> Iterator[tuple[Place, str]]:
    """Every text in what a file says, with its place."""
    if isinstance(said, dict):
        for key, value in said.items():
            yield from texts_of(value, (*where, key))
    elif isinstance(said, str):
        yield where, said


def wording_of(document: Document, said: str, lang: str, where: Place) -> Iterator[str]:
    """Remarks on the sentences of a text."""
    yield from _told_of(document, where, remarks(said, word_list(lang)))


def _told_of(document: Document, where: Place, found: list[Remark]) -> Iterator[str]:
    for remark in found:
        yield f"{document.path}:{document.text_line(where, remark.start)}: {remark.text}"
