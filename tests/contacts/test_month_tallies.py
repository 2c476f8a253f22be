"""The sums of months: like the days they are sums of, whatever was written when."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from helpline import clock
from helpline.contacts import month_tallies
from helpline.contacts import service as contacts
from helpline.contacts.models import MonthTally
from helpline.contacts.service import Answers
from helpline.contacts.tally import Sum, summed
from helpline.db import reading, transaction
from helpline.lines import service as lines

TODAY = date(2026, 3, 20)
NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def line(house: object, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(clock, "now", lambda: NOON)
    return lines.get_line("prevention")


def by_hand(line, days_ago: int, **answers: object) -> None:
    at = NOON - timedelta(days=days_ago)
    contacts.record_by_hand(line, channel="phone", at=at, minutes=9, answers=Answers(**answers))


def told(first: date, last: date) -> Sum:
    return contacts.summed_days("prevention", first, last, TODAY)


def by_days(first: date, last: date) -> Sum:
    return summed(contacts.tallies("prevention", first, last, TODAY))


def kept() -> list[date]:
    with reading() as session:
        return sorted(session.scalars(select(MonthTally.month)).all())


def test_they_are_the_sum_of_their_days(line) -> None:
    dice = random.Random(5)
    for _ in range(40):
        by_hand(
            line, dice.randrange(160), age_band=dice.choice(["18-25", "61+"]), gender=dice.choice(["male", "female"])
        )
        cause = dice.choice(["closed", "left_early", "unanswered"])
        contacts.record_missed(line, cause=cause, at=NOON - timedelta(days=dice.randrange(160)))
    spans = [(date(2025, 1, 1), TODAY), (date(2025, 11, 1), date(2025, 11, 30)), (date(2025, 10, 31), date(2026, 3, 1))]
    spans += [
        (TODAY - timedelta(days=dice.randrange(60, 170)), TODAY - timedelta(days=dice.randrange(60))) for _ in range(6)
    ]
    for _ in range(2):
        for first, last in spans:
            assert told(first, last) == by_days(first, last), (first, last)


def test_only_months_that_are_over_for_some_days_are_kept(line) -> None:
    by_hand(line, 75)
    told(date(2025, 1, 1), TODAY)
    assert kept() == [date(2026, 1, 1), date(2026, 2, 1)], "the first of January is 78 days ago; nothing was before"


def test_a_kept_month_is_read_and_a_late_row_is_in_the_next_count(line) -> None:
    by_hand(line, 60)
    assert told(date(2026, 1, 1), TODAY).together["answered phone in"]["all"] == {"": 1}
    with transaction() as session:
        session.get_one(MonthTally, ("prevention", date(2026, 1, 1))).tally = month_tallies._dumped(Sum())
    assert told(date(2026, 1, 1), TODAY) == Sum()
    by_hand(line, 60)
    assert told(date(2026, 1, 1), TODAY).together["answered phone in"]["all"] == {"": 2}


def test_a_sum_that_missed_a_row_is_not_kept_for_the_truth(line, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row comes when the month is added up already and its sum is not stored yet."""
    by_hand(line, 60)
    store = month_tallies._keep

    def late(*arguments: object) -> None:
        by_hand(line, 60)
        store(*arguments)

    monkeypatch.setattr(month_tallies, "_keep", late)
    told(date(2026, 1, 1), TODAY)
    monkeypatch.setattr(month_tallies, "_keep", store)
    assert told(date(2026, 1, 1), TODAY).together["answered phone in"]["all"] == {"": 2}


def test_nothing_was_ever_counted(line) -> None:
    assert told(date(2025, 1, 1), TODAY) == Sum()
    assert kept() == []
