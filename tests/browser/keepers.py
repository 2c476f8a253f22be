"""The summary of a chat, its code, and what is kept under that, in every state."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser import rooms
from tests.browser.chromium import ANSWERED_NO
from tests.browser.people import Room
from tests.browser.stage import PHONE, Stage
from tests.clients import Counsellor, Visitor
from tests.journeys.forms import CHAT, Forms

Scene = Callable[[Stage], Page]
THEIRS = "A boy online wants pictures and money.\nNothing was paid.\n\nNext: tell the aunt, on Friday."
MINE = f"He wants pictures. See {rooms.LONG}"


def talk(stage: Stage) -> tuple[Room, Counsellor, str]:
    """A talk on a telephone, with the counsellor at the other end of the wire."""
    room = stage.visitor(size=PHONE)
    room.join(first="Someone has pictures of me.")
    anna = stage.house.on_duty("anna")
    chat = anna.accept_next()
    room.is_in("active")
    return room, anna, chat


def proposes(counsellor: Counsellor, chat: str, version: int = 0, body: str = THEIRS) -> None:
    """The counsellor writes a version."""
    answer = counsellor.wire.call("summary", {"chat": chat, "version": version, "body": body})
    assert answer["ok"], answer


def opens_summary(room: Room) -> None:
    """Look at it in the room."""
    room.page.locator("#summary-look").click()
    expect(room.page.locator("#summary-text")).to_be_visible()


def to_agree(stage: Stage) -> Page:
    """The counsellor's version, in the room."""
    room, anna, chat = talk(stage)
    proposes(anna, chat)
    opens_summary(room)
    expect(room.page.locator("#summary-agree button")).to_be_visible()
    return room.page


def two_versions(stage: Stage) -> Page:
    """Both wrote at the same time: neither is lost."""
    room, anna, chat = talk(stage)
    proposes(anna, chat)
    opens_summary(room)
    room.page.locator("#summary-change > summary").click()
    room.page.locator("#summary-body").fill(MINE)
    proposes(anna, chat, 1, f"{THEIRS} At four.")
    expect(room.page.locator("#summary-choice")).to_be_visible()
    return room.page


def agreed_at_the_end(stage: Stage) -> Page:
    """The talk is over, and what both agreed on can still be kept."""
    room, anna, chat = talk(stage)
    proposes(anna, chat)
    opens_summary(room)
    room.page.locator("#summary-agree button").click()
    expect(room.page.locator("#summary-keep button")).to_be_visible()
    anna.wire.call("end", {"chat": chat})
    room.is_in("ended")
    return room.page


def on_its_own_page(stage: Stage) -> Page:
    """For browsers without scripts: the version of the other side came first."""
    stage.watch.allow(ANSWERED_NO)
    room, anna, chat = talk(stage)
    page = room.page
    page.goto(f"{room.front}chat/room/summary")
    page.locator("#summary-body").fill(MINE)
    proposes(anna, chat)
    page.locator("#summary-save").click()
    expect(page.locator("#summary-error")).not_to_be_empty()
    return page


def a_kept_summary(stage: Stage) -> tuple[str, Visitor]:
    """What both agreed on lies under a code; the code, and the browser that made it."""
    anna = stage.house.on_duty("anna")
    visitor, chat = stage.house.talk(anna)
    proposes(anna, chat)
    forms = Forms(visitor)
    forms.goes_to(f"{CHAT}room/summary")
    forms.sends(f"{CHAT}room/agree")
    forms.goes_to(f"{CHAT}room/summary")
    forms.goes_to(forms.sends(f"{CHAT}room/keep"))
    forms.sends(f"{CHAT}kept/code/")
    code = forms.takes_the_code(f"{CHAT}kept/code/keep/", f"{CHAT}kept/code/confirm/")
    anna.wire.call("end", {"chat": chat})
    anna.wire.call("duty", {"state": "away", "line": "youth", "capacity": 3})
    return code, visitor


def back(stage: Stage, lang: str = "en") -> Room:
    """Somebody who has come back with the code."""
    code, _ = a_kept_summary(stage)
    room = stage.visitor(size=PHONE, lang=lang)
    room.page.goto(f"{room.front}return/")
    room.page.locator("#code").fill(code)
    room.page.locator("form:has(#code) button.primary").click()
    room.page.wait_for_url("**/chat/kept/")
    return room


def code_offered(stage: Stage) -> Page:
    """Before the code is made, beside a chat that goes on."""
    room, _, _ = talk(stage)
    way_back = f"{room.front}chat/room/way-back"
    page = room.page
    page.locator("details.way-back:visible > summary").click()
    with page.expect_popup() as opened:
        page.locator(f"form[action='{way_back.removeprefix(stage.url)}'] button").first.click()
    where = opened.value.url
    opened.value.close()
    page.goto(where)
    expect(page.locator("form[action$='/kept/code/'] button")).to_be_visible()
    return page


def code_shown(stage: Stage) -> Page:
    """The code, large."""
    page = code_offered(stage)
    page.locator("form[action$='/kept/code/'] button").click()
    expect(page.locator(".code")).to_be_visible()
    return page


def kept_unfolded(stage: Stage) -> Page:
    """What is kept, all of it unfolded."""
    page = back(stage, "nl").page
    for summary in page.locator("main details > summary").all():
        summary.click()
    return page


def joining(stage: Stage) -> Page:
    """The join form of somebody who has come back."""
    room = back(stage)
    room.page.goto(f"{room.front}chat/")
    room.page.locator("main details.brought > summary").click()
    expect(room.page.locator("#show_summary")).to_be_checked()
    # What stands below the head of the page by chance is too near to its buttons.
    room.page.evaluate("scrollTo(0, 0)")
    return room.page


def erased(stage: Stage) -> Page:
    """Everything is erased."""
    page = back(stage).page
    page.locator(".erasing > summary").click()
    page.locator("form[action$='/kept/erase'] button").click()
    page.wait_for_url("**/erase")
    return page


def gone(stage: Stage) -> Page:
    """It was erased on another device."""
    stage.watch.allow(ANSWERED_NO)
    page = back(stage).page
    stage.house.change("DELETE FROM kept_summaries")
    page.reload()
    return page


def changed(stage: Stage) -> Page:
    """Something else was opened in another tab meanwhile."""
    stage.watch.allow(ANSWERED_NO)
    page = back(stage).page
    page.locator("input[name=had]").first.evaluate("input => { input.value = 'of another one'; }")
    page.locator("form[action$='/kept/close'] button").click()
    page.wait_for_url("**/kept/close")
    return page


def at_the_desk(stage: Stage) -> Page:
    """The next counsellor reads what was kept, and below it what the visitor wrote for the next time."""
    code, _ = a_kept_summary(stage)
    visitor = stage.house.visitor()
    Forms(visitor).enters(code)
    visitor.join(show_summary="y", first_message="It is me again.")
    stage.house.tab(visitor)
    desk = stage.desk("sam")
    desk.duty("available")
    desk.accept_by_key()
    desk.page.locator("#earlier-summary > summary").click()
    expect(desk.page.locator("#earlier-text")).to_have_text(THEIRS)
    desk.page.locator("#open-summary").click()
    assert visitor.wire.call("summary", {"version": 0, "body": MINE})["ok"]
    expect(desk.page.locator("#summary-agree")).to_be_visible()
    return desk.page


SCENES: dict[str, Scene] = {
    "summary to agree to": to_agree,
    "summary, two versions": two_versions,
    "summary, agreed at the end": agreed_at_the_end,
    "summary on its own page": on_its_own_page,
    "way back, before its code is made": code_offered,
    "way back, its code": code_shown,
    "kept, in Dutch": kept_unfolded,
    "kept, erased": erased,
    "kept, gone": gone,
    "kept, changed in another tab": changed,
    "joining with a code": joining,
    "desk, with a summary of last time and one of now": at_the_desk,
}
