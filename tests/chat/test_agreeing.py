"""The summary while it is written: visible to both at once, and to nobody else; whoever is late loses nothing."""

from __future__ import annotations

from functools import partial

import pytest

from helpline.chat import agreeing, service, store
from helpline.chat.access import NoAccess, Visitor
from helpline.chat.items import Refused
from helpline.chat.models import ChatSummary
from helpline.chat.retention import purge
from helpline.db import reading, transaction
from helpline.privacy import envelope, sessions
from helpline.privacy.keyring import KeyDestroyed
from tests.builders import StoppedClock, Visit, a_chat, a_counsellor, a_supervisor
from tests.builders.hands import OK, Hands
from tests.chat.conftest import Ears
from tests.summaries.people import WORDS, agree_on, row_of, shown

pytestmark = pytest.mark.usefixtures("house")


def as_shown(version: int, body: str | None, author: str, *agreed: str, kept: bool = False) -> dict[str, object]:
    yes = {f"agreed_{side}": side in agreed for side in ("visitor", "counsellor")}
    return {"version": version, "body": body, "author": author, "kept": kept} | yes


def stored(visit: Visit) -> ChatSummary:
    row = row_of(visit)
    assert row is not None
    return row


def change(visit: Visit, name: str, value: object) -> None:
    with transaction() as session:
        setattr(session.get(ChatSummary, visit.chat), name, value)


def test_both_see_what_either_writes_and_who_said_yes(ears: Ears) -> None:
    anna = a_counsellor()
    visit, other = a_chat(held_by=anna), a_chat(held_by=anna)
    assert shown(visit) is service.staff_sync(anna, visit.chat, "talk", 0)["summary"] is None
    assert agreeing.visitor_saves(visit.visitor, 0, f" {WORDS}\r\nAnd more. ") == 1
    first = as_shown(1, f"{WORDS}\nAnd more.", "visitor", "visitor")
    assert shown(visit) == service.staff_sync(anna, visit.chat, "talk", 0)["summary"] == first
    assert agreeing.staff_saves(anna, visit.chat, 1, WORDS) == 2
    assert shown(visit) == as_shown(2, WORDS, "counsellor", "counsellor")
    assert agreeing.visitor_agrees(visit.visitor, 2) == 2
    last = as_shown(2, WORDS, "counsellor", "visitor", "counsellor")
    assert [data for _, data in ears.of_visitor(visit.chat, "summary")][::2] == [first, last]
    assert [data["chat"] for _, data in ears.of_chat(visit.chat, "summary")] == [visit.chat] * 3
    assert ears.of_visitor(other.chat, "summary") == ears.of_chat(other.chat, "summary") == []
    assert service.staff_sync(anna, visit.chat, "aside", 0)["summary"] is None


def test_a_save_or_yes_that_comes_twice_changes_nothing(ears: Ears) -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna)
    for _ in range(2):
        assert agreeing.staff_saves(anna, visit.chat, 0, WORDS) == 1
    for _ in range(2):
        assert agreeing.visitor_agrees(visit.visitor, 1) == 1
    assert len(ears.of_chat(visit.chat, "summary")) == 2
    assert agreeing.visitor_saves(visit.visitor, 1, WORDS) == 1, "the same words are a yes"
    assert shown(visit)["agreed_counsellor"]


def test_whoever_did_not_see_the_newest_version_is_told(ears: Ears) -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna)
    agreeing.visitor_saves(visit.visitor, 0, "mine")
    for deed in (
        lambda: agreeing.staff_saves(anna, visit.chat, 0, "hers"),
        lambda: agreeing.staff_agrees(anna, visit.chat, 2),
        lambda: agreeing.visitor_saves(visit.visitor, 2, "mine anew"),
    ):
        with pytest.raises(Refused, match="taken"):
            deed()
    assert (shown(visit)["body"], len(ears.of_chat(visit.chat, "summary"))) == ("mine", 1)


def test_nobody_writes_before_or_after_and_the_visitor_may_still_say_yes(time: StoppedClock) -> None:
    anna = a_counsellor()
    visit = a_chat()
    with pytest.raises(Refused, match="wrong_state"):
        agreeing.visitor_saves(visit.visitor, 0, WORDS)
    with pytest.raises(Refused, match="wrong_state"):
        agreeing.visitor_agrees(visit.visitor, 0)
    service.accept(anna, visit.chat)
    agreeing.staff_saves(anna, visit.chat, 0, WORDS)
    service.end(anna, visit.chat)
    with pytest.raises(Refused, match="wrong_state"):
        agreeing.visitor_saves(visit.visitor, 1, "too late")
    for deed in (
        lambda: agreeing.staff_saves(anna, visit.chat, 1, "too late"),
        lambda: agreeing.staff_agrees(anna, visit.chat, 1),
    ):
        with pytest.raises(NoAccess, match="wrong_state"):
            deed()
    time.turn(minutes=10)
    assert agreeing.visitor_agrees(visit.visitor, 1) == 1
    time.turn(seconds=1)
    with pytest.raises(NoAccess, match="not_found"):
        agreeing.visitor_agrees(visit.visitor, 1)


def test_only_the_two_who_talk_may_touch_it() -> None:
    anna, ben, chief = a_counsellor(), a_counsellor(), a_supervisor()
    far = a_counsellor(line="prevention")
    visit, other = a_chat(held_by=anna), a_chat(held_by=ben)
    agreeing.staff_saves(anna, visit.chat, 0, WORDS)
    for member, code in ((ben, "forbidden"), (chief, "forbidden"), (far, "not_found")):
        with pytest.raises(NoAccess, match=code):
            agreeing.staff_saves(member, visit.chat, 1, "mine")
        with pytest.raises(NoAccess, match=code):
            agreeing.staff_agrees(member, visit.chat, 1)
    assert service.staff_sync(chief, visit.chat, "talk", 0)["summary"]["body"] == WORDS, "a supervisor may follow"
    assert shown(other) is None
    stranger = Visitor(sessions.key_of(sessions.new_cookie()), visit.chat)
    with pytest.raises(NoAccess, match="forbidden"):
        agreeing.visitor_agrees(stranger, 1)
    service.quick_exit(visit.cookie)
    with pytest.raises(NoAccess, match="forbidden"):
        agreeing.visitor_agrees(visit.visitor, 1)


def test_it_goes_with_a_chat_that_is_handed_over() -> None:
    anna, ben = a_counsellor(), a_counsellor()
    visit = a_chat(held_by=anna)
    agreeing.staff_saves(anna, visit.chat, 0, WORDS)
    service.hand_over(anna, visit.chat, ben.login)
    with pytest.raises(NoAccess, match="forbidden"):
        service.staff_sync(ben, visit.chat, "talk", 0)
    with pytest.raises(Refused, match="wrong_state"):
        agreeing.staff_agrees(ben, visit.chat, 1)
    with pytest.raises(Refused, match="wrong_state"):
        agreeing.visitor_saves(visit.visitor, 1, "nobody is there")
    service.accept(ben, visit.chat)
    assert agreeing.staff_saves(ben, visit.chat, 1, "in other words") == 2
    with pytest.raises(NoAccess, match="forbidden"):
        agreeing.staff_agrees(anna, visit.chat, 2)


@pytest.mark.parametrize(
    ("body", "code"),
    [("x" * 1001, "too_long"), ("", "invalid"), (" \n", "invalid"), (None, "invalid"), (5, "invalid"),
     ("\ud800", "invalid"), ("a\0", "invalid")],
)  # fmt: skip
def test_what_is_no_summary_is_refused(body: object, code: str) -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna)
    with pytest.raises(Refused, match=code):
        agreeing.visitor_saves(visit.visitor, 0, body)
    with pytest.raises(Refused, match=code):
        agreeing.staff_saves(anna, visit.chat, 0, body)
    assert shown(visit) is None


def test_the_longest_and_any_script_come_through() -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna)
    for version, words in enumerate(("😭" * 1000, "مرحبا\n– ik ben 12")):
        agreeing.visitor_saves(visit.visitor, version, words)
        assert shown(visit)["body"] == words


def test_it_is_sealed_for_its_chat_version_and_author_alone() -> None:
    anna = a_counsellor()
    visit, other = a_chat(held_by=anna), a_chat(held_by=anna)
    agree_on(visit, anna)
    agree_on(other, anna, "other words")
    row = stored(visit)
    assert row.sealed is not None
    assert WORDS.encode() not in row.sealed
    for name, value in (("sealed", stored(other).sealed), ("version", 2), ("author", "visitor")):
        before = getattr(row, name)
        change(visit, name, value)
        with pytest.raises(envelope.Tampered):
            shown(visit)
        change(visit, name, before)
    assert shown(visit)["body"] == WORDS


def test_it_is_destroyed_with_the_chat(time: StoppedClock, settings: object) -> None:
    anna = a_counsellor()
    over, running = a_chat(held_by=anna), a_chat(held_by=anna)
    for visit in (over, running):
        agree_on(visit, anna)
    service.end(anna, over.chat)
    time.turn(days=14)
    assert purge(time.moment)["chats"] == 1
    assert (row_of(over), row_of(running) is None) == (None, False)
    for key in (settings.instance_dir / "keyring").glob("*.key"):  # type: ignore[attr-defined]  # the settings
        key.unlink()
    with reading() as session, pytest.raises(KeyDestroyed):
        agreeing.shown(session, store.get_chat(session, running.chat))  # type: ignore[arg-type]  # it is there


def test_a_console_that_missed_the_push_learns_that_something_changed() -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna)

    def beside() -> int:
        return int(service.resume(anna)["chats"][0]["beside"])

    seen = [beside()]
    agreeing.visitor_saves(visit.visitor, 0, WORDS)
    seen.append(beside())
    agreeing.staff_agrees(anna, visit.chat, 1)
    seen.append(beside())
    assert len(set(seen)) == 3


def test_of_two_hands_that_change_the_same_version_one_is_told() -> None:
    anna, hands = a_counsellor(), Hands()
    visit = a_chat(held_by=anna)
    version = 0
    for number in range(20):
        mine, hers = f"the visitor's {number}", f"the counsellor's {number}"
        done = hands.act(
            partial(agreeing.visitor_saves, visit.visitor, version, mine),
            partial(agreeing.staff_saves, anna, visit.chat, version, hers),
        )
        assert sorted(done) == [OK, "taken"]
        now = shown(visit)
        assert (now["version"], now["body"]) == (version + 1, mine if done[0] == OK else hers)
        assert (now["agreed_visitor"], now["agreed_counsellor"]) == (done[0] == OK, done[1] == OK)
        version = now["version"]
    hands.rest()


def test_a_yes_and_a_new_version_at_once_never_agree_on_unseen_words() -> None:
    anna, hands = a_counsellor(), Hands()
    visit = a_chat(held_by=anna)
    version = agreeing.staff_saves(anna, visit.chat, 0, "at first")
    for number in range(20):
        words = f"version {number}"
        done = hands.act(
            partial(agreeing.visitor_agrees, visit.visitor, version),
            partial(agreeing.staff_saves, anna, visit.chat, version, words),
        )
        assert done in ([OK, OK], ["taken", OK])
        now = shown(visit)
        assert (now["body"], now["agreed_visitor"]) == (words, False)
        version = now["version"]
    hands.rest()
