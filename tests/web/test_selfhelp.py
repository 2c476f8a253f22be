"""The pages of the course: everything works without scripts, and nothing that was written is lost unseen."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from helpline import clock, web
from helpline.chat.states import State
from helpline.extensions import limiter
from helpline.privacy import sessions
from helpline.selfhelp import service
from tests.postgres import sqlite_only
from tests.web.conftest import House
from tests.web.pages import Page
from tests.web.students import Student, words

# What the pages rest on is tried on both databases where their services are.
pytestmark = sqlite_only

LINE = "prevention"
NOBODY = "Nobody reads this. If a child or you are in danger now: call"


@pytest.fixture
def student(house: House) -> Student:
    return Student(house.app.test_client(), LINE)


@pytest.fixture
def other(house: House) -> Student:
    """Another browser."""
    return Student(house.app.test_client(), LINE)


COURSE = service.content_of(LINE).course
ALL = [module.slug for module in (*COURSE.modules, *COURSE.boosters)]


# Where somebody is


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_the_course_says_for_whom_it_is_and_where_others_find_advice(house: House, lang: str) -> None:
    said = {"en": "worries about their own feelings or behaviour", "nl": "zorgen maakt over eigen gevoelens of gedrag"}
    student = Student(house.app.test_client(), "prevention", lang)
    assert said[lang] in words(student.page(f"/{lang}/prevention/"))
    course = student.page(student.course)
    assert said[lang] in words(course)
    assert "15 to 20 minutes" in words(course) or lang == "nl"
    main = Page(course.html[course.html.index("<main") :])
    assert f"/{lang}/prevention/advice/" in main.links


def test_the_overview_begins_with_one_module_and_lists_them_all(student: Student) -> None:
    page = student.page(student.course)
    assert "Begin: Welcome" in words(page)
    listed = [link.split("/")[-2] for link in page.links if re.search(r"/self-help/[\w-]+/$", link)]
    assert listed == ["welcome", *[module.slug for module in COURSE.modules], "look-back", "code"]
    assert student.entrance in page.links
    assert student.chat in page.links
    assert "erase" not in " ".join(form.action for form in page.forms), "there is nothing to erase yet"


def test_done_leads_to_the_next_module_and_is_remembered(student: Student) -> None:
    path = f"{student.course}welcome/"
    done = student.is_done("welcome")
    assert (done.status_code, done.headers["Location"]) == (303, f"{student.course}why-stop/#main")
    assert "You are done with this module." in words(student.page(path))
    assert "Go on: Why stop" in words(student.page(student.course))
    assert "Done ·" in words(student.page(student.course))


def test_to_be_done_saves_what_was_not_saved_yet(student: Student) -> None:
    done = student.is_done("goals", goal="Walk")
    assert (done.status_code, done.headers["Location"]) == (303, f"{student.course}devices/#main")
    assert student.holds("goals", "ladder") == {"goal": "Walk"}


def test_what_is_too_long_is_not_done_and_all_there(student: Student) -> None:
    page = Page(student.is_done("goals", goal="Walk " * 100).text)
    assert "is too long" in words(page)
    assert "You are done with this module." not in words(page)
    assert page.form("goals/ladder/").fields["goal"] == "Walk " * 100


def test_behind_the_last_module_nothing_leads_back(student: Student) -> None:
    assert student.is_done("your-plan").headers["Location"] == f"{student.course}#main"
    assert "Next:" not in words(student.module("your-plan"))


def test_a_module_that_was_begun_says_so(student: Student) -> None:
    student.writes("goals", "ladder", goal="Walk")
    assert "Begun" in student.page(student.course).words


def test_a_month_after_the_plan_it_is_time_to_look_back(student: Student, later: Callable[..., None]) -> None:
    code = student.takes_a_code()
    student.is_done("your-plan")
    later(days=29)
    student.comes_back(code)
    assert "It is time for" not in words(student.page(student.course))
    later(days=1, hours=1)
    student.comes_back(code)
    page = student.page(student.course)
    assert "It is time for: Looking back" in words(page)
    assert student.is_done("look-back").headers["Location"] == f"{student.course}#main"
    assert "It is time for" not in words(student.page(student.course))


# Modules


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_every_module_is_whole_in_each_language(house: House, lang: str) -> None:
    student = Student(house.app.test_client(), LINE, lang)
    content = service.content_of(LINE)
    for slug in ALL:
        page = student.module(slug)
        said, module = words(page), content.course.module(slug)
        assert module is not None
        asked = content.words[lang][slug]
        for sentence in (asked.title, asked.gives, asked.step, *(one.intro for one in asked.exercises.values())):
            assert " ".join(sentence.split()) in said, (slug, sentence)
        assert {form.name.removeprefix("write-") for form in page.forms if form.name.startswith("write-")} >= {
            exercise.key for exercise in module.exercises
        }
        assert page.title == {"en": "To read", "nl": "Om te lezen"}[lang]
        assert student.chat in page.links, "a way to a person"
        assert any(link.startswith("tel:") for link in page.links)
        assert "[[" not in page.html
        assert "sources" not in page.html
        for source in asked.sources:
            assert source[:30] not in page.html


def test_beside_every_text_field_stands_that_nobody_reads_it(student: Student) -> None:
    for slug in ALL:
        page = student.module(slug)
        fields = re.findall(r'<(?:textarea|input class="line")[^>]* id="([^"]+)"[^>]*describedby="([^"]+)"', page.html)
        tables = re.findall(r'<fieldset class="field table" id="([^"]+)" aria-describedby="([^"]+)"', page.html)
        for id_of, described in fields + tables:
            assert f"{id_of}-n" in described.split()
            assert NOBODY in page.html.split(f'id="{id_of}-n">')[1][:120]
        written = [one for exercise in COURSE.module(slug).exercises for one in exercise.fields]  # type: ignore[union-attr]  # all are there
        assert len(fields + tables) == sum(one.kind in ("short", "long", "pairs", "table") for one in written), slug


def test_answers_come_back_where_a_text_asks_for_them(student: Student) -> None:
    before = student.module("slips")
    assert "Not written yet. The question is in:" in words(before)
    assert f"{student.course}goals/" in before.links
    student.writes("goals", "ladder", goal="Coffee with Els")
    assert "Coffee with Els" in words(student.module("slips"))
    plan = words(student.module("your-plan"))
    assert "Coffee with Els" in plan
    assert plan.count("Not written yet. The question is in:") == 5, "one line a heading, not one an answer"


@pytest.mark.parametrize("rest", ["nothing/", "goals/nothing/", "welcome/ladder/"])
def test_what_the_course_does_not_have_is_not_there(student: Student, rest: str) -> None:
    assert student.get(student.course + rest).status_code == 404
    assert student.post(student.course + rest).status_code in (404, 405)


def test_only_a_line_with_a_course_has_its_pages_and_doors(house: House, student: Student) -> None:
    for rest in ("self-help/", "self-help/goals/", "self-help/plan/", "self-help/code/"):
        assert student.get(f"/en/youth/{rest}").status_code == 404
    assert house.tab("youth").post("/en/youth/self-help/begin-here").status_code == 404
    for path in ("/en/{}/", "/en/{}/chat/other-ways/", "/en/{}/what-we-keep/", "/en/{}/return/"):
        assert "/self-help/" not in student.get(path.format("youth")).text
    assert "modules" not in words(student.page("/en/youth/what-we-keep/"))
    assert "What you write in the modules" in student.page("/en/prevention/what-we-keep/").words
    for path in ("/en/prevention/", "/en/prevention/chat/other-ways/"):
        assert student.course in student.page(path).links
    house.set_line(LINE, hours="closed")
    assert student.course in student.page(student.chat).links


def test_while_a_chat_waits_the_course_shows_how_it_stands(student: Student) -> None:
    student.join()
    assert student.course in student.page(student.room).links
    for path in ("", "goals/", "code/"):
        assert f"{student.room}place" in student.page(student.course + path).loads
    student.writes("goals", "ladder", goal="Walk")
    assert student.sync()["state"] == State.WAITING
    assert student.holds("goals", "ladder")["goal"] == "Walk"


# Exercises


def test_what_was_saved_stands_in_the_fields_and_says_until_when(student: Student) -> None:
    text = "Peace & <b>quiet</b>\n\nfor me"
    saved = student.writes("goals", "ladder", life=text, trust="7", steps__0__step="Shoes", steps__2__when="Six")
    assert (saved.status_code, saved.headers["Location"]) == (303, f"{student.course}goals/#exercise-ladder")
    assert student.holds("goals", "ladder") == {
        "life": text,
        "trust": "7",
        "steps-0-step": "Shoes",
        "steps-2-when": "Six",
    }
    said = words(student.module("goals"))
    assert re.search(r"Saved. It stays in this visit until about \d\d:\d\d, or until you press 'Leave now'.", said)
    assert "<b>quiet" not in student.module("goals").html


def test_an_exercise_can_be_emptied_again(student: Student) -> None:
    student.writes("goals", "ladder", goal="Walk", trust="3")
    student.writes("goals", "ladder", goal="", trust="")
    assert student.holds("goals", "ladder") == {}


def test_ticked_boxes_are_kept_and_taken_away(student: Student) -> None:
    page = student.module("welcome")
    token = page.form("welcome/use/").fields["csrf_token"]
    path = f"{student.course}welcome/use/"
    seen = page.form("welcome/use/").fields["seen.how"]
    student.client.post(path, data={"csrf_token": token, "how": ["read-only", "save-code"], "seen.how": seen})
    shown = student.module("welcome").html
    assert len(re.findall(r'name="how" value="[\w-]+" checked', shown)) == 2
    assert "write-here" in shown
    seen = student.module("welcome").form("welcome/use/").fields["seen.how"]
    student.client.post(path, data={"csrf_token": token, "seen.how": seen})
    assert "checked" not in student.module("welcome").html


def test_what_is_too_long_comes_back_whole_and_names_the_field(student: Student) -> None:
    student.writes("goals", "ladder", goal="Walk")
    long = "x" * 4001
    sent = student.writes("goals", "ladder", life=long, goal="Run", steps__1__step="y" * 501)
    assert sent.status_code == 413
    page = Page(sent.text)
    fields = page.form("goals/ladder/").fields
    assert (fields["life"], fields["goal"], fields["steps-1-step"]) == (long, "Run", "y" * 501)
    assert "#ladder-life" in page.links
    assert "#ladder-steps" in page.links
    assert "4000 characters fit here, and yours are 4001." in words(page)
    assert "500 characters fit here, and yours are 501." in words(page)
    assert "data-unsaved" in page.html
    assert student.holds("goals", "ladder")["goal"] == "Walk"
    again = student.sends(page, "goals", "ladder", life="Short", steps__1__step="z")
    assert again.status_code == 303
    assert student.holds("goals", "ladder")["goal"] == "Run"


@pytest.mark.parametrize("number", ["11", "-1", "many", "1" * 30, "²"])
def test_a_number_that_there_is_not_is_asked_again(student: Student, number: str) -> None:
    sent = student.writes("goals", "ladder", trust=number, goal="Walk")
    assert sent.status_code == 400
    assert "Please answer this once more." in words(Page(sent.text))
    assert Page(sent.text).form("goals/ladder/").fields["goal"] == "Walk"


def test_a_text_that_another_page_changed_is_laid_beside_the_field(student: Student) -> None:
    student.writes("goals", "ladder", goal="First", life="Alone")
    old = student.module("goals")
    student.writes("goals", "ladder", goal="Second")
    student.sends(old, "goals", "ladder", goal="Third")
    page = student.module("goals")
    assert page.form("goals/ladder/").fields["goal"] == "Third"
    assert "Second" in page.words
    path = f"{student.course}goals/"
    beside = page.form("goals/beside")
    back = student.submit(path, beside, choice="back")
    assert (back.status_code, back.headers["Location"]) == (303, f"{path}#exercise-ladder")
    page = student.module("goals")
    assert page.form("goals/ladder/").fields["goal"] == "Second"
    assert "Third" in page.words
    student.submit(path, page.form("goals/beside"), choice="away")
    assert "Third" not in student.module("goals").html
    assert student.holds("goals", "ladder")["life"] == "Alone"


@pytest.mark.parametrize("fields", [{}, {"field": "goals"}, {"field": "goals.x.y"}, {"field": "a.b.c.d", "which": "x"}])
def test_a_text_beside_a_field_that_there_is_not_is_not_found(student: Student, fields: dict[str, str]) -> None:
    assert student.post(f"{student.course}goals/beside", fields).status_code == 404


# What goes wrong on the way


def test_without_our_cookie_everything_written_is_given_back(student: Student) -> None:
    page = student.module("goals")
    student.client.delete_cookie("visit")
    sent = student.sends(page, "goals", "ladder", goal="Walk", steps__3__when="Noon", trust="4")
    assert sent.status_code == 400
    given = Page(sent.text)
    assert "This is not saved yet. Nothing is lost: all that you wrote is here." in words(given)
    again = student.sends(given, "goals", "ladder")
    assert again.status_code == 303, "pressed once more it is saved"
    held = student.holds("goals", "ladder")
    assert (held["goal"], held["steps-3-when"], held["trust"]) == ("Walk", "Noon", "4")


def test_what_another_site_sends_is_shown_on_no_page_and_takes_no_cookie(student: Student) -> None:
    sent = student.client.post(
        f"{student.course}goals/ladder/",
        data={"goal": "Theirs", "csrf_token": "theirs"},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert (sent.status_code, "Theirs" in sent.text) == (400, False)
    assert "Set-Cookie" not in sent.headers


@pytest.mark.parametrize("rest", ["nothing/x/", "goals/nothing/"])
def test_a_form_without_token_of_an_exercise_that_there_is_not_is_not_found(student: Student, rest: str) -> None:
    assert student.client.post(student.course + rest, data={"goal": "x"}).status_code == 404


def test_whoever_writes_for_hours_loses_nothing_of_it_and_is_told(student: Student, later: Callable[..., None]) -> None:
    student.writes("goals", "ladder", life="Old", goal="Old")
    page = student.module("goals")
    later(hours=2, minutes=2)
    sent = student.sends(page, "goals", "ladder", goal="New")
    assert sent.status_code == 200
    shown = Page(sent.text)
    assert "What you just sent is saved. What you wrote before it is gone." in words(shown)
    assert student.holds("goals", "ladder") == {"life": "Old", "goal": "New"}
    assert "is gone" not in words(student.module("goals")), "said once"


def test_a_first_text_that_took_hours_is_simply_saved(student: Student, later: Callable[..., None]) -> None:
    page = student.module("goals")
    later(hours=3)
    assert student.sends(page, "goals", "ladder", goal="New").status_code == 303
    assert "not here any more" not in words(student.module("goals"))


def test_after_two_idle_hours_the_answers_are_gone(student: Student, later: Callable[..., None]) -> None:
    student.writes("goals", "ladder", goal="Walk")
    later(hours=2, minutes=2)
    assert student.holds("goals", "ladder") == {}


def test_the_quick_exit_takes_the_answers_with_it(student: Student) -> None:
    student.writes("goals", "ladder", goal="Walk")
    page = student.module("goals")
    cookie = student.client.get_cookie("visit")
    assert cookie is not None
    student.client.post("/exit")
    assert student.holds("goals", "ladder") == {}
    student.client.set_cookie("visit", cookie.value)
    late = student.sends(page, "goals", "ladder", goal="Late")
    assert (late.status_code, "Late" in late.text) == (410, False)
    assert sessions.load(cookie.value, clock.now()) is None


def test_a_visit_on_another_line_is_asked_about_and_nothing_written_is_lost(student: Student, house: House) -> None:
    page = student.module("goals")
    cookie = student.client.get_cookie("visit")
    assert cookie is not None
    sessions.save(cookie.value, {"line": "youth"}, clock.now())
    asked = student.page(student.course)
    assert "Something else is still open" in words(asked)
    assert "youth" not in asked.html
    sent = student.sends(page, "goals", "ladder", goal="Walk a lot")
    assert ("Walk a lot" in sent.text, "You can copy it here" in sent.text) == (True, True)
    begun = student.submit(student.course, asked.form("begin-here"))
    assert (begun.status_code, begun.headers["Location"]) == (303, student.course)
    assert student.writes("goals", "ladder", goal="Walk").status_code == 303


def test_no_address_or_title_holds_what_was_written(student: Student) -> None:
    student.writes("goals", "ladder", goal="Canary")
    for path in ("", "goals/", "your-plan/", "plan/", "code/"):
        page = student.page(student.course + path)
        assert page.title in ("To read", "My page")
        assert not any("Canary" in link for link in page.links + page.loads + [form.action for form in page.forms])


# Counting


def test_a_page_that_is_asked_too_often_is_shown_but_not_counted(
    student: Student, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "from_this_machine", lambda: False)
    limiter.reset()
    try:
        for _ in range(70):
            answer = student.client.get(student.course, environ_base={"REMOTE_ADDR": "203.0.113.9"})
            assert answer.status_code == 200
    finally:
        limiter.reset()


@pytest.mark.parametrize("headers", [{"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}, {}])
def test_nobody_visits_a_page_that_a_program_asks_for_ahead(
    house: House, student: Student, headers: dict[str, str]
) -> None:
    ask = student.client.get if headers else student.client.head
    assert ask(student.course, headers=headers).status_code == 200
    assert house.snapshot()["course_counts"] == []
    student.page(student.course)
    (counted,) = house.snapshot()["course_counts"]
    assert counted[-1] == 1
