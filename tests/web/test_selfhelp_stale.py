"""Pages that were opened before everything changed: what they send is kept or given back, and said."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from helpline import db, web
from helpline.extensions import limiter
from helpline.selfhelp import loader, service, store
from helpline.selfhelp.course import LONGEST, Exercise, columns_of
from helpline.selfhelp.models import SavedCourse
from tests.selfhelp.beds import ALLOTMENT
from tests.web.conftest import House
from tests.web.pages import Page
from tests.web.students import Student, words

LINE = "prevention"
COURSE = service.content_of(LINE).course
EXERCISES = [exercise for module in (*COURSE.modules, *COURSE.boosters) for exercise in module.exercises]
GONE = "What you just sent is saved. What you wrote before it is gone."
CLOSED = "What you just sent is saved, but not under your code."
OTHER = "What you just sent is saved, under the code that is open here now."


@pytest.fixture
def student(house: House) -> Student:
    return Student(house.app.test_client(), LINE)


@pytest.fixture
def other(house: House) -> Student:
    """Another browser."""
    return Student(house.app.test_client(), LINE)


@pytest.fixture
def gardener(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Student]:
    """Somebody on a line whose course has two tables in one exercise."""
    monkeypatch.setattr(loader, "COURSES", ALLOTMENT)
    service._lines.cache_clear()
    yield Student(house.app.test_client(), house.line_without_trees("allotment"))
    service._lines.cache_clear()


@pytest.mark.parametrize("first", ["a form", "done", "nothing"])
def test_a_second_page_of_before_loses_no_field_that_it_left_alone(
    gardener: Student, later: Callable[..., None], first: str
) -> None:
    gardener.writes("sowing", "beds", rows__0__plant="Peas", neighbours__0__left="Beans", neighbours__0__right="Onions")
    page = gardener.module("sowing")
    later(hours=3)
    if first == "a form":
        gardener.writes("sowing", "wait", calm="3")
    elif first == "done":
        gardener.is_done("soil")
    sent = gardener.sends(page, "sowing", "beds", rows__0__plant="Kale")
    assert (sent.status_code, GONE in words(Page(sent.text))) == (200, True)
    held = gardener.holds("sowing", "beds")
    assert (held["rows-0-plant"], held["neighbours-0-left"], held["neighbours-0-right"]) == ("Kale", "Beans", "Onions")


def test_two_first_pages_are_of_the_same_answers(student: Student) -> None:
    page = student.module("goals")
    student.writes("goals", "ladder", goal="Walk")
    assert student.sends(page, "goals", "ladder", life="Peace").status_code == 303
    assert student.holds("goals", "ladder") == {"goal": "Walk", "life": "Peace"}


def test_a_page_of_before_a_code_was_entered_is_of_what_came_along(student: Student, other: Student) -> None:
    student.writes("goals", "ladder", goal="Walk")
    code = student.takes_a_code()
    other.writes("goals", "ladder", life="Peace")
    page = other.module("goals")
    other.comes_back(code)
    assert other.sends(page, "goals", "ladder", trust="4").status_code == 303
    assert other.holds("goals", "ladder") == {"goal": "Walk", "life": "Peace", "trust": "4"}


def test_a_page_of_another_code_is_kept_under_the_one_that_is_open_and_says_so(
    student: Student, other: Student
) -> None:
    student.writes("goals", "ladder", goal="Walk", life="Peace")
    first = student.takes_a_code()
    second = other.takes_a_code()
    page = student.module("goals")
    student.comes_back(second)
    sent = student.sends(page, "goals", "ladder", goal="Run")
    assert OTHER in words(Page(sent.text))
    assert student.holds("goals", "ladder") == {"goal": "Run", "life": "Peace"}
    student.comes_back(first)
    assert student.holds("goals", "ladder") == {"goal": "Walk", "life": "Peace"}


def test_a_module_that_is_done_after_the_session_of_a_code_says_where_that_is_kept(
    student: Student, later: Callable[..., None]
) -> None:
    student.takes_a_code()
    page = student.module("welcome")
    later(hours=3)
    said = Page(student.is_done("welcome", page).text)
    assert "not under your code" in words(said)
    assert "You are done with this module." in words(said)
    assert student.entrance in said.links


@pytest.mark.parametrize("button", ["/close", "/erase"])
def test_a_button_of_before_takes_nothing_that_it_did_not_show(
    student: Student, later: Callable[..., None], button: str
) -> None:
    student.writes("goals", "ladder", goal="Walk")
    code = student.takes_a_code()
    overview = student.page(student.course)
    later(hours=3)
    student.writes("goals", "ladder", goal="New words")
    pressed = student.submit(student.course, overview.form(button))
    assert (pressed.status_code, "Nothing was closed or erased" in words(Page(pressed.text))) == (409, True)
    assert "Here now are answers that are in this visit only." in words(Page(pressed.text))
    assert student.holds("goals", "ladder")["goal"] == "New words"
    student.comes_back(code)
    assert student.submit(student.course, overview.form(button)).status_code in (200, 303), "that is what it showed"
    assert student.holds("goals", "ladder") == {}


def test_another_code_than_was_shown_is_not_dropped(student: Student, later: Callable[..., None]) -> None:
    page = f"{student.course}code/"
    student.presses(page, "/code/")
    shown = student.page(f"{page}keep/")
    later(hours=3)
    student.presses(page, "/code/")
    dropped = student.submit(f"{page}keep/", shown.form("/forget"))
    assert (dropped.status_code, "a new code that is not in use yet" in words(Page(dropped.text))) == (409, True)
    assert student.presses(f"{page}keep/", "/forget").status_code == 303


@pytest.mark.parametrize("path", ["erase", "close", "code/forget"])
def test_to_be_rid_of_it_is_never_too_often(student: Student, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    form = student.module("goals").form("goals/ladder/").fields
    monkeypatch.setattr(web, "from_this_machine", lambda: False)
    monkeypatch.setattr("helpline.config.is_loopback", lambda address: False)
    limiter.reset()
    try:
        answers = {student.client.post(student.course + path, data=form).status_code for _ in range(125)}
    finally:
        limiter.reset()
    assert answers <= {200, 303}


# What can't be kept now


@pytest.mark.parametrize("away", ["the writing", "all of it"])
def test_what_could_not_be_kept_is_given_back(student: Student, monkeypatch: pytest.MonkeyPatch, away: str) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OperationalError("", {}, Exception("away"))

    page = student.module("goals")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "write" if away == "the writing" else "visit_of", refuse)
        sent = student.sends(page, "goals", "ladder", goal="Walk", steps__3__when="Noon")
    assert sent.status_code == 503
    given = Page(sent.text)
    if away == "all of it":
        assert "Walk" in sent.text
        assert "Noon" in sent.text
        assert "This is not saved yet" in given.words
        return
    assert "Something is wrong on our side." in words(given)
    assert "data-unsaved" in given.html
    assert student.sends(given, "goals", "ladder").status_code == 303
    assert student.holds("goals", "ladder") == {"goal": "Walk", "steps-3-when": "Noon"}


def filled(exercise: Exercise, letter: str) -> dict[str, str]:
    """Every text of an exercise at its limit."""
    fields = {}
    for asked in exercise.fields:
        names = [f"{asked.key}-{row}-{column}" for row in range(asked.rows) for column in columns_of(asked)]
        for name in names or [asked.key]:
            if asked.kind in LONGEST:
                fields[name] = letter * LONGEST[asked.kind]
    return fields


def test_every_exercise_holds_what_fits_in_any_script(student: Student) -> None:
    for exercise in EXERCISES:
        student.page(student.course)
        sent = student.writes(exercise.module, exercise.key, **filled(exercise, "語"))
        assert sent.status_code == 303, exercise
    assert student.comes_back(student.takes_a_code()).status_code == 303


def test_what_is_far_too_long_comes_back_and_a_whole_book_is_told_so(student: Student) -> None:
    long = "語" * 60_000
    sent = student.writes("goals", "ladder", life=long, goal="Walk")
    assert sent.status_code == 413
    assert Page(sent.text).form("goals/ladder/").fields["life"] == long
    book = student.writes("goals", "ladder", life="語" * 130_000)
    assert (book.status_code, "Nothing was saved." in words(Page(book.text))) == (413, True)


def test_what_rotted_where_it_lies_is_said_and_can_be_let_go(student: Student, other: Student) -> None:
    student.writes("goals", "ladder", goal="Walk")
    page = student.module("goals")
    code = student.takes_a_code()
    other.comes_back(code)
    with db.transaction() as session:
        session.execute(update(SavedCourse).values(sealed=b"x" * 5000))
    for path in ("", "goals/", "plan/", "code/"):
        shown = student.get(student.course + path)
        assert (shown.status_code, "Your answers cannot be read any more" in words(Page(shown.text))) == (410, True)
    sent = student.sends(page, "goals", "ladder", goal="Run")
    assert (sent.status_code, "Run" in sent.text) == (410, True)
    damaged = student.comes_back(code)
    assert (damaged.status_code, "was damaged on our side" in words(Page(damaged.text))) == (410, True)
    shut = Page(student.get(student.course).text)
    assert student.submit(student.course, shut.form("/close")).status_code == 303
    assert student.writes("goals", "ladder", goal="Again").status_code == 303
    shut = Page(other.get(other.course).text)
    assert other.submit(other.course, shut.form("/erase")).status_code == 200
    with db.reading() as session:
        assert not store.any_row(session)
