"""What was written in one chat never gets into another, whatever a tab still holds of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.browser.chromium import NO_LINE
from tests.browser.people import Room
from tests.browser.stage import Stage

WRITTEN = "Meant for the chat before"
CUT = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}


def duplicate(room: Room) -> Room:
    """A copy of the tab as a browser makes it, with all that the tab keeps; its page is empty yet."""
    with room.page.context.expect_page() as opened:
        room.page.evaluate("() => { window.open('about:blank'); }")
    return Room(opened.value, room.front)


def kept(page: Page) -> str:
    """What this tab keeps."""
    return str(page.evaluate("JSON.stringify(Object.entries(sessionStorage))"))


def cut_line(stage: Stage, room: Room) -> CDPSession:
    """This tab alone is without a line."""
    stage.watch.allow(NO_LINE)
    session = room.page.context.new_cdp_session(room.page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", CUT)
    return session


def begins_anew(stage: Stage, room: Room) -> Room:
    """The chat ends, and in a fresh tab of the same browser another one begins."""
    beside = Room(room.page.context.new_page(), stage.url)
    beside.page.goto(f"{beside.front}chat/room/")
    beside.page.get_by_role("button", name="Leave the queue").click()
    beside.is_in("ended")
    beside.join()
    return beside


@pytest.mark.parametrize("first", ["", "A text that was stored"], ids=["empty", "not empty"])
def test_a_tab_without_a_line_sends_nothing_into_the_next_chat(stage: Stage, first: str) -> None:
    sleeping = stage.visitor()
    sleeping.join(first=first)
    line = cut_line(stage, sleeping)
    sleeping.say(WRITTEN)
    expect(sleeping.page.locator("#log .text.pending")).to_have_count(1)
    copy = duplicate(sleeping)
    fresh = begins_anew(stage, sleeping)
    assert WRITTEN in kept(copy.page)
    copy.page.goto(f"{fresh.front}chat/room/")
    line.send("Network.emulateNetworkConditions", CUT | {"offline": False})
    fresh.say("Meant for this one")
    for room in (fresh, copy, sleeping):
        room.sees("Meant for this one")
        room.is_stored()
        assert WRITTEN not in kept(room.page)


def test_a_copy_of_a_tab_goes_on_with_what_is_unsent_in_the_same_chat(stage: Stage) -> None:
    room = stage.visitor()
    room.join()
    line = cut_line(stage, room)
    room.say(WRITTEN)
    expect(room.page.locator("#log .text.pending")).to_have_count(1)
    copy = duplicate(room)
    copy.page.goto(f"{room.front}chat/room/")
    copy.sees(WRITTEN)
    copy.is_stored()
    line.send("Network.emulateNetworkConditions", CUT | {"offline": False})
    room.sees(WRITTEN)
    room.is_stored()
