"""The pages of the advice in every state."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.askers import BOY, FRIEND, MINOR, PARENT, SAFE, THEIR_OWN, VISITED, Answers, Asker
from tests.browser.chromium import ANSWERED_NO
from tests.browser.stage import Stage

Scene = Callable[[Stage], Page]


def asker(stage: Stage, lang: str = "en", line: str = "youth") -> Asker:
    """Somebody who looks for advice."""
    return Asker(stage.page("asker"), stage.url, line, lang)


def question(answers: Answers, name: str, lang: str = "en", line: str = "youth") -> Scene:
    """The question that follows these answers."""

    def show(stage: Stage) -> Page:
        who = asker(stage, lang, line)
        who.page.goto(who.advice)
        who.answers(answers)
        who.is_asked(name)
        return who.page

    return show


def been_further(stage: Stage) -> Page:
    """A question that was answered before."""
    who = asker(stage)
    who.walks(BOY)
    who.goes_back()
    who.goes_back()
    expect(who.marked).to_be_visible()
    return who.page


def advice(answers: Answers, lang: str = "en", line: str = "youth") -> Scene:
    """What to do now, as it is first seen."""

    def show(stage: Stage) -> Page:
        who = asker(stage, lang, line)
        who.walks(answers)
        return who.page

    return show


def unfolded(answers: Answers, lang: str = "en", line: str = "youth") -> Scene:
    """All of an advice, and the answers it comes from."""

    def show(stage: Stage) -> Page:
        page = advice(answers, lang, line)(stage)
        for summary in page.locator("main summary").all():
            summary.click()
        return page

    return show


def closed(stage: Stage) -> Page:
    """An advice at night."""
    stage.house.change("UPDATE lines SET hours = 'mon 09:00-09:01' WHERE slug = 'youth'")
    return advice(BOY)(stage)


def thanked(stage: Stage) -> Page:
    """It was said that it helped."""
    page = advice(PARENT)(stage)
    page.locator("button[name=helped][value=yes]").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    return page


def on_paper(stage: Stage) -> Page:
    """The sheet to print, on screen."""
    page = advice(FRIEND)(stage)
    page.locator("a[href$='/print/']").click()
    page.wait_for_url("**/print/")
    return page


def without_cookies(stage: Stage) -> Page:
    """An answer of a browser that has no cookie of ours."""
    stage.watch.allow(ANSWERED_NO)
    who = asker(stage)
    who.page.goto(who.advice)
    who.page.context.clear_cookies()
    who.page.locator("button.answer").first.click()
    expect(who.page.locator("h1")).to_have_text("We need one cookie for this")
    return who.page


def erased(stage: Stage) -> Page:
    """An answer for which there are no other answers any more."""
    who = asker(stage)
    who.page.goto(who.advice)
    who.answers({"danger": "no"})
    who.is_asked("safe")
    stage.house.change("DELETE FROM visitor_sessions")
    who.page.locator("button.answer").first.click()
    expect(who.page.locator("#notice")).to_be_visible()
    return who.page


def other_visit(stage: Stage) -> Page:
    """The same browser has a chat on the other line."""
    stage.watch.allow(ANSWERED_NO)
    room = stage.visitor(line="prevention")
    room.join()
    room.page.goto(f"{stage.url}/en/youth/advice/")
    expect(room.page.locator("h1")).to_have_text("Something else is still open")
    return room.page


SCENES: dict[str, Scene] = {
    "first question": question({}, "danger"),
    "first question in Dutch": question({}, "danger", "nl"),
    "question with many answers": question(SAFE | {"who": "me"}, "what"),
    "question with many answers in Dutch": question(SAFE | {"who": "me"}, "what", "nl"),
    "question answered before": been_further,
    "advice": advice(BOY),
    "advice at night": closed,
    "advice, all of it": unfolded(BOY),
    "advice, all of it, in Dutch": unfolded(FRIEND, "nl"),
    "advice, a life in danger": advice({"danger": "yes"}),
    "advice, not safe": advice(SAFE | {"safe": "no"}),
    "question of the other line in Dutch": question(THEIR_OWN | {"age": "rather-not"}, "brings", "nl", "prevention"),
    "advice, after the police": unfolded(VISITED, line="prevention"),
    "advice, after the police, in Dutch": unfolded(VISITED, "nl", "prevention"),
    "advice, thoughts of death": advice({"danger": "thoughts"}, line="prevention"),
    "advice, under 18, in Dutch": unfolded(MINOR, "nl", "prevention"),
    "advice that helped": thanked,
    "advice on paper": on_paper,
    "advice after another visit": other_visit,
    "answer without cookies": without_cookies,
    "answer after two hours": erased,
}
