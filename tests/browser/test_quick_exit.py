"""One press, or Shift three times, and nothing of the visit is to be seen any more, neither now nor by going back."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import ANSWERED_NO
from tests.browser.people import Room
from tests.browser.stage import PHONE, Stage
from tests.clients import Counsellor

SECRET = "Something that nobody may see"
Leave = Callable[[Page], None]


def by_button(page: Page) -> None:
    """Press the button."""
    page.locator("#quick-exit").click(no_wait_after=True)


def by_shift(page: Page) -> None:
    """Press Shift three times in the middle of a text."""
    page.locator("#body").fill("In the middle of a")
    for _ in range(3):
        page.keyboard.press("Shift")


def talk(stage: Stage, room: Room) -> tuple[Counsellor, str]:
    """A talk on its way, with a text that must not be seen by others."""
    room.page.goto(room.front)
    room.join(first=SECRET)
    counsellor = stage.house.on_duty("anna")
    chat = counsellor.accept_next()
    room.sees(SECRET)
    return counsellor, chat


def nothing_is_left(stage: Stage, page: Page, cookie: str) -> None:
    """The neutral page, no cookie, no storage, and the session of the old cookie opens nothing."""
    page.wait_for_url("**/exit")
    expect(page).to_have_title("New page")
    assert page.context.cookies() == []
    stranger = stage.house.visitor()
    stranger.http.cookies.set("visit", cookie)
    assert stranger.http.get(f"{stage.url}/en/youth/chat/room/").status_code == 410


def going_back_shows_nothing(page: Page, *parts: str) -> None:
    """No step back shows anything that was said or written, nor any of these parts of a page."""
    for _ in range(3):
        page.go_back()
        expect(page.get_by_text(SECRET)).to_have_count(0)
        written = page.locator("textarea").evaluate_all("fields => fields.map(field => field.value)")
        assert not any(written), written
        for part in ("#composer", ".text", *parts):
            expect(page.locator(part)).to_have_count(0)


def cookie_of(page: Page) -> str:
    """The sealed session's cookie."""
    return str(next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "visit"))


@pytest.mark.parametrize("leave", [by_button, by_shift])
def test_a_visitor_leaves_at_once(either_stage: Stage, leave: Leave) -> None:
    stage = either_stage
    stage.watch.allow(ANSWERED_NO)
    room = stage.visitor(size=PHONE)
    page = room.page
    counsellor, chat = talk(stage, room)
    cookie = cookie_of(page)
    # What the page looks like right after the press, before any answer can have come.
    page.evaluate(
        """() => {
          const look = () => localStorage.setItem('seen', JSON.stringify([document.body.childElementCount,
            getComputedStyle(document.documentElement).display, document.title.trim()]));
          document.addEventListener('click', look);
          document.addEventListener('keyup', look);
        }"""
    )
    leave(page)
    told = counsellor.wire.wait_for("state", chat=chat, state="ended")
    assert told["reason"] == "emergency_exit"
    nothing_is_left(stage, page, cookie)
    assert json.loads(page.evaluate("localStorage.getItem('seen')")) == [0, "none", ""]
    page.evaluate("localStorage.removeItem('seen')")
    # What is left says only that this tab has left; without it going back could not know.
    assert page.evaluate("({...sessionStorage})") in ({}, {"left": "1"})
    assert page.evaluate("localStorage.length") == 0
    going_back_shows_nothing(page, "main.main", "main.room")


def test_other_tabs_leave_too(stage: Stage) -> None:
    stage.watch.allow(ANSWERED_NO)
    room = stage.visitor()
    talk(stage, room)
    other = room.page.context.new_page()
    other.goto(room.page.url)
    expect(other.get_by_text(SECRET)).to_be_visible()
    by_button(room.page)
    for tab in (room.page, other):
        tab.wait_for_url("**/exit")
    expect(other.get_by_text(SECRET)).to_have_count(0)


def test_the_counsellor_is_told(stage: Stage) -> None:
    room = stage.visitor()
    room.join(first=SECRET)
    desk = stage.desk("ben")
    desk.duty("available")
    desk.accept_by_key()
    desk.say("I am here.")
    room.sees(SECRET, "I am here.")
    by_button(room.page)
    desk.is_told("The visitor pressed the quick exit.")
    room.page.wait_for_url("**/exit")
    expect(desk.page.locator("#composer")).to_be_hidden()


def test_without_scripts_the_link_leaves(either_stage: Stage) -> None:
    stage = either_stage
    stage.watch.allow(ANSWERED_NO)
    room = stage.plain_visitor(size=PHONE)
    counsellor, chat = talk(stage, room)
    cookie = cookie_of(room.page)
    by_button(room.page)
    nothing_is_left(stage, room.page, cookie)
    assert counsellor.wire.wait_for("state", chat=chat, state="ended")["reason"] == "emergency_exit"
    going_back_shows_nothing(room.page)


def test_capitals_are_no_way_out(stage: Stage) -> None:
    room = stage.visitor()
    room.join()
    body = room.page.locator("#body")
    body.focus()
    for letter in "HELP":
        room.page.keyboard.press(f"Shift+{letter}")
    expect(body).to_have_value("HELP")
    expect(room.page.locator("#quick-exit-said")).to_be_empty()
    room.is_in("waiting")


def test_whoever_has_tapped_the_strip_beside_the_advice_leaves_too(stage: Stage) -> None:
    """The keys go to the frame then, not to the page around it."""
    stage.watch.allow(ANSWERED_NO)
    room = stage.visitor(size=PHONE)
    page = room.page
    counsellor, chat = talk(stage, room)
    cookie = cookie_of(page)
    page.goto(f"{room.front}advice/")
    strip = page.frame_locator("iframe.place-frame")
    strip.locator("[data-state=active] strong").click()
    assert page.evaluate("document.activeElement.className") == "place-frame"
    page.keyboard.press("Shift")
    expect(page.locator("#quick-exit-said")).to_contain_text("two more")
    page.keyboard.press("Shift+A")
    page.keyboard.press("Shift")
    expect(page.locator("#quick-exit-said")).to_contain_text("two more")
    for _ in range(2):
        page.keyboard.press("Shift")
    nothing_is_left(stage, page, cookie)
    assert counsellor.wire.wait_for("state", chat=chat, state="ended")["reason"] == "emergency_exit"
    going_back_shows_nothing(page, "main.main")


@pytest.mark.parametrize("path", ["/en/", "/en/youth/", "/nl/prevention/what-we-keep/", "/en/youth/chat/"])
def test_every_public_page_has_the_way_out(stage: Stage, path: str) -> None:
    page = stage.page("visitor")
    page.goto(stage.url + path)
    expect(page.locator("#quick-exit")).to_be_in_viewport(ratio=1)
    page.mouse.wheel(0, 3000)
    expect(page.locator("#quick-exit")).to_be_in_viewport(ratio=1)
    for _ in range(3):
        page.keyboard.press("Shift")
    page.wait_for_url("**/exit")
    page.go_back()
    expect(page.locator("main.main")).to_have_count(0)
