"""What people call a moment to come: tonight, tomorrow, on Thursday. Pure; both moments on the same wall clock."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

EVENING = 18
A_WEEK = 7


class When(StrEnum):
    """In how many words a day is named."""

    TODAY = "today"
    TONIGHT = "tonight"
    TOMORROW = "tomorrow"
    WEEKDAY = "weekday"
    """One of the next six days, each of another name than today's."""
    DATE = "date"
    """Further off: the day of the week alone could be taken for the next one of that name."""


def when(moment: datetime, now: datetime) -> When:
    """How the day of `moment` is called by whoever reads about it `now`."""
    days = (moment.date() - now.date()).days
    if days <= 0:
        return When.TONIGHT if moment.hour >= EVENING else When.TODAY
    if days == 1:
        return When.TOMORROW
    return When.WEEKDAY if days < A_WEEK else When.DATE
