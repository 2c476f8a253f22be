"""A code keeps what was written; with it somebody comes back on any device, and without it nobody does."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from helpline import web
from helpline.extensions import limiter
from helpline.privacy import codes, guessing
from tests.postgres import sqlite_only
from tests.web.conftest import House
from tests.web.pages import Page
from tests.web.students import Student, words

# What the pages rest on is tried on both databases where their services are.
pytestmark = sqlite_only

LINE = "prevention"


@pytest.fixture
def student(house: House) -> Student:
    return Student(house.app.test_client(), LINE)


@pytest.fixture
def other(house: House) -> Student:
    """Another browser."""
    return Student(house.app.test_client(), LINE)


def test_the_first_saved_exercise_brings_the_offer_of_a_code(student: Student) -> None:
    assert "Do you want to keep your answers?" not in student.module("goals").words
    student.writes("goals", "ladder", goal="Walk")
    assert "Do you want to keep your answers?" in student.module("goals").words
    assert f"{student.course}code/" in student.module("welcome").links
    student.writes("welcome", "use", why__here="Because")
    assert "Do you want to keep your answers?" not in student.module("goals").words
    assert f"{student.course}code/" in student.module("goals").links


def test_a_code_opens_the_answers_in_another_browser(student: Student, other: Student) -> None:
    student.writes("goals", "ladder", goal="Walk")
    code = student.takes_a_code()
    assert "Your code works. All that you write is kept under it until" in words(student.page(student.course))
    assert "Kept under your code until" in words(student.module("goals"))
    back = other.comes_back(code)
    assert (back.status_code, back.headers["Location"]) == (303, f"{other.course}#yours")
    assert "Walk" in words(other.module("slips"))
    other.writes("goals", "ladder", goal="Run")
    assert student.holds("goals", "ladder")["goal"] == "Run"


def test_what_was_written_before_the_code_comes_along(student: Student, other: Student) -> None:
    student.writes("goals", "ladder", goal="Walk")
    code = student.takes_a_code()
    other.writes("goals", "ladder", goal="Swim", life="Peace")
    other.comes_back(code)
    page = other.module("goals")
    assert page.form("goals/ladder/").fields["life"] == "Peace"
    assert {"Walk", "Swim"} <= {page.form("goals/ladder/").fields["goal"], *page.words}


@pytest.mark.parametrize("way", ["made", "entered"])
def test_whoever_lands_after_a_code_reads_that_it_works(student: Student, other: Student, way: str) -> None:
    code = student.takes_a_code()
    if way == "entered":
        other.comes_back(code)
    html = (student if way == "made" else other).page(student.course).html
    yours = html[html.index('id="yours"') :]
    assert yours.index("note good") < yours.index("Your code works.") < yours.index("Each visit with your code")
    assert "Your code works." not in Student(student.client.application.test_client(), LINE).page(student.course).html


def test_before_the_code_is_typed_no_page_says_it_is_shown_once_only(student: Student) -> None:
    assert "You see them until you have typed them once, and never again." in words(
        student.page(f"{student.course}code/")
    )
    student.presses(f"{student.course}code/", "/code/")
    assert "You can look at it here until you have typed it once." in words(student.page(f"{student.course}code/keep/"))
    assert "Look at the code again" in words(student.page(f"{student.course}code/confirm/"))


def test_erasing_stands_apart_with_its_warning_before_it(student: Student) -> None:
    student.writes("goals", "ladder", goal="Walk")
    html = student.page(student.course).html
    yours = html[html.index('id="yours"') :]
    assert yours.index("What we keep") < yours.index("The next button erases all") < yours.index("Erase everything now")


def test_a_code_is_shown_until_it_was_typed_and_never_again(student: Student) -> None:
    student.writes("goals", "ladder", goal="Walk")
    page = f"{student.course}code/"
    assert student.get(f"{page}keep/").headers["Location"] == page
    student.presses(page, "/code/")
    shown = student.get(f"{page}keep/").text
    student.presses(page, "/code/")
    assert student.get(f"{page}keep/").text == shown, "the same code until it is in use"
    assert "Your code is not in use yet" in words(student.module("goals"))
    student.takes_a_code()
    for rest in ("keep/", "confirm/"):
        assert student.get(page + rest).headers["Location"] == page
    assert "We cannot show you the code again" in words(student.page(page))


@pytest.mark.parametrize("typed", ["", "abc", "0000-0000-0000-0000", "O0O0 l1l1 iIiI zzzz", "U" * 16, "1" * 500])
def test_another_code_is_asked_for_again_and_stands_as_it_was_typed(student: Student, typed: str) -> None:
    page = f"{student.course}code/"
    student.presses(page, "/code/")
    wrong = student.presses(f"{page}confirm/", "/confirm/", code=typed)
    assert wrong.status_code == 400
    again = Page(wrong.text)
    assert again.form("/confirm/").fields["code"] == typed
    assert "code-error" in again.attributes
    assert "not in use yet" in words(student.page(student.course))


def test_a_code_is_read_as_people_write(student: Student, other: Student) -> None:
    page = f"{student.course}code/"
    student.presses(page, "/code/")
    code = "".join(re.findall(r'class="four">(\w{4})<', student.get(f"{page}keep/").text))
    typed = " ".join(code.lower().replace("0", "o").replace("1", "l"))
    assert student.presses(f"{page}confirm/", "/confirm/", code=f"  {typed}\t").status_code == 303
    assert other.comes_back(code.replace("0", "O")).status_code == 303


def test_rather_no_code(student: Student) -> None:
    student.writes("goals", "ladder", goal="Walk")
    page = f"{student.course}code/"
    student.presses(page, "/code/")
    assert student.presses(f"{page}keep/", "/code/forget").headers["Location"] == student.course
    assert "not in use yet" not in words(student.page(student.course))
    assert student.holds("goals", "ladder")["goal"] == "Walk"


def test_closing_leaves_what_is_kept_and_erasing_does_not(student: Student, other: Student) -> None:
    student.writes("goals", "ladder", goal="Walk")
    code = student.takes_a_code()
    assert student.presses(student.course, "/close").headers["Location"] == student.course
    assert student.holds("goals", "ladder") == {}
    other.comes_back(code)
    assert other.holds("goals", "ladder")["goal"] == "Walk"
    erased = other.presses(other.course, "/erase")
    assert "Everything is erased" in Page(erased.text).words
    assert other.holds("goals", "ladder") == {}
    assert student.comes_back(code).status_code == 400


@pytest.mark.parametrize("way", ["close", "erase"])
def test_a_browser_lets_go_of_pages_that_it_keeps_for_going_back(student: Student, way: str) -> None:
    student.writes("goals", "ladder", goal="Walk")
    student.takes_a_code()
    assert student.presses(student.course, f"/{way}").headers["Clear-Site-Data"] == '"cache"'


def test_erasing_on_one_device_is_said_once_on_the_other(student: Student, other: Student) -> None:
    student.writes("goals", "ladder", goal="Walk")
    code = student.takes_a_code()
    other.comes_back(code)
    other.presses(other.course, "/erase")
    assert "What you wrote before is not here any more." in words(student.page(student.course))
    assert "notice" not in student.page(student.course).attributes


def test_erasing_after_two_hours_says_that_what_is_kept_is_kept(student: Student, later: Callable[..., None]) -> None:
    student.writes("goals", "ladder", goal="Walk")
    code = student.takes_a_code()
    erase = student.page(student.course).form("/erase")
    later(hours=2, minutes=2)
    sent = student.submit(student.course, erase)
    assert "There was nothing here to erase" in Page(sent.text).words
    assert student.comes_back(code).status_code == 303


def test_a_text_sent_after_two_hours_is_kept_and_comes_under_the_code_again(
    student: Student, later: Callable[..., None]
) -> None:
    student.writes("goals", "ladder", goal="Walk")
    code = student.takes_a_code()
    page = student.module("goals")
    later(hours=5)
    sent = student.sends(page, "goals", "ladder", goal="Walk far")
    assert "What you just sent is saved, but not under your code." in words(Page(sent.text))
    assert student.entrance in Page(sent.text).links
    assert student.holds("goals", "ladder")["goal"] == "Walk far"
    student.comes_back(code)
    page = student.module("goals")
    assert {"Walk", "Walk far"} <= {page.form("goals/ladder/").fields["goal"], *page.words}


def test_a_wrong_code_opens_nothing_and_stands_as_it_was_typed(student: Student) -> None:
    wrong = student.comes_back("0000-0000-0000-000o")
    assert (wrong.status_code, Page(wrong.text).form("/return/").fields["code"]) == (400, "0000-0000-0000-000o")
    assert "This code opens nothing here." in words(Page(wrong.text))
    assert "not a whole code" in words(Page(student.comes_back("0000").text))


def test_whoever_has_to_wait_is_told_that_the_code_may_be_right(
    student: Student, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(caller: str, visitor: str, likely: str | None) -> None:
        raise codes.Busy

    monkeypatch.setattr(guessing.tries, "turn", busy)
    answer = student.comes_back("0000-0000-0000-0000")
    assert (answer.status_code, "Yours may be right." in words(Page(answer.text))) == (429, True)
    assert Page(answer.text).form("/return/").fields["code"] == "0000-0000-0000-0000"


def test_whoever_confirms_a_code_while_very_many_are_tried_may_press_again(
    student: Student, monkeypatch: pytest.MonkeyPatch
) -> None:
    student.writes("goals", "ladder", goal="Walk")
    student.presses(f"{student.course}code/", "/code/")
    code = "-".join(re.findall(r'class="four">(\w{4})<', student.get(f"{student.course}code/keep/").text))
    with monkeypatch.context() as patch:
        patch.setattr(codes, "MOST_WAITING", 0)
        answer = student.presses(f"{student.course}code/confirm/", "/confirm/", code=code)
    assert (answer.status_code, "Yours may be right." in words(Page(answer.text))) == (429, True)
    again = Page(answer.text).form("/confirm/")
    assert again.fields["code"] == code
    assert student.submit(f"{student.course}code/confirm/", again).status_code == 303


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_a_code_whose_time_is_over_gets_the_very_page_of_a_wrong_one(
    student: Student, lang: str, later: Callable[..., None]
) -> None:
    student.writes("goals", "ladder", goal="Walk")
    code = student.takes_a_code()
    later(days=370)
    student.lang = lang
    pages = [student.comes_back(typed) for typed in (code, "0000-0000-0000-0000")]
    assert [page.status_code for page in pages] == [400, 400]
    said, also_said = (words(Page(page.text)) for page in pages)
    assert said == also_said
    form, also = (Page(page.text).form("/return/") for page in pages)
    assert form.fields.keys() == also.fields.keys()


def test_wrong_codes_are_slowed_on_the_loopback_too(student: Student, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(guessing, "tries", guessing.Guessing(pauses.append))
    assert [student.comes_back("0000-0000-0000-0000").status_code for _ in range(6)] == [400] * 6
    assert pauses == [1.0, 2.0]


def test_a_code_sent_without_our_cookie_stands_there_again(student: Student) -> None:
    page = student.page(student.entrance)
    student.client.delete_cookie("visit")
    answer = student.submit(student.entrance, page.form("/return/"), code="0000-0000-0000-0000")
    assert (answer.status_code, Page(answer.text).form("/return/").fields["code"]) == (400, "0000-0000-0000-0000")
    told = student.client.post(student.entrance, data={"code": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert (told.status_code, 'value="x"' in told.text) == (400, False)


def test_a_code_is_not_entered_into_a_visit_on_another_line(student: Student) -> None:
    form = student.page(student.entrance).form("/return/")
    student.line = "youth"
    student.join()
    student.line = LINE
    for answer in (student.get(student.entrance), student.submit(student.entrance, form, code="0000-0000-0000-0000")):
        assert "Something else is still open" in words(Page(answer.text))
    begun = student.submit(student.entrance, Page(student.get(student.entrance).text).form("begin-here"))
    assert begun.headers["Location"] == student.entrance


@pytest.mark.parametrize("path", ["goals/ladder/", "goals/done", "code/"])
def test_too_many_forms_are_refused_and_an_exercise_gives_its_words_back(
    student: Student, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = student.module("goals").form("goals/ladder/").fields | {"goal": "Walk"}
    monkeypatch.setattr(web, "from_this_machine", lambda: False)
    monkeypatch.setattr("helpline.config.is_loopback", lambda address: False)
    limiter.reset()
    try:
        answers = [student.client.post(student.course + path, data=form) for _ in range(121)]
    finally:
        limiter.reset()
    assert {answer.status_code for answer in answers[:-1]} <= {200, 303}
    assert answers[-1].status_code == 429
    if path == "goals/ladder/":
        assert Page(answers[-1].text).form("goals/ladder/").fields["goal"] == "Walk"
        assert "Very much was sent at once." in words(Page(answers[-1].text))
