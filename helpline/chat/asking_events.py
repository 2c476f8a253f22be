"""Socket events of the console around a text that a supervisor is to let pass."""

from __future__ import annotations

from typing import Any

from helpline.chat import asking
from helpline.chat.event_data import a_text
from helpline.chat.summary_events import within_budget
from helpline.staff.service import Member

Answer = dict[str, Any]


def ask(sid: str, member: Member, data: Answer) -> Answer:
    """The counsellor asks for a text that was refused."""
    within_budget(member.id)
    return asking.ask(member, a_text(data, "chat"), data.get("body"), data.get("stream", "talk"))


def take_back(sid: str, member: Member, data: Answer) -> Answer:
    """The counsellor asks no longer."""
    asking.take_back(member, a_text(data, "asked"))
    return {}


def look(sid: str, member: Member, data: Answer) -> Answer:
    """A supervisor reads the text."""
    return asking.look(member, a_text(data, "asked"))


def allow(sid: str, member: Member, data: Answer) -> Answer:
    """A supervisor lets it pass."""
    return asking.answer(member, a_text(data, "asked"), allow=True)


def refuse(sid: str, member: Member, data: Answer) -> Answer:
    """A supervisor does not let it pass."""
    return asking.answer(member, a_text(data, "asked"), allow=False)


OF_STAFF = {"ask": ask, "take_back": take_back, "look": look, "allow": allow, "refuse": refuse}
