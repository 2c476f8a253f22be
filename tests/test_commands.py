"""`helpline ...`: what each command does, its exit code, and errors of one line."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from helpline import clock, commands, config, db, logs
from helpline.contacts import service as contacts
from helpline.lines import service as lines
from tests.clients import free_port
from tests.commanding import Done

Command = Callable[..., Done]


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The instance folder of a new installation; it is made by the first command."""
    for name in os.environ:
        if name.startswith("HELPLINE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HELPLINE_INSTANCE_DIR", str(tmp_path / "instance"))
    return tmp_path / "instance"


@pytest.fixture
def run(instance: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """Runs a command inside the process."""
    monkeypatch.setattr(logs, "set_up", lambda level: None)
    monkeypatch.setattr(config, "_current", None)
    monkeypatch.setattr(db, "_engine", None)

    def run_command(*arguments: str) -> Done:
        capfd.readouterr()
        code = commands.run(list(arguments))
        said = capfd.readouterr()
        return Done(code, said.out, said.err)

    yield run_command
    if db._engine is not None:
        db._engine.dispose()


# All commands


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["--nonsense"],
        [],
        ["lines"],
        ["lines", "paint"],
        ["lines", "set"],
        ["lines", "set", "youth", "--colour", "red"],
        ["serve", "--port", "http"],
        ["serve", "--port", "65536"],
        ["serve", "--port", "-1"],
        ["contacts", "count", "youth"],
        ["migrate", "now"],
    ],
    ids=" ".join,
)
def test_bad_input_ends_in_2_with_one_line(run: Command, arguments: list[str]) -> None:
    assert run(*arguments).refused(2)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["serve", "--help"], ["lines", "set", "--help"], ["staff", "--help"]]
)
def test_help_ends_in_0_and_makes_nothing(
    run: Command, instance: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["helpline", *arguments])
    done = run(*arguments)
    assert (done.code, done.error) == (0, "")
    assert done.out.startswith("Usage: helpline")
    assert not instance.exists()


@pytest.mark.parametrize(
    "arguments",
    [["lines", "list"], ["staff", "list"], ["contacts", "count"], ["check"], ["purge"], ["migrate"]],
    ids=" ".join,
)
def test_the_first_command_makes_schema_keyring_and_both_lines(
    run: Command, instance: Path, arguments: list[str]
) -> None:
    done = run(*arguments)
    assert (done.code, done.error) == (0, ""), done
    assert {line.slug for line in lines.all_lines()} == {"youth", "prevention"}
    assert {line.time_zone for line in lines.all_lines()} == {"Europe/Amsterdam"}
    assert run("lines", "list").code == 0
    assert len(list((instance / "keyring").glob("*.key"))) >= 4
    assert oct(instance.stat().st_mode)[-3:] == "700"
    for path in [*(instance / "keyring").iterdir(), *(instance / "secrets").iterdir()]:
        assert oct(path.stat().st_mode)[-3:] == "600", path


def test_what_stands_in_the_way_of_the_instance_folder_is_named(
    run: Command, instance: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance.write_text("a file")
    assert run("lines", "list").refused(2, "HELPLINE_INSTANCE_DIR")
    monkeypatch.setenv("HELPLINE_INSTANCE_DIR", str(instance / "inside a file"))
    assert run("lines", "list").refused(2, "HELPLINE_INSTANCE_DIR")
    monkeypatch.setenv("HELPLINE_INSTANCE_DIR", "/proc/nowhere")
    assert run("migrate").refused(2, "HELPLINE_INSTANCE_DIR")


def test_a_database_that_is_none_ends_in_1(run: Command, instance: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    instance.mkdir()
    (instance / "helpline.db").write_bytes(b"no database at all" * 100)
    assert run("lines", "list").refused(1, "not a database")
    monkeypatch.setenv("HELPLINE_DATABASE_URL", f"sqlite:///{instance}/not/there/x.db")
    assert run("lines", "list").refused(1, "unable to open database file")
    monkeypatch.setenv("HELPLINE_DATABASE_URL", f"postgresql://127.0.0.1:{free_port()}/helpline")
    assert run("lines", "list").refused(1)


# migrate


def change(instance: Path, *statements: str) -> None:
    connection = sqlite3.connect(instance / "helpline.db")
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_an_older_database_is_asked_to_be_migrated_and_then_is_current(run: Command, instance: Path) -> None:
    from alembic import command

    from helpline import install

    assert run("lines", "set", "youth", "--hours", "always").code == 0
    command.downgrade(install.alembic_config(), "-1")
    assert run("lines", "list").refused(1, "helpline migrate")
    assert run("serve", "--port", "0").refused(1, "helpline migrate")
    assert run("migrate").code == 0
    assert lines.get_line("youth").hours == "always"
    assert run("migrate").code == 0
    assert run("lines", "list").code == 0


def test_a_database_of_a_newer_version_is_left_alone(run: Command, instance: Path) -> None:
    run("lines", "list")
    change(instance, "UPDATE alembic_version SET version_num = '9999_from_the_future'")
    assert run("lines", "list").refused(1, "version")
    assert run("migrate").refused(1, "newer")
    change(instance, "UPDATE alembic_version SET version_num = 'x' WHERE 0")


# lines


def test_the_list_shows_every_setting_of_a_line(run: Command) -> None:
    shown = run("lines", "list").out
    for line in lines.all_lines():
        assert re.search(rf"^{line.slug}  {line.name}  Europe/Amsterdam", shown, re.MULTILINE)
        assert f"hours: {line.hours}" in shown
    for setting in lines.RANGES:
        assert shown.count(f"  {setting.replace('_', '-')}: ") == 2


@pytest.mark.parametrize(
    ("option", "good", "bad"),
    [
        ("offer-seconds", ["1", "30", "600"], ["0", "601", "-1", "x", "1.5", ""]),
        ("waiting-lost-seconds", ["1", "3600"], ["0", "3601", "soon"]),
        ("active-lost-seconds", ["1", "7200"], ["0", "7201", "soon"]),
        ("counsellor-lost-seconds", ["1", "3600"], ["0", "3601", "soon"]),
        ("longest-wait-minutes", ["1", "1440"], ["0", "1441", "1h"]),
        ("queue-limit", ["0", "100000"], ["-1", "100001", "many"]),
        ("letter-target-hours", ["1", "720"], ["0", "721", "soon"]),
        ("letter-retention-days", ["7", "730"], ["6", "731", "ever"]),
        ("wrap-ups-open", ["0", "2", "100"], ["-1", "101", "two"]),
        (
            "hours",
            ["always", "closed", "mon-fri 09:00-17:00;sat 10:00-14:00", "fri 20:00-02:00", "sun 00:00-24:00"],
            [
                "",
                "open",
                "mon",
                "mon 9-17",
                "mon 25:00-26:00",
                "xyz 09:00-17:00",
                "mon 09:00-09:00",
                "always;mon 09:00-10:00",
            ],
        ),
        (
            "host-name",
            ["chat.example.org", "CHAT.example.org", "localhost", "a-b.example", ""],
            ["http://x", "a b", "a/b", "x:80", "é.example", "a..b", ".", "-a.example", "x" * 300, "a_b", "a\nb"],
        ),
    ],
)
def test_settings_of_a_line_take_what_makes_sense_and_name_what_does_not(
    run: Command, option: str, good: list[str], bad: list[str]
) -> None:
    field = option.replace("-", "_")
    for value in good:
        done = run("lines", "set", "youth", f"--{option}", value)
        assert (done.code, done.error) == (0, ""), (value, done)
        stored = getattr(lines.get_line("youth"), field)
        assert str(stored if stored is not None else "") == (value.lower() if option == "host-name" else value)
    before = getattr(lines.get_line("youth"), field)
    for value in bad:
        assert run("lines", "set", "youth", f"--{option}", value).refused(2, option), value
        assert getattr(lines.get_line("youth"), field) == before


def test_several_settings_are_set_together_or_not_at_all(run: Command) -> None:
    assert run("lines", "set", "youth", "--offer-seconds", "20", "--queue-limit", "7", "--hours", "always").code == 0
    line = lines.get_line("youth")
    assert (line.offer_seconds, line.queue_limit, line.hours) == (20, 7, "always")
    assert run("lines", "set", "youth", "--offer-seconds", "25", "--queue-limit", "-7").refused(2, "queue-limit")
    assert lines.get_line("youth").offer_seconds == 20
    assert lines.get_line("prevention").offer_seconds == 30


@pytest.mark.parametrize("option", ["letters", "letters-second-reader"])
def test_what_is_on_or_off_is_set_by_these_words_alone(run: Command, option: str) -> None:
    for value in ("off", "on"):
        assert run("lines", "set", "youth", f"--{option}", value).code == 0
        assert getattr(lines.get_line("youth"), option.replace("-", "_")) is (value == "on")
        assert f"  {option}: {value}\n" in run("lines", "list").out
    assert run("lines", "set", "youth", f"--{option}", "1").refused(2, option)


def test_an_unknown_line_and_no_setting_are_refused(run: Command) -> None:
    assert run("lines", "set", "elders", "--hours", "always").refused(2, "elders", "prevention, youth")
    assert run("lines", "set", "youth").refused(2, "--hours")
    assert run("contacts", "count", "--line", "elders").refused(2, "elders")


def test_a_host_name_belongs_to_one_line(run: Command) -> None:
    assert run("lines", "set", "youth", "--host-name", "chat.example.org").code == 0
    assert run("lines", "set", "prevention", "--host-name", "CHAT.example.org").refused(2, "youth")
    assert run("lines", "set", "youth", "--host-name", "chat.example.org").code == 0
    assert run("lines", "set", "youth", "--host-name", "").code == 0
    assert run("lines", "set", "prevention", "--host-name", "chat.example.org").code == 0


# contacts, purge, check


def test_contacts_are_counted_by_line_and_cause(run: Command) -> None:
    empty = json.loads(run("contacts", "count", "--json").out)
    assert empty["answered"] == 0
    assert set(empty["missed"]) == set(contacts.CAUSES)
    assert set(empty["missed"].values()) == {0}
    youth, prevention = lines.get_line("youth"), lines.get_line("prevention")
    for line, cause, number in ((youth, "left", 2), (youth, "closed", 1), (prevention, "left", 5)):
        for _ in range(number):
            contacts.record_missed(line, cause=cause, at=clock.now(), language="nl")
    assert json.loads(run("contacts", "count", "--json").out)["missed"]["left"] == 7
    one = json.loads(run("contacts", "count", "--line", "youth", "--json").out)["missed"]
    assert (one["left"], one["closed"], one["lost"]) == (2, 1, 0)
    plain = run("contacts", "count").out.splitlines()
    assert plain[0] == "answered: 0"
    assert "missed, left: 7" in plain


def test_purge_destroys_what_is_past_its_time_and_says_how_much(
    run: Command, instance: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = json.loads(run("purge").out)
    assert nothing == {
        "keys": 0,
        "chats": 0,
        "wrap_ups": 0,
        "sessions": 0,
        "counter_days": 0,
        "courses": 0,
        "letters": 0,
        "summaries": 0,
        "persons": 0,
    }
    keys = set((instance / "keyring").glob("*.key"))
    later = clock.now() + timedelta(days=29)
    monkeypatch.setattr(clock, "now", lambda: later)
    done = json.loads(run("purge").out)
    assert done["keys"] >= 3
    left = keys & set((instance / "keyring").glob("*.key"))
    assert len(left) == len(keys) - done["keys"]


def test_check_warns_of_what_is_still_to_do(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    done = run("check")
    assert (done.code, done.error) == (0, "")
    assert "not been reviewed" in done.out or "reviewed" in done.out
    usual = done.out.count("warning: ")
    monkeypatch.setenv("HELPLINE_PUBLIC_URL", "http://help.example.org")
    open_house = run("check").out
    assert open_house.count("warning: ") == usual + 3
    assert "HELPLINE_PUBLIC_URL" in open_house
    assert "HELPLINE_EXIT_URL" in open_house
    assert "HELPLINE_TRUSTED_PROXIES" in open_house
    assert open_house.splitlines()[-1].endswith(f"{usual + 3} warnings.")


def test_check_names_a_text_that_can_not_be_read(run: Command, instance: Path) -> None:
    run("lines", "list")
    (instance / "limits").mkdir()
    (instance / "limits" / "nl-youth.en.md").write_text("no head at all")
    assert run("check").refused(1, "nl-youth.en.md")


# demo


def test_the_demo_prints_its_sign_ins_and_fills_a_year(run: Command, instance: Path) -> None:
    done = run("demo")
    assert (done.code, done.error) == (0, "")
    table = [row.split() for row in done.out.splitlines()]
    assert table[0] == ["login", "password", "totp", "roles", "lines"]
    assert {len(row) for row in table} == {5}
    roles = {role for row in table[1:] for role in row[3].split(",")}
    assert roles == {"counsellor", "supervisor", "analyst", "administrator"}
    assert all(line.hours == "always" for line in lines.all_lines())
    assert lines.joint_front_page()
    counted = contacts.count()
    assert counted["answered"] > 500
    assert counted["missed"]["closed"] > 300
    note = instance / "demo-sign-ins.txt"
    assert oct(note.stat().st_mode)[-3:] == "600"
    assert "demo accounts exist" in run("check").out
    from helpline.staff import service as staff

    for login in [row[0] for row in table[1:]]:
        staff.disable(login)
    assert "demo accounts exist" not in run("check").out


def test_where_there_are_staff_no_demo_is_made(run: Command) -> None:
    assert run("staff", "add", "anna", "--role", "counsellor").code == 0
    assert run("demo").refused(1, "staff exist")
    assert contacts.count()["answered"] == 0
    assert not lines.joint_front_page()


def test_a_second_demo_is_refused_and_changes_nothing(run: Command, instance: Path) -> None:
    run("demo")
    before = (instance / "demo-sign-ins.txt").read_bytes(), contacts.count()
    assert run("demo").refused(1, "staff exist")
    assert ((instance / "demo-sign-ins.txt").read_bytes(), contacts.count()) == before


# Who may be served


EVERYBODY = ("0.0.0.0", "::", "192.0.2.1")  # noqa: S104 - it is refused


def test_who_serves_others_needs_the_second_factor_and_no_demo(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from helpline.serve import CannotServe, refuse_open_house
    from helpline.staff import service as staff

    run("lines", "list")
    staff.add_account("mila", ["counsellor"], demo=True)
    settings = config.load()
    public = settings.model_copy(update={"public_url": "https://help.example.org"})
    for where, those in [("127.0.0.1", public), *((host, settings) for host in EVERYBODY)]:
        with pytest.raises(CannotServe, match="demo accounts"):
            refuse_open_house(where, those)
    refuse_open_house("127.0.0.1", settings)
    assert run("serve", "--host", EVERYBODY[0]).refused(1, "demo accounts")
    staff.disable("mila")
    for where, those in [("127.0.0.1", public), *((host, settings) for host in EVERYBODY)]:
        refuse_open_house(where, those)
    monkeypatch.setenv("HELPLINE_REQUIRE_SECOND_FACTOR", "false")
    for host in EVERYBODY:
        assert run("serve", "--host", host).refused(2, "HELPLINE_REQUIRE_SECOND_FACTOR")
