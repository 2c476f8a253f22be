"""Lines in the database: made once, read, changed, open or closed, each by its own clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from helpline import config, db
from helpline.lines import service
from helpline.lines.models import Line


@pytest.fixture(autouse=True)
def house(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[config.Settings]:
    """A fresh database with the two lines of a new installation."""
    settings = config.Settings(instance_dir=tmp_path / "instance", database_url=database)
    settings.instance_dir.mkdir()
    monkeypatch.setattr(config, "_current", settings)
    engine = db.bind(settings.database_url)
    db.Base.metadata.create_all(engine)
    service.ensure_lines()
    yield settings
    engine.dispose()


def at(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def changed(**changes: str | int) -> Line:
    return service.change_line("youth", changes)


# New installations


def test_a_new_installation_has_two_lines_in_the_netherlands() -> None:
    found = service.all_lines()
    assert [line.slug for line in found] == ["prevention", "youth"]
    for line in found:
        assert (line.country, line.time_zone, line.languages) == ("nl", "Europe/Amsterdam", ["nl", "en"])
        assert line.host_name is None


def test_the_usual_times_are_those_of_the_house() -> None:
    line = service.get_line("youth")
    assert (line.offer_seconds, line.silent_seconds, line.declined_seconds) == (30, 45, 60)
    assert (line.waiting_lost_seconds, line.active_lost_seconds, line.counsellor_lost_seconds) == (180, 600, 60)
    assert (line.last_entry_minutes, line.longest_wait_minutes, line.left_early_seconds) == (15, 60, 10)
    assert (line.count_again_minutes, line.read_after_end_minutes, line.retention_days) == (30, 10, 14)
    assert (line.missed_offers_limit, line.typing_pause_seconds, line.closed_on_holidays) == (2, 60, False)


def test_a_restart_changes_no_line() -> None:
    changed(hours="always", queue_limit=3)
    service.ensure_lines()
    line = service.get_line("youth")
    assert (len(service.all_lines()), line.hours, line.queue_limit) == (2, "always", 3)


def test_an_unknown_line_is_named() -> None:
    with pytest.raises(service.UnknownLine, match="elders"):
        service.get_line("elders")
    with pytest.raises(service.UnknownLine, match="elders"):
        service.change_line("elders", {"hours": "always"})


# Changing


@pytest.mark.parametrize("name", service.RANGES)
def test_a_number_is_taken_within_its_range_and_refused_outside(name: str) -> None:
    low, high = service.RANGES[name]
    for value in (low, high):
        assert getattr(changed(**{name: value}), name) == value
        assert getattr(service.get_line("youth"), name) == value
    for value in (low - 1, high + 1):
        with pytest.raises(service.BadSetting, match=name.replace("_", "-")):
            changed(**{name: value})
    assert getattr(service.get_line("youth"), name) == high


def test_a_change_touches_its_own_line_alone() -> None:
    before = service.get_line("prevention")
    changed(hours="closed", queue_limit=1, offer_seconds=5)
    after = service.get_line("prevention")
    assert [getattr(after, column.key) for column in Line.__table__.columns] == [
        getattr(before, column.key) for column in Line.__table__.columns
    ]


@pytest.mark.parametrize("hours", ["", "sometimes", "mon 9-17", "mon-fri 09:00-17:00;"])
def test_hours_that_can_not_be_read_are_refused(hours: str) -> None:
    with pytest.raises(service.BadSetting, match="hours"):
        changed(hours=hours)


def test_one_bad_setting_refuses_all_of_a_change() -> None:
    before = service.get_line("youth").hours
    with pytest.raises(service.BadSetting):
        changed(hours="always", queue_limit=-1)
    assert service.get_line("youth").hours == before


def test_a_setting_that_does_not_exist_is_refused() -> None:
    for name in ("slug", "retention_days", "colour"):
        with pytest.raises(service.BadSetting, match=name):
            changed(**{name: 1})


# Host names


def test_a_line_may_have_a_host_name_of_its_own() -> None:
    changed(host_name="Youth.Example.NL")
    found = service.line_of_host("youth.example.nl")
    assert found is not None
    assert (found.slug, found.host_name) == ("youth", "youth.example.nl")
    assert service.line_of_host("YOUTH.example.nl") is not None
    assert service.line_of_host("other.example.nl") is None
    changed(host_name="")
    assert service.line_of_host("youth.example.nl") is None
    assert service.line_of_host("") is None


def test_two_lines_never_share_a_host_name() -> None:
    changed(host_name="chat.example.nl")
    with pytest.raises(service.BadSetting, match="belongs to the line youth"):
        service.change_line("prevention", {"host_name": "CHAT.example.nl"})
    changed(host_name="chat.example.nl")


@pytest.mark.parametrize("name", ["http://x.nl", "x.nl/youth", "x nl", "x.nl:8000", "ü.nl"])
def test_what_is_no_host_name_is_refused(name: str) -> None:
    with pytest.raises(service.BadSetting, match="host-name"):
        changed(host_name=name)


# Open or closed


def test_a_line_is_open_by_its_own_clock() -> None:
    line = changed(hours="mon-fri 09:00-17:00")
    assert not service.opening(line, at(2, 7, 59)).open
    opened = service.opening(line, at(2, 8, 0))
    assert (opened.open, opened.accepts, opened.closes_at, opened.next_opening) == (True, True, at(2, 16), None)


def test_the_last_entry_is_a_quarter_of_an_hour_before_closing() -> None:
    line = changed(hours="mon-fri 09:00-17:00")
    assert service.opening(line, at(2, 15, 44)).accepts
    late = service.opening(line, at(2, 15, 45))
    assert (late.open, late.accepts) == (True, False)


def test_a_closed_line_tells_when_it_opens() -> None:
    line = changed(hours="mon-fri 09:00-17:00")
    friday_evening = service.opening(line, at(6, 20))
    assert (friday_evening.open, friday_evening.accepts, friday_evening.closes_at) == (False, False, None)
    assert friday_evening.next_opening == at(9, 8)


def test_a_line_that_never_opens_promises_nothing() -> None:
    shut = service.opening(changed(hours="closed"), at(2, 12))
    assert (shut.open, shut.accepts, shut.closes_at, shut.next_opening) == (False, False, None, None)


def test_a_line_that_is_always_open_has_no_last_entry() -> None:
    always = service.opening(changed(hours="always"), at(2, 22, 59))
    assert (always.open, always.accepts, always.closes_at) == (True, True, None)


def test_the_hours_stay_on_the_wall_clock_when_the_clocks_change() -> None:
    line = changed(hours="mon-sun 09:00-17:00")
    assert service.opening(line, at(28, 8)).open  # winter, one hour ahead of UTC
    assert service.opening(line, at(29, 7)).open  # summer, two hours


def test_a_line_may_be_closed_on_public_holidays() -> None:
    line = changed(hours="mon-fri 09:00-17:00")
    kings_day = at(27, 10, month=4)
    assert service.opening(line, kings_day).open
    assert service.closed_days(line, kings_day) == frozenset()
    line.closed_on_holidays = True
    assert date(2026, 4, 27) in service.closed_days(line, kings_day)
    shut = service.opening(line, kings_day)
    assert (shut.open, shut.next_opening) == (False, at(28, 7, month=4))


def test_new_year_is_seen_from_the_old_year() -> None:
    line = changed(hours="mon-fri 09:00-17:00")
    line.closed_on_holidays = True
    new_years_eve = datetime(2026, 12, 31, 20, tzinfo=UTC)
    assert service.opening(line, new_years_eve).next_opening == datetime(2027, 1, 4, 8, tzinfo=UTC)


def test_an_unknown_country_has_no_holidays() -> None:
    line = service.get_line("youth")
    line.closed_on_holidays, line.country = True, "zz"
    assert service.closed_days(line, at(2, 12)) == frozenset()


def test_a_moment_is_shown_on_the_clock_of_the_line() -> None:
    assert service.local(service.get_line("youth"), at(2, 20)).isoformat() == "2026-03-02T21:00:00+01:00"


# The joint front page


def test_a_joint_front_page_exists_only_where_it_is_switched_on(house: config.Settings) -> None:
    assert not service.joint_front_page()
    service.switch_joint_front_page(True)
    assert service.joint_front_page()
    house.joint_front_page = False
    assert not service.joint_front_page()
    service.switch_joint_front_page(False)
    house.joint_front_page = True
    assert service.joint_front_page()


def test_the_retention_of_a_line_is_two_weeks() -> None:
    assert service.longest_retention(service.get_line("youth")) == timedelta(days=14)
