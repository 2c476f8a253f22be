"""The figures of a line in every state."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

from playwright.sync_api import Page

from tests.browser.chromium import ANSWERED_NO
from tests.browser.stage import Stage

Scene = Callable[[Stage], Page]
ROOM = "/console/figures/"
ANSWERED = (
    "key, line, channel, on_date, on_hour, in_hours, language, wait_s, length_min, concern, age_band, gender, test, "
    "found_via, referral, recorded, returned"
)
MISSED = "key, line, channel, on_date, on_hour, in_hours, language, wait_s, cause, test, caught_by"


def filled(stage: Stage, days: int = 70) -> date:
    """Contacts of some weeks until today, many of them missed on Monday evenings."""
    today, dice = datetime.now(UTC).date(), random.Random(4)
    answered, missed = [], []
    for back in range(days):
        day = today - timedelta(days=back)
        for _ in range(3):
            who = (dice.choice(("self", "other")), dice.choice(("18-25", "61+")), dice.choice(("male", "female")))
            about = ("internet", dice.choice(("none", "police")), "no", "unknown")
            at = (str(day), dice.randrange(9, 17), True, "nl", dice.randrange(90) * 10, dice.randrange(60))
            answered.append((f"{dice.getrandbits(100):032x}", "prevention", "chat", *at, *who, False, *about))
        evening = (str(day), dice.choice((19, 20)) if day.weekday() == 0 else dice.randrange(24), False, "nl", 30)
        for _ in range(6 if day.weekday() == 0 else 1):
            cause = dice.choice(("nobody_on_duty", "closed", "left_early"))
            more = (cause, False, dice.choice(("none", "advice")))
            missed.append((f"{dice.getrandbits(100):032x}", "prevention", "phone", *evening, *more))
    with closing(sqlite3.connect(stage.house.server.instance / "helpline.db")) as database, database:
        for table in ("contact_topics", "contacts", "missed_contacts", "day_tallies", "month_tallies"):
            database.execute(f"DELETE FROM {table}")  # noqa: S608 - names of ours
        for table, columns, rows in (("contacts", ANSWERED, answered), ("missed_contacts", MISSED, missed)):
            places = ", ".join("?" for _ in columns.split(","))
            database.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", rows)  # noqa: S608 - names of ours
    return today


def supervisor(stage: Stage, asked: str = "") -> Page:
    """A supervisor at the figures of her line."""
    page = stage.page("dora")
    stage.sign_in_quietly("dora", page)
    page.goto(stage.url + ROOM + asked)
    return page


def of_a_year(stage: Stage) -> Page:
    """All that there is, with every table open."""
    today = filled(stage)
    page = supervisor(stage, f"?period={today.year}")
    for fold in page.locator(".figure-fold summary").all():
        fold.click()
    return page


def of_a_month(stage: Stage) -> Page:
    """A month that is over, in the language with the longer words."""
    today = filled(stage)
    page = stage.page("dora")
    stage.sign_in_quietly("dora", page)
    page.goto(f"{stage.url}/console/language/nl")
    page.goto(f"{stage.url}{ROOM}?period={(today.replace(day=1) - timedelta(days=1)):%Y-%m}")
    return page


def of_a_week(stage: Stage) -> Page:
    """A week, of one channel and outside opening hours."""
    today = filled(stage)
    return supervisor(stage, f"?period={today - timedelta(days=7):%G-W%V}&channel=phone&hours=out")


def of_nothing(stage: Stage) -> Page:
    """Before anything was counted."""
    filled(stage, days=0)
    return supervisor(stage)


def of_one(stage: Stage) -> Page:
    """A day with hardly anything."""
    today = filled(stage, days=1)
    return supervisor(stage, f"?period={today}")


def for_others(stage: Stage) -> Page:
    """For somebody who supervises nothing."""
    stage.watch.allow(ANSWERED_NO)
    page = stage.page("ada")
    stage.sign_in_quietly("ada", page)
    page.goto(stage.url + ROOM)
    return page


SCENES: dict[str, Scene] = {
    "figures of a year": of_a_year,
    "figures of a month in Dutch": of_a_month,
    "figures of a week": of_a_week,
    "figures of nothing": of_nothing,
    "figures of a day": of_one,
    "figures, for others": for_others,
}
