"""A summary, or answers in the advice, go along with a letter where its visitor wants it, sealed as the letter is."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text

from helpline import clock, db
from helpline.db import random_key, transaction
from helpline.letters import service
from helpline.letters.models import Letter
from helpline.privacy import sessions
from helpline.summaries import service as summaries
from tests.letters.writers import Answerer, Writer, a_letter, rows

pytestmark = pytest.mark.usefixtures("line")
ANSWERS = "What happened?\n– Somebody threatens me"
SUMMARY = "We spoke of school, and who to tell first."


def with_a_summary() -> Writer:
    """A visitor whose visit has the summary of a chat open."""
    writer, now = Writer(), clock.now()
    with transaction() as session:
        content = sessions.claim(session, writer.cookie, now)
        content, _ = summaries.put(content, writer.line, now, chat=random_key(), text=SUMMARY)
        sessions.save(writer.cookie, content, now)
    return writer


def read_by_staff(writer: Writer) -> tuple[date, str] | None:
    page = Answerer(writer.id).claims().page
    assert page is not None
    return page.earlier


def sends(writer: Writer, *, show: bool) -> Writer:
    code = service.write(writer.cookie, writer.line, "nl", "hello again", "f1", show_summary=show)
    writer.code = str(code)
    with db.reading() as session:
        writer.id = session.execute(text("SELECT id FROM letters")).scalar_one()
    return writer


def test_it_goes_along_where_the_visitor_wants_it_to() -> None:
    writer = with_a_summary()
    along = service.summary_along(writer.cookie, writer.line)
    assert along is not None
    assert along.text == SUMMARY
    sends(writer, show=True)
    assert read_by_staff(writer) == (along.day, SUMMARY)
    with db.reading() as session:
        sealed = session.execute(text("SELECT earlier FROM letters")).scalar_one()
    assert SUMMARY.encode() not in bytes(sealed)
    assert writer.bodies == ["hello again"], "it is no text of the letter"
    assert service.summary_along(writer.cookie, writer.line) == along, "and stays the visitor's own"
    assert writer.erases()
    assert rows(Letter) == 0


def test_it_stays_with_the_visitor_otherwise() -> None:
    assert read_by_staff(sends(with_a_summary(), show=False)) is None


def test_who_has_opened_none_sends_none() -> None:
    writer = Writer()
    assert service.summary_along(writer.cookie, writer.line) is None
    assert read_by_staff(sends(writer, show=True)) is None


def brings(introduction: str) -> Writer:
    """A visitor who has said yes to this."""
    writer = Writer()
    service.write(writer.cookie, writer.line, "nl", "hello", "f1", introduction=introduction)
    with db.reading() as session:
        writer.id = session.execute(text("SELECT id FROM letters")).scalar_one()
    return writer


def introduced(writer: Writer) -> str | None:
    page = Answerer(writer.id).claims().page
    assert page is not None
    return page.introduction


def test_what_was_answered_in_the_advice_stands_above_the_letter_sealed_as_it_is() -> None:
    writer = brings(f"\r\n{ANSWERS}\r\n")
    assert introduced(writer) == ANSWERS
    assert writer.thread.introduction == ANSWERS
    assert writer.bodies == ["hello"], "it is no text of the letter"
    with db.reading() as session:
        sealed = session.execute(text("SELECT introduction FROM letters")).scalar_one()
    assert ANSWERS.encode() not in bytes(sealed)
    assert writer.erases()
    assert rows(Letter) == 0


@pytest.mark.parametrize("nothing", ["", " \r\n"])
def test_who_brings_nothing_sends_the_letter_alone(nothing: str) -> None:
    writer = brings(nothing)
    assert (introduced(writer), writer.thread.introduction) == (None, None)


@pytest.mark.parametrize(("introduction", "why"), [("x" * 4001, "too_long"), ("\x00", "invalid")])
def test_what_can_not_be_stored_is_said_before_the_letter_is(introduction: str, why: str) -> None:
    with pytest.raises(service.Refused, match=f"introduction_{why}"):
        brings(introduction)
    assert rows(Letter) == 0


def test_what_was_written_in_this_visit_is_told_from_what_the_code_opened() -> None:
    writer = a_letter()
    writer.replies("and this")
    assert [said.now for said in writer.thread.texts] == [True, True]
    writer.comes_back().replies("on another day")
    Answerer(writer.id).claims().answers("an answer")
    assert [said.now for said in writer.thread.texts] == [False, False, True, False]
