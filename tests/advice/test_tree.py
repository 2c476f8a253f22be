"""The walk: nothing but the answers, replayed from the start. With trees that know nothing of any helpline."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpline.advice import loader
from helpline.advice.tree import (
    Advice,
    Answers,
    Branch,
    Forest,
    NotInTheTree,
    Piece,
    Question,
    Walk,
    answered,
    at_step,
    paths,
    walk,
)
from tests.advice.gardens import GARDEN, LINE

ROOTS: Answers = (("plant/eaten", "no"), ("plant/sick", "roots"), ("plant/years", "few"))


@lru_cache(maxsize=1)
def garden() -> Forest:
    return loader.load(LINE, GARDEN).forest


@lru_cache(maxsize=1)
def youth() -> Forest:
    return loader.load("youth").forest


def after(*options: str, forest: Forest | None = None) -> Walk:
    """Where these options lead, each given to the question that is asked then."""
    given: Answers = ()
    for step, option in enumerate(options, 1):
        given = answered(forest or garden(), given, step, option)
    return walk(forest or garden(), given)


def composed(found: Walk) -> object:
    return found.place.composed(found.known) if isinstance(found.place, Advice) else None


# A straight way


def test_without_answers_everybody_is_at_the_first_question() -> None:
    start = walk(garden(), ())
    assert (start.place.id, start.step, start.known) == ("plant/eaten", 1, {})


def test_each_answer_leads_on_until_the_advice() -> None:
    assert after("no").place.id == "plant/sick"
    assert after("no", "roots").place.id == "plant/years"
    assert after("no", "roots", "few", "poster").place.id == "plant/new-soil"
    assert after("no", "roots", "many", "poster").place.id == "plant/old-soil"
    assert after("no", "unknown", "few", "poster").place.id == "plant/look"


def test_the_first_branch_that_holds_is_taken() -> None:
    question = Question("a", "q", ("x", "y"), (Branch("a/one", {"q": frozenset({"x"})}), Branch("a/two")))
    assert question.leads_to({"q": "x"}) == "a/one"
    assert question.leads_to({"q": "y"}) == "a/two"


def test_a_question_whose_branches_all_fail_says_so() -> None:
    question = Question("a", "q", ("x",), (Branch("a/one", {"other": frozenset({"x"})}),))
    with pytest.raises(NotInTheTree):
        question.leads_to({"q": "x"})


def test_an_answer_leads_into_another_tree_where_it_still_counts() -> None:
    assert after("unknown", "leaves").place.id == "slugs/slime"
    washed = after("unknown", "leaves", "yes", "poster")
    assert composed(washed) == (("do", ("wash", "collect")), ("tools", ("gloves",)), ("ask", ("ask",)))
    clean = after("no", "leaves", "yes", "poster")
    assert composed(clean) == (("do", ("collect",)), ("tools", ("gloves",)), ("ask", ("ask",)))


def test_a_section_that_says_nothing_after_these_answers_is_not_there() -> None:
    assert composed(after("no", "roots", "many", "poster")) == (("do", ("rest",)), ("ask", ("ask",)))
    assert composed(after("unknown", "roots", "rather-not", "poster")) == (
        ("do", ("dig",)),
        ("tools", ("gloves",)),
        ("ask", ("ask",)),
    )


# The last question


def test_the_last_question_comes_before_the_advice_and_steers_nothing() -> None:
    asked = walk(garden(), ROOTS)
    assert (asked.place.id, asked.step) == ("shared/heard", 4)
    ends = {after("no", "roots", "few", option).place.id for option in ("poster", "neighbour", "unknown", "rather-not")}
    assert ends == {"plant/new-soil"}


def test_urgent_advice_comes_at_once() -> None:
    urgent = after("yes")
    assert (urgent.place.id, urgent.step) == ("plant/call", 2)


# Back, changed answers, pages out of reach


def test_going_back_shows_the_question_and_loses_nothing() -> None:
    assert at_step(garden(), ROOTS, 2).place.id == "plant/sick"
    assert answered(garden(), ROOTS, 2, "roots") == ROOTS


def test_a_changed_answer_takes_away_what_came_after_it() -> None:
    assert answered(garden(), ROOTS, 1, "unknown") == (("plant/eaten", "unknown"),)
    assert answered(garden(), ROOTS, 2, "leaves") == (("plant/eaten", "no"), ("plant/sick", "leaves"))


@pytest.mark.parametrize("step", [-1, 0, 5, 99])
def test_a_step_that_nobody_reached_is_not_there(step: int) -> None:
    with pytest.raises(NotInTheTree):
        at_step(garden(), ROOTS, step)
    with pytest.raises(NotInTheTree):
        answered(garden(), ROOTS, step, "no")


def test_an_option_that_the_question_does_not_have_is_refused() -> None:
    with pytest.raises(NotInTheTree):
        answered(garden(), ROOTS, 2, "few")
    with pytest.raises(NotInTheTree):
        answered(garden(), (("plant/eaten", "yes"),), 2, "no")


def test_from_the_first_answer_that_does_not_fit_on_none_counts() -> None:
    for wrong in ("slugs/slime", "plant/years", "nothing/here", ""):
        assert walk(garden(), (ROOTS[0], (wrong, "no"), *ROOTS[2:])).answers == ROOTS[:1]
    assert walk(garden(), (("plant/eaten", "perhaps"), *ROOTS[1:])).answers == ()
    beyond = (*ROOTS, ("shared/heard", "poster"), ("plant/eaten", "yes"))
    assert walk(garden(), beyond).place.id == "plant/new-soil"


# Every way


def test_paths_are_all_ways_through_one_tree() -> None:
    plant = list(paths(garden(), "plant/eaten"))
    # eaten yes; three others by: leaves, and three options by three answers about years
    assert len(plant) == len(set(plant)) == 1 + 3 * (1 + 3 * 3)
    assert all(len(way) <= 3 for way in plant)
    assert set(paths(garden(), "slugs/slime")) == {
        (("slugs/slime", option),) for option in ("yes", "no", "unknown", "rather-not")
    }


def test_paths_may_depend_on_what_was_answered_before() -> None:
    forest = Forest(
        "a/q",
        {
            "a/q": Question("a", "q", ("x",), (Branch("a/deep", {"before": frozenset({"y"})}), Branch("a/end"))),
            "a/deep": Question("a", "deep", ("x",), (Branch("a/end"),)),
            "a/end": Advice("a", "end", (("s", (Piece("p"),)),)),
        },
    )
    assert [len(way) for way in paths(forest, "a/q")] == [1]
    assert [len(way) for way in paths(forest, "a/q", known={"before": "y"})] == [2]


# Any way of getting there


@dataclass
class Visitor:
    """Somebody with a browser: answers at the step that is shown, goes back, forward, reloads and comes again.

    `last` is what was chosen last at each step, as long as nothing before it was changed: what one sees on the pages.
    """

    forest: Forest
    stored: Answers = ()
    shown: int = 1
    last: list[tuple[str, str]] = field(default_factory=list)

    def back(self, steps: int) -> None:
        self.shown = max(1, self.shown - steps)

    def forward(self, steps: int) -> None:
        """By the browser's button, or an address typed: a page out of reach leads to the last that isn't."""
        self.shown = min(self.shown + steps, walk(self.forest, self.stored).step)

    def reload(self) -> None:
        self.stored = tuple((question, option) for question, option in [list(pair) for pair in self.stored])

    def answer(self, choice: int) -> None:
        place = at_step(self.forest, self.stored, self.shown).place
        if isinstance(place, Advice):
            return
        option = place.options[choice % len(place.options)]
        self.stored = answered(self.forest, self.stored, self.shown, option)
        if self.last[self.shown - 1 : self.shown] != [(place.id, option)]:
            self.last[self.shown - 1 :] = [(place.id, option)]
        self.shown += 1

    def twice(self, choice: int) -> None:
        """The same button, pressed again before the next page came."""
        before = self.shown
        self.answer(choice)
        after_one, self.shown = self.stored, before
        self.answer(choice)
        assert self.stored == after_one


DEEDS = st.one_of(
    st.tuples(st.just("answer"), st.integers(0, 20)),
    st.tuples(st.just("twice"), st.integers(0, 20)),
    st.tuples(st.just("back"), st.integers(1, 4)),
    st.tuples(st.just("forward"), st.integers(1, 4)),
    st.tuples(st.just("reload")),
)


@pytest.mark.parametrize("forest", [garden, youth], ids=["garden", "youth"])
@given(deeds=st.lists(DEEDS, max_size=40), rest=st.lists(st.integers(0, 20), min_size=15, max_size=15))
@settings(max_examples=150, deadline=None)
def test_however_one_gets_there_the_advice_is_that_of_answering_straight(
    forest: object, deeds: list[tuple[str, int]], rest: list[int]
) -> None:
    assert callable(forest)
    trees: Forest = forest()
    visitor = Visitor(trees)
    for deed, *amount in deeds:
        getattr(visitor, deed)(*amount)
    visitor.forward(99)
    for choice in rest:  # on to the end
        visitor.answer(choice)
    arrived = walk(trees, visitor.stored)
    assert isinstance(arrived.place, Advice)
    straight = after(*(option for _, option in visitor.last), forest=trees)
    assert straight == arrived
    assert composed(straight) == composed(arrived)
    assert visitor.stored == tuple(visitor.last), "answers of a branch that was left are gone"


WORDS = st.one_of(
    st.text(max_size=12), st.sampled_from(["plant/eaten", "plant/sick", "slugs/slime", "yes", "no", "roots"])
)


@given(stored=st.lists(st.tuples(WORDS, WORDS), max_size=12).map(tuple), step=st.integers(-3, 12), option=WORDS)
@settings(max_examples=200, deadline=None)
def test_whatever_is_stored_leads_to_a_page(stored: Answers, step: int, option: str) -> None:
    found = walk(garden(), stored)
    assert found.answers == stored[: len(found.answers)]
    assert walk(garden(), found.answers) == found
    for try_it in (
        lambda: at_step(garden(), stored, step).place,
        lambda: answered(garden(), stored, step, option),
    ):
        try:
            try_it()
        except NotInTheTree:
            pass
