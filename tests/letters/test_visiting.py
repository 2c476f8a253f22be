"""The visitor's side: written once, found again with the code alone, erased with one press."""

from __future__ import annotations

from datetime import timedelta

import pytest

from helpline import config
from helpline.chat import service as chats
from helpline.chat.states import Cause
from helpline.letters import service
from helpline.letters.models import Letter, LetterDraft, LetterText
from helpline.letters.service import NotDone, Refused
from helpline.letters.texts import MAX_BODY
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.privacy import codes
from helpline.privacy.sessions import BoundElsewhere
from tests.builders import StoppedClock, ledger, the_missed_contact
from tests.letters.writers import Answerer, Writer, a_letter, an_answered_letter, rows

pytestmark = pytest.mark.usefixtures("line")


def test_a_letter_is_stored_at_once_and_its_code_is_retyped() -> None:
    writer = Writer()
    code = writer.writes("I have not told anybody yet.\r\n\r\nIt began in May.")
    assert code == service.pending_code(writer.cookie, writer.line)
    assert codes.read(str(code)) == code
    assert (writer.state, writer.row.confirmed, writer.thread.has_code) == ("waiting", False, False)
    assert not service.confirm_code(writer.cookie, writer.line, "0000-0000-0000-0000")
    assert not service.confirm_code(writer.cookie, writer.line, "no code")
    assert service.confirm_code(writer.cookie, writer.line, str(code).lower().replace("-", " "))
    assert (writer.row.confirmed, writer.thread.has_code) == (True, True)
    assert service.pending_code(writer.cookie, writer.line) is None
    assert service.confirm_code(writer.cookie, writer.line, str(code)), "the form may come twice"
    assert not service.confirm_code(writer.cookie, writer.line, codes.new_code(bytes(32)))
    assert writer.bodies == ["I have not told anybody yet.\n\nIt began in May."]
    assert str(code) not in str(writer.content)


def test_the_code_of_an_unconfirmed_letter_opens_it_too(time: StoppedClock) -> None:
    writer = Writer()
    writer.writes("hello")
    time.turn(hours=5)
    assert writer.comes_back().bodies == ["hello"]
    assert writer.row.confirmed


def test_one_form_sent_twice_is_one_letter_with_one_code() -> None:
    writer = Writer()
    first = writer.writes("hello", form="f1")
    assert writer.writes("hello", form="f1") == first
    with pytest.raises(service.HasLetter):
        service.write(writer.cookie, writer.line, "nl", "another one", "f2")
    writer.keeps_the_code()
    assert service.write(writer.cookie, writer.line, "nl", "hello", "f1") is None
    assert rows(Letter) == rows(LetterText) == 1


NO_TEXTS = [("", "invalid"), (" \n ", "invalid"), (None, "invalid"), ("a\0b", "invalid"), ("\ud800", "invalid")]


@pytest.mark.parametrize(("body", "code"), [*NO_TEXTS, ("x" * (MAX_BODY + 1), "too_long")])
def test_what_is_no_text_is_refused_and_nothing_comes_of_it(body: object, code: str) -> None:
    writer = Writer()
    with pytest.raises(Refused, match=code):
        service.write(writer.cookie, writer.line, "nl", body, "f1")
    assert (rows(Letter), writer.content) == (0, {})
    answered = a_letter()
    with pytest.raises(Refused, match=code):
        service.reply(answered.cookie, answered.line, body, "f2")


def test_the_longest_text_fits() -> None:
    assert a_letter("é" * MAX_BODY).bodies == ["é" * MAX_BODY]
    a_letter("line\r\n" * (MAX_BODY // 5))


def test_a_line_may_take_no_letters() -> None:
    kept = a_letter()
    lines.change_line("youth", {"letters": False})
    with pytest.raises(service.NoLetters):
        Writer().writes()
    kept.replies("one more thing")
    assert kept.bodies == ["hello", "one more thing"]


def test_it_is_read_and_answered_with_the_code_from_any_device(time: StoppedClock) -> None:
    writer = an_answered_letter("you did nothing wrong")
    time.turn(days=100)
    writer.comes_back()
    assert writer.bodies == ["hello", "you did nothing wrong"]
    assert [text.author for text in writer.thread.texts] == ["visitor", "counsellor"]
    assert (writer.thread.state, writer.thread.open) == ("answered", False)
    assert writer.replies("thank you, and another question") == 3
    thread = writer.thread
    assert (thread.state, thread.open, writer.row.round) == ("waiting", True, 2)
    assert thread.answer_due == time.moment + timedelta(hours=72)


def test_a_wrong_code_one_of_another_line_and_one_whose_time_is_over_look_the_same(time: StoppedClock) -> None:
    writer = a_letter()
    other, stranger = Writer("prevention"), Writer()
    assert not other.enters(writer.code)
    assert not stranger.enters(codes.new_code(bytes(32)))
    assert not stranger.enters("nonsense")
    assert (other.content, stranger.content) == ({}, {}), "a wrong code makes no session"
    time.turn(days=184)
    assert not stranger.enters(writer.code), "also before anybody has tidied up"


def test_a_visit_belongs_to_one_line() -> None:
    writer = a_letter()
    prevention = lines.get_line("prevention")
    for deed in (
        lambda: service.write(writer.cookie, prevention, "nl", "hello", "f9"),
        lambda: service.thread_of(writer.cookie, prevention),
        lambda: service.reply(writer.cookie, prevention, "hello", "f9"),
        lambda: service.erase(writer.cookie, prevention),
        lambda: service.pending_code(writer.cookie, prevention),
    ):
        with pytest.raises(BoundElsewhere):
            deed()
    assert writer.bodies == ["hello"]


def test_each_visit_lets_the_months_begin_again(time: StoppedClock) -> None:
    writer = a_letter()
    assert writer.thread.kept_until == (time.moment + timedelta(days=183)).date()
    weeks = {writer.row.key_id}
    for _ in range(3):
        time.turn(days=180)
        service.purge(time.moment)
        writer.comes_back()
        assert writer.thread.kept_until == (time.moment + timedelta(days=183)).date()
        weeks.add(writer.row.key_id)
    assert len(weeks) == 4, "its key goes under that of a later week each time"
    assert writer.bodies == ["hello"]


def test_what_staff_do_does_not_keep_it_longer(time: StoppedClock) -> None:
    writer = a_letter()
    before = writer.row.expires_on
    time.turn(days=30)
    Answerer(writer.id).claims().answers("hello")
    assert writer.row.expires_on == before


def test_how_long_is_a_setting_of_the_line(time: StoppedClock) -> None:
    writer = a_letter()
    lines.change_line("youth", {"letter_retention_days": 30, "letter_target_hours": 5})
    assert a_letter().row.expires_on == (time.moment + timedelta(days=30)).date()
    time.turn(days=1)
    assert writer.comes_back().row.expires_on > (time.moment + timedelta(days=30)).date(), "no promise is shortened"


def test_a_reply_before_the_answer_belongs_to_the_same_round(time: StoppedClock) -> None:
    writer = a_letter()
    due = writer.row.due_at
    time.turn(hours=1)
    writer.replies("I forgot something", form="f1")
    writer.replies("I forgot something", form="f1")
    writer.replies("and something else, from the same page", form="f1")
    row = writer.row
    assert (row.round, row.due_at, row.last_seq, row.state) == (1, due, 3, "waiting")
    assert writer.bodies == ["hello", "I forgot something", "and something else, from the same page"]


def test_a_closed_letter_opens_again() -> None:
    writer = an_answered_letter()
    reader = Answerer(writer.id).member
    answerer = Answerer(writer.id, reader)
    writer.replies("thank you")
    answerer.claims()
    service.close_letter(answerer.member, writer.id, answerer.seen)
    assert (writer.state, writer.thread.open) == ("closed", False)
    writer.replies("one thing is left")
    assert (writer.state, writer.row.round) == ("waiting", 3)


def test_erasing_leaves_nothing() -> None:
    writer, kept = an_answered_letter(), a_letter()
    writer.replies("and now forget me")
    Answerer(writer.id).claims().saves("a draft")
    assert writer.erases()
    assert (rows(Letter), rows(LetterText), rows(LetterDraft)) == (1, 1, 0)
    assert kept.bodies == ["hello"]
    assert service.thread_of(writer.cookie, writer.line) is None
    assert not Writer().enters(writer.code)


def test_whoever_is_gone_meanwhile_gets_the_text_back() -> None:
    writer, other_device = a_letter(), Writer()
    other_device.enters(writer.code)
    assert other_device.erases()
    with pytest.raises(NotDone, match="gone") as told:
        writer.replies("what I wrote on the train")
    assert told.value.text == "what I wrote on the train"
    with pytest.raises(NotDone, match="gone"):
        service.thread_of(writer.cookie, writer.line)
    writer.writes("what I wrote on the train")
    assert writer.bodies == ["what I wrote on the train"]


def test_putting_it_away_keeps_the_letter() -> None:
    writer = a_letter()
    service.close_visit(writer.cookie, writer.line)
    assert service.thread_of(writer.cookie, writer.line) is None
    with pytest.raises(NotDone, match="gone"):
        writer.replies("hello?")
    assert writer.comes_back().bodies == ["hello"]


def test_a_letter_whose_key_is_lost_can_still_be_erased(settings: config.Settings) -> None:
    writer = a_letter()
    for key in (settings.instance_dir / "keyring").glob("*.key"):
        key.unlink()
    with pytest.raises(service.Unreadable):
        service.thread_of(writer.cookie, writer.line)
    with pytest.raises(NotDone, match="gone") as told:
        writer.replies("hello?")
    assert told.value.text == "hello?"
    assert writer.erases()
    assert rows(Letter) == 0


def test_the_visit_holds_other_things_beside_the_letter() -> None:
    writer = Writer()
    assert chats.count_try(writer.cookie, writer.line, Cause.CLOSED, "nl")
    writer.writes()
    assert "tries" in writer.content
    writer.erases()
    assert {"line", "tries"} <= set(writer.content)


# What the ledgers hear


def test_a_letter_catches_the_missed_contact_of_its_visit_once() -> None:
    writer = Writer()
    chats.count_try(writer.cookie, writer.line, Cause.CLOSED, "nl")
    writer.writes()
    assert (the_missed_contact().cause, the_missed_contact().caught_by) == ("closed", "letter")
    assert "missed" not in writer.content, "no link is kept"


def test_whoever_just_writes_catches_nothing() -> None:
    chats.count_try(Writer().cookie, lines.get_line("youth"), Cause.CLOSED, "nl")
    a_letter()
    assert the_missed_contact().caught_by == "none"


def test_who_erases_an_unanswered_letter_left(time: StoppedClock) -> None:
    writer = a_letter()
    time.turn(hours=1)
    writer.erases()
    missed = the_missed_contact()
    assert (missed.channel, missed.cause, missed.wait_s, missed.language) == ("letter", "left", 3600, "nl")
    early = Writer()
    early.writes()
    early.erases()
    assert ledger() == {"left": 1, "left_early": 1}


def test_an_answered_letter_is_erased_without_being_missed(time: StoppedClock) -> None:
    an_answered_letter().erases()
    thankful = an_answered_letter()
    thankful.replies("thank you")
    thankful.erases()
    assert ledger() == {"answered": 2}
    kept_waiting = an_answered_letter()
    kept_waiting.replies("and what now?")
    time.turn(hours=74)
    kept_waiting.comes_back().erases()
    assert ledger() == {"answered": 3, "left": 1}


def test_no_column_tells_who_wrote_when(time: StoppedClock, line: Line) -> None:
    time.turn(minutes=17, seconds=23)
    row = a_letter().row
    assert (row.waiting_since.minute, row.waiting_since.second, row.due_at.minute) == (0, 0, 0)
