"""The course that ships: the outline that was agreed on, each module long enough and in every language."""

from __future__ import annotations

import re

import pytest

from helpline.content.wording import words
from helpline.selfhelp import loader
from helpline.selfhelp.course import LONGEST, Kind, columns_of
from helpline.selfhelp.loader import Card, Content
from helpline.selfhelp.store import MOST_BYTES

OUTLINE = [
    "welcome",
    "why-stop",
    "goals",
    "devices",
    "habit-loop",
    "fantasies",
    "urges",
    "risk-situations",
    "excuses",
    "feelings",
    "stress-and-sleep",
    "telling-someone",
    "closeness",
    "the-children",
    "slips",
    "good-life",
    "your-plan",
]


@pytest.fixture(scope="module")
def content() -> Content:
    return loader.load("prevention")


def test_the_outline_is_kept(content: Content) -> None:
    assert [module.slug for module in content.course.modules] == OUTLINE
    assert content.course.plan == "your-plan"
    assert [(booster.after, booster.days) for booster in content.course.boosters] == [("your-plan", 30)]


def test_every_module_has_an_exercise_and_every_kind_of_field_is_used(content: Content) -> None:
    assert all(module.exercises for module in content.course.modules)
    kinds: set[Kind] = {
        field.kind for module in content.course.modules for exercise in module.exercises for field in exercise.fields
    }
    assert kinds == {*LONGEST, "scale", "checklist", "timer"}


@pytest.mark.parametrize("lang", ["en", "nl"])
@pytest.mark.parametrize("slug", OUTLINE)
def test_a_module_takes_ten_to_twenty_minutes(content: Content, lang: str, slug: str) -> None:
    page = content.files.pages[lang, slug]
    assert 10 <= page.words.minutes <= 20
    assert 1000 <= len(words(page.text)) <= 1800
    assert page.words.sources


def test_all_of_it_filled_to_the_end_can_be_kept(content: Content) -> None:
    """In a script of three bytes a letter, with room for some texts beside the fields."""
    modules = (*content.course.modules, *content.course.boosters)
    asked = [field for module in modules for exercise in module.exercises for field in exercise.fields]
    letters = sum(LONGEST.get(one.kind, 0) * max(1, one.rows * len(columns_of(one))) for one in asked)
    assert 0.5 * MOST_BYTES < 3 * letters < 0.9 * MOST_BYTES


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_goals_come_back_where_they_help(content: Content, lang: str) -> None:
    for slug in ("slips", "your-plan"):
        shown = {getattr(block, "address", "") for block in content.texts[lang, slug]}
        assert {"goals.ladder.life", "goals.ladder.goal"} <= shown, slug


def test_the_limits_and_the_crisis_line_stand_in_the_first_module(content: Content) -> None:
    cards = [block.key for block in content.texts["en", "welcome"] if isinstance(block, Card)]
    assert {"limits", "crisis"} <= set(cards)


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_the_head_of_a_column_is_a_name_and_stands_before_what_was_written(content: Content, lang: str) -> None:
    for slug in OUTLINE:
        for exercise in content.words[lang][slug].exercises.values():
            heads = [head for field in exercise.fields.values() for head in (field.columns or {}).values()]
            assert not [head for head in heads if ":" in head], slug


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_any_ways_to_use_the_course_can_be_ticked_together(content: Content, lang: str) -> None:
    field = content.words[lang]["welcome"].exercises["use"].fields["how"]
    assert field.hint
    for said in (field.options or {}).values():
        assert not re.search(r"\b(nothing|niets|only read,|alleen en)\b", said)
