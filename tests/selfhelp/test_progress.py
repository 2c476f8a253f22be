"""How forms from several pages come together: in any order, sent again, from two devices, no word is lost unseen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpline.selfhelp import progress
from helpline.selfhelp.course import Course, Exercise, Field, Module, TooLong, Value, fits, tidy
from helpline.selfhelp.progress import Record, mark

TODAY = date(2026, 3, 2)


def an_exercise(module: str, key: str, *kinds: str) -> Exercise:
    """Fields f0, f1, ... of these kinds."""
    fields = tuple(
        Field(
            f"{module}.{key}.f{number}",
            kind,  # type: ignore[arg-type]  # one of the kinds
            options=("one", "two") if kind == "checklist" else (),
            columns=("what", "when") if kind == "table" else (),
            rows=3 if kind in ("table", "pairs") else 0,
        )
        for number, kind in enumerate(kinds)
    )
    return Exercise(module, key, fields)


COURSE = Course(
    "allotment",
    (
        Module("soil", (an_exercise("soil", "look", "short", "long", "scale"),), 1),
        Module(
            "sowing", (an_exercise("sowing", "beds", "table", "pairs"), an_exercise("sowing", "tools", "checklist")), 2
        ),
        Module("harvest", (an_exercise("harvest", "basket", "short"),), 3),
    ),
    (Module("spring", (), after="harvest", days=30),),
    plan="harvest",
)
EXERCISES = [exercise for module in COURSE.modules for exercise in module.exercises]
FIELD = EXERCISES[0].fields[0]
# Few texts, so that pages often meet.
CELLS = st.sampled_from(["", "a", "b", "c", "d"])
ROWS = st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=3)
ANSWERS: Mapping[str, st.SearchStrategy[Value | None]] = {
    "short": CELLS,
    "long": CELLS,
    "scale": st.none() | st.integers(0, 10),
    "checklist": st.lists(st.sampled_from(["one", "two"]), unique=True),
    "pairs": ROWS,
    "table": ROWS,
}


def answers_to(exercise: Exercise) -> st.SearchStrategy[dict[str, Value | None]]:
    """What a form of this exercise may bring, tidy."""
    return st.fixed_dictionaries(
        {
            field.address: ANSWERS[field.kind].map(lambda value, field=field: tidy(field, value))
            for field in exercise.fields
        }
    )


def shown(record: Record, exercise: Exercise) -> dict[str, Value | None]:
    """What stands in a form of it now."""
    return {field.address: record.answers.get(field.address) for field in exercise.fields}


def marks(values: Mapping[str, Value | None]) -> dict[str, str]:
    return {address: mark(value) for address, value in values.items()}


def found_in(record: Record, address: str) -> list[Value]:
    """What stands in a field and beside it."""
    stands = record.answers.get(address)
    return [*([] if stands is None else [stands]), *record.beside.get(address, ())]


class Pages:
    """Pages of several devices that show exercises and are sent later, once or more; and what must not be lost."""

    def __init__(self) -> None:
        self.record = Record()
        self.open: list[tuple[Exercise, dict[str, Value | None]]] = []
        self.sent: list[tuple[Exercise, dict[str, Value | None], dict[str, Value | None]]] = []
        self.alive: dict[str, list[Value]] = {}

    def show(self, exercise: Exercise) -> None:
        self.open.append((exercise, shown(self.record, exercise)))

    def send(self, page: int, changes: Mapping[str, Value | None]) -> None:
        exercise, saw = self.open[page % len(self.open)]
        self.submit(exercise, saw, saw | {address: value for address, value in changes.items() if address in saw})

    def again(self, page: int) -> None:
        if self.sent:
            self.submit(*self.sent[page % len(self.sent)])

    def submit(self, exercise: Exercise, saw: dict[str, Value | None], values: dict[str, Value | None]) -> None:
        before = self.record
        self.record = progress.written(before, exercise, values, marks(saw))
        self.sent.append((exercise, saw, values))
        for address, value in values.items():
            if value == saw[address]:
                assert found_in(self.record, address) == found_in(before, address), "left alone"
                continue
            stands, alive = before.answers.get(address), self.alive.setdefault(address, [])
            assert self.record.answers.get(address) == value, "what was sent stands"
            if stands == saw[address] and stands in alive and stands != value:
                alive.remove(stands)  # whoever read it took it away
            if value is not None and value not in alive:
                alive.append(value)
        elsewhere = {address for address in (*before.answers, *before.beside) if address not in values}
        assert all(found_in(self.record, address) == found_in(before, address) for address in elsewhere)

    def nothing_is_lost(self) -> None:
        for address, values in self.alive.items():
            found = found_in(self.record, address)
            assert all(value in found for value in values), address
            assert len({mark(value) for value in found}) == len(found), "nothing stands twice"


@given(st.data())
def test_whatever_is_sent_is_found_until_somebody_who_saw_it_takes_it_away(
    data: st.DataObject,
) -> None:
    pages = Pages()
    pages.show(EXERCISES[0])
    for _ in range(data.draw(st.integers(1, 25))):
        deed = data.draw(st.sampled_from(["show", "send", "send", "again"]))
        if deed == "show":
            pages.show(data.draw(st.sampled_from(EXERCISES)))
        elif deed == "send":
            page = data.draw(st.integers(0, len(pages.open) - 1))
            given_ = data.draw(answers_to(pages.open[page][0]))
            touched = data.draw(st.sets(st.sampled_from(sorted(given_))))
            pages.send(page, {address: given_[address] for address in touched})
        else:
            pages.again(data.draw(st.integers(0, 100)))
        pages.nothing_is_lost()
        assert Record.from_json(json.loads(json.dumps(pages.record.as_json()))) == pages.record


records = st.builds(
    Record,
    st.dictionaries(st.sampled_from("xyz"), st.sampled_from("abc")),
    st.dictionaries(st.sampled_from("xyz"), st.lists(st.sampled_from("abc"), min_size=1, unique=True).map(tuple)),
    st.dictionaries(st.sampled_from(["soil", "sowing"]), st.dates()),
)


@given(records, records)
def test_what_is_brought_to_a_code_and_what_was_kept_are_both_there(kept: Record, brought: Record) -> None:
    both = progress.joined(kept, brought)
    for one in (kept, brought):
        for address in "xyz":
            assert set(found_in(one, address)) <= set(found_in(both, address))
        assert all(both.done[module] >= day for module, day in one.done.items())
    assert all(both.answers[address] == value for address, value in kept.answers.items()), "what was kept stands"
    assert progress.joined(both, brought) == both


@given(records, st.sampled_from("xyz"), st.sampled_from("abc"))
def test_an_earlier_text_is_taken_back_or_thrown_away(record: Record, address: str, text: str) -> None:
    taken, thrown = (change(record, address, mark(text)) for change in (progress.taken_back, progress.thrown_away))
    if text not in record.beside.get(address, ()):
        assert (taken, thrown) == (record, record)
        return
    assert taken.answers[address] == text
    assert set(found_in(taken, address)) == set(found_in(record, address))
    assert text not in thrown.beside.get(address, ())
    assert thrown.answers == record.answers
    assert set(found_in(thrown, address)) | {text} == set(found_in(record, address))
    assert not any(values == () for values in (*taken.beside.values(), *thrown.beside.values()))


# Examples


def test_two_pages_that_change_different_fields_do_not_meet() -> None:
    look = EXERCISES[0]
    first, second = look.fields[0].address, look.fields[1].address
    nothing = marks(shown(Record(), look))
    record = progress.written(Record(), look, {first: "one", second: None}, nothing)
    record = progress.written(record, look, {first: None, second: "two"}, nothing)
    assert (record.answers, record.beside) == ({first: "one", second: "two"}, {})


def test_of_two_texts_in_one_field_the_later_stands_and_the_earlier_is_laid_beside_it() -> None:
    look, address = EXERCISES[0], FIELD.address
    nothing = marks(shown(Record(), look))
    record = progress.written(Record(), look, {address: "first"}, nothing)
    record = progress.written(record, look, {address: "second"}, nothing)
    assert (record.answers, record.beside) == ({address: "second"}, {address: ("first",)})
    back = progress.taken_back(record, address, mark("first"))
    assert (back.answers, back.beside) == ({address: "first"}, {address: ("second",)})
    assert progress.thrown_away(back, address, mark("second")).beside == {}
    record = progress.written(record, look, {address: "first"}, {address: mark("second")})
    assert (record.answers, record.beside) == ({address: "first"}, {})


def test_a_field_that_is_emptied_keeps_beside_it_what_its_page_had_not_shown() -> None:
    look, address = EXERCISES[0], FIELD.address
    record = progress.written(Record({address: "new"}), look, {address: None}, {address: mark("old")})
    assert (record.answers, record.beside) == ({}, {address: ("new",)})
    record = progress.written(Record({address: "new"}), look, {address: None}, {address: mark("new")})
    assert record.is_empty


def test_a_form_without_marks_takes_nothing_away() -> None:
    record = progress.written(Record({FIELD.address: "old"}), EXERCISES[0], {FIELD.address: "new"}, {})
    assert found_in(record, FIELD.address) == ["new", "old"]


@given(st.permutations([module.slug for module in COURSE.modules]))
def test_the_modules_can_be_done_in_any_order(order: list[str]) -> None:
    record, left = Record(), [module.slug for module in COURSE.modules]
    for slug in order:
        suggestion = progress.suggested(record, COURSE)
        assert suggestion is not None
        assert suggestion.slug == left[0]
        record = progress.finished(record, slug, TODAY)
        left.remove(slug)
    assert progress.suggested(record, COURSE) is None


def test_what_is_suggested_next_is_what_follows() -> None:
    record = progress.finished(Record(), "sowing", TODAY)
    for after, slug in (("", "soil"), ("soil", "harvest"), ("harvest", "soil"), ("spring", "soil")):
        suggestion = progress.suggested(record, COURSE, after)
        assert suggestion is not None
        assert suggestion.slug == slug, after


def test_a_module_is_new_begun_or_done() -> None:
    soil = COURSE.modules[0]
    assert progress.state(Record(), soil) == "new"
    assert progress.state(Record({FIELD.address: "x"}), soil) == "begun"
    assert progress.state(Record(done={"soil": TODAY}), soil) == "done"


def test_a_look_back_is_due_so_many_days_later_and_again_after_as_many() -> None:
    def due(record: Record, days: int) -> list[str]:
        return [module.slug for module in progress.due(record, COURSE, TODAY + timedelta(days=days))]

    record = progress.finished(Record(), "harvest", TODAY)
    assert (due(Record(), 400), due(record, 29), due(record, 30)) == ([], [], ["spring"])
    looked = progress.finished(record, "spring", TODAY + timedelta(days=31))
    assert (due(looked, 31), due(looked, 60), due(looked, 61)) == ([], [], ["spring"])


@given(st.sampled_from([field for exercise in EXERCISES for field in exercise.fields]), st.data())
def test_what_is_tidy_fits_and_stays_as_it_is(field: Field, data: st.DataObject) -> None:
    value = tidy(field, data.draw(ANSWERS[field.kind]))
    assert value is None or fits(field, value)
    assert tidy(field, value) == value


def test_what_a_field_cannot_hold_is_refused() -> None:
    scale, table = EXERCISES[0].fields[2], EXERCISES[1].fields[0]
    for field, value in ((scale, 11), (scale, "3"), (table, [["one"]]), (table, [["a", "b"]] * 4), (FIELD, 3)):
        with pytest.raises(ValueError, match="can't hold"):
            tidy(field, value)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(TooLong, match="300"):
        tidy(FIELD, "x" * 301)
    assert tidy(FIELD, " a\r\nb\x00 ") == "a\nb"
