"""What becomes of rows that come in after their month was released, in words for whoever imports them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date

from helpline.stats import service
from helpline.stats.periods import Period


def late_rows(line: str, days: Mapping[date, int]) -> Iterator[str]:
    """A sentence for each month to come that late ones of these rows count in, and for each year that is closed."""
    released = service.released_periods(line)
    later: Counter[Period] = Counter()
    for day, number in days.items():
        month = Period(day.year, day.month)
        counts_in = month
        while counts_in in released:
            counts_in = counts_in.after
        if counts_in != month:
            later[counts_in] += number
    for counts_in, number in sorted(later.items(), key=str):
        yield f"{number} of them are of months that are released already: they count in the release of {counts_in}"
    for year in sorted({day.year for day in days}):
        if Period(year) in released:
            yield f"{year} is closed: the persons of these rows of {year} can't be told apart any more"
