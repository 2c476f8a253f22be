"""Signing out, disabling and resetting end what was open, in every process."""

from __future__ import annotations

import threading

import pytest

from helpline import db
from helpline.staff import service, store
from tests.staff.conftest import HERE, TurnedClock, code_of, sign_in


def test_signing_out_ends_this_session_and_no_other(anna: service.NewAccount, time: TurnedClock) -> None:
    phone, desk = sign_in(anna, time), sign_in(anna, time)
    service.sign_out(phone)
    assert service.member_for(phone) is None
    assert service.member_for(desk) is not None
    assert service.revocation_counter() == 1


def test_signing_out_of_the_last_session_takes_off_duty(anna: service.NewAccount, time: TurnedClock) -> None:
    first, second = sign_in(anna, time), sign_in(anna, time)
    member = service.member_for(first)
    assert member is not None
    service.set_duty(member.id, "available", "youth", 2)
    service.sign_out(first)
    assert service.duty_of(member.id).state == "available"
    service.sign_out(second)
    assert service.duty_of(member.id).state == "away"


def test_signing_out_twice_is_harmless(anna: service.NewAccount, time: TurnedClock) -> None:
    token = sign_in(anna, time)
    service.sign_out(token)
    service.sign_out(token)
    assert service.revocation_counter() == 1


def test_disabling_ends_every_session_duty_and_sign_in(anna: service.NewAccount, time: TurnedClock) -> None:
    tokens = [sign_in(anna, time), sign_in(anna, time)]
    member = service.member_for(tokens[0])
    assert member is not None
    service.set_duty(member.id, "available", "youth", 2)
    service.disable("anna")
    assert [service.member_for(token) for token in tokens] == [None, None]
    assert service.duty_of(member.id).state == "away"
    assert service.revocation_counter() == 1
    with pytest.raises(service.SignInRefused):
        sign_in(anna, time)
    with pytest.raises(service.DutyRefused, match="forbidden"):
        service.set_duty(member.id, "available", "youth", 2)


def test_a_reset_ends_sessions_and_makes_old_password_and_code_worthless(
    anna: service.NewAccount, time: TurnedClock
) -> None:
    token = sign_in(anna, time)
    fresh = service.reset("anna")
    assert service.member_for(token) is None
    assert service.revocation_counter() == 1
    assert fresh.password != anna.password
    assert fresh.totp != anna.totp
    with pytest.raises(service.SignInRefused):
        service.sign_in("anna", anna.password, code_of(fresh, time.moment), HERE)
    with pytest.raises(service.SignInRefused):
        service.sign_in("anna", fresh.password, code_of(anna, time.moment), HERE)
    assert service.member_for(sign_in(fresh, time))


def test_after_a_reset_the_code_of_this_very_half_minute_works(anna: service.NewAccount, time: TurnedClock) -> None:
    service.sign_in("anna", anna.password, code_of(anna, time.moment), HERE)
    fresh = service.reset("anna")
    assert service.sign_in("anna", fresh.password, code_of(fresh, time.moment), HERE)


def test_a_reset_opens_a_disabled_account_again(anna: service.NewAccount, time: TurnedClock) -> None:
    service.disable("anna")
    fresh = service.reset("anna")
    assert service.member_for(sign_in(fresh, time))
    assert service.list_accounts()[0].disabled_at is None


def test_the_revocation_counter_of_a_new_house_is_zero() -> None:
    assert service.revocation_counter() == 0


def test_the_first_revocations_of_a_house_are_all_counted() -> None:
    start = threading.Barrier(6)

    def revoke() -> None:
        start.wait(timeout=20)
        with db.transaction() as session:
            store.bump_revocation(session)

    hands = [threading.Thread(target=revoke) for _ in range(6)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert service.revocation_counter() == 6
