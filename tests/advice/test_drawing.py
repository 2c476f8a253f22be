"""The drawing of a tree: everything has room, nothing lies on anything else, every way is there."""

from __future__ import annotations

import re
from itertools import combinations

import pytest

from helpline.advice import loader
from helpline.advice.drawing import (
    HEAD_TEXT,
    LABEL_TEXT,
    PADDING,
    PAGE_TEXT,
    Box,
    Drawing,
    Label,
    draw,
    text_width,
    wrapped,
)
from helpline.advice.outline import Outline, outline
from helpline.advice.tree import Advice, Branch, Forest, Node, Piece, Question
from tests.advice.gardens import GARDEN, LINE

HOUSE = [(line, tree) for line in loader.lines() for tree in sorted(loader.load(line).files.trees)]
TREES = [*HOUSE, (LINE, "plant"), (LINE, "slugs")]


class Plain:
    """Words of a line in English, else the names themselves."""

    any_answer, otherwise = "any", "otherwise"

    def __init__(self, line: str | None = None) -> None:
        self.content = None if line is None else loaded(line)

    def title(self, node: Node) -> str:
        if self.content is None:
            return node.key
        return (
            self.content.advice(node, "en").title if isinstance(node, Advice) else self.content.question(node, "en").ask
        )

    def tree(self, slug: str) -> str:
        return slug if self.content is None else self.content.files.trees[slug].words["en"].title

    def option(self, node: Question, option: str) -> str:
        return option if self.content is None else self.content.question(node, "en").options[option]

    def only_if(self, question: str, options: str) -> str:
        return f"if {question}: {options}"


def loaded(line: str) -> loader.Content:
    return loader.load(line, GARDEN) if line == LINE else loader.load(line)


def of(line: str, tree: str) -> Outline:
    content = loaded(line)
    return outline(content.forest, f"{tree}/{content.files.trees[tree].shape.start}", Plain(line))


def small(*branches: Branch, options: tuple[str, ...] = ("x", "y", "z")) -> Outline:
    """One question `q` with these branches, of a tree `a` with advice one, two and three; `b` was asked before."""
    nodes: dict[str, Node] = {
        "a/b": Question("a", "b", ("yes", "no"), (Branch("a/q"),)),
        "a/q": Question("a", "q", options, branches),
    }
    for name in ("one", "two", "three"):
        nodes[f"a/{name}"] = Advice("a", name, (("s", (Piece("p"),)),), urgent=name == "three")
    return outline(Forest("a/b", nodes), "a/b", Plain())


def when(**conditions: str) -> dict[str, frozenset[str]]:
    return {key: frozenset(options.split()) for key, options in conditions.items()}


def answers(found: Outline) -> dict[str, tuple[str, ...]]:
    return {way.target: way.answers for way in found.ways if way.source == "a/q"}


# What is on the ways


def test_one_way_for_all_answers() -> None:
    assert answers(small(Branch("a/one"))) == {"a/one": ("any",)}


def test_answers_stand_on_the_way_they_lead() -> None:
    found = small(Branch("a/one", when(q="x")), Branch("a/two"))
    assert answers(found) == {"a/one": ("x",), "a/two": ("y", "z")}


def test_ways_to_the_same_place_are_one_with_several_answers() -> None:
    found = small(Branch("a/one", when(q="x")), Branch("a/two", when(q="y")), Branch("a/one"))
    assert answers(found) == {"a/one": ("x", "z"), "a/two": ("y",)}


def test_an_earlier_answer_that_is_needed_is_named() -> None:
    found = small(Branch("a/one", when(q="x y", b="yes")), Branch("a/two", when(b="no")), Branch("a/three"))
    assert answers(found) == {
        "a/one": ("x, y if b: yes",),
        "a/two": ("if b: no",),
        "a/three": ("otherwise",),
    }


def test_what_an_earlier_branch_takes_only_for_some_is_marked() -> None:
    found = small(Branch("a/one", when(q="x", b="yes")), Branch("a/two", when(q="x")), Branch("a/three"))
    assert answers(found) == {"a/one": ("x if b: yes",), "a/two": ("x (otherwise)",), "a/three": ("y", "z")}


def test_a_branch_for_which_nothing_is_left_is_not_drawn() -> None:
    assert answers(small(Branch("a/one"), Branch("a/two"))) == {"a/one": ("any",)}


def test_pages_have_their_kind_and_another_tree_is_one_page() -> None:
    kinds = {page.id: page.kind for page in of(LINE, "plant").pages}
    assert kinds["plant/eaten"] == "question"
    assert kinds["plant/look"] == "advice"
    assert kinds["plant/call"] == "urgent"
    assert kinds["tree:slugs"] == "tree"
    assert not any(page.startswith("slugs/") for page in kinds)


def test_where_one_comes_from_and_goes() -> None:
    found = of(LINE, "plant")
    assert [page.key for _, page in found.leading_from("plant/eaten")] == ["call", "sick"]
    assert [page.key for _, page in found.leading_to("plant/years")] == ["sick"]
    assert found.leading_from("plant/look") == ()


@pytest.mark.parametrize(("line", "tree"), TREES)
def test_the_outline_has_every_page_of_the_tree(line: str, tree: str) -> None:
    own = {node.id for node in loaded(line).forest.nodes.values() if node.tree == tree}
    assert {page.id for page in of(line, tree).pages if page.kind != "tree"} == own


# Where everything stands


def apart(one: Box | Label, other: Box | Label) -> bool:
    return (
        one.x + one.width <= other.x
        or other.x + other.width <= one.x
        or one.y + one.height <= other.y
        or other.y + other.height <= one.y
    )


def points(path: str) -> list[tuple[float, float]]:
    """Where a way begins and ends."""
    numbers = [float(number) for number in re.findall(r"-?[\d.]+", path)]
    return [(numbers[0], numbers[1]), (numbers[-2], numbers[-1])]


@pytest.mark.parametrize(("line", "tree"), TREES)
def test_nothing_lies_on_anything_else_and_all_is_within_the_frame(line: str, tree: str) -> None:
    drawing = draw(of(line, tree))
    things: list[Box | Label] = [*drawing.boxes, *drawing.labels]
    assert [(one, other) for one, other in combinations(things, 2) if not apart(one, other)] == []
    for thing in things:
        assert 0 <= thing.x <= drawing.width - thing.width
        assert 0 <= thing.y <= drawing.height - thing.height


@pytest.mark.parametrize(("line", "tree"), TREES)
def test_every_text_is_whole_and_fits(line: str, tree: str) -> None:
    found = of(line, tree)
    drawing = draw(found)
    for box in drawing.boxes:
        assert " ".join(text.text for text in box.lines) == " ".join(box.page.title.split())
        assert all(text_width(text.text, PAGE_TEXT) <= box.width - 2 * PADDING for text in box.lines)
        assert text_width(box.head.text, HEAD_TEXT) < box.width
        assert all(box.y < text.y < box.y + box.height for text in box.lines)
    for label in drawing.labels:
        assert all(text_width(text.text, LABEL_TEXT) <= label.width for text in label.lines)
        assert all(label.y < text.y <= label.y + label.height for text in label.lines)
    said = sorted(" ".join(text.text.strip("• \u2003") for text in label.lines) for label in drawing.labels)
    assert said == sorted(" ".join(way.answers) for way in found.ways)


@pytest.mark.parametrize(("line", "tree"), TREES)
def test_every_way_goes_from_its_question_to_the_right(line: str, tree: str) -> None:
    found = of(line, tree)
    drawing = draw(found)
    boxes = {box.page.id: box for box in drawing.boxes}
    assert len(drawing.paths) == len(found.ways)
    for way, path in zip(found.ways, drawing.paths, strict=True):
        (x, y), (to_x, to_y) = points(path)
        source, target = boxes[way.source], boxes[way.target]
        assert (x, to_x) == (source.x + source.width, target.x)
        assert y == pytest.approx(source.y + source.height / 2, abs=0.2)
        assert to_y == pytest.approx(target.y + target.height / 2, abs=0.2)
        assert to_x > x


def test_the_same_tree_is_always_drawn_alike() -> None:
    assert draw(of("youth", "extortion")) == draw(of("youth", "extortion"))


def test_a_tree_of_one_question_can_be_drawn() -> None:
    drawing: Drawing = draw(of(LINE, "slugs"))
    assert len(drawing.boxes) == 3


def test_a_way_past_other_pages_has_room_of_its_own() -> None:
    """b leads to q, and over it to the advice."""
    nodes: dict[str, Node] = {
        "a/b": Question("a", "b", ("x", "y"), (Branch("a/q", when(b="x")), Branch("a/one"))),
        "a/q": Question("a", "q", ("x",), (Branch("a/one"),)),
        "a/one": Advice("a", "one", ()),
    }
    drawing = draw(outline(Forest("a/b", nodes), "a/b", Plain()))
    question = next(box for box in drawing.boxes if box.page.id == "a/q")
    passing = next(path for path in drawing.paths if path.count("H") == 3)
    beside = float(re.findall(r"([\d.]+) ([\d.]+) H", passing)[1][1])
    assert not question.y <= beside <= question.y + question.height


# Text


def test_long_words_are_broken_and_short_ones_kept_together() -> None:
    assert wrapped("one two", 1000, 14) == ("one two",)
    lines = wrapped("a Hottentottententententoonstelling b", 100, 14)
    assert all(text_width(line, 14) <= 100 for line in lines)
    assert "".join(lines).replace("-", "").replace(" ", "") == "aHottentottententententoonstellingb"
    assert wrapped("", 100, 14) == ()
    assert all(wrapped("WWWW", 1, 14))
