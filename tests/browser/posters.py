"""The campaigns of a line in every state."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from tests.browser.chromium import ANSWERED_NO
from tests.browser.stage import Stage

Scene = Callable[[Stage], Page]
ROOM = "/console/campaigns/prevention/"
LONG = "Posters-and-banners-in-the-waiting-rooms-of-all-general-practitioners-of-the-town"[:80]


def supervisor(stage: Stage, path: str = ROOM) -> Page:
    """A supervisor at the campaigns of her line."""
    page = stage.page("dora")
    stage.sign_in_quietly("dora", page)
    page.goto(stage.url + path)
    return page


def made(stage: Stage, *campaigns: str) -> None:
    """These campaigns and no others, the second one archived, with some weeks of arrivals."""
    today = datetime.now(UTC).date()
    rows = [("prevention", code, LONG, "2026-01-01", None, place) for place, code in enumerate(campaigns)]
    counts = [
        ("prevention", code, str(today - timedelta(days=back)), back * 7 % 13, back * 900, back)
        for code in campaigns
        for back in range(40)
    ]
    with closing(sqlite3.connect(stage.house.server.instance / "helpline.db")) as database, database:
        database.execute("DELETE FROM campaigns")
        database.execute("DELETE FROM campaign_counts")
        database.executemany("INSERT INTO campaigns VALUES (?, ?, ?, ?, ?, ?)", rows)
        database.executemany("INSERT INTO campaign_counts VALUES (?, ?, ?, ?, ?, ?)", counts)


def none_yet(stage: Stage) -> Page:
    """A line that has none."""
    made(stage)
    return supervisor(stage)


def several(stage: Stage) -> Page:
    """The campaigns of a line beside each other."""
    made(stage, "posters", "school-week")
    return supervisor(stage)


def one(stage: Stage) -> Page:
    """A campaign with its table open."""
    made(stage, "posters")
    page = supervisor(stage, f"{ROOM}posters/")
    page.locator(".figure-fold summary").click()
    return page


def in_dutch(stage: Stage) -> Page:
    """The same by month, in the language with the longer words."""
    made(stage, "posters", "school-week")
    page = supervisor(stage, "/console/language/nl")
    page.goto(f"{stage.url}{ROOM}school-week/?by=month&done=archived")
    return page


def refused(stage: Stage) -> Page:
    """Numbers that can't be."""
    made(stage, "posters")
    stage.watch.allow(ANSWERED_NO)
    page = supervisor(stage, f"{ROOM}posters/")
    page.locator("#clicks").fill("many")
    page.locator("#impressions").fill("-1")
    page.get_by_role("button", name="Keep the numbers").click()
    expect(page.locator("#clicks-error")).to_be_visible()
    return page


def for_others(stage: Stage) -> Page:
    """For somebody who supervises nothing."""
    stage.watch.allow(ANSWERED_NO)
    page = stage.page("ada")
    stage.sign_in_quietly("ada", page)
    page.goto(stage.url + ROOM)
    return page


SCENES: dict[str, Scene] = {
    "campaigns, none yet": none_yet,
    "campaigns": several,
    "campaign": one,
    "campaign in Dutch": in_dutch,
    "campaign, refused": refused,
    "campaigns, for others": for_others,
}
