"""The figures of a campaign: who arrived, how often it was shown and clicked, by day, week or month. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from helpline.stats.periods import Period

# A day, arrivals, impressions, clicks; None where nobody entered any.
Row = tuple[date, int, int | None, int | None]
DAYS, WEEKS, MONTHS = "day", "week", "month"
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Step:
    """A day, a week or a month with what was counted in it."""

    first: date
    last: date
    arrivals: int
    impressions: int | None
    clicks: int | None


@dataclass(frozen=True)
class Figures:
    """All of a campaign.

    click_rate: clicks of impressions, of the entries that have both. arrivals_a_click: of the months for which clicks
    were entered, for these may stand for a day or a month.
    """

    arrivals: int
    impressions: int | None
    clicks: int | None
    click_rate: float | None
    arrivals_a_click: float | None


def figures(rows: Sequence[Row]) -> Figures:
    """What these days add up to."""
    both = [(impressions, clicks) for _, _, impressions, clicks in rows if impressions and clicks is not None]
    clicked = {day.replace(day=1) for day, _, _, clicks in rows if clicks is not None}
    clicks = _sum(clicks for _, _, _, clicks in rows)
    arrived = sum(arrivals for day, arrivals, _, _ in rows if day.replace(day=1) in clicked)
    return Figures(
        arrivals=sum(arrivals for _, arrivals, _, _ in rows),
        impressions=_sum(impressions for _, _, impressions, _ in rows),
        clicks=clicks,
        click_rate=sum(clicks for _, clicks in both) / sum(shown for shown, _ in both) if both else None,
        arrivals_a_click=arrived / clicks if clicks else None,
    )


def steps(rows: Sequence[Row], by: str, today: date, apart_since: date) -> list[Step]:
    """The days or weeks that are still told apart, or the months since the first arrival; the last goes on.

    Days are those of four weeks, weeks begin on a Monday, months are those of three years at most.
    """
    if by == DAYS:
        spans = [(today - timedelta(days=back),) * 2 for back in range(27, -1, -1)]
    elif by == WEEKS:
        monday = today - timedelta(days=today.weekday())
        starts = [monday - WEEK * back for back in range(8, -1, -1)]
        spans = [(start, min(start + timedelta(days=6), today)) for start in starts if start >= apart_since]
    else:
        since = max(min((row[0] for row in rows), default=today), today.replace(year=today.year - 3, day=1))
        month, spans = Period(since.year, since.month), []
        while month.first <= today:
            spans.append((month.first, min(month.last, today)))
            month = month.after
    return [_step(rows, first, last) for first, last in spans]


def _step(rows: Iterable[Row], first: date, last: date) -> Step:
    within = [row for row in rows if first <= row[0] <= last]
    return Step(
        first, last, sum(row[1] for row in within), _sum(row[2] for row in within), _sum(row[3] for row in within)
    )


def _sum(numbers: Iterable[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None
