"""How the files of a tree become questions, advice and words."""

from __future__ import annotations

from pathlib import Path

import pytest
from markupsafe import Markup

from helpline.advice import loader
from helpline.advice.loader import Card, Content
from helpline.advice.tree import Advice, Question
from helpline.content.files import ContentError
from tests.advice.gardens import GARDEN, LINE, Plot


@pytest.fixture
def garden() -> Content:
    return loader.load(LINE, GARDEN)


def question(content: Content, node: str) -> Question:
    found = content.forest.nodes[node]
    assert isinstance(found, Question)
    return found


def test_the_lines_are_the_folders(plot: Plot) -> None:
    assert loader.lines(plot.root) == (LINE,)
    for name in (".git", "__pycache__"):
        (plot.root / name).mkdir()
    assert loader.lines(plot.root) == (LINE,)
    assert "youth" in loader.lines()


def test_content_is_read_once(garden: Content) -> None:
    assert loader.load(LINE, GARDEN) is garden


def test_a_broken_line_is_never_loaded(plot: Plot) -> None:
    plot.change("slugs/tree.yaml", "start: slime", "start: mud")
    with pytest.raises(ContentError, match=r"slugs/tree\.yaml:3: there is no question 'mud'"):
        loader.load(LINE, plot.root)


def test_a_question_takes_its_options_from_the_shared_one(garden: Content) -> None:
    assert question(garden, "plant/years").options == ("few", "many", "rather-not")
    assert question(garden, "plant/years").branches[0].go == "plant/new-soil"


def test_the_order_of_options_and_sections_is_that_of_the_files(garden: Content) -> None:
    assert question(garden, "plant/sick").options == ("leaves", "roots", "unknown", "rather-not")
    advice = garden.forest.nodes["plant/new-soil"]
    assert isinstance(advice, Advice)
    assert [name for name, _ in advice.sections] == ["do", "tools", "ask"]


@pytest.mark.parametrize(
    ("lang", "node", "asked", "options"),
    [
        ("en", "plant/sick", "Where do you see it?", ["On the leaves", "At the roots", "I don't know"]),
        ("nl", "plant/sick", "Waar zie je het?", ["Aan de bladeren", "Aan de wortels", "Ik weet het niet"]),
        ("nl", "plant/years", "Hoelang heb je al een tuin?", ["Een jaar of twee", "Langer"]),
        ("en", "shared/heard", "How did you hear of us?", ["From a poster", "From a neighbour", "I don't know"]),
    ],
)
def test_a_question_has_its_words_in_each_language(
    garden: Content, lang: str, node: str, asked: str, options: list[str]
) -> None:
    words = garden.question(question(garden, node), lang)
    assert words.ask == asked
    assert list(words.options.values())[: len(options)] == options
    assert tuple(words.options) == question(garden, node).options


def test_own_words_of_a_shared_question_come_first(plot: Plot) -> None:
    plot.change("plant/en.yaml", "  sick:\n", "  years:\n    ask: Old soil?\n    options: {few: Not yet}\n  sick:\n")
    content = loader.load(LINE, plot.root)
    words = content.question(question(content, "plant/years"), "en")
    assert (words.ask, words.options["few"], words.options["many"]) == ("Old soil?", "Not yet", "Longer")


def test_yes_and_no_are_words_and_need_no_quotes(garden: Content) -> None:
    assert question(garden, "plant/eaten").options == ("no", "yes", "unknown", "rather-not")


def test_a_part_is_text_with_cards_between(garden: Content) -> None:
    first, card = garden.blocks("plant", "call", "en")
    assert isinstance(first, Markup)
    assert "<strong>Call.</strong>" in first
    assert card == Card("emergency")
    assert garden.blocks("slugs", "gloves", "nl") == garden.blocks(loader.SHARED, "gloves", "nl")


def test_a_card_may_stand_anywhere_and_may_lack_in_a_country() -> None:
    text = "[[one]]\nBefore.\n\n[[two?]]\n\nAfter.\n"
    found = loader.blocks(text)
    assert [block for block in found if isinstance(block, Card)] == [Card("one"), Card("two", optional=True)]
    assert [type(block) for block in found] == [Card, Markup, Card, Markup]


def test_nothing_that_runs_gets_through() -> None:
    (block,) = loader.blocks('<script>x()</script> [a](javascript:x) <b onclick="x()">b</b> **bold**')
    assert "<script" not in str(block)
    assert 'href="javascript' not in str(block)
    assert "<strong>bold</strong>" in str(block)


def test_a_file_that_is_no_text_is_told(plot: Plot) -> None:
    plot.file("slugs/nl.yaml").write_bytes(b"\xff\xfe\x00")
    (_, found) = loader.read_line(LINE, plot.root)
    assert [problem.startswith(f"{plot.file('slugs/nl.yaml')}: can't be read") for problem in found] == [True]


def test_an_empty_folder_has_no_lines(tmp_path: Path) -> None:
    assert loader.lines(tmp_path) == ()
