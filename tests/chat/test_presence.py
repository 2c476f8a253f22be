"""Signs of life: kept in memory, written together, and what they keep alive."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import event

from helpline import db
from helpline.chat import presence, service
from helpline.privacy import sessions
from tests.builders import StoppedClock, Visit, a_chat, a_counsellor, ago, duty_of

pytestmark = pytest.mark.usefixtures("house")


def expiry(visit: Visit) -> object:
    with db.reading() as session:
        row = session.get(sessions.VisitorSession, sessions.key_of(visit.cookie))
    return row and row.expires_at


def test_what_was_heard_is_written_with_the_next_batch(time: StoppedClock) -> None:
    anna = a_counsellor()
    visits = [a_chat(silent_since=ago(seconds=30)) for _ in range(3)]
    before = time.moment
    time.turn(seconds=10)
    for visit in visits[:2]:
        visit.sees()
    service.resume(anna)
    assert (visits[0].row.visitor_seen_at, duty_of(anna).heartbeat_at) == (before - timedelta(seconds=30), before)
    presence.flush(time.moment)
    assert [visit.row.visitor_seen_at for visit in visits] == [time.moment] * 2 + [before - timedelta(seconds=30)]
    assert duty_of(anna).heartbeat_at == time.moment


def test_an_older_mark_never_replaces_a_newer(time: StoppedClock) -> None:
    visit = a_chat()
    presence.visitor_heard(visit.chat, sessions.key_of(visit.cookie), ago(seconds=20))
    presence.flush(time.moment)
    assert visit.row.visitor_seen_at == time.moment


@pytest.mark.parametrize("deed", ["syncs", "types", "says something", "loads the frame"])
def test_whatever_a_visitor_does_is_a_sign_of_life(time: StoppedClock, deed: str) -> None:
    visit = a_chat(silent_since=ago(minutes=2))
    {
        "syncs": visit.sees,
        "types": lambda: service.visitor_types(visit.visitor, True),
        "says something": lambda: visit.says("hello"),
        "loads the frame": lambda: visit.sees(after=7),
    }[deed]()
    presence.flush(time.moment)
    assert visit.row.visitor_seen_at == time.moment


def test_a_sign_of_life_keeps_the_session_for_two_more_hours(time: StoppedClock) -> None:
    visit = a_chat(held_by=a_counsellor())
    for _ in range(4):
        time.turn(minutes=110)
        visit.sees()
        presence.flush(time.moment)
    assert sessions.load(visit.cookie, time.moment) is not None
    time.turn(hours=2, minutes=1)
    assert sessions.load(visit.cookie, time.moment) is None


def test_a_session_that_ended_is_not_called_back_by_a_late_sign(time: StoppedClock) -> None:
    visit = a_chat()
    visit.sees()
    service.quick_exit(visit.cookie)
    presence.flush(time.moment)
    assert expiry(visit) is None


def test_reading_on_after_the_end_does_not_keep_the_session(time: StoppedClock) -> None:
    visit = a_chat()
    service.leave(visit.visitor)
    before = expiry(visit)
    time.turn(minutes=5)
    visit.sees()
    presence.flush(time.moment)
    assert expiry(visit) == before


def test_writing_is_a_sign_of_somebody_at_the_desk(time: StoppedClock) -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna)
    assert duty_of(anna).typed_at is None
    service.staff_types(anna, visit.chat, True)
    presence.flush(time.moment)
    assert duty_of(anna).typed_at == time.moment


def test_nothing_heard_writes_nothing(time: StoppedClock) -> None:
    begun: list[object] = []
    event.listen(db.engine(), "begin", begun.append)
    presence.flush(time.moment)
    assert begun == []


def test_marks_that_come_while_others_are_written_are_not_lost(time: StoppedClock) -> None:
    visits = [a_chat(silent_since=ago(minutes=2)) for _ in range(40)]
    done = threading.Event()

    def keep_writing() -> None:
        while not done.is_set():
            presence.flush(time.moment)

    writing = threading.Thread(target=keep_writing)
    writing.start()
    for visit in visits:
        presence.visitor_heard(visit.chat, sessions.key_of(visit.cookie), time.moment)
    done.set()
    writing.join()
    presence.flush(time.moment)
    assert {visit.row.visitor_seen_at for visit in visits} == {time.moment}
