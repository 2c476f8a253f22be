"""Opening hours through closed days, long nights and both clock changes; see also test_hours_properties.py."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from helpline.lines.hours import (
    Hours,
    HoursError,
    Opening,
    accepts_entry,
    closes_at,
    is_open,
    last_entry,
    moment_of,
    next_opening,
    parse_hours,
)

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

OFFICE = parse_hours("mon-fri 09:00-17:00;sat 10:00-14:00")
LATE_FRIDAY = parse_hours("fri 20:00-02:00")
ALWAYS = parse_hours("always")
CLOSED = parse_hours("closed")


def at(text: str) -> datetime:
    """A moment on the clock of Amsterdam; with an offset, that very moment."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=AMSTERDAM)


def opens(hours: Hours, now: str, closed: str = "") -> bool:
    return is_open(hours, AMSTERDAM, at(now), days(closed))


def closing(hours: Hours, now: str, closed: str = "") -> datetime | None:
    return closes_at(hours, AMSTERDAM, at(now), days(closed))


def opening(hours: Hours, now: str, closed: str = "") -> datetime | None:
    return next_opening(hours, AMSTERDAM, at(now), days(closed))


def days(text: str) -> frozenset[date]:
    return frozenset(date.fromisoformat(day) for day in text.split())


# Reading


def test_hours_are_read_as_openings_of_a_week() -> None:
    assert OFFICE.openings == (*(Opening(day, 540, 1020) for day in range(5)), Opening(5, 600, 840))


@pytest.mark.parametrize(
    ("text", "same"),
    [
        (" ALWAYS ", "always"),
        ("always", "mon-sun 00:00-24:00"),
        ("Mon - Fri  09:00 - 17:00 ; SAT 10:00-14:00", "mon-fri 09:00-17:00;sat 10:00-14:00"),
        ("sat 10:00-14:00;mon-fri 09:00-17:00", "mon-fri 09:00-17:00;sat 10:00-14:00"),
        ("mon 09:00-17:00;mon 09:00-17:00", "mon 09:00-17:00"),
        ("fri 20:00-00:00", "fri 20:00-24:00"),
        ("sat-mon 09:00-17:00", "sat 09:00-17:00;sun 09:00-17:00;mon 09:00-17:00"),
        ("tue-tue 09:00-17:00", "tue 09:00-17:00"),
    ],
)
def test_hours_may_be_written_in_several_ways(text: str, same: str) -> None:
    assert parse_hours(text) == parse_hours(same)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "no hours given"),
        ("   ", "no hours given"),
        ("mon-fri 09:00-17:00;", "a part between semicolons is empty"),
        (";mon 09:00-17:00", "a part between semicolons is empty"),
        ("open", "'open' is not days and hours"),
        ("always;mon 09:00-17:00", "'always' is not days and hours"),
        ("mon", "'mon' is not days and hours"),
        ("09:00-17:00", "'09:00-17:00' is not days and hours"),
        ("mon09:00-17:00", "'mon09:00-17:00' is not days and hours"),
        ("mon 09:00", "'mon 09:00' is not days and hours"),
        ("mon-tue-wed 09:00-17:00", "'mon-tue-wed 09:00-17:00' is not days and hours"),
        ("mon,tue 09:00-17:00", "'mon,tue' is not a day"),
        ("mon 09:00-12:00,13:00-17:00", "is not days and hours"),
        ("maandag 09:00-17:00", "'maandag' is not a day; days are mon tue wed thu fri sat sun"),
        ("mon-vri 09:00-17:00", "'vri' is not a day"),
        ("mon 9:00-17:00", "'9:00' is not a time"),
        ("mon 09.00-17:00", "'09.00' is not a time"),
        ("mon 09:00-17:60", "'17:60' is not a time"),
        ("mon 09:00-24:01", "'24:01' is not a time"),
        ("mon 09:00-25:00", "'25:00' is not a time"),
        ("mon ٠٩:00-17:00", "is not a time"),
        ("mon 24:00-02:00", "opens at 24:00; say 00:00 on the next day"),
        ("mon 09:00-09:00", "opens and closes at the same time"),
        ("tue 09:00-17:00;mon 00:00-00:00", "'mon 00:00-00:00' opens and closes at the same time"),
    ],
)
def test_whatever_is_wrong_with_hours_is_named(text: str, named: str) -> None:
    with pytest.raises(HoursError) as refused:
        parse_hours(text)
    assert named in str(refused.value)


# Open or closed (2026-03-02 is a Monday)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-02T08:59:59", False),
        ("2026-03-02T09:00", True),
        ("2026-03-02T16:59:59", True),
        ("2026-03-02T17:00", False),
        ("2026-03-07T09:30", False),
        ("2026-03-07T10:00", True),
        ("2026-03-08T12:00", False),
    ],
)
def test_a_line_is_open_from_its_opening_until_just_before_its_closing(now: str, expected: bool) -> None:
    assert opens(OFFICE, now) is expected


def test_hours_are_those_of_the_lines_own_clock() -> None:
    assert opens(OFFICE, "2026-03-02T08:00+00:00")
    assert not opens(OFFICE, "2026-03-02T07:59+00:00")
    assert opens(OFFICE, "2026-07-06T07:00+00:00"), "an hour earlier in summer"


def test_answers_are_in_utc() -> None:
    for answer in (closing(OFFICE, "2026-03-02T12:00"), opening(OFFICE, "2026-03-02T08:00")):
        assert answer is not None
        assert answer.tzinfo is UTC


def test_an_open_line_tells_when_it_closes_and_a_closed_one_when_it_opens() -> None:
    assert closing(OFFICE, "2026-03-02T12:00") == at("2026-03-02T17:00")
    assert closing(OFFICE, "2026-03-02T18:00") is None
    assert opening(OFFICE, "2026-03-02T18:00") == at("2026-03-03T09:00")
    assert opening(OFFICE, "2026-03-07T14:00") == at("2026-03-09T09:00")


def test_an_open_line_tells_when_it_opens_again_after_closing() -> None:
    assert opening(OFFICE, "2026-03-02T09:00") == at("2026-03-03T09:00")


def test_a_line_that_is_always_open_neither_closes_nor_opens() -> None:
    for now in ("2026-03-02T03:00", "2026-03-29T02:00", "2026-10-25T02:30", "2026-12-31T23:59"):
        assert opens(ALWAYS, now)
        assert closing(ALWAYS, now) is None
        assert opening(ALWAYS, now) is None


def test_day_and_night_in_two_shifts_is_always_open_too() -> None:
    shifts = parse_hours("mon-sun 08:00-20:00;mon-sun 20:00-08:00")
    assert opens(shifts, "2026-03-02T20:00")
    assert closing(shifts, "2026-03-02T20:00") is None


def test_a_line_that_is_closed_never_opens() -> None:
    assert not opens(CLOSED, "2026-03-02T12:00")
    assert closing(CLOSED, "2026-03-02T12:00") is None
    assert opening(CLOSED, "2026-03-02T12:00") is None


# Past midnight, adjoining


def test_a_friday_night_goes_on_until_saturday() -> None:
    assert opens(LATE_FRIDAY, "2026-03-06T23:59")
    assert opens(LATE_FRIDAY, "2026-03-07T01:59")
    assert not opens(LATE_FRIDAY, "2026-03-07T02:00")
    assert not opens(LATE_FRIDAY, "2026-03-06T01:00"), "that is the night of Thursday"
    assert closing(LATE_FRIDAY, "2026-03-07T01:00") == at("2026-03-07T02:00")


def test_a_sunday_night_goes_on_until_monday() -> None:
    assert opens(parse_hours("sun 22:00-06:00"), "2026-03-09T05:00")


def test_a_line_may_close_at_midnight() -> None:
    until_midnight = parse_hours("fri 20:00-24:00")
    assert opens(until_midnight, "2026-03-06T23:59:59")
    assert closing(until_midnight, "2026-03-06T21:00") == at("2026-03-07T00:00")
    assert not opens(until_midnight, "2026-03-07T00:00")


def test_openings_that_adjoin_or_overlap_are_one() -> None:
    for text in (
        "fri 20:00-24:00;sat 00:00-03:00",
        "fri 20:00-02:00;sat 02:00-03:00",
        "fri 20:00-02:00;sat 01:00-03:00",
        "fri 20:00-03:00;fri 21:00-22:00",
    ):
        hours = parse_hours(text)
        assert closing(hours, "2026-03-06T21:30") == at("2026-03-07T03:00"), text
        assert opening(hours, "2026-03-06T12:00") == at("2026-03-06T20:00"), text
        assert opening(hours, "2026-03-06T21:30") == at("2026-03-13T20:00"), text


def test_a_line_with_a_break_closes_for_it() -> None:
    hours = parse_hours("mon 09:00-12:00;mon 13:00-17:00")
    assert closing(hours, "2026-03-02T11:00") == at("2026-03-02T12:00")
    assert opening(hours, "2026-03-02T12:00") == at("2026-03-02T13:00")


# Closed days


def test_a_line_stays_closed_on_a_closed_day() -> None:
    assert not opens(OFFICE, "2026-04-27T12:00", closed="2026-04-27")
    assert opening(OFFICE, "2026-04-25T15:00", closed="2026-04-27") == at("2026-04-28T09:00")


def test_a_night_that_began_before_a_closed_day_is_finished() -> None:
    assert opens(LATE_FRIDAY, "2026-03-07T01:00", closed="2026-03-07")
    assert not opens(LATE_FRIDAY, "2026-03-07T01:00", closed="2026-03-06")
    assert closing(LATE_FRIDAY, "2026-03-06T21:00", closed="2026-03-07") == at("2026-03-07T02:00")


def test_a_closed_day_runs_from_midnight_to_midnight_on_a_line_that_is_always_open() -> None:
    assert closing(ALWAYS, "2026-12-20T12:00", closed="2026-12-25") == at("2026-12-25T00:00")
    assert not opens(ALWAYS, "2026-12-25T00:00", closed="2026-12-25")
    assert opening(ALWAYS, "2026-12-25T12:00", closed="2026-12-25 2026-12-26") == at("2026-12-27T00:00")
    assert closing(ALWAYS, "2026-12-27T00:00", closed="2026-12-25 2026-12-26") is None


def test_the_next_opening_is_found_behind_a_whole_closed_month() -> None:
    july = " ".join(f"2026-07-{day:02}" for day in range(1, 32))
    assert opening(OFFICE, "2026-06-30T18:00", closed=july) == at("2026-08-01T10:00")


def test_closed_days_on_which_a_line_is_closed_anyway_change_nothing() -> None:
    assert opening(OFFICE, "2026-03-07T15:00", closed="2026-03-08") == at("2026-03-09T09:00")


# The clock changes in Amsterdam: 2026-03-29 skips 02:00-03:00, 2026-10-25 has 02:00-03:00 twice


def test_the_night_in_spring_is_an_hour_shorter() -> None:
    night = parse_hours("sat 22:00-06:00")
    assert closing(night, "2026-03-28T23:00") == at("2026-03-29T06:00+02:00")
    began = opening(night, "2026-03-28T12:00")
    assert began == at("2026-03-28T22:00+01:00")
    assert at("2026-03-29T06:00+02:00") - at("2026-03-28T22:00+01:00") == 7 * HOUR


def test_the_night_in_autumn_is_an_hour_longer_and_open_all_through() -> None:
    night = parse_hours("sat 22:00-06:00")
    assert closing(night, "2026-10-24T23:00") == at("2026-10-25T06:00+01:00")
    for twice in ("2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00"):
        assert opens(night, twice)


def test_the_office_opens_at_nine_by_the_clock_on_both_sides_of_a_change() -> None:
    for sunday, monday in (
        ("2026-03-29T12:00", "2026-03-30T07:00+00:00"),
        ("2026-10-25T12:00", "2026-10-26T08:00+00:00"),
    ):
        assert opening(OFFICE, sunday) == at(monday)


def test_a_closing_time_that_the_clock_skips_is_the_moment_it_skips() -> None:
    hours = parse_hours("sat 20:00-02:30")
    assert closing(hours, "2026-03-28T23:00") == at("2026-03-29T03:00+02:00") == at("2026-03-29T02:00+01:00")


def test_an_opening_time_that_the_clock_skips_is_the_moment_it_skips() -> None:
    hours = parse_hours("sun 02:30-06:00")
    assert opening(hours, "2026-03-28T23:00") == at("2026-03-29T03:00+02:00")
    assert opens(hours, "2026-03-29T03:00+02:00")
    assert not opens(hours, "2026-03-29T01:59+01:00")


def test_an_opening_that_lies_wholly_in_the_skipped_hour_does_not_happen() -> None:
    hours = parse_hours("sun 02:10-02:50")
    assert opening(hours, "2026-03-28T12:00") == at("2026-04-05T02:10")


def test_a_time_that_comes_twice_means_the_first() -> None:
    assert closing(parse_hours("sat 20:00-02:30"), "2026-10-24T23:00") == at("2026-10-25T02:30+02:00")
    assert opening(parse_hours("sun 02:30-06:00"), "2026-10-24T23:00") == at("2026-10-25T02:30+02:00")


def test_two_shifts_that_meet_in_a_changed_hour_leave_no_gap() -> None:
    hours = parse_hours("sat 20:00-02:30;sun 02:30-06:00")
    assert closing(hours, "2026-03-28T23:00") == at("2026-03-29T06:00+02:00")
    assert closing(hours, "2026-10-24T23:00") == at("2026-10-25T06:00+01:00")


def test_a_closed_hour_that_the_clock_skips_is_no_closing() -> None:
    hours = parse_hours("mon-sat 00:00-24:00;sun 00:00-02:00;sun 03:00-24:00")
    assert closing(hours, "2026-03-28T12:00") == at("2026-04-05T02:00")


# Last entry


def test_new_visitors_are_taken_until_a_quarter_of_an_hour_before_closing() -> None:
    noon = at("2026-03-02T12:00")
    assert last_entry(OFFICE, AMSTERDAM, noon, 15) == at("2026-03-02T16:45")
    for now, taken in (("08:59", False), ("09:00", True), ("16:44", True), ("16:45", False), ("17:00", False)):
        assert accepts_entry(OFFICE, AMSTERDAM, at(f"2026-03-02T{now}"), 15) is taken, now


def test_a_closed_line_has_no_last_entry_and_takes_nobody() -> None:
    assert last_entry(OFFICE, AMSTERDAM, at("2026-03-02T18:00"), 15) is None
    assert not accepts_entry(OFFICE, AMSTERDAM, at("2026-03-02T18:00"), 15)


def test_a_line_that_never_closes_always_takes_visitors() -> None:
    assert last_entry(ALWAYS, AMSTERDAM, at("2026-03-02T23:55"), 15) is None
    assert accepts_entry(ALWAYS, AMSTERDAM, at("2026-03-02T23:55"), 15)


def test_last_entry_comes_before_a_closed_day_too() -> None:
    closed = days("2026-12-25")
    assert last_entry(ALWAYS, AMSTERDAM, at("2026-12-24T12:00"), 15, closed) == at("2026-12-24T23:45")
    assert not accepts_entry(ALWAYS, AMSTERDAM, at("2026-12-24T23:50"), 15, closed)


def test_without_a_last_entry_visitors_are_taken_until_closing() -> None:
    assert accepts_entry(OFFICE, AMSTERDAM, at("2026-03-02T16:59"), 0)


def test_openings_that_adjoin_have_one_last_entry_at_the_very_end() -> None:
    hours = parse_hours("fri 20:00-24:00;sat 00:00-03:00")
    assert accepts_entry(hours, AMSTERDAM, at("2026-03-06T23:55"), 15)
    assert last_entry(hours, AMSTERDAM, at("2026-03-06T23:55"), 15) == at("2026-03-07T02:45")


# Times on the wall


@pytest.mark.parametrize(
    ("wall", "moment"),
    [
        ("2026-03-02T14:05", "2026-03-02T14:05+01:00"),
        ("2026-07-02T00:00", "2026-07-02T00:00+02:00"),
        ("2026-03-29T01:59", "2026-03-29T01:59+01:00"),
        ("2026-03-29T02:00", None),
        ("2026-03-29T02:59", None),
        ("2026-03-29T03:00", "2026-03-29T03:00+02:00"),
        ("2026-10-25T02:30", "2026-10-25T02:30+02:00"),
        ("2026-10-25T03:00", "2026-10-25T03:00+01:00"),
    ],
)
def test_a_time_that_comes_twice_is_the_first_one_and_one_that_is_skipped_is_none(
    wall: str, moment: str | None
) -> None:
    found = moment_of(datetime.fromisoformat(wall), AMSTERDAM)
    assert found == (None if moment is None else datetime.fromisoformat(moment))
