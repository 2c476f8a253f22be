"""What is wrong with the files of a line's trees before they are put together, each with file and line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from helpline.advice.shapes import LineFiles, QuestionShape, QuestionWords, TreeFiles
from helpline.advice.tree import RATHER_NOT, UNKNOWN
from helpline.contacts.service import AGE_BANDS, GENDERS
from helpline.content.files import Document, Place

# A card stands alone on its line: `[[key]]`, or `[[key?]]` where a country may lack it.
CARD = re.compile(r"^\[\[([a-z0-9_]+)(\?)?\]\][ \t]*$", re.MULTILINE)
_LOST_CARD = re.compile(r"\[\[|\]\]")


def of_files(files: LineFiles) -> list[str]:
    """All problems of shape and words."""
    found = list(_of_line(files))
    for tree in files.trees.values():
        found += [*_of_questions(files, tree), *_of_conditions(files, tree), *_of_advice(files, tree)]
    for lang in files.shared:
        found += _of_shared_words(files, lang)
        for tree in files.trees.values():
            found += [*_of_words(files, tree, lang), *_of_parts(files, tree, lang)]
    return found


# Shape


def _of_line(files: LineFiles) -> Iterator[str]:
    shape, at = files.shape, files.document.at
    if shape.start not in files.trees:
        yield at(("start",), f"there is no tree {shape.start!r}")
    asked: list[tuple[Place, str]] = [(("closing", number), key) for number, key in enumerate(shape.closing)]
    asked += [(("figures", name), key) for name, key in shape.figures.model_dump().items() if key is not None]
    for where, key in asked:
        if key not in shape.questions:
            yield at(where, f"there is no shared question {key!r}")
    asked_somewhere = {*shape.closing, *(key for tree in files.trees.values() for key in tree.shape.questions)}
    for key, question in shape.questions.items():
        where = ("questions", key)
        yield from _of_options(files.document, where, key, question, tuple(question.options))
        if question.next:
            yield at((*where, "next"), f"question {key!r} is shared: the trees that ask it say where it leads")
        if key not in asked_somewhere:
            yield at(where, f"question {key!r} is used nowhere")
    yield from _of_figures(files)
    yield from _of_needs(files)


def _of_figures(files: LineFiles) -> Iterator[str]:
    """The figures know these codes only; all else would count as unknown."""
    figures, at = files.shape.figures, files.document.at
    if (figures.age_band is None) != (figures.gender is None):
        yield at(("figures",), "figures by an age band and a gender, or by none of them")
    for name, key, codes in (("age_band", figures.age_band, AGE_BANDS), ("gender", figures.gender, GENDERS)):
        question = files.shape.questions.get(key or "")
        for option in question.options if question else ():
            if option not in (*codes, UNKNOWN, RATHER_NOT):
                yield at(
                    ("questions", key or "", "options"), f"option {option!r} of {key!r} is no {name} of the figures"
                )


def _of_needs(files: LineFiles) -> Iterator[str]:
    everything = _everything(files)
    parts = {part for words in files.shared.values() for part in words.parts}
    for part, condition in files.shape.needs.items():
        if part not in parts:
            yield files.document.at(("needs", part), f"there is no shared part {part!r}")
        yield from _of_condition(files.document, ("needs", part), condition, everything)


def _of_options(
    document: Document, where: Place, key: str, question: QuestionShape, options: tuple[str, ...]
) -> Iterator[str]:
    """Nobody has to know, nobody has to say. `sure` is for what everybody knows about themselves, such as their age."""
    for option in sorted({option for option in options if options.count(option) > 1}):
        yield document.at((*where, "options"), f"option {option!r} of {key!r} stands there twice")
    wanted = ("rather-not",) if question.sure else ("unknown", "rather-not")
    for option in wanted:
        if options and option not in options:
            yield document.at((*where, "options"), f"question {key!r} has no option {option!r}")


def _of_questions(files: LineFiles, tree: TreeFiles) -> Iterator[str]:
    at = tree.document.at
    if tree.shape.start not in tree.shape.questions:
        yield at(("start",), f"there is no question {tree.shape.start!r}")
    for key, question in tree.shape.questions.items():
        where: Place = ("questions", key)
        options = files.options(key, question)
        if key in tree.shape.advice:
            yield at(where, f"{key!r} is a question and an advice")
        if key in files.shape.closing:
            yield at(where, f"{key!r} is asked last of all, by the line")
        if not options:
            yield at(where, f"question {key!r} has no options, here or among the shared questions")
        if question.options:
            yield from _of_options(tree.document, where, key, question, options)
        if not question.next:
            yield at(where, f"dead end: question {key!r} leads nowhere, it has no `next`")
        for number, branch in enumerate(question.next):
            if files.target(tree, branch.go) is None:
                yield at((*where, "next", number, "go"), f"question {key!r} leads to {branch.go!r}, which isn't there")


def _of_conditions(files: LineFiles, tree: TreeFiles) -> Iterator[str]:
    everything = _everything(files)
    for place, condition in _conditions(tree):
        yield from _of_condition(tree.document, place, condition, everything)


def _everything(files: LineFiles) -> dict[str, set[str]]:
    """What one can depend on: question -> options, of all trees."""
    found: dict[str, set[str]] = {}
    for tree in files.trees.values():
        for key, question in tree.shape.questions.items():
            found.setdefault(key, set()).update(files.options(key, question))
    return found


def _of_condition(
    document: Document, place: Place, condition: Mapping[str, list[str]], everything: Mapping[str, set[str]]
) -> Iterator[str]:
    for asked, options in condition.items():
        if asked not in everything:
            yield document.at((*place, asked), f"there is no question {asked!r} to depend on")
            continue
        for option in sorted(set(options) - everything[asked]):
            yield document.at((*place, asked), f"question {asked!r} has no option {option!r}")


def _conditions(tree: TreeFiles) -> Iterator[tuple[Place, Mapping[str, list[str]]]]:
    for key, question in tree.shape.questions.items():
        for number, branch in enumerate(question.next):
            yield ("questions", key, "next", number, "when"), branch.when
    for key, advice in tree.shape.advice.items():
        for section, pieces in advice.sections.items():
            for number, piece in enumerate(pieces):
                yield ("advice", key, "sections", section, number, "when"), piece.when


def _of_advice(files: LineFiles, tree: TreeFiles) -> Iterator[str]:
    sections = files.shape.sections
    required = [name for name, section in sections.items() if section.required]
    for key, advice in tree.shape.advice.items():
        for section in advice.sections:
            if section not in sections:
                yield tree.document.at(("advice", key, "sections", section), f"there is no section {section!r}")
        if advice.urgent and tree.slug != files.shape.start:
            yield tree.document.at(("advice", key, "urgent"), f"only the tree {files.shape.start!r} has urgent advice")
        lacking = [name for name in required if name not in advice.sections]
        if lacking and not advice.urgent:
            yield tree.document.at(("advice", key), f"advice {key!r} has no section {', '.join(lacking)}")


# Words


def _compared(document: Document, where: Place, wanted: set[str], there: set[str], lang: str) -> Iterator[str]:
    name = ".".join(str(step) for step in where)
    for key in sorted(wanted - there):
        yield document.at(where, f"{name}.{key} has no words in {lang}")
    for key in sorted(there - wanted):
        yield document.at((*where, key), f"{name}.{key} belongs to nothing")


def _of_shared_words(files: LineFiles, lang: str) -> Iterator[str]:
    document, words = files.shared_documents[lang], files.shared[lang]
    first = next(iter(files.shared.values()))
    yield from _compared(document, ("sections",), set(files.shape.sections), set(words.sections), lang)
    yield from _compared(document, ("questions",), set(files.shape.questions), set(words.questions), lang)
    for key, question in files.shape.questions.items():
        own = words.questions.get(key)
        said = own.options if own else {}
        yield from _unsaid(document, key, set(question.options), set(said), set(words.options), lang)
        yield from _same_words(document, key, question.options, words.options | said)
        yield from _one_hint(document, key, own, first.questions.get(key), lang)
    if words is not first:
        yield from _compared(document, ("parts",), set(first.parts), set(words.parts), lang)
        yield from _compared(document, ("options",), set(first.options), set(words.options), lang)
    used = {part for tree in files.trees.values() for part in _used(tree)}
    for part in sorted(set(words.parts) - used):
        yield document.at(("parts", part), f"part {part!r} is used nowhere")
    for option in sorted(set(words.options) - _unnamed_options(files, lang)):
        yield document.at(("options", option), f"option {option!r} is used nowhere")
    yield from _broken_cards(document, words.parts, first.parts)


def _unnamed_options(files: LineFiles, lang: str) -> set[str]:
    """Options of any question that has no words of its own for them."""
    shared = files.shared[lang].questions
    found: set[str] = set()
    for key, question in files.shape.questions.items():
        found |= set(question.options) - set(shared[key].options if key in shared else ())
    for tree in files.trees.values():
        words = tree.words[lang].questions
        for key, question in tree.shape.questions.items():
            said = {option for known in (words, shared) if key in known for option in known[key].options}
            found |= set(files.options(key, question)) - said
    return found


def _same_words(document: Document, key: str, options: Iterable[str], said: Mapping[str, str]) -> Iterator[str]:
    """Nobody can tell two buttons apart that say the same."""
    first: dict[str, str] = {}
    for option in dict.fromkeys(options):
        words = said.get(option, option).casefold()
        if words in first:
            where: Place = ("questions", key, "options", option)
            yield document.at(where, f"options {first[words]!r} and {option!r} of {key!r} say the same")
        first[words] = option


def _one_hint(
    document: Document, key: str, words: QuestionWords | None, first: QuestionWords | None, lang: str
) -> Iterator[str]:
    """What is explained in one language is explained in all."""
    if words and first and (words.hint is None) != (first.hint is None):
        yield document.at(("questions", key), f"questions.{key}.hint {_there(words.hint, lang)}")


def _there(said: str | None, lang: str) -> str:
    return f"has no words in {lang}" if said is None else f"is in {lang}, but not in every language"


def _unsaid(
    document: Document, key: str, options: set[str], own: set[str], general: set[str], lang: str
) -> Iterator[str]:
    where: Place = ("questions", key, "options")
    for option in sorted(options - own - general):
        yield document.at(where, f"option {option!r} of {key!r} has no words in {lang}")
    for option in sorted(own - options):
        yield document.at((*where, option), f"option {option!r} of {key!r} belongs to nothing")


def _of_words(files: LineFiles, tree: TreeFiles, lang: str) -> Iterator[str]:
    document, words, shared = tree.word_documents[lang], tree.words[lang], files.shared[lang]
    asked = {key for key in tree.shape.questions if key not in shared.questions}
    first, general_first = next(iter(tree.words.values())), next(iter(files.shared.values()))
    known = set(words.questions) & set(tree.shape.questions)
    yield from _compared(document, ("questions",), asked | known, set(words.questions), lang)
    for key, question in tree.shape.questions.items():
        own, common = words.questions.get(key), shared.questions.get(key)
        said = own.options if own else {}
        general = shared.options | (common.options if common else {})
        options = files.options(key, question)
        yield from _unsaid(document, key, set(options), set(said), set(general), lang)
        yield from _same_words(document, key, options, general | said)
        elsewhere = first.questions.get(key) or general_first.questions.get(key)
        yield from _one_hint(document, key, own or common, elsewhere, lang)
    if (words.about is None) != (first.about is None):
        yield document.at(("about",), f"about {_there(words.about, lang)}")
    yield from _compared(document, ("advice",), set(tree.shape.advice), set(words.advice), lang)


def _of_parts(files: LineFiles, tree: TreeFiles, lang: str) -> Iterator[str]:
    document, words = tree.word_documents[lang], tree.words[lang]
    used = _used(tree)
    for part in sorted(used - set(words.parts) - set(files.shared[lang].parts)):
        yield document.at(("parts",), f"part {part!r} has no words in {lang}")
    for part in sorted(set(words.parts) - used):
        yield document.at(("parts", part), f"part {part!r} is used nowhere")
    for part in sorted(set(words.parts) & set(files.shared[lang].parts)):
        yield document.at(("parts", part), f"part {part!r} stands among the shared ones, too")
    yield from _broken_cards(document, words.parts, next(iter(tree.words.values())).parts)


def _used(tree: TreeFiles) -> set[str]:
    return {
        piece.part for advice in tree.shape.advice.values() for pieces in advice.sections.values() for piece in pieces
    }


def _broken_cards(document: Document, parts: Mapping[str, str], first: Mapping[str, str]) -> Iterator[str]:
    """Cards that aren't cards, and those that are not the same in every language (`first` has those of the first)."""
    for name, text in parts.items():
        if _LOST_CARD.search(CARD.sub("", text)):
            yield document.at(("parts", name), f"part {name!r}: a help entry needs a line of its own, as [[key]]")
        here, there = set(CARD.findall(text)), set(CARD.findall(first.get(name, text)))
        for key in sorted({key for key, _ in here ^ there}):
            yield document.at(("parts", name), f"part {name!r}: [[{key}]] is not the same in every language")
