"""Reads the trees of a line: their shape from `tree.yaml`, their words from one file a language.

    trees/<line>/shared/line.yaml   where everybody starts, the sections of an advice, questions that several trees ask
    trees/<line>/shared/<lang>.yaml words that several trees say
    trees/<line>/<tree>/tree.yaml   questions, where each answer leads, what each advice is made of
    trees/<line>/<tree>/<lang>.yaml the words of that tree

`docs/authoring-advice.md` explains each key. What is wrong is told with file and line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from markupsafe import Markup

from helpline.advice import problems
from helpline.advice.shapes import (
    AdviceWords,
    LineFiles,
    LineShape,
    M,
    QuestionWords,
    SharedWords,
    TreeFiles,
    TreeShape,
    TreeWords,
)
from helpline.advice.tree import Advice, Branch, Condition, Forest, Node, Piece, Question
from helpline.content.files import LANGUAGES, ContentError, Document, clean, read

TREES = Path(__file__).resolve().parent / "trees"
SHARED = "shared"
# Cards that lead to the line's own chat and to its course; every other card is a help entry of the country.
CHAT, COURSE = "chat", "course"
OURS = (CHAT, COURSE)


@dataclass(frozen=True)
class Card:
    """A help entry of the country, or the way to our chat or course; an optional one may lack in a country."""

    key: str
    optional: bool = False


Block = Markup | Card


@dataclass(frozen=True)
class Content:
    """All that a line's advice is made of, read once. `parts` by language, tree (or SHARED) and name."""

    files: LineFiles
    forest: Forest
    parts: Mapping[tuple[str, str, str], tuple[Block, ...]] = field(repr=False)

    def question(self, question: Question, lang: str) -> QuestionWords:
        """How a question is asked in `lang`, each of its options with its words."""
        shared = self.files.shared[lang]
        general = shared.questions.get(question.key)
        tree = self.files.trees.get(question.tree)
        own = tree.words[lang].questions.get(question.key) if tree is not None else None
        words = own or general
        if words is None:
            raise ContentError(f"question {question.id} has no words in {lang}")
        said = shared.options | (general.options if general else {}) | words.options
        return words.model_copy(update={"options": {key: said[key] for key in question.options}})

    def advice(self, advice: Advice, lang: str) -> AdviceWords:
        """The head of an advice."""
        return self.files.trees[advice.tree].words[lang].advice[advice.key]

    def blocks(self, tree: str, piece: str, lang: str) -> tuple[Block, ...]:
        """The blocks of a part: the tree's own, else the shared one."""
        own = self.parts.get((lang, tree, piece))
        return self.parts[lang, SHARED, piece] if own is None else own


def lines(root: Path = TREES) -> tuple[str, ...]:
    """The lines that have trees."""
    return _folders(root)


def _folders(root: Path) -> tuple[str, ...]:
    return tuple(sorted(path.name for path in root.iterdir() if path.is_dir() and path.name[0] not in "._"))


@lru_cache(maxsize=16)
def load(line: str, root: Path = TREES) -> Content:
    """The trees of a line, read once; raises ContentError where the files don't fit together."""
    content, found = read_line(line, root)
    if content is None:
        raise ContentError(found[0])
    return content


def read_line(line: str, root: Path = TREES) -> tuple[Content | None, list[str]]:
    """The trees of a line; where they can't be put together None, and all that is wrong with them."""
    found: list[str] = []
    files = _files(root / line, found)
    if files is None or found:
        return None, found
    found = problems.of_files(files)
    if found:
        return None, found
    return Content(files, _forest(files), _parts(files)), []


def _files(folder: Path, found: list[str]) -> LineFiles | None:
    read_shape = _read(folder / SHARED / "line.yaml", LineShape, found)
    shared = _words(folder / SHARED, SharedWords, found)
    trees = {}
    for slug in _folders(folder):
        if slug == SHARED:
            continue
        read_tree = _read(folder / slug / "tree.yaml", TreeShape, found)
        words = _words(folder / slug, TreeWords, found)
        if read_tree is not None:
            shape, document = read_tree
            trees[slug] = TreeFiles(
                slug,
                shape,
                {lang: said for lang, (said, _) in words.items()},
                document,
                {lang: source for lang, (_, source) in words.items()},
            )
    if read_shape is None:
        return None
    shape_of_line, document = read_shape
    return LineFiles(
        folder.name,
        shape_of_line,
        document,
        {lang: said for lang, (said, _) in shared.items()},
        {lang: source for lang, (_, source) in shared.items()},
        trees,
    )


def _read(path: Path, model: type[M], found: list[str]) -> tuple[M, Document] | None:
    try:
        document = read(path)
        return document.as_model(model), document
    except ContentError as error:
        found.append(str(error))
        return None


def _words(folder: Path, model: type[M], found: list[str]) -> dict[str, tuple[M, Document]]:
    """The words of a folder in each language that has them."""
    said = {lang: _read(folder / f"{lang}.yaml", model, found) for lang in LANGUAGES}
    return {lang: words for lang, words in said.items() if words is not None}


def needs(files: LineFiles) -> dict[str, Condition]:
    """Shared part -> the answers without which nobody may read it."""
    return {part: _condition(when) for part, when in files.shape.needs.items()}


def _condition(when: Mapping[str, list[str]]) -> Condition:
    return {key: frozenset(options) for key, options in when.items()}


def _forest(files: LineFiles) -> Forest:
    nodes: dict[str, Node] = {}
    for tree in files.trees.values():
        for key, question in tree.shape.questions.items():
            branches = tuple(
                Branch(files.target(tree, branch.go) or "", _condition(branch.when)) for branch in question.next
            )
            asked = Question(tree.slug, key, files.options(key, question), branches)
            nodes[asked.id] = asked
        for key, advice in tree.shape.advice.items():
            sections = tuple(
                (name, tuple(Piece(piece.part, _condition(piece.when)) for piece in advice.sections[name]))
                for name in files.shape.sections
                if name in advice.sections
            )
            leaf = Advice(tree.slug, key, sections, advice.urgent)
            nodes[leaf.id] = leaf
    closing = [Question(SHARED, key, tuple(files.shape.questions[key].options)) for key in files.shape.closing]
    nodes |= {question.id: question for question in closing}
    start = files.trees[files.shape.start]
    return Forest(f"{start.slug}/{start.shape.start}", nodes, tuple(question.id for question in closing))


def _parts(files: LineFiles) -> dict[tuple[str, str, str], tuple[Block, ...]]:
    found: dict[tuple[str, str, str], tuple[Block, ...]] = {}
    for lang, shared in files.shared.items():
        found |= {(lang, SHARED, name): blocks(text) for name, text in shared.parts.items()}
        for tree in files.trees.values():
            found |= {(lang, tree.slug, name): blocks(text) for name, text in tree.words[lang].parts.items()}
    return found


def blocks(text: str) -> tuple[Block, ...]:
    """A part as HTML and the cards between."""
    found: list[Block] = []
    at = 0
    for match in problems.CARD.finditer(text):
        if text[at : match.start()].strip():
            found.append(clean(text[at : match.start()]))
        found.append(Card(match[1], optional=match[2] is not None))
        at = match.end()
    if text[at:].strip():
        found.append(clean(text[at:]))
    return tuple(found)
