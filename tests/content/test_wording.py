"""Rules for every sentence a visitor reads: at most 20 words, no hard words, none that hurt."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpline.content.files import LANGUAGES
from helpline.content.lists import WORDS, word_list
from helpline.content.wording import LONGEST_SENTENCE, WordList, markdown, reached, remarks, sentences, words

NONE = WordList({}, {})
LISTS = WordList(
    {"monster*": "what was done", "your own fault": "you did nothing wrong"}, {"however": "but", "hash*": "code"}
)


def said(text: str) -> list[str]:
    return [sentence for _, sentence in sentences(text) if sentence]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four…", ["One.", "Two!", "Three?", "Four…"]),
        ("No full stop", ["No full stop"]),
        ("A line\nthat goes on.", ["A line that goes on."]),
        ("A paragraph\n\nand another", ["A paragraph", "and another"]),
        ("- one\n- two\n* three", ["one", "two", "three"]),
        ("1. **Stop.** Then wait.\n2. Go on.", ["Stop.", "Then wait.", "Go on."]),
        ("Before\n\n[[emergency]]\n\nafter", ["Before", "after"]),
        ("'Is it true?' he said.", ["'Is it true?'", "he said."]),
        ("Say 'I need help.' Then wait.", ["Say 'I need help.'", "Then wait."]),
        ("", []),
        ("  \n\n  ", []),
    ],
)
def test_sentences_are_those_a_reader_sees(text: str, expected: list[str]) -> None:
    assert said(text) == expected


@pytest.mark.parametrize(
    ("sentence", "number"),
    [
        ("Call 0800-2000 now", 3),
        ("you don't know it's late", 5),
        ("foto's en video’s", 3),
        ("non-stop", 1),
        ("and/or", 1),
        ("help.example.org is down", 3),
        ("- – … !", 0),
        ("één café", 2),
    ],
)
def test_words_are_counted_as_a_reader_would(sentence: str, number: int) -> None:
    assert len(words(sentence)) == number


def test_twenty_words_are_fine_and_one_more_is_not() -> None:
    assert remarks(" ".join(["word"] * LONGEST_SENTENCE) + ".", NONE) == []
    (remark,) = remarks("Short. " + " ".join(["word"] * (LONGEST_SENTENCE + 1)) + ".", NONE)
    assert remark.text.startswith("a sentence of 21 words, 20 at most")
    assert remark.start == len("Short. ")


def test_items_of_a_list_are_no_sentence_together() -> None:
    assert remarks("\n".join(["- one two three four five six seven"] * 5), NONE) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A monster came.", "forbidden word 'monster*'"),
        ("Monsters came.", "forbidden word 'monster*'"),
        ("It is YOUR OWN\nfault.", "forbidden word 'your own fault'"),
        ("However, wait.", "hard word 'however'"),
        ("A **hashed** file.", "hard word 'hash*'"),
        ("demonstrate, howevers, rehash", None),
    ],
)
def test_listed_words_are_found_in_any_case_and_with_the_endings_that_are_asked_for(
    text: str, found: str | None
) -> None:
    assert [remark.text.split(",")[0] for remark in remarks(text, LISTS)] == ([found] if found else [])


def test_a_remark_says_what_to_write_instead() -> None:
    (remark,) = remarks("However, wait.", LISTS)
    assert "rather 'but'" in remark.text
    assert "However, wait." in remark.text


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_each_language_has_lists_that_read_well(lang: str) -> None:
    lists = word_list(lang)
    assert len(lists.forbidden) >= 15
    assert len(lists.hard) >= 30
    assert not set(lists.forbidden) & set(lists.hard)
    for word, instead in (lists.forbidden | lists.hard).items():
        assert word == word.lower().strip(), word
        assert instead.strip(), word
        assert re.fullmatch(r"[^*]+\*?", word), word
        (remark,) = {found.text.split(",")[0] for found in remarks(word.rstrip("*"), WordList({word: instead}, {}))}
        assert remark == f"forbidden word {word!r}"


def test_every_language_of_the_pages_has_a_list() -> None:
    from helpline import web

    assert {path.stem for path in WORDS.glob("*.yaml")} == set(web.LANGUAGES) == set(LANGUAGES)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Call 112 now.", True),
        ("06 12 34 56 78", True),
        ("(020) 12 34 567", True),
        ("See https://help.example/.", True),
        ("Go to helpline.example now", True),
        ("[here](/x)", True),
        ("<https:x>", True),
        ("me@home", True),
        ("You are 12-15, 16 or 17, 18 to 25, or 26+.", False),
        ("It is open 24/7, from 9:00.", False),
        ("Stop. Then go on... E.g. so.", False),
        ("1. One.\n2. Two.", False),
    ],
)
def test_numbers_links_and_addresses_are_found_in_running_text(text: str, found: bool) -> None:
    assert bool(reached(text)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("**Stop**", True),
        ("Go [[chat]]", True),
        ("- one", True),
        ("One.\n1. Two", True),
        ("# Stop", True),
        ("`code`", True),
        ("a _word_", True),
        ("Stop - and say: 'no'. It's 26+ (or so).", False),
        ("snake_case and/or 1.5", False),
    ],
)
def test_marks_are_found_in_what_is_shown_as_it_stands(text: str, found: bool) -> None:
    assert bool(markdown(text)) == found


@given(st.text(alphabet="ab .!?\n-*1'[]", max_size=120))
def test_sentences_lie_in_their_order_and_lose_no_word(text: str) -> None:
    found = list(sentences(text))
    starts = [start for start, _ in found]
    assert starts == sorted(starts)
    assert all(0 <= start <= len(text) for start in starts)
    if not set("[]1") & set(text):  # numbers of a list and cards are no words
        kept = "".join(re.findall("[ab]", "".join(sentence for _, sentence in found)))
        assert kept == "".join(re.findall("[ab]", text))
