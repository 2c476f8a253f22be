"""What may be written in a field, and how it is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpline.selfhelp.course import LONGEST, Course, Exercise, Field, Module, TooLong, Value, columns_of, fits, tidy

SHORT = Field("soil.look.colour", "short")
LONG = Field("soil.look.story", "long")
SCALE = Field("soil.look.worms", "scale")
CHECKLIST = Field("soil.look.tools", "checklist", options=("spade", "rake", "none"))
PAIRS = Field("sowing.beds.neighbours", "pairs", rows=3)
TABLE = Field("sowing.beds.rows", "table", columns=("plant", "month", "where"), rows=2)
TIMER = Field("sowing.wait.stand", "timer", minutes=5)
ALL = (SHORT, LONG, SCALE, CHECKLIST, PAIRS, TABLE, TIMER)


@pytest.mark.parametrize(
    ("field", "written", "kept"),
    [
        (SHORT, "  brown \n", "brown"),
        (SHORT, " \r\n\t", None),
        (SHORT, "", None),
        (LONG, "peas\r\n\r\nbeans\r\n", "peas\n\nbeans"),
        (LONG, "a\x00b", "ab"),
        (SCALE, 0, 0),
        (SCALE, 10, 10),
        (CHECKLIST, ["rake", "spade"], ["spade", "rake"]),
        (CHECKLIST, ["rake", "rake"], ["rake"]),
        (CHECKLIST, ["hoe"], None),
        (CHECKLIST, [], None),
        (PAIRS, [[" peas", "beans "], ["", ""]], [["peas", "beans"]]),
        (PAIRS, [["", ""], ["peas", ""]], [["", ""], ["peas", ""]]),
        (PAIRS, [["", " "]], None),
        (TABLE, [["peas", "", "left"], ["", "", ""]], [["peas", "", "left"]]),
        (TABLE, [], None),
        (TIMER, "ten minutes", None),
        (TIMER, 10, None),
    ],
)
def test_what_is_kept_is_what_was_meant(field: Field, written: Value, kept: Value | None) -> None:
    assert tidy(field, written) == kept


@pytest.mark.parametrize("field", ALL)
def test_nothing_written_is_nothing_kept(field: Field) -> None:
    assert tidy(field, None) is None


@pytest.mark.parametrize(
    ("field", "written"),
    [
        (SCALE, 11),
        (SCALE, -1),
        (SCALE, "7"),
        (SHORT, 7),
        (SHORT, [["a", "b"]]),
        (PAIRS, [["a"]]),
        (PAIRS, [["a", "b"]] * 4),
        (TABLE, [["a", "b"]]),
        (TABLE, [["a", "b", "c"]] * 3),
        (CHECKLIST, "rake"),
    ],
)
def test_what_no_form_can_send_is_refused(field: Field, written: Value) -> None:
    with pytest.raises(ValueError, match="can't hold this"):
        tidy(field, written)


@pytest.mark.parametrize("field", [SHORT, LONG])
def test_a_text_of_the_greatest_length_fits_and_one_more_does_not(field: Field) -> None:
    most = LONGEST[field.kind]
    assert tidy(field, " " + "x" * most + "\r\n") == "x" * most
    with pytest.raises(TooLong) as refused:
        tidy(field, "x" * (most + 1))
    assert (refused.value.field, refused.value.most) == (field, most)
    assert "xxx" not in str(refused.value)


@pytest.mark.parametrize(("field", "wide"), [(PAIRS, 2), (TABLE, 3)])
def test_each_cell_has_a_greatest_length(field: Field, wide: int) -> None:
    most = LONGEST[field.kind]
    row = ["x" * most] * wide
    assert tidy(field, [row]) == [row]
    with pytest.raises(TooLong):
        tidy(field, [[*row[:-1], "x" * (most + 1)]])


def test_a_line_end_counts_as_one_character() -> None:
    text = "\r\n".join("x" * 2000)
    assert len(text) > LONGEST["long"]
    assert tidy(LONG, text) == "\n".join("x" * 2000)


@pytest.mark.parametrize("field", ALL)
@given(
    value=st.one_of(
        st.none(),
        st.text(),
        st.integers(),
        st.lists(st.sampled_from(["spade", "rake", "none", "hoe"])),
        st.lists(st.lists(st.text(max_size=4), max_size=4), max_size=4),
    )
)
def test_what_is_kept_fits_and_stays_as_it_is(field: Field, value: Value | None) -> None:
    try:
        kept = tidy(field, value)
    except ValueError:
        return
    assert kept is None or fits(field, kept)
    assert tidy(field, kept) == kept


def test_what_an_earlier_form_of_the_course_kept_may_fit_no_longer() -> None:
    assert not fits(CHECKLIST, ["hoe"])
    assert not fits(TABLE, [["a", "b"]])
    assert not fits(PAIRS, [["a", "b"]] * 4)
    assert not fits(TIMER, "x")
    assert not fits(SCALE, "5")
    assert not fits(SHORT, {"a": "b"})


def test_pairs_have_two_columns_without_naming_them() -> None:
    assert columns_of(PAIRS) == ("left", "right")
    assert columns_of(TABLE) == ("plant", "month", "where")


def test_a_course_finds_its_parts_by_name() -> None:
    soil = Module("soil", (Exercise("soil", "look", (SHORT, TIMER)),), number=1)
    spring = Module("spring", (Exercise("spring", "again", (Field("spring.again.change", "long"),)),), after="soil")
    course = Course("allotment", (soil,), (spring,))
    assert (course.module("soil"), course.module("spring"), course.module("snow")) == (soil, spring, None)
    assert course.field("soil.look.colour") is SHORT
    found = course.field("spring.again.change")
    assert found is not None
    assert (found.key, found.is_written) == ("change", True)
    assert not TIMER.is_written
    assert soil.exercise("dig") is None
    for address in ("", "soil", "soil.look", "soil.look.snails", "soil.dig.colour", "snow.look.colour", "a.b.c.d"):
        assert course.field(address) is None
