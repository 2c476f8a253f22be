"""What people do with pages: by keyboard alone, in two tabs, out of sight."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.people import Desk
from tests.browser.rooms import a_talk
from tests.browser.stage import Stage

# How the element with the focus is marked: an outline, or a ring around the field that holds it.
RING = """() => {
  const seen = (element) => { const style = getComputedStyle(element);
    return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2; };
  const at = document.activeElement;
  return seen(at) || seen(at.closest('label') ?? at);
}"""
NAMES = "() => [document.activeElement.id, document.activeElement.textContent.trim()].join(' ')"
LONGEST_WAY = 60


def go_to(page: Page, selector: str, key: str = "Tab") -> None:
    """Press Tab until the focus is there; on the way it is always to be seen where it is."""
    for _ in range(LONGEST_WAY):
        page.keyboard.press(key)
        if page.evaluate("document.activeElement === document.body"):
            continue  # the browser's own bar comes before the page begins anew
        assert page.evaluate(RING), f"no focus to be seen on {page.evaluate(NAMES)}"
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} is not to be reached by {key}")


def test_a_visitor_needs_no_mouse(stage: Stage) -> None:
    room = stage.visitor()
    page = room.page
    page.goto(room.front)
    go_to(page, "a.skip")
    go_to(page, "a.door.first")
    page.keyboard.press("Enter")
    page.wait_for_url("**/chat/")
    go_to(page, "input[name=danger]")
    page.keyboard.press("Space")
    go_to(page, "input[name=distress]")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    go_to(page, "#first_message")
    page.keyboard.type("By keyboard alone")
    go_to(page, "form[data-join] button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/room/")
    room.is_in("waiting")
    counsellor = stage.house.on_duty("anna")
    chat = counsellor.accept_next()
    assert stage.house.rows("SELECT danger, distress FROM chats WHERE id = ?", chat) == [("no", 4)]
    room.is_in("active")
    go_to(page, "#body")
    page.keyboard.type("Written")
    page.keyboard.press("Enter")
    page.keyboard.type("and sent by the button")
    go_to(page, "#composer .send")
    page.keyboard.press("Space")
    room.sees("By keyboard alone", "Written", "and sent by the button")
    go_to(page, "#leave-chat summary")
    page.keyboard.press("Enter")
    go_to(page, "#leave-chat button")
    page.keyboard.press("Space")
    room.is_in("ended")
    # The field is gone; the focus is where it says why.
    expect(page.locator("#panel-ended .reason:not([hidden]) h1")).to_be_focused()
    go_to(page, "#panel-ended a.primary")


def test_a_counsellor_needs_no_mouse(stage: Stage) -> None:
    first = stage.house.visitor().join(first_message="The first")
    second = stage.house.visitor().join(first_message="The second")
    for visitor in (first, second):
        stage.house.tab(visitor)
    desk = stage.desk("ben")
    page = desk.page
    go_to(page, "a.skip")
    go_to(page, "[data-duty=available]")
    page.keyboard.press("Enter")
    names = [name_of_next(desk), ""]
    page.keyboard.press("a")
    desk.has_open(names[0])
    expect(page.locator("#body")).to_be_focused()
    page.keyboard.type("A good day to you")
    # While something is written a plain A is a letter; with Alt it accepts and the hands stay where they are.
    names[1] = name_of_next(desk)
    page.keyboard.press("a")
    expect(page.locator("#body")).to_have_value("A good day to youa")
    page.keyboard.press("Backspace")
    page.keyboard.press("Alt+a")
    expect(desk.chats).to_have_count(2)
    expect(page.locator("#body")).to_be_focused()
    desk.has_open(names[0])
    page.keyboard.press("Control+Enter")
    desk.sees("The first", "A good day to you")
    page.keyboard.press("Alt+2")
    desk.has_open(names[1])
    page.keyboard.type("And to you")
    go_to(page, "#send")
    page.keyboard.press("Enter")
    desk.sees("The second", "And to you")
    page.keyboard.press("Alt+1")
    desk.has_open(names[0])
    page.locator("#body").press("Escape")
    expect(page.locator("#scroll")).to_be_focused()
    go_to(page, "#ask-end", "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#end-yes")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#ask-end")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    desk.is_told("This chat has ended.")
    first.wire.wait_for("state", state="ended", reason="finished")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()


def name_of_next(desk: Desk) -> str:
    """The name of what rings."""
    return str(desk.rings().locator("[data-part=title]").inner_text())


def test_a_second_tab_is_a_full_twin(stage: Stage) -> None:
    room, counsellor, chat = a_talk(stage)
    said = [body for _, body in room.texts()]
    twin = stage.twin(room)
    twin.sees(*said)
    twin.say("From the second tab")
    room.say("From the first tab")
    counsellor.say(chat, "To both")
    for tab in (room, twin):
        expect(tab.bubbles).to_have_count(len(said) + 3)
    assert room.texts() == twin.texts()
    twin.leave()
    for tab in (room, twin):
        tab.is_in("ended")


def test_a_counsellor_with_two_tabs_sees_the_same_in_both(stage: Stage) -> None:
    desk = stage.desk("ben")
    twin = Desk(desk.page.context.new_page(), stage.url)
    twin.open()
    desk.duty("available")
    expect(twin.page.locator("#duty [data-duty=available]")).to_have_attribute("aria-pressed", "true")
    visitor = stage.house.visitor().join(first_message="Hello")
    stage.house.tab(visitor)
    twin.rings()
    name = desk.accept_by_key()
    expect(twin.offers).to_have_count(0)
    twin.open_chat(name)
    twin.say("From the second tab")
    desk.say("From the first tab")
    for tab in (desk, twin):
        expect(tab.bubbles).to_have_count(3)
    assert desk.texts() == twin.texts()
    desk.end()
    twin.is_told("This chat has ended.")


def test_a_page_out_of_sight_calls_back_by_its_title(stage: Stage) -> None:
    room = stage.visitor()
    room.join()
    expect(room.page).to_have_title("Chat")
    stage.hide(room.page)
    counsellor = stage.house.on_duty("anna")
    chat = counsellor.accept_next()
    expect(room.page).to_have_title("(1) Chat")
    stage.show(room.page)
    expect(room.page).to_have_title("Chat")
    stage.hide(room.page)
    counsellor.say(chat, "Are you there?")
    expect(room.page).to_have_title("(1) Chat")
    # What nobody has looked at is not marked as read.
    expect(room.bubbles).to_have_count(1)
    assert stage.house.rows("SELECT visitor_read FROM chats WHERE id = ?", chat) == [(0,)]
    stage.show(room.page)
    stage.house.until("SELECT visitor_read FROM chats WHERE id = ?", [(1,)], chat)


def test_a_ringing_desk_calls_back_by_its_title(stage: Stage) -> None:
    desk = stage.desk("ben")
    desk.duty("available")
    expect(desk.page).to_have_title("Desk · Helpline")
    stage.hide(desk.page)
    stage.house.visitor().join()
    expect(desk.page).to_have_title("● A chat rings")
    stage.show(desk.page)
    desk.accept_by_key()
    expect(desk.page).to_have_title(re.compile("Desk · Helpline"))
