"""`helpline staff ...`."""

from __future__ import annotations

import re

import pyotp
import pytest
from click.testing import CliRunner, Result

from helpline.staff import service
from helpline.staff.cli import staff
from tests.staff.conftest import HERE, TurnedClock, sign_in


def run(*arguments: str) -> Result:
    return CliRunner().invoke(staff, arguments)


def shown(result: Result) -> tuple[str, str]:
    """Password and second factor as they were printed, and nothing else."""
    assert result.exit_code == 0, result.output
    found = re.fullmatch(r"password: (\S+)\ntotp: ([A-Z2-7]{32})\n", result.stdout)
    assert found is not None, result.stdout
    return found[1], found[2]


def test_an_account_that_was_added_signs_in_at_once(time: TurnedClock) -> None:
    password, totp = shown(run("add", "anna", "--role", "counsellor"))
    assert service.member_for(service.sign_in("anna", password, pyotp.TOTP(totp).at(time.moment), HERE))


def test_every_flag_of_add_repeats_or_has_a_default() -> None:
    shown(run("add", "anna", "--role", "counsellor"))
    flags = ["--role", "supervisor", "--role", "counsellor", "--line", "youth", "--line", "prevention"]
    shown(run("add", "ben", *flags, "--language", "nl", "--language", "en", "--capacity", "10", "--name", "Ben B."))
    shown(run("add", "cem", "--role", "analyst", "--line", "youth", "--language", "nl", "--capacity", "1"))
    anna, ben, cem = service.list_accounts()
    assert (anna.roles, anna.lines, anna.languages) == (("counsellor",), ("prevention", "youth"), ("nl", "en"))
    assert (anna.capacity, anna.name) == (3, "anna")
    assert (ben.roles, ben.lines, ben.languages) == (
        ("counsellor", "supervisor"),
        ("prevention", "youth"),
        ("nl", "en"),
    )
    assert (ben.capacity, ben.name) == (10, "Ben B.")
    assert (cem.roles, cem.lines, cem.languages, cem.capacity) == (("analyst",), ("youth",), ("nl",), 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["add"], "Missing argument 'LOGIN'"),
        (["add", "ben"], "role: name at least one of counsellor, supervisor, analyst, administrator"),
        (["add", "ben", "--role", "chef"], "role: 'chef' is unknown"),
        (["add", "ben", "--role", "counsellor", "--line", "elders"], "line: 'elders' is unknown"),
        (["add", "ben", "--role", "counsellor", "--language", "xx"], "language: 'xx' is unknown"),
        (["add", "ben", "--role", "counsellor", "--capacity", "0"], "capacity: 0 is not between 1 and 10"),
        (["add", "ben", "--role", "counsellor", "--capacity", "11"], "capacity: 11 is not between 1 and 10"),
        (["add", "ben", "--role", "counsellor", "--capacity", "two"], "'two' is not a valid integer"),
        (["add", "ben", "--role", "counsellor", "--name", " "], "name: take 1 to 80"),
        (["add", "b n", "--role", "counsellor"], "login: 'b n' can't be used"),
        (["add", "queue", "--role", "counsellor"], "login: 'queue' can't be used"),
        (["add", "anna", "--role", "counsellor"], "login: 'anna' exists already"),
        (["disable", "nobody"], "login: there is no 'nobody'"),
        (["reset", "nobody"], "login: there is no 'nobody'"),
        (["promote", "anna"], "No such command 'promote'"),
    ],
)
def test_bad_input_ends_in_2_with_its_reason_and_changes_nothing(
    anna: service.NewAccount, time: TurnedClock, arguments: list[str], message: str
) -> None:
    before = service.list_accounts()
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""
    assert service.list_accounts() == before
    assert service.member_for(sign_in(anna, time))


def test_the_list_shows_everybody_and_who_is_disabled(anna: service.NewAccount) -> None:
    service.add_account("demo", ["supervisor", "counsellor"], demo=True)
    service.disable("demo")
    result = run("list")
    assert result.exit_code == 0
    assert [re.split(r"\s{2,}", line) for line in result.stdout.splitlines()] == [
        ["login", "name", "roles", "lines", "languages", "capacity", "status"],
        ["anna", "Anna", "counsellor", "youth", "nl en", "3", "active"],
        ["demo", "demo", "counsellor supervisor", "prevention youth", "nl en", "3", "disabled (demo)"],
    ]


def test_the_list_of_a_new_house_is_its_heading() -> None:
    assert run("list").stdout.split() == ["login", "name", "roles", "lines", "languages", "capacity", "status"]


def test_who_was_disabled_is_out(anna: service.NewAccount, time: TurnedClock) -> None:
    token = sign_in(anna, time)
    result = run("disable", "anna")
    assert (result.exit_code, result.stdout) == (0, "anna: disabled\n")
    assert service.member_for(token) is None


def test_a_reset_prints_what_is_new_and_it_works(anna: service.NewAccount, time: TurnedClock) -> None:
    password, totp = shown(run("reset", "anna"))
    assert password != anna.password
    assert service.member_for(sign_in(service.NewAccount("anna", password, totp), time))
