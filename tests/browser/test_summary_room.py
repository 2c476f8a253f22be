"""The summary in the visitor's room: in nobody's way, saved by itself, and nothing that is typed gets lost."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.chromium import ANSWERED_NO
from tests.browser.people import Room
from tests.browser.stage import PHONE, Stage
from tests.clients import Counsellor

SMALL = (320, 568)
THEIRS = "He asks for money. You have blocked him."
# Whoever types pauses, and then it is saved: this pause does not end.
NEVER_SAVED = """() => {
  const later = window.setTimeout;
  window.setTimeout = (what, milliseconds) => milliseconds === 1500 ? -1 : later(what, milliseconds);
}"""
MINE = "He asks for money. I have blocked him. I tell my aunt."


def a_talk(stage: Stage, room: Room) -> tuple[Counsellor, str]:
    """Somebody talks with a counsellor at the other end of the wire."""
    room.join("no", 3, "Someone has pictures of me.")
    counsellor = stage.house.on_duty("anna")
    chat = counsellor.accept_next()
    room.is_in("active")
    return counsellor, chat


def writes(counsellor: Counsellor, chat: str, version: int, body: str) -> None:
    """The counsellor saves a version."""
    counsellor.wire.call("summary", {"chat": chat, "version": version, "body": body})


def test_a_summary_is_agreed_on_beside_the_chat_and_kept_after_its_end(stage: Stage) -> None:
    room = stage.visitor(size=SMALL)
    page = room.page
    counsellor, chat = a_talk(stage, room)
    expect(page.locator("#summary")).to_be_hidden()
    expect(page.locator("#summary-told")).to_be_hidden()
    page.locator("#body").fill("I am still writing")
    place = page.locator("#body").bounding_box()
    writes(counsellor, chat, 0, THEIRS)
    expect(page.locator("#summary-told")).to_be_visible()
    assert page.locator("#body").bounding_box() == place, "nothing moves under who types"
    expect(page.locator("#body")).to_be_focused()
    expect(page.locator("#said")).to_have_text("Your counsellor has written a summary.")

    # By the keyboard alone.
    page.locator("#summary-look").press("Enter")
    expect(page.locator("#summary-text")).to_have_text(THEIRS)
    page.locator("#summary-change > summary").press("Enter")
    field = page.locator("#summary-body")
    expect(field).to_be_focused()
    field.fill("x" * 1001)
    expect(page.locator("#summary-error")).to_contain_text("1 character too long")
    assert page.evaluate("document.documentElement.scrollWidth") <= SMALL[0]
    field.fill(MINE)
    expect(page.locator("#summary-saved")).to_have_text("Saved. Your counsellor can read it.")
    writes(counsellor, chat, 2, f"{MINE} Good.")
    expect(field).to_have_value(f"{MINE} Good.")
    page.locator("#summary-change > summary").press("Enter")
    page.locator("#summary-agree button").press("Enter")
    expect(page.locator("#summary-keep button")).to_be_focused()
    page.locator("#summary > summary").press("Enter")
    expect(page.locator("#summary-look")).to_be_focused()
    expect(page.locator("#body")).to_have_value("I am still writing")

    counsellor.wire.call("end", {"chat": chat})
    room.is_in("ended")
    page.locator("#panel-ended #summary-keep button").click()
    page.wait_for_url("**/chat/kept/code/")


def test_what_both_sides_write_at_once_stands_there_until_one_is_chosen(stage: Stage) -> None:
    room = stage.visitor(size=PHONE)
    page = room.page
    counsellor, chat = a_talk(stage, room)
    page.locator(".way-back > summary").first.click()
    page.locator("#summary-begin").click()
    field = page.locator("#summary-body")
    expect(field).to_be_focused()
    # Typed, but not saved yet, when the counsellor is first.
    page.evaluate(NEVER_SAVED)
    field.fill(MINE)
    writes(counsellor, chat, 0, THEIRS)
    expect(page.locator("#summary-choice")).to_be_visible()
    expect(page.locator("#summary-text")).to_have_text(THEIRS)
    expect(field).to_have_value(MINE)
    page.locator("#summary-mine").click()
    expect(page.locator("#summary-in")).to_have_attribute("data-key", "mine")
    expect(page.locator("#summary-choice")).to_be_hidden()


def test_without_scripts_the_frame_says_that_there_is_a_summary(stage: Stage) -> None:
    stage.watch.allow(ANSWERED_NO)
    room = stage.plain_visitor(size=SMALL)
    page = room.page
    counsellor, chat = a_talk(stage, room)
    writes(counsellor, chat, 0, THEIRS)
    page.reload()  # sooner than the frame would by itself
    room.frame.locator(".agreeing-told a").click()
    page.wait_for_url("**/room/summary")
    page.locator("#summary-change > summary").click()
    page.locator("#summary-body").fill(MINE)
    writes(counsellor, chat, 1, f"{THEIRS} Good.")
    page.locator("#summary-save").click()
    expect(page.locator("#summary-error")).not_to_be_empty()
    expect(page.locator("#summary-text")).to_have_text(f"{THEIRS} Good.")
    expect(page.locator("#summary-body")).to_have_value(MINE)
    page.locator("#summary-save").click()
    expect(page.locator("#summary-in")).to_have_attribute("data-key", "mine")
    assert page.evaluate("document.documentElement.scrollWidth") <= SMALL[0]
    counsellor.wire.call("agree", {"chat": chat, "version": 3})
    page.reload()
    page.locator("#summary-keep button").click()
    page.wait_for_url("**/chat/kept/code/")
