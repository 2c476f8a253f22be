"""A course that asks for something else where somebody has written already: nothing is lost, and no page breaks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from typing import get_args

import pytest

from helpline.selfhelp import loader, progress, showing
from helpline.selfhelp.course import Exercise, Field, Kind, Value, fits, shown
from helpline.selfhelp.loader import Content
from helpline.selfhelp.progress import Record, mark
from helpline.selfhelp.shapes import FieldWords
from tests.selfhelp.beds import ALLOTMENT

KINDS: tuple[Kind, ...] = get_args(Kind)
ADDRESS = "soil.look.story"
WRITTEN: dict[Kind, Value] = {
    "short": "seven",
    "long": "seven\nand eight",
    "scale": 7,
    "checklist": ["spade", "rake"],
    "pairs": [["seven", "eight"], ["", "nine"]],
    "table": [["seven", "eight", "nine"]],
}


def asked_as(kind: Kind) -> Field:
    """The same field in another edition."""
    return Field(
        ADDRESS,
        kind,
        options=("spade", "none") if kind == "checklist" else (),
        columns=("plant", "month", "bed") if kind == "table" else (),
        rows=3 if kind in ("pairs", "table") else 0,
        minutes=5 if kind == "timer" else 0,
    )


def words_as(kind: Kind) -> FieldWords:
    heads = {"plant": "Plant", "month": "Month", "bed": "Bed"}
    return FieldWords(
        label="What grows there?",
        options={"spade": "A spade", "none": "No tools"} if kind == "checklist" else {},
        columns=heads if kind == "table" else {},
        left="One" if kind == "pairs" else None,
        right="Other" if kind == "pairs" else None,
    )


def edition(kind: Kind) -> Content:
    """The course of the allotment whose story is asked as this kind."""
    content = loader.load("allotment", ALLOTMENT)
    soil = content.course.modules[0]
    (look,) = soil.exercises
    fields = tuple(asked_as(kind) if one.address == ADDRESS else one for one in look.fields)
    modules = (replace(soil, exercises=(replace(look, fields=fields),)), *content.course.modules[1:])
    said = {lang: dict(words) for lang, words in content.words.items()}
    for lang, words in said.items():
        exercise = words["soil"].exercises["look"]
        told = exercise.model_copy(update={"fields": {**exercise.fields, "story": words_as(kind)}})
        said[lang]["soil"] = words["soil"].model_copy(update={"exercises": {"look": told}})
    return replace(content, course=replace(content.course, modules=modules), words=said)


@pytest.mark.parametrize(("was", "now"), [pair for pair in permutations(KINDS, 2) if pair[0] != "timer"])
def test_what_was_written_as_one_kind_is_all_there_as_another(was: Kind, now: Kind) -> None:
    content, value = edition(now), WRITTEN[was]
    soil = content.course.modules[0]
    record = Record({ADDRESS: value})
    asked = content.course.field(ADDRESS)
    assert asked is not None
    stands = showing.standing(record, soil).get(ADDRESS)
    assert stands is None or fits(asked, stands)
    one = showing.given(content, "en", record, ADDRESS)
    assert one is not None
    told = showing.as_text("", [showing.Group("", (one,))])
    assert all(piece in told for piece in pieces(value)), told
    assert (showing.unfit(record, asked) == ()) == (stands == value)

    # Left alone it stays; another text lies beside it, and goes back only into what can hold it.
    if asked.is_written:
        seen = {ADDRESS: mark(stands)}
        look = soil.exercises[0]
        assert progress.written(record, look, {ADDRESS: stands}, seen).answers == {ADDRESS: value}
        new: Value = WRITTEN[now] if now != "checklist" else ["none"]
        later = progress.written(record, look, {ADDRESS: new}, seen)
        if stands == value:
            assert later.answers == {ADDRESS: new}
        else:
            assert (later.answers, later.beside) == ({ADDRESS: new}, {ADDRESS: (value,)})
            assert progress.taken_back(later, ADDRESS, mark(value), asked) == later


def pieces(value: Value) -> Iterator[str]:
    if isinstance(value, list):
        for part in value:
            yield from pieces(part)
    else:
        yield from str(value).split("\n")


def test_an_option_that_there_is_no_more_hides_no_other() -> None:
    content = edition("checklist")
    asked = asked_as("checklist")
    record = Record({ADDRESS: ["spade", "rake"]})
    assert shown(asked, ["spade", "rake"]) == ["spade"]
    one = showing.given(content, "en", record, ADDRESS)
    assert one is not None
    assert one.options == ["A spade", "rake"]
    look: Exercise = content.course.modules[0].exercises[0]
    kept = progress.written(record, look, {ADDRESS: ["spade"]}, {ADDRESS: mark(["spade"])})
    assert kept == record, "left alone"


def test_a_text_is_shown_only_where_it_can_be_sent_again_as_it_is() -> None:
    short, long = asked_as("short"), asked_as("long")
    assert (shown(short, "one line"), shown(long, "two\nlines")) == ("one line", "two\nlines")
    assert (shown(short, "two\nlines"), shown(short, "x" * 301), shown(long, "x" * 4001)) == (None, None, None)
