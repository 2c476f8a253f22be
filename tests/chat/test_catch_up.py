"""While hints between processes can't be trusted each process looks for its own clients, and pings those concerned."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from sqlalchemy import event

from helpline import bus, db
from helpline.chat import agreeing, catch_up, push, service
from helpline.chat.access import NoAccess
from helpline.chat.sockets import ConsoleNamespace
from helpline.extensions import socketio
from helpline.lines import service as lines
from helpline.staff.service import Member
from tests.builders import StoppedClock, Visit, a_chat, a_counsellor, a_supervisor, deeds

_numbers = count()


class Rooms:
    """Clients that are connected to this process, and who of them was pinged."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._pinged: list[str] = []
        self.trust = False
        monkeypatch.setattr(push, "ping_here", lambda namespace, room: self._pinged.append(room))
        monkeypatch.setattr(catch_up, "_hints_arrive", lambda: self.trust)
        monkeypatch.setattr(catch_up.time, "sleep", lambda seconds: None)

    def visitor(self, visit: Visit) -> str:
        """The visitor's page is open at this process."""
        return self._connect(push.VISITOR, push.chat_room(visit.chat))

    def console(self, member: Member, *hears: Visit) -> str:
        """The member's console is, and hears of these chats."""
        rooms = (push.staff_room(member.id), *(push.chat_room(visit.chat) for visit in hears))
        return self._connect(push.CONSOLE, *rooms)

    def _connect(self, namespace: str, *rooms: str) -> str:
        manager = socketio.server.manager
        sid = str(manager.connect(f"connection{next(_numbers)}", namespace))
        for room in rooms:
            manager.enter_room(sid, namespace, room)
        return sid

    def round(self) -> list[str]:
        """Who is pinged in the next round."""
        self._pinged.clear()
        catch_up.run()
        return self._pinged.copy()


@pytest.fixture
def rooms(house: object, monkeypatch: pytest.MonkeyPatch) -> Rooms:
    """Hints are not trusted."""
    return Rooms(monkeypatch)


def of(one: Visit | Member) -> str:
    """The room of a visitor or member of staff."""
    return push.chat_room(one.chat) if isinstance(one, Visit) else push.staff_room(one.id)


def says(member: Member, visit: Visit, body: str, stream: str = "talk") -> None:
    deeds.say_as_staff(member, visit.chat, stream, uuid.uuid4().hex, body)


def console_namespace() -> ConsoleNamespace:
    console: Any = socketio.server.namespace_handlers[push.CONSOLE]
    assert isinstance(console, ConsoleNamespace)
    return console


def test_whose_chat_moved_is_pinged_and_nobody_else(rooms: Rooms) -> None:
    anna, ben = a_counsellor(), a_counsellor()
    one, two = a_chat(held_by=anna), a_chat(held_by=ben)
    a_chat(held_by=ben).says("not connected to this process")
    for visit in (one, two):
        rooms.visitor(visit)
    rooms.console(anna, one)
    rooms.console(ben, two)
    assert sorted(rooms.round()) == sorted(map(of, (one, two, anna, ben))), "nobody knows what was lost before"
    assert rooms.round() == []
    one.says("Hello")
    assert sorted(rooms.round()) == sorted(map(of, (one, anna)))
    says(ben, two, "between us", "aside")
    assert rooms.round() == [of(ben)], "a visitor never hears of an aside"
    deeds.visitor_reads(one.visitor, 1)
    assert rooms.round() == [of(anna)]
    service.bring(one.cookie, lines.get_line("youth"), "Someone has pictures of me")
    assert rooms.round() == [of(anna)]
    deeds.staff_reads(ben, two.chat, 1)
    says(ben, two, "Hi")
    deeds.staff_reads(anna, one.chat, 1)
    assert sorted(rooms.round()) == sorted(map(of, (one, two, ben)))
    service.leave(one.visitor)
    assert sorted(rooms.round()) == sorted(map(of, (one, anna)))
    assert rooms.round() == []


def test_what_rings_is_heard_and_what_rings_no_longer_too(rooms: Rooms, time: StoppedClock) -> None:
    anna = a_counsellor()
    rooms.console(anna)
    rooms.round()
    visit = a_chat()
    rooms.round()
    time.sweeps()
    assert visit.state == "offered"
    assert rooms.round() == [of(anna)]
    service.leave(visit.visitor)
    assert rooms.round() == [of(anna)]


def test_who_was_sent_away_hears_it(rooms: Rooms) -> None:
    anna = a_counsellor()
    rooms.console(anna)
    rooms.round()
    service.change_duty(anna, "resting", "youth", 3)
    assert rooms.round() == [of(anna)]


def test_a_chat_in_danger_is_heard_of_at_every_console(rooms: Rooms) -> None:
    supervisor = a_supervisor()
    rooms.console(supervisor)
    rooms.round()
    a_chat()
    assert rooms.round() == []
    a_chat(danger="yes")
    assert rooms.round() == [of(supervisor)]


def test_who_connects_later_is_pinged_once(rooms: Rooms) -> None:
    visit = a_chat()
    assert rooms.round() == []
    rooms.visitor(visit)
    assert [rooms.round(), rooms.round()] == [[of(visit)], []]


def test_nothing_is_looked_at_while_hints_are_trusted(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = a_chat()
    rooms.visitor(visit)
    rooms.trust = True
    monkeypatch.setattr(catch_up, "_look", lambda: pytest.fail("looked"))
    visit.says("Hello")
    assert rooms.round() == []


def test_after_a_loss_there_is_one_last_round(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    visit, other = a_chat(), a_chat()
    for each in (visit, other):
        rooms.visitor(each)
    rooms.round()
    visit.says("Hello")
    rooms.trust = True
    assert rooms.round() == [of(visit)]
    monkeypatch.setattr(catch_up, "_look", lambda: pytest.fail("looked"))
    assert rooms.round() == []


def test_after_a_broken_subscription_everybody_is_asked_once(rooms: Rooms) -> None:
    visit = a_chat()
    rooms.visitor(visit)
    rooms.trust = True
    bus._take("back", ())
    assert [rooms.round(), rooms.round()] == [[of(visit)], []]


def test_a_round_that_fails_is_made_up_for(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = a_chat()
    rooms.visitor(visit)
    rooms.trust = True
    bus._take("back", ())
    with monkeypatch.context() as away:
        away.setattr(catch_up, "_look", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            rooms.round()
    assert rooms.round() == [of(visit)]


# Rooms


def test_a_chat_that_was_taken_away_is_no_longer_heard_of_though_the_hint_was_lost(rooms: Rooms) -> None:
    anna, ben, supervisor, stranger = a_counsellor(), a_counsellor(), a_supervisor(), a_supervisor(line="prevention")
    visit, kept = a_chat(held_by=anna), a_chat(held_by=anna)
    rooms.console(anna, visit, kept)
    rooms.console(supervisor, visit)
    rooms.console(stranger, visit)
    with pytest.MonkeyPatch.context() as lost:
        lost.setattr(push, "unsee", lambda account, chat: None)
        service.hand_over(anna, visit.chat, "queue")
        service.accept(ben, visit.chat)
    assert push.staff_here()[anna.id] == {visit.chat, kept.chat}
    rooms.round()
    assert push.staff_here() == {anna.id: {kept.chat}, supervisor.id: {visit.chat}, stranger.id: set()}
    service.leave(visit.visitor)
    rooms.round()
    assert push.staff_here()[supervisor.id] == set(), "what is over is heard of by nobody"


def test_resume_leaves_the_rooms_of_chats_that_are_no_longer_in_hand(rooms: Rooms) -> None:
    anna = a_counsellor()
    visit, kept = a_chat(held_by=anna), a_chat(held_by=anna)
    sid = rooms.console(anna, visit, kept)
    with pytest.MonkeyPatch.context() as lost:
        lost.setattr(push, "unsee", lambda account, chat: None)
        service.hand_over(anna, visit.chat, "queue")
    console_namespace().resume(sid, anna, {})
    assert push.chats_of(sid) == {kept.chat}


def test_a_late_hint_lets_nobody_see_a_chat_that_was_taken_away(rooms: Rooms) -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna)
    sid = rooms.console(anna)
    service.hand_over(anna, visit.chat, "queue")
    bus._take("see", (anna.id, visit.chat))
    assert push.chats_of(sid) == set()
    kept = a_chat(held_by=anna)
    bus._take("see", (anna.id, kept.chat))
    assert push.chats_of(sid) == {kept.chat}


def then(what: Callable[..., Any], follows: Callable[[], object]) -> Callable[..., Any]:
    """`what`, and right after it for the first time something that another process does."""
    rest = [follows]

    def both(*arguments: Any, **named: Any) -> Any:
        answer = what(*arguments, **named)
        if rest:
            rest.pop()()
        return answer

    return both


@pytest.mark.parametrize("event_name", ["sync", "follow", "resume"])
def test_a_chat_that_is_taken_away_while_a_console_opens_it_is_not_heard_of(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch, event_name: str
) -> None:
    anna = a_supervisor() if event_name == "follow" else a_counsellor()
    visit = a_chat(held_by=a_counsellor() if event_name == "follow" else anna)
    sid = rooms.console(anna)
    console = console_namespace()
    gone = (
        (lambda: service.leave(visit.visitor))
        if event_name == "follow"
        else (lambda: service.hand_over(anna, visit.chat, "queue"))
    )
    name = {"sync": "staff_sync"}.get(event_name, event_name)
    monkeypatch.setattr(service, name, then(getattr(service, name), gone))
    asked = {"chat": visit.chat, "stream": "talk", "after": 0}
    if event_name == "resume":
        console.resume(sid, anna, {})
    else:
        with pytest.raises(NoAccess):
            console.events[event_name](sid, anna, asked)
    assert push.chats_of(sid) == set()


def test_who_may_not_see_a_chat_is_never_in_its_room(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=a_counsellor())
    sid = rooms.console(anna)
    console = console_namespace()
    entered: list[str] = []
    monkeypatch.setattr(console, "enter_room", lambda sid, room: entered.append(room))
    with pytest.raises(NoAccess):
        console.sync(sid, anna, {"chat": visit.chat, "stream": "talk", "after": 0})
    assert entered == []


def test_a_chat_that_is_taken_away_while_it_is_shown_is_not_heard_of(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna)
    sid = rooms.console(anna)
    enter_room = socketio.server.enter_room

    def enter(*arguments: Any, **named: Any) -> None:
        # The last moment at which nobody is in the room yet.
        service.hand_over(anna, visit.chat, "queue")
        enter_room(*arguments, **named)

    monkeypatch.setattr(socketio.server, "enter_room", enter)
    bus._take("see", (anna.id, visit.chat))
    assert push.chats_of(sid) == set()


def test_a_look_at_many_chats_asks_three_times(rooms: Rooms) -> None:
    """However many chats there are: what goes on, the duties, what is asked of supervisors, and nothing else."""
    anna = a_counsellor(capacity=10)
    for _ in range(10):
        visit = a_chat(held_by=anna)
        rooms.visitor(visit)
        rooms.console(anna, visit)
    asked: list[str] = []
    event.listen(db.engine(), "before_cursor_execute", lambda *a: asked.append(a[2]))
    rooms.round()
    assert len([statement for statement in asked if statement.startswith("SELECT")]) == 3


def test_what_changes_beside_the_texts_is_asked_for_too(rooms: Rooms) -> None:
    anna = a_counsellor()
    visit, other = a_chat(held_by=anna), a_chat()
    rooms.visitor(visit)
    rooms.visitor(other)
    rooms.console(anna, visit)
    rooms.round()
    assert rooms.round() == []
    agreeing.visitor_saves(visit.visitor, 0, "About the uncle")
    assert set(rooms.round()) == {of(visit), of(anna)}
    assert rooms.round() == []
