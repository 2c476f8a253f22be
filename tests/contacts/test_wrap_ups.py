"""What counsellors write down themselves: after a chat, and of calls, mails and letters."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from helpline import db, install
from helpline.contacts import categories, service
from helpline.contacts.models import ContactTopic, Topic
from helpline.contacts.service import Answers, BadAnswer, NoWrapUp
from helpline.lines import service as lines
from tests.builders import StoppedClock, a_counsellor, ledger, the_contact, the_missed_contact
from tests.builders.logs import a_log, answered
from tests.postgres import sqlite_only

pytestmark = pytest.mark.usefixtures("house")

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FULL = Answers(
    concern="other",
    age_band="16-17",
    gender="female",
    topics=("extortion_money", "fear"),
    recorded="yes",
    found_via="school",
    referral="police",
    returned="no",
)


def an_ended_chat(account: str, chat: str = "a chat", line: str = "youth") -> str:
    return service.record_contact(
        lines.get_line(line), joined_at=NOON, started_at=NOON, ended_at=NOON, language="nl", chat=chat, account=account
    )


def by_hand(line: str = "youth", **changes: Any) -> str:
    facts: dict[str, Any] = {"channel": "phone", "at": NOON, "answers": FULL, "minutes": 12} | changes
    return service.record_by_hand(lines.get_line(line), **facts)


def described() -> dict[str, Any]:
    row = the_contact()
    return {name: getattr(row, name) for name in FULL.columns()}


def topics() -> set[str]:
    with db.reading() as session:
        return set(session.scalars(select(ContactTopic.topic)))


# After a chat


def test_a_wrap_up_describes_the_contact_and_cuts_its_link() -> None:
    anna = a_counsellor(on_duty=False)
    key = an_ended_chat(anna.id)
    assert service.wrap_up(anna.id, "a chat", FULL) is False
    assert (the_contact().key, described()) == (key, FULL.columns())
    assert topics() == {"extortion_money", "fear"}
    assert service.pending_wrap_ups(anna.id) == []


def test_what_was_not_asked_stays_unknown() -> None:
    anna = a_counsellor(on_duty=False)
    an_ended_chat(anna.id)
    service.wrap_up(anna.id, "a chat", Answers(concern="self"))
    assert described() == Answers(concern="self").columns()
    assert set(described().values()) == {"self", "unknown", "none", False}
    assert topics() == set()


def test_a_heavy_contact_offers_a_rest_and_leaves_nothing_in_the_ledger() -> None:
    anna = a_counsellor(on_duty=False)
    an_ended_chat(anna.id)
    assert service.wrap_up(anna.id, "a chat", replace(FULL, heavy=True)) is True
    assert described() == FULL.columns()


def test_of_a_contact_that_is_not_what_it_seems_no_age_is_counted() -> None:
    anna = a_counsellor(on_duty=False)
    an_ended_chat(anna.id)
    service.wrap_up(anna.id, "a chat", replace(FULL, not_what_it_seems=True))
    assert (the_contact().age_band, the_contact().gender) == ("unknown", "female")


def test_a_contact_marked_as_a_test_is_in_no_figure() -> None:
    anna = a_counsellor(on_duty=False)
    an_ended_chat(anna.id)
    service.wrap_up(anna.id, "a chat", replace(FULL, test=True))
    by_hand(answers=replace(FULL, test=True))
    service.record_missed(lines.get_line("youth"), cause="lost", at=NOON, channel="phone", test=True)
    counts = service.counts_of_year("youth", 2026)
    assert (ledger(), counts.answered, counts.missed, counts.individuals) == ({}, 0, 0, 0)


def test_the_topic_of_a_try_is_not_the_mark_of_a_test() -> None:
    by_hand(answers=Answers(topics=("test_or_prank",)))
    assert ledger() == {"answered": 1}


def test_nobody_fills_in_a_wrap_up_of_somebody_else_or_twice(time: StoppedClock) -> None:
    anna, ben = a_counsellor(on_duty=False), a_counsellor(on_duty=False)
    an_ended_chat(anna.id)
    for account, chat in ((ben.id, "a chat"), (anna.id, "another chat")):
        with pytest.raises(NoWrapUp):
            service.wrap_up(account, chat, FULL)
    service.wrap_up(anna.id, "a chat", FULL)
    with pytest.raises(NoWrapUp):
        service.wrap_up(anna.id, "a chat", Answers())
    assert described() == FULL.columns()
    an_ended_chat(anna.id, "an old chat")
    service.drop_old_wrap_ups(NOON + timedelta(hours=25))
    with pytest.raises(NoWrapUp):
        service.wrap_up(anna.id, "an old chat", FULL)


@pytest.mark.parametrize(
    "wrong",
    [
        {"concern": "me"},
        {"age_band": "61+"},
        {"gender": "m"},
        {"recorded": "maybe"},
        {"found_via": "television"},
        {"referral": "the police"},
        {"returned": "True"},
        {"topics": ("attraction",)},
        {"topics": ("fear", "no_such_topic")},
    ],
    ids=str,
)
def test_a_wrong_answer_changes_nothing_and_can_be_given_again(wrong: dict[str, Any]) -> None:
    anna = a_counsellor(on_duty=False)
    an_ended_chat(anna.id)
    with pytest.raises(BadAnswer, match=next(iter(wrong))):
        service.wrap_up(anna.id, "a chat", replace(FULL, **wrong))
    with pytest.raises(BadAnswer):
        by_hand(answers=replace(FULL, **wrong))
    assert described() == Answers().columns()
    assert topics() == set()
    assert len(service.pending_wrap_ups(anna.id)) == 1
    service.wrap_up(anna.id, "a chat", FULL)


def test_a_topic_that_was_retired_meanwhile_is_still_taken() -> None:
    service.retire_topic("youth", "fear")
    by_hand(answers=Answers(topics=("fear", "fear")))
    assert topics() == {"fear"}


# By hand


@pytest.mark.parametrize("channel", ["phone", "email", "letter"])
def test_a_call_a_mail_and_a_letter_are_entered_by_hand(channel: str) -> None:
    by_hand(channel=channel)
    row = the_contact()
    assert (row.channel, row.on_date, row.on_hour, row.length_min) == (channel, date(2026, 3, 2), 13, 12)
    assert (row.wait_s, row.person, row.counted_in) == (None, None, None)
    assert described() == FULL.columns()


@pytest.mark.parametrize("wrong", [{"channel": "chat"}, {"channel": "fax"}, {"minutes": -1}], ids=str)
def test_what_can_not_be_entered_by_hand_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer, match=next(iter(wrong))):
        by_hand(**wrong)
    assert ledger() == {}


def test_a_missed_call_is_entered_by_hand() -> None:
    service.record_missed(lines.get_line("prevention"), cause="unanswered", at=NOON, channel="phone")
    row = the_missed_contact()
    assert (row.channel, row.cause, row.on_hour, row.language) == ("phone", "unanswered", 13, "unknown")
    with pytest.raises(ValueError, match="channel"):
        service.record_missed(lines.get_line("prevention"), cause="unanswered", at=NOON, channel="fax")


# Topics


def codes(line: str = "youth", *, retired: bool = True) -> list[str]:
    return [topic.code for topic in service.topics_of(line, retired=retired)]


def test_a_new_installation_has_topics_in_two_levels_and_in_all_languages() -> None:
    for line in ("youth", "prevention"):
        found = {topic.code: topic for topic in service.topics_of(line)}
        assert "test_or_prank" in found
        for topic in found.values():
            assert categories.is_code(topic.code)
            assert set(topic.labels) == {"nl", "en"}
            assert topic.parent is None or found[topic.parent].parent is None
        assert {topic.parent for topic in found.values()} - {None}


def test_each_group_of_topics_is_followed_by_its_own() -> None:
    group = ""
    for topic in service.topics_of("youth"):
        group = group if topic.parent else topic.code
        assert topic.parent in (None, group)


def test_a_topic_is_added_at_the_end_of_its_group() -> None:
    service.add_topic("youth", "deepfake", {"nl": " Deepfake ", "en": "Deepfake"}, parent="images", chi_code="x")
    found = codes()
    assert found[found.index("threats") - 1] == "deepfake"
    service.add_topic("youth", "new_group", {"nl": "Nieuw", "en": "New"})
    assert codes()[-1] == "new_group"
    by_hand(answers=Answers(topics=("deepfake",)))


@pytest.mark.parametrize(
    ("code", "labels", "parent"),
    [
        ("images", {"nl": "a", "en": "b"}, None),
        ("any", {"nl": "a", "en": "b"}, None),
        ("Total", {"nl": "a", "en": "b"}, None),
        ("x" * 33, {"nl": "a", "en": "b"}, None),
        ("fresh", {"nl": "a"}, None),
        ("fresh", {"nl": " ", "en": "b"}, None),
        ("fresh", {"nl": "a" * 81, "en": "b"}, None),
        ("fresh", {"nl": "a", "en": "b"}, "no_such"),
        ("fresh", {"nl": "a", "en": "b"}, "grooming"),
    ],
)
def test_a_topic_that_can_not_be_is_not_added(code: str, labels: dict[str, str], parent: str | None) -> None:
    before = codes()
    with pytest.raises(service.BadTopic):
        service.add_topic("youth", code, labels, parent=parent)
    assert codes() == before


def test_a_topic_gets_other_words_and_keeps_its_code_and_its_contacts() -> None:
    by_hand(answers=Answers(topics=("fear",)))
    service.rename_topic("youth", "fear", {"nl": "Bang", "en": "Afraid"})
    assert {topic.code: topic.labels for topic in service.topics_of("youth")}["fear"] == {"nl": "Bang", "en": "Afraid"}
    assert topics() == {"fear"}
    with pytest.raises(service.BadTopic):
        service.rename_topic("prevention", "fear", {"nl": "Bang", "en": "Afraid"})


def test_a_retired_topic_is_not_offered_nor_those_below_it() -> None:
    service.retire_topic("youth", "fear")
    service.retire_topic("youth", "images")
    assert not {"fear", "images", "image_spread"} & set(codes(retired=False))
    assert {"fear", "images", "image_spread"} <= set(codes())
    service.retire_topic("youth", "images", retired=False)
    assert "image_spread" in codes(retired=False)


def test_a_topic_is_never_deleted_once_it_was_used() -> None:
    by_hand(answers=Answers(topics=("fear",)))
    for kept in ("fear", "wellbeing"):
        with pytest.raises(service.TopicInUse):
            service.delete_topic("youth", kept)
    service.delete_topic("youth", "suicide")
    assert "suicide" not in codes()
    assert "fear" in codes()
    with pytest.raises(service.BadTopic):
        service.delete_topic("youth", "suicide")


def test_a_topic_used_on_the_other_line_may_go_here() -> None:
    by_hand("prevention", answers=Answers(topics=("press",)))
    service.delete_topic("youth", "press")
    assert "press" in codes("prevention")


def test_what_supervisors_changed_stays_when_the_server_starts_again() -> None:
    service.delete_topic("youth", "suicide")
    service.rename_topic("youth", "fear", {"nl": "Bang", "en": "Afraid"})
    before = [(topic.code, topic.labels) for topic in service.topics_of("youth")]
    service.ensure_topics()
    assert [(topic.code, topic.labels) for topic in service.topics_of("youth")] == before


@sqlite_only
def test_an_installation_that_was_cut_off_before_its_topics_gets_them(settings: Any) -> None:

    with db.transaction() as session:
        session.execute(delete(Topic))
    install.prepare(settings)
    assert codes()


@pytest.mark.parametrize("round_", range(5))
def test_of_deleting_a_topic_and_using_it_at_the_same_moment_one_wins(round_: int) -> None:
    begin = threading.Barrier(3)
    refused: list[Exception] = []

    def attempt(deed: Callable[[], object]) -> None:
        begin.wait()
        try:
            deed()
        except (BadAnswer, service.TopicInUse) as error:
            refused.append(error)

    deeds: list[Callable[[], object]] = [
        lambda: service.delete_topic("youth", "fear"),
        lambda: by_hand(answers=Answers(topics=("fear", "suicide"))),
        lambda: service.import_log(a_log(answered(line="youth", age_band="16-17", topics="pressure")).encode(), NOON),
    ]
    threads = [threading.Thread(target=attempt, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert topics() - {"pressure"} == ({"fear", "suicide"} if "fear" in codes() else set())
