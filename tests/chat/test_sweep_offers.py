"""To whom a waiting chat rings, and what becomes of an offer that nobody answers."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from helpline.chat import presence, service, sweep
from helpline.lines import service as lines
from tests.builders import (
    StoppedClock,
    a_chat,
    a_counsellor,
    a_supervisor,
    ago,
    deeds,
    duty_of,
    everybody_is_heard,
    is_offered,
)
from tests.chat.conftest import Ears

pytestmark = pytest.mark.usefixtures("house")


# Offering


def test_a_waiting_chat_rings_at_who_is_available(time: StoppedClock, ears: Ears) -> None:
    anna = a_counsellor()
    visit = a_chat(waiting_since=ago(seconds=12), danger="unsure", distress=4)
    time.sweeps()
    row = visit.row
    assert (row.state, row.counsellor) == ("offered", anna.id)
    assert row.offer_expires_at == time.moment + timedelta(seconds=30)
    ((_, offer),) = ears.of_staff(anna.id, "offer")
    assert offer == {
        "chat": visit.chat,
        "name": row.name,
        "line": "youth",
        "language": "nl",
        "danger": "unsure",
        "distress": 4,
        "waited_s": 12,
        "expires_at": "2026-03-02T20:00:30.000Z",
    }


def test_how_long_it_rings_is_a_setting_of_the_line(time: StoppedClock) -> None:
    lines.change_line("youth", {"offer_seconds": 7})
    a_counsellor()
    visit = a_chat()
    time.sweeps()
    assert visit.row.offer_expires_at == time.moment + timedelta(seconds=7)


def test_the_longest_waiting_rings_first_and_danger_before_all(time: StoppedClock) -> None:
    late, early = a_chat(waiting_since=ago(minutes=5)), a_chat(waiting_since=ago(minutes=20))
    danger = a_chat(danger="yes")
    rings = []
    for _ in range(3):
        a_counsellor(capacity=1)
        time.sweeps()
        rings.append([visit.state == "offered" for visit in (danger, early, late)])
    assert rings == [[True, False, False], [True, True, False], [True, True, True]]


def test_no_more_rings_than_there_are_places(time: StoppedClock) -> None:
    anna = a_counsellor(capacity=3)
    service.change_duty(anna, "available", "youth", 2)
    visits = [a_chat(), a_chat(), a_chat()]
    # Within one sweep they are counted as they are given away, in the next one as they ring.
    for _ in range(2):
        time.sweeps()
        assert sorted(visit.state for visit in visits) == ["offered", "offered", "waiting"]


def test_nothing_rings_at_who_has_somebody_in_danger(time: StoppedClock) -> None:
    a_chat(danger="yes", held_by=a_counsellor())
    visit = a_chat()
    time.sweeps()
    assert visit.state == "waiting"


def test_what_still_rings_goes_on_once_an_acute_chat_is_accepted(time: StoppedClock, ears: Ears) -> None:
    anna = a_counsellor()
    ringing, acute = a_chat(offered_to=anna), a_chat(danger="yes", offered_to=anna)
    service.accept(anna, acute.chat)
    time.sweeps()
    assert (ringing.state, acute.state) == ("waiting", "active")
    assert ("offer_gone", {"chat": ringing.chat, "why": "duty"}) in ears.of_staff(anna.id)


@pytest.mark.parametrize("state", ["on_phone", "resting", "away"])
def test_nothing_rings_at_who_is_not_available(time: StoppedClock, state: str) -> None:
    a_counsellor(state=state)
    visit = a_chat()
    time.sweeps()
    assert visit.state == "waiting"


def test_nothing_rings_on_the_wrong_line_or_in_the_wrong_language(time: StoppedClock) -> None:
    a_counsellor(line="prevention")
    a_counsellor(line="prevention", lines=("youth", "prevention"))
    a_counsellor(languages=["en"])
    visit = a_chat(language="nl")
    time.sweeps()
    assert visit.state == "waiting"


def test_a_chat_that_nobody_can_take_holds_up_nobody(time: StoppedClock) -> None:
    a_counsellor(languages=["nl"])
    english, dutch = a_chat(language="en", waiting_since=ago(minutes=40)), a_chat(language="nl")
    time.sweeps()
    assert (english.state, dutch.state) == ("waiting", "offered")


def test_a_visitor_who_is_silent_is_not_offered_until_heard_again(time: StoppedClock) -> None:
    visit = a_chat(silent_since=ago(seconds=46))
    a_counsellor()
    time.sweeps()
    assert visit.state == "waiting"
    visit.sees()
    presence.flush(time.moment)
    time.sweeps()
    assert visit.state == "offered"


def test_nothing_rings_at_a_console_that_is_silent(time: StoppedClock) -> None:
    anna = a_counsellor()
    time.passes(seconds=46, silent=[anna])
    visit = a_chat()
    time.sweeps()
    assert visit.state == "waiting"
    service.resume(anna)
    presence.flush(time.moment)
    time.sweeps()
    assert visit.state == "offered"


def test_a_chat_that_rings_does_not_ring_twice(time: StoppedClock, ears: Ears) -> None:
    anna, ben = a_counsellor(), a_counsellor()
    a_chat()
    for _ in range(3):
        time.passes(seconds=1)
    assert len(ears.of_staff(anna.id, "offer") + ears.of_staff(ben.id, "offer")) == 1


# Declined


def test_a_declined_chat_rings_elsewhere_and_not_here_for_a_minute(time: StoppedClock) -> None:
    anna, ben = a_counsellor(), a_counsellor(state="on_phone")
    visit = a_chat(offered_to=anna)
    service.decline(anna, visit.chat)
    time.passes(seconds=59)
    assert visit.state == "waiting"
    service.change_duty(ben, "available", "youth", 1)
    time.sweeps()
    assert visit.row.counsellor == ben.id


def test_a_declined_chat_rings_here_again_after_a_minute_when_nobody_else_is_there(time: StoppedClock) -> None:
    anna = a_counsellor()
    visit = a_chat(offered_to=anna)
    service.decline(anna, visit.chat)
    time.passes(seconds=60)
    assert (visit.state, visit.row.counsellor) == ("offered", anna.id)


def test_a_refusal_is_forgotten_once_somebody_has_accepted(time: StoppedClock) -> None:
    anna, ben = a_counsellor(), a_counsellor()
    visit = a_chat(offered_to=anna)
    service.decline(anna, visit.chat)
    service.accept(ben, visit.chat)
    service.hand_over(ben, visit.chat, "queue")
    time.sweeps()
    assert visit.row.counsellor == anna.id


def test_declining_one_chat_is_no_word_about_another(time: StoppedClock) -> None:
    anna = a_counsellor()
    service.decline(anna, a_chat(offered_to=anna).chat)
    other = a_chat()
    time.sweeps()
    assert other.row.counsellor == anna.id


# Expired


def test_an_offer_that_expires_goes_on_to_the_other_counsellor(time: StoppedClock, ears: Ears) -> None:
    anna, ben = a_counsellor(), a_counsellor()
    visit = a_chat(offered_to=anna)
    time.passes(seconds=29)
    assert visit.row.counsellor == anna.id
    time.passes(seconds=1)
    assert (visit.state, visit.row.counsellor) == ("offered", ben.id)
    assert ears.of_staff(anna.id, "offer_gone") == [("offer_gone", {"chat": visit.chat, "why": "expired"})]


def test_an_offer_that_expires_rings_here_again_when_nobody_else_can_take_it(time: StoppedClock) -> None:
    anna = a_counsellor()
    visit = a_chat(offered_to=anna)
    time.passes(seconds=31)
    assert (visit.state, visit.row.counsellor) == ("offered", anna.id)
    assert visit.row.offer_expires_at == time.moment + timedelta(seconds=30)


def test_a_chat_keeps_its_place_when_its_offer_expires(time: StoppedClock) -> None:
    anna = a_counsellor()
    visit = a_chat(waiting_since=ago(minutes=3), offered_to=anna)
    rank = visit.row.rank_at
    time.passes(seconds=31)
    assert visit.row.rank_at == rank


# Nobody at the desk


def test_two_missed_offers_in_a_row_take_a_counsellor_off_duty_with_a_notice(time: StoppedClock, ears: Ears) -> None:
    anna, ben = a_counsellor(), a_counsellor(capacity=1)
    a_chat(held_by=ben)
    visit = a_chat(offered_to=anna)
    time.passes(seconds=31)
    assert duty_of(anna).state == "available"
    time.passes(seconds=31)
    assert (duty_of(anna).state, visit.state) == ("away", "waiting")
    assert ears.of_staff(anna.id, "duty")[-1][1] == {
        "state": "away",
        "line": "youth",
        "capacity": 3,
        "why": "missed_offers",
    }


def test_an_answer_in_between_begins_the_row_anew(time: StoppedClock) -> None:
    anna, ben = a_counsellor(), a_counsellor(capacity=1)
    a_chat(held_by=ben)
    visit = a_chat(offered_to=anna)
    time.passes(seconds=31)
    service.decline(anna, visit.chat)
    is_offered(visit, anna)
    time.passes(seconds=31)
    assert duty_of(anna).state == "available"


def test_who_typed_within_a_minute_is_at_the_desk(time: StoppedClock) -> None:
    anna, ben = a_counsellor(), a_counsellor(capacity=1)
    a_chat(held_by=ben)
    running = a_chat(held_by=anna)
    a_chat(offered_to=anna)
    time.passes(seconds=31)
    deeds.say_as_staff(anna, running.chat, "talk", "c1", "take your time")
    presence.flush(time.moment)
    time.passes(seconds=31)
    assert duty_of(anna).state == "available"


def test_the_last_one_on_duty_stays_and_a_supervisor_is_told(time: StoppedClock, ears: Ears) -> None:
    anna, chief, foreign = a_counsellor(), a_supervisor(), a_supervisor(line="prevention")
    a_counsellor(line="prevention")
    a_counsellor(state="resting")
    visit = a_chat(offered_to=anna)
    time.passes(seconds=31)
    assert ears.of_staff(chief.id, "alert") == []
    time.passes(seconds=31)
    assert (duty_of(anna).state, visit.state) == ("available", "offered")
    told = ("alert", {"kind": "unanswered_offers", "chat": visit.chat, "line": "youth"})
    assert (ears.of_staff(chief.id, "alert"), ears.of_staff(foreign.id, "alert")) == ([told], [])


def test_of_two_who_miss_their_offers_in_the_same_moment_one_stays(time: StoppedClock) -> None:
    anna, ben = a_counsellor(), a_counsellor()
    for member in (anna, ben):
        a_chat(offered_to=member)
    time.passes(seconds=31)
    time.passes(seconds=31)
    assert sorted(duty_of(member).state for member in (anna, ben)) == ["available", "away"]


def test_what_rings_goes_on_when_its_counsellor_is_set_to_away(time: StoppedClock) -> None:
    anna, ben = a_counsellor(), a_counsellor(capacity=1)
    first, second = a_chat(offered_to=anna), a_chat(offered_to=anna)
    time.turn(seconds=31)
    third = a_chat(offered_to=anna)
    everybody_is_heard()
    time.sweeps()
    assert duty_of(anna).state == "away"
    assert sorted(visit.row.counsellor or "" for visit in (first, second, third)) == ["", "", ben.id]


# What everybody sees


def test_a_visitor_who_moves_up_is_told(time: StoppedClock, ears: Ears) -> None:
    first, second = a_chat(waiting_since=ago(minutes=2)), a_chat()
    time.sweeps()
    time.turn(seconds=6)
    service.leave(first.visitor)
    ears.heard.clear()
    time.sweeps()
    assert ears.of_visitor(second.chat) == [
        ("state", {"state": "waiting", "position": 1, "wait_minutes": None, "reason": None})
    ]


def test_whoever_is_accepted_after_the_look_is_not_told_to_wait(
    time: StoppedClock, ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = a_counsellor(capacity=1)
    first, second, third = (a_chat(waiting_since=ago(minutes=minutes)) for minutes in (3, 2, 1))
    is_offered(second, anna)
    time.sweeps()
    time.turn(seconds=6)
    service.leave(first.visitor)
    ears.heard.clear()
    left = [partial(service.accept, anna, second.chat)]
    monkeypatch.setattr(sweep, "_let_others", lambda: left.pop()() if left else None)
    time.sweeps()
    assert not left
    assert [told["state"] for _, told in ears.of_visitor(second.chat)] == ["active"]
    assert [told["state"] for _, told in ears.of_visitor(third.chat)] == ["waiting"]


def test_a_new_holder_of_the_lease_tells_everybody_where_they_stand(time: StoppedClock, ears: Ears) -> None:
    first, second = a_chat(waiting_since=ago(minutes=2)), a_chat()
    time.sweeps()
    service.leave(first.visitor)
    ears.heard.clear()
    time.starts_anew()
    assert [told["position"] for _, told in ears.of_visitor(second.chat)] == [1]


def test_the_queue_is_pushed_to_the_staff_of_its_line_when_it_changes(time: StoppedClock, ears: Ears) -> None:
    anna, ben = a_counsellor(state="on_phone"), a_counsellor(line="prevention", state="on_phone")
    time.sweeps()
    ears.heard.clear()
    visit = a_chat()
    for _ in range(3):
        time.passes(seconds=1)
    ((_, queue),) = ears.of_staff(anna.id, "queue")
    assert [item["chat"] for item in queue] == [visit.chat]
    assert ears.of_staff(ben.id, "queue") == []


def test_the_board_shows_supervisors_their_own_line(time: StoppedClock, ears: Ears) -> None:
    chief = a_supervisor()
    a_chat(held_by=a_counsellor(capacity=1))
    a_chat(waiting_since=ago(seconds=40))
    service.leave(a_chat(waiting_since=ago(seconds=30)).visitor)
    time.sweeps()
    boards = [data for _, data in ears.of_staff(chief.id, "board")]
    assert boards[-1] == {"youth": {"waiting": 1, "longest_wait_s": 40, "active": 1, "on_duty": 1, "missed_today": 1}}
    assert all(set(board) == {"youth"} for board in boards)
