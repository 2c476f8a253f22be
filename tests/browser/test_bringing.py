"""From the advice to a counsellor in Chromium: with scripts and without, before the chat and in it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.bringing import bringing, send_along
from tests.browser.stage import PHONE, Stage


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_what_was_changed_and_sent_stands_above_the_chat_and_a_later_one_takes_its_place(
    stage: Stage, scripts: bool
) -> None:
    desk = stage.desk("ben")
    desk.duty("available")
    desk.capacity(2)
    room = stage.visitor(size=PHONE) if scripts else stage.plain_visitor(size=PHONE)
    bringing(stage, room)
    room.page.locator("#text").fill("Only this.")
    send_along(room)
    room.join(first="Hello")
    first = desk.accept_by_key()
    introduction = desk.page.locator("#introduction-text")
    expect(introduction).to_have_text("Only this.")
    desk.page.locator("#introduction summary").click()
    expect(introduction).to_be_hidden()
    stage.house.tab(stage.house.visitor().join())
    desk.accept_by_key()
    expect(desk.page.locator("#introduction")).to_be_hidden()
    desk.open_chat(first)
    expect(desk.page.locator("#introduction")).to_be_visible()
    expect(introduction).to_be_hidden()

    room.page.goto(f"{room.front}advice/")
    strip = room.page.frame_locator("iframe[src$='/room/place']")
    expect(strip.locator("[data-state=active]")).to_contain_text("A counsellor is there")
    room.page.goto(f"{room.front}advice/bring/")
    room.page.locator("#text").fill("And this.")
    send_along(room)
    expect(introduction).to_have_text("And this.")
    expect(introduction).to_be_visible()
    room.page.locator(".brought summary").click()
    expect(room.page.locator(".brought .as-written")).to_have_text("And this.")
    room.is_in("active")


def test_whoever_waits_goes_to_the_advice_and_back_without_losing_the_place(stage: Stage) -> None:
    stage.house.visitor().join(distress="5")
    room = stage.visitor(size=PHONE)
    room.join()
    room.page.locator("#body").fill("Half a sentence")
    room.page.locator(".while-waiting").get_by_role("link", name="Advice that fits you").click()
    strip = room.page.frame_locator("iframe[src$='/room/place']")
    expect(strip.locator("strong")).to_have_text("1 person is ahead of you.")
    strip.get_by_role("link").click()
    room.page.wait_for_url("**/room/")
    room.is_told("1 person is ahead of you.")
