"""Campaigns: a day's counter for who arrives, numbers entered by hand, and nothing about anybody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import OperationalError

from helpline import db
from helpline.contacts import campaigns
from helpline.contacts.campaigns import BadCampaign
from helpline.lines import service as lines

pytestmark = pytest.mark.usefixtures("house", "spring")

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TODAY = NOON.date()


@pytest.fixture
def spring(house: object) -> Iterator[None]:
    """A campaign that runs."""
    campaigns.forget_arrivals()
    campaigns.add_campaign("youth", "spring-2026", "Spring", None, None)
    yield
    campaigns.forget_arrivals()


def arrive(code: str = "spring-2026", line: str = "youth", at: datetime = NOON) -> None:
    campaigns.count_arrival(lines.get_line(line), code, at)


def counted(line: str = "youth") -> list[campaigns.Row]:
    return campaigns.campaign_counts(line)


def shown(day: date, impressions: int | None, clicks: int | None, **more: Any) -> None:
    campaigns.enter_shown("youth", "spring-2026", day, impressions, clicks, **({"today": TODAY} | more))


def refused(field: str, why: str) -> Any:
    return pytest.raises(BadCampaign, match=f"{field}: {why}")


# Arriving


def test_who_arrives_on_a_day_is_one_more_in_its_counter() -> None:
    for _ in range(3):
        arrive()
    arrive(at=datetime(2026, 3, 2, 23, 30, tzinfo=UTC))
    assert counted() == [
        ("spring-2026", date(2026, 3, 2), 3, None, None),
        ("spring-2026", date(2026, 3, 3), 1, None, None),
    ]


@pytest.mark.parametrize("code", ["autumn", "", "SPRING-2026", "spring-2026 ", "%", "x" * 4000, "spring-2026\0"])
def test_what_is_no_code_of_the_line_counts_nowhere(code: str) -> None:
    arrive(code)
    arrive("spring-2026", "prevention")
    assert counted() == counted("prevention") == []


def test_an_archived_campaign_counts_no_more_but_keeps_what_it_has() -> None:
    arrive()
    campaigns.archive_campaign("youth", "spring-2026", True)
    arrive()
    assert [row[2] for row in counted()] == [1]
    campaigns.archive_campaign("youth", "spring-2026", False)
    arrive()
    assert [row[2] for row in counted()] == [2]


def test_while_somebody_else_writes_nobody_waits_and_nobody_is_lost() -> None:
    """On SQLite the whole database is locked, on PostgreSQL the row of the day."""
    arrive()
    other = db.new_engine(db.engine().url)
    try:
        with other.connect().execution_options(writes=True) as held:
            held.execute(text("UPDATE campaign_counts SET clicks = 1"))
            for _ in range(2):
                with pytest.raises(OperationalError):
                    arrive()
    finally:
        other.dispose()
    assert [row[2] for row in counted()] == [1]
    arrive()
    assert [row[2] for row in counted()] == [4]


def test_what_waits_is_written_when_old_counters_are_looked_after(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OperationalError("", {}, Exception())

    with monkeypatch.context() as broken:
        broken.setattr(campaigns, "_add", fail)
        with pytest.raises(OperationalError):
            arrive()
    assert counted() == []
    campaigns.merge_old_counts(NOON)
    assert [row[2] for row in counted()] == [1]


def test_no_column_tells_an_hour_a_language_or_who_it_was() -> None:
    columns = {column["name"] for column in inspect(db.engine()).get_columns("campaign_counts")}
    assert columns == {"line", "code", "on_date", "arrivals", "impressions", "clicks"}


# Campaigns


@pytest.mark.parametrize("code", ["", "Spring", "spring 2026", "-spring", "spring-", "zomer_26", "é", "x" * 33, "a/b"])
def test_a_code_is_made_of_small_letters_digits_and_dashes(code: str) -> None:
    with refused("code", "malformed"):
        campaigns.add_campaign("youth", code, "Spring", None, None)


def test_a_code_belongs_to_one_campaign_of_a_line_for_good() -> None:
    campaigns.archive_campaign("youth", "spring-2026", True)
    with refused("code", "taken"):
        campaigns.add_campaign("youth", "spring-2026", "Another", None, None)
    campaigns.add_campaign("prevention", "spring-2026", "Another", None, None)
    assert [one.name for one in campaigns.campaigns_of("youth")] == ["Spring"]


def test_a_name_and_dates_can_be_changed() -> None:
    with refused("name", "missing"):
        campaigns.change_campaign("youth", "spring-2026", "", None, None)
    with refused("name", "long"):
        campaigns.change_campaign("youth", "spring-2026", "x" * 81, None, None)
    with refused("ends_on", "before"):
        campaigns.change_campaign("youth", "spring-2026", "Spring", TODAY, TODAY - timedelta(days=1))
    campaigns.change_campaign("youth", "spring-2026", "Bus stops", TODAY, TODAY)
    found = campaigns.campaign_of("youth", "spring-2026")
    assert found is not None
    assert (found.name, found.starts_on, found.ends_on) == ("Bus stops", TODAY, TODAY)


def test_those_that_run_come_first_and_of_them_the_newest() -> None:
    campaigns.add_campaign("youth", "autumn", "Autumn", date(2025, 10, 1), None)
    campaigns.add_campaign("youth", "old", "Old", date(2026, 2, 1), None)
    campaigns.archive_campaign("youth", "old", True)
    assert [one.code for one in campaigns.campaigns_of("youth")] == ["autumn", "spring-2026", "old"]


def test_there_is_no_code_for_each_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaigns, "MOST_RUNNING", 2)
    campaigns.add_campaign("youth", "two", "Two", None, None)
    with refused("code", "many"):
        campaigns.add_campaign("youth", "three", "Three", None, None)
    campaigns.archive_campaign("youth", "two", True)
    campaigns.add_campaign("youth", "three", "Three", None, None)
    with refused("code", "many"):
        campaigns.archive_campaign("youth", "two", False)


# Entered by hand


def test_a_later_entry_of_a_day_takes_the_place_of_the_one_before() -> None:
    arrive()
    shown(TODAY, 1000, 20)
    shown(TODAY, 1200, None)
    arrive()
    assert counted() == [("spring-2026", TODAY, 2, 1200, None)]


def test_an_entry_for_a_month_takes_the_place_of_its_days() -> None:
    arrive(at=datetime(2026, 2, 27, 12, tzinfo=UTC))
    for day in (27, 28):
        shown(date(2026, 2, day), 100, 10)
    shown(TODAY, 5, 1)
    shown(date(2026, 2, 14), 5000, 80, month=True)
    assert counted() == [
        ("spring-2026", date(2026, 2, 1), 0, 5000, 80),
        ("spring-2026", date(2026, 2, 27), 1, None, None),
        ("spring-2026", date(2026, 2, 28), 0, None, None),
        ("spring-2026", TODAY, 0, 5, 1),
    ]


def test_numbers_that_can_not_be_are_refused() -> None:
    with refused("on_date", "future"):
        shown(TODAY + timedelta(days=1), 1, 1)
    with refused("on_date", "merged"):
        shown(TODAY - timedelta(days=63), 1, 1)
    with refused("impressions", "range"):
        shown(TODAY, -1, None)
    with refused("clicks", "range"):
        shown(TODAY, None, 10**10)
    with refused("clicks", "more"):
        shown(TODAY, 10, 11)
    assert counted() == []
    shown(TODAY - timedelta(days=63), 1, 1, month=True)


def test_days_long_ago_are_told_by_the_month_and_nothing_is_lost() -> None:
    for day in (1, 2, 31):
        arrive(at=datetime(2026, 1, day, 12, tzinfo=UTC))
    january = date(2026, 2, 1)
    shown(date(2026, 1, 2), 100, None, today=january)
    shown(date(2026, 1, 31), 50, 7, today=january)
    arrive()
    now = NOON + timedelta(days=62)
    assert campaigns.merge_old_counts(now) == 2
    assert counted() == [
        ("spring-2026", date(2026, 1, 1), 3, 150, 7),
        ("spring-2026", date(2026, 3, 2), 1, None, None),
    ]
    assert campaigns.merge_old_counts(now) == 0
