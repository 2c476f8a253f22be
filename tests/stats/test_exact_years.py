"""A busy line's exact year keeps nobody waiting: it is added up from sums of months, read in pieces, packed aside."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from helpline import clock, db
from helpline.contacts import month_tallies
from helpline.contacts import service as contacts
from helpline.desk import release_views
from helpline.lines import service as lines
from helpline.stats import service
from helpline.stats.periods import Period
from tests.builders.logs import LOGS
from tests.house.test_routes import signed_in
from tests.postgres import sqlite_only

pytestmark = sqlite_only
YEAR = Period(2020)
NOW = datetime(2021, 6, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def a_year(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log of a year that is over."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    contacts.import_log((LOGS / "contact-log-2020.csv").read_bytes(), NOW)


def test_it_is_counted_by_the_day_once_and_then_added_up_from_its_months(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[date] = []

    def seen(line: str, first: date, last: date, today: date) -> Any:
        counted.append(first)
        return contacts.tallies(line, first, last, today)

    monkeypatch.setattr(month_tallies, "tallies", seen)
    line = lines.get_line("prevention")
    before = service.exact_sheets(line, YEAR).tables
    assert counted == YEAR.steps
    assert service.exact_sheets(line, YEAR).tables == before
    assert counted == YEAR.steps


def test_its_persons_are_read_month_by_month_and_others_get_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    event.listen(db.engine(), "before_cursor_execute", lambda *given: asked.append(given[2]))
    turns: list[int] = []
    monkeypatch.setattr("time.sleep", lambda _: turns.append(len(asked)))
    concerns, ages = contacts.people_of_year("prevention", 2020)
    of_persons = [statement for statement in asked if "person IS NOT NULL" in statement]
    assert (len(of_persons), len(set(turns))) == (12, 12)
    assert sum(concerns.values()) == sum(ages.values()) == 359


def test_its_files_are_packed_in_the_thread_pool(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    packed: list[str] = []

    def pool(work: Callable[..., Any], *given: Any) -> Any:
        packed.append(given[-1])
        return work(*given)

    monkeypatch.setattr(release_views, "in_thread_pool", pool)
    client = signed_in(app, "supervisor", ["prevention"])
    for form in ("csv", "xlsx"):
        assert client.get(f"/console/releases/prevention/2020/exact.{form}").status_code == 200
    assert packed == ["csv", "xlsx"]
    assert client.get("/console/releases/prevention/2020/exact.pdf").status_code == 404
