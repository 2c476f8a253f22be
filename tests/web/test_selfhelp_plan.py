"""All that was written for the plan on one page: on screen, on paper and as a file, without a word about where from."""

from __future__ import annotations

import re

import pytest
from werkzeug.test import TestResponse

from tests.postgres import sqlite_only
from tests.web.conftest import House
from tests.web.pages import Page
from tests.web.students import Student, words

# What the pages rest on is tried on both databases where their services are.
pytestmark = sqlite_only

LINE = "prevention"
OURS = ("localhost", "Anders verder", "prevention", "self-help", "module", "course")


@pytest.fixture
def student(house: House) -> Student:
    """Somebody who has written in five modules."""
    student = Student(house.app.test_client(), LINE)
    student.writes("goals", "ladder", life="Peace", goal="Coffee with Els", steps__0__step="Shoes", trust="7")
    student.writes("devices", "plan", who="My brother", devices__0__device="Phone")
    student.writes("excuses", "replies", pairs__0__left="One time", pairs__0__right="Each one counts")
    student.writes("feelings", "diary", kind__to__me="A walk")
    student.writes("your-plan", "plan", warning="No sleep", trust="8")
    return student


@pytest.fixture
def plan(student: Student) -> str:
    return f"{student.course}plan/"


def paper(page: str) -> str:
    """What comes out of a printer."""
    main = page.partition("<main")[2].partition("</main>")[0]
    main = re.sub(r'<details class="fold others".*?</details>', "", main, flags=re.DOTALL)
    return re.sub(r'<(\w+)[^>]*class="[^"]*on-screen[^"]*".*?</\1>', "", main, flags=re.DOTALL)


def heads(page: Page) -> list[str]:
    return re.findall(r'<h2 id="group-\d+">(.+?)</h2>', page.html)


def without(student: Student, path: str, to: str, *out: str) -> TestResponse:
    token = student.page(path).form("/plan/").fields["csrf_token"]
    return student.client.post(to, data={"csrf_token": token, "out": list(out)})


def test_the_page_gathers_the_answers_under_the_headings_of_its_module(student: Student, plan: str) -> None:
    page = student.page(plan)
    assert page.title == "My page"
    assert heads(page) == [
        "What I am doing it for",
        "How I make the old habit harder",
        "What I do when it gets difficult",
        "How I look after myself",
        "My plan",
        "Goals",
    ]
    assert "Goals" not in heads(Page(paper(page.html))), "on paper only what the plan asks for"
    said = words(page)
    for written in ("Peace", "Coffee with Els", "Shoes", "My brother", "Each one counts", "A walk", "No sleep"):
        assert said.count(written) == 1
    assert "Not written yet" not in said


def test_on_paper_there_is_nothing_of_ours(student: Student, plan: str) -> None:
    shown = paper(student.get(plan).text)
    assert "Coffee with Els" in shown
    text = re.sub(r"<[^>]+>", " ", shown)
    for said in (*OURS, "Leave out", "Print"):
        assert said not in text, said


def test_the_file_says_the_same_and_its_name_nothing(student: Student, plan: str) -> None:
    answer = student.get(f"{plan}file")
    assert answer.mimetype == "text/plain"
    assert answer.headers["Content-Disposition"] == "attachment; filename=page.txt"
    assert answer.headers["Cache-Control"] == "no-store"
    for written in ("My page", "Coffee with Els", "- Step: Shoes", "8 / 10", "Each one counts"):
        assert written in answer.text
    for said in OURS:
        assert said not in answer.text


def test_what_is_ticked_stays_off_page_and_file_and_nothing_of_it_is_kept(
    house: House, student: Student, plan: str
) -> None:
    ticked = ("goals.ladder.goal", "devices.plan.who", "devices.plan.devices")
    before = house.snapshot()
    page = Page(without(student, plan, plan, *ticked).text)
    assert len(re.findall(r'class="plan-item off"', page.html)) == 3
    assert len(re.findall(r"<input[^>]* checked", page.html)) == 3, "they can be put back"
    assert len(re.findall(r'class="sheet-part off"', page.html)) == 1, "nor does a heading over nothing"
    file = without(student, plan, f"{plan}file", *ticked).text
    assert "Coffee with Els" not in file
    assert "HOW I MAKE THE OLD HABIT HARDER" not in file, "a heading stands over something"
    assert "Peace" in file
    assert {table: rows for table, rows in house.snapshot().items() if table != "visitor_sessions"} == {
        table: rows for table, rows in before.items() if table != "visitor_sessions"
    }
    assert "plan-item off" not in student.page(plan).html


def test_all_other_answers_stand_below_and_go_on_paper_or_in_a_file_when_asked_for(student: Student, plan: str) -> None:
    student.writes("closeness", "circle", near="Calling Jan")
    student.writes("look-back", "month", used="The first step")
    page = student.page(plan)
    assert "others" in page.attributes
    assert {"My other answers", "Calling Jan", "The first step"} <= set(page.words)
    assert "Calling Jan" not in paper(page.html)
    assert "Calling Jan" not in student.get(f"{plan}file").text
    token = page.form("/plan/").fields["csrf_token"]
    ticked = {"csrf_token": token, "others": "yes", "out": ["look-back.month.used"]}
    chosen = student.client.post(plan, data=ticked).text
    assert "Calling Jan" in paper(chosen)
    assert re.search(
        r'<div class="plan-item off">\s*<h3>[^<]+</h3>\s*<div><p class="said as-written">The first step', chosen
    )
    for data, there in (({"everything": "yes"}, True), ({}, False)):
        file = student.client.post(f"{plan}file", data=ticked | data).text
        assert ("Calling Jan" in file, "Peace" in file, "The first step" in file) == (there, True, False)


def test_everything_has_every_answer_once(student: Student, plan: str) -> None:
    file = student.get(f"{plan}file?everything=yes").text
    for written in (
        "Peace",
        "Coffee with Els",
        "Shoes",
        "My brother",
        "Each one counts",
        "A walk",
        "No sleep",
        "7 / 10",
    ):
        assert file.count(written) == 1, written
    for path in ("", "code/"):
        student.takes_a_code() if path else None
        assert f"{plan}#others" in student.page(student.course + path).links


@pytest.mark.parametrize("rest", ["", "file"])
def test_without_answers_the_page_says_so_and_the_file_is_nearly_empty(house: House, rest: str) -> None:
    student = Student(house.app.test_client(), LINE)
    answer = student.get(f"{student.course}plan/{rest}")
    assert answer.status_code == 200
    assert ("You have not written any of them yet." in answer.text) == (rest == "")
    assert not rest or answer.text == "My page\n"


def test_the_page_is_dutch_too(student: Student, plan: str) -> None:
    student.lang = "nl"
    page = student.page(f"{student.course}plan/")
    assert page.title == "Mijn pagina"
    assert "Coffee with Els" in page.words
    assert student.get(f"{student.course}plan/file").text.startswith("Mijn pagina\n")
