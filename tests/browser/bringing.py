"""From the advice to a person: what goes along, before and in the chat, and the strip that keeps the place."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.chromium import ANSWERED_NO
from tests.browser.people import Desk, Room
from tests.browser.stage import Stage


def bringing(stage: Stage, room: Room | None = None) -> Room:
    """Some questions are answered; what was said can be read and changed before anything is sent."""
    room = room or stage.visitor()
    room.page.goto(f"{room.front}advice/")
    for _ in range(4):
        room.page.locator(".answers button").last.click()
    room.page.goto(f"{room.front}advice/bring/")
    expect(room.page.locator("#text")).not_to_have_value("")
    return room


def send_along(room: Room) -> str:
    """Say yes; what goes along."""
    text = str(room.page.locator("#text").input_value())
    room.page.locator("#bring [value=yes]").click()
    room.page.wait_for_url("**/chat/**")
    return text


def bring_page(stage: Stage) -> Page:
    """Nothing has been sent yet."""
    return bringing(stage).page


def bring_refused(stage: Stage) -> Page:
    """Too long, and given back."""
    stage.watch.allow(ANSWERED_NO)
    room = bringing(stage)
    room.page.locator("#text").fill("x" * 4001)
    room.page.locator("#bring [value=yes]").click()
    expect(room.page.locator("#error")).to_be_visible()
    return room.page


def bring_from_elsewhere(stage: Stage) -> Page:
    """In another tab something else was begun since."""
    stage.watch.allow(ANSWERED_NO)
    room = bringing(stage)
    other = Room(room.page.context.new_page(), stage.url, line="prevention")
    other.fill_form()
    other.page.locator("#end_other").check()
    other.page.locator("form[data-join] button[type=submit]").click()
    other.page.wait_for_url("**/room/")
    room.page.locator("#bring [value=yes]").click()
    expect(room.page.locator("#end_other")).to_be_visible()
    return room.page


def join_with_it(stage: Stage) -> Page:
    """The join form shows what goes along."""
    room = bringing(stage)
    send_along(room)
    room.page.locator(".brought summary").click()
    expect(room.page.locator(".brought .as-written")).to_be_visible()
    return room.page


def waiting_with_it(stage: Stage) -> Page:
    """In the queue; the visitor reads again what went along."""
    stage.house.visitor().join(distress="5")
    room = bringing(stage)
    send_along(room)
    room.join("no", 3)
    room.page.locator(".brought summary").click()
    expect(room.page.locator(".brought .as-written")).to_be_visible()
    return room.page


def advice_while_waiting(stage: Stage) -> Page:
    """The advice is open, the place in the queue in sight."""
    stage.house.visitor().join(distress="5")
    room = stage.visitor()
    room.join()
    room.page.locator(".while-waiting").get_by_role("link", name="Advice that fits you").click()
    strip = room.page.frame_locator("iframe[src$='/room/place']")
    expect(strip.locator("[data-state=waiting]")).to_contain_text("1 person is ahead of you.")
    return room.page


def strip(stage: Stage, state: str) -> Page:
    """The strip, opened by itself."""
    room = stage.visitor()
    room.join()
    if state != "waiting":
        counsellor = stage.house.on_duty("anna")
        chat = counsellor.accept_next()
        if state == "ended":
            counsellor.wire.call("end", {"chat": chat})
    room.page.goto(f"{room.front}chat/room/place")
    expect(room.page.locator(f"[data-state={state}]")).to_be_visible()
    return room.page


def desk_with_it(stage: Stage) -> Desk:
    """A counsellor has accepted somebody who brought something along."""
    desk = stage.desk("ben")
    desk.duty("available")
    room = bringing(stage)
    text = send_along(room)
    room.join("no", 4, "Is anyone there?")
    desk.accept_by_key()
    expect(desk.page.locator("#introduction-text")).to_have_text(text)
    return desk
