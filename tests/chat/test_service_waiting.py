"""What a visitor sees while waiting and talking: place, estimate, texts, read marks, typing."""

from __future__ import annotations

import pytest
from flask import Flask

from helpline.chat import service
from helpline.chat.access import NoAccess
from helpline.chat.status import shown_status
from helpline.lines import service as lines
from tests.builders import StoppedClock, Visit, a_chat, a_counsellor, a_supervisor, ago, deeds
from tests.chat.conftest import Ears

pytestmark = pytest.mark.usefixtures("house")


def places(*visits: Visit) -> list[int | None]:
    return [visit.sees()["position"] for visit in visits]


def estimates(*visits: Visit) -> list[int | None]:
    return [visit.sees()["wait_minutes"] for visit in visits]


# The place in the queue


def test_visitors_stand_in_the_order_in_which_they_came() -> None:
    third, first, second = a_chat(), a_chat(waiting_since=ago(minutes=9)), a_chat(waiting_since=ago(minutes=2))
    assert places(first, second, third) == [1, 2, 3]


def test_danger_distress_and_a_chat_that_was_cut_off_have_a_head_start() -> None:
    anna = a_counsellor()
    early = a_chat(waiting_since=ago(minutes=7))
    calm, upset = a_chat(distress=1), a_chat(distress=5)
    danger = a_chat(danger="yes")
    cut_off = a_chat(held_by=anna)
    service.hand_over(anna, cut_off.chat, "queue")
    assert places(danger, cut_off, upset, early, calm) == [1, 2, 3, 4, 5]


def test_nobody_is_overtaken_for_longer_than_98_minutes() -> None:
    anna = a_counsellor()
    worst = a_chat(danger="yes", distress=5, held_by=anna)
    service.hand_over(anna, worst.chat, "queue")
    patient = a_chat(waiting_since=ago(minutes=98, seconds=1))
    assert places(patient, worst) == [1, 2]


def test_a_chat_that_rings_keeps_its_place_until_somebody_accepts() -> None:
    anna = a_counsellor()
    first, second = a_chat(waiting_since=ago(minutes=1), offered_to=anna), a_chat()
    assert places(first, second) == [1, 2]
    service.accept(anna, first.chat)
    assert places(first, second) == [None, 1]


def test_the_lines_have_queues_of_their_own() -> None:
    a_chat(waiting_since=ago(minutes=5))
    assert places(a_chat(line="prevention")) == [1]


# The estimate


def test_nobody_promises_anything_while_nobody_is_on_duty() -> None:
    a_counsellor(state="resting")
    a_counsellor(line="prevention")
    assert estimates(a_chat()) == [None]


def test_where_a_place_is_free_it_is_now() -> None:
    a_counsellor(capacity=2)
    assert estimates(*(a_chat(waiting_since=ago(seconds=left)) for left in (3, 2, 1))) == [0, 0, 13]


def test_the_estimate_grows_with_the_queue_and_shrinks_with_the_counsellors() -> None:
    a_chat(held_by=a_counsellor(capacity=1))
    first, second = a_chat(waiting_since=ago(minutes=1)), a_chat()
    assert estimates(first, second) == [25, 50]
    a_chat(held_by=a_counsellor(capacity=1))
    assert estimates(first, second) == [13, 25]


def test_a_chat_in_danger_takes_all_places_of_its_counsellor() -> None:
    a_chat(danger="yes", held_by=a_counsellor(capacity=3))
    assert estimates(a_chat()) == [9]


def test_the_estimate_goes_by_how_long_chats_take_here(time: StoppedClock) -> None:
    anna = a_counsellor(capacity=1)
    for _ in range(5):
        over = a_chat(held_by=anna)
        time.passes(minutes=10)
        service.end(anna, over.chat)
    a_chat(held_by=anna)
    assert estimates(a_chat()) == [10]


def test_a_counsellor_who_fell_silent_is_not_counted_on(time: StoppedClock) -> None:
    anna = a_counsellor()
    visit = a_chat()
    time.turn(seconds=61)
    assert (estimates(visit), anna.capacity) == ([None], 3)


# Texts


def test_both_sides_see_the_same_texts_from_where_they_were() -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna, first_message="hello")
    deeds.say_as_staff(anna, visit.chat, "talk", "c1", "hi")
    visit.says("thanks")
    deeds.say_as_staff(anna, visit.chat, "aside", "c2", "sounds young")
    every = ["hello", "hi", "thanks"]
    for after in range(5):
        assert [text["body"] for text in visit.sees(after)["messages"]] == every[after:]
        seen = service.staff_sync(anna, visit.chat, "talk", after)
        assert [text["body"] for text in seen["messages"]] == every[after:]
    assert [text["author"] for text in visit.sees()["messages"]] == ["visitor", "counsellor", "visitor"]


def test_a_visitor_never_sees_what_staff_tell_each_other(ears: Ears) -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna)
    deeds.say_as_staff(anna, visit.chat, "aside", "c1", "sounds young")
    deeds.say_as_staff(a_supervisor(), visit.chat, "aside", "c2", "ask for the age")
    assert visit.sees()["messages"] == []
    assert ears.of_visitor(visit.chat, "message") == []
    assert [text["body"] for text in service.staff_sync(anna, visit.chat, "aside", 0)["messages"]] == [
        "sounds young",
        "ask for the age",
    ]


def test_a_visitor_does_not_learn_who_the_counsellor_is(ears: Ears) -> None:
    anna = a_counsellor("anna-of-the-helpline")
    visit = a_chat(held_by=anna)
    deeds.say_as_staff(anna, visit.chat, "talk", "c1", "hi")
    told = str(visit.sees()) + str(ears.of_visitor(visit.chat))
    assert not any(secret in told for secret in (anna.id, anna.login, visit.row.name))


# Read marks


def test_read_marks_only_go_up(ears: Ears) -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna)
    for _ in range(3):
        visit.says("hello")
    for seq in (2, 1, 0, 3, 2):
        deeds.visitor_reads(visit.visitor, seq)
        deeds.staff_reads(anna, visit.chat, seq)
    assert (visit.row.visitor_read, visit.row.counsellor_read) == (3, 3)
    assert [data["seq"] for _, data in ears.of_chat(visit.chat, "read")] == [2, 3]
    assert [data["seq"] for _, data in ears.of_visitor(visit.chat, "read")] == [2, 3]
    assert (visit.sees()["read"], service.staff_sync(anna, visit.chat, "talk", 0)["read"]) == (3, 3)


def test_nobody_has_read_what_was_never_said() -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna, first_message="hello")
    deeds.visitor_reads(visit.visitor, 2**40)
    deeds.staff_reads(anna, visit.chat, 2**40)
    assert (visit.row.visitor_read, visit.row.counsellor_read) == (1, 1)


def test_only_who_has_the_chat_reads_it_for_the_visitor() -> None:
    anna, ben, chief = a_counsellor(), a_counsellor(), a_supervisor()
    visit = a_chat(held_by=anna, first_message="hello")
    for other in (ben, chief):
        with pytest.raises(NoAccess, match="forbidden"):
            deeds.staff_reads(other, visit.chat, 1)
    ringing = a_chat(offered_to=ben, first_message="hello")
    deeds.staff_reads(ben, ringing.chat, 1)
    assert (visit.row.counsellor_read, ringing.row.counsellor_read) == (0, 0)


def test_unread_counts_what_the_visitor_said_alone() -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna, first_message="hello")
    deeds.say_as_staff(anna, visit.chat, "talk", "c1", "hi")
    visit.says("one")
    assert service.resume(anna)["chats"][0]["unread"] == 2
    deeds.staff_reads(anna, visit.chat, 2)
    assert service.resume(anna)["chats"][0]["unread"] == 1


# Typing


def test_typing_reaches_the_other_side_and_is_kept_nowhere(ears: Ears) -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna)
    before = visit.row.talk_seq
    service.visitor_types(visit.visitor, True)
    service.staff_types(anna, visit.chat, False)
    assert ears.of_chat(visit.chat, "typing") == [("typing", {"chat": visit.chat, "stream": "talk", "on": True})]
    assert ears.of_visitor(visit.chat, "typing") == [("typing", {"on": False})]
    assert visit.row.talk_seq == before


def test_only_the_own_counsellor_is_seen_typing() -> None:
    anna, ben = a_counsellor(), a_counsellor()
    visit, ringing = a_chat(held_by=anna), a_chat(offered_to=ben)
    for member, chat in ((ben, visit), (a_supervisor(), visit), (ben, ringing)):
        with pytest.raises(NoAccess, match="forbidden"):
            service.staff_types(member, chat.chat, True)


# The status of a line


def test_the_front_page_tells_the_truth(time: StoppedClock, house: Flask) -> None:
    lines.change_line("youth", {"hours": "mon 14:00-22:00", "queue_limit": 2})
    a_chat(held_by=a_counsellor(capacity=1))
    a_chat()
    with house.test_request_context("/en/youth/"):
        assert shown_status(lines.get_line("youth")) == {
            "open": True,
            "accepts": True,
            "full": False,
            "closes_at": "22:00",
            "next_opening": None,
            "waiting": 1,
            "estimate_minutes": 50,
            "on_duty": 1,
        }
        a_chat()
        full = shown_status(lines.get_line("youth"))
        assert (full["full"], full["accepts"], full["open"]) == (True, False, True)
        time.turn(hours=2)
        closed = shown_status(lines.get_line("youth"))
        assert (closed["open"], closed["accepts"], closed["closes_at"]) == (False, False, None)
        assert closed["next_opening"] == "on Monday 9 March at 14:00"
