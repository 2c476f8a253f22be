"""Releases: made once, frozen, of rows that no other has counted; on both databases."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update

from helpline.contacts import service as contacts
from helpline.contacts.models import Contact, ContactTopic, MissedContact
from helpline.db import reading, transaction
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.stats import disclosure, making, service
from helpline.stats.disclosure import DisclosureError, window
from helpline.stats.models import Released
from helpline.stats.periods import Period, parse
from helpline.stats.service import CannotRelease, NotOver, Told
from helpline.stats.tables import ANY, TOTAL
from tests.builders.logs import a_log, answered, missed

NOW = datetime(2021, 2, 3, 12, tzinfo=UTC)
ALL = (TOTAL, TOTAL)


@pytest.fixture
def line(app: Flask) -> Line:
    """The line of most tests, on an empty installation."""
    return lines.get_line("prevention")


def month(written: str) -> Period:
    found = parse(written)
    assert found is not None
    return found


def take(*rows: dict[str, str]) -> None:
    """Import these rows."""
    contacts.import_log(a_log(*rows).encode(), NOW)


def some(written: str, number: int, **cells: str) -> None:
    """Import so many contacts on the fourth of a month, each in an hour or a minute of its own."""
    at = [f"{written}-04T{10 + place // 60:02}:{place % 60:02}:00+01:00" for place in range(number)]
    take(*(answered(occurred_at=moment, person=f"{written}/{moment}", **cells) for moment in at))


def release(line: Line, written: str) -> Told:
    return service.release_month(line, month(written), NOW)


def exact(line: str, written: str) -> dict[str, dict[Any, int]]:
    """What was counted for a release, by table."""
    with reading() as session:
        row = session.get_one(Released, (line, written))
    return {table.name: table.figures() for table in making.store.month(row).exact}


def counted_in() -> Counter[str | None]:
    with reading() as session:
        return Counter(
            dict(session.execute(select(Contact.counted_in, func.count()).group_by(Contact.counted_in)).all())
        )


# What is told


def test_each_figure_is_in_the_window_of_what_was_counted_and_equal_margins_are_equal(line: Line) -> None:
    some("2020-05", 7)
    some("2020-05", 6, concern="other", gender="female", topics="", age_band="unknown")
    take(missed(occurred_at="2020-05-31T23:59:00+02:00"), missed(occurred_at="2020-06-01T00:00:00+02:00"))
    told, counted = release(line, "2020-05"), exact("prevention", "2020-05")
    assert counted["answered-by-concern"]["self", TOTAL] == 7
    assert counted["answered-by-topic"][ANY, TOTAL] == 13
    assert counted["missed-by-reason"][ALL] == 1, "the month ends at midnight on the clock of the line"
    for table in told.tables:
        for key, number in table.figures().items():
            assert counted[table.name][key] in window(number), (table.name, key)
    totals = {
        table.name: number
        for table in told.tables
        for key, number in table.figures().items()
        if table.population == "answered" and set(key) <= {TOTAL, ANY}
    }
    assert len(totals) == 7
    assert len(set(totals.values())) == 1


def test_a_month_that_goes_on_is_not_released(line: Line) -> None:
    last_minute = datetime(2020, 5, 31, 21, 59, tzinfo=UTC)
    with pytest.raises(NotOver):
        service.release_month(line, month("2020-05"), last_minute)
    assert service.told("prevention", month("2020-05")) is None
    over = datetime(2020, 5, 31, 22, tzinfo=UTC)
    assert service.release_month(line, month("2020-05"), over).made_on.isoformat() == "2020-06-01"


def test_it_is_frozen(line: Line) -> None:
    some("2020-05", 13)
    before = release(line, "2020-05")
    some("2020-05", 40, concern="other")
    with transaction() as session:
        session.execute(delete(ContactTopic))
        session.execute(delete(Contact).where(Contact.counted_in.is_not(None)))
    assert release(line, "2020-05") == before == service.told("prevention", month("2020-05"))
    assert service.year_tables("prevention", 2020).table("answered-by-age").figures()[ALL] in (10, 15)


# Which rows count where


def test_a_late_row_counts_in_the_first_unreleased_month_after_its_own(line: Line) -> None:
    release(line, "2020-02")
    release(line, "2020-03")
    some("2020-02", 12)
    take(missed(occurred_at="2020-03-04T10:15:00+01:00"))
    some("2020-04", 3, gender="other")
    told, counted = release(line, "2020-04"), exact("prevention", "2020-04")
    assert counted["answered-by-age"][ALL] == 15
    assert counted["answered-late"][("yes",)] == 12
    assert counted["missed-late"][("yes",)] == 1
    assert told.late_rows in (10, 15, 20)
    assert "answered-late" not in {table.name for table in told.tables}
    assert counted_in() == {"2020-04": 15}


def test_it_waits_where_the_month_after_its_own_is_not_released(line: Line) -> None:
    release(line, "2020-02")
    some("2020-02", 12)
    assert exact("prevention", str(release(line, "2020-04").period))["answered-by-age"][ALL] == 0
    release(line, "2020-03")
    assert exact("prevention", "2020-03")["answered-by-age"][ALL] == 12
    assert counted_in() == {"2020-03": 12}


def test_rows_of_a_month_that_was_not_released_wait_for_its_release(line: Line) -> None:
    some("2020-02", 6)
    some("2020-03", 7)
    release(line, "2020-03")
    assert counted_in() == {None: 6, "2020-03": 7}
    assert service.year_tables("prevention", 2020).missing[:3] == tuple(map(month, ("2020-01", "2020-02", "2020-04")))
    release(line, "2020-02")
    assert exact("prevention", "2020-02")["answered-by-age"][ALL] == 6


def test_late_rows_of_december_count_in_the_next_year(line: Line) -> None:
    release(line, "2020-12")
    some("2020-12", 8)
    release(line, "2021-01")
    assert exact("prevention", "2021-01")["answered-late"] == {("yes",): 8, ("no",): 0, (TOTAL,): 8}


def test_test_contacts_never_count_and_who_becomes_one_later_stays(line: Line) -> None:
    some("2020-05", 10)
    with transaction() as session:
        keys = session.scalars(select(Contact.key).limit(4)).all()
        session.execute(update(Contact).where(Contact.key.in_(keys)).values(test=True))
    told = release(line, "2020-05")
    assert exact("prevention", "2020-05")["answered-by-age"][ALL] == 6
    assert counted_in() == {None: 4, "2020-05": 6}
    with transaction() as session:
        session.execute(update(Contact).values(test=True))
    assert release(line, "2020-05") == told
    release(line, "2020-06")
    assert exact("prevention", "2020-06")["answered-by-age"][ALL] == 0, "nothing is subtracted"


def test_each_line_has_its_own(line: Line) -> None:
    some("2020-05", 10)
    some("2020-05", 20, line="youth", age_band="16-17", topics="")
    release(line, "2020-05")
    assert service.told("youth", month("2020-05")) is None
    assert exact("prevention", "2020-05")["answered-by-age"][ALL] == 10
    assert counted_in() == {None: 20, "2020-05": 10}


# The order of months


def test_months_can_be_released_in_any_order_and_the_bound_never_shrinks(line: Line) -> None:
    for number in range(1, 13):
        some(f"2020-{number:02}", number % 4 + 1, gender=("male", "female")[number % 2])
    bounds = [release(line, f"2020-{number:02}").year_within for number in (5, 12, 1, 2, 11, 3, 4, 6, 7, 10, 9, 8)]
    assert bounds == sorted(bounds)
    year = service.year_tables("prevention", 2020)
    assert year.year_within == bounds[-1]
    assert (year.missing, len(year.months)) == ((), 12)
    counted = {name: Counter[Any]() for name in exact("prevention", "2020-01")}
    for number in range(1, 13):
        for name, figures in exact("prevention", f"2020-{number:02}").items():
            counted[name].update(figures)
    for table in year.tables:
        table.check()
        for key, number in table.figures().items():
            assert abs(number - counted[table.name][key]) < year.year_within, (table.name, key)


# Merging


def test_what_was_sparse_in_the_year_before_is_merged_all_through_the_year(line: Line) -> None:
    for number in range(1, 13):
        some(f"2019-{number:02}", 3, topics="attraction", found_via="internet")
        release(line, f"2019-{number:02}")
    some("2019-12", 1)
    some("2020-01", 5, topics="viewing;practical", found_via="police")
    some("2020-01", 5, topics="", found_via="internet")
    told, counted = release(line, "2020-01"), exact("prevention", "2020-01")
    merged = told.merged["topic"]
    assert {"viewing", "practical"} <= set(merged)
    assert not {"attraction", "unknown"} & set(merged)
    assert "police" in told.merged["found_via"]
    assert "module" not in told.merged, "nothing was told of the course: it is new, not sparse"
    by_topic = counted["answered-by-topic"]
    assert by_topic["other", TOTAL] == 6, "who has two merged topics counts once"
    assert by_topic[ANY, TOTAL] == 11
    assert counted["answered-by-route"][("other",)] == 5
    some("2020-02", 30, topics="viewing")
    assert release(line, "2020-02").merged == told.merged


def test_a_line_that_began_late_in_the_year_before_had_no_time_to_tell_what_is_sparse(line: Line) -> None:
    for number in range(1, 13):
        if number > 6:
            some(f"2019-{number:02}", 5)
        release(line, f"2019-{number:02}")
    some("2020-01", 5)
    assert release(line, "2020-01").merged == {}


def test_without_a_whole_year_before_nothing_is_merged(line: Line) -> None:
    for number in range(2, 13):
        release(line, f"2019-{number:02}")
    some("2020-01", 5)
    assert release(line, "2020-01").merged == {}
    release(line, "2019-01")
    assert release(line, "2020-02").merged == {}, "a year is told in one way all through"


# What can come between


def between(monkeypatch: pytest.MonkeyPatch, first: Callable[[], None]) -> list[int]:
    """Let something happen the first time that the figures are counted and not stored yet; how often they were."""
    protect, calls = disclosure.release, []

    def slow(*arguments: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            first()
        return protect(*arguments, **named)

    monkeypatch.setattr(disclosure, "release", slow)
    return calls


@pytest.mark.parametrize("what", ["a row", "a wrap-up", "another month"])
def test_what_changes_meanwhile_is_counted_anew(line: Line, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    some("2020-05", 6)

    def change() -> None:
        if what == "a row":
            some("2020-05", 1, concern="other")
        elif what == "a wrap-up":
            with transaction() as session:
                session.execute(update(Contact).values(gender="other"))
        else:
            release(line, "2020-04")

    calls = between(monkeypatch, change)
    release(line, "2020-05")
    counted = exact("prevention", "2020-05")
    assert len(calls) == (3 if what == "another month" else 2)
    assert counted["answered-by-age"][ALL] == counted_in()["2020-05"] == (7 if what == "a row" else 6)
    assert counted["answered-by-age"][TOTAL, "other"] == (6 if what == "a wrap-up" else 0)


def test_a_ledger_that_never_rests_is_told_so(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    protect = disclosure.release

    def restless(*arguments: Any, **named: Any) -> Any:
        contacts.record_missed(line, cause="closed", at=datetime(2020, 5, 4, 12, tzinfo=UTC))
        return protect(*arguments, **named)

    monkeypatch.setattr(disclosure, "release", restless)
    with pytest.raises(CannotRelease, match="changes while it is counted"):
        release(line, "2020-05")
    assert service.told("prevention", month("2020-05")) is None
    with reading() as session:
        assert set(session.scalars(select(MissedContact.counted_in))) == {None}


@pytest.mark.parametrize("months", [("2020-05", "2020-05"), ("2020-05", "2020-06")])
def test_of_two_at_the_same_time_one_wins(line: Line, monkeypatch: pytest.MonkeyPatch, months: tuple[str, str]) -> None:
    """The other reads the release that won, or, of another month, is made anew on top of it."""
    some("2020-05", 7)
    some("2020-06", 8)
    protect, together, calls = disclosure.release, threading.Barrier(2), []

    def at_once(*arguments: Any, **named: Any) -> Any:
        calls.append(named["earlier"])
        if len(calls) <= 2:
            together.wait(30)
        return protect(*arguments, **named)

    monkeypatch.setattr(disclosure, "release", at_once)
    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(lambda written: release(line, written), months))
    assert [release(line, written) for written in months] == told
    assert counted_in() == ({"2020-05": 7, None: 8} if len(set(months)) == 1 else {"2020-05": 7, "2020-06": 8})
    assert [len(earlier) for earlier in calls] == [0, 0] + [1] * (len(set(months)) - 1)


def test_what_can_not_be_protected_is_no_release(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    some("2020-05", 7)

    def no(*_: Any, **__: Any) -> Any:
        raise DisclosureError("No rounding of these tables keeps all their sums; merge categories.")

    monkeypatch.setattr(disclosure, "release", no)
    with pytest.raises(CannotRelease, match="No rounding"):
        release(line, "2020-05")
    assert service.released_periods("prevention") == set()
    assert counted_in() == {None: 7}
