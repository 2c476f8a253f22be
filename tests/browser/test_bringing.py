"""From the advice to a counsellor in Chromium: with scripts and without, before the chat and in it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.bringing import bringing, send_along
from tests.browser.chromium import ANSWERED_NO
from tests.browser.correspondence import at_inbox
from tests.browser.stage import PHONE, Stage
from tests.browser.writers import Writer


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


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_what_was_answered_goes_along_with_a_letter_with_a_yes_and_only_then(stage: Stage, scripts: bool) -> None:
    for yes in (False, True):
        room = stage.visitor(size=PHONE) if scripts else stage.plain_visitor(size=PHONE)
        bringing(stage, room)
        writer = Writer(room.page, stage.url)
        writer.page.goto(writer.letters)
        answers = writer.page.locator("#introduction")
        expect(answers).not_to_have_value("")
        expect(writer.page.locator("#send_along")).not_to_be_checked()
        if yes:
            stage.watch.allow(ANSWERED_NO)
            writer.page.locator("#send_along").check()
            answers.fill("x" * 4001)
            writer.writes("I can't sleep.")
            expect(writer.page.locator("#introduction-error")).to_be_visible()
        answers.fill("Only this.")
        writer.writes("I can't sleep.")
        writer.reads_the_code()
        kept = "SELECT count(introduction) FROM letters"
        assert stage.house.rows(kept) == [(int(yes),)]
    writer.page.goto(f"{writer.letters}yours/")
    brought = writer.page.locator(".brought .as-written")
    expect(brought).to_be_hidden()
    writer.page.locator(".brought summary").click()
    expect(brought).to_have_text("Only this.")
    ((letter,),) = stage.house.rows("SELECT id FROM letters WHERE introduction IS NOT NULL")
    anna = at_inbox(stage, "anna")
    anna.page.goto(f"{anna.inbox}{letter}/")
    expect(anna.page.get_by_text("Only this.")).to_have_count(0)
    anna.presses("claim")
    expect(anna.page.locator(".earlier-summary .letter-text")).to_have_text("Only this.")
    assert anna.texts() == ["I can't sleep."]


def test_a_letter_asks_with_the_words_that_were_chosen_for_a_chat(stage: Stage) -> None:
    room = bringing(stage)
    room.page.locator("#text").fill("My own words.")
    send_along(room)
    room.page.goto(f"{room.front}letters/")
    expect(room.page.locator("#introduction")).to_have_value("My own words.")
    expect(room.page.locator("#send_along")).not_to_be_checked()


def test_whoever_waits_goes_to_the_advice_and_back_without_losing_the_place(stage: Stage) -> None:
    stage.house.visitor().join(distress="5")
    room = stage.visitor(size=PHONE)
    room.join()
    room.page.locator(".while-waiting").get_by_role("link", name="Advice that fits you").click()
    strip = room.page.frame_locator("iframe[src$='/room/place']")
    expect(strip.locator("strong")).to_have_text("1 person is ahead of you.")
    strip.get_by_role("link").click()
    room.page.wait_for_url("**/room/")
    room.is_told("1 person is ahead of you.")


def test_whoever_has_half_a_sentence_and_looks_at_the_advice_finds_it_where_it_was(stage: Stage) -> None:
    room = stage.visitor(size=PHONE)
    room.join()
    room.page.locator("#body").fill("Half a sentence")
    way = room.page.locator(".while-waiting").get_by_role("link", name="Advice that fits you")
    with room.page.context.expect_page() as opened:
        way.click()
    expect(opened.value.locator("h1")).to_be_visible()
    opened.value.close()
    room.is_in("waiting")
    expect(room.page.locator("#body")).to_have_value("Half a sentence")
    room.say("Half a sentence, and the rest")
    room.is_stored()
    way.click()
    room.page.wait_for_url("**/advice/")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_whoever_waits_opens_a_letter_with_its_code_and_keeps_the_place(stage: Stage, scripts: bool) -> None:
    writer = Writer(stage.page("writer"), stage.url)
    writer.page.goto(writer.letters)
    writer.writes("I can't sleep.")
    code = writer.reads_the_code()
    stage.house.visitor().join(distress="5")
    room = stage.visitor(size=PHONE) if scripts else stage.plain_visitor(size=PHONE)
    room.join()
    room.is_told("1 person is ahead of you.")
    places = "SELECT id, state, joined_at, rank_at FROM chats WHERE state = 'waiting' ORDER BY id"
    before = stage.house.rows(places)
    way = room.page.get_by_role("link", name="I have a code from an earlier visit")
    room.page.locator("details.way-back:visible > summary").click()
    with room.page.context.expect_page() as opened:
        way.click()
    beside = Writer(opened.value, stage.url)
    beside.types(code)
    beside.page.wait_for_url("**/letters/yours/")
    assert beside.unfolds() == ["I can't sleep."]
    strip = beside.page.frame_locator("iframe.place-frame")
    expect(strip.locator("strong")).to_have_text("1 person is ahead of you.")
    beside.page.close()
    room.is_in("waiting")
    room.is_told("1 person is ahead of you.")
    assert stage.house.rows(places) == before
