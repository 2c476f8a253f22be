"""`helpline contacts count`."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from helpline.contacts import service
from helpline.contacts.cli import contacts
from helpline.lines import service as lines
from tests.builders import EVENING

pytestmark = pytest.mark.usefixtures("house")


def count(*arguments: str) -> Result:
    return CliRunner().invoke(contacts, ["count", *arguments])


@pytest.fixture
def one_each(house: object) -> None:
    for line in lines.all_lines():
        service.record_missed(line, cause="lost", at=EVENING, language="nl")


@pytest.mark.usefixtures("one_each")
def test_the_figures_come_as_json_with_every_cause() -> None:
    told = json.loads(count("--json").output)
    assert told == {"answered": 0, "missed": dict.fromkeys(service.CAUSES, 0) | {"lost": 2}}


@pytest.mark.usefixtures("one_each")
def test_the_figures_of_one_line_are_its_own() -> None:
    assert json.loads(count("--line", "youth", "--json").output)["missed"]["lost"] == 1


@pytest.mark.usefixtures("one_each")
def test_the_figures_can_be_read_by_people() -> None:
    told = count().output.splitlines()
    assert told[0] == "answered: 0"
    assert "missed, lost: 2" in told


def test_an_unknown_line_is_bad_input() -> None:
    told = count("--line", "elders")
    assert (told.exit_code, "elders" in told.output) == (2, True)
