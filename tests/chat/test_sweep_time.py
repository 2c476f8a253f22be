"""What time does to chats: visitors and counsellors who fall silent, the longest wait, closing time, and the grace."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from helpline import clock, config
from helpline.chat import changes, presence, service, store, sweep, wakeup
from helpline.chat.models import Chat
from helpline.chat.states import Action
from helpline.db import transaction
from helpline.lines import service as lines
from helpline.staff import service as staff
from helpline.staff.models import StaffSession
from helpline.staff.service import Member
from tests.builders import StoppedClock, a_chat, a_counsellor, ago, duty_of, everybody_is_heard, ledger
from tests.chat.conftest import Ears

pytestmark = pytest.mark.usefixtures("house")


# Visitors who fall silent


def test_a_waiting_visitor_is_lost_after_three_minutes_of_silence(time: StoppedClock) -> None:
    visit = a_chat()
    time.passes(minutes=3, silent=[visit])
    assert visit.state == "waiting"
    time.passes(seconds=1, silent=[visit])
    assert (visit.row.reason, ledger()) == ("lost", {"lost": 1})


def test_a_visitor_to_whom_somebody_rings_is_lost_like_one_who_waits(time: StoppedClock, ears: Ears) -> None:
    anna = a_counsellor()
    lines.change_line("youth", {"offer_seconds": 600})
    visit = a_chat(offered_to=anna)
    time.passes(seconds=181, silent=[visit])
    assert visit.row.reason == "lost"
    assert ears.of_staff(anna.id, "offer_gone") == [("offer_gone", {"chat": visit.chat, "why": "left"})]


def test_an_active_visitor_is_lost_after_ten_minutes_of_silence(time: StoppedClock, ears: Ears) -> None:
    visit = a_chat(held_by=a_counsellor())
    time.passes(minutes=10, silent=[visit])
    assert visit.state == "active"
    time.passes(seconds=1, silent=[visit])
    assert (visit.row.reason, ledger()) == ("lost", {"answered": 1})
    assert ears.of_chat(visit.chat, "state")[-1][1]["reason"] == "lost"


def test_a_visitor_who_comes_back_in_time_has_lost_nothing(time: StoppedClock) -> None:
    visit = a_chat(held_by=a_counsellor(), first_message="hello")
    time.passes(minutes=9, silent=[visit])
    assert [text["body"] for text in visit.sees()["messages"]] == ["hello"]
    presence.flush(time.moment)
    time.passes(minutes=9, silent=[visit])
    assert visit.state == "active"


def test_how_long_a_silence_may_be_is_a_setting_of_the_line(time: StoppedClock) -> None:
    lines.change_line("youth", {"waiting_lost_seconds": 20, "active_lost_seconds": 40})
    waiting, active = a_chat(), a_chat(held_by=a_counsellor())
    other = a_chat(line="prevention")
    time.passes(seconds=21, silent=[waiting, active, other])
    assert (waiting.state, active.state, other.state) == ("ended", "active", "waiting")
    time.passes(seconds=20, silent=[waiting, active, other])
    assert (active.state, other.state) == ("ended", "waiting")


# Counsellors who fall silent


def test_a_counsellor_is_lost_after_a_minute_and_the_chat_goes_back_with_a_head_start(
    time: StoppedClock, ears: Ears
) -> None:
    anna = a_counsellor()
    visit = a_chat(waiting_since=ago(minutes=10), held_by=anna)
    time.passes(seconds=60, silent=[anna])
    assert (visit.state, duty_of(anna).state) == ("active", "available")
    time.passes(seconds=1, silent=[anna])
    row = visit.row
    assert (row.state, row.counsellor, duty_of(anna).state) == ("waiting", None, "away")
    assert (row.waiting_since, row.rank_at) == (time.moment, row.joined_at - timedelta(minutes=30))
    assert ears.of_visitor(visit.chat, "state")[-1][1]["state"] == "waiting"
    assert ears.of_staff(anna.id, "duty")[-1][1]["why"] == "lost"
    assert ledger() == {}


def test_a_chat_whose_counsellor_was_lost_rings_at_the_next_one_with_all_that_was_said(time: StoppedClock) -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna, first_message="hello")
    ben = a_counsellor()
    time.passes(seconds=61, silent=[anna])
    assert (visit.state, visit.row.counsellor) == ("offered", ben.id)
    service.accept(ben, visit.chat)
    assert [text["body"] for text in service.staff_sync(ben, visit.chat, "talk", 0)["messages"]] == ["hello"]


def test_what_rang_at_a_counsellor_who_was_lost_rings_on_elsewhere_without_a_head_start(time: StoppedClock) -> None:
    lines.change_line("youth", {"offer_seconds": 600})
    anna = a_counsellor()
    visit = a_chat(offered_to=anna)
    rank = visit.row.rank_at
    ben = a_counsellor()
    time.passes(seconds=61, silent=[anna])
    assert (visit.row.counsellor, visit.row.rank_at) == (ben.id, rank)


def test_who_rests_with_a_running_chat_keeps_it_while_the_console_is_heard(time: StoppedClock) -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna)
    service.change_duty(anna, "away", None, None)
    time.passes(minutes=30)
    assert (visit.state, visit.row.counsellor) == ("active", anna.id)
    time.passes(seconds=61, silent=[anna])
    assert visit.state == "waiting"


def test_the_chats_of_an_account_that_was_disabled_go_back_to_the_queue(time: StoppedClock) -> None:
    anna = a_counsellor("anna")
    visit = a_chat(held_by=anna)
    staff.disable("anna")
    time.passes(seconds=1)
    assert (visit.state, visit.row.counsellor) == ("waiting", None)


def signed_in(member: Member, token: str) -> str:
    """A session of this member."""
    with transaction() as session:
        now = clock.now()
        key = staff.session_key(token)
        session.add(
            StaffSession(
                key=key, account_id=member.id, created_at=now, seen_at=now, expires_at=now + timedelta(hours=24)
            )
        )
    return token


def test_who_signs_out_is_not_waited_for(time: StoppedClock, ears: Ears, monkeypatch: pytest.MonkeyPatch) -> None:
    # The time of grace is for who may come back.
    monkeypatch.setattr(config, "_current", config.current().model_copy(update={"grace_seconds": 600}))
    anna = a_counsellor()
    desk, telephone = signed_in(anna, "desk"), signed_in(anna, "telephone")
    visit = a_chat(held_by=anna)
    rank = visit.row.rank_at
    staff.sign_out(desk)
    time.passes(seconds=1)
    assert visit.state == "active", "still signed in elsewhere"
    staff.sign_out(telephone)
    presence.counsellor_heard(anna.id, time.moment)  # the last word of a socket that is about to be closed
    presence.flush(time.turn(seconds=1))
    time.sweeps()
    assert (visit.state, visit.row.counsellor, visit.row.cut_off) == ("waiting", None, True)
    assert visit.row.rank_at < rank
    assert ears.of_visitor(visit.chat, "state")[-1][1]["state"] == "waiting"


def test_who_is_reset_is_not_waited_for_and_may_come_back(time: StoppedClock) -> None:
    anna = a_counsellor("anna")
    visit = a_chat(held_by=anna)
    staff.reset("anna")
    time.passes(seconds=1)
    assert visit.state == "waiting"
    service.change_duty(anna, "available", "youth", 3)
    time.passes(seconds=1)
    assert (visit.state, visit.row.counsellor) == ("offered", anna.id)


def test_a_lost_counsellor_who_comes_back_is_away_until_saying_otherwise(time: StoppedClock) -> None:
    anna = a_counsellor()
    time.passes(seconds=61, silent=[anna])
    visit = a_chat()
    time.passes(minutes=1)
    assert (duty_of(anna).state, visit.state) == ("away", "waiting")
    service.change_duty(anna, "available", "youth", 3)
    time.sweeps()
    assert visit.row.counsellor == anna.id


# After a start or an outage nobody is lost at once


def test_nobody_is_lost_within_a_minute_after_the_dispatcher_started(time: StoppedClock) -> None:
    anna = a_counsellor()
    waiting, active = a_chat(), a_chat(held_by=anna)
    everyone = [waiting, active, anna]
    time.turn(minutes=30)  # the server was down
    time.starts_anew()
    time.passes(seconds=59, silent=everyone)
    assert (waiting.state, active.state, duty_of(anna).state) == ("waiting", "active", "available")
    time.passes(seconds=1, silent=everyone)
    assert (waiting.state, active.state, duty_of(anna).state) == ("ended", "ended", "away")


def test_who_is_heard_in_the_grace_goes_on_as_before(time: StoppedClock) -> None:
    anna = a_counsellor()
    waiting, active = a_chat(), a_chat(held_by=anna)
    time.turn(minutes=30)
    time.starts_anew()
    time.passes(seconds=59)
    time.passes(seconds=10)
    assert (waiting.state, active.state) == ("offered", "active")


def test_nobody_is_lost_within_a_minute_after_the_database_came_back(time: StoppedClock) -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna)
    time.turn(minutes=15)
    sweep.database_was_away()
    time.sweeps()
    time.passes(seconds=59, silent=[visit, anna])
    assert visit.state == "active"
    time.passes(seconds=1, silent=[visit, anna])
    assert visit.state == "ended"


def test_nobody_is_lost_within_a_minute_after_the_process_itself_stood_still(time: StoppedClock) -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna)
    time.turn(minutes=15)
    time.sweeps(stood_still=True)
    time.passes(seconds=59, silent=[visit, anna])
    assert (visit.state, duty_of(anna).state) == ("active", "available")
    time.passes(seconds=1, silent=[visit, anna])
    assert (visit.state, duty_of(anna).state) == ("ended", "away")


def test_rounds_that_are_slow_are_no_standstill(time: StoppedClock) -> None:
    visit = a_chat(held_by=a_counsellor())
    for _ in range(41):
        time.turn(seconds=15)
        time.sweeps(stood_still=True)
    assert visit.state != "active"


def test_an_offer_expires_in_the_grace_too(time: StoppedClock) -> None:
    anna, ben = a_counsellor(), a_counsellor()
    visit = a_chat(offered_to=anna)
    time.starts_anew()
    time.turn(seconds=6)
    time.sweeps()
    time.passes(seconds=30)
    assert visit.row.counsellor == ben.id


# The longest wait


def test_nobody_waits_longer_than_an_hour(time: StoppedClock) -> None:
    a_counsellor(state="on_phone")
    visit = a_chat()
    time.passes(minutes=59, seconds=59)
    assert visit.state == "waiting"
    time.passes(seconds=1)
    assert (visit.row.reason, ledger()) == ("unanswered", {"unanswered": 1})


def test_a_running_chat_may_last_longer_than_the_longest_wait(time: StoppedClock) -> None:
    visit = a_chat(held_by=a_counsellor())
    time.passes(hours=2)
    assert visit.state == "active"


# Closing time


def test_at_closing_time_waiting_chats_end_and_running_ones_finish(time: StoppedClock) -> None:
    anna = a_counsellor()
    lines.change_line("youth", {"hours": "mon 14:00-22:00"})  # it is Monday, 21:00
    running, ringing, waiting = a_chat(held_by=anna), a_chat(offered_to=anna), a_chat()
    service.change_duty(anna, "on_phone", "youth", 3)
    time.passes(minutes=59)
    elsewhere = a_chat(line="prevention")
    time.passes(seconds=59)
    assert [visit.state for visit in (running, ringing, waiting)] == ["active", "waiting", "waiting"]
    time.passes(seconds=1)
    assert [visit.state for visit in (running, ringing, waiting, elsewhere)] == ["active", "ended", "ended", "waiting"]
    assert {ringing.row.reason, waiting.row.reason} == {"line_closed"}
    service.end(anna, running.chat)
    assert ledger("youth") == {"answered": 1, "closed": 2}


def test_many_who_are_due_at_closing_time_end_in_small_transactions_and_hold_up_nobody(
    time: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines.change_line("youth", {"hours": "mon 14:00-22:00", "longest_wait_minutes": 90})
    monkeypatch.setattr(sweep, "MOST_DUE", 3)
    waiting = [a_chat() for _ in range(20)]
    anna = a_counsellor()
    a_counsellor(line="prevention")
    time.turn(hours=1)
    elsewhere = a_chat("prevention")
    everybody_is_heard()
    at_once: list[int] = []
    ended: list[str] = []
    lock, finish = store.lock_chats, changes.finish

    def lock_chats(session: Session, chats: Collection[str]) -> dict[str, Chat]:
        at_once.append(0)
        return lock(session, chats)

    def finishes(session: Session, chat: Chat, action: Action, now: datetime) -> bool:
        at_once[-1] += 1
        ended.append(chat.id)
        return finish(session, chat, action, now)

    monkeypatch.setattr(store, "lock_chats", lock_chats)
    monkeypatch.setattr(changes, "finish", finishes)
    wakeup.wait(0)
    time.sweeps()
    assert (elsewhere.state, sum(visit.state == "ended" for visit in waiting)) == ("offered", 18)
    assert wakeup.wait(0), "it goes on at once"
    time.sweeps()
    assert max(at_once) == 3
    assert sorted(ended) == sorted(visit.chat for visit in waiting)
    assert {visit.state for visit in waiting} == {"ended"}
    assert (ledger("youth"), duty_of(anna).state) == ({"closed": 20}, "available")


def test_a_round_ends_when_another_process_took_the_lease_meanwhile(
    time: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines.change_line("youth", {"hours": "mon 14:00-22:00", "longest_wait_minutes": 90})
    monkeypatch.setattr(sweep, "MOST_DUE", 1)
    waiting = [a_chat() for _ in range(3)]
    time.turn(hours=1)
    everybody_is_heard()
    granted = iter([True, False])
    monkeypatch.setattr(store, "take_lease", lambda *_: next(granted))
    time.sweeps()
    assert sorted(visit.state for visit in waiting) == ["ended", "waiting", "waiting"]


def test_after_the_last_entry_those_who_wait_are_still_answered(time: StoppedClock) -> None:
    lines.change_line("youth", {"hours": "mon 14:00-22:00"})
    visit = a_chat()
    anna = a_counsellor(state="on_phone")
    time.passes(minutes=55)
    service.change_duty(anna, "available", "youth", 1)
    time.sweeps()
    assert visit.state == "offered"


def test_a_text_can_be_said_after_closing_time_while_the_chat_goes_on(time: StoppedClock) -> None:
    anna = a_counsellor()
    lines.change_line("youth", {"hours": "mon 14:00-22:00"})
    visit = a_chat(held_by=anna)
    time.passes(minutes=70)
    assert visit.says("thank you").seq == 1
