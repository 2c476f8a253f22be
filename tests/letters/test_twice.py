"""Every form of letters may come twice, or from a page that was left long ago: done once, and nothing is lost."""

from __future__ import annotations

import pytest

from helpline.letters import service
from helpline.letters.models import Letter
from helpline.letters.service import NotDone, Refused
from helpline.letters.texts import MOST_TEXTS
from helpline.lines import service as lines
from helpline.privacy import sessions
from tests.builders import StoppedClock, a_supervisor, ledger
from tests.letters.writers import Answerer, Writer, a_letter, an_answered_letter, audited, rows

pytestmark = pytest.mark.usefixtures("line")


# The visitor's


def test_another_letter_from_the_page_of_the_first_is_handed_back() -> None:
    """Whoever goes back to the form finds its id there again."""
    writer = Writer()
    writer.writes("what I wrote first", form="f1")
    for _ in range(2):
        with pytest.raises(service.HasLetter) as told:
            service.write(writer.cookie, writer.line, "nl", "what I wrote then", "f1")
        assert told.value.text == "what I wrote then"
        writer.keeps_the_code()
    assert (writer.bodies, rows(Letter)) == (["what I wrote first"], 1)


def test_the_form_of_a_letter_that_was_erased_elsewhere_begins_another() -> None:
    writer, other_device = Writer(), Writer()
    writer.writes("hello", form="f1")
    writer.keeps_the_code()
    other_device.enters(writer.code)
    other_device.erases()
    assert writer.writes("hello", form="f1")
    assert writer.bodies == ["hello"]


def test_a_second_text_from_one_page_may_come_twice_too() -> None:
    writer = a_letter()
    assert [writer.replies(text, form="f1") for text in ("one", "two", "two", "one", "three", "three")] == [
        2, 3, 3, 2, 4, 4,
    ]  # fmt: skip
    assert writer.bodies == ["hello", "one", "two", "three"]


def test_who_erases_twice_is_told_the_same_twice() -> None:
    writer = a_letter()
    assert [writer.erases(), writer.erases()] == [True, True]
    assert not Writer().erases()
    writer.writes("something new")
    assert writer.bodies == ["something new"]
    assert ledger() == {"left": 1}


def test_what_was_erased_elsewhere_is_erased_here() -> None:
    writer, other_device = a_letter(), Writer()
    other_device.enters(writer.code)
    assert other_device.erases()
    assert writer.erases()


def test_a_code_that_nobody_has_kept_is_not_put_away_by_one_press() -> None:
    writer = Writer()
    code = writer.writes()
    with pytest.raises(service.CodeNotKept):
        service.close_visit(writer.cookie, writer.line)
    assert service.pending_code(writer.cookie, writer.line) == code
    service.close_visit(writer.cookie, writer.line, anyway=True)
    assert service.thread_of(writer.cookie, writer.line) is None
    kept = a_letter()
    for _ in range(2):
        service.close_visit(kept.cookie, kept.line)
    assert service.thread_of(kept.cookie, kept.line) is None


def test_a_letter_that_is_full_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("helpline.letters.visiting.MOST_TEXTS", 2)
    writer = a_letter()
    writer.replies("the last one", form="f1")
    with pytest.raises(Refused, match="full"):
        writer.replies("one more")
    assert writer.replies("the last one", form="f1") == 2
    assert MOST_TEXTS > 2


# The staff's


def test_each_round_may_be_read_by_a_second_one() -> None:
    """Drafts are counted anew in each round, and the answer of one is never taken for that of another."""
    lines.change_line("youth", {"letters_second_reader": True})
    writer = a_letter()
    for text in ("the first answer", "the second answer", "the third answer"):
        Answerer(writer.id).claims().submits(text)
        reader = Answerer(writer.id).looks()
        reader.approves()
        reader.approves()
        writer.replies("and then?")
    assert [text for text in writer.bodies if "answer" in text] == [
        "the first answer", "the second answer", "the third answer",
    ]  # fmt: skip
    assert ledger() == {"answered": 3}


def test_no_id_of_a_visitors_form_stops_an_answer() -> None:
    writer = a_letter()
    for form in ("approved 1", "approved 1 1", "approved 2"):
        writer.replies(f"and {form}", form=form)
    Answerer(writer.id).claims().submits("an answer")
    Answerer(writer.id).looks().approves()
    assert writer.bodies[-1] == "an answer"


def test_what_was_shown_of_an_earlier_round_changes_nothing_in_this_one() -> None:
    writer = a_letter()
    anna = Answerer(writer.id).claims()
    anna.submits("the first answer")
    ben = Answerer(writer.id).looks()
    ben.approves()
    writer.replies("and then?")
    again = Answerer(writer.id, anna.member).claims()
    again.saves("the second answer")
    with pytest.raises(NotDone, match="changed") as told:
        service.save_draft(anna.member, writer.id, "from an old tab", 1)
    assert told.value.text == "from an old tab"
    again.submits("the second answer")
    with pytest.raises(NotDone, match="changed"):
        ben.sends_back("of the first answer")


def test_giving_it_back_twice_is_giving_it_back() -> None:
    writer = a_letter()
    anna = Answerer(writer.id).claims()
    for _ in range(2):
        service.release(anna.member, writer.id)
    assert writer.state == "waiting"
    assert [action for _, action in audited(writer.id)].count("letter_released") == 1


def test_a_supervisor_takes_it_from_whom_the_page_named() -> None:
    writer = a_letter()
    boss = Answerer(writer.id, a_supervisor())
    anna = Answerer(writer.id).claims()
    service.release(boss.member, writer.id, holder=anna.member.id)
    ben = Answerer(writer.id).claims()
    with pytest.raises(NotDone, match="taken"):
        service.release(boss.member, writer.id, holder=anna.member.id)
    assert writer.row.claimed_by == ben.member.id
    service.release(ben.member, writer.id, holder=ben.member.id)
    service.release(boss.member, writer.id, holder=ben.member.id)


def test_giving_it_to_a_second_reader_twice_and_taking_it_back_twice() -> None:
    writer = a_letter()
    anna = Answerer(writer.id).claims()
    assert anna.submits("a version") == anna.submits("a version") == 1
    with pytest.raises(NotDone, match="wrong_state") as told:
        anna.submits("another version")
    assert told.value.text == "another version"
    for _ in range(2):
        service.take_back(anna.member, writer.id)
    assert writer.state == "drafted"


def test_sending_it_back_twice_keeps_one_remark() -> None:
    writer = a_letter()
    anna = Answerer(writer.id).claims()
    anna.submits("a version")
    ben = Answerer(writer.id).looks()
    for _ in range(2):
        ben.sends_back("say hello first")
    with pytest.raises(NotDone, match="wrong_state"):
        ben.sends_back("say something else")
    anna.looks()
    assert anna.page is not None
    assert anna.page.draft.remark == "say hello first"


def test_closing_twice_counts_once() -> None:
    writer = a_letter()
    anna = Answerer(writer.id).claims()
    for _ in range(2):
        service.close_letter(anna.member, writer.id, anna.seen)
    assert (writer.state, ledger()) == ("closed", {"unanswered": 1})
    assert [action for _, action in audited(writer.id)].count("letter_closed") == 1
    answered = an_answered_letter()
    with pytest.raises(service.NoAccess):
        service.close_letter(Answerer(answered.id).member, answered.id, 2)


def test_a_left_visit_keeps_no_letter(time: StoppedClock) -> None:
    writer = Writer()
    sessions.leave(sessions.key_of(writer.cookie), time.moment)
    with pytest.raises(sessions.Left):
        writer.writes()
    assert rows(Letter) == 0
