"""What a counsellor does: accept, pull, decline, hand over; capacity, acute chats, duty. On both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from helpline.chat import service
from helpline.chat.access import NoAccess
from helpline.chat.service import Conflict
from helpline.staff.service import DutyRefused, Member
from tests.builders import StoppedClock, Visit, a_chat, a_counsellor, a_supervisor, ago, is_offered
from tests.chat.conftest import Ears

pytestmark = pytest.mark.usefixtures("house")


def is_refused(member: Member, visit: Visit, code: str) -> None:
    """Accepting fails with this code and changes nothing."""
    before = (visit.state, visit.row.counsellor)
    with pytest.raises((Conflict, NoAccess)) as told:
        service.accept(member, visit.chat)
    assert (told.value.code, (visit.state, visit.row.counsellor)) == (code, before)


# Accepting an offer


def test_an_accepted_chat_is_active_and_the_visitor_is_told(time: StoppedClock, ears: Ears) -> None:
    anna = a_counsellor()
    visit = a_chat(offered_to=anna)
    taken = service.accept(anna, visit.chat)
    assert (taken["chat"], taken["state"], taken["peer"]) == (visit.chat, "active", "here")
    assert (visit.state, visit.row.counsellor, visit.row.started_at) == ("active", anna.id, time.moment)
    assert ears.of_visitor(visit.chat, "state")[-1][1]["state"] == "active"


def test_an_accepted_offer_stops_ringing_in_every_tab(ears: Ears) -> None:
    anna = a_counsellor()
    visit = a_chat(offered_to=anna)
    service.accept(anna, visit.chat)
    assert ears.of_staff(anna.id, "offer_gone") == [("offer_gone", {"chat": visit.chat, "why": "accepted"})]


def test_who_was_second_is_told_that_it_is_taken() -> None:
    anna, ben = a_counsellor(), a_counsellor()
    visit = a_chat(offered_to=anna)
    is_refused(ben, visit, "taken")
    service.accept(anna, visit.chat)
    is_refused(ben, visit, "taken")
    is_refused(anna, visit, "taken")


def test_an_unknown_chat_and_one_of_another_line_look_alike() -> None:
    anna = a_counsellor()
    is_refused(anna, a_chat(line="prevention"), "not_found")
    with pytest.raises(NoAccess, match="not_found"):
        service.accept(anna, "0" * 26)


def test_a_chat_in_a_language_one_does_not_speak_is_not_accepted() -> None:
    is_refused(a_counsellor(languages=["en"]), a_chat(language="nl"), "forbidden")


# Pulling from the queue


def test_a_counsellor_may_pull_a_chat_past_the_order_of_the_queue() -> None:
    anna = a_counsellor()
    first, second = a_chat(waiting_since=ago(minutes=9)), a_chat()
    service.accept(anna, second.chat)
    assert (first.state, second.state) == ("waiting", "active")


def test_a_full_counsellor_pulls_nothing_and_open_offers_count() -> None:
    anna = a_counsellor(capacity=2)
    a_chat(held_by=anna)
    ringing, waiting = a_chat(offered_to=anna), a_chat()
    is_refused(anna, waiting, "wrong_state")
    service.accept(anna, ringing.chat)
    is_refused(anna, waiting, "wrong_state")


def test_the_capacity_said_today_counts_and_not_the_usual_one() -> None:
    anna = a_counsellor(capacity=3)
    service.change_duty(anna, "available", "youth", 1)
    a_chat(held_by=anna)
    is_refused(anna, a_chat(), "wrong_state")


def test_who_has_somebody_in_danger_takes_nobody_else() -> None:
    anna = a_counsellor(capacity=3)
    acute = a_chat(danger="yes", held_by=anna)
    waiting = a_chat()
    is_refused(anna, waiting, "wrong_state")
    service.end(anna, acute.chat)
    service.accept(anna, waiting.chat)
    assert waiting.state == "active"


def test_who_is_away_or_serves_the_other_line_pulls_nothing() -> None:
    both = {"lines": ("youth", "prevention")}
    is_refused(a_counsellor(on_duty=False), a_chat(), "wrong_state")
    is_refused(a_counsellor(line="prevention", **both), a_chat(), "wrong_state")
    is_refused(a_counsellor(state="away"), a_chat(), "wrong_state")


# Declining


def test_a_declined_chat_waits_on_in_its_place(time: StoppedClock, ears: Ears) -> None:
    anna = a_counsellor()
    visit = a_chat(waiting_since=ago(minutes=3), offered_to=anna)
    rank = visit.row.rank_at
    service.decline(anna, visit.chat)
    row = visit.row
    assert (row.state, row.counsellor, row.offer_expires_at, row.rank_at) == ("waiting", None, None, rank)
    assert ears.of_staff(anna.id, "offer_gone") == [("offer_gone", {"chat": visit.chat, "why": "declined"})]


def test_only_what_rings_here_can_be_declined() -> None:
    anna, ben = a_counsellor(), a_counsellor()
    with pytest.raises(Conflict, match="wrong_state"):
        service.decline(anna, a_chat().chat)
    with pytest.raises(Conflict, match="wrong_state"):
        service.decline(anna, a_chat(offered_to=ben).chat)
    with pytest.raises(Conflict, match="taken"):
        service.decline(anna, a_chat(held_by=ben).chat)


# Handing over


def test_a_chat_handed_to_the_queue_keeps_its_age_and_gets_half_an_hour(time: StoppedClock) -> None:
    anna = a_counsellor()
    visit = a_chat(waiting_since=ago(minutes=10), held_by=anna)
    assert service.hand_over(anna, visit.chat, "queue") == {"state": "waiting"}
    row = visit.row
    assert (row.counsellor, row.last_counsellor, row.cut_off) == (None, anna.id, True)
    assert (row.joined_at, row.waiting_since) == (ago(minutes=10), time.moment)
    assert row.rank_at == row.joined_at - timedelta(minutes=30)


def test_the_head_start_of_a_chat_that_is_handed_over_is_given_once(time: StoppedClock) -> None:
    anna = a_counsellor()
    visit = a_chat(danger="yes", distress=5, held_by=anna)
    for _ in range(3):
        service.hand_over(anna, visit.chat, "queue")
        service.accept(anna, visit.chat)
    assert visit.row.rank_at == visit.row.joined_at - timedelta(minutes=98)


def test_a_chat_handed_to_the_queue_does_not_ring_at_who_gave_it_away(time: StoppedClock) -> None:
    anna, ben = a_counsellor(), a_counsellor(state="on_phone")
    visit = a_chat(held_by=anna)
    service.hand_over(anna, visit.chat, "queue")
    time.sweeps()
    assert visit.state == "waiting"
    service.change_duty(ben, "available", "youth", 1)
    time.sweeps()
    assert visit.row.counsellor == ben.id


def test_a_chat_handed_to_a_colleague_rings_there_with_all_that_was_said(ears: Ears) -> None:
    anna, ben = a_counsellor(), a_counsellor()
    visit = a_chat(held_by=anna, first_message="hello")
    assert service.hand_over(anna, visit.chat, ben.login) == {"state": "offered"}
    assert [data["chat"] for _, data in ears.of_staff(ben.id, "offer")] == [visit.chat]
    with pytest.raises(NoAccess, match="forbidden"):
        service.staff_sync(anna, visit.chat, "talk", 0)
    service.accept(ben, visit.chat)
    assert [text["body"] for text in service.staff_sync(ben, visit.chat, "talk", 0)["messages"]] == ["hello"]


def test_the_length_of_a_chat_counts_from_the_first_answer(time: StoppedClock) -> None:
    anna, ben = a_counsellor(), a_counsellor()
    visit = a_chat(held_by=anna)
    start = time.moment
    time.passes(minutes=9)
    service.hand_over(anna, visit.chat, ben.login)
    service.accept(ben, visit.chat)
    assert visit.row.started_at == start


def test_a_chat_is_handed_only_to_a_colleague_who_can_take_it(time: StoppedClock) -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna)
    full = a_counsellor(capacity=1)
    a_chat(held_by=full)
    in_danger = a_counsellor()
    a_chat(danger="yes", held_by=in_danger)
    others = [
        full,
        in_danger,
        a_counsellor(state="resting"),
        a_counsellor(on_duty=False),
        a_counsellor(languages=["en"]),
        a_counsellor(line="prevention", lines=("youth", "prevention")),
    ]
    for other in others:
        with pytest.raises(Conflict, match="unavailable"):
            service.hand_over(anna, visit.chat, other.login)
    # Who works on another line is nobody's business here.
    for nobody in (anna.login, "stranger", "", a_counsellor(line="prevention").login):
        with pytest.raises(Conflict, match="not_found"):
            service.hand_over(anna, visit.chat, nobody)
    assert (visit.state, visit.row.counsellor) == ("active", anna.id)


def test_a_colleague_who_fell_silent_is_handed_nothing(time: StoppedClock) -> None:
    anna, ben = a_counsellor(), a_counsellor()
    visit = a_chat(held_by=anna)
    time.passes(seconds=46, silent=[ben])
    with pytest.raises(Conflict, match="unavailable"):
        service.hand_over(anna, visit.chat, ben.login)


def test_only_who_has_a_chat_ends_it_or_hands_it_over() -> None:
    anna, ben, carla = a_counsellor(), a_counsellor(), a_supervisor()
    visit, ringing = a_chat(held_by=anna), a_chat(offered_to=ben)
    for other in (ben, carla):
        with pytest.raises(NoAccess, match="forbidden"):
            service.end(other, visit.chat)
        with pytest.raises(NoAccess, match="forbidden"):
            service.hand_over(other, visit.chat, "queue")
    with pytest.raises(Conflict, match="wrong_state"):
        service.end(ben, ringing.chat)
    with pytest.raises(Conflict, match="wrong_state"):
        service.hand_over(ben, ringing.chat, "queue")
    assert (visit.state, ringing.state) == ("active", "offered")


# Duty


def test_who_goes_off_duty_keeps_the_running_chats_and_hears_no_more_ringing(ears: Ears) -> None:
    anna = a_counsellor()
    running, ringing = a_chat(held_by=anna), a_chat(offered_to=anna)
    for state in ("resting", "on_phone", "away"):
        service.change_duty(anna, state, "youth", 3)
        assert (running.state, ringing.state) == ("active", "waiting")
        service.change_duty(anna, "available", "youth", 3)
        is_offered(ringing, anna)
    gone = [data["why"] for _, data in ears.of_staff(anna.id, "offer_gone") if data["chat"] == ringing.chat]
    assert gone == ["duty"] * 3


def test_offers_that_no_longer_fit_go_back_when_the_duty_changes() -> None:
    anna = a_counsellor(lines=("youth", "prevention"))
    a_chat(held_by=anna)
    ringing = [a_chat(offered_to=anna), a_chat(offered_to=anna)]
    service.change_duty(anna, "available", "youth", 2)
    assert sorted(visit.state for visit in ringing) == ["offered", "waiting"]
    service.change_duty(anna, "available", "prevention", 3)
    assert [visit.state for visit in ringing] == ["waiting", "waiting"]


def test_a_refused_duty_changes_nothing() -> None:
    anna = a_counsellor()
    ringing = a_chat(offered_to=anna)
    for wrong in (("away", "prevention", 1), ("sleeping", "youth", 1), ("resting", "youth", 99)):
        with pytest.raises(DutyRefused):
            service.change_duty(anna, *wrong)
    assert (service.resume(anna)["duty"]["state"], ringing.state) == ("available", "offered")


def test_a_second_tab_hears_of_the_duty_said_in_the_first(ears: Ears) -> None:
    anna = a_counsellor()
    service.change_duty(anna, "resting", "youth", 2)
    assert ears.of_staff(anna.id, "duty")[-1] == (
        "duty",
        {"state": "resting", "line": "youth", "capacity": 2, "why": "other_tab"},
    )


# After a reload


def test_after_a_reload_everything_is_back(time: StoppedClock) -> None:
    anna = a_counsellor()
    held = a_chat(held_by=anna, first_message="hello")
    ringing = a_chat(offered_to=anna, danger="unsure", distress=4, waiting_since=ago(seconds=90))
    waiting, _foreign = a_chat(), a_chat(line="prevention")
    seen = service.resume(anna)
    assert seen["duty"] == {"state": "available", "line": "youth", "capacity": 3}
    assert [(chat["chat"], chat["unread"], chat["last_seq"]) for chat in seen["chats"]] == [
        (held.chat, 1, {"talk": 1, "aside": 0})
    ]
    (offer,) = seen["offers"]
    assert (offer["chat"], offer["danger"], offer["distress"], offer["waited_s"]) == (ringing.chat, "unsure", 4, 90)
    assert offer["expires_at"] == "2026-03-02T20:00:30.000Z"
    assert [chat["chat"] for chat in seen["queue"]] == [waiting.chat]
    assert seen["wrap_ups"] == []


def test_a_visitor_who_fell_silent_is_shown_as_gone(time: StoppedClock) -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna)
    time.passes(seconds=45, silent=[visit])
    assert service.resume(anna)["chats"][0]["peer"] == "here"
    time.passes(seconds=1, silent=[visit])
    assert service.resume(anna)["chats"][0]["peer"] == "gone"
