"""How chats end: each in exactly one row of one ledger, with the right cause. On both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from helpline.chat import service
from helpline.chat.access import NoAccess
from helpline.chat.states import Cause
from helpline.contacts import service as contacts
from helpline.lines import service as lines
from helpline.privacy import sessions
from tests.builders import (
    StoppedClock,
    Visit,
    a_chat,
    a_counsellor,
    ago,
    ledger,
    the_contact,
    the_missed_contact,
)
from tests.chat.conftest import Ears

pytestmark = pytest.mark.usefixtures("house")


def leaves(visit: Visit, time: StoppedClock) -> None:
    service.leave(visit.visitor)


def exits(visit: Visit, time: StoppedClock) -> None:
    service.quick_exit(visit.cookie)


def falls_silent(visit: Visit, time: StoppedClock) -> None:
    time.passes(minutes=11, silent=[visit])


def waits_in_vain(visit: Visit, time: StoppedClock) -> None:
    time.passes(minutes=60)


def sees_the_line_close(visit: Visit, time: StoppedClock) -> None:
    lines.change_line("youth", {"hours": "closed"})
    time.passes(seconds=1)


Ending = Callable[[Visit, StoppedClock], None]


# Never answered


@pytest.mark.parametrize(
    ("ending", "reason", "cause"),
    [
        (leaves, "left", "left"),
        (exits, "emergency_exit", "emergency_exit"),
        (falls_silent, "lost", "lost"),
        (waits_in_vain, "unanswered", "unanswered"),
        (sees_the_line_close, "line_closed", "closed"),
    ],
)
def test_a_chat_that_nobody_answered_is_missed_once_with_its_cause(
    time: StoppedClock, ending: Ending, reason: str, cause: str
) -> None:
    a_counsellor(state="on_phone")
    visit = a_chat(waiting_since=ago(minutes=2))
    time.sweeps()
    ending(visit, time)
    time.passes(seconds=1)
    assert (visit.row.reason, ledger()) == (reason, {cause: 1})


@pytest.mark.parametrize(
    ("ending", "cause"),
    [
        (leaves, "nobody_on_duty"),
        (waits_in_vain, "nobody_on_duty"),
        (exits, "emergency_exit"),
        (falls_silent, "lost"),
        (sees_the_line_close, "closed"),
    ],
)
def test_where_nobody_was_on_duty_during_the_whole_wait_that_is_the_cause(
    time: StoppedClock, ending: Ending, cause: str
) -> None:
    a_counsellor(line="prevention")
    a_counsellor(languages=["en"])
    a_counsellor(on_duty=False)
    visit = a_chat(waiting_since=ago(minutes=2))
    time.sweeps()
    ending(visit, time)
    assert ledger() == {cause: 1}


def test_somebody_who_was_on_duty_for_a_moment_was_there_to_wait_for(time: StoppedClock) -> None:
    anna = a_counsellor(state="on_phone")
    visit = a_chat(waiting_since=ago(minutes=2))
    time.sweeps()
    service.change_duty(anna, "away", None, None)
    time.passes(minutes=5)
    leaves(visit, time)
    assert ledger() == {"left": 1}


def test_who_leaves_while_it_rings_was_not_answered(time: StoppedClock) -> None:
    visit = a_chat(waiting_since=ago(minutes=2), offered_to=a_counsellor())
    time.sweeps()
    leaves(visit, time)
    assert ledger() == {"left": 1}


@pytest.mark.parametrize(("seconds", "cause"), [(0, "left_early"), (10, "left_early"), (11, "nobody_on_duty")])
def test_who_leaves_within_ten_seconds_gave_nobody_a_chance(time: StoppedClock, seconds: int, cause: str) -> None:
    leaves(a_chat(waiting_since=ago(seconds=seconds)), time)
    assert ledger() == {cause: 1}


def test_a_full_queue_is_a_cause_of_its_own() -> None:
    service.count_try(sessions.new_cookie(), lines.get_line("youth"), Cause.QUEUE_FULL, "nl")
    assert ledger() == {"queue_full": 1}


def test_a_missed_contact_tells_when_the_visitor_came_and_the_wait_to_ten_seconds(time: StoppedClock) -> None:
    visit = a_chat(line="prevention", language="en", waiting_since=ago(minutes=61, seconds=7))
    leaves(visit, time)
    row = the_missed_contact()
    assert (row.on_date, row.on_hour, row.in_hours) == (date(2026, 3, 2), 19, True)
    assert (row.line, row.language, row.wait_s, row.test) == ("prevention", "en", 3660, False)


# Answered


@pytest.mark.parametrize(("ending", "reason"), [(leaves, "left"), (exits, "emergency_exit"), (falls_silent, "lost")])
def test_an_answered_chat_is_a_contact_however_the_visitor_goes(
    time: StoppedClock, ending: Ending, reason: str
) -> None:
    visit = a_chat(held_by=a_counsellor())
    ending(visit, time)
    time.passes(seconds=1)
    assert (visit.row.reason, ledger()) == (reason, {"answered": 1})


def test_a_chat_that_its_counsellor_ends_is_finished(time: StoppedClock) -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna)
    assert service.end(anna, visit.chat) == {"state": "ended", "reason": "finished"}
    assert ledger() == {"answered": 1}


@pytest.mark.parametrize("ending", [leaves, exits, falls_silent, waits_in_vain])
def test_a_chat_that_was_handed_back_to_the_queue_was_answered(time: StoppedClock, ending: Ending) -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna)
    service.hand_over(anna, visit.chat, "queue")
    service.change_duty(anna, "away", None, None)
    ending(visit, time)
    assert (visit.state, ledger()) == ("ended", {"answered": 1})


def test_a_conversation_handed_over_at_closing_time_may_go_on(time: StoppedClock) -> None:
    anna, ben = a_counsellor(), a_counsellor()
    visit = a_chat(held_by=anna)
    service.hand_over(anna, visit.chat, ben.login)
    sees_the_line_close(visit, time)
    assert (visit.state, visit.row.counsellor) == ("offered", ben.id)


def test_the_wrap_up_is_for_whoever_talked_with_the_visitor(time: StoppedClock) -> None:
    anna, ben = a_counsellor(), a_counsellor()
    visit = a_chat(held_by=anna)
    service.hand_over(anna, visit.chat, ben.login)
    leaves(visit, time)
    assert [len(service.resume(member)["wrap_ups"]) for member in (anna, ben)] == [1, 0]


def test_a_contact_tells_the_wait_to_ten_seconds_and_the_length_to_the_minute(time: StoppedClock) -> None:
    anna = a_counsellor()
    visit = a_chat(waiting_since=ago(minutes=2, seconds=19), held_by=anna)
    time.turn(minutes=31, seconds=50)
    service.end(anna, visit.chat)
    row = the_contact()
    assert (row.wait_s, row.length_min, row.channel, row.language) == (130, 31, "chat", "nl")
    assert (row.on_date, row.on_hour, row.in_hours) == (date(2026, 3, 2), 20, True)
    assert {row.concern, row.age_band, row.gender} == {"unknown"}


def test_a_contact_counts_on_the_local_day_on_which_the_visitor_came(time: StoppedClock) -> None:
    anna = a_counsellor()
    visit = a_chat(waiting_since=datetime(2026, 3, 2, 23, 30, tzinfo=UTC), held_by=anna)
    service.end(anna, visit.chat)
    assert (the_contact().on_date, the_contact().on_hour) == (date(2026, 3, 3), 0)


def test_after_a_chat_its_counsellor_has_a_wrap_up_to_fill_in(time: StoppedClock) -> None:
    anna, ben = a_counsellor(), a_counsellor()
    visit = a_chat(held_by=anna)
    time.turn(minutes=12)
    leaves(visit, time)
    assert contacts.pending_wrap_ups(anna.id) == [
        contacts.PendingWrapUp(chat=visit.chat, line="youth", ended_at=time.moment, minutes=12)
    ]
    (to_describe,) = service.resume(anna)["wrap_ups"]
    assert to_describe.pop("name")
    facts = {"chat": visit.chat, "line": "youth", "ended_at": "2026-03-02T20:12:00.000Z", "minutes": 12}
    assert to_describe == facts | {"time_zone": "Europe/Amsterdam", "reason": "left"}
    assert contacts.pending_wrap_ups(ben.id) == []


def test_the_wrap_up_of_a_chat_that_was_handed_over_is_for_who_had_it_last(time: StoppedClock) -> None:
    anna, ben = a_counsellor(), a_counsellor()
    answered_again, left_waiting = a_chat(held_by=anna), a_chat(held_by=anna)
    service.hand_over(anna, answered_again.chat, ben.login)
    service.accept(ben, answered_again.chat)
    service.end(ben, answered_again.chat)
    service.hand_over(anna, left_waiting.chat, "queue")
    leaves(left_waiting, time)
    assert [item.chat for item in contacts.pending_wrap_ups(ben.id)] == [answered_again.chat]
    assert [item.chat for item in contacts.pending_wrap_ups(anna.id)] == [left_waiting.chat]


def test_nothing_in_a_ledger_leads_to_the_chat(time: StoppedClock) -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna)
    service.end(anna, visit.chat)
    kept = {str(value) for value in vars(the_contact()).values()}
    assert not kept & {visit.chat, anna.id, visit.row.name, visit.row.joined_at.isoformat()}


# The end is the end


def test_an_ended_chat_stays_as_it_ended(time: StoppedClock) -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna)
    service.end(anna, visit.chat)
    assert service.leave(visit.visitor)["reason"] == "finished"
    exits(visit, time)
    with pytest.raises(NoAccess, match="wrong_state"):
        service.end(anna, visit.chat)
    with pytest.raises(service.Conflict, match="wrong_state"):
        service.accept(anna, visit.chat)
    with pytest.raises(NoAccess, match="wrong_state"):
        service.hand_over(anna, visit.chat, "queue")
    time.passes(minutes=90)
    assert (visit.row.reason, ledger()) == ("finished", {"answered": 1})


def test_a_quick_exit_ends_the_session_and_tells_the_counsellor(time: StoppedClock, ears: Ears) -> None:
    visit = a_chat(held_by=a_counsellor())
    exits(visit, time)
    assert sessions.load(visit.cookie, time.moment) is None
    with pytest.raises(NoAccess, match="forbidden"):
        visit.sees()
    (_, told) = ears.of_chat(visit.chat, "state")[-1]
    assert (told["chat"], told["state"], told["reason"]) == (visit.chat, "ended", "emergency_exit")


@pytest.mark.parametrize("cookie", [None, "", "no-cookie-of-ours"])
def test_a_quick_exit_without_a_session_does_nothing(time: StoppedClock, cookie: str | None) -> None:
    service.quick_exit(cookie)
    service.quick_exit(sessions.new_cookie())
    assert ledger() == {}


def test_a_quick_exit_after_the_chat_ends_the_session_too(time: StoppedClock) -> None:
    visit = a_chat(waiting_since=ago(minutes=1))
    leaves(visit, time)
    exits(visit, time)
    assert (visit.row.reason, ledger()) == ("left", {"nobody_on_duty": 1})
    with pytest.raises(NoAccess, match="forbidden"):
        visit.sees()


def test_both_sides_hear_of_the_end(time: StoppedClock, ears: Ears) -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna)
    service.end(anna, visit.chat)
    over = {"state": "ended", "position": None, "wait_minutes": None, "reason": "finished"}
    assert ears.of_visitor(visit.chat, "state")[-1] == ("state", over)
    assert ears.of_chat(visit.chat, "state")[-1][1]["reason"] == "finished"


def test_a_visitor_can_read_on_for_ten_minutes_after_the_end(time: StoppedClock) -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna, first_message="hello")
    service.end(anna, visit.chat)
    time.turn(minutes=10)
    assert [text["body"] for text in visit.sees()["messages"]] == ["hello"]
    time.turn(seconds=1)
    with pytest.raises(NoAccess, match="not_found"):
        visit.sees()


def test_a_counsellor_reads_no_chat_that_has_ended(time: StoppedClock) -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna, first_message="hello")
    service.end(anna, visit.chat)
    with pytest.raises(NoAccess, match="wrong_state"):
        service.staff_sync(anna, visit.chat, "talk", 0)


def test_an_offer_of_a_chat_that_ends_rings_no_longer(time: StoppedClock, ears: Ears) -> None:
    anna = a_counsellor()
    left, closed = a_chat(offered_to=anna), a_chat(offered_to=anna)
    leaves(left, time)
    sees_the_line_close(closed, time)
    assert [data for _, data in ears.of_staff(anna.id, "offer_gone")] == [
        {"chat": left.chat, "why": "left"},
        {"chat": closed.chat, "why": "ended"},
    ]
    assert service.resume(anna)["offers"] == []


def test_ending_makes_a_counsellor_the_last_in_the_row_of_the_idle(time: StoppedClock) -> None:
    anna = a_counsellor(capacity=1)
    time.passes(seconds=30)
    ben = a_counsellor(capacity=1)
    visit = a_chat(held_by=anna)
    time.passes(minutes=1)
    service.end(anna, visit.chat)
    following = a_chat()
    time.passes(seconds=1)
    assert following.row.counsellor == ben.id


def test_the_longest_wait_begins_anew_when_a_chat_is_cut_off(time: StoppedClock) -> None:
    anna = a_counsellor()
    visit = a_chat(waiting_since=ago(minutes=50), held_by=anna)
    time.passes(minutes=20)
    service.hand_over(anna, visit.chat, "queue")
    service.change_duty(anna, "away", None, None)
    time.passes(minutes=59)
    assert visit.state == "waiting"
    time.passes(minutes=1)
    assert visit.row.reason == "unanswered"
    assert visit.row.ended_at == time.moment == visit.row.waiting_since + timedelta(minutes=60)
