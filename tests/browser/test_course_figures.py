"""The course in figures: charts whose words fit on any screen and on paper, a page fit for everybody."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page

from tests.browser.stage import Stage
from tests.browser.test_screens import NARROWEST, looked_at, misnamed, too_wide

ROOT = "/console/course/"
MODULES = ("welcome", "fantasies", "feelings", "telling-someone")
# Words of a chart that reach beyond it, and such as lie on one another, as the browser has really set them.
CLIPPED = """() => [...document.querySelectorAll('.chart')].flatMap((chart) => {
  const room = chart.getBoundingClientRect();
  const words = [...chart.querySelectorAll('text')].map((text) => [text.textContent, text.getBoundingClientRect()]);
  const out = words.filter(([, box]) => box.left < room.left - 1 || box.right > room.right + 8
    || box.top < room.top - 1 || box.bottom > room.bottom + 1);
  const over = words.filter(([, a], one) => words.some(([, b], other) => one < other
    && a.left < b.right && b.left < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom));
  return [...out, ...over].map(([words]) => words);
})"""


@pytest.fixture
def page(stage: Stage) -> Page:
    """A supervisor's browser, with two months of visits counted."""
    today = datetime.now(UTC).date()
    rows = [
        (
            "prevention",
            (today - timedelta(days=back)).isoformat(),
            module,
            what,
            before,
            1 + (back * 7 + len(module)) % 13,
        )
        for back in range(60)
        for module in ("", *MODULES)
        for what in (("visit", "done") if module else ("visit",))
        for before in (False, True)
    ]
    with closing(sqlite3.connect(stage.house.server.instance / "helpline.db")) as database, database:
        database.executemany("INSERT OR REPLACE INTO course_counts VALUES (?, ?, ?, ?, ?, ?)", rows)
    page = stage.page("dora")
    stage.sign_in_quietly("dora", page)
    return page


def periods() -> list[str]:
    today = datetime.now(UTC).date()
    return ["", f"?period={today.year}"]


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_the_figures_are_fit_for_everybody(stage: Stage, page: Page, lang: str) -> None:
    page.goto(f"{stage.url}/console/language/{lang}")
    for period in periods():
        page.goto(f"{stage.url}{ROOT}{period}")
        assert page.locator(".chart").count() == 2
        found = [*looked_at(page), *too_wide(page), *misnamed(page)]
        assert not found, "\n".join(found)


@pytest.mark.parametrize("lang", ["en", "nl"])
def test_no_word_of_a_chart_is_clipped_or_covered(stage: Stage, page: Page, lang: str) -> None:
    page.goto(f"{stage.url}/console/language/{lang}")
    for period in periods():
        page.goto(f"{stage.url}{ROOT}{period}")
        for width, height in (NARROWEST, (360, 740), (1280, 800)):
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate(CLIPPED) == [], (period, width)


def test_on_paper_stand_the_charts_and_their_tables_and_no_way_elsewhere(stage: Stage, page: Page) -> None:
    page.goto(f"{stage.url}{ROOT}")
    assert not page.locator(".figure table").first.is_visible()
    page.emulate_media(media="print")
    for shown in (".chart .beam", ".chart polyline", ".figure table", ".tiles"):
        assert page.locator(shown).first.is_visible(), shown
    for hidden in ("header.bar", ".choices-row", ".figure-fold"):
        assert not page.locator(hidden).first.is_visible(), hidden


def test_a_chart_has_the_width_of_the_page_and_its_table_opens_by_keyboard(stage: Stage, page: Page) -> None:
    page.goto(f"{stage.url}{ROOT}")
    figure = page.locator(".figure").first
    wide, chart = (figure.locator(part).bounding_box() for part in (".figure-parts", ".chart"))
    assert wide is not None
    assert chart is not None
    assert chart["width"] == wide["width"] > 1000
    figure.locator("summary").focus()
    page.keyboard.press("Enter")
    assert figure.locator("table").is_visible()
    found = [*looked_at(page), *too_wide(page), *misnamed(page)]
    assert not found, "\n".join(found)
