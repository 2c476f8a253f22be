"""Another line's course, about something else: the pages know of no course in particular."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from helpline.lines import service as lines
from helpline.selfhelp import loader, service
from tests.postgres import sqlite_only
from tests.selfhelp.beds import ALLOTMENT, LINE
from tests.selfhelp.test_editions import ADDRESS, KINDS, WRITTEN, edition, pieces
from tests.web.conftest import House
from tests.web.pages import Page
from tests.web.students import Student, words

# What the pages rest on is tried on both databases where their services are.
pytestmark = sqlite_only


@pytest.fixture
def gardener(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Student]:
    """Somebody on a line whose course is about a garden."""
    monkeypatch.setattr(loader, "COURSES", ALLOTMENT)
    service._lines.cache_clear()
    yield Student(house.app.test_client(), house.line_without_trees(LINE))
    service._lines.cache_clear()


def test_a_course_of_three_modules_about_a_garden(gardener: Student) -> None:
    page = gardener.page(gardener.course)
    assert "Begin: Your soil" in words(page)
    assert "3 modules to read and to write in." in words(page)
    assert gardener.course in gardener.page(f"/en/{LINE}/").links
    assert gardener.get("/en/prevention/self-help/").status_code == 404
    for path in ("", "soil/", "sowing/", "harvest/", "next-spring/", "plan/", "code/"):
        said = gardener.page(gardener.course + path).html.lower()
        assert "prevention" not in said
        assert "ladder" not in said


def test_every_kind_of_field_keeps_what_is_written_in_it(gardener: Student) -> None:
    gardener.writes("soil", "look", colour="Brown", story="Weeds\nand more", worms="0", tools="rake")
    gardener.writes("sowing", "beds", rows__0__plant="Peas", rows__1__month="May", neighbours__2__right="Onions")
    gardener.writes("sowing", "wait", calm="10")
    assert gardener.holds("soil", "look") == {
        "colour": "Brown",
        "story": "Weeds\nand more",
        "worms": "0",
        "tools": "rake",
    }
    assert gardener.holds("sowing", "beds") == {
        "rows-0-plant": "Peas",
        "rows-1-month": "May",
        "neighbours-2-right": "Onions",
    }
    assert gardener.holds("sowing", "wait") == {"calm": "10"}


def test_a_timer_is_words_without_scripts(gardener: Student) -> None:
    page = gardener.module("sowing")
    assert "Look at a clock: 5 minutes." in page.words
    run = re.search(r'<div class="timer-run"([^>]*)>', page.html)
    assert run is not None
    assert "hidden" in run[1]
    assert any(script.endswith("timer.js") for script in page.loads)
    assert not any(script.endswith("timer.js") for script in gardener.module("soil").loads)


def test_a_module_with_two_exercises_says_that_each_is_saved_alone(gardener: Student) -> None:
    assert words(gardener.module("sowing")).count("This button saves this exercise only.") == 2
    assert "This button saves this exercise only." not in words(gardener.module("soil"))


def test_the_plan_gathers_what_this_course_says(gardener: Student) -> None:
    gardener.writes("harvest", "basket", first="Peas")
    page = gardener.page(f"{gardener.course}plan/")
    assert "Peas" in page.words
    assert "Peas" in gardener.get(f"{gardener.course}plan/file").text


@pytest.mark.parametrize("was", WRITTEN)
def test_another_edition_that_asks_for_another_kind_shows_all_and_loses_nothing(
    gardener: Student, was: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gardener.writes("soil", "look", colour="Brown")
    cookie = gardener.client.get_cookie("visit")
    assert cookie is not None
    value = ["spade"] if was == "checklist" else WRITTEN[was]  # type: ignore[index]  # one of the kinds
    look = edition(was).course.modules[0].exercises[0]  # type: ignore[arg-type]  # one of the kinds
    service.write(cookie.value, lines.get_line(LINE), look, {ADDRESS: value}, {})
    for now in KINDS:
        monkeypatch.setattr(service, "content_of", lambda line, now=now: edition(now))
        for said in (words(gardener.module("soil")), gardener.get(f"{gardener.course}plan/file?everything=1").text):
            shown = said + gardener.module("soil").html
            assert all(piece in shown for piece in pieces(value)), now
        assert gardener.writes("soil", "look", colour=f"Brown, {now}").status_code == 303
        held = service.visit_of(cookie.value, lines.get_line(LINE)).record
        assert (held.answers[ADDRESS], held.beside) == (value, {}), now


def test_a_table_says_which_cell_is_too_long(gardener: Student) -> None:
    sent = gardener.writes("sowing", "beds", rows__0__plant="Peas", rows__1__month="M" * 600)
    assert sent.status_code == 413
    page = Page(sent.text)
    assert words(page).count("600 characters, 500 fit") == 1
    assert re.findall(r'<textarea name="([^"]+)"[^>]* aria-invalid="true"', sent.text) == ["rows-1-month"]
    assert page.form("sowing/beds/").fields["rows-1-month"] == "M" * 600
