"""The one way a text gets into a chat: numbers without a gap, resends without harm, refusals one by one."""

from __future__ import annotations

import random
import uuid
from typing import Any

import pytest

from helpline.chat import service
from helpline.chat.writer import Refused, Stored, Text, write
from helpline.staff.service import Member
from tests.builders import StoppedClock, Visit, a_chat, a_counsellor, a_supervisor, deeds, is_offered, texts_of
from tests.chat.conftest import Ears

pytestmark = pytest.mark.usefixtures("house")


def a_text(visit: Visit, body: str = "hello", client_id: str | None = None) -> Text:
    """A text of the visitor on its way in."""
    key = visit.visitor.session_key
    return Text(visit.chat, "talk", "visitor", client_id or uuid.uuid4().hex, body, session_key=key)


def an_answer(visit: Visit, member: Member, body: str = "hello", stream: str = "talk", author: str = "") -> Text:
    """A text of staff on its way in."""
    return Text(visit.chat, stream, author or "counsellor", uuid.uuid4().hex, body, member=member)


def told(outcomes: list[Stored | Refused]) -> list[int | str]:
    """The `seq` of each text that was stored, the code of each that was refused."""
    return [one.seq if isinstance(one, Stored) else one.code for one in outcomes]


def says(member: Member, visit: Visit, body: str = "hello", stream: str = "talk", client_id: str = "") -> int:
    """A member of staff sends a text; its `seq`."""
    return deeds.say_as_staff(member, visit.chat, stream, client_id or uuid.uuid4().hex, body).seq


# Numbers


def test_texts_are_numbered_from_one_without_a_gap_by_chat_and_stream() -> None:
    anna = a_counsellor()
    first, second = a_chat(held_by=anna), a_chat(held_by=anna)
    batch = [
        a_text(first),
        a_text(second),
        an_answer(first, anna),
        an_answer(first, anna, stream="aside"),
        a_text(second),
        an_answer(second, anna, stream="aside"),
        a_text(first),
    ]
    assert told(write(batch)) == [1, 1, 2, 1, 2, 1, 3]
    assert told(write([a_text(first), an_answer(first, anna, stream="aside")])) == [4, 2]
    assert [row.seq for row in texts_of(first.chat)] == [1, 2, 3, 4]
    assert (first.row.talk_seq, first.row.aside_seq, second.row.talk_seq) == (4, 2, 2)


@pytest.mark.parametrize("seed", range(5))
def test_whatever_comes_in_whatever_order_the_numbers_have_no_gap(seed: int) -> None:
    chance, anna = random.Random(seed), a_counsellor()
    visits = [a_chat(held_by=anna) for _ in range(3)]
    sent: list[Text] = []
    acknowledged: dict[tuple[str, str], int] = {}
    for _ in range(30):
        batch = []
        for _ in range(chance.randint(1, 8)):
            visit = chance.choice(visits)
            fresh = chance.choice(
                [a_text(visit), an_answer(visit, anna), an_answer(visit, anna, stream="aside"), a_text(visit, "x" * 9)]
            )
            batch.append(chance.choice(sent) if sent and chance.random() < 0.3 else fresh)
        sent += batch
        for text, outcome in zip(batch, write(batch), strict=True):
            assert isinstance(outcome, Stored)
            assert acknowledged.setdefault((text.chat, text.client_id), outcome.seq) == outcome.seq
    for visit in visits:
        for stream in ("talk", "aside"):
            stored = texts_of(visit.chat, stream)
            assert [row.seq for row in stored] == list(range(1, len(stored) + 1))
            assert {acknowledged[row.chat_id, row.client_id] for row in stored} == {row.seq for row in stored}


# Resends


def test_a_text_sent_again_is_the_same_text(ears: Ears) -> None:
    visit = a_chat()
    first = visit.says("are you there?", "c1")
    ears.heard.clear()
    again = visit.says("are you there?", "c1")
    assert (again.seq, again.sent_at, again.resent) == (first.seq, first.sent_at, True)
    assert len(texts_of(visit.chat)) == 1
    assert visit.says("hello").seq == 2


def test_a_text_sent_again_is_pushed_again_for_whoever_stored_it_may_have_died_before_saying_so(ears: Ears) -> None:
    visit = a_chat()
    visit.says("are you there?", "c1")
    first = ears.heard.copy()
    ears.heard.clear()
    visit.says("are you there?", "c1")
    assert first
    assert ears.heard == first


def test_a_text_that_is_twice_in_one_batch_is_stored_once() -> None:
    visit = a_chat()
    text, other = a_text(visit, client_id="c1"), a_text(visit)
    assert told(write([text, other, text])) == [1, 2, 1]
    assert [row.client_id for row in texts_of(visit.chat)] == ["c1", other.client_id]


def test_an_id_that_was_used_for_another_text_is_refused_so_that_none_is_lost() -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna)
    visit.says("yes", "c1")
    for other in (
        a_text(visit, "no", "c1"),
        Text(visit.chat, "talk", "counsellor", "c1", "yes", member=anna),
        Text(visit.chat, "aside", "counsellor", "c1", "yes", member=anna),
    ):
        assert told(write([other])) == ["invalid"]
    assert told(write([a_text(visit, "one", "c2"), a_text(visit, "two", "c2")])) == [2, "invalid"]
    assert [text["body"] for text in visit.sees()["messages"]] == ["yes", "one"]


def test_the_same_id_in_two_chats_is_two_texts() -> None:
    assert told(write([a_text(a_chat(), client_id="c1"), a_text(a_chat(), client_id="c1")])) == [1, 1]


def test_a_text_whose_acknowledgement_was_lost_is_acknowledged_after_the_end_too(time: StoppedClock) -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna)
    visit.says("bye", "c1")
    says(anna, visit, "bye", client_id="c2")
    service.end(anna, visit.chat)
    assert visit.says("bye", "c1").seq == 1
    assert says(anna, visit, "bye", client_id="c2") == 2


# Refusals


def test_a_batch_refuses_one_by_one() -> None:
    anna, ben = a_counsellor(), a_counsellor()
    mine, over = a_chat(held_by=anna), a_chat(held_by=anna)
    service.end(anna, over.chat)
    gone = a_chat()
    service.quick_exit(gone.cookie)
    unknown = Text("0" * 26, "talk", "visitor", "c1", "hello", session_key=mine.visitor.session_key)
    batch = [
        a_text(mine),
        a_text(over),
        a_text(gone),
        unknown,
        an_answer(mine, ben),
        an_answer(over, anna),
        a_text(mine, client_id="c1"),
        a_text(mine, "another", "c1"),
        an_answer(mine, anna),
    ]
    refused = ["wrong_state", "forbidden", "not_found", "forbidden", "wrong_state"]
    assert told(write(batch)) == [1, *refused, 2, "invalid", 3]
    assert [row.seq for row in texts_of(mine.chat)] == [1, 2, 3]


def test_a_text_may_have_four_thousand_characters_and_not_one_more() -> None:
    visit = a_chat()
    for letter in ("x", "é", "😀"):
        visit.says(letter * 4000)
        with pytest.raises(Refused, match="too_long"):
            visit.says(letter * 4001)
    assert visit.row.talk_seq == 3


@pytest.mark.parametrize("body", ["", "   ", "\n\t", None, 7, ["hello"], {"body": "hello"}, "a\0b", "\ud800"])
def test_what_is_no_text_is_invalid(body: Any) -> None:
    visit = a_chat()
    with pytest.raises(Refused, match="invalid"):
        visit.says(body)
    assert visit.row.talk_seq == 0


@pytest.mark.parametrize("client_id", ["", "x" * 65, None, 7, "a\0b", "\udfff"])
def test_what_is_no_id_is_invalid(client_id: Any) -> None:
    visit = a_chat()
    with pytest.raises(Refused, match="invalid"):
        service.say_as_visitor(visit.visitor, client_id, "hello")


def test_a_text_comes_back_letter_by_letter() -> None:
    visit = a_chat()
    bodies = ["<b>bold</b> & 'quoted'", " spaces kept \n and lines\r\n", "žluťoučký 漢字 👩‍👧 ‮ rtl", "x" * 4000]
    for body in bodies:
        visit.says(body)
    assert [text["body"] for text in visit.sees()["messages"]] == bodies


# Who may write


def test_a_visitor_writes_from_the_first_moment_to_the_end() -> None:
    anna = a_counsellor()
    visit = a_chat()
    assert visit.says("waiting").seq == 1
    is_offered(visit, anna)
    assert visit.says("it rings").seq == 2
    service.accept(anna, visit.chat)
    assert visit.says("answered").seq == 3
    service.hand_over(anna, visit.chat, "queue")
    assert visit.says("waiting again").seq == 4
    service.leave(visit.visitor)
    with pytest.raises(Refused, match="wrong_state"):
        visit.says("one more thing")


def test_a_session_that_ended_or_was_idle_writes_nothing(time: StoppedClock) -> None:
    exited, idle = a_chat(held_by=a_counsellor()), a_chat(held_by=a_counsellor())
    service.quick_exit(exited.cookie)
    time.turn(hours=2, minutes=1)
    for visit in (exited, idle):
        with pytest.raises(Refused, match="forbidden"):
            visit.says("hello")


def test_a_counsellor_writes_in_the_own_chats_while_they_run() -> None:
    anna, ben = a_counsellor(), a_counsellor()
    visit = a_chat(offered_to=anna)
    for stream in ("talk", "aside"):
        with pytest.raises(Refused, match="wrong_state"):
            says(anna, visit, stream=stream)
        with pytest.raises(Refused, match="forbidden"):
            says(ben, visit, stream=stream)
    service.accept(anna, visit.chat)
    assert (says(anna, visit), says(anna, visit, stream="aside")) == (1, 1)
    service.hand_over(anna, visit.chat, ben.login)
    with pytest.raises(Refused, match="forbidden"):
        says(anna, visit)
    service.accept(ben, visit.chat)
    assert says(ben, visit) == 2
    service.end(ben, visit.chat)
    with pytest.raises(Refused, match="wrong_state"):
        says(ben, visit)


def test_a_supervisor_whispers_to_staff_and_says_nothing_to_the_visitor() -> None:
    chief, foreign = a_supervisor(), a_supervisor(line="prevention")
    visit = a_chat(held_by=a_counsellor())
    assert says(chief, visit, "you do well", stream="aside") == 1
    assert texts_of(visit.chat, "aside")[0].author == "supervisor"
    with pytest.raises(Refused, match="forbidden"):
        says(chief, visit)
    with pytest.raises(Refused, match="not_found"):
        says(foreign, visit, stream="aside")
    assert visit.sees()["messages"] == []


def test_an_unknown_chat_and_one_of_another_line_look_alike_to_staff() -> None:
    anna = a_counsellor()
    foreign = a_chat(line="prevention")
    for chat in (foreign.chat, "0" * 26, "", "x" * 500):
        with pytest.raises(Refused, match="not_found"):
            deeds.say_as_staff(anna, chat, "talk", "c1", "hello")


@pytest.mark.parametrize(
    ("chat", "stream"), [(None, "talk"), (7, "talk"), ("x", "shout"), ("x", None), (["x"], "talk")]
)
def test_a_malformed_text_of_staff_is_invalid(chat: object, stream: object) -> None:
    with pytest.raises(Refused, match="invalid"):
        deeds.say_as_staff(a_counsellor(), chat, stream, "c1", "hello")


# Who hears of it


def test_a_text_reaches_both_sides_and_an_aside_only_staff(ears: Ears) -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna)
    visit.says("hello", "c1")
    says(anna, visit, "sounds tired", stream="aside", client_id="c2")
    says(anna, visit, "hi", client_id="c3")
    assert [data["client_id"] for _, data in ears.of_visitor(visit.chat, "message")] == ["c1", "c3"]
    messages = [data for _, data in ears.of_chat(visit.chat, "message")]
    assert [(one["client_id"], one["stream"], one["seq"]) for one in messages] == [
        ("c1", "talk", 1),
        ("c2", "aside", 1),
        ("c3", "talk", 2),
    ]
    assert messages[0] == {
        "chat": visit.chat,
        "stream": "talk",
        "seq": 1,
        "client_id": "c1",
        "author": "visitor",
        "body": "hello",
        "sent_at": "2026-03-02T20:00:00.000Z",
    }


# Forms


def test_going_back_and_sending_another_text_from_the_same_page_loses_nothing() -> None:
    visit = a_chat()
    for body in ("first", "second", "second", "first"):
        service.say_by_form(visit.visitor, "page", body, edited_anew=True)
    assert [text["body"] for text in visit.sees()["messages"]] == ["first", "second"]


def test_a_script_that_sends_another_text_under_a_known_id_is_told() -> None:
    visit = a_chat()
    visit.says("first", "page")
    with pytest.raises(Refused, match="invalid"):
        service.say_by_form(visit.visitor, "page", "second", edited_anew=False)
