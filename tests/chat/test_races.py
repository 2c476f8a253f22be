"""One chat, many hands: one wins, the others are told why, and the books stay right. On both databases."""

from __future__ import annotations

import time as real_time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from sqlalchemy import func, select

from helpline import db
from helpline.chat import presence, service, store, sweep
from helpline.chat.models import Chat
from helpline.chat.states import State
from helpline.contacts.models import Contact, MissedContact
from helpline.lines import service as lines
from helpline.privacy import sessions
from helpline.staff.service import Member
from tests.builders import StoppedClock, Visit, a_chat, a_counsellor, an_entry, everybody_is_heard, texts_of
from tests.builders.hands import OK, Hands, illegal_steps, keep_a_trail, steps_of

# Some seconds each; a busy machine may need a multiple of that.
pytestmark = [pytest.mark.usefixtures("house", "books"), pytest.mark.timeout(300)]

ROUNDS, FEW = 100, 25


@pytest.fixture
def books(house: object) -> Iterator[None]:
    """After each test: only legal steps were taken, and each chat that ended stands in one ledger, once."""
    keep_a_trail()
    yield
    assert illegal_steps() == set()
    with db.reading() as session:
        ended = session.scalar(select(func.count()).where(Chat.state == State.ENDED))
        rows = [session.scalar(select(func.count()).select_from(model)) or 0 for model in (Contact, MissedContact)]
    assert sum(rows) == ended


@pytest.fixture
def hands() -> Iterator[Hands]:
    """Two hands."""
    two = Hands()
    yield two
    two.rest()


def load_of(member: Member) -> int:
    """Chats that this counsellor has or that ring there."""
    with db.reading() as session:
        return len(store.chats_in_hand(session, member.id))


def is_over(visit: Visit) -> None:
    """The visitor goes, so that the next round begins with empty hands."""
    service.leave(visit.visitor)


def test_an_offer_is_accepted_once_when_both_tabs_of_a_counsellor_press(hands: Hands) -> None:
    anna = a_counsellor()
    for _ in range(ROUNDS):
        visit = a_chat(offered_to=anna)
        accept = partial(service.accept, anna, visit.chat)
        assert sorted(hands.act(accept, accept)) == [OK, "taken"]
        assert (visit.row.counsellor, steps_of(visit.chat)) == (anna.id, ["active", "offered"])
        is_over(visit)


def test_of_two_counsellors_who_pull_the_same_chat_one_gets_it(hands: Hands) -> None:
    anna, ben = a_counsellor(), a_counsellor()
    for _ in range(ROUNDS):
        visit = a_chat()
        done = hands.act(partial(service.accept, anna, visit.chat), partial(service.accept, ben, visit.chat))
        assert sorted(done) == [OK, "taken"]
        assert visit.row.counsellor == (anna, ben)[done.index(OK)].id
        is_over(visit)


def a_little_later(number: int, deed: Callable[[], object]) -> Callable[[], object]:
    """The deed after 0 to 45 ms, by turns: the dispatcher looks before it acts, so each of the two wins at times."""

    def act() -> object:
        real_time.sleep(number % 10 * 0.005)
        return deed()

    return act


def test_a_chat_that_is_pulled_while_it_is_being_offered_has_one_counsellor(hands: Hands, time: StoppedClock) -> None:
    """Ben, on the phone, takes it from the list in the very moment in which it begins to ring at Anna."""
    anna, ben = a_counsellor(), a_counsellor(state="on_phone")
    seen: Counter[str] = Counter()
    for number in range(ROUNDS):
        visit = a_chat()
        pulled, _swept = hands.act(a_little_later(number, partial(service.accept, ben, visit.chat)), time.sweeps)
        row = visit.row
        seen[pulled] += 1
        if pulled == OK:
            assert (row.state, row.counsellor) == ("active", ben.id)
        else:
            assert (pulled, row.state, row.counsellor) == ("taken", "offered", anna.id)
        is_over(visit)
    assert set(seen) == {OK, "taken"}


def test_an_offer_that_is_accepted_as_it_expires_has_one_counsellor(hands: Hands, time: StoppedClock) -> None:
    """Either Anna was in time, or it rings at Ben and she is told."""
    anna, ben = a_counsellor(), a_counsellor()
    seen: Counter[str] = Counter()
    for number in range(ROUNDS):
        visit = a_chat(offered_to=anna)
        time.turn(seconds=31)
        everybody_is_heard()
        accept = a_little_later(number, partial(service.accept, anna, visit.chat))
        accepted, _swept = hands.act(accept, partial(sweep.run, time.moment))
        row = visit.row
        seen[accepted] += 1
        if accepted == OK:
            assert (row.state, row.counsellor) == ("active", anna.id)
        else:
            assert (accepted, row.state, row.counsellor) == ("taken", "offered", ben.id)
        is_over(visit)
        service.change_duty(anna, "available", "youth", 3)
    assert set(seen) == {OK, "taken"}


def test_a_text_sent_as_the_chat_ends_is_stored_or_refused_and_never_half(hands: Hands) -> None:
    anna = a_counsellor()
    seen: Counter[str] = Counter()
    for _ in range(ROUNDS):
        visit = a_chat(held_by=anna)
        said, ended = hands.act(partial(visit.says, "one more thing"), partial(service.end, anna, visit.chat))
        seen[said] += 1
        assert (said in (OK, "wrong_state"), ended) == (True, OK)
        assert [row.seq for row in texts_of(visit.chat)] == ([1] if said == OK else [])
        assert (visit.row.reason, visit.row.talk_seq) == ("finished", 1 if said == OK else 0)
    assert set(seen) == {OK, "wrong_state"}


def test_the_last_place_is_filled_once(hands: Hands) -> None:
    """Two chats are pulled in two tabs at once."""
    anna = a_counsellor(capacity=2)
    kept = a_chat(held_by=anna)
    for _ in range(FEW):
        visits = a_chat(), a_chat()
        done = hands.act(*(partial(service.accept, anna, visit.chat) for visit in visits))
        assert sorted(done) == [OK, "wrong_state"]
        assert load_of(anna) == 2
        for visit in visits:
            is_over(visit)
    assert kept.state == "active"


def test_the_dispatcher_offers_no_place_that_is_being_filled(hands: Hands, time: StoppedClock) -> None:
    anna = a_counsellor(capacity=1)
    for _ in range(FEW):
        visits = a_chat(), a_chat()
        hands.act(partial(service.accept, anna, visits[0].chat), time.sweeps)
        assert load_of(anna) == 1
        for visit in visits:
            is_over(visit)


def test_a_chat_ends_once_when_both_sides_end_it(hands: Hands) -> None:
    anna = a_counsellor()
    for _ in range(FEW):
        visit = a_chat(held_by=anna)
        ended, left = hands.act(partial(service.end, anna, visit.chat), partial(service.leave, visit.visitor))
        assert (ended, left, visit.row.reason) in ((OK, OK, "finished"), ("wrong_state", OK, "left"))
        assert steps_of(visit.chat).count("ended") == 1


def test_a_chat_that_is_declined_in_one_tab_and_accepted_in_the_other_goes_one_way(hands: Hands) -> None:
    anna = a_counsellor()
    for _ in range(FEW):
        visit = a_chat(offered_to=anna)
        accepted, declined = hands.act(
            partial(service.accept, anna, visit.chat), partial(service.decline, anna, visit.chat)
        )
        # Declined first, it waits, and may be pulled like any other.
        assert (accepted, declined, visit.state) in ((OK, "taken", "active"), (OK, OK, "active"))
        is_over(visit)


def test_a_visitor_who_leaves_as_somebody_answers_is_counted_once(hands: Hands) -> None:
    anna = a_counsellor()
    for _ in range(FEW):
        visit = a_chat(offered_to=anna)
        accepted, left = hands.act(partial(service.accept, anna, visit.chat), partial(service.leave, visit.visitor))
        assert (accepted in (OK, "wrong_state"), left, visit.row.reason) == (True, OK, "left")
        assert (visit.row.started_at is not None) == (accepted == OK)


def test_going_off_duty_while_it_rings_leaves_no_offer_behind(hands: Hands, time: StoppedClock) -> None:
    anna = a_counsellor()
    for _ in range(FEW):
        visit = a_chat(offered_to=anna)
        accepted, gone = hands.act(
            partial(service.accept, anna, visit.chat), partial(service.change_duty, anna, "away", None, None)
        )
        assert (accepted, gone, visit.state) in ((OK, OK, "active"), ("wrong_state", OK, "waiting"))
        is_over(visit)
        service.change_duty(anna, "available", "youth", 3)


def test_two_counsellors_may_hand_over_to_each_other(hands: Hands) -> None:
    anna, ben = a_counsellor(), a_counsellor()
    for _ in range(FEW):
        of_anna, of_ben = a_chat(held_by=anna), a_chat(held_by=ben)
        done = hands.act(
            partial(service.hand_over, anna, of_anna.chat, ben.login),
            partial(service.hand_over, ben, of_ben.chat, anna.login),
        )
        assert (done, of_anna.row.counsellor, of_ben.row.counsellor) == ([OK, OK], ben.id, anna.id)
        is_over(of_anna)
        is_over(of_ben)


def test_joining_twice_with_one_press_too_many_leaves_one_chat(hands: Hands) -> None:
    youth = lines.get_line("youth")
    for _ in range(FEW):
        cookie = sessions.new_cookie()
        join = partial(service.join, cookie, youth, an_entry(first_message="hello"))
        assert hands.act(join, join) == [OK, OK]
        with db.reading() as session:
            assert len(store.glimpses(session)) == 1
        service.quick_exit(cookie)


def test_a_full_queue_takes_nobody_however_many_join_at_the_same_moment() -> None:
    four = Hands(4)
    lines.change_line("youth", {"queue_limit": 2})
    youth = lines.get_line("youth")
    for _ in range(FEW):
        cookies = [sessions.new_cookie() for _ in range(4)]
        turned_away: list[service.Cause] = []

        def join(cookie: str, told: list[service.Cause] = turned_away) -> None:
            try:
                service.join(cookie, youth, an_entry())
            except service.NotTaken as refused:
                told.append(refused.cause)

        four.act(*(partial(join, cookie) for cookie in cookies))
        with db.reading() as session:
            assert store.queue_length(session, "youth") == 2
        assert turned_away == [service.Cause.QUEUE_FULL] * 2
        for cookie in cookies:
            service.quick_exit(cookie)
    four.rest()


def test_a_try_that_is_sent_twice_counts_once(hands: Hands) -> None:
    youth = lines.get_line("youth")
    counted = []
    for _ in range(FEW):
        cookie = sessions.new_cookie()
        attempt = partial(service.count_try, cookie, youth, "queue_full", "nl")
        hands.act(lambda attempt=attempt: counted.append(attempt()), lambda attempt=attempt: counted.append(attempt()))
    assert Counter(counted) == {True: FEW, False: FEW}
    with db.transaction() as session:
        session.query(MissedContact).delete()


def test_everything_at_once_ends_in_order(time: StoppedClock) -> None:
    """Six hands for a while: two counsellors, visitors who talk and leave, heartbeats, and the dispatcher."""
    six = Hands(6)
    anna, ben = a_counsellor(capacity=2), a_counsellor(capacity=2)
    for number in range(FEW // 2):
        visits = [a_chat(held_by=anna), a_chat(held_by=ben), a_chat(offered_to=anna), a_chat()]
        time.turn(seconds=31)
        everybody_is_heard()
        for visit in visits:
            presence.visitor_heard(visit.chat, sessions.key_of(visit.cookie), time.moment)
        for member in (anna, ben):
            presence.counsellor_heard(member.id, time.moment)
            presence.counsellor_typed(member.id)
        six.act(
            partial(service.hand_over, anna, visits[0].chat, "queue" if number % 2 else ben.login),
            partial(service.accept, ben, visits[3].chat),
            partial(service.accept, anna, visits[2].chat),
            partial(presence.flush, time.moment),
            partial(visits[number % 4].says, "hello", uuid.uuid4().hex),
            partial(sweep.run, time.moment),
        )
        assert max(load_of(anna), load_of(ben)) <= 2
        six.act(
            partial(service.end, ben, visits[1].chat),
            partial(service.leave, visits[1].visitor),
            partial(service.quick_exit, visits[2].cookie),
            partial(service.change_duty, anna, "resting", "youth", 2),
            partial(visits[0].says, "still there?"),
            time.sweeps,
        )
        assert max(load_of(anna), load_of(ben)) <= 2
        for visit in visits:
            service.quick_exit(visit.cookie)
        for member in (anna, ben):
            service.change_duty(member, "available", "youth", 2)
    six.rest()
