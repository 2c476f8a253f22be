"""Signing in: password, code, replay, what a refusal tells."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from time import sleep

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from helpline import config, db
from helpline.staff import passwords, service
from helpline.staff.models import Account, StaffSession
from tests.postgres import sqlite_only
from tests.staff.conftest import HERE, TurnedClock, code_of, sign_in


def sessions() -> list[StaffSession]:
    with db.reading() as session:
        return list(session.scalars(select(StaffSession)))


def test_login_password_and_code_open_a_session(anna: service.NewAccount, time: TurnedClock) -> None:
    member = service.member_for(sign_in(anna, time))
    assert member is not None
    assert (member.login, member.name, member.capacity) == ("anna", "Anna", 3)
    assert (member.roles, member.lines, member.languages) == ({"counsellor"}, {"youth"}, {"nl", "en"})


def test_capitals_and_spaces_in_the_login_make_no_difference(anna: service.NewAccount, time: TurnedClock) -> None:
    assert service.sign_in(" Anna ", anna.password, code_of(anna, time.moment), HERE)


def test_the_space_that_apps_show_in_a_code_is_accepted(anna: service.NewAccount, time: TurnedClock) -> None:
    code = code_of(anna, time.moment)
    assert service.sign_in("anna", anna.password, f"{code[:3]} {code[3:]}", HERE)


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_clock_may_be_half_a_minute_early_or_late(anna: service.NewAccount, time: TurnedClock, steps: int) -> None:
    assert service.sign_in("anna", anna.password, code_of(anna, time.moment, steps), HERE)


@pytest.mark.parametrize("steps", [-2, 2])
def test_a_code_further_off_is_refused(anna: service.NewAccount, time: TurnedClock, steps: int) -> None:
    with pytest.raises(service.SignInRefused):
        service.sign_in("anna", anna.password, code_of(anna, time.moment, steps), HERE)


def test_a_code_works_once(anna: service.NewAccount, time: TurnedClock) -> None:
    code = code_of(anna, time.moment)
    service.sign_in("anna", anna.password, code, HERE)
    with pytest.raises(service.SignInRefused):
        service.sign_in("anna", anna.password, code, "elsewhere")
    assert len(sessions()) == 1


def test_an_older_code_is_worthless_once_a_newer_one_was_used(anna: service.NewAccount, time: TurnedClock) -> None:
    older = code_of(anna, time.moment)
    service.sign_in("anna", anna.password, code_of(anna, time.moment, 1), HERE)
    with pytest.raises(service.SignInRefused):
        service.sign_in("anna", anna.password, older, HERE)


def test_four_sign_ins_at_the_same_moment_with_one_code_give_one_session(
    anna: service.NewAccount, time: TurnedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All pass every check before any claims the code, so only the conditional update decides."""
    all_checked = threading.Barrier(4)
    monkeypatch.setattr(service, "transaction", meeting(all_checked, service.transaction))
    code, results = code_of(anna, time.moment), []

    def attempt() -> None:
        try:
            results.append(service.sign_in("anna", anna.password, code, HERE))
        except service.SignInRefused:
            results.append(None)

    tries = [threading.Thread(target=attempt) for _ in range(4)]
    for one in tries:
        one.start()
    for one in tries:
        one.join()
    assert len(results) == 4
    assert len([token for token in results if token]) == 1
    assert len(sessions()) == 1


def meeting(barrier: threading.Barrier, transaction: Callable[[], object]) -> Callable[[], object]:
    def wait_for_the_others() -> object:
        barrier.wait(timeout=20)
        return transaction()

    return wait_for_the_others


def test_a_code_is_not_used_up_by_a_wrong_password(anna: service.NewAccount, time: TurnedClock) -> None:
    code = code_of(anna, time.moment)
    with pytest.raises(service.SignInRefused):
        service.sign_in("anna", "wrong", code, HERE)
    assert service.sign_in("anna", anna.password, code, HERE)


def refusal(login: str, password: str, code: str) -> tuple[str, object]:
    with pytest.raises(service.SignInRefused) as caught:
        service.sign_in(login, password, code, HERE)
    return str(caught.value), caught.value.retry_at


def test_every_refusal_looks_the_same(anna: service.NewAccount, time: TurnedClock) -> None:
    gone = service.add_account("gone", ["counsellor"])
    service.disable("gone")
    code = code_of(anna, time.moment)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    refusals = {
        refusal("anna", "wrong", code),
        refusal("anna", anna.password, wrong),
        refusal("anna", anna.password, ""),
        refusal("anna", anna.password, "12345"),
        refusal("nobody", anna.password, code),
        refusal("gone", gone.password, code_of(gone, time.moment)),
        refusal("", "", ""),
        refusal("\udcff\0", "\udcff\0", "²²²²²²"),
    }
    assert refusals == {("sign-in refused", None)}
    assert sessions() == []


@pytest.mark.parametrize(("login", "password"), [("nobody", "x"), ("anna", "x"), ("gone", "x")])
def test_every_try_verifies_one_hash_of_todays_cost(
    anna: service.NewAccount, monkeypatch: pytest.MonkeyPatch, login: str, password: str
) -> None:
    """An unknown login that is answered faster than a known one would tell who works here."""
    service.add_account("gone", ["counsellor"])
    service.disable("gone")
    verified = []
    monkeypatch.setattr(
        service, "in_thread_pool", lambda work, *arguments: verified.append((work, arguments)) or work(*arguments)
    )
    with pytest.raises(service.SignInRefused):
        service.sign_in(login, password, "", HERE)
    assert [work for work, _ in verified] == [passwords.matches]
    assert verified[0][1][0].startswith("$argon2id$")


def test_no_transaction_is_open_while_a_password_is_hashed(
    anna: service.NewAccount, time: TurnedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_ones = []

    def look(work: Callable[..., object], *arguments: object) -> object:
        open_ones.append(db._running.get())
        return work(*arguments)

    monkeypatch.setattr(service, "in_thread_pool", look)
    sign_in(anna, time)
    service.reset("anna")
    service.add_account("ben", ["analyst"])
    assert open_ones == [None, None, None]


def test_a_flood_of_sign_ins_hashes_two_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    busy, most, counting = 0, 0, threading.Lock()

    def slowly(stored: str, password: str) -> bool:
        nonlocal busy, most
        with counting:
            busy += 1
            most = max(most, busy)
        sleep(0.02)
        with counting:
            busy -= 1
        return False

    def attempt(login: str) -> None:
        with pytest.raises(service.SignInRefused):
            service.sign_in(login, "x", "", HERE)

    monkeypatch.setattr(passwords, "matches", slowly)
    tries = [threading.Thread(target=attempt, args=[f"login{number}"]) for number in range(8)]
    for one in tries:
        one.start()
    for one in tries:
        one.join()
    assert most == 2


def without_second_factor(monkeypatch: pytest.MonkeyPatch, house: config.Settings) -> None:
    monkeypatch.setattr(config, "_current", house.model_copy(update={"require_second_factor": False}))


def test_where_no_second_factor_is_required_an_empty_code_is_accepted(
    anna: service.NewAccount, house: config.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_second_factor(monkeypatch, house)
    assert service.member_for(service.sign_in("anna", anna.password, " ", HERE))


def test_where_no_second_factor_is_required_a_wrong_code_is_still_refused(
    anna: service.NewAccount, house: config.Settings, time: TurnedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_second_factor(monkeypatch, house)
    right = code_of(anna, time.moment)
    with pytest.raises(service.SignInRefused):
        service.sign_in("anna", anna.password, f"{(int(right) + 1) % 1_000_000:06}", HERE)
    assert service.sign_in("anna", anna.password, right, HERE)


def test_a_reset_that_comes_between_check_and_claim_wins(
    anna: service.NewAccount, time: TurnedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    matches = passwords.matches

    def slowly(stored: str, password: str) -> bool:
        right = matches(stored, password)
        with db.transaction() as session:
            session.execute(update(Account).values(password_hash="another"))
        return right

    monkeypatch.setattr(passwords, "matches", slowly)
    with pytest.raises(service.SignInRefused):
        sign_in(anna, time)
    assert sessions() == []


def test_a_lost_instance_secret_refuses_and_says_so_in_the_log(
    anna: service.NewAccount, house: config.Settings, time: TurnedClock
) -> None:
    (house.instance_dir / "secrets" / "staff.key").unlink()
    with capture_logs() as logged, pytest.raises(service.SignInRefused):
        sign_in(anna, time)
    assert [entry["event"] for entry in logged] == ["second_factor_unreadable"]
    assert anna.password not in str(logged)


@sqlite_only
def test_the_database_holds_neither_password_nor_secret_nor_token(
    anna: service.NewAccount, house: config.Settings, time: TurnedClock
) -> None:
    token = sign_in(anna, time)
    with db.reading() as session:
        session.connection().exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    held = b"".join(path.read_bytes() for path in house.instance_dir.glob("helpline.db*"))
    for secret in (anna.password, anna.totp, token):
        assert secret.encode() not in held
    assert b"anna" in held


def test_a_token_is_new_at_each_sign_in(anna: service.NewAccount, time: TurnedClock) -> None:
    first, second = sign_in(anna, time), sign_in(anna, time)
    assert first != second
    assert len(first) >= 43
    assert service.member_for(first) == service.member_for(second)


def test_a_session_ends_after_twelve_idle_hours(anna: service.NewAccount, time: TurnedClock) -> None:
    token = sign_in(anna, time)
    time.turn(hours=11, minutes=59)
    assert service.member_for(token)
    time.turn(hours=12)
    assert service.member_for(token) is None


def test_a_session_ends_after_twenty_four_hours_however_busy(anna: service.NewAccount, time: TurnedClock) -> None:
    token = sign_in(anna, time)
    for _ in range(23):
        time.turn(hours=1)
        assert service.member_for(token)
    time.turn(hours=1)
    assert service.member_for(token) is None


def test_that_a_session_was_used_is_written_at_most_once_a_minute(anna: service.NewAccount, time: TurnedClock) -> None:
    token, opened = sign_in(anna, time), time.moment - timedelta(seconds=30)
    service.member_for(token)
    assert sessions()[0].seen_at == opened
    time.turn(seconds=30)
    service.member_for(token)
    assert sessions()[0].seen_at == opened + timedelta(minutes=1)
    time.turn(seconds=59)
    service.member_for(token)
    assert sessions()[0].seen_at == opened + timedelta(minutes=1)


def test_sessions_that_are_over_are_deleted_at_the_next_sign_in(anna: service.NewAccount, time: TurnedClock) -> None:
    sign_in(anna, time)
    time.turn(hours=13)
    sign_in(anna, time)
    assert len(sessions()) == 1


@pytest.mark.parametrize("token", [None, "", "guessed", "x" * 100_000, "\udcff", "\0"])
def test_no_other_token_is_anybody(anna: service.NewAccount, time: TurnedClock, token: str | None) -> None:
    sign_in(anna, time)
    assert service.member_for(token) is None
    service.sign_out(token)
    assert service.revocation_counter() == 0
