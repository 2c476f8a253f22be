"""The journey of `tests/browser/` again, on two processes behind nginx; and each dies under everybody's eyes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser import test_journey as journey
from tests.browser.chromium import NO_LINE
from tests.browser.stage import Stage
from tests.browser.test_journey import Journey
from tests.journeys.house import House
from tests.scaled.cluster import Cluster

# What one process can't tell from two: who hears of what, and where it goes on. All else is tried on one alone.
SHARED = (
    journey.counsellors_come_to_work,
    journey.visitors_queue_up,
    journey.counsellors_take_as_many_as_they_chose,
    journey.texts_go_both_ways,
    journey.the_visitor_without_scripts_talks,
    journey.a_freed_place_goes_to_whoever_waits_and_an_offer_goes_on,
    journey.two_chats_side_by_side,
    journey.everybody_goes,
)


@pytest.mark.browser
@pytest.mark.timeout(180)
def test_three_visitors_and_two_counsellors(house: House, new_stage: Callable[..., Stage]) -> None:
    # They sign in by themselves, and a code works once.
    house.renew(*journey.COUNSELLORS)
    try:
        journey.goes(Journey(new_stage(house)), SHARED)
    finally:
        house.renew(*journey.COUNSELLORS, by_hand=True)


@pytest.mark.browser
def test_a_process_dies_and_the_pages_go_on(house: House, cluster: Cluster, new_stage: Callable[..., Stage]) -> None:
    stage = new_stage(house)
    anna, visitor = stage.desk("anna"), stage.visitor()
    anna.duty("available")
    visitor.join(first="Hello")
    anna.accept_by_key()
    visitor.is_in("active")
    said = ["Hello"]
    for number, process in enumerate(cluster.processes):
        with stage.watch.tolerating(NO_LINE, anna.page, visitor.page):
            process.kill()
            visitor.say(f"Are you there? {number}")
            anna.say(f"I am. {number}")
            said += [f"Are you there? {number}", f"I am. {number}"]
            visitor.is_stored()
            anna.is_stored()
            expect(visitor.bubbles).to_have_count(len(said))
            process.start()
    assert sorted(body for _, body in visitor.texts()) == sorted(said)
    assert anna.texts() == visitor.texts()
    expect(anna.page.locator("#offline")).to_be_hidden()
