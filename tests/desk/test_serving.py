"""The line with which the desk begins for whoever works for several."""

from __future__ import annotations

import re

from flask import Flask
from flask.testing import FlaskClient

from helpline.lines import service as lines
from helpline.staff import duties
from helpline.staff import service as staff
from tests.house.test_routes import signed_in
from tests.postgres import sqlite_only

pytestmark = sqlite_only


def chosen(client: FlaskClient) -> tuple[list[str], str]:
    """Which line is chosen in the bar, and which one the desk goes by without a choice."""
    shown = client.get("/console/").text
    found = re.search(r'data-line="(\w*)"', shown)
    assert found is not None
    return re.findall(r'<option value="(\w+)" selected>', shown), found[1]


def test_the_desk_begins_with_the_line_served_last_else_an_open_one_else_the_first(app: Flask) -> None:
    lines.change_line("prevention", {"hours": "closed"})
    lines.change_line("youth", {"hours": "always"})
    client = signed_in(app, "supervisor", ["prevention", "youth"])
    assert chosen(client) == (["youth"], "youth"), "nothing was served yet, and this one is open"
    lines.change_line("youth", {"hours": "closed"})
    assert chosen(client) == (["prevention"], "prevention"), "none is open"

    account = duties.account_of_login("the-supervisor", "youth")
    assert account is not None
    staff.set_duty(account, "available", "youth", 1)
    staff.set_duty(account, "away", "youth", 1)
    assert chosen(client) == (["youth"], "youth"), "the one served last, whether it is open or not"


def test_who_works_for_one_line_has_nothing_to_choose(app: Flask) -> None:
    assert chosen(signed_in(app, "counsellor", ["youth"])) == ([], "youth")
