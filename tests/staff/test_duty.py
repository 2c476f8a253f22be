"""What a counsellor says to be doing, and what can't be."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from helpline import clock, config, db
from helpline.staff import service
from helpline.staff.models import Account, Duty
from tests.staff.conftest import TurnedClock


def id_of(login: str) -> str:
    with db.reading() as session:
        return session.scalars(select(Account.id).where(Account.login == login)).one()


@pytest.fixture
def account(anna: service.NewAccount) -> str:
    return id_of("anna")


def test_who_never_said_anything_is_away(account: str) -> None:
    duty = service.duty_of(account)
    assert (duty.state, duty.line, duty.capacity, duty.idle_since) == ("away", None, 3, None)


def test_becoming_available_is_recorded_with_its_moment(account: str, time: TurnedClock) -> None:
    duty = service.set_duty(account, "available", "youth", 2)
    assert (duty.state, duty.line, duty.capacity) == ("available", "youth", 2)
    assert duty.since == duty.idle_since == duty.heartbeat_at == time.moment
    assert service.duty_of(account) == duty


def test_a_change_of_capacity_alone_does_not_begin_a_new_wait(account: str, time: TurnedClock) -> None:
    before = service.set_duty(account, "available", "youth", 2)
    time.turn(minutes=5)
    after = service.set_duty(account, "available", "youth", 3)
    assert (after.capacity, after.since, after.idle_since) == (3, before.since, before.idle_since)


def test_who_comes_back_from_a_rest_waits_anew(account: str, time: TurnedClock) -> None:
    service.set_duty(account, "available", "youth", 2)
    time.turn(minutes=5)
    rest = service.set_duty(account, "resting", "youth", 2)
    assert (rest.since, rest.idle_since) == (time.moment, None)
    time.turn(minutes=5)
    assert service.set_duty(account, "available", "youth", 2).idle_since == time.moment


def test_duty_survives_a_restart(account: str, house: config.Settings) -> None:
    before = service.set_duty(account, "on_phone", "youth", 1)
    db.bind(house.database_url)
    assert service.duty_of(account) == before


def test_who_leaves_keeps_the_former_capacity(account: str) -> None:
    service.set_duty(account, "available", "youth", 2)
    assert service.set_duty(account, "away", None, None).capacity == 2


@pytest.mark.parametrize(
    ("state", "line", "capacity", "code"),
    [
        ("busy", "youth", 1, "invalid"),
        (None, "youth", 1, "invalid"),
        (["available"], "youth", 1, "invalid"),
        ("available", None, 1, "invalid"),
        ("available", "", 1, "invalid"),
        ("available", "elders", 1, "invalid"),
        ("available", 7, 1, "invalid"),
        ("available", "\0", 1, "invalid"),
        ("available", {"slug": "youth"}, 1, "invalid"),
        ("available", "youth", None, "invalid"),
        ("available", "youth", 0, "invalid"),
        ("available", "youth", 4, "invalid"),
        ("available", "youth", 10**30, "invalid"),
        ("available", "youth", "2", "invalid"),
        ("available", "youth", 1.0, "invalid"),
        ("available", "youth", True, "invalid"),
        ("resting", None, 0, "invalid"),
        ("available", "prevention", 1, "forbidden"),
        ("away", "prevention", 1, "forbidden"),
    ],
)
def test_a_duty_that_can_not_be_is_refused_and_changes_nothing(
    account: str, state: object, line: object, capacity: object, code: str
) -> None:
    before = service.set_duty(account, "on_phone", "youth", 2)
    with pytest.raises(service.DutyRefused) as caught:
        service.set_duty(account, state, line, capacity)
    assert caught.value.code == code
    assert service.duty_of(account) == before


@pytest.mark.parametrize(("role", "may"), [("supervisor", True), ("analyst", False), ("administrator", False)])
def test_only_counsellors_and_supervisors_go_on_duty(role: str, may: bool) -> None:
    service.add_account("ben", [role])
    if may:
        assert service.set_duty(id_of("ben"), "available", "youth", 1).state == "available"
    else:
        with pytest.raises(service.DutyRefused, match="forbidden"):
            service.set_duty(id_of("ben"), "available", "youth", 1)


def test_a_stranger_has_no_duty() -> None:
    with pytest.raises(service.DutyRefused, match="forbidden"):
        service.set_duty("nobody", "available", "youth", 1)
    with pytest.raises(LookupError):
        service.duty_of("nobody")


def test_saying_it_in_ten_tabs_at_once_makes_one_row(account: str) -> None:
    start, refused = threading.Barrier(10), []

    def say() -> None:
        start.wait(timeout=20)
        try:
            service.set_duty(account, "available", "youth", 2)
        except Exception as error:
            refused.append(error)

    tabs = [threading.Thread(target=say) for _ in range(10)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert refused == []
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Duty)) == 1


def test_heartbeats_are_stored_together_and_an_older_one_never_replaces_a_newer(
    account: str, time: TurnedClock
) -> None:
    service.add_account("ben", ["counsellor"])
    ben, start = id_of("ben"), time.moment
    for somebody in (account, ben):
        service.set_duty(somebody, "available", "youth", 1)
    service.touch_heartbeats({account: start + timedelta(seconds=20), ben: start - timedelta(seconds=5)})
    service.touch_heartbeats({"nobody": start})
    service.touch_heartbeats({})
    assert service.duty_of(account).heartbeat_at == start + timedelta(seconds=20)
    assert service.duty_of(ben).heartbeat_at == start


def test_typing_is_stored_once_in_ten_seconds(account: str, time: TurnedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    service.set_duty(account, "available", "youth", 1)
    first = clock.now()
    for _ in range(9):
        service.note_typing([account])
        time.turn(seconds=1)
    assert service.duty_of(account).typed_at == first
    time.turn(seconds=1)
    service.note_typing([account])
    assert service.duty_of(account).typed_at == first + timedelta(seconds=10)
