"""`helpline lines`: what the administrator types and what comes back."""

from __future__ import annotations

import pytest
from click.testing import CliRunner, Result

from helpline.lines import service
from helpline.lines.cli import lines
from tests.lines.test_service import house

__all__ = ["house"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(lines, list(arguments))


def test_the_list_shows_every_line_with_its_hours_and_limits() -> None:
    told = run("list").output
    assert told.index("prevention  Anders verder") < told.index("youth  Zeg het ons")
    assert "  hours: mon-fri 14:00-22:00;sat-sun 15:00-21:00\n" in told
    assert "  host-name: -\n" in told
    for name in (*service.RANGES, *service.SWITCHES):
        assert f"  {name.replace('_', '-')}: " in told


def test_what_is_named_is_set_and_the_rest_stays() -> None:
    told = run("set", "youth", "--hours", "always", "--queue-limit", "7", "--host-name", "Youth.Example")
    assert (told.exit_code, told.output) == (0, "youth: host_name, hours, queue_limit set\n")
    line = service.get_line("youth")
    assert (line.hours, line.queue_limit, line.host_name, line.offer_seconds) == ("always", 7, "youth.example", 30)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["set", "youth"], "at least one setting"),
        (["set", "elders", "--hours", "always"], "there are prevention, youth"),
        (["set", "youth", "--hours", "sometimes"], "hours"),
        (["set", "youth", "--queue-limit", "-1"], "queue-limit"),
        (["set", "youth", "--offer-seconds", "soon"], "offer-seconds"),
        (["set", "youth", "--host-name", "no host"], "host-name"),
    ],
)
def test_bad_input_is_told_and_changes_nothing(arguments: list[str], problem: str) -> None:
    before = [run("list").output]
    told = run(*arguments)
    assert (told.exit_code, problem in told.output) == (2, True)
    assert [run("list").output] == before
