"""How the files of a course become modules, words and blocks."""

from __future__ import annotations

import pytest
from markupsafe import Markup

from helpline.content.files import ContentError
from helpline.selfhelp import loader
from helpline.selfhelp.course import Field
from helpline.selfhelp.loader import AnswersHere, Card, Content, ExerciseHere
from tests.selfhelp.beds import ALLOTMENT, LINE, Bed


@pytest.fixture
def content() -> Content:
    return loader.load(LINE, ALLOTMENT)


def field(content: Content, address: str) -> Field:
    found = content.course.field(address)
    assert found is not None
    return found


def test_the_lines_are_those_that_the_courses_name() -> None:
    assert loader.lines(ALLOTMENT) == (LINE,)
    assert "prevention" in loader.lines()


def test_a_course_is_read_once(content: Content) -> None:
    assert loader.load(LINE, ALLOTMENT) is content


def test_a_line_without_a_course_is_an_error() -> None:
    with pytest.raises(ContentError, match=r"course\.yaml:1: no course of 'orchard'"):
        loader.load("orchard", ALLOTMENT)


def test_a_broken_course_is_never_loaded(tmp_path) -> None:
    bed = Bed(tmp_path)
    bed.change("03-harvest/nl.md", "[[plan]]", "[[module snow]]")
    with pytest.raises(ContentError, match=r"03-harvest/nl\.md:\d+: "):
        loader.load(LINE, bed.root)


def test_modules_have_the_order_of_the_file_and_look_backs_no_number(content: Content) -> None:
    course = content.course
    assert [(module.number, module.slug) for module in course.modules] == [(1, "soil"), (2, "sowing"), (3, "harvest")]
    (booster,) = course.boosters
    assert (booster.number, booster.slug, booster.after, booster.days) == (None, "next-spring", "harvest", 30)
    assert (course.line, course.plan) == (LINE, "harvest")


def test_fields_hold_what_their_kind_needs(content: Content) -> None:
    assert field(content, "soil.look.tools").options == ("spade", "rake", "none")
    rows = field(content, "sowing.beds.rows")
    assert (rows.columns, rows.rows) == (("plant", "month"), 2)
    assert field(content, "sowing.wait.stand").minutes == 5


def test_words_are_found_by_language_and_field(content: Content) -> None:
    assert content.words["en"]["soil"].title == "Your soil"
    assert content.words["nl"]["next-spring"].step == "Bewaar een zaadje."
    assert content.field_words("nl", field(content, "soil.look.worms")).high == "heel veel"
    assert content.field_words("en", field(content, "soil.look.tools")).options["none"] == "No tools"
    assert content.field_words("en", field(content, "sowing.beds.rows")).rows == ["On the left", "On the right"]
    assert content.field_words("en", field(content, "sowing.wait.stand")).during[1] == "Breathe out slowly."
    (exercise,) = content.course.modules[2].exercises
    assert content.words["nl"][exercise.module].exercises[exercise.key].title == "Je mand"


def test_a_text_is_blocks_in_their_order(content: Content) -> None:
    blocks = content.texts["en", "soil"]
    assert [block for block in blocks if not isinstance(block, Markup)] == [
        ExerciseHere("look"),
        Card("emergency"),
        Card("limits"),
    ]
    assert isinstance(blocks[0], Markup)
    assert blocks[2] == "<p>Did you cut yourself? Then call at once.</p>\n"
    assert content.texts["en", "sowing"][1] == AnswersHere("soil.look.colour")


def test_an_optional_card_is_known_as_such(tmp_path) -> None:
    bed = Bed(tmp_path)
    for lang in ("en", "nl"):
        bed.change(f"01-soil/{lang}.md", "[[emergency]]", "[[emergency?]]")
    assert Card("emergency", optional=True) in loader.load(LINE, bed.root).texts["nl", "soil"]


@pytest.mark.parametrize(("lang", "words"), [("en", "Sowing &amp; waiting"), ("nl", "Zaaien &amp; wachten")])
def test_a_link_to_a_module_has_its_title_as_words(content: Content, lang: str, words: str) -> None:
    (first, *_) = content.texts[lang, "soil"]
    assert isinstance(first, Markup)
    assert f'<a href="/{lang}/allotment/self-help/sowing/">{words}</a>' in first


def test_each_heading_has_an_id_that_is_the_same_in_every_language(content: Content) -> None:
    assert content.sections("en", "soil") == (("part-1", "What soil is"), ("part-2", "Look at yours"))
    assert content.sections("nl", "soil") == (("part-1", "Wat grond is"), ("part-2", "Kijk naar die van jou"))
    (first, *_) = content.texts["en", "soil"]
    assert '<h2 id="part-1">What soil is</h2>' in str(first)
    assert '<h3 id="part-1-1">Sand</h3>' in str(first)
    assert content.sections("en", "harvest")[1] == ("part-2", "What comes first")
    assert any('<h2 id="part-2">What comes first</h2>' in str(block) for block in content.texts["en", "harvest"])


def test_a_text_can_bring_nothing_that_runs(tmp_path) -> None:
    bed = Bed(tmp_path)
    for lang in ("en", "nl"):
        path = bed.file(f"03-harvest/{lang}.md")
        attack = "\n<script>alert(1)</script> [x](javascript:alert(1)) ## <img src=x onerror=alert(1)>\n"
        path.write_text(path.read_text(encoding="utf-8") + attack, encoding="utf-8")
    html = "".join(str(block) for block in loader.load(LINE, bed.root).texts["en", "harvest"])
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert any("03-harvest" in error for error in bed.found().errors)
