"""The console's menu: the rooms that somebody's roles open, and which of them they are in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import gettext as _

from helpline.desk.course_views import lines_told
from helpline.letters import service as letters
from helpline.staff.service import Member

LETTERS = "/console/letters/"


@dataclass(frozen=True)
class Entry:
    """A room; `current` is what aria-current says of it: the page itself, somewhere in it (true), or nothing.

    `overdue`: how much in it is late, None where nothing can be.
    """

    path: str
    name: str
    current: str
    overdue: int | None = None


def entries(member: Member) -> list[Entry]:
    """What this member finds, the rooms of every day first."""
    supervises = "supervisor" in member.roles
    reads_releases = supervises or "analyst" in member.roles
    rooms = (
        ("/console/", _("Desk"), member.takes_chats),
        (LETTERS, _("Letters"), member.takes_chats),
        ("/console/contacts/", _("Contacts"), member.takes_chats),
        ("/console/figures/", _("Figures"), supervises),
        ("/console/campaigns/", _("Campaigns"), supervises),
        ("/console/releases/", _("Releases"), reads_releases),
        ("/console/topics/", _("Topics"), supervises),
        ("/console/course/", _("Course"), bool(lines_told(member))),
        ("/console/content/", _("Content"), True),
    )
    late = {LETTERS: sum(one.overdue for one in letters.waiting(member))}
    return [Entry(path, name, _current(path), late.get(path)) for path, name, opens in rooms if opens]


def _current(path: str) -> str:
    if request.path == path:
        return "page"
    return "true" if path != "/console/" and request.path.startswith(path) else ""


def words() -> dict[str, Any]:
    """For the template of all console pages."""
    return {"console_menu": entries}
