"""A counsellor's draft of an answer is kept while it is written, and nothing of it is lost silently."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from helpline import clock
from tests.browser.chromium import ANSWERED_NO, NO_LINE
from tests.browser.stage import Stage
from tests.browser.writers import Answerer, Writer

KEPT, AGAIN, ELSEWHERE = "Your draft is kept.", "tried again", "changed elsewhere"


def types(who: Answerer, text: str) -> Locator:
    """Type at the end of the draft; what is said of it."""
    who.page.locator("#body").press("Control+End")
    who.page.keyboard.type(text)
    return who.page.locator("#draft-state")


def test_a_draft_is_kept_while_it_is_written(stage: Stage) -> None:
    stage.watch.allow(ANSWERED_NO)
    stage.watch.allow(NO_LINE)
    writer = Writer(stage.page("writer", java_script_enabled=False), stage.url)
    writer.page.goto(writer.letters)
    writer.writes("I do not know how to begin.")
    writer.reads_the_code()
    anna = Answerer(stage.page("anna"), stage.url)
    anna.sign_in("anna", *stage.house.credentials("anna"), clock.now())
    anna.opens()
    anna.presses("claim")

    expect(types(anna, "Good that you ")).to_have_text(KEPT)
    expect(types(anna, "wrote.")).to_have_text(KEPT)
    anna.page.reload()
    expect(anna.page.locator("#body")).to_have_value("Good that you wrote.")

    other = Answerer(anna.page.context.new_page(), stage.url)
    other.page.goto(anna.page.url)
    expect(types(anna, " Here")).to_have_text(KEPT)
    expect(types(other, " There")).to_contain_text(ELSEWHERE)
    expect(other.page.locator("#body")).to_have_value("Good that you wrote. There")
    other.page.close()

    anna.page.context.set_offline(True)
    expect(types(anna, " we are")).to_contain_text(AGAIN)
    anna.page.context.set_offline(False)
    expect(anna.page.locator("#draft-state")).to_have_text(KEPT, timeout=20_000)
    # The press comes while the last words are not kept yet.
    types(anna, " for you.")
    anna.does("send")
    anna.page.wait_for_url("**/letters/?done=sent")
    writer.page.goto(f"{writer.letters}yours/")
    assert writer.unfolds()[1] == "Good that you wrote. Here we are for you."
    writer.erases()
