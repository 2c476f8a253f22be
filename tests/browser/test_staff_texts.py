"""A message with a way to be reached, in real browsers: held back, asked about, allowed, and sent by hand."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.stage import Stage

NUMBER = "Call me on 06-12345678"


def test_from_the_message_held_back_to_the_one_that_arrives(stage: Stage) -> None:
    anna, sam, room = stage.desk("anna"), stage.desk("sam"), stage.visitor()
    anna.duty("available")
    room.join(first="Hello")
    anna.accept_by_key()
    held, strips = anna.page.locator("#text-list .text.refused"), sam.page.locator("#asked-list .strip")
    state = held.locator("[data-part=state]")

    # Held back it says why, and takes nothing away; other messages go on.
    anna.say(NUMBER)
    expect(state).to_contain_text("no message may hold 06-12345678")
    expect(held.locator("[data-part=body]")).to_have_text(NUMBER)
    expect(held.locator("[data-part=body] mark")).to_have_text("06-12345678")
    anna.say("One moment, please")
    room.sees("Hello", "One moment, please")
    expect(held).to_have_count(1)
    expect(held.get_by_role("button", name="Send all the same")).to_be_hidden()

    # A supervisor is told at once, and reads it only on a press.
    held.get_by_role("button", name="Ask a supervisor").click()
    expect(state).to_contain_text("a supervisor was asked about 06-12345678")
    expect(strips).to_contain_text("anna asks if a message with contact details may be sent")
    expect(strips).not_to_contain_text("06-12345678")
    sam.page.reload()
    strips.get_by_role("button", name="Read the message").click()
    expect(strips.locator("[data-part=body]")).to_have_text(NUMBER)
    expect(strips.locator("[data-part=body] mark")).to_have_text("06-12345678")
    strips.get_by_role("button", name="Allow it", exact=True).click()
    expect(strips).to_have_count(0)

    # Nothing is sent by itself, and a reload loses nothing: not even where this browser has forgotten what was typed.
    expect(state).to_contain_text("allows it as it is")
    anna.page.evaluate("sessionStorage.clear()")
    anna.page.reload()
    expect(state).to_contain_text("allows it as it is")
    room.sees("Hello", "One moment, please")
    held.get_by_role("button", name="Send now").click()
    room.sees("Hello", "One moment, please", NUMBER)
    anna.is_stored()

    # Refused it goes back into the field, to be changed.
    anna.say("Write to anna@example.org")
    held.get_by_role("button", name="Ask a supervisor").click()
    strips.get_by_role("button", name="Read the message").click()
    strips.get_by_role("button", name="Do not allow it").click()
    expect(state).to_contain_text("does not allow anna@example.org")
    held.get_by_role("button", name="Back to the text field").click()
    expect(anna.page.locator("#body")).to_have_value("Write to anna@example.org")
    # Words of a help entry are what may be sent.
    anna.page.locator("#body").fill("Call")
    anna.page.locator("#help-list [data-help*='0800-0432']").click()
    anna.page.locator("#send").click()
    expect(room.bubbles).to_have_count(4)
    anna.is_stored()


def test_a_supervisor_sends_an_own_message_all_the_same(stage: Stage) -> None:
    sam, room = stage.desk("sam"), stage.visitor()
    sam.duty("available")
    room.join(first="Hello")
    sam.accept_by_key()
    sam.say(NUMBER)
    held = sam.page.locator("#text-list .text.refused")
    expect(held.get_by_role("button", name="Ask a supervisor")).to_be_hidden()
    held.get_by_role("button", name="Send all the same").click()
    room.sees("Hello", NUMBER)
    sam.is_stored()
    expect(sam.page.locator("#text-list mark"), "it is allowed now").to_have_count(0)


def test_a_summary_held_back_is_asked_about_allowed_and_saved_by_hand(stage: Stage) -> None:
    anna, sam = stage.desk("anna"), stage.desk("sam")
    anna.duty("available")
    tab = stage.house.tab(stage.house.visitor().join(first_message="Hello"))
    name = anna.accept_by_key()
    page, strips = anna.page, sam.page.locator("#asked-list .strip")
    field, state = page.locator("#summary-body"), page.locator("#summary-state")
    page.keyboard.press("Alt+s")
    field.fill(NUMBER)
    expect(state).to_contain_text("may not stand here: 06-12345678")
    page.get_by_role("button", name="Ask a supervisor").click()
    expect(state).to_contain_text("a supervisor was asked about 06-12345678")
    expect(field).to_be_focused()

    # It is no message: it stands in its field, where this browser has forgotten what was typed, too.
    expect(strips).to_contain_text("anna asks if a summary with contact details may be saved")
    strips.get_by_role("button", name="Read the summary").click()
    expect(strips.locator("[data-part=body]")).to_have_text(NUMBER)
    page.evaluate("sessionStorage.clear()")
    page.reload()
    anna.open_chat(name)
    strips.get_by_role("button", name="Allow it", exact=True).click()
    page.locator("#open-summary").click()
    expect(field).to_have_value(NUMBER)
    expect(state).to_contain_text("allows it as it is")
    expect(page.locator("#text-list .text.refused")).to_have_count(0)
    assert tab.call("sync", {"after": 0})["summary"] is None, "nothing is saved by itself"
    page.get_by_role("button", name="Save now").click()
    expect(state).to_have_text("Saved. The visitor can read it.")
    assert tab.call("sync", {"after": 0})["summary"]["body"] == NUMBER

    # Who changes their mind asks no longer.
    field.fill(NUMBER + "!")
    page.get_by_role("button", name="Ask a supervisor").click()
    expect(strips).to_have_count(1)
    field.fill("Without a number")
    expect(state).to_have_text("Saved. The visitor can read it.")
    expect(strips).to_have_count(0)


def test_a_supervisor_saves_an_own_summary_all_the_same(stage: Stage) -> None:
    sam = stage.desk("sam")
    sam.duty("available")
    tab = stage.house.tab(stage.house.visitor().join(first_message="Hello"))
    sam.accept_by_key()
    sam.page.keyboard.press("Alt+s")
    sam.page.locator("#summary-body").fill(NUMBER)
    expect(sam.page.get_by_role("button", name="Ask a supervisor")).to_be_hidden()
    sam.page.get_by_role("button", name="Save all the same").click()
    expect(sam.page.locator("#summary-state")).to_have_text("Saved. The visitor can read it.")
    assert tab.call("sync", {"after": 0})["summary"]["body"] == NUMBER
