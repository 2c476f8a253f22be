"""What visitors read, as staff see it: drawings whose words fit in any browser, pages fit for everybody."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from helpline.advice import loader
from tests.browser.stage import Stage
from tests.browser.test_screens import NARROWEST, looked_at, misnamed, too_wide

pytestmark = pytest.mark.browser

ROOT = "/console/content/"
# Words of the drawing that reach beyond what they stand in, as the browser has really set them.
CLIPPED = """() => [...document.querySelectorAll('.drawing .box, .drawing .label-of-way')].flatMap((group) => {
  const frame = group.querySelector('rect').getBBox();
  return [...group.querySelectorAll('text')].filter((text) => {
    const box = text.getBBox();
    return box.x < frame.x || box.x + box.width > frame.x + frame.width
      || box.y < frame.y || box.y + box.height > frame.y + frame.height;
  }).map((text) => text.textContent);
})"""


def reader(stage: Stage) -> Page:
    """Somebody of the staff who takes no chats."""
    page = stage.page("ada")
    stage.sign_in_quietly("ada", page)
    return page


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_no_word_of_any_drawing_is_clipped(stage: Stage, lang: str) -> None:
    page = reader(stage)
    page.goto(f"{stage.url}/console/language/{lang}")
    for path in [f"{line}/{tree}/" for line in loader.lines() for tree in loader.load(line).files.trees]:
        page.goto(f"{stage.url}{ROOT}{path}")
        assert page.locator(".drawing .box").count() >= 3
        assert page.evaluate(CLIPPED) == [], path


@pytest.mark.parametrize(
    "path",
    [
        *("", "youth/extortion/age/", "youth/extortion/money/?lang=nl", "prevention/police-came/just-came/"),
        *("prevention/course/your-plan/", "prevention/course/stress-and-sleep/?lang=nl"),
    ],
)
def test_lists_and_previews_are_fit_for_everybody(stage: Stage, path: str) -> None:
    page = reader(stage)
    page.goto(f"{stage.url}{ROOT}{path}")
    found = [*looked_at(page), *too_wide(page), *misnamed(page)]
    assert not found, "\n".join(found)


def test_a_drawing_scrolls_in_its_frame_alone(stage: Stage) -> None:
    page = reader(stage)
    page.goto(f"{stage.url}{ROOT}youth/extortion/")
    found = [*looked_at(page), *misnamed(page)]
    assert not found, "\n".join(found)
    for width, height in (NARROWEST, (1280, 800)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("document.querySelector('.frame').getBoundingClientRect().right") <= width
        expect(page.locator(".scrolls")).to_be_visible()


def test_by_keyboard_from_the_drawing_to_a_page_in_the_other_language(stage: Stage) -> None:
    page = reader(stage)
    page.goto(f"{stage.url}{ROOT}youth/start/")
    page.locator(".frame").focus()
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused.startswith("Question danger ")
    page.keyboard.press("Enter")
    expect(page.locator(".preview h1")).to_have_text(focused.removeprefix("Question danger "))
    page.locator(".reading > .languages").get_by_role("link", name="Nederlands").click()
    expect(page.locator(".preview [lang=nl] h1")).to_be_visible()
    expect(page.locator(".reading > .languages [aria-current]")).to_have_text("Nederlands")
