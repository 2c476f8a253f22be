"""Texts of staff with ways to be reached: refused where youngsters write, unless a supervisor allows this very one."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, text

from helpline import config, db
from helpline.chat import asking, catch_up, checking, retention, service
from helpline.chat.access import NoAccess
from helpline.chat.items import Refused, Text
from helpline.chat.models import AskedText
from helpline.chat.writer import write
from helpline.lines import service as lines
from helpline.staff.models import AuditEntry
from helpline.staff.service import Member
from tests.builders import StoppedClock, Visit, a_chat, a_counsellor, a_supervisor, deeds, texts_of
from tests.builders.hands import OK, Hands
from tests.chat.conftest import Ears

pytestmark = pytest.mark.usefixtures("house")

NUMBER = "Call me tonight on 06-12345678."
FOUND = ("06-12345678",)


@pytest.fixture
def anna() -> Member:
    """A counsellor of the youth line."""
    return a_counsellor()


@pytest.fixture
def sanne() -> Member:
    """A supervisor of the youth line."""
    return a_supervisor()


@pytest.fixture
def hands() -> Iterator[Hands]:
    """Two hands."""
    two = Hands()
    yield two
    two.rest()


def says(member: Member, visit: Visit, body: str = NUMBER, client_id: str = "", *, allow: bool = False) -> int:
    """A member of staff writes to the visitor; the `seq`."""
    sent = client_id or uuid.uuid4().hex
    return service.writer.store(service.staff_text(member, visit.chat, "talk", sent, body, allow=allow)).seq


def refusal(deed: Any) -> str:
    """With which code it is refused."""
    with pytest.raises((Refused, NoAccess)) as refused:
        deed()
    return refused.value.code


def told(outcomes: list[Any]) -> list[int | str]:
    """The `seq` of each text that was stored, the code of each that was refused."""
    return [one.code if isinstance(one, Refused) else one.seq for one in outcomes]


def audited(*actions: str) -> list[tuple[str | None, str, str]]:
    """Who did which of these, in order."""
    with db.reading() as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.action.in_(actions)).order_by(AuditEntry.id))
        return [(row.account_id, row.action, row.subject) for row in rows]


def asked_rows() -> list[AskedText]:
    """What is stored of asked texts."""
    with db.reading() as session:
        return list(session.scalars(select(AskedText)))


# What is refused


def test_a_way_to_be_reached_is_refused_before_it_is_stored_and_named(anna: Member) -> None:
    visit = a_chat(held_by=anna)
    with pytest.raises(Refused) as refused:
        says(anna, visit, "I am @anna_h, or 06-12345678")
    assert (refused.value.code, refused.value.found) == ("forbidden", ("@anna_h", "06-12345678"))
    assert (texts_of(visit.chat), visit.row.talk_seq) == ([], 0)
    assert says(anna, visit, "Shall we look at it together?") == 1


def test_help_entries_and_our_own_addresses_may_be_named(anna: Member) -> None:
    lines.change_line("youth", {"host_name": "youth.example.org"})
    visit = a_chat(held_by=anna)
    told = [
        "Call 112 now, or 113 (0800-0113), or the Kindertelefoon from 8 to 18: 0800-0432 https://www.kindertelefoon.nl/",
        "Read https://youth.example.org/nl/youth/advice/ first.",
    ]
    for number, body in enumerate(told, start=1):
        assert says(anna, visit, body) == number


def test_a_broken_file_of_help_entries_keeps_back_what_it_may_have_listed_and_nothing_else(
    anna: Member, settings: config.Settings
) -> None:
    folder = settings.instance_dir / "help"
    folder.mkdir()
    (folder / "nl.yaml").write_text("crisis: [")
    visit = a_chat(held_by=anna)
    batch = [
        Text(visit.chat, "talk", "", uuid.uuid4().hex, body, member=anna) for body in ("one", "Call 0800-0432", "two")
    ]
    assert told(write(batch)) == [1, "forbidden", 2]


def test_the_visitor_staff_among_themselves_and_the_other_line_are_not_looked_at(anna: Member) -> None:
    visit = a_chat(held_by=anna)
    assert visit.says(NUMBER).seq == 1
    assert deeds.say_as_staff(anna, visit.chat, "aside", "c1", NUMBER).seq == 1
    jan = a_counsellor(line="prevention")
    assert says(jan, a_chat("prevention", held_by=jan)) == 1


def test_one_refused_text_of_a_batch_keeps_back_no_other(anna: Member) -> None:
    visit, other = a_chat(held_by=anna), a_chat(held_by=anna)
    batch = [
        Text(chat.chat, "talk", "", uuid.uuid4().hex, body, member=anna)
        for chat, body in ((visit, "one"), (visit, NUMBER), (other, NUMBER), (visit, "two"), (other, "three"))
    ]
    outcomes = write(batch)
    assert told(outcomes) == [1, "forbidden", "forbidden", 2, 1]


def test_a_text_stored_before_it_was_unlisted_is_acknowledged_again(
    anna: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A resend is the same text, whatever stands in it."""
    visit = a_chat(held_by=anna)
    with monkeypatch.context() as before:
        before.setattr(checking, "suspects", lambda items: frozenset())
        assert says(anna, visit, client_id="c1") == 1
    assert says(anna, visit, client_id="c1") == 1


# Asking


def test_an_allowed_text_goes_through_with_the_same_id_and_is_used_up(anna: Member, sanne: Member) -> None:
    visit = a_chat(held_by=anna)
    assert refusal(lambda: says(anna, visit, client_id="c1")) == "forbidden"
    asked = asking.ask(anna, visit.chat, NUMBER)
    assert (asked["answer"], asked["body"], asked["found"], asked["by"]) == ("open", NUMBER, list(FOUND), anna.name)
    assert refusal(lambda: says(anna, visit, client_id="c1")) == "forbidden"
    assert asking.answer(sanne, asked["asked"], allow=True)["answer"] == "allowed"
    assert texts_of(visit.chat) == [], "nothing is sent by itself"
    assert refusal(lambda: says(anna, visit, NUMBER + " Please.")) == "forbidden"
    assert refusal(lambda: says(anna, a_chat(held_by=anna))) == "forbidden"
    assert says(anna, visit, client_id="c1") == 1
    assert says(anna, visit, client_id="c1") == 1, "a resend is the same text"
    assert visit.sees()["messages"][0]["body"] == NUMBER
    assert asked_rows() == []
    assert refusal(lambda: says(anna, visit)) == "forbidden"
    assert audited("asked_text_allowed") == [(sanne.id, "asked_text_allowed", f"chat:{visit.chat}")]


def test_a_refused_text_stays_refused(anna: Member, sanne: Member) -> None:
    visit = a_chat(held_by=anna)
    asked = asking.ask(anna, visit.chat, NUMBER)
    asking.answer(sanne, asked["asked"], allow=False)
    assert refusal(lambda: says(anna, visit)) == "forbidden"
    assert asking.ask(anna, visit.chat, NUMBER)["answer"] == "refused", "the same question has the same answer"
    assert service.resume(anna)["asked"][0] | {"answer": "refused"} == service.resume(anna)["asked"][0]
    asking.take_back(anna, asked["asked"])
    assert service.resume(anna)["asked"] == []


def test_of_two_supervisors_the_first_answer_holds(anna: Member, sanne: Member) -> None:
    visit, eva = a_chat(held_by=anna), a_supervisor()
    asked = asking.ask(anna, visit.chat, NUMBER)["asked"]
    asking.answer(sanne, asked, allow=False)
    assert refusal(lambda: asking.answer(eva, asked, allow=True)) == "taken"
    assert asking.answer(eva, asked, allow=False)["answer"] == "refused"
    assert len(audited("asked_text_refused")) == 1


def test_only_what_would_be_refused_is_asked_for_and_not_without_end(anna: Member) -> None:
    visit = a_chat(held_by=anna)
    for body, code in (("Hello", "invalid"), ("0800-0432", "invalid"), ("", "invalid"), (NUMBER * 200, "too_long")):
        assert refusal(partial(asking.ask, anna, visit.chat, body)) == code
    jan = a_counsellor(line="prevention")
    assert refusal(partial(asking.ask, jan, a_chat("prevention", held_by=jan).chat, NUMBER)) == "invalid"
    first = asking.ask(anna, visit.chat, NUMBER)
    assert asking.ask(anna, visit.chat, NUMBER) == first
    for number in range(asking.MOST - 1):
        asking.ask(anna, visit.chat, f"{NUMBER} {number}")
    assert refusal(partial(asking.ask, anna, visit.chat, "@somebody")) == "rate_limited"


def test_a_supervisor_sends_an_own_text_all_the_same_and_nobody_else_does(anna: Member, sanne: Member) -> None:
    service.change_duty(sanne, "available", "youth", 3)
    own, other = a_chat(held_by=sanne), a_chat(held_by=anna)
    assert refusal(lambda: says(sanne, own)) == "forbidden"
    assert says(sanne, own, allow=True) == 1
    assert says(sanne, own, "Hello", allow=True) == 2
    assert refusal(lambda: says(anna, other, allow=True)) == "forbidden"
    assert audited("unlisted_sent") == [(sanne.id, "unlisted_sent", f"chat:{own.chat}")]


# Rights


def test_only_the_counsellor_of_the_chat_asks_and_takes_back(anna: Member, sanne: Member) -> None:
    visit, ben = a_chat(held_by=anna), a_counsellor()
    assert refusal(partial(asking.ask, ben, visit.chat, NUMBER)) == "forbidden"
    assert refusal(partial(asking.ask, sanne, visit.chat, NUMBER)) == "forbidden"
    assert refusal(partial(asking.ask, a_counsellor(line="prevention"), visit.chat, NUMBER)) == "not_found"
    assert refusal(partial(asking.ask, anna, a_chat(offered_to=anna).chat, NUMBER)) == "wrong_state"
    asked = asking.ask(anna, visit.chat, NUMBER)["asked"]
    assert refusal(partial(asking.take_back, ben, asked)) == "forbidden"
    assert refusal(partial(asking.take_back, sanne, asked)) == "forbidden"


def test_only_a_supervisor_of_the_line_reads_and_answers(anna: Member, sanne: Member) -> None:
    visit, stranger = a_chat(held_by=anna), a_supervisor(line="prevention")
    asked = asking.ask(anna, visit.chat, NUMBER)["asked"]
    for member, code in ((anna, "forbidden"), (a_counsellor(), "forbidden"), (stranger, "not_found")):
        assert refusal(partial(asking.answer, member, asked, allow=True)) == code
    assert refusal(partial(asking.look, stranger, asked)) == "not_found"
    assert refusal(partial(asking.look, a_counsellor(), asked)) == "forbidden"
    assert refusal(partial(asking.answer, sanne, "0" * 26, allow=True)) == "not_found"
    assert asking.look(sanne, asked)["body"] == NUMBER
    assert asking.look(anna, asked)["body"] == NUMBER
    assert audited("asked_text_read") == [(sanne.id, "asked_text_read", f"chat:{visit.chat}")]
    assert asked_rows()[0].answer == "open"


# Who is told, and what a reload brings back


def test_the_counsellor_is_told_with_the_text_and_supervisors_of_the_line_without(
    anna: Member, sanne: Member, ears: Ears
) -> None:
    visit, stranger = a_chat(held_by=anna), a_supervisor(line="prevention")
    asked = asking.ask(anna, visit.chat, NUMBER)["asked"]
    asking.answer(sanne, asked, allow=True)
    says(anna, visit)
    for member, body in ((anna, NUMBER), (sanne, None)):
        told = [data for _, data in ears.of_staff(member.id, "asked")]
        assert [one["answer"] for one in told] == ["open", "allowed", "gone"]
        assert [one["body"] for one in told] == [body, body, None]
    assert ears.of_staff(stranger.id, "asked") == []
    assert ears.of_visitor(visit.chat, "asked") == []


def test_a_reload_brings_all_of_it_back(anna: Member, sanne: Member) -> None:
    visit = a_chat(held_by=anna)
    asked = asking.ask(anna, visit.chat, NUMBER)
    assert service.resume(anna)["asked"] == [asked]
    assert service.resume(sanne)["asked"] == [asked | {"body": None, "found": None}]
    assert service.resume(a_counsellor())["asked"] == service.resume(a_supervisor(line="prevention"))["asked"] == []
    asking.answer(sanne, asked["asked"], allow=True)
    assert service.resume(anna)["asked"] == [asked | {"answer": "allowed"}]
    assert service.resume(sanne)["asked"] == []


def test_whoever_takes_the_chat_over_sends_what_was_allowed(anna: Member, sanne: Member) -> None:
    visit, ben = a_chat(held_by=anna), a_counsellor()
    asking.answer(sanne, asking.ask(anna, visit.chat, NUMBER)["asked"], allow=True)
    service.hand_over(anna, visit.chat, "queue")
    assert service.resume(anna)["asked"] == service.resume(ben)["asked"] == []
    service.accept(ben, visit.chat)
    assert [one["body"] for one in service.resume(ben)["asked"]] == [NUMBER]
    assert says(ben, visit) == 1


def test_processes_without_hints_see_that_something_was_asked(
    anna: Member, sanne: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = a_chat(held_by=anna)
    monkeypatch.setattr(catch_up.push, "staff_here", lambda: {sanne.id: set()})
    before = catch_up._look()
    asking.ask(anna, visit.chat, NUMBER)
    assert catch_up._look() != before


# What is left of it


def test_it_goes_with_the_end_of_the_chat(anna: Member, sanne: Member, ears: Ears) -> None:
    visit = a_chat(held_by=anna)
    asked = asking.ask(anna, visit.chat, NUMBER)["asked"]
    service.end(anna, visit.chat)
    assert asked_rows() == []
    assert [data["answer"] for _, data in ears.of_staff(sanne.id, "asked")] == ["open", "gone"]
    assert refusal(partial(asking.answer, sanne, asked, allow=True)) == "not_found"
    assert service.resume(sanne)["asked"] == []


def test_it_goes_with_the_erasing_of_the_chat(anna: Member, time: StoppedClock) -> None:
    visit = a_chat(held_by=anna)
    asking.ask(anna, visit.chat, NUMBER)
    with db.transaction() as session:
        # As an older version may have left it.
        session.execute(text("UPDATE chats SET state = 'ended', ended_at = joined_at, reason = 'finished'"))
    retention.purge(time.turn(days=40))
    assert asked_rows() == []


def test_it_is_sealed_for_its_chat_its_row_and_its_author(anna: Member) -> None:
    visit = a_chat(held_by=anna)
    asking.ask(anna, visit.chat, NUMBER)
    (row,) = asked_rows()
    assert b"06-12345678" not in row.sealed
    with db.transaction() as session:
        session.execute(text("UPDATE asked_texts SET account_id = 'somebody else'"))
    (damaged,) = service.resume(anna)["asked"]
    assert (damaged["answer"], damaged["body"], damaged["found"]) == ("open", None, None)
    assert refusal(lambda: says(anna, visit)) == "forbidden"


# Two at once


def test_sending_while_it_is_allowed_is_stored_once_or_refused(anna: Member, sanne: Member, hands: Hands) -> None:
    seen: Counter[str] = Counter()
    for _ in range(25):
        visit = a_chat(held_by=anna)
        asked = asking.ask(anna, visit.chat, NUMBER)["asked"]
        said, answered = hands.act(partial(says, anna, visit), partial(asking.answer, sanne, asked, allow=True))
        seen[said] += 1
        assert answered == OK
        assert (said, len(texts_of(visit.chat)), len(asked_rows())) in ((OK, 1, 0), ("forbidden", 0, 1))
        service.end(anna, visit.chat)
    assert set(seen) <= {OK, "forbidden"}


def test_allowing_while_the_chat_ends_leaves_nothing(anna: Member, sanne: Member, hands: Hands) -> None:
    for _ in range(25):
        visit = a_chat(held_by=anna)
        asked = asking.ask(anna, visit.chat, NUMBER)["asked"]
        answered, ended = hands.act(
            partial(asking.answer, sanne, asked, allow=True), partial(service.end, anna, visit.chat)
        )
        assert (answered in (OK, "not_found", "wrong_state"), ended) == (True, OK)
        assert (asked_rows(), texts_of(visit.chat)) == ([], [])


def test_allowed_once_it_is_sent_once_by_two_tabs(anna: Member, sanne: Member, hands: Hands) -> None:
    for _ in range(25):
        visit = a_chat(held_by=anna)
        asking.answer(sanne, asking.ask(anna, visit.chat, NUMBER)["asked"], allow=True)
        assert sorted(hands.act(partial(says, anna, visit), partial(says, anna, visit))) == ["forbidden", OK]
        assert len(texts_of(visit.chat)) == 1
        service.end(anna, visit.chat)


def test_of_an_allowing_and_a_refusing_hand_one_wins(anna: Member, sanne: Member, hands: Hands) -> None:
    eva = a_supervisor()
    for _ in range(25):
        visit = a_chat(held_by=anna)
        asked = asking.ask(anna, visit.chat, NUMBER)["asked"]
        done = hands.act(
            partial(asking.answer, sanne, asked, allow=True), partial(asking.answer, eva, asked, allow=False)
        )
        assert sorted(done) == [OK, "taken"]
        assert asked_rows()[0].answer == ("allowed" if done[0] == OK else "refused")
        service.end(anna, visit.chat)
