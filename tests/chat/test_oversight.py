"""What a supervisor's console shows when it opens: the board and the alerts that still stand. On both databases."""

from __future__ import annotations

import pytest

from helpline.chat import service
from tests.builders import StoppedClock, a_chat, a_counsellor, a_supervisor, ago, duty_of
from tests.chat.conftest import Ears

pytestmark = pytest.mark.usefixtures("house")


def test_the_board_of_a_console_that_opens_is_the_one_that_was_pushed(time: StoppedClock, ears: Ears) -> None:
    anna, chief = a_counsellor(capacity=1), a_supervisor()
    a_chat(held_by=anna)
    a_chat(waiting_since=ago(seconds=90))
    gone = a_chat(waiting_since=ago(seconds=60))
    service.leave(gone.visitor)
    a_chat("prevention")
    time.passes(seconds=5)
    pushed = ears.of_staff(chief.id, "board")[-1][1]
    assert service.resume(chief)["board"] == pushed
    assert pushed == {
        "youth": {"waiting": 1, "longest_wait_s": 95, "active": 1, "on_duty": 1, "missed_today": 1},
    }


def test_a_chat_in_danger_stands_until_somebody_has_it() -> None:
    anna, chief, foreign = a_counsellor(), a_supervisor(), a_supervisor(line="prevention")
    visit = a_chat(danger="yes", offered_to=anna)
    a_chat()
    alert = {"kind": "danger", "chat": visit.chat, "line": "youth"}
    assert (service.resume(chief)["alerts"], service.resume(foreign)["alerts"]) == ([alert], [])
    service.accept(anna, visit.chat)
    assert service.resume(chief)["alerts"] == []


def test_offers_that_nobody_answers_stand_as_they_were_told(time: StoppedClock, ears: Ears) -> None:
    anna, chief = a_counsellor(), a_supervisor()
    visit = a_chat(offered_to=anna)
    time.passes(seconds=31)
    assert service.resume(chief)["alerts"] == []
    time.passes(seconds=31)
    assert (duty_of(anna).state, visit.state) == ("available", "offered")
    alert = {"kind": "unanswered_offers", "chat": visit.chat, "line": "youth"}
    assert ears.of_staff(chief.id, "alert") == [("alert", alert)]
    assert service.resume(chief)["alerts"] == [alert]
    service.accept(anna, visit.chat)
    assert service.resume(chief)["alerts"] == []


def test_nobody_else_gets_a_board_or_alerts() -> None:
    anna = a_counsellor()
    a_chat(danger="yes")
    desk = service.resume(anna)
    assert (desk["board"], desk["alerts"]) == ({}, [])
