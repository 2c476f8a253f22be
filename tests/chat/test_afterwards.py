"""What became of somebody who was missed: caught by advice, a module or a chat, as the visit alone knows, traceless."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask
from flask_socketio import SocketIO
from sqlalchemy import select

from helpline import clock, db
from helpline.advice import service as advice
from helpline.chat import afterwards, service
from helpline.chat.access import Visitor
from helpline.chat.states import Cause
from helpline.contacts import service as contacts
from helpline.contacts.models import MissedContact
from helpline.letters import service as letters
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.privacy import sessions
from helpline.selfhelp import service as selfhelp
from tests.builders import StoppedClock, a_chat, a_counsellor, an_entry, ledger
from tests.builders.hands import Hands
from tests.journeys.house import snapshot_of
from tests.postgres import sqlite_only

pytestmark = pytest.mark.usefixtures("house")


@pytest.fixture
def youth(house: Flask) -> Line:
    return lines.get_line("youth")


@pytest.fixture
def cookie() -> str:
    return sessions.new_cookie()


def caught() -> list[tuple[str, str]]:
    """Cause of every missed contact and what caught it, sorted."""
    with db.reading() as session:
        return sorted((row.cause, row.caught_by) for row in session.scalars(select(MissedContact)))


def remembered(cookie: str) -> set[str]:
    """What the session of this browser still holds of being missed."""
    return {contacts.MISSED} & (sessions.load(cookie, clock.now()) or {}).keys()


def tries(cookie: str, line: Line, cause: Cause = Cause.CLOSED) -> None:
    assert service.count_try(cookie, line, cause, "nl")


def reads_advice(cookie: str, line: Line) -> None:
    """Somebody in danger comes to advice with the first answer."""
    advice.answer(cookie, line, 1, "yes")


def opens_a_module(cookie: str, line: Line) -> None:
    selfhelp.seen(cookie, line, selfhelp.content_of(line.slug).course.modules[0].slug)


# Tries at a closed or full line


@pytest.mark.parametrize("cause", [Cause.CLOSED, Cause.QUEUE_FULL])
def test_who_could_not_get_in_and_reads_advice_is_caught_once(cookie: str, youth: Line, cause: Cause) -> None:
    tries(cookie, youth, cause)
    assert caught() == [(cause, "none")]
    reads_advice(cookie, youth)
    assert caught() == [(cause, "advice")]
    assert not remembered(cookie)


def test_the_first_that_caught_somebody_stays(cookie: str, time: StoppedClock) -> None:
    line = lines.get_line("prevention")
    tries(cookie, line)
    selfhelp.seen(cookie, line)
    assert caught() == [("closed", "none")], "to look at the course is not to open a module"
    opens_a_module(cookie, line)
    assert caught() == [("closed", "course")]
    assert advice.answer(cookie, line, 1, "yes").answers
    assert caught() == [("closed", "course")]


def test_a_module_that_was_open_before_catches_when_it_is_opened_again(cookie: str) -> None:
    line = lines.get_line("prevention")
    opens_a_module(cookie, line)
    tries(cookie, line)
    opens_a_module(cookie, line)
    assert caught() == [("closed", "course")]


def test_advice_before_a_try_catches_nothing(cookie: str, youth: Line) -> None:
    reads_advice(cookie, youth)
    tries(cookie, youth)
    assert caught() == [("closed", "none")]


def test_all_that_one_visit_missed_is_caught(cookie: str, youth: Line, time: StoppedClock) -> None:
    tries(cookie, youth)
    time.turn(minutes=40)
    tries(cookie, youth, Cause.QUEUE_FULL)
    reads_advice(cookie, youth)
    assert caught() == [("closed", "advice"), ("queue_full", "advice")]


def test_what_others_missed_is_not_caught(youth: Line) -> None:
    browsers = [sessions.new_cookie() for _ in range(3)]
    for browser in browsers:
        tries(browser, youth)
    reads_advice(browsers[1], youth)
    reads_advice(sessions.new_cookie(), youth)
    assert caught() == [("closed", "advice"), ("closed", "none"), ("closed", "none")]
    for browser in browsers:
        reads_advice(browser, youth)
    assert caught() == [("closed", "advice")] * 3


def test_of_those_who_come_at_the_same_moment_each_catches_one(youth: Line) -> None:
    hands = Hands()
    browsers = [sessions.new_cookie() for _ in range(12)]
    for browser in browsers:
        tries(browser, youth)
    for one, other in zip(browsers[::2], browsers[1::2], strict=True):
        hands.act(partial(reads_advice, one, youth), partial(reads_advice, other, youth))
    hands.rest()
    assert caught() == [("closed", "advice")] * 12


def test_a_try_on_another_line_than_that_of_the_visit_is_not_remembered(cookie: str, youth: Line) -> None:
    reads_advice(cookie, youth)
    tries(cookie, lines.get_line("prevention"))
    assert not remembered(cookie)


# Chats that ended unanswered


def left(cookie: str, time: StoppedClock) -> None:
    visit = a_chat(cookie=cookie)
    time.turn(seconds=70)
    service.leave(visit.visitor)


def given_up(cookie: str, time: StoppedClock) -> None:
    a_chat(cookie=cookie)
    time.passes(minutes=61)


def lost(cookie: str, time: StoppedClock) -> None:
    visit = a_chat(cookie=cookie)
    time.passes(minutes=4, silent=[visit])


ENDS = [(left, "nobody_on_duty"), (given_up, "nobody_on_duty"), (lost, "lost")]


@pytest.mark.parametrize(("ends", "cause"), ENDS)
def test_whose_chat_nobody_answered_is_caught_by_advice(
    cookie: str, youth: Line, time: StoppedClock, ends: Callable[[str, StoppedClock], None], cause: str
) -> None:
    ends(cookie, time)
    service.settle(cookie)
    service.settle(cookie)
    assert caught() == [(cause, "none")]
    reads_advice(cookie, youth)
    assert caught() == [(cause, "advice")]
    service.settle(cookie)
    assert not remembered(cookie), "the chat is still the visit's, but nothing new"


def test_who_left_at_once_was_hardly_missed(cookie: str, youth: Line) -> None:
    service.leave(a_chat(cookie=cookie).visitor)
    service.settle(cookie)
    reads_advice(cookie, youth)
    assert caught() == [("left_early", "none")]


def test_a_chat_after_all_catches_once_it_is_answered(cookie: str, youth: Line, time: StoppedClock) -> None:
    tries(cookie, youth)
    left(cookie, time)
    visit = a_chat(cookie=cookie)
    service.settle(cookie)
    assert caught() == [("closed", "none"), ("nobody_on_duty", "none")], "to wait again is not to be helped"
    service.accept(a_counsellor(), visit.chat)
    service.settle(cookie)
    assert caught() == [("closed", "chat"), ("nobody_on_duty", "chat")]
    reads_advice(cookie, youth)
    assert {by for _, by in caught()} == {"chat"}


def test_an_answered_chat_is_not_missed(cookie: str, youth: Line, time: StoppedClock) -> None:
    anna = a_counsellor()
    visit = a_chat(cookie=cookie, held_by=anna)
    time.turn(minutes=5)
    service.leave(visit.visitor)
    service.settle(cookie)
    assert not remembered(cookie)
    assert ledger() == {"answered": 1}


def test_what_was_missed_on_another_line_is_forgotten_with_the_visit(
    cookie: str, youth: Line, time: StoppedClock
) -> None:
    left(cookie, time)
    service.settle(cookie)
    service.join(cookie, lines.get_line("prevention"), an_entry())
    assert not remembered(cookie)


def test_who_leaves_the_queue_for_another_line_is_not_caught_there(
    cookie: str, youth: Line, time: StoppedClock
) -> None:
    a_chat(cookie=cookie)
    time.turn(seconds=70)
    other = service.join(cookie, lines.get_line("prevention"), an_entry())
    service.accept(a_counsellor(line="prevention"), other)
    service.settle(cookie)
    assert (caught(), remembered(cookie)) == ([("nobody_on_duty", "none")], set())


def test_a_quick_exit_leaves_nothing(cookie: str, youth: Line, time: StoppedClock) -> None:
    a_chat(cookie=cookie)
    time.turn(seconds=70)
    service.quick_exit(cookie)
    service.settle(cookie)
    assert sessions.load(cookie, clock.now()) is None
    assert caught() == [("emergency_exit", "none")]


@pytest.mark.parametrize("nothing", [None, "", "x", "A" * 43])
def test_without_a_visit_there_is_nothing_to_settle(nothing: str | None) -> None:
    service.settle(nothing)


# A letter that was written while waiting


def writes(cookie: str, line: Line) -> None:
    assert letters.write(cookie, line, "nl", "It takes too long.", "form-1")


@pytest.mark.parametrize(("ends", "cause"), [(service.leave, "nobody_on_duty"), (None, "lost")])
def test_who_writes_a_letter_while_waiting_and_goes_is_caught_by_it(
    cookie: str, youth: Line, time: StoppedClock, ends: Callable[[Visitor], object] | None, cause: str
) -> None:
    visit = a_chat(cookie=cookie)
    time.turn(seconds=70)
    writes(cookie, youth)
    assert service.is_live(visit.visitor), "the place is kept until the visitor goes"
    if ends:
        ends(visit.visitor)
    else:
        time.passes(minutes=4, silent=[visit])
    assert caught() == [(cause, "none")], "what became of it only its own browser knows"
    service.settle(cookie)
    assert caught() == [(cause, "letter")]
    assert not remembered(cookie)


def test_who_writes_a_letter_while_waiting_and_is_answered_was_not_missed(
    cookie: str, youth: Line, time: StoppedClock
) -> None:
    visit = a_chat(cookie=cookie)
    writes(cookie, youth)
    service.accept(a_counsellor(), visit.chat)
    service.leave(visit.visitor)
    service.settle(cookie)
    assert (caught(), ledger()) == ([], {"answered": 1})
    assert letters.thread_of(cookie, youth), "and the letter is answered too"


def test_a_letter_from_before_the_chat_catches_nothing(cookie: str, youth: Line, time: StoppedClock) -> None:
    writes(cookie, youth)
    time.turn(minutes=1)
    left(cookie, time)
    service.settle(cookie)
    assert caught() == [("nobody_on_duty", "none")]
    time.turn(minutes=1)
    left(cookie, time)
    service.settle(cookie)
    assert caught() == [("nobody_on_duty", "none")] * 2


# By whom


@sqlite_only
def test_a_browser_that_hangs_up_has_learned_what_became_of_its_chat(
    house: Flask, sockets: SocketIO, cookie: str, youth: Line, time: StoppedClock
) -> None:
    visit = a_chat(cookie=cookie)
    browser = house.test_client()
    browser.set_cookie("visit", cookie)
    tab = sockets.test_client(house, namespace="/visitor", flask_test_client=browser)
    assert tab.is_connected("/visitor")
    time.turn(seconds=70)
    service.leave(visit.visitor)
    assert not remembered(cookie)
    tab.disconnect("/visitor")
    assert remembered(cookie)


@sqlite_only
def test_a_page_of_the_room_that_shows_the_end_lets_the_visit_know(
    house: Flask, cookie: str, time: StoppedClock
) -> None:
    for path in ("", "transcript", "place"):
        fresh = sessions.new_cookie()
        left(fresh, time)
        browser = house.test_client()
        browser.set_cookie("visit", fresh)
        assert browser.get(f"/en/youth/chat/room/{path}").status_code == 200
        assert remembered(fresh), path


# No trace


def test_nothing_leads_from_a_visit_to_its_row(cookie: str, youth: Line, time: StoppedClock) -> None:
    tries(cookie, youth)
    left(cookie, time)
    service.settle(cookie)
    with db.reading() as session:
        keys = set(session.scalars(select(MissedContact.key)))
    assert len(keys) == 2

    def places() -> set[str]:
        """The tables in which the key of a row is found, in clear or sealed for this browser."""
        found = set()
        for table, rows in snapshot_of(db.engine()).items():
            if any(key in str(value) for row in rows for value in row for key in keys):
                found.add(table)
        return found

    assert places() == {"missed_contacts"}
    held = sessions.load(cookie, clock.now())
    assert held is not None
    assert not any(key in str(held) for key in keys), "not even who opens the session learns which row it was"
    reads_advice(cookie, youth)
    assert places() == {"missed_contacts"}
    assert {by for _, by in caught()} == {"advice"}
    assert not remembered(cookie)
    assert afterwards.KNOWN in (sessions.load(cookie, clock.now()) or {}), "only its own chat, not to count it twice"
