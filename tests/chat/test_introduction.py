"""What the visitor sent along: sealed above the chat, for those who may read the chat and as long as it is kept."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from helpline import config, db
from helpline.chat import service, store
from helpline.chat.access import NoAccess
from helpline.chat.items import Refused
from helpline.chat.models import Chat
from helpline.chat.retention import purge
from helpline.db import transaction
from helpline.lines import service as lines
from helpline.privacy import envelope, sessions
from helpline.privacy.keyring import KeyDestroyed
from helpline.staff.service import Member
from tests.builders import StoppedClock, Visit, a_chat, a_counsellor, a_supervisor, an_entry
from tests.builders.hands import OK, Hands
from tests.chat.conftest import Ears

pytestmark = pytest.mark.usefixtures("house")

TEXT = "He wants money. I am 15."


def brings(visit: Visit, text: str = TEXT) -> bool:
    return service.bring(visit.cookie, lines.get_line(visit.row.line), text)


def above(member: Member, visit: Visit, stream: str = "talk") -> str | None:
    """What this member sees above the chat."""
    return service.staff_sync(member, visit.chat, stream, 0)["introduction"]


def refused(member: Member, visit: Visit) -> str:
    with pytest.raises(NoAccess) as why:
        above(member, visit)
    return why.value.code


def blob(visit: Visit) -> bytes:
    with db.reading() as session:
        return session.scalar(select(Chat.introduction).where(Chat.id == visit.chat)) or b""


def test_whoever_may_read_the_chat_sees_it_and_nobody_else() -> None:
    anna, ben, chief = a_counsellor(), a_counsellor(), a_supervisor()
    cleo, far = a_counsellor(line="prevention"), a_supervisor(line="prevention")
    visit = a_chat(offered_to=anna)
    assert brings(visit)
    assert refused(anna, visit) == "forbidden", "nobody reads before accepting"
    service.accept(anna, visit.chat)
    assert (above(anna, visit), above(anna, visit, "aside"), above(chief, visit)) == (TEXT, None, TEXT)
    assert [refused(member, visit) for member in (ben, cleo, far)] == ["forbidden", "not_found", "not_found"]


def test_it_goes_with_a_chat_that_is_handed_over() -> None:
    anna, ben = a_counsellor(), a_counsellor()
    visit = a_chat(held_by=anna)
    brings(visit)
    service.hand_over(anna, visit.chat, ben.login)
    assert (refused(anna, visit), refused(ben, visit)) == ("forbidden", "forbidden")
    service.accept(ben, visit.chat)
    assert (above(ben, visit), refused(anna, visit)) == (TEXT, "forbidden")
    service.end(ben, visit.chat)
    assert refused(ben, visit) == "wrong_state"


def test_who_has_the_chat_open_is_told_and_the_visitors_tabs_are_not(ears: Ears) -> None:
    anna = a_counsellor()
    visit, other = a_chat(held_by=anna), a_chat(held_by=anna)
    brings(visit)
    assert ears.of_chat(visit.chat, "introduction") == [("introduction", {"chat": visit.chat, "text": TEXT})]
    assert ears.of_chat(other.chat, "introduction") == ears.of_visitor(visit.chat, "introduction") == []


def test_what_waited_for_the_chat_is_pushed_to_nobody(ears: Ears) -> None:
    browser = sessions.new_cookie()
    assert not service.bring(browser, lines.get_line("youth"), TEXT)
    visit = a_chat(cookie=browser)
    assert "introduction" not in {event for event, *_ in ears.heard}
    anna = a_counsellor()
    service.accept(anna, visit.chat)
    assert above(anna, visit) == TEXT


def test_a_console_that_missed_the_push_learns_when_it_came(time: StoppedClock) -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna)

    def shown() -> object:
        return service.resume(anna)["chats"][0]["introduced_at"]

    moments = [shown()]
    for text in (TEXT, "Another one"):
        time.turn(seconds=5)
        brings(visit, text)
        moments.append(shown())
    assert moments[0] is None
    assert len(set(moments)) == 3
    assert above(anna, visit) == "Another one"


def test_the_visitor_reads_it_in_the_room_alone(time: StoppedClock) -> None:
    visit = a_chat()
    assert service.visitor_sync(visit.visitor, 0, whole=True)["introduction"] is None
    brings(visit)
    assert service.visitor_sync(visit.visitor, 0, whole=True)["introduction"] == TEXT
    assert "introduction" not in visit.sees()
    service.leave(visit.visitor)
    assert service.visitor_sync(visit.visitor, 0, whole=True)["introduction"] == TEXT
    time.turn(minutes=10, seconds=1)
    with pytest.raises(NoAccess, match="not_found"):
        service.visitor_sync(visit.visitor, 0, whole=True)


def test_it_is_sealed_under_the_key_of_its_chat_and_opens_nowhere_else() -> None:
    anna = a_counsellor()
    visit, other = a_chat(held_by=anna), a_chat(held_by=anna, first_message=TEXT)
    brings(visit)
    assert TEXT.encode() not in blob(visit)
    brings(other, "Mine")
    with transaction() as session:
        row = store.lock_chat(session, other.chat)
        assert row is not None
        row.introduction = blob(visit)
    with pytest.raises(envelope.Tampered):
        above(anna, other)


def test_it_is_destroyed_with_the_chat(time: StoppedClock, settings: config.Settings) -> None:
    anna = a_counsellor()
    running, over = a_chat(held_by=anna), a_chat(held_by=anna)
    for visit in (running, over):
        brings(visit)
    service.end(anna, over.chat)
    time.turn(days=14)
    assert purge(time.moment)["chats"] == 1
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Chat).where(Chat.introduction.is_not(None))) == 1
    for key in (settings.instance_dir / "keyring").glob("*.key"):
        key.unlink()
    with pytest.raises(KeyDestroyed):
        above(anna, running)


@pytest.mark.parametrize(("text", "code"), [("x" * 4001, "too_long"), ("\ud800", "invalid"), ("a\0", "invalid")])
def test_what_no_chat_takes_is_refused_and_nothing_changes(text: str, code: str) -> None:
    visit = a_chat()
    brings(visit)
    before = blob(visit)
    with pytest.raises(Refused, match=code):
        brings(visit, text)
    assert blob(visit) == before


def test_the_longest_text_and_any_script_come_through() -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna)
    for text in ("😭" * 4000, "مرحبا\n\n– ik ben 12"):
        brings(visit, text)
        assert above(anna, visit) == text


def test_a_join_and_a_second_thought_at_the_same_moment_lose_nothing(time: StoppedClock) -> None:
    """The visitor brings in one tab and joins in the other: it stands above the chat either way."""
    youth, hands = lines.get_line("youth"), Hands()
    anna = a_counsellor()
    for _ in range(10):
        cookie = sessions.new_cookie()
        done = hands.act(
            lambda cookie=cookie: service.join(cookie, youth, an_entry()),
            lambda cookie=cookie: service.bring(cookie, youth, TEXT),
        )
        assert set(done) == {OK}
        content = sessions.load(cookie, time.moment) or {}
        visit = Visit(cookie, content["chat"])
        service.accept(anna, visit.chat)
        assert (above(anna, visit), content.get("bring")) == (TEXT, None)
        service.end(anna, visit.chat)
    hands.rest()
