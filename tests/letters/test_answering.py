"""The staff's side: claimed, drafted, read by a second one, answered; whoever comes too late gets the text back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from helpline import config
from helpline.contacts import service as contacts
from helpline.contacts.categories import Answers
from helpline.letters import service
from helpline.letters.access import NoAccess
from helpline.letters.models import LetterDraft
from helpline.letters.service import NotDone, Refused, State
from helpline.lines import service as lines
from helpline.lines.models import Line
from tests.builders import StoppedClock, a_counsellor, a_supervisor, ledger, the_contact, the_missed_contact
from tests.letters.writers import Answerer, Writer, a_letter, an_answered_letter, audited, rows

pytestmark = pytest.mark.usefixtures("line")
TEXT = "what took me an hour to write"


@pytest.fixture
def second_reader(line: Line) -> None:
    """The line wants each answer to be read by a colleague."""
    lines.change_line(line.slug, {"letters_second_reader": True})


def handed_back(code: str, deed: object, text: str = TEXT) -> NotDone:
    """The deed is not done, and what was written comes back."""
    with pytest.raises(NotDone, match=f"^{code}$") as told:
        deed()  # type: ignore[operator]  # a lambda of the test
    assert told.value.text == text
    return told.value


def test_from_the_inbox_to_the_answer(time: StoppedClock) -> None:
    writer = a_letter("a long story")
    anna = Answerer(writer.id)
    (item,) = service.inbox(anna.member)
    assert (item.id, item.line, item.state, item.mine, item.overdue, item.round) == (
        writer.id, "youth", "waiting", False, False, 1,
    )  # fmt: skip
    assert item.name == writer.id[:4].upper()
    anna.claims()
    assert anna.page is not None
    assert [text.body for text in anna.page.texts] == ["a long story"]
    assert anna.saves("a first") == 1
    assert anna.saves("a second") == 2
    assert (writer.state, service.inbox(anna.member)[0].mine) == ("drafted", True)
    assert service.open_letter(anna.member, writer.id).draft.body == "a second"
    assert anna.answers(TEXT) == 2
    assert (writer.state, writer.bodies, rows(LetterDraft)) == ("answered", ["a long story", TEXT], 0)
    assert service.inbox(anna.member) == []
    assert [item.id for item in service.inbox(anna.member, (State.ANSWERED,))] == [writer.id]


def test_each_reading_is_in_the_audit_trail_and_no_content() -> None:
    writer = a_letter("a secret")
    anna = Answerer(writer.id)
    with pytest.raises(NoAccess, match="forbidden"):
        anna.looks()
    anna.claims().looks()
    anna.answers(TEXT)
    anna.looks()
    assert audited(writer.id) == [
        (anna.member.id, "letter_read"),
        (anna.member.id, "letter_read"),
        (anna.member.id, "letter_answered"),
        (anna.member.id, "letter_read"),
    ]


def test_whom_a_letter_is_open_to() -> None:
    writer = a_letter()
    anna = Answerer(writer.id)
    elsewhere, dutchless = a_counsellor(line="prevention", on_duty=False), a_counsellor(languages=["en"], on_duty=False)
    analyst = a_counsellor(roles=["analyst"], on_duty=False)
    assert service.inbox(elsewhere) == service.inbox(analyst) == []
    for member, code in ((elsewhere, "not_found"), (dutchless, "forbidden"), (analyst, "forbidden")):
        with pytest.raises(NoAccess, match=code):
            service.claim(member, writer.id)
        with pytest.raises(NoAccess, match=code):
            service.open_letter(member, writer.id)
    anna.claims()
    with pytest.raises(NoAccess, match="forbidden"):
        Answerer(writer.id).looks()
    Answerer(writer.id, a_supervisor()).looks()
    with pytest.raises(NotDone, match="gone"):
        Answerer("nothing").claims()


def test_only_whoever_claimed_it_goes_on_with_it() -> None:
    writer = a_letter()
    anna, ben = Answerer(writer.id).claims(), Answerer(writer.id)
    with pytest.raises(NotDone, match="taken"):
        ben.claims()
    for deed in (
        lambda: service.save_draft(ben.member, writer.id, TEXT, 0),
        lambda: service.submit(ben.member, writer.id, TEXT, 0, 1),
        lambda: service.answer(ben.member, writer.id, TEXT, 0, 1, "f1"),
    ):
        handed_back("taken", deed)
    with pytest.raises(NotDone, match="taken"):
        service.release(ben.member, writer.id)
    with pytest.raises(NotDone, match="taken"):
        service.close_letter(ben.member, writer.id, 1)
    anna.claims()
    assert writer.state == "claimed", "to claim it again changes nothing"


def test_given_back_it_keeps_its_draft() -> None:
    writer = a_letter()
    anna = Answerer(writer.id).claims()
    anna.saves("half of it")
    service.release(anna.member, writer.id)
    assert writer.state == "waiting"
    ben = Answerer(writer.id).claims()
    assert ben.page is not None
    assert (ben.page.draft.body, ben.page.draft.account) == ("half of it", anna.member.id)
    handed_back("taken", lambda: anna.answers(TEXT))
    ben.answers("half of it and the rest")


def test_a_supervisor_takes_it_from_somebody_who_is_away() -> None:
    writer = a_letter()
    anna, boss = Answerer(writer.id).claims(), a_supervisor()
    service.release(boss, writer.id)
    Answerer(writer.id, boss).claims()
    handed_back("taken", lambda: service.save_draft(anna.member, writer.id, TEXT, 0))
    assert (boss.id, "letter_released") in audited(writer.id)


def test_two_tabs_never_overwrite_each_other() -> None:
    writer = a_letter()
    anna = Answerer(writer.id).claims()
    other_tab = Answerer(writer.id, anna.member).looks()
    anna.saves("in the first tab")
    handed_back("changed", lambda: other_tab.saves(TEXT))
    handed_back("changed", lambda: other_tab.answers(TEXT))
    handed_back("changed", lambda: other_tab.submits(TEXT))
    assert service.open_letter(anna.member, writer.id).draft.body == "in the first tab"
    assert service.save_draft(anna.member, writer.id, "in the first tab", 0) == 1, "the same form sent again"


def test_the_same_form_sent_twice_answers_once() -> None:
    writer = a_letter()
    anna = Answerer(writer.id).claims()
    assert anna.answers(TEXT, "f1") == anna.answers(TEXT, "f1") == 2
    handed_back("wrong_state", lambda: anna.answers("another text", "f1"), "another text")
    assert writer.bodies == ["hello", TEXT]
    assert ledger() == {"answered": 1}


def test_what_the_visitor_adds_is_read_before_the_answer_goes() -> None:
    writer = a_letter()
    anna = Answerer(writer.id).claims()
    anna.saves("a draft")
    writer.replies("wait, there is more")
    handed_back("visitor_wrote", lambda: anna.answers(TEXT))
    handed_back("visitor_wrote", lambda: anna.submits(TEXT))
    with pytest.raises(NotDone, match="visitor_wrote"):
        service.close_letter(anna.member, writer.id, anna.seen)
    assert writer.state == "drafted"
    anna.looks().answers(TEXT)
    assert writer.bodies == ["hello", "wait, there is more", TEXT]


@pytest.mark.usefixtures("second_reader")
def test_a_second_reader_sends_it_back_and_then_off() -> None:
    writer = a_letter()
    anna, ben = Answerer(writer.id).claims(), Answerer(writer.id)
    handed_back("second_reader", lambda: anna.answers(TEXT))
    with pytest.raises(NoAccess):
        ben.looks()
    assert anna.submits("too short") == 1
    assert [item.to_check for item in service.inbox(ben.member)] == [True]
    assert [item.to_check for item in service.inbox(anna.member)] == [False]
    ben.looks().sends_back("say first that it is not the visitor's fault")
    anna.looks()
    assert anna.page is not None
    assert anna.page.draft.remark == "say first that it is not the visitor's fault"
    assert (writer.state, writer.row.second_reader) == ("drafted", ben.member.id)
    anna.submits(TEXT)
    with pytest.raises(NoAccess, match="forbidden"):
        service.approve(anna.member, writer.id, 2, 1)
    ben.looks().approves()
    assert (writer.state, writer.bodies) == ("answered", ["hello", TEXT])
    text = service.open_letter(anna.member, writer.id).texts[1]
    assert text.account == anna.member.id, "it is the answer of who wrote it"
    assert (ben.member.id, "letter_approved") in audited(writer.id)
    assert [item.line for item in contacts.pending_wrap_ups(anna.member.id)] == ["youth"]
    assert contacts.pending_wrap_ups(ben.member.id) == []


@pytest.mark.usefixtures("second_reader")
def test_what_a_second_reader_has_not_seen_is_not_sent() -> None:
    writer = a_letter()
    anna, ben = Answerer(writer.id).claims(), Answerer(writer.id)
    anna.submits("one version")
    ben.looks()
    service.take_back(anna.member, writer.id)
    handed_back("wrong_state", ben.approves, "")
    handed_back("wrong_state", lambda: ben.sends_back(TEXT))
    anna.looks().submits("another version")
    handed_back("changed", ben.approves, "")
    handed_back("changed", lambda: ben.sends_back(TEXT))
    ben.looks()
    writer.replies("wait")
    assert writer.state == "drafted", "it is with its author again"
    handed_back("wrong_state", ben.approves, "")
    assert writer.bodies == ["hello", "wait"]


@pytest.mark.usefixtures("second_reader")
def test_while_a_colleague_reads_it_the_draft_stands_still() -> None:
    writer = a_letter()
    anna = Answerer(writer.id).claims()
    anna.submits("a version")
    anna.looks()
    handed_back("wrong_state", lambda: anna.saves(TEXT))
    handed_back("wrong_state", lambda: anna.submits(TEXT))
    assert service.open_letter(anna.member, writer.id).draft.body == "a version"


def test_a_remark_is_a_text_like_others() -> None:
    writer = a_letter()
    anna, ben = Answerer(writer.id).claims(), Answerer(writer.id)
    anna.submits("a version")
    ben.looks()
    for remark, code in (("", "invalid"), ("x" * 2001, "too_long")):
        with pytest.raises(Refused, match=code):
            ben.sends_back(remark)


def test_ways_to_be_reached_are_refused_where_youngsters_write() -> None:
    writer = a_letter()
    anna, boss = Answerer(writer.id).claims(), a_supervisor()
    text = "call me on 06-12345678 or 112"
    told = handed_back("unlisted", lambda: anna.answers(text), text)
    assert told.findings == ("06-12345678",)
    handed_back("unlisted", lambda: anna.answers(text, allow=True), text)
    handed_back("unlisted", lambda: anna.submits(text), text)
    anna.saves(text)
    anna.submits(text, ask=True)
    ben = Answerer(writer.id).looks()
    handed_back("unlisted", lambda: ben.approves(allow=True), text)
    reader = Answerer(writer.id, boss).looks()
    handed_back("unlisted", reader.approves, text)
    reader.approves(allow=True)
    assert (boss.id, "letter_unlisted_allowed") in audited(writer.id)
    assert writer.bodies == ["hello", text]


def test_on_the_other_line_they_are_not() -> None:
    writer = a_letter(line="prevention")
    anna = Answerer(writer.id, a_counsellor(line="prevention", on_duty=False)).claims()
    anna.answers("call 088-1234567 on Monday")
    assert writer.state == "answered"


def test_a_letter_that_was_erased_hands_back_what_was_written_and_tells_its_counsellor() -> None:
    writer = a_letter()
    anna, ben = Answerer(writer.id).claims(), a_counsellor(on_duty=False)
    anna.saves("half of it")
    writer.erases()
    for deed in (
        lambda: service.save_draft(anna.member, writer.id, TEXT, 1),
        lambda: anna.submits(TEXT),
        lambda: anna.answers(TEXT),
    ):
        handed_back("gone", deed)
    with pytest.raises(NotDone, match="gone"):
        anna.looks()
    (notice,) = service.gone(anna.member)
    assert (notice.line, notice.why) == ("youth", "erased")
    assert service.gone(ben) == []
    service.put_away(ben, notice.key)
    assert len(service.gone(anna.member)) == 1
    service.put_away(anna.member, notice.key)
    assert service.gone(anna.member) == []


def test_nobody_is_told_of_a_letter_that_was_in_nobodys_hands() -> None:
    answered = an_answered_letter()
    anna = Answerer(answered.id).member
    answered.erases()
    assert service.gone(anna) == []


def test_what_is_due_first_stands_in_front_and_overdue_is_marked(time: StoppedClock) -> None:
    first = a_letter()
    time.turn(hours=30)
    second = a_letter()
    anna = a_counsellor(on_duty=False)
    assert [item.id for item in service.inbox(anna)] == [first.id, second.id]
    time.turn(hours=43)
    assert [item.overdue for item in service.inbox(anna)] == [True, False]
    Answerer(first.id).claims().answers("late, but here")
    assert not [item for item in service.inbox(anna, tuple(State)) if item.overdue]


def test_who_answered_before_is_known_to_the_inbox(time: StoppedClock) -> None:
    writer = a_letter()
    anna, ben = Answerer(writer.id), a_counsellor(on_duty=False)
    anna.claims().answers(TEXT)
    writer.replies("and now?")
    assert [item.known for item in service.inbox(anna.member)] == [True]
    assert [item.known for item in service.inbox(ben)] == [False]
    anna.looks()


def test_a_lost_key_hands_back_what_was_written(settings: config.Settings) -> None:
    writer = a_letter()
    anna = Answerer(writer.id).claims()
    anna.saves("a draft")
    for key in (settings.instance_dir / "keyring").glob("*.key"):
        key.unlink()
    with pytest.raises(NotDone, match="unreadable"):
        anna.looks()
    handed_back("unreadable", lambda: service.save_draft(anna.member, writer.id, TEXT, 1))
    handed_back("unreadable", lambda: anna.answers(TEXT))
    assert ledger() == {}
    service.close_letter(anna.member, writer.id, 1)


# What the ledgers hear


def test_an_answer_is_a_contact_with_a_wrap_up(time: StoppedClock) -> None:
    time.turn(minutes=40)
    writer = a_letter()
    time.turn(hours=5)
    anna = Answerer(writer.id).claims()
    anna.answers(TEXT)
    contact = the_contact()
    assert (contact.channel, contact.wait_s, contact.length_min, contact.language) == ("letter", 5 * 3600, None, "nl")
    (item,) = contacts.pending_wrap_ups(anna.member.id)
    assert item.chat != writer.id, "nothing leads from the contact to the letter"
    contacts.wrap_up(anna.member.id, item.chat, Answers(concern="self"))
    assert the_contact().concern == "self"


def test_each_round_is_a_contact_of_its_own() -> None:
    writer = an_answered_letter()
    writer.replies("one")
    writer.replies("two")
    Answerer(writer.id).claims().answers(TEXT)
    assert ledger() == {"answered": 2}
    assert contacts.letter_counts("youth", *2 * [lines.local(writer.line, writer.row.waiting_since).date()]) == [
        (0, True, 2)
    ]


def test_a_first_letter_that_is_closed_unanswered_was_missed(time: StoppedClock) -> None:
    writer = a_letter()
    anna = Answerer(writer.id).claims()
    time.turn(hours=3)
    service.close_letter(anna.member, writer.id, anna.seen)
    assert (the_missed_contact().cause, the_missed_contact().wait_s) == ("unanswered", 3 * 3600)
    writer.comes_back().replies("thank you")
    anna.claims()
    service.close_letter(anna.member, writer.id, anna.seen)
    assert ledger() == {"unanswered": 1}, "a thank-you is no contact that was missed"


def test_a_letter_nobody_answered_until_its_time_was_over_is_missed(time: StoppedClock) -> None:
    waiting, answered, claimed = a_letter(), an_answered_letter(), a_letter()
    anna = Answerer(claimed.id).claims()
    time.turn(days=183)
    assert service.purge(time.moment) == 0
    time.turn(days=1)
    assert service.purge(time.moment) == 3
    assert service.purge(time.moment) == 0
    assert ledger() == {"answered": 1, "unanswered": 2}
    assert (waiting.letter, answered.letter) == (None, None)
    assert [notice.why for notice in service.gone(anna.member)] == ["expired"]
    time.turn(days=31)
    service.purge(time.moment)
    assert service.gone(anna.member) == []


def test_the_day_of_a_missed_letter_is_the_day_on_which_it_came(time: StoppedClock) -> None:
    came = time.moment
    a_letter()
    time.turn(days=184)
    service.purge(time.moment)
    assert the_missed_contact().on_date == came.date()
    assert timedelta(seconds=the_missed_contact().wait_s or 0) == timedelta(days=184)


def test_the_line_of_a_writer_is_the_line_of_the_ledger() -> None:
    Writer("prevention").writes()
    a_letter(line="prevention").erases()
    assert (ledger("youth"), ledger("prevention")) == ({}, {"left": 1})
