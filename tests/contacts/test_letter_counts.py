"""The counters of letters: a day, whole hours, one bit."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from helpline import retention
from helpline.contacts import service
from helpline.lines import service as lines

pytestmark = pytest.mark.usefixtures("house")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
EVER = date(2020, 1, 1), date(2030, 1, 1)


def count(hours: int, at: datetime = NOON, line: str = "youth") -> None:
    service.count_letter(lines.get_line(line), hours=hours, in_time=hours < 48, at=at)


def test_answers_of_a_day_share_a_row_and_lines_and_days_are_apart() -> None:
    for hours in (5, 5, 50):
        count(hours)
    count(5, line="prevention")
    count(7, NOON + timedelta(days=1))
    assert service.letter_counts("youth", NOON.date(), NOON.date()) == [(5, True, 2), (50, False, 1)]
    assert service.letter_counts("youth", *EVER) == [(5, True, 2), (7, True, 1), (50, False, 1)]


def test_days_long_ago_become_months() -> None:
    count(5)
    count(5, NOON + timedelta(days=3))
    assert retention.purge(NOON + timedelta(days=90))["counter_days"] == 2
    assert service.letter_counts("youth", date(2026, 3, 1), date(2026, 3, 1)) == [(5, True, 2)]
