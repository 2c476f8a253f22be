"""The counters of the advice: a day, an advice, bands; never a row of anybody's own."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import inspect, select

from helpline import db
from helpline.chat import retention
from helpline.contacts import service
from helpline.contacts.models import AdviceCount, AdviceHelped
from helpline.lines import service as lines

pytestmark = pytest.mark.usefixtures("house")

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HERE: dict[str, Any] = {"tree": "hedge", "advice": "prune", "asked_for": "self", "at": NOON}


def counted() -> list[tuple[Any, ...]]:
    """Every row of the counter, without the line."""
    columns = AdviceCount.__table__.c
    with db.reading() as session:
        wanted = select(*[column for column in columns if column.name != "line"]).order_by(*columns)
        return [tuple(row) for row in session.execute(wanted)]


def count(**more: Any) -> None:
    service.count_advice(lines.get_line("youth"), **(HERE | more))


def test_walks_of_a_day_to_one_advice_share_a_row() -> None:
    for _ in range(3):
        count(age_band="12-15", gender="male")
    count(age_band="12-15", gender="female")
    day = date(2026, 3, 2)
    assert counted() == [
        (day, "hedge", "prune", "12-15", "female", "self", 1),
        (day, "hedge", "prune", "12-15", "male", "self", 3),
    ]


@pytest.mark.parametrize(
    ("age_band", "gender"), [(None, None), ("rather-not", "rather-not"), ("14", "boy"), ("unknown", "unknown")]
)
def test_what_is_no_age_band_or_gender_counts_as_unknown(age_band: str | None, gender: str | None) -> None:
    count(age_band=age_band, gender=gender)
    assert [row[3:5] for row in counted()] == [("unknown", "unknown")]


def test_the_day_is_that_of_the_line() -> None:
    count(at=datetime(2026, 3, 2, 23, 30, tzinfo=UTC))
    assert counted()[0][0] == date(2026, 3, 3)


def test_of_many_at_the_same_moment_none_is_lost() -> None:
    begin = threading.Barrier(6)

    def walk() -> None:
        begin.wait()
        for _ in range(5):
            count()
            service.count_helped(lines.get_line("youth"), tree="hedge", advice="prune", helped="yes", at=NOON)

    threads = [threading.Thread(target=walk) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row[-1] for row in counted()] == [30]
    with db.reading() as session:
        assert session.scalars(select(AdviceHelped.count)).all() == [30]


def long_after(day: datetime) -> datetime:
    """When the days before this one are no longer told apart, and this one still is."""
    return day + timedelta(days=62)


def test_what_was_counted_long_ago_is_told_by_the_month_and_nothing_is_lost() -> None:
    line = lines.get_line("youth")
    for day in (1, 2, 2, 31):
        count(at=datetime(2026, 1, day, 12, tzinfo=UTC), gender="male")
    count(at=datetime(2026, 1, 15, 12, tzinfo=UTC), gender="female")
    count(at=datetime(2026, 2, 3, 12, tzinfo=UTC))
    count(at=datetime(2026, 2, 4, 12, tzinfo=UTC))
    for day in (2, 30):
        at = datetime(2026, 1, day, 12, tzinfo=UTC)
        service.count_helped(line, tree="hedge", advice="prune", helped="yes", at=at)
    purged = retention.purge(long_after(datetime(2026, 2, 4, tzinfo=UTC)))
    assert purged["counter_days"] == 6
    here = ("hedge", "prune", "unknown")
    assert counted() == [
        (date(2026, 1, 1), *here, "female", "self", 1),
        (date(2026, 1, 1), *here, "male", "self", 4),
        (date(2026, 2, 1), *here, "unknown", "self", 1),
        (date(2026, 2, 4), *here, "unknown", "self", 1),
    ]
    with db.reading() as session:
        helped = session.execute(select(AdviceHelped.on_date, AdviceHelped.count)).all()
    assert [tuple(row) for row in helped] == [(date(2026, 1, 1), 2)]
    assert retention.purge(long_after(datetime(2026, 2, 4, tzinfo=UTC)))["counter_days"] == 0
    retention.purge(long_after(datetime(2026, 2, 5, tzinfo=UTC)))
    assert counted()[-1] == (date(2026, 2, 1), *here, "unknown", "self", 2)


def test_processes_that_merge_at_the_same_moment_count_nothing_twice() -> None:
    for day in range(2, 29):
        for gender in ("male", "female"):
            count(at=datetime(2026, 1, day, 12, tzinfo=UTC), gender=gender)
    begin, merged = threading.Barrier(4), []

    def merge() -> None:
        begin.wait()
        merged.append(service.merge_old_counts(NOON + timedelta(days=62)))

    threads = [threading.Thread(target=merge) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(merged) == 54
    assert len(merged) == 4
    assert [(row[0], row[-1]) for row in counted()] == [(date(2026, 1, 1), 27)] * 2


def test_only_yes_no_and_partly_say_whether_it_helped() -> None:
    line = lines.get_line("youth")
    for helped in service.HELPED:
        service.count_helped(line, tree="hedge", advice="prune", helped=helped, at=NOON)
    with pytest.raises(ValueError, match="maybe"):
        service.count_helped(line, tree="hedge", advice="prune", helped="maybe", at=NOON)
    with db.reading() as session:
        assert sorted(session.scalars(select(AdviceHelped.helped))) == ["no", "partly", "yes"]


def test_no_column_tells_an_hour_a_language_or_who_it_was() -> None:
    inspector = inspect(db.engine())
    names = {
        table: {column["name"] for column in inspector.get_columns(table)} for table in inspector.get_table_names()
    }
    assert names["advice_counts"] == {
        "line", "on_date", "tree", "advice", "age_band", "gender", "asked_for", "count",
    }  # fmt: skip
    assert names["advice_helped"] == {"line", "on_date", "tree", "advice", "helped", "count"}
