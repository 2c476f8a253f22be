"""No third chat with two wrap-ups open: offered, pulled, handed over; who is exempt. On both databases."""

from __future__ import annotations

import pytest

from helpline.chat import reading as chat_reading
from helpline.chat import service
from helpline.chat.service import Conflict
from helpline.contacts import service as contacts
from helpline.contacts.service import Answers, NoWrapUp
from helpline.db import reading
from helpline.lines import service as lines
from helpline.staff.service import Member
from tests.builders import StoppedClock, a_chat, a_counsellor
from tests.chat.conftest import Ears

pytestmark = pytest.mark.usefixtures("house")


def owes(member: Member, number: int) -> list[str]:
    """So many chats of this counsellor are over and not described; their ids."""
    over = [a_chat(held_by=member).chat for _ in range(number)]
    for chat in over:
        service.end(member, chat)
    return over


def held(member: Member, number: int) -> None:
    for _ in range(number):
        a_chat(held_by=member)


def test_with_two_open_no_third_chat_rings(time: StoppedClock) -> None:
    anna = a_counsellor(capacity=3)
    owes(anna, 2)
    held(anna, 1)
    second, third = a_chat(), a_chat()
    time.sweeps()
    assert sorted([second.state, third.state]) == ["offered", "waiting"]


def test_with_one_open_it_does(time: StoppedClock) -> None:
    anna = a_counsellor(capacity=3)
    owes(anna, 1)
    held(anna, 2)
    third = a_chat()
    time.sweeps()
    assert third.state == "offered"


def test_somebody_in_danger_is_offered_up_to_the_full_capacity(time: StoppedClock) -> None:
    anna = a_counsellor(capacity=3)
    owes(anna, 2)
    held(anna, 2)
    calm, in_danger = a_chat(), a_chat(danger="yes")
    time.sweeps()
    assert (calm.state, in_danger.state) == ("waiting", "offered")


@pytest.mark.parametrize("limit", [0, 3])
def test_a_line_may_set_another_number_or_none(time: StoppedClock, limit: int) -> None:
    anna = a_counsellor(capacity=3)
    owes(anna, 2)
    held(anna, 2)
    third = a_chat()
    lines.change_line("youth", {"wrap_ups_open": limit})
    time.sweeps()
    assert third.state == "offered"


def test_a_wrap_up_that_is_filled_in_frees_the_place_and_all_tabs_look_again(time: StoppedClock, ears: Ears) -> None:
    anna, ben = a_counsellor(capacity=3), a_counsellor(on_duty=False)
    first, _ = owes(anna, 2)
    held(anna, 2)
    third = a_chat()
    with pytest.raises(NoWrapUp):
        service.wrap_up(ben.id, first, Answers())
    time.sweeps()
    assert third.state == "waiting"
    assert (ears.of_staff(anna.id, "ping"), ears.of_staff(ben.id, "ping")) == ([], [])
    assert service.wrap_up(anna.id, first, Answers(heavy=True)) is True
    assert ears.of_staff(anna.id, "ping") == [("ping", {})]
    time.sweeps()
    assert third.state == "offered"
    assert len(service.resume(anna)["wrap_ups"]) == 1


def test_nothing_more_is_pulled_either_but_a_visitor_in_danger() -> None:
    anna = a_counsellor(capacity=3)
    owes(anna, 2)
    held(anna, 2)
    with pytest.raises(Conflict, match="wrong_state"):
        service.accept(anna, a_chat().chat)
    assert service.accept(anna, a_chat(danger="yes").chat)["state"] == "active"


def test_a_colleague_with_two_open_takes_no_third_chat_over() -> None:
    anna, ben = a_counsellor(), a_counsellor("ben", capacity=3)
    owes(ben, 2)
    held(ben, 2)
    given = a_chat(held_by=anna)
    with pytest.raises(Conflict, match="unavailable"):
        service.hand_over(anna, given.chat, "ben")
    service.wrap_up(ben.id, service.resume(ben)["wrap_ups"][0]["chat"], Answers())
    assert service.hand_over(anna, given.chat, "ben")["state"] == "offered"


def test_what_rings_goes_on_ringing_when_the_second_wrap_up_opens(time: StoppedClock) -> None:
    anna = a_counsellor(capacity=3)
    owes(anna, 1)
    first = a_chat(held_by=anna)
    held(anna, 1)
    third = a_chat()
    time.sweeps()
    service.end(anna, first.chat)
    time.sweeps()
    assert third.state == "offered"
    assert service.accept(anna, third.chat)["state"] == "active"


def test_the_estimate_knows_of_the_place_that_stays_free(time: StoppedClock) -> None:
    anna = a_counsellor(capacity=3)
    with reading() as session:
        before = chat_reading.line_sight(session, lines.get_line("youth"), time.moment)
    owes(anna, 2)
    with reading() as session:
        after = chat_reading.line_sight(session, lines.get_line("youth"), time.moment)
    assert (before.capacity, before.free) == (3, 3)
    assert (after.capacity, after.free) == (2, 2)


def test_the_desk_is_told_the_number_of_the_line_it_serves() -> None:
    anna = a_counsellor()
    assert service.resume(anna)["wrap_ups_limit"] == 2
    lines.change_line("youth", {"wrap_ups_open": 5})
    assert service.resume(anna)["wrap_ups_limit"] == 5
    assert service.resume(a_counsellor(on_duty=False))["wrap_ups_limit"] == 0


def test_open_wrap_ups_are_counted_by_counsellor() -> None:
    anna, ben, cem = a_counsellor(), a_counsellor(), a_counsellor()
    owes(anna, 2)
    owes(ben, 1)
    assert contacts.open_wrap_ups() == {anna.id: 2, ben.id: 1}
    assert cem.id not in contacts.open_wrap_ups()


def test_letters_that_are_not_described_keep_no_visitor_waiting(time: StoppedClock) -> None:
    anna = a_counsellor(capacity=3)
    for number in range(3):
        now = time.now()
        facts = {"joined_at": now, "started_at": now, "ended_at": now, "language": "nl", "channel": "letter"}
        contacts.record_contact(lines.get_line("youth"), chat=f"a letter {number}", account=anna.id, **facts)
    held(anna, 2)
    third = a_chat()
    time.sweeps()
    assert (third.state, anna.id in contacts.open_wrap_ups()) == ("offered", False)
