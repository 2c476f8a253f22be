"""The laws of opening hours, tried on random weeks, zones, moments and closed days."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from helpline.lines.hours import (
    DAYS,
    Hours,
    HoursError,
    accepts_entry,
    closes_at,
    is_open,
    next_opening,
    open_between,
    parse_hours,
)

MINUTE = timedelta(minutes=1)

times = st.integers(0, 95).map(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}")
parts = st.builds(
    "{}-{} {}-{}".format, st.sampled_from(DAYS), st.sampled_from(DAYS), times, times | st.just("24:00")
).filter(lambda part: part[8:13] != part[14:19])
some_hours = st.lists(parts, max_size=4).map(lambda some: parse_hours(";".join(some) or "closed"))
zones = st.sampled_from(
    [ZoneInfo("Europe/Amsterdam"), ZoneInfo("UTC"), ZoneInfo("America/St_Johns"), ZoneInfo("Australia/Lord_Howe")]
)
# Days around both changes of 2026 in Europe, and any others.
some_moments = st.one_of(
    st.datetimes(datetime(2026, 3, 27), datetime(2026, 3, 31)),
    st.datetimes(datetime(2026, 10, 23), datetime(2026, 10, 27)),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),
).map(lambda moment: moment.replace(second=0, microsecond=0, tzinfo=UTC))
some_closed_days = st.frozensets(st.dates(date(2026, 3, 20), date(2026, 4, 10)), max_size=6)


@given(some_hours, zones, some_moments, some_closed_days)
def test_a_line_is_open_at_its_next_opening_and_at_no_moment_before(
    hours: Hours, zone: ZoneInfo, now: datetime, closed: frozenset[date]
) -> None:
    start = next_opening(hours, zone, now, closed)
    if start is None or is_open(hours, zone, now, closed):
        return
    assert is_open(hours, zone, start, closed)
    step = max((start - now) / 50, MINUTE)
    before = now
    while before < start:
        assert not is_open(hours, zone, before, closed)
        before += step
    assert not is_open(hours, zone, start - timedelta(microseconds=1), closed)


@given(some_hours, zones, some_moments, some_closed_days)
def test_an_open_line_stays_open_until_it_closes(
    hours: Hours, zone: ZoneInfo, now: datetime, closed: frozenset[date]
) -> None:
    end = closes_at(hours, zone, now, closed)
    if end is None:
        return
    assert now < end
    moment = now
    while moment < end:
        assert is_open(hours, zone, moment, closed)
        moment += max((end - now) / 50, MINUTE)
    assert is_open(hours, zone, end - timedelta(microseconds=1), closed)
    assert not is_open(hours, zone, end, closed)


@given(some_hours, zones, some_moments, some_closed_days, st.integers(0, 120))
def test_who_is_taken_finds_an_open_line(
    hours: Hours, zone: ZoneInfo, now: datetime, closed: frozenset[date], minutes: int
) -> None:
    if accepts_entry(hours, zone, now, minutes, closed):
        assert is_open(hours, zone, now, closed)
        end = closes_at(hours, zone, now, closed)
        assert end is None or end - now > timedelta(minutes=minutes)


@given(some_hours, some_moments, some_closed_days)
def test_where_the_clock_never_changes_a_line_is_open_as_a_reader_of_the_hours_would_say(
    hours: Hours, now: datetime, closed: frozenset[date]
) -> None:
    minute, yesterday = now.hour * 60 + now.minute, now.date() - timedelta(days=1)
    reader_says = any(
        (day.weekday() == one.weekday and day not in closed and one.start <= minute + late < one.end)
        for one in hours.openings
        for day, late in ((now.date(), 0), (yesterday, 1440))
    )
    assert is_open(hours, ZoneInfo("UTC"), now, closed) is reader_says


@given(st.text() | st.text("monfri-sat:;0129 ").map(lambda text: f"mon {text}"))
def test_any_text_is_either_hours_or_named_as_wrong_in_one_line(text: str) -> None:
    named = "hours"
    try:
        parse_hours(text)
    except HoursError as refused:
        named = str(refused)
    assert len(named.splitlines()) == 1


@given(some_hours, zones, some_moments, some_closed_days)
def test_the_openings_of_a_day_are_the_moments_at_which_a_line_is_open(
    hours: Hours, zone: ZoneInfo, now: datetime, closed: frozenset[date]
) -> None:
    first = now.replace(hour=0, minute=0)
    stretches = open_between(hours, zone, first, first + timedelta(days=1), closed)
    for minutes in range(0, 24 * 60, 15):
        moment = first + minutes * MINUTE
        assert is_open(hours, zone, moment, closed) is any(start <= moment < end for start, end in stretches)
