"""The menu of the console: the rooms that a role opens, and where one is."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from tests.house.test_routes import signed_in
from tests.postgres import sqlite_only

pytestmark = sqlite_only

ROOM = re.compile(r'<li><a href="(/console/[a-z-]*/?)"(?: aria-current="(\w+)")?>')
OF_SUPERVISORS = ["", "letters/", "contacts/", "figures/", "campaigns/", "releases/", "topics/", "course/", "content/"]


@pytest.mark.parametrize(
    ("role", "lines", "rooms"),
    [
        ("counsellor", ["prevention"], ["", "letters/", "contacts/", "content/"]),
        ("supervisor", ["prevention"], OF_SUPERVISORS),
        ("supervisor", ["youth"], [room for room in OF_SUPERVISORS if room != "course/"]),
        ("analyst", ["youth"], ["releases/", "content/"]),
        ("administrator", ["youth"], ["content/"]),
    ],
)
def test_the_menu_leads_where_a_role_may_go(app: Flask, role: str, lines: list[str], rooms: list[str]) -> None:
    client = signed_in(app, role, lines)
    shown = client.get("/console/content/").text
    # Once in the bar and once folded; styles show one of them.
    found = ROOM.findall(shown[: shown.index("<main")])
    assert [path for path, _ in found] == [f"/console/{room}" for room in rooms] * 2
    assert [path for path, current in found if current] == ["/console/content/"] * 2
    for path, _ in set(found):
        assert client.get(path, follow_redirects=True).status_code == 200, path


def test_the_menu_says_where_one_is(app: Flask) -> None:
    client = signed_in(app, "supervisor", ["prevention"])
    for path, current in {"topics/prevention/": ("topics/", "true"), "figures/": ("figures/", "page")}.items():
        shown = client.get(f"/console/{path}").text
        marked = {room for room in ROOM.findall(shown[: shown.index("<main")]) if room[1]}
        assert marked == {(f"/console/{current[0]}", current[1])}
