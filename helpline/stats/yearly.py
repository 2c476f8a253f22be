"""The yearly report of a line: exact from the ledgers, or released from the releases alone."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from helpline import clock
from helpline.contacts import campaigns
from helpline.contacts import service as contacts
from helpline.contacts.tally import ANSWERED, MISSED
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.stats import service, sheets
from helpline.stats.figures import Figures, Spread, figures
from helpline.stats.periods import Period
from helpline.stats.report import Year, report
from helpline.stats.tables import TOTAL

BOTH = (TOTAL, TOTAL)


class NotReleased(LookupError):
    """Months or individuals of the year were not released yet; `missing` are these periods."""

    def __init__(self, missing: tuple[Period, ...]) -> None:
        super().__init__(", ".join(map(str, missing)))
        self.missing = missing


def exact_report(line: Line, year: int) -> dict[str, Any]:
    """The report as the screen tells it, for the organisation's own use; also of a year that goes on."""
    today = lines.local(line, clock.now()).date()
    now, before = (_exact(line, Period(one), today) for one in (year, year - 1))
    return report(line.slug, year, now, before, _campaigns(line.slug, Period(year), exact=True))


def released_report(line: Line, year: int) -> dict[str, Any]:
    """The report that identifies nobody, compared with the year before where that was released whole.

    Raises NotReleased. Nothing is released by asking, and nothing but releases is read of any contact.
    """
    now = _released(line.slug, year)
    try:
        before = _released(line.slug, year - 1)
    except NotReleased:
        before = None
    return report(line.slug, year, now, before, _campaigns(line.slug, Period(year), exact=False))


def rests_on(line: Line, year: Period) -> list[Period]:
    """The years whose releases a report is made from: its own, and the one before if anything was counted by then."""
    since = contacts.counted_since(line.slug)
    return [year.before, year] if since is not None and since <= year.before.last else [year]


def _released(line: str, year: int) -> Year:
    told = service.year_tables(line, year)
    missing = (*told.missing, *([] if told.individuals else [Period(year)]))
    if told.individuals is None or missing:
        raise NotReleased(missing)
    tables = (*told.tables, *told.individuals.tables)
    merged: dict[str, tuple[str, ...]] = {}
    for month in told.months:
        merged |= month.merged
    return Year(
        tables={table.name: table for table in tables},
        by_month={
            str(month.period): (
                month.table("answered-by-channel").figures()[BOTH],
                month.table("missed-by-reason").figures()[BOTH],
            )
            for month in told.months
        },
        bounds={
            "month": max(month.within for month in told.months),
            "year": told.year_within,
            "individuals": told.individuals.within,
        },
        merged=merged,
        more={"contacts": {"late": told.late_rows}},
    )


def _exact(line: Line, year: Period, today: date) -> Year:
    counted = figures(contacts.tallies(line.slug, year.first, year.last, today))
    counters = service.counters_of(line.slug, year.first, year.last)
    people = contacts.counts_of_year(line.slug, year.year)
    tables = (
        *sheets.tables(counted, counters, service.lists_of(line.slug)),
        *sheets.individuals(line.slug, people.individuals_by_concern, people.individuals_by_age_band),
    )
    answered, missed = counted.by_day(ANSWERED), counted.by_day(MISSED)
    return Year(
        tables={table.name: table for table in tables},
        by_month={
            str(Period(first.year, first.month)): (_of_month(answered, first), _of_month(missed, first))
            for first in year.steps
        },
        more={"contacts": _more_of_contacts(counted), "missed": _more_of_missed(counted)},
    )


def _of_month(by_day: dict[date, int], first: date) -> int:
    return sum(number for day, number in by_day.items() if day.month == first.month)


def _more_of_contacts(counted: Figures) -> dict[str, Any]:
    """What no release tells: it was never part of one."""
    return {
        "by_returned": _named(counted.by(ANSWERED, "returned")),
        "by_recorded": _named(counted.by(ANSWERED, "recorded")),
        "wait_seconds": _spread(counted.spread(ANSWERED, "wait_s")),
        "length_minutes": _spread(counted.spread(ANSWERED, "length_min")),
    }


def _more_of_missed(counted: Figures) -> dict[str, Any]:
    inside, outside = (counted.narrowed(in_hours=here) for here in (True, False))
    return {
        "left_early": counted.left_early,
        "by_caught_by": _named(counted.along(MISSED, "cause caught_by", 1)),
        "by_in_hours": {"yes": inside.missed, "no": outside.missed},
    }


def _named(counted: Counter[tuple[str, ...]]) -> dict[str, int]:
    return {value[0]: number for value, number in sorted(counted.items()) if number}


def _spread(spread: Spread) -> dict[str, int | None]:
    return {"measured": spread.measured, "median": spread.median, "ninetieth": spread.ninetieth}


def _campaigns(line: str, year: Period, *, exact: bool) -> list[dict[str, Any]]:
    """How often each campaign was shown and clicked, which says nothing of anybody. Who came is told exactly or not."""
    told: dict[str, dict[str, Any]] = {}
    names = {campaign.code: campaign.name for campaign in campaigns.campaigns_of(line)}
    for code, _, arrivals, impressions, clicks in campaigns.campaign_counts(line, year.first, year.last):
        one = told.setdefault(code, {"name": names.get(code, code), "impressions": None, "clicks": None, "arrivals": 0})
        one["arrivals"] += arrivals
        for what, number in (("impressions", impressions), ("clicks", clicks)):
            if number is not None:
                one[what] = (one[what] or 0) + number
    found = [one for one in told.values() if exact or one["impressions"] is not None or one["clicks"] is not None]
    return found if exact else [{what: one[what] for what in ("name", "impressions", "clicks")} for one in found]
