"""The releases of a line in every state."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

from playwright.sync_api import Page, Route, expect

from helpline.contacts.categories import CHANNELS, CONCERNS
from helpline.stats.store import as_json
from helpline.stats.tables import Dimension, Table
from tests.browser.stage import Stage
from tests.browser.tallied import filled

Scene = Callable[[Stage], Page]
ROOM = "/console/releases/"
LINE = "?line=prevention"


def _months(day: date) -> list[str]:
    """Last month and the four before it, the newest first."""
    found = []
    for _ in range(5):
        day = day.replace(day=1) - timedelta(days=1)
        found.append(f"{day:%Y-%m}")
    return found


def _tables() -> list[Table]:
    channel, concern = Dimension("channel", CHANNELS), Dimension("concern", CONCERNS)
    cells = {(one, two): 5 * len(one + two) for one in CHANNELS for two in CONCERNS}
    topic = Dimension("topic", ("sleep", "shame", "other"), several=True)
    return [
        Table("answered-by-channel-and-concern", "answered", (channel, concern), cells),
        Table("answered-by-topic", "answered", (topic,), {("sleep",): 1250, ("shame",): 5}),
    ]


def made(stage: Stage) -> list[str]:
    """A month that was released, one that is being made, one that failed and two that are to be made."""
    months = _months(filled(stage, days=200))
    told = json.dumps(as_json(_tables()))
    rows = [("prevention", months[2], f"{months[1]}-02", 5, 10, 15, '{"topic": ["work"]}', told, told, b"x")]
    now = str(datetime.now(UTC).replace(tzinfo=None))
    runs = [
        ("prevention", months[1], now, "rounding", None),
        ("prevention", months[0], now, "rounding", "no_protection"),
    ]
    with closing(sqlite3.connect(stage.house.server.instance / "helpline.db")) as database, database:
        database.executemany(
            "INSERT INTO releases"
            " (line, period, made_on, within, year_within, late_rows, merged, released, exact, seed)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        database.executemany(
            "INSERT INTO release_runs (line, period, started_at, step, problem) VALUES (?, ?, ?, ?, ?)", runs
        )
    return months


def reader(stage: Stage, path: str, login: str = "ada", lang: str = "en") -> Page:
    """Somebody at the releases; the page stays, where it would fetch itself anew while it is looked at."""
    page = stage.page(login)
    stage.sign_in_quietly(login, page)
    page.goto(f"{stage.url}/console/language/{lang}")
    page.route("**/console/releases/?*", _held)
    page.goto(stage.url + ROOM + path)
    return page


def _held(route: Route) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text().replace('content="2"', 'content="3600"'))


def none_yet(stage: Stage) -> Page:
    """A line of which nothing was counted."""
    filled(stage, days=0)
    return reader(stage, LINE)


def every_state(stage: Stage) -> Page:
    """Released, being made, failed, to be made."""
    months = made(stage)
    page = reader(stage, f"{LINE}&year={months[1][:4]}")
    expect(page.locator(f"[id='at-{months[1]}'] .tag.waiting")).to_be_visible()
    return page


def for_a_supervisor(stage: Stage) -> Page:
    """The same with exact files, in the language with the longer words."""
    months = made(stage)
    return reader(stage, f"{LINE}&year={months[2][:4]}", "dora", "nl")


def asked(stage: Stage) -> Page:
    """Before a month is frozen."""
    return reader(stage, f"prevention/{made(stage)[0]}/make")


def year_asked(stage: Stage) -> Page:
    """Before a year is closed, in Dutch."""
    year = filled(stage).year - 1
    return reader(stage, f"prevention/{year}/make", lang="nl")


def read(stage: Stage) -> Page:
    """The tables of a released month."""
    page = reader(stage, f"prevention/{made(stage)[2]}/figures")
    expect(page.locator(".told-table")).to_have_count(2)
    return page


SCENES: dict[str, Scene] = {
    "releases, none yet": none_yet,
    "releases": every_state,
    "releases of a supervisor in Dutch": for_a_supervisor,
    "release, asked": asked,
    "release of a year, asked in Dutch": year_asked,
    "release to read": read,
}
