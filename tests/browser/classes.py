"""The pages of the course in every state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import Page, expect

from helpline import clock
from helpline.privacy import codes
from helpline.privacy.keyring import secret
from tests.browser.chromium import ANSWERED_NO
from tests.browser.learners import FIRST_THREE, LIFE, Learner
from tests.browser.stage import PHONE, Stage

Scene = Callable[[Stage], Page]
LADDER = ("goals", "ladder")
NO_CODE = "0000-0000-0000-0000"


def learner(stage: Stage, lang: str = "en") -> Learner:
    """Somebody who follows the course."""
    return Learner(stage.page("learner", size=PHONE), stage.url, lang=lang)


def begun(stage: Stage, lang: str = "en") -> Learner:
    """Somebody who has saved an exercise and is done with its module."""
    who = learner(stage, lang)
    who.writes(*LADDER, FIRST_THREE[LADDER])
    return who


def opened(path: str, lang: str = "en") -> Scene:
    """A page of the course for somebody who has just come."""

    def show(stage: Stage) -> Page:
        who = learner(stage, lang)
        who.page.goto(who.course + path)
        return who.page

    return show


def after_writing(path: str, lang: str = "en") -> Scene:
    """A page of the course for somebody who has written in it."""

    def show(stage: Stage) -> Page:
        who = begun(stage, lang)
        who.page.goto(who.course + path)
        return who.page

    return show


def refused(stage: Stage) -> Page:
    """A text that is too long."""
    stage.watch.allow(ANSWERED_NO)
    who = learner(stage)
    who.opens("goals")
    who.fills("ladder", FIRST_THREE[LADDER] | {"life": "x" * 4001})
    who.exercise("ladder").locator(".save button").click()
    expect(who.page.locator("#ladder-life-e")).to_be_visible()
    return who.page


def changed_elsewhere(stage: Stage) -> Page:
    """Another tab has saved the same field, and a table, since this one was opened."""
    who = begun(stage)
    tab = Learner(who.page.context.new_page(), stage.url)
    tab.writes(*LADDER, {"life": f"{LIFE}\n\nAnd a dog.", "steps-1-step": "Buy shoes", "trust": 3})
    tab.page.close()
    who.fills("ladder", {"life": "A house with a garden.", "steps-1-step": "Find my shoes", "trust": 5})
    who.saves("ladder")
    expect(who.page.locator(".beside-field")).to_have_count(3)
    expect(who.page.locator("#offer-title")).to_be_visible()
    return who.page


def timer_running(stage: Stage) -> Page:
    """The timer counts down."""
    page = opened("urges/")(stage)
    page.locator(".timer button").click()
    expect(page.locator(".timer-says")).not_to_be_empty()
    return page


def code_shown(stage: Stage) -> Page:
    """The code, large."""
    who = begun(stage)
    who.makes_a_code()
    return who.page


def opens_nothing(stage: Stage) -> Page:
    """A code that opens nothing."""
    stage.watch.allow(ANSWERED_NO)
    who = learner(stage)
    who.comes_back(NO_CODE)
    who.refused()
    return who.page


def due(stage: Stage) -> Page:
    """The plan was made five weeks ago and is kept under a code: it is time to look back."""
    who = begun(stage)
    who.opens("your-plan")
    who.page.locator("button[value='done']").click()
    code = who.takes_a_code()
    grow_old(stage, code, timedelta(days=35))
    who.page.goto(who.course)
    expect(who.page.locator(".time-for")).to_be_visible()
    return who.page


def grow_old(stage: Stage, code: str, age: timedelta) -> None:
    """What is kept under this code was done that long ago; only whoever has the code can change it."""
    place = codes.for_kind(codes.opened(code, secret(stage.house.server.instance, "codes")), "course", "prevention")
    ((sealed,),) = stage.house.rows("SELECT sealed FROM saved_courses WHERE lookup = ?", place.lookup)
    kept = codes.open_(place, sealed)
    then = (clock.now() - age).date().isoformat()
    kept["done"] = dict.fromkeys(kept["done"], then)
    aged = codes.seal(place, kept).hex()
    stage.house.change(f"UPDATE saved_courses SET sealed = x'{aged}'")  # noqa: S608 - digits


def erased(stage: Stage) -> Page:
    """Everything is erased."""
    page = after_writing("")(stage)
    page.locator("button.erase").click()
    expect(page.locator("h1")).to_have_text("Everything is erased")
    return page


def other_visit(stage: Stage) -> Page:
    """The same browser has a chat on the other line."""
    stage.watch.allow(ANSWERED_NO)
    room = stage.visitor()
    room.join()
    room.page.goto(f"{stage.url}/en/prevention/self-help/")
    expect(room.page.locator("h1")).to_have_text("Something else is still open")
    return room.page


SCENES: dict[str, Scene] = {
    "course": opened(""),
    "course in Dutch": opened("", "nl"),
    "course, time to look back, under a code": due,
    "module with a table, in Dutch": opened("goals/", "nl"),
    "module, not saved": refused,
    "module, changed elsewhere": changed_elsewhere,
    "module with a timer": timer_running,
    "module with a week": opened("stress-and-sleep/"),
    "module with pairs, in Dutch": opened("excuses/", "nl"),
    "course on one page": after_writing("plan/"),
    "course on one page, nothing yet, in Dutch": opened("plan/", "nl"),
    "code, before it is made": opened("code/"),
    "code": code_shown,
    "code that opens nothing": opens_nothing,
    "course, erased": erased,
    "course after another visit": other_visit,
}
