"""What staff write into the ledgers, and the topics they choose from, in every state of a page."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.chromium import ANSWERED_NO
from tests.browser.stage import Stage

Scene = Callable[[Stage], Page]


def opened(path: str, lang: str = "en") -> Scene:
    """A page that a supervisor opens."""

    def show(stage: Stage) -> Page:
        page = stage.page("dora")
        stage.sign_in_quietly("dora", page)
        page.goto(f"{stage.url}/console/language/{lang}")
        page.goto(f"{stage.url}/console/{path}")
        return page

    return show


def missed_registered(stage: Stage) -> Page:
    """Three calls that nobody answered, registered a moment ago."""
    page = opened("contacts/missed/")(stage)
    page.locator("[value=phone-left]").check()
    page.locator("#many").fill("3")
    page.locator("form.entry button.primary").click()
    expect(page.locator(".outcome")).to_contain_text("3 missed contacts")
    return page


def missed_refused(stage: Stage) -> Page:
    """All that can be wrong with it is wrong."""
    stage.watch.allow(ANSWERED_NO)
    page = opened("contacts/missed/", "nl")(stage)
    page.locator("#day").fill("1989-12-31")
    page.locator("#clock").fill("")
    page.locator("#many").fill("51")
    page.locator("form.entry button.primary").click()
    expect(page.locator(".field-error")).to_have_count(4)
    return page


def answered_refused(stage: Stage) -> Page:
    """A call of tomorrow that took forever."""
    stage.watch.allow(ANSWERED_NO)
    page = opened("contacts/answered/")(stage)
    page.locator("#day").fill("9999-01-01")
    page.locator("#minutes").fill("forever")
    page.locator(".wrap-foot button").click()
    expect(page.locator(".field-error")).to_have_count(2)
    return page


def topic_refused(stage: Stage) -> Page:
    """A new topic without words in one language, its code no code."""
    stage.watch.allow(ANSWERED_NO)
    page = opened("topics/prevention/")(stage)
    page.locator("#en").fill("Something new")
    page.locator("#code").fill("Something New")
    page.locator("form.entry button.primary").click()
    expect(page.locator(".field-error")).to_have_count(2)
    return page


def topic_retired(stage: Stage) -> Page:
    """A topic that is no longer offered."""
    page = opened("topics/prevention/press/")(stage)
    page.get_by_role("button", name="Retire the topic").click()
    page.wait_for_url("**/prevention/#topic-press")
    page.goto(f"{stage.url}/console/topics/prevention/press/")
    expect(page.locator("h1 .tag")).to_be_visible()
    return page


SCENES: dict[str, Scene] = {
    "contacts": opened("contacts/"),
    "answered contact, in Dutch": opened("contacts/answered/", "nl"),
    "answered contact, refused": answered_refused,
    "missed contacts, registered": missed_registered,
    "missed contacts, refused, in Dutch": missed_refused,
    "topics, in Dutch": opened("topics/prevention/", "nl"),
    "topic refused": topic_refused,
    "topic retired": topic_retired,
}
