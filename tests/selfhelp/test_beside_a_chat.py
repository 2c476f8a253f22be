"""A chat in the same browser takes nothing of the course along and leaves all of it there, as does the advice."""

from __future__ import annotations

import pytest
from flask import Flask

from helpline import clock
from helpline.advice import service as advice
from helpline.advice.tree import Question
from helpline.chat import service as chats
from helpline.chat.states import Action
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.privacy import sessions
from helpline.selfhelp import service, store
from tests.builders import StoppedClock, a_chat, an_entry
from tests.selfhelp.visits import Browser, saved

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture(params=["no code", "a code to confirm", "a code"])
def writer(request: pytest.FixtureRequest, browser: Browser) -> Browser:
    """A browser that has written something."""
    browser.writes("x")
    if request.param == "a code":
        browser.takes_a_code()
    elif request.param == "a code to confirm":
        service.make_code(browser.cookie, browser.line)
    return browser


def course_in(browser: Browser) -> object:
    return (browser.content or {}).get(store.KIND)


def test_a_chat_that_begins_and_ends_leaves_the_course_where_it_is(
    writer: Browser, line: Line, time: StoppedClock
) -> None:
    before = course_in(writer)
    chats.bring(writer.cookie, line, "to go along")
    visit = a_chat(line.slug, cookie=writer.cookie)
    assert course_in(writer) == before
    writer.writes("y", 1)
    during = course_in(writer)
    assert sorted(map(str, writer.answers.values())) == ["x", "y"]
    visit.says("hello")
    time.passes(seconds=30)
    chats.leave(visit.visitor)
    a_chat(line.slug, cookie=writer.cookie)
    assert course_in(writer) == during
    chats.count_try(writer.cookie, line, "closed", "nl")
    assert course_in(writer) == during
    assert (writer.content or {})["chat"]


def test_writing_keeps_the_chat(writer: Browser, line: Line) -> None:
    visit = a_chat(line.slug, cookie=writer.cookie)
    for deed in (
        lambda: writer.writes("y", 1),
        lambda: service.finish(writer.cookie, line, "goals"),
        lambda: service.seen(writer.cookie, line, "goals"),
        lambda: service.close(writer.cookie, line),
        lambda: service.erase(writer.cookie, line),
    ):
        deed()
        assert (writer.content or {})["chat"] == visit.chat
        assert visit.sees()["state"] == "waiting"


@pytest.mark.parametrize("action", [Action.LEAVE, Action.EMERGENCY_EXIT])
def test_the_end_of_the_session_takes_the_answers_and_leaves_what_a_code_keeps(writer: Browser, action: Action) -> None:
    kept = len(saved())
    chats.quick_exit(writer.cookie, action)
    assert (writer.content, writer.answers, len(saved())) == (None, {}, kept)


def test_on_another_line_nothing_of_the_course_goes_along(writer: Browser) -> None:
    kept = len(saved())
    a_chat("youth", cookie=writer.cookie)
    assert set(writer.content or {}) == {"line", "chat"}
    assert len(saved()) == kept


def test_the_advice_and_the_course_share_a_session(writer: Browser, line: Line) -> None:
    before = course_in(writer)
    place = advice.visit_of(writer.cookie, line).walk.place
    assert isinstance(place, Question)
    advice.leave_notice(writer.cookie, "gone")
    advice.forget_notice(writer.cookie)
    advice.answer(writer.cookie, line, 1, list(place.options)[-1])
    assert course_in(writer) == before
    writer.writes("y", 1)
    assert advice.visit_of(writer.cookie, line).answers
    advice.start_again(writer.cookie, line)
    assert sorted(map(str, writer.answers.values())) == ["x", "y"]


def test_a_full_join_form_keeps_the_course(writer: Browser, line: Line) -> None:
    before = course_in(writer)
    lines.change_line(line.slug, {"queue_limit": 0})
    with pytest.raises(chats.NotTaken):
        chats.join(writer.cookie, lines.get_line(line.slug), an_entry())
    assert course_in(writer) == before
    assert sessions.load(writer.cookie, clock.now())


def test_the_application_knows_the_course(app: Flask) -> None:
    assert service.has_course("prevention")
