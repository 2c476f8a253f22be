"""What makes an account, and how its secrets are kept."""

from __future__ import annotations

import re

import pytest
from argon2 import PasswordHasher
from cryptography.exceptions import InvalidTag

from helpline import db
from helpline.staff import passwords, rules, second_factor, service
from helpline.staff.models import Account
from tests.staff.conftest import TurnedClock, sign_in


def test_a_new_account_has_a_strong_password_and_a_second_factor(anna: service.NewAccount) -> None:
    assert re.fullmatch(r"[0-9a-hjkmnp-tv-z]{5}(-[0-9a-hjkmnp-tv-z]{5}){3}", anna.password)
    assert re.fullmatch(r"[A-Z2-7]{32}", anna.totp)


def test_without_lines_and_languages_an_account_gets_all_lines_dutch_and_english() -> None:
    service.add_account("ben", ["supervisor", "counsellor", "supervisor"])
    assert service.list_accounts() == [
        service.AccountView(
            "ben", "ben", ("counsellor", "supervisor"), ("prevention", "youth"), ("nl", "en"), 3, False, None
        )
    ]


@pytest.mark.parametrize(
    ("login", "roles", "lines", "languages", "capacity", "message"),
    [
        ("", ["counsellor"], [], [], 3, "login: ''"),
        ("an na", ["counsellor"], [], [], 3, "login: 'an na'"),
        ("-anna", ["counsellor"], [], [], 3, "login: '-anna'"),
        ("anna\n", ["chef"], [], [], 3, "role: 'chef'"),
        ("änna", ["counsellor"], [], [], 3, "login: 'änna'"),
        ("a" * 65, ["counsellor"], [], [], 3, "login: "),
        ("queue", ["counsellor"], [], [], 3, "login: 'queue'"),
        ("anna", [], [], [], 3, "role: name at least one"),
        ("anna", ["chef"], [], [], 3, "role: 'chef' is unknown; there are counsellor, supervisor"),
        ("anna", ["counsellor"], ["elders"], [], 3, "line: 'elders' is unknown; there are prevention, youth"),
        ("anna", ["counsellor"], [], ["xx"], 3, "language: 'xx' is unknown; there are nl, en"),
        ("anna", ["counsellor"], [], [], 0, "capacity: 0 is not between 1 and 10"),
        ("anna", ["counsellor"], [], [], 11, "capacity: 11 is not between 1 and 10"),
    ],
)
def test_an_account_that_makes_no_sense_is_refused_and_nothing_is_made(
    login: str, roles: list[str], lines: list[str], languages: list[str], capacity: int, message: str
) -> None:
    with pytest.raises(service.AccountRefused) as caught:
        service.add_account(login, roles, lines, languages, capacity)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
    assert not service.any_staff()


@pytest.mark.parametrize("name", ["", "  ", "a" * 81, "An\u202ena"])
def test_a_name_that_can_not_be_shown_is_refused(name: str) -> None:
    with pytest.raises(service.AccountRefused, match="name: "):
        service.add_account("anna", ["counsellor"], name=name)


def test_a_login_exists_once(anna: service.NewAccount) -> None:
    with pytest.raises(service.AccountRefused, match="login: 'anna' exists already"):
        service.add_account("Anna", ["counsellor"])


def test_of_two_accounts_made_at_the_same_moment_with_one_login_one_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_hash = passwords.make_hash

    def meanwhile(password: str) -> str:
        monkeypatch.setattr(passwords, "make_hash", make_hash)
        service.add_account("anna", ["analyst"])
        return make_hash(password)

    monkeypatch.setattr(passwords, "make_hash", meanwhile)
    with pytest.raises(service.AccountRefused, match="exists already"):
        service.add_account("anna", ["counsellor"])
    assert [account.roles for account in service.list_accounts()] == [("analyst",)]


@pytest.mark.parametrize("login", ["nobody", "", "\udcff\0"])
def test_what_is_not_there_can_be_neither_disabled_nor_reset(login: str) -> None:
    for change in (service.disable, service.reset):
        with pytest.raises(service.AccountRefused, match="login: there is no"):
            change(login)


def test_demo_accounts_are_known_until_they_are_disabled() -> None:
    service.add_account("anna", ["counsellor"])
    assert not service.demo_accounts_exist()
    service.add_account("demo", ["counsellor"], demo=True, password="shown to everybody")
    assert service.demo_accounts_exist()
    service.disable("demo")
    assert not service.demo_accounts_exist()
    assert service.any_staff()


def test_a_password_that_is_given_is_the_one_that_works(time: TurnedClock) -> None:
    fresh = service.add_account("demo", ["counsellor"], demo=True, password="shown to everybody")
    assert fresh.password == "shown to everybody"
    assert service.member_for(sign_in(fresh, time))


def test_passwords_are_hashed_with_argon2id_at_a_serious_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    stored = passwords.make_hash("a password")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert passwords.matches(stored, "a password")
    assert not passwords.matches(stored, "another")
    assert not passwords.matches("not a hash", "a password")


def test_the_hash_that_stands_in_for_unknown_logins_costs_as_much_as_a_real_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    assert isinstance(passwords._hasher, PasswordHasher)
    assert not passwords._hasher.check_needs_rehash(passwords.NOBODYS_HASH)
    assert not passwords.matches(passwords.NOBODYS_HASH, "")


def test_a_sealed_secret_opens_for_its_own_account_only() -> None:
    key = bytes(32)
    sealed = second_factor.seal(key, "anna", "SECRET")
    assert second_factor.unseal(key, "anna", sealed) == "SECRET"
    for wrong_key, account, blob in (
        (key, "ben", sealed),
        (bytes(31) + b"1", "anna", sealed),
        (key, "anna", sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (key, "anna", b""),
    ):
        with pytest.raises(second_factor.SealBroken) as caught:
            second_factor.unseal(wrong_key, account, blob)
        assert not isinstance(caught.value.__cause__, InvalidTag)


def test_the_same_secret_is_never_sealed_the_same_way_twice() -> None:
    assert second_factor.seal(bytes(32), "anna", "SECRET") != second_factor.seal(bytes(32), "anna", "SECRET")


def test_swapping_the_sealed_secrets_of_two_accounts_opens_neither(anna: service.NewAccount, time: TurnedClock) -> None:
    ben = service.add_account("ben", ["counsellor"])
    with db.transaction() as session:
        rows = {row.login: row for row in session.query(Account)}
        rows["anna"].totp_sealed, rows["ben"].totp_sealed = rows["ben"].totp_sealed, rows["anna"].totp_sealed
    for account in (anna, ben):
        with pytest.raises(service.SignInRefused):
            sign_in(account, time)


def test_every_role_and_no_other_is_known() -> None:
    assert rules.ROLES == ("counsellor", "supervisor", "analyst", "administrator")
