"""The wrap-up beside the desk: under a minute by keyboard, while other chats ring, and nothing chosen is ever lost."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import ANSWERED_NO
from tests.browser.people import Desk
from tests.browser.stage import PHONE, Stage
from tests.clients import Visitor

CHECKED = "() => [...document.querySelectorAll('#wrap-up-form :checked')].map(i => `${i.name} ${i.value}`)"
ROW = "SELECT concern, age_band, gender, recorded, referral, returned, test FROM contacts"


class Keys:
    """The keyboard, counting what is pressed."""

    def __init__(self, page: Page) -> None:
        self.page, self.pressed = page, 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.pressed += 1


def a_desk(stage: Stage, chats: int, login: str = "ben") -> tuple[Desk, list[str], list[Visitor]]:
    """A counsellor with so many chats in hand; their names in the order in which they came."""
    stage.house.change("UPDATE lines SET offer_seconds = 600")
    desk = stage.desk(login)
    desk.duty("available")
    desk.capacity(3)
    names, visitors = [], []
    for number in range(chats):
        visitors.append(stage.house.visitor().join(first_message=f"Number {number}"))
        stage.house.tab(visitors[-1])
        names.append(desk.accept_by_key())
    return desk, names, visitors


def panel(desk: Desk) -> Locator:
    return desk.page.locator("#wrap-up")


def ends_by_keyboard(desk: Desk) -> None:
    desk.page.locator("#ask-end").press("Enter")
    desk.page.keyboard.press("Enter")
    desk.wraps_up()


def ledger_row(stage: Stage) -> tuple[object, ...]:
    """The one contact that is described, with its topics."""
    rows = stage.house.rows(ROW + " WHERE concern <> 'unknown'")
    assert len(rows) == 1
    row = rows[0]
    topics = stage.house.rows("SELECT topic FROM contact_topics ORDER BY topic")
    return (*row, [topic for (topic,) in topics])


def test_by_keyboard_alone_while_another_chat_rings(stage: Stage) -> None:
    desk, names, _ = a_desk(stage, 1)
    page = desk.page
    ends_by_keyboard(desk)
    keys = Keys(page)
    keys.press("ArrowDown", "Tab", "ArrowDown", "ArrowDown", "ArrowDown", "Tab", "ArrowDown", "ArrowDown", "Tab")
    expect(page.locator("#topic-find")).to_be_focused()
    keys.press(*"money", "Enter")
    stage.house.tab(stage.house.visitor().join(first_message="Is anyone there?"))
    # What rings is seen, takes no focus, and no letter of the form answers it.
    expect(desk.rings()).to_be_in_viewport(ratio=1)
    expect(page.locator("#topic-find")).to_be_focused()
    keys.press("Tab", "Tab", "ArrowDown")
    page.keyboard.press("a")
    expect(desk.offers).to_have_count(1)
    keys.press("Alt+a")
    expect(desk.chats).to_have_count(2)
    expect(page.locator("#wrap-up-form input[name=recorded][value=yes]")).to_be_focused()
    keys.press("Control+Enter")
    expect(panel(desk)).to_be_hidden()
    expect(page.locator("#wrap-empty")).to_be_visible()
    assert keys.pressed < 25
    row = ("self", "16-17", "female", "yes", "none", "unknown", False, ["extortion_money"])
    assert ledger_row(stage) == row
    # The chat that is described needs nothing more.
    expect(desk.item(names[0])).to_have_count(0)


def test_what_was_chosen_survives_other_chats_a_ring_and_a_reload(stage: Stage) -> None:
    desk, names, _ = a_desk(stage, 2)
    page = desk.page
    ends_by_keyboard(desk)
    page.keyboard.press("ArrowDown")
    page.locator("#topic-find").press_sequentially("low mo")
    page.keyboard.press("Enter")
    chosen = page.evaluate(CHECKED)
    assert len([one for one in chosen if one.startswith("topics")]) == 1
    page.keyboard.press("Alt+1")
    desk.has_open(names[0])
    expect(panel(desk)).to_be_hidden()
    desk.say("I am still here.")
    stage.house.tab(stage.house.visitor().join(first_message="Another"))
    desk.rings()
    page.keyboard.press("Alt+r")
    expect(panel(desk)).to_be_visible()
    assert page.evaluate(CHECKED) == chosen
    page.reload()
    desk.is_ready()
    page.keyboard.press("Alt+r")
    desk.wraps_up()
    assert page.evaluate(CHECKED) == chosen
    page.keyboard.press("Escape")
    expect(panel(desk)).to_be_hidden()
    expect(page.locator("#wrap-list .wrap-item")).to_have_count(1)


def test_it_takes_no_focus_from_whoever_writes_in_another_chat(stage: Stage) -> None:
    desk, _, visitors = a_desk(stage, 2)
    page = desk.page
    page.locator("#body").press_sequentially("I am wri")
    visitors[0].wire.call("leave", {})
    expect(page.locator("#wrap-list .wrap-item")).to_have_count(1)
    expect(panel(desk)).to_be_hidden()
    page.keyboard.type("ting")
    expect(page.locator("#body")).to_have_value("I am writing")
    expect(page.locator("#body")).to_be_focused()


def test_one_that_another_tab_filled_in_says_so_and_leaves_every_list(stage: Stage) -> None:
    desk, _, _ = a_desk(stage, 1)
    ends_by_keyboard(desk)
    twin = Desk(desk.page.context.new_page(), stage.url)
    twin.open()
    twin.page.keyboard.press("Alt+r")
    twin.wraps_up()
    twin.page.keyboard.press("Control+Enter")
    expect(twin.page.locator("#wrap-empty")).to_be_visible()
    expect(desk.page.locator("#wrap-empty")).to_be_visible()
    expect(desk.page.locator("#wrap-up-said")).to_contain_text("not open any more")
    desk.page.locator("#wrap-up-close").click()
    expect(panel(desk)).to_be_hidden()


def test_errors_stay_in_the_panel_and_lose_nothing(stage: Stage) -> None:
    desk, _, _ = a_desk(stage, 1)
    page = desk.page
    stage.watch.allow(ANSWERED_NO)
    ends_by_keyboard(desk)
    page.keyboard.press("ArrowDown")
    page.locator("#wrap-up-form input[name=topics]").first.evaluate(
        "box => { box.value = 'nowhere'; box.checked = true; }"
    )
    page.keyboard.press("Control+Enter")
    expect(page.locator("#wrap-up-said")).to_contain_text("not registered yet")
    expect(page.locator("#wrap-up-form .field-error")).to_contain_text("not there any more")
    assert "concern self" in page.evaluate(CHECKED)


def test_a_heavy_contact_offers_a_rest_in_one_press(stage: Stage) -> None:
    desk, _, _ = a_desk(stage, 1)
    ends_by_keyboard(desk)
    desk.page.locator("#wrap-up-form input[name=heavy]").press("Space")
    desk.page.keyboard.press("Control+Enter")
    button = desk.page.locator("#notice-list button", has_text="Rest now")
    expect(button).to_be_focused()
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator("#duty [data-duty=resting]")).to_have_attribute("aria-pressed", "true")


def test_with_two_open_the_desk_says_why_no_third_chat_comes(stage: Stage) -> None:
    desk, _, _ = a_desk(stage, 2)
    page = desk.page
    for _ in range(2):
        desk.end()
        page.locator("#close-chat").click()
        if desk.chats.count():
            desk.chats.first.locator("button").click()
    for number in range(3):
        stage.house.tab(stage.house.visitor().join(first_message=f"Later {number}"))
        if number < 2:
            desk.accept_by_key()
    expect(desk.queue).to_have_count(1)
    expect(page.locator("#offers-empty")).to_contain_text("2 contacts wait to be registered")
    expect(page.locator("#queue-hint")).to_contain_text("once you have registered a contact")
    expect(desk.queue.locator("button")).to_be_hidden()
    page.locator("#offers-wrap").click()
    desk.wraps_up()
    page.keyboard.press("Control+Enter")
    expect(desk.rings()).to_be_visible()


def test_one_screen_holds_it_and_a_telephone_scrolls_it(stage: Stage) -> None:
    desk, _, _ = a_desk(stage, 1)
    ends_by_keyboard(desk)
    sizes = "panel => [panel.scrollHeight, panel.clientHeight, panel.scrollWidth, panel.clientWidth]"
    inside, height, _, _ = panel(desk).evaluate(sizes)
    assert inside <= height
    desk.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    _, _, inside, width = panel(desk).evaluate(sizes)
    assert inside <= width
    expect(desk.page.locator("#wrap-up-form button[type=submit]")).to_be_in_viewport()
