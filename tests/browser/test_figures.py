"""The page of figures on screens of all sizes and on paper."""

from __future__ import annotations

from tests.browser import tallied
from tests.browser.stage import Stage
from tests.browser.test_course_figures import CLIPPED
from tests.browser.test_screens import NARROWEST


def test_no_word_of_a_chart_or_map_is_clipped_or_covered(stage: Stage) -> None:
    for scene in (tallied.of_a_year, tallied.of_a_month):
        page = scene(stage)
        assert page.locator("svg.chart .heat").count() > 7 * 24
        for width, height in (NARROWEST, (360, 740), (1280, 800)):
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate(CLIPPED) == [], (scene, width)


def test_on_paper_stand_the_figures_and_their_tables_and_no_way_elsewhere(stage: Stage) -> None:
    page = tallied.of_a_month(stage)
    page.emulate_media(media="print")
    for shown in (".tiles", ".advice-lines", "svg .heat", "svg .open", ".figure-table table", ".beams .beam", ".tag"):
        assert page.locator(shown).first.is_visible(), shown
    for hidden in ("header.bar", ".choices-row", ".figure-fold"):
        assert not page.locator(hidden).first.is_visible(), hidden
