"""Every page in every state, small and large, light and dark: axe finds nothing, nothing sticks out, titles are mum."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.chromium import Chromium
from tests.browser.conftest import FAILED
from tests.browser.scenes import SCENES
from tests.browser.stage import PHONE, SCREEN, Stage, UsedPages
from tests.journeys.house import House

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
EVERYTHING: dict[str, Any] = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # The frame of browsers without scripts has no other way to stay up to date; its pace can be chosen on the page.
    "rules": {"target-size": {"enabled": True}, "meta-refresh": {"enabled": False}},
}
# Only what a size or a scheme can change is asked again for each of them.
LOOKS = {"runOnly": {"type": "rule", "values": ["color-contrast", "target-size", "scrollable-region-focusable"]}}
NARROWEST = (320, 640)
# Elements that stick out of the window to either side, with their box or their content; what is for ears may.
STICKS_OUT = """() => [...document.querySelectorAll('body *')].filter((element) => {
  const box = element.getBoundingClientRect();
  if (!box.width || !box.height || element.closest('.hidden, .skip')) return false;
  // What stands in a drawing has no content of its own that could be wider than its box.
  const whole = !(element instanceof SVGElement) && getComputedStyle(element).overflowX === 'visible';
  const inside = whole ? element.scrollWidth : 0;
  return Math.max(box.right, box.left + inside) > innerWidth + 1 || box.left < -1;
}).slice(0, 5).map((element) => element.outerHTML.slice(0, 200))"""
SIDEWAYS = """() => [...document.querySelectorAll('html, body, body *')].filter((element) =>
  element.scrollWidth > element.clientWidth + 1 && element.checkVisibility()
  && ['auto', 'scroll'].includes(getComputedStyle(element).overflowX))
  .map((element) => element.outerHTML.slice(0, 200))"""
HEADINGS = "() => [...document.querySelectorAll('h1')].filter(h => h.checkVisibility()).map(h => h.textContent.trim())"


@pytest.fixture(scope="module")
def idle() -> dict[str, list[Page]]:
    """Pages that the last scene left."""
    return {}


@pytest.fixture
def stage(
    request: pytest.FixtureRequest, chromium: Chromium, house: House, idle: dict[str, list[Page]]
) -> Iterator[Stage]:
    """The stage of one scene, on the pages of the last one."""
    set_up = UsedPages(chromium, house, idle)
    yield set_up
    set_up.close(request.node.name, request.node.stash.get(FAILED, False))


def complaints(page: Page, options: dict[str, Any]) -> Iterator[str]:
    """What axe finds on the page as it stands."""
    script = "options => axe.run(document, {resultTypes: ['violations'], ...options}).then(found => found.violations)"
    for violation in page.evaluate(script, options):
        for node in violation["nodes"]:
            yield f"{violation['id']}: {node['html'][:200]} {node['failureSummary']}"


def looked_at(page: Page) -> Iterator[str]:
    """What axe finds at every size, in both schemes."""
    # Evaluated by the driver, so the page keeps its own strict policy.
    page.evaluate(AXE.read_text())
    options = EVERYTHING
    for width, height in (PHONE, SCREEN):
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=scheme)
            yield from (f"{width} {scheme}: {found}" for found in complaints(page, options))
            options = LOOKS


def too_wide(page: Page) -> Iterator[str]:
    """What has to be scrolled sideways on the narrowest screen."""
    page.set_viewport_size({"width": NARROWEST[0], "height": NARROWEST[1]})
    yield from (f"sticks out: {found}" for found in page.evaluate(STICKS_OUT))
    yield from (f"scrolls sideways: {found}" for found in page.evaluate(SIDEWAYS))


def misnamed(page: Page) -> Iterator[str]:
    """What is wrong with title and heading; the title of a visitor's page may be read by others."""
    title, headings = page.title(), page.evaluate(HEADINGS)
    if not title.strip():
        yield "no title"
    if "/console" not in page.url and any(name in title for name in ("Helpline", "Zeg het ons", "Anders verder")):
        yield f"the title tells where: {title}"
    if len(headings) != 1 or not headings[0]:
        yield f"headings: {headings}"


def test_a_bad_page_is_seen(stage: Stage) -> None:
    page = stage.page("visitor")
    page.goto(f"{stage.url}/en/youth/")
    page.evaluate(
        """() => {
          document.title = 'Zeg het ons';
          document.querySelector('main').innerHTML = '<h1>One</h1><h1>Two</h1><img src="data:,"><pre></pre>';
          document.querySelector('pre').textContent = 'x'.repeat(500);
        }"""
    )
    assert any("image-alt" in found for found in looked_at(page))
    assert any("sticks out: <pre>" in found for found in too_wide(page))
    assert list(misnamed(page)) == ["the title tells where: Zeg het ons", "headings: ['One', 'Two']"]


@pytest.mark.parametrize("name", SCENES)
def test_a_page_is_fit_for_everybody(stage: Stage, name: str) -> None:
    page = SCENES[name](stage)
    found = [*looked_at(page), *too_wide(page), *misnamed(page)]
    assert not found, "\n".join(found)
