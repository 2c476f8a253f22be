"""What holds for every sentence a visitor reads: short, everyday words, nothing that hurts. Pure.

The limit of 20 words is that of texts at level B1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

LONGEST_SENTENCE = 20

_BLOCK = re.compile(r"\n[ \t]*\n|\n(?=[ \t]*(?:[-*]|\d+\.|>|#+)[ \t])|\n(?=\[\[)")
_END = re.compile(r"(?<=[.!?…])[\"'”’)*_]*\s+|(?<=[.!?…])[\"'”’)*_]*$")
_WORD = re.compile(r"[^\W_]+(?:[-'’.@/][^\W_]+)*")
_MARKS = re.compile(r"^[ \t]*(?:[-*>]|\d+\.|#+)[ \t]+|[*_`]|\[\[[^\]]*\]\]", re.MULTILINE)


# A telephone number has three digits in a row, or six with something between them; an age or a range has neither.
_REACHED = {
    "a telephone number": re.compile(r"\d{3}|\d(?:[ ()./-]{0,2}\d){5}"),
    "a link or an address": re.compile(
        r"https?:|www\.|\]\(|\]\[|<\w|\S@\S|(?<![\w-])[a-z0-9-]{2,}\.[a-z]{2,}(?!\w)", re.IGNORECASE
    ),
}
_MARKDOWN = re.compile(r"\[\[|\]\]|\]\(|[*`<]|__|(?<!\w)_\w|^[ \t]*(?:#|>|[-+] |\d+[.)] )", re.MULTILINE)


@dataclass(frozen=True)
class WordList:
    """Words of one language: those never used, and those that have an easier one (word -> what to write instead).

    A word may be several words, and may end in `*` for any ending. Case doesn't count.
    """

    forbidden: Mapping[str, str]
    hard: Mapping[str, str]

    @cached_property
    def any_of_them(self) -> re.Pattern[str]:
        """Finds whether there is any at all, which is rare: most texts are looked through once."""
        bodies = "|".join(_body(word) for word in (*self.forbidden, *self.hard))
        # What stands around them once for all: tried at the beginning of each word rather than for each pair.
        return re.compile(rf"(?<!\w)(?=\w)(?:{bodies})(?!\w)" if bodies else "(?!)", re.IGNORECASE)


@dataclass(frozen=True)
class Remark:
    """Something about a sentence; `start` is where it begins in the text, in characters."""

    start: int
    text: str


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """The sentences of a Markdown text, each with the place where it begins; a line of a list is one at least."""
    start = 0
    for block in [*(match.span() for match in _BLOCK.finditer(text)), (len(text), len(text))]:
        yield from _in_block(text, start, block[0])
        start = block[1]


def _in_block(text: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    at = start
    for match in _END.finditer(text, start, end):
        if text[at : match.start()].strip():
            yield at + _blank(text, at), _plain(text[at : match.end()])
        at = match.end()
    if text[at:end].strip():
        yield at + _blank(text, at), _plain(text[at:end])


def _blank(text: str, at: int) -> int:
    return len(text[at:]) - len(text[at:].lstrip())


def _plain(markdown: str) -> str:
    return " ".join(_MARKS.sub("", markdown).split())


def words(sentence: str) -> list[str]:
    """The words of a sentence; a number or a word with a hyphen is one."""
    return _WORD.findall(sentence)


def remarks(text: str, lists: WordList) -> list[Remark]:
    """What is wrong with the sentences of a text, in their order."""
    found = []
    suspect = lists.any_of_them.search(_plain(text)) is not None
    for start, sentence in sentences(text):
        length = len(words(sentence))
        if length > LONGEST_SENTENCE:
            found.append(Remark(start, f"a sentence of {length} words, {LONGEST_SENTENCE} at most: {_cut(sentence)!r}"))
        if suspect:
            found += [Remark(start, f"{problem}: {_cut(sentence)!r}") for problem in _bad_words(sentence, lists)]
    return found


def reached(text: str) -> list[Remark]:
    """Telephone numbers, links and addresses: they belong into a help entry, where somebody verifies them."""
    return [
        Remark(match.start(), f"{kind} in the text, rather a help entry: {_cut(text[match.start() :])!r}")
        for kind, pattern in _REACHED.items()
        if (match := pattern.search(text)) is not None
    ]


def markdown(text: str) -> list[Remark]:
    """Marks in a text that is shown as it stands."""
    match = _MARKDOWN.search(text)
    return [] if match is None else [Remark(match.start(), f"{match[0].strip()!r} is shown as it stands here")]


def _bad_words(sentence: str, lists: WordList) -> Iterator[str]:
    for kind, listed in (("forbidden", lists.forbidden), ("hard", lists.hard)):
        for word, instead in listed.items():
            if _pattern(word).search(sentence):
                yield f"{kind} word {word!r}, rather {instead!r}"


_patterns: dict[str, re.Pattern[str]] = {}


def _pattern(word: str) -> re.Pattern[str]:
    if word not in _patterns:
        _patterns[word] = re.compile(rf"(?<!\w){_body(word)}(?!\w)", re.IGNORECASE)
    return _patterns[word]


def _body(word: str) -> str:
    ending = r"\w*" if word.endswith("*") else ""
    return re.escape(word.rstrip("*")).replace(r"\ ", r"\s+") + ending


def _cut(sentence: str) -> str:
    return sentence if len(sentence) <= 70 else sentence[:67].rstrip() + "..."
