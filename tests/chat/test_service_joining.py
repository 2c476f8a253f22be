"""Coming in: the queue, the first text, closed and full lines."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from helpline import db
from helpline.chat import access, service
from helpline.chat.models import Chat, Message
from helpline.chat.states import Cause
from helpline.chat.writer import Refused
from helpline.lines import service as lines
from helpline.privacy import sessions
from tests.builders import (
    StoppedClock,
    Visit,
    a_chat,
    a_counsellor,
    a_supervisor,
    an_entry,
    ledger,
    texts_of,
    the_missed_contact,
)
from tests.chat.conftest import Ears

pytestmark = pytest.mark.usefixtures("house")


def rows(model: type) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def set_line(slug: str = "youth", **settings: str | int) -> None:
    """Change a line's hours or limits."""
    lines.change_line(slug, settings)


def test_who_joins_waits_and_the_first_text_is_there() -> None:
    visit = a_chat(first_message="I can't sleep")
    seen = visit.sees()
    assert (seen["state"], seen["position"], seen["reason"]) == ("waiting", 1, None)
    assert [(text["seq"], text["author"], text["body"]) for text in seen["messages"]] == [
        (1, "visitor", "I can't sleep")
    ]


def test_the_first_text_is_stored_sealed() -> None:
    visit = a_chat(first_message="I can't sleep")
    (stored,) = texts_of(visit.chat)
    assert b"sleep" not in stored.sealed


@pytest.mark.parametrize("nothing", ["", "   ", "\n"])
def test_nobody_has_to_write_something_on_joining(nothing: str) -> None:
    assert a_chat(first_message=nothing).sees()["messages"] == []


def test_who_joins_with_a_text_that_is_too_long_has_not_joined() -> None:
    cookie = sessions.new_cookie()
    with pytest.raises(Refused, match="too_long"):
        service.join(cookie, lines.get_line("youth"), an_entry(first_message="x" * 4001))
    assert (rows(Chat), rows(Message), rows(sessions.VisitorSession)) == (0, 0, 0)


def test_danger_is_shown_to_the_supervisors_of_the_line_at_once(ears: Ears) -> None:
    ours, theirs = a_supervisor(), a_supervisor(line="prevention")
    visit = a_chat(danger="yes")
    assert ears.of_staff(ours.id, "alert") == [("alert", {"kind": "danger", "chat": visit.chat, "line": "youth"})]
    assert ears.of_staff(theirs.id) == []


def test_a_closed_line_takes_nobody() -> None:
    set_line(hours="closed")
    with pytest.raises(service.NotTaken) as told:
        a_chat()
    assert (told.value.cause, rows(Chat), rows(sessions.VisitorSession)) == (Cause.CLOSED, 0, 0)


def test_a_full_queue_takes_nobody_until_somebody_is_answered() -> None:
    set_line(queue_limit=2)
    anna = a_counsellor()
    waiting, _ringing = a_chat(), a_chat(offered_to=anna)
    with pytest.raises(service.NotTaken) as told:
        a_chat()
    assert told.value.cause == Cause.QUEUE_FULL
    service.accept(anna, waiting.chat)
    assert a_chat().state == "waiting"


def test_the_other_line_is_not_full_when_this_one_is() -> None:
    set_line(queue_limit=0)
    assert a_chat(line="prevention").state == "waiting"


def test_the_last_visitors_are_taken_a_quarter_of_an_hour_before_closing(time: StoppedClock) -> None:
    set_line(hours="mon 14:00-22:00")  # it is Monday, 21:00
    time.turn(minutes=44)
    assert a_chat().state == "waiting"
    time.turn(minutes=1)
    with pytest.raises(service.NotTaken) as told:
        a_chat()
    assert told.value.cause == Cause.CLOSED


def a_try(cookie: str, line: str = "youth", cause: Cause = Cause.CLOSED) -> bool:
    return service.count_try(cookie, lines.get_line(line), cause, "nl")


def test_a_try_to_enter_counts_once_in_half_an_hour(time: StoppedClock) -> None:
    cookie = sessions.new_cookie()
    assert a_try(cookie)
    time.turn(minutes=29)
    assert not a_try(cookie)
    assert ledger() == {"closed": 1}
    time.turn(minutes=1)
    assert a_try(cookie, cause=Cause.QUEUE_FULL)
    assert ledger() == {"closed": 1, "queue_full": 1}


def test_tries_from_two_browsers_are_two() -> None:
    assert a_try(sessions.new_cookie())
    assert a_try(sessions.new_cookie())
    assert ledger() == {"closed": 2}


def test_going_to_and_fro_between_the_lines_counts_once_on_each() -> None:
    cookie = sessions.new_cookie()
    assert [a_try(cookie, line) for line in ("youth", "prevention", "youth", "prevention")] == [
        True,
        True,
        False,
        False,
    ]
    assert (ledger("youth"), ledger("prevention")) == ({"closed": 1}, {"closed": 1})


def test_a_try_is_written_down_with_the_hour_of_the_line_and_no_wait() -> None:
    set_line(hours="mon 09:00-17:00")  # it is 20:00 UTC
    a_try(sessions.new_cookie())
    row = the_missed_contact()
    assert (row.on_date, row.on_hour, row.in_hours) == (date(2026, 3, 2), 21, False)
    assert (row.line, row.channel, row.language, row.wait_s, row.test) == ("youth", "chat", "nl", None, False)


def test_a_try_does_not_cost_the_visitor_a_running_chat() -> None:
    visit = a_chat()
    a_try(visit.cookie)
    assert access.visitor_of(visit.cookie, visit.row.joined_at).chat == visit.chat


def test_a_session_belongs_to_the_line_of_its_chat(time: StoppedClock) -> None:
    visit = a_chat(line="prevention")
    content = sessions.load(visit.cookie, time.moment)
    assert content == {"line": "prevention", "chat": visit.chat}


def test_who_moves_to_the_other_line_leaves_the_first_chat_and_all_it_knew(time: StoppedClock) -> None:
    first = a_chat(waiting_since=time.moment - timedelta(minutes=3))
    second = a_chat(line="prevention", cookie=first.cookie)
    assert first.row.reason == "left"
    assert sessions.load(first.cookie, time.moment) == {"line": "prevention", "chat": second.chat}
    assert access.visitor_of(first.cookie, time.moment).chat == second.chat


def test_who_joins_again_has_one_chat(time: StoppedClock) -> None:
    first = a_chat(waiting_since=time.moment - timedelta(minutes=3))
    second = a_chat(cookie=first.cookie)
    assert (first.row.reason, second.state, ledger()) == ("left", "waiting", {"nobody_on_duty": 1})
    with pytest.raises(Refused, match="wrong_state"):
        first.says("is anybody there?")


def test_nothing_about_a_chat_leads_to_the_session() -> None:
    """Only the sealed session knows its chat."""
    visit = a_chat(first_message="hello")
    secret = {visit.cookie, sessions.key_of(visit.cookie)}
    with db.reading() as session:
        kept = {str(getattr(visit.row, column.key)) for column in Chat.__table__.columns}
        row = session.get(sessions.VisitorSession, sessions.key_of(visit.cookie))
    assert row is not None
    assert not kept & secret
    assert visit.chat.encode() not in row.sealed


def test_a_visit_is_proved_by_its_own_cookie_alone(time: StoppedClock) -> None:
    visit = a_chat()
    assert access.visitor_of(visit.cookie, time.moment) == visit.visitor
    for other in (None, "", sessions.new_cookie(), visit.chat, sessions.key_of(visit.cookie), visit.cookie[:-1]):
        with pytest.raises(access.NoAccess, match="unauthorised"):
            access.visitor_of(other, time.moment)


def test_a_session_without_a_chat_opens_nothing(time: StoppedClock) -> None:
    cookie = sessions.new_cookie()
    a_try(cookie)
    with pytest.raises(access.NoAccess, match="unauthorised"):
        access.visitor_of(cookie, time.moment)


def test_chats_have_names_that_people_can_say_and_ids_that_nobody_can_guess() -> None:
    first, second = a_chat(), a_chat()
    assert isinstance(first, Visit)
    assert len(first.row.name.split()) == 2
    assert len({first.chat, second.chat}) == 2
    assert len(first.chat) == 26
