"""How often somebody may try, and that nobody can lock a counsellor out."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from helpline.staff import service, throttle
from helpline.staff.throttle import Throttle, Throttled
from tests.staff.conftest import TurnedClock, code_of

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def fail(times: int, login: str = "anna", address: str = "attacker") -> None:
    for _ in range(times):
        with pytest.raises(service.SignInRefused):
            service.sign_in(login, "wrong", "", address)


def test_five_failures_are_free_and_the_sixth_try_is_told_when_to_come_back(
    anna: service.NewAccount, time: TurnedClock
) -> None:
    fail(5)
    with pytest.raises(service.SignInRefused) as caught:
        service.sign_in("anna", anna.password, code_of(anna, time.moment), "attacker")
    assert caught.value.retry_at == time.moment + timedelta(seconds=15)
    time.turn(seconds=15)
    assert service.sign_in("anna", anna.password, code_of(anna, time.moment), "attacker")


def test_an_unknown_login_is_throttled_just_like_a_known_one(time: TurnedClock) -> None:
    fail(5, "nobody")
    with pytest.raises(service.SignInRefused) as caught:
        service.sign_in("nobody", "x", "", "attacker")
    assert caught.value.retry_at == time.moment + timedelta(seconds=15)


def test_a_throttled_try_costs_no_hash(
    anna: service.NewAccount, time: TurnedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(5)
    monkeypatch.setattr(service, "in_thread_pool", lambda *_: pytest.fail("a hash was computed"))
    fail(3)


def test_a_strangers_failures_do_not_stop_the_counsellor_elsewhere(anna: service.NewAccount, time: TurnedClock) -> None:
    fail(5)
    assert service.sign_in("anna", anna.password, code_of(anna, time.moment), "her own desk")


def test_failures_at_one_login_do_not_stop_a_colleague_at_the_same_address(
    anna: service.NewAccount, time: TurnedClock
) -> None:
    fail(5, "ben", "the office")
    assert service.sign_in("anna", anna.password, code_of(anna, time.moment), "the office")


def test_failures_from_everywhere_slow_a_login_down_and_never_lock_it(
    anna: service.NewAccount, time: TurnedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    for number in range(50):
        fail(1, address=f"address {number}")
    assert pauses == []
    assert service.sign_in("anna", anna.password, code_of(anna, time.moment), "her own desk")
    assert pauses == [1.0]
    for number in range(300):
        fail(1, address=f"other address {number}")
    assert max(pauses) == throttle.LONGEST_SLOW_DOWN_SECONDS


def test_a_right_sign_in_forgets_the_failures_of_its_pair(anna: service.NewAccount, time: TurnedClock) -> None:
    fail(4, address="desk")
    service.sign_in("anna", anna.password, code_of(anna, time.moment), "desk")
    fail(4, address="desk")
    time.turn(seconds=30)
    assert service.sign_in("anna", anna.password, code_of(anna, time.moment), "desk")


def test_the_delay_grows_to_a_quarter_of_an_hour() -> None:
    delays = [throttle.delay_after(failures).total_seconds() for failures in range(13)]
    assert delays == [0, 0, 0, 0, 0, 15, 30, 60, 120, 240, 480, 900, 900]
    assert throttle.delay_after(1_000_000) == timedelta(minutes=15)


def test_a_try_that_came_too_early_does_not_lengthen_the_delay() -> None:
    door = Throttle()
    for _ in range(5):
        door.attempt("anna", "a", NOON)
    for seconds in range(15):
        with pytest.raises(Throttled) as caught:
            door.attempt("anna", "a", NOON + timedelta(seconds=seconds))
        assert caught.value.until == NOON + timedelta(seconds=15)
    door.attempt("anna", "a", NOON + timedelta(seconds=15))


def test_failures_are_forgotten_after_an_hour() -> None:
    door = Throttle()
    for _ in range(5):
        door.attempt("anna", "a", NOON)
    later = NOON + timedelta(hours=1, seconds=1)
    for _ in range(5):
        door.attempt("anna", "a", later)
    with pytest.raises(Throttled):
        door.attempt("anna", "a", later)


def test_a_hundred_tries_at_the_same_moment_are_five_free_ones() -> None:
    door, passed = Throttle(), []
    start = threading.Barrier(20)

    def knock() -> None:
        start.wait(timeout=20)
        for _ in range(5):
            try:
                door.attempt("anna", "a", NOON)
                passed.append(1)
            except Throttled:
                pass

    hands = [threading.Thread(target=knock) for _ in range(20)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert len(passed) == 5


def test_a_flood_of_logins_and_addresses_takes_bounded_memory() -> None:
    door = Throttle(most_kept=100)
    for number in range(1_000):
        door.attempt(f"login {number}", f"address {number}", NOON + timedelta(seconds=number))
    assert len(door._pairs) <= 100
    assert len(door._logins) <= 100


def test_what_was_typed_as_login_is_not_kept_in_clear() -> None:
    door = Throttle()
    door.attempt("my secret password", "a", NOON)
    assert "secret" not in repr(door._pairs) + repr(door._logins)
