"""A wait that gets long offers a letter beside it, and a talk ends with two questions, on the page as it is."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.people import Room
from tests.browser.stage import PHONE, Stage


def test_who_waits_long_writes_a_letter_keeps_the_place_and_is_caught_by_it(stage: Stage) -> None:
    house = stage.house
    counsellor = house.on_duty("anna")
    for _ in range(3):
        house.visitor().join(danger="no")
        counsellor.accept_next()
    house.change("UPDATE lines SET left_early_seconds = 0 WHERE slug = 'youth'")
    room = stage.visitor(viewport={"width": PHONE[0], "height": PHONE[1]})
    room.join("no", 2)
    offer = room.page.locator("#long-wait")
    expect(room.page.locator("#estimate-words")).to_have_text(re.compile("About [0-9]+ minute"))
    expect(offer).to_be_hidden()
    counsellor.wire.call("duty", {"state": "away", "line": "youth", "capacity": 3})
    expect(offer).to_be_visible()
    with room.page.context.expect_page() as opened:
        offer.get_by_role("link").click()
    letter = opened.value
    expect(letter.frame_locator("iframe.place-frame").get_by_text("You are next.")).to_be_visible()
    letter.locator("#body").fill("It takes too long for me tonight.")
    letter.get_by_role("button", name="Send my letter").click()
    expect(letter.get_by_role("heading", name="This is your code")).to_be_visible()
    room.is_in("waiting")
    letter.close()
    room.page.locator("#leave-queue button").click()
    room.is_in("ended")
    expect(room.page.locator("#after-chat")).to_be_hidden()
    room.page.reload()
    house.until("SELECT cause, caught_by FROM missed_contacts WHERE channel = 'chat'", [("left", "letter")])
    house.change("UPDATE lines SET left_early_seconds = 10 WHERE slug = 'youth'")


def asked(room: Room, better: str, again: str) -> None:
    """Answer both questions."""
    for question, answer in (("better", better), ("again", again)):
        room.page.locator(f"#after-chat input[name={question}][value={answer}]").check()
    room.page.get_by_role("button", name="Send my answers").click()
    expect(room.page.locator("#after-chat")).to_contain_text("Thank you")


def test_a_talk_ends_with_two_questions_with_and_without_scripts(stage: Stage) -> None:
    house = stage.house
    house.change("DELETE FROM after_counts")
    counsellor = house.on_duty("anna")
    for room in (stage.visitor(), stage.plain_visitor()):
        room.join("no", 2)
        chat = counsellor.accept_next()
        room.is_in("active")
        expect(room.page.locator("#after-chat")).to_be_hidden()
        counsellor.wire.call("end", {"chat": chat})
        room.is_in("ended")
        if room.page.locator("iframe.room-frame").is_visible():
            room.page.frame_locator("iframe.room-frame").get_by_role("link", name="Two questions").click()
        asked(room, "yes", "maybe")
    counted = "SELECT question, answer, count FROM after_counts ORDER BY question"
    assert house.rows(counted) == [("again", "maybe", 2), ("better", "yes", 2)]
