"""The switch of the language on a form: what was filled in stays, with and without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.stage import PHONE, Stage

WRITTEN = "Geschreven voor de wissel"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_form_goes_to_the_other_language_with_what_was_filled_in(stage: Stage, scripts: bool) -> None:
    room = stage.visitor(size=PHONE) if scripts else stage.plain_visitor(size=PHONE)
    room.fill_form("unsure", 4, WRITTEN)
    page = room.page
    page.get_by_role("button", name="Nederlands").click()
    expect(page.locator("html")).to_have_attribute("lang", "nl")
    expect(page.locator("#first_message")).to_have_value(WRITTEN)
    expect(page.locator("input[name=danger][value=unsure]")).to_be_checked()
    expect(page.locator("input[name=distress][value='4']")).to_be_checked()
    expect(page.locator("[role=alert]")).to_have_count(0)
    # Enter sends the form; it does not switch back.
    page.locator("input[name=distress][value='4']").press("Enter")
    page.wait_for_url("**/nl/youth/chat/room/")
    room.sees(WRITTEN)
