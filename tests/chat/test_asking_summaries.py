"""Versions of a summary with ways to be reached: held back as texts are, and allowed as summaries alone."""

from __future__ import annotations

from functools import partial

import pytest

from helpline.chat import agreeing, asking, service
from helpline.staff.service import Member
from tests.builders import a_chat
from tests.chat.test_asking import NUMBER, anna, asked_rows, audited, refusal, sanne

pytestmark = pytest.mark.usefixtures("house")
__all__ = ["anna", "sanne"]


def test_a_version_passes_the_same_check(anna: Member, sanne: Member) -> None:
    visit = a_chat(held_by=anna)
    assert refusal(partial(agreeing.staff_saves, anna, visit.chat, 0, NUMBER)) == "forbidden"
    assert agreeing.visitor_saves(visit.visitor, 0, NUMBER) == 1, "what the visitor writes is the visitor's"
    theirs = partial(agreeing.staff_saves, anna, visit.chat, 1, NUMBER + " Tell them.")
    for stream in ("talk", "summary"):
        assert refusal(theirs) == "forbidden", "what is allowed as a text is none of the summary"
        asked = asking.ask(anna, visit.chat, NUMBER + " Tell them.", stream)
        assert asked["stream"] == stream
        asking.answer(sanne, asked["asked"], allow=True)
    assert theirs() == 2
    assert [row.stream for row in asked_rows()] == ["talk"], "used up, and no other"
    assert theirs() == 2, "the answer may have been lost"
    assert agreeing.visitor_saves(visit.visitor, 2, "Something else") == 3
    assert refusal(partial(agreeing.staff_saves, anna, visit.chat, 3, NUMBER + " Tell them.")) == "forbidden"


def test_a_refused_or_late_version_uses_nothing_up(anna: Member, sanne: Member) -> None:
    visit = a_chat(held_by=anna)
    asking.answer(sanne, asking.ask(anna, visit.chat, NUMBER, "summary")["asked"], allow=True)
    agreeing.visitor_saves(visit.visitor, 0, "The visitor was faster")
    assert refusal(partial(agreeing.staff_saves, anna, visit.chat, 0, NUMBER)) == "taken"
    assert agreeing.staff_saves(anna, visit.chat, 1, NUMBER) == 2
    for stream, body in (("aside", NUMBER), (None, NUMBER), ("summary", "Hello"), ("summary", [])):
        assert refusal(partial(asking.ask, anna, visit.chat, body, stream)) == "invalid"
    assert refusal(partial(asking.ask, anna, visit.chat, NUMBER * 40, "summary")) == "too_long"


def test_a_supervisor_saves_an_own_version_all_the_same(anna: Member, sanne: Member) -> None:
    service.change_duty(sanne, "available", "youth", 3)
    own, other = a_chat(held_by=sanne), a_chat(held_by=anna)
    assert refusal(partial(agreeing.staff_saves, sanne, own.chat, 0, NUMBER)) == "forbidden"
    assert agreeing.staff_saves(sanne, own.chat, 0, NUMBER, allow=True) == 1
    assert refusal(partial(agreeing.staff_saves, anna, other.chat, 0, NUMBER, allow=True)) == "forbidden"
    assert audited("unlisted_sent") == [(sanne.id, "unlisted_sent", f"chat:{own.chat}")]
