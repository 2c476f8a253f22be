"""What is wrong with the trees of a line once they are put together: ways that lead nowhere, advice without a person.

Errors keep the server from starting; warnings are what an administrator should still do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from helpline.advice import loader
from helpline.advice.loader import CHAT, COURSE, OURS, TREES, Card, Content
from helpline.advice.shapes import LineFiles, SharedWords, TreeWords
from helpline.advice.tree import Advice, Answers, Question
from helpline.advice.ways import Ways, all_ways
from helpline.content.files import ContentError, Document, Place
from helpline.content.findings import Found, texts_of, told_of, wording_of
from helpline.content.wording import markdown, reached
from helpline.lines import countries, texts
from helpline.lines.countries import Country

# Nobody can read more ways through one tree than these, neither an author nor a test.
MOST_PATHS = 600


def of_everything(
    instance_dir: Path | None,
    root: Path = TREES,
    *,
    in_use: Collection[str] | None = None,
    courses: Collection[str] | None = None,
    read: Callable[[str, Path], tuple[Content | None, list[str]]] = loader.read_line,
) -> Found:
    """All lines, all trees, all languages, with the help entries of every country.

    in_use: the countries of the lines, None for any. In others an organisation's own file is only warned about.
    courses: the lines that have a course to lead to, None where the caller doesn't know. read: reads a line's trees.
    """
    found = Found()
    strict = countries.strict(instance_dir, in_use)
    for line in loader.lines(root):
        content, problems = read(line, root)
        found.errors += problems
        if content is not None:
            _of_content(content, countries.of_line(line, instance_dir, in_use), found)
            if courses is not None and line not in courses:
                found.errors += _of_lost_courses(content)
    for country in texts.countries(instance_dir):
        try:
            _of_help(country, instance_dir, found)
        except ContentError as error:
            found.add([str(error)], strict=country in strict)
    return found


def _of_content(content: Content, known: Mapping[str, Country], found: Found) -> None:
    """Ways, cards, contacts and wording of a line's trees."""
    cycles = list(_cycles(content))
    found.errors += cycles
    if not cycles:
        ways = all_ways(content.forest, loader.needs(content.files))
        found.errors += _of_ways(content, ways)
        for strict in (True, False):
            there = {name: country for name, country in known.items() if country.strict == strict}
            found.add(_of_cards(content, there), strict=strict)
        for name, country in known.items():
            found.add(_of_contacts(content, ways, name, country), strict=country.strict)
    found.errors += _of_wording(content.files)


def _of_help(country: str, instance_dir: Path | None, found: Found) -> None:
    """What nobody verified, and how the entries are worded: strictly in the files that ship."""
    found.warnings += texts.unverified(country, instance_dir)
    for document, place, lang, said in texts.sentences(country, instance_dir):
        shipped = document.path.is_relative_to(texts.PACKAGED)
        found.add(wording_of(document, said, lang, place), strict=shipped)


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


def _cards(content: Content) -> Iterator[tuple[Card, Document, Place]]:
    """Every card with the part in which it stands."""
    for (lang, slug, name), blocks in content.parts.items():
        documents = content.files.shared_documents
        document = documents[lang] if slug == loader.SHARED else content.files.trees[slug].word_documents[lang]
        yield from ((block, document, ("parts", name)) for block in blocks if isinstance(block, Card))


def _of_cards(content: Content, known: Mapping[str, Country]) -> Iterator[str]:
    for card, document, where in _cards(content):
        problem = None if card.key in OURS else countries.lacking(card.key, card.optional, known)
        if problem is not None:
            yield document.at(where, problem)


def _of_lost_courses(content: Content) -> Iterator[str]:
    """Ways to a course on a line that has none."""
    for card, document, where in _cards(content):
        if card.key == COURSE:
            yield document.at(where, f"[[{COURSE}]]: this line has no course to lead to")


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
        yield from told_of(document, where, found)
