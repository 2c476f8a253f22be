"""The summary at the desk: by one key, saved by itself, and nothing that was typed gets lost."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.stage import PHONE, Stage

MINE = "He asks for money. Next: block him."
MORE = " Tell the aunt."
THEIRS = "He asks for money. I tell my aunt on Friday."
# A push of the server, given to the page's own modules.
CAME_BACK = """async () => {
  const { earlierPushed } = await import('/static/js/desk/earlier.js');
  const { state } = await import('/static/js/desk/state.js');
  const told = { chat: state.open, summary: { day: '2026-11-16', text: 'Secret of last time' }, continues: false };
  earlierPushed(told);
  // The server knows nothing of it, and says so whenever the desk asks.
  setInterval(() => earlierPushed(told), 100);
}"""


def test_a_summary_is_written_by_both_sides_and_nothing_typed_is_lost(stage: Stage) -> None:
    desk = stage.desk("anna")
    page = desk.page
    desk.duty("available")
    tab = stage.house.tab(stage.house.visitor().join(first_message="Hello"))
    name = desk.accept_by_key()
    field, state = page.locator("#summary-body"), page.locator("#summary-state")
    page.keyboard.press("Alt+s")
    expect(field).to_be_focused()
    expect(desk.item(name)).to_be_visible()
    page.keyboard.type(MINE)
    expect(state).to_have_text("Saved. The visitor can read it.")
    assert tab.call("sync", {"after": 0})["summary"]["body"] == MINE

    # What is found is named, and what was saved stays as it was until it is gone again.
    field.fill(f"{MINE} 06-12345678")
    expect(state).to_contain_text("06-12345678")
    expect(page.locator("#summary-refused")).to_have_text(f"{MINE} 06-12345678")
    expect(page.locator("#summary-refused mark")).to_have_text("06-12345678")
    field.fill(MINE)
    expect(state).to_have_text("Saved. The visitor can read it.")
    expect(page.locator("#summary-refused")).to_be_hidden()

    # The visitor writes while something is typed here: both stand there, after a reload too, until one is taken.
    page.keyboard.press("End")
    page.evaluate("""() => {
      const { setTimeout: later } = window;
      window.setTimeout = (what, milliseconds) => milliseconds === 1000 ? -1 : later(what, milliseconds);
    }""")
    page.keyboard.type(MORE)
    tab.call("summary", {"version": 1, "body": THEIRS})
    expect(page.locator("#summary-theirs")).to_have_text(THEIRS)
    expect(field).to_have_value(MINE + MORE)
    page.reload()
    desk.has_open(name)
    page.locator("#open-summary").click()
    expect(page.locator("#summary-theirs")).to_have_text(THEIRS)
    expect(field).to_have_value(MINE + MORE)
    page.locator("#summary-mine").click()
    expect(state).to_have_text("Saved. The visitor can read it.")
    assert tab.call("sync", {"after": 0})["summary"]["body"] == MINE + MORE

    # Closed, the button says that the visitor asks for a yes, and moves nothing.
    field.press("Escape")
    expect(page.locator("#body")).to_be_focused()
    place = page.locator("#ask-end").bounding_box()
    tab.call("summary", {"version": 3, "body": THEIRS})
    expect(page.locator("#summary-mark")).to_be_visible()
    # Whoever is about to end the chat reads that the visitor could keep nothing.
    page.locator("#ask-end").click()
    expect(page.locator("#end-waits")).to_be_visible()
    page.locator("#end-no").click()
    assert page.locator("#ask-end").bounding_box() == place
    page.keyboard.press("Alt+s")
    expect(field).to_have_value(THEIRS)
    page.locator("#summary-agree").click()
    expect(page.locator("#summary-sides")).to_contain_text("Visitor agrees")
    expect(page.locator("#end-waits")).to_be_hidden()
    assert tab.call("sync", {"after": 0})["summary"]["agreed_counsellor"]


def test_what_came_from_an_earlier_chat_stays_folded_on_a_telephone_too(stage: Stage) -> None:
    desk = stage.desk("anna", size=PHONE)
    page = desk.page
    desk.duty("available")
    stage.house.tab(stage.house.visitor().join(first_message="Hello again"))
    desk.rings().locator("[data-part=accept]").click()
    expect(page.locator("#chat-name")).to_be_visible()
    page.evaluate(CAME_BACK)
    expect(page.locator("#earlier-reminder")).to_contain_text("do not repeat what stands here")
    text = page.locator("#earlier-text")
    expect(text).to_be_hidden()
    page.locator("#earlier-summary > summary").click()
    expect(text).to_have_text("Secret of last time")
    page.locator("#open-summary").click()
    expect(page.locator("#summary-body")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
