"""The yearly report on screens and on paper: fit for everybody, no chart cut by the end of a sheet, marked on each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.paper import letters_of, squeezed
from tests.browser.stage import Stage
from tests.browser.test_screens import looked_at, misnamed, too_wide
from tests.builders.logs import LOGS
from tests.journeys.house import run_all

ROOT = "/console/releases/prevention/"
# What of a sheet of A4 the margins of report.css leave, in pixels of 96 to the inch.
SHEET = (176 * 96 // 25.4, 259 * 96 // 25.4)
# Parts that must stay whole, with their heights; a long table may go on on the next sheet, its chart may not be cut.
WHOLE = """() => [...document.querySelectorAll(
  '.report-cover, .report-opening:not(:has(.long)), .report-figure:not(.long), .report-figure.long .report-chart')]
  .map((part) => [part.className, part.getBoundingClientRect().height])"""


@pytest.fixture
def page(stage: Stage) -> Page:
    """An analyst's browser, with two years of the line imported."""
    logs = [LOGS / f"contact-log-{year}.csv" for year in (2019, 2020)]
    run_all(stage.house.server, [["contacts", "import", str(log)] for log in logs])
    page = stage.page("ada")
    stage.sign_in_quietly("ada", page)
    return page


def test_the_report_of_the_releases_is_fit_for_everybody(stage: Stage, page: Page, tmp_path: Path) -> None:
    page.goto(f"{stage.url}{ROOT}2020/")
    assert "2020-01" in page.locator("main").inner_text(), "what is still to be released"
    found = [*looked_at(page), *too_wide(page), *misnamed(page)]
    asked = ("--year", "2020", "--line", "prevention", "--format", "json", "--out", str(tmp_path / "told.json"))
    stage.house.server.command("stats", "report", *asked)
    page.goto(f"{stage.url}{ROOT}2020/?lang=nl")
    assert page.locator("html").get_attribute("lang") == "nl"
    assert page.locator(".chart").count() == page.locator("table").count() >= 12
    found += [*looked_at(page), *too_wide(page), *misnamed(page)]
    assert not found, "\n".join(found)


def test_on_paper_nothing_is_cut_and_every_sheet_says_that_it_is_exact(
    stage: Stage, page: Page, tmp_path: Path
) -> None:
    out = tmp_path / "report.html"
    asked = ("--year", "2020", "--line", "prevention", "--exact", "--format", "html", "--out", str(out))
    stage.house.server.command("stats", "report", *asked)
    page.set_content(out.read_text(encoding="utf-8"))
    page.emulate_media(media="print")
    width, height = map(int, SHEET)
    page.set_viewport_size({"width": width, "height": height})
    parts = page.evaluate(WHOLE)
    assert len(parts) > 12
    assert [part for part in parts if part[1] > height] == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    paper = page.pdf(prefer_css_page_size=True, print_background=True)
    sheets = len(re.findall(rb"/Type /Page\b", paper))
    letters = letters_of(paper)
    assert 8 <= sheets <= 16
    # Once more on the title page itself.
    assert letters.count(squeezed("Exact figures, not for publication")) == sheets + 1
    assert all(squeezed(f"{number} / {sheets}") in letters for number in range(1, sheets + 1))
    assert "Helpline" not in letters
