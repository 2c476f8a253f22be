"""What is entered by hand: once however often its form comes, all or none, and back as long as no release counts it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select, update

from helpline import db
from helpline.contacts import service
from helpline.contacts.models import Contact, ContactTopic, MissedContact
from helpline.contacts.service import AlreadyCounted, Answers
from helpline.lines import service as lines
from tests.builders import StoppedClock, ledger, the_contact
from tests.builders.hands import Hands

pytestmark = pytest.mark.usefixtures("house")


def a_call(key: str | None, at: datetime, *, topics: tuple[str, ...] = ("fear",)) -> str:
    return service.record_by_hand(
        lines.get_line("youth"), channel="phone", at=at, answers=Answers(topics=topics), minutes=12, key=key
    )


def missed(keys: list[str], at: datetime, *, test: bool = False) -> None:
    service.missed_by_hand(lines.get_line("youth"), channel="phone", cause="left", at=at, keys=keys, test=test)


def take_back(*keys: str, line: str = "youth") -> bool:
    return service.take_back(lines.get_line(line), keys)


def test_a_form_that_comes_again_counts_once(time: StoppedClock) -> None:
    assert a_call("one", time.now()) == "one"
    for topics in (("fear",), ("grooming",)):
        with pytest.raises(AlreadyCounted):
            a_call("one", time.now(), topics=topics)
    a_call("two", time.now())
    a_call(None, time.now())
    assert ledger() == {"answered": 3}
    missed(["a", "b", "c"], time.now())
    for keys in (["a", "b", "c"], ["a"], ["a", "b", "c", "d"]):
        with pytest.raises(AlreadyCounted):
            missed(keys, time.now())
    assert ledger() == {"answered": 3, "left": 3}


def test_of_forms_sent_at_the_same_moment_one_counts(time: StoppedClock) -> None:
    hands = Hands()
    told: list[int] = []

    def once(deed: Callable[[int], object], number: int) -> None:
        try:
            deed(number)
        except AlreadyCounted:
            told.append(number)

    def call(number: int) -> None:
        a_call(f"call {number}", time.now())

    def misses(number: int) -> None:
        missed([f"missed {number} {many}" for many in range(5)], time.now())

    for deed in (call, misses):
        for number in range(10):
            hands.act(*[partial(once, deed, number)] * 2)
    hands.rest()
    assert ledger() == {"answered": 10, "left": 50}
    assert len(told) == 20


def test_several_missed_ones_are_alike_and_tests_are_in_no_figure(time: StoppedClock) -> None:
    missed(["a", "b"], time.now())
    missed(["c"], time.now(), test=True)
    assert ledger() == {"left": 2}
    with db.reading() as session:
        rows = session.scalars(select(MissedContact)).all()
    assert {(row.channel, row.cause, row.language, row.wait_s) for row in rows} == {("phone", "left", "unknown", None)}
    assert [row.test for row in rows].count(True) == 1


def test_of_many_that_can_not_be_written_none_is(time: StoppedClock) -> None:
    missed(["c"], time.now())
    with pytest.raises(AlreadyCounted):
        missed(["a", "b", "c"], time.now())
    assert ledger() == {"left": 1}


def test_what_was_wrong_is_taken_back_with_its_topics(time: StoppedClock) -> None:
    a_call("wrong", time.now(), topics=("fear", "grooming"))
    a_call("right", time.now())
    missed(["a", "b"], time.now())
    assert take_back("wrong", line="prevention") is False, "another line's"
    assert take_back("wrong")
    assert take_back("a", "b", "never there")
    assert take_back("wrong", "a", "b") is False, "gone already"
    assert the_contact().key == "right"
    assert ledger() == {"answered": 1}
    with db.reading() as session:
        assert list(session.scalars(select(ContactTopic.contact_key))) == ["right"]
    a_call("wrong", time.now())
    assert ledger() == {"answered": 2}, "put right, the same form counts"


@pytest.mark.parametrize("ledger_of", [Contact, MissedContact])
def test_what_a_release_counts_is_not_taken_back(time: StoppedClock, ledger_of: type[Contact | MissedContact]) -> None:
    a_call("call", time.now())
    missed(["a", "b"], time.now())
    key = "call" if ledger_of is Contact else "a"
    with db.transaction() as session:
        session.execute(update(ledger_of).where(ledger_of.key == key).values(counted_in="2026-03"))
    assert take_back("call", "a", "b") is False
    assert ledger() == {"answered": 1, "left": 2}


def test_days_long_ago_are_counted_anew_after_each(time: StoppedClock) -> None:
    long_ago = time.now() - timedelta(days=100)

    def told() -> object:
        return service.tallies("youth", long_ago.date(), long_ago.date(), time.now().date())

    a_call("call", long_ago)
    before = told()
    a_call("another", long_ago)
    assert told() != before
    assert take_back("another")
    assert told() == before
