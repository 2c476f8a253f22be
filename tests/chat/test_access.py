"""The only way to a chat: who may touch which, and what the others are told."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from helpline import db
from helpline.chat import access, service
from helpline.chat.access import NoAccess
from helpline.staff.models import AuditEntry
from helpline.staff.service import Member
from tests.builders import StoppedClock, Visit, a_chat, a_counsellor, a_supervisor, deeds

pytestmark = pytest.mark.usefixtures("house")

# Everything that a member of staff can do to a chat, but for saying something: see test_writer.py.
DEEDS: dict[str, Callable[[Member, str], object]] = {
    "accept": service.accept,
    "decline": service.decline,
    "end": service.end,
    "hand over": lambda member, chat: service.hand_over(member, chat, "queue"),
    "sync": lambda member, chat: service.staff_sync(member, chat, "talk", 0),
    "sync notes": lambda member, chat: service.staff_sync(member, chat, "aside", 0),
    "read": lambda member, chat: deeds.staff_reads(member, chat, 1),
    "type": lambda member, chat: service.staff_types(member, chat, True),
    "follow": service.follow,
}
OPENING = ("sync", "sync notes", "type", "follow", "end", "hand over")


def told(deed: Callable[[], object]) -> str:
    """The code with which a deed was refused, `ok` when it was not."""
    try:
        deed()
    except (NoAccess, service.Conflict) as refused:
        return refused.code
    return "ok"


def trail() -> list[tuple[str | None, str, str]]:
    """What was audited about chats."""
    with db.reading() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.subject.startswith("chat:")))
        return [(entry.account_id, entry.action, entry.subject) for entry in entries]


def all_told(member: Member, chat: str) -> dict[str, str]:
    """How each deed goes."""
    return {name: told(lambda deed=deed: deed(member, chat)) for name, deed in DEEDS.items()}


@pytest.mark.parametrize("chat", ["", "0" * 26, "' OR 1=1 --", "x" * 128])
def test_a_guessed_id_leads_nowhere(chat: str) -> None:
    assert all_told(a_counsellor(), chat) == dict.fromkeys(DEEDS, "not_found")


def test_a_chat_of_another_line_looks_like_none() -> None:
    visit = a_chat(line="prevention", first_message="hello")
    for member in (a_counsellor(), a_supervisor()):
        assert all_told(member, visit.chat) == dict.fromkeys(DEEDS, "not_found")
    assert (visit.state, trail()) == ("waiting", [])


def test_a_colleague_touches_no_running_chat() -> None:
    anna, ben = a_counsellor(), a_counsellor()
    visit = a_chat(held_by=anna, first_message="hello")
    taken = {"accept": "taken", "decline": "taken"}
    assert all_told(ben, visit.chat) == dict.fromkeys(DEEDS, "forbidden") | taken
    row = visit.row
    assert (row.state, row.counsellor, row.counsellor_read, trail()) == ("active", anna.id, 0, [])


def test_a_chat_that_only_rings_is_not_opened() -> None:
    anna = a_counsellor()
    visit = a_chat(offered_to=anna, first_message="hello")
    outcomes = {name: told(lambda deed=deed: deed(anna, visit.chat)) for name, deed in DEEDS.items() if name in OPENING}
    assert outcomes == dict.fromkeys(OPENING, "forbidden") | {"end": "wrong_state", "hand over": "wrong_state"}
    assert (visit.state, trail()) == ("offered", [])


def test_a_supervisor_of_the_line_watches_and_does_nothing_in_a_colleagues_name() -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna, first_message="hello")
    watching = {"sync": "ok", "sync notes": "ok", "follow": "ok"}
    taken = {"accept": "taken", "decline": "taken"}
    assert all_told(a_supervisor(), visit.chat) == dict.fromkeys(DEEDS, "forbidden") | watching | taken
    assert (visit.state, visit.row.counsellor, visit.row.counsellor_read) == ("active", anna.id, 0)


@pytest.mark.parametrize("role", ["analyst", "administrator"])
def test_analysts_and_administrators_see_no_conversation(role: str) -> None:
    member = a_counsellor(roles=[role], on_duty=False)
    for visit in (a_chat(held_by=a_counsellor()), a_chat()):
        before = visit.state
        assert all_told(member, visit.chat) == dict.fromkeys(DEEDS, "forbidden")
        assert (visit.state, trail()) == (before, [])


def test_a_chat_that_has_ended_is_closed_to_staff() -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna, first_message="hello")
    service.end(anna, visit.chat)
    assert all_told(anna, visit.chat) == dict.fromkeys(DEEDS, "wrong_state")
    for member in (a_counsellor(), a_supervisor()):
        assert set(all_told(member, visit.chat).values()) == {"wrong_state", "forbidden"}
    assert trail() == []


# Supervisors, audited


def test_a_supervisor_who_opens_a_chat_stands_in_the_audit_trail() -> None:
    chief = a_supervisor()
    visit = a_chat(held_by=a_counsellor(), first_message="hello")
    assert service.follow(chief, visit.chat)["chat"] == visit.chat
    service.staff_sync(chief, visit.chat, "talk", 0, opened=True)
    assert trail() == [(chief.id, "follow", f"chat:{visit.chat}")]


def test_reading_without_having_followed_stands_there_too() -> None:
    chief = a_supervisor()
    visit = a_chat(held_by=a_counsellor(), first_message="hello")
    seen = service.staff_sync(chief, visit.chat, "talk", 0)
    assert [text["body"] for text in seen["messages"]] == ["hello"]
    assert trail() == [(chief.id, "follow", f"chat:{visit.chat}")]


def test_the_own_chats_of_a_counsellor_are_no_news() -> None:
    anna = a_counsellor()
    service.staff_sync(anna, a_chat(held_by=anna).chat, "talk", 0)
    assert trail() == []


# Visitors


def a_visitors_deeds(visit: Visit) -> list[Callable[[], object]]:
    return [
        visit.sees,
        lambda: deeds.visitor_reads(visit.visitor, 1),
        lambda: service.visitor_types(visit.visitor, True),
        lambda: service.leave(visit.visitor),
    ]


def test_a_session_that_ended_opens_nothing() -> None:
    visit = a_chat(held_by=a_counsellor())
    service.quick_exit(visit.cookie)
    assert [told(deed) for deed in a_visitors_deeds(visit)] == ["forbidden"] * 4


def test_a_session_that_was_idle_for_two_hours_opens_nothing(time: StoppedClock) -> None:
    visit = a_chat(held_by=a_counsellor())
    time.turn(hours=2, minutes=1)
    assert [told(deed) for deed in a_visitors_deeds(visit)] == ["forbidden"] * 4
    with pytest.raises(NoAccess, match="unauthorised"):
        access.visitor_of(visit.cookie, time.moment)


def test_a_chat_can_be_read_until_ten_minutes_after_its_end_and_then_by_nobody(time: StoppedClock) -> None:
    visit = a_chat(held_by=a_counsellor())
    service.leave(visit.visitor)
    time.turn(minutes=10)
    assert [told(deed) for deed in a_visitors_deeds(visit)] == ["ok"] * 4
    time.turn(seconds=1)
    assert [told(deed) for deed in a_visitors_deeds(visit)] == ["not_found"] * 4


def test_a_forged_visitor_needs_a_session_that_lives() -> None:
    visit = a_chat(first_message="hello")
    for key in ("", "0" * 64, visit.cookie):
        forged = access.Visitor(session_key=key, chat=visit.chat)
        assert told(lambda forged=forged: service.visitor_sync(forged, 0)) == "forbidden"


def test_a_text_with_the_mark_of_another_chat_is_of_no_chat_here() -> None:
    earlier = a_chat()
    mark = earlier.sees()["mark"]
    later = a_chat(cookie=earlier.cookie)
    with pytest.raises(NoAccess) as told:
        service.visitor_text(later.visitor, "c1", "hello", mark)
    assert told.value.code == "not_found"
    assert service.visitor_text(earlier.visitor, "c1", "hello", mark).body == "hello"
