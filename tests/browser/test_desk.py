"""What a counsellor needs of the desk through a whole shift: nothing moves under the hands, nothing is missed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect

from tests.browser.stage import PHONE, Stage

# Where everything stands that a hand may be on its way to.
PLACES = """() => ['#chat-list .chat-item', '#queue-title', '#ask-end', '#body', '#send'].map((selector) => {
  const { x, y, width, height } = document.querySelector(selector).getBoundingClientRect();
  return [selector, x, y, width, height].join(' ');
})"""
# The pushes of a server that cuts a long list, given to the page's own modules.
CUT_LIST = """async () => {
  const { takeQueue } = await import('/static/js/desk/lists.js');
  const { takeBoard } = await import('/static/js/desk/board.js');
  const item = { line: 'youth', language: 'nl', danger: 'no', distress: 3, waited_s: 90 };
  takeQueue(Array.from({ length: 200 }, (_, number) => ({ ...item, chat: `c${number}` })));
  takeBoard({ youth: { waiting: 2000, longest_wait_s: 90, active: 0, on_duty: 0, missed_today: 0 } });
  await new Promise((done) => setTimeout(done));
  return ['#queue-title', '#queue-more', '#board'].map((at) => document.querySelector(at).innerText).join('; ');
}"""


def ring(stage: Stage, login: str) -> None:
    """Another tab makes room for one more chat, and one that waits rings."""
    tab = stage.house.tab(stage.house.counsellor(login))
    tab.call("duty", {"state": "available", "line": "youth", "capacity": 2})


def focus(page: Page) -> str:
    """The id of what has the focus."""
    return str(page.evaluate("document.activeElement.id"))


def test_a_ring_moves_nothing_and_takes_no_focus(stage: Stage) -> None:
    desk = stage.desk("ben")
    page = desk.page
    desk.duty("available")
    desk.capacity(1)
    for number in range(16):
        stage.house.tab(stage.house.visitor().join(first_message=f"Number {number}"))
        if not number:
            desk.accept_by_key()
    expect(desk.queue).to_have_count(15)
    page.locator("#body").press_sequentially("I am wri")
    places = page.evaluate(PLACES)
    ring(stage, "ben")
    expect(desk.rings()).to_be_in_viewport(ratio=1)
    # A bar about the other tab may stand above the conversation; the lists and the field stay where they are.
    page.locator("#notice-list").evaluate("list => list.replaceChildren()")
    assert page.evaluate(PLACES) == places
    assert focus(page) == "body"
    page.keyboard.type("ting")
    expect(page.locator("#body")).to_have_value("I am writing")
    # However far the lists are scrolled, on a telephone in every part of the desk, it is seen.
    page.locator("#lists").evaluate("lists => { lists.scrollTop = lists.scrollHeight; }")
    expect(desk.offers.first).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    for part in ("lists", "chat", "guide"):
        page.locator(f"#views [data-view={part}]").click()
        expect(desk.offers.first.locator("[data-part=accept]")).to_be_in_viewport(ratio=1)


def test_a_text_that_arrives_is_in_sight_and_moves_no_control(stage: Stage) -> None:
    desk = stage.desk("ben")
    page = desk.page
    desk.duty("available")
    visitor = stage.house.visitor().join(first_message="The first")
    stage.house.tab(visitor)
    desk.accept_by_key()
    places = page.evaluate(PLACES)
    for number in range(25):
        visitor.say(f"Text {number}")
    expect(desk.bubbles).to_have_count(26)
    assert page.evaluate(PLACES) == places
    expect(desk.bubbles.last).to_be_in_viewport()
    # The field grows with what is written, and the last text stays above it.
    page.locator("#body").fill("\n" * 12)
    expect(desk.bubbles.last).to_be_in_viewport(ratio=1)
    # Who reads further up is left there, and told.
    page.locator("#scroll").evaluate("box => { box.scrollTop = 0; }")
    visitor.say("The newest")
    expect(page.locator("#newer")).to_be_visible()
    assert page.locator("#scroll").evaluate("box => box.scrollTop") == 0


def test_a_supervisor_sees_the_lines_and_what_needs_somebody(stage: Stage) -> None:
    desk = stage.desk("sam")
    page = desk.page
    bars = page.locator("#notice-list .strip.danger")
    row = page.locator("#board-lines .board-line")
    expect(row).to_contain_text("0 waiting")
    stage.house.tab(stage.house.visitor().join(danger="yes"))
    expect(bars).to_contain_text("a visitor says that a life is in danger")
    expect(row).to_contain_text(re.compile("1 waiting.*nobody on duty", re.DOTALL))
    page.reload()
    expect(bars).to_contain_text("a visitor says that a life is in danger")
    assert "1999" not in (shown := page.evaluate(CUT_LIST))
    assert "and 1800 more" in shown
    assert "2000 waiting" in shown
    # Somebody has the chat: the bar goes by itself.
    stage.house.on_duty("anna").accept_next()
    expect(bars).to_have_count(0)
    expect(row).to_contain_text(re.compile("0 waiting.*1 in a chat", re.DOTALL))
    stage.house.tab(stage.house.visitor().join(danger="yes"))
    # One who has room takes it from the bar itself.
    desk.duty("resting")
    bars.get_by_role("button", name="Take this chat").click()
    expect(desk.chats).to_have_count(1)
    expect(bars).to_have_count(0)
    expect(desk.chats.first).to_contain_text("Life in danger")


def test_a_lost_line_shows_in_the_title_and_no_duty_looks_chosen(stage: Stage) -> None:
    desk = stage.desk("ben")
    desk.duty("available")
    chosen = desk.page.locator("#duty [data-duty=available]")
    before = chosen.evaluate("button => getComputedStyle(button).backgroundColor")
    stage.lose_line(desk.page)
    expect(desk.page).to_have_title("● No connection")
    expect(desk.page.locator("#offers-empty")).to_have_text("Without a connection nothing can ring.")
    assert chosen.evaluate("button => getComputedStyle(button).backgroundColor") != before
    desk.page.context.set_offline(False)
    expect(desk.page).to_have_title("Desk · Helpline")


def test_a_telephone_that_is_turned_back_shows_the_desk_from_its_bar_on(stage: Stage) -> None:
    page = stage.desk("anna", size=(740, 360)).page
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    assert page.evaluate("scrollY") > 0, "in a low window the page scrolls as one"
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    expect(page.locator("#duty")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollHeight") == PHONE[1]


def test_times_are_those_of_the_line_wherever_the_browser_is(stage: Stage) -> None:
    desk = stage.desk("anna", timezone_id="Pacific/Auckland")
    desk.duty("available")
    began = datetime.now(UTC).astimezone(ZoneInfo("Europe/Amsterdam"))
    stage.house.tab(stage.house.visitor().join(first_message="Hello"))
    desk.accept_by_key()
    # A minute may have begun meanwhile.
    clocks = "|".join(f"{began + timedelta(minutes=more):%H:%M}" for more in range(3))
    expect(desk.bubbles.locator("[data-part=state]")).to_have_text(re.compile(clocks))
    expect(desk.page.locator("#chat-presence")).to_have_text(re.compile(f"since ({clocks})"))
