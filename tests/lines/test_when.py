"""What people call a moment to come, on a wall clock."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from helpline.lines.when import When, when

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of March 2026, of which the first is a Sunday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=AMSTERDAM)


@pytest.mark.parametrize(
    ("moment", "now", "called"),
    [
        (at(4, 9), at(4, 8, 59), When.TODAY),
        (at(4, 17, 59), at(4, 0, 1), When.TODAY),
        (at(4, 18), at(4, 17), When.TONIGHT),
        (at(4, 23, 30), at(4, 0), When.TONIGHT),
        (at(5, 0, 30), at(4, 23, 59), When.TOMORROW),
        (at(5, 19), at(4, 3), When.TOMORROW),
        (at(6, 9), at(4, 23), When.WEEKDAY),
        (at(10, 23), at(4, 0), When.WEEKDAY),
        (at(11, 0), at(4, 23, 59), When.DATE),
        (at(30, 9), at(4, 9), When.DATE),
        # The clocks go forward in the night to the 29th: a day of 23 hours is a day.
        (at(29, 9), at(28, 9), When.TOMORROW),
    ],
)
def test_a_day_is_called_as_people_call_it(moment: datetime, now: datetime, called: When) -> None:
    assert when(moment, now) is called
