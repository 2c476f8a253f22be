"""A yes, a code or a keeping that meets an end: the chat's, the visit's, the last day's. On both databases."""

from __future__ import annotations

import time as real_time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from helpline.chat import agreeing, continuing, service
from helpline.db import transaction
from helpline.lines.models import Line
from helpline.privacy import sessions
from helpline.staff.service import Member
from helpline.summaries import service as summaries
from tests.builders import StoppedClock, a_chat
from tests.builders.hands import OK, Hands
from tests.summaries.people import WORDS, a_code, agree_on, content, ends, enters, keeps, row_of, rows, shown, texts

# Some seconds each; a busy machine may need a multiple of that.
pytestmark = pytest.mark.timeout(300)
ROUNDS = 10
OTHER = "in other words"


class Deed:
    """What one hand does after 0 to 12 ms, by turns, so that each of the two is first at times; what came of it."""

    def __init__(self, number: int, deed: Callable[[], Any]) -> None:
        self._pause, self._deed = number % 5 * 0.003, deed
        self.was: Any = None

    def __call__(self) -> None:
        real_time.sleep(self._pause)
        self.was = self._deed()


def test_written_on_while_its_code_is_confirmed_only_the_agreed_words_leave_the_chat(
    line: Line, anna: Member, hands: Hands
) -> None:
    for number in range(ROUNDS):
        visit = a_chat(held_by=anna)
        version = agree_on(visit, anna)
        keeps(visit)
        code = str(summaries.make_code(visit.cookie, line))
        confirm = Deed(0, partial(continuing.confirm_code, visit.cookie, line, code))
        save = Deed(number, partial(agreeing.visitor_saves, visit.visitor, version, OTHER))
        assert hands.act(confirm, save) == [OK, OK]
        assert confirm.was is True
        assert texts(visit.cookie, line) == [WORDS]
        now = shown(visit)
        assert (now["body"], now["version"], now["kept"]) == (OTHER, version + 1, False)
        ends(anna, visit)


def test_a_yes_as_the_chat_ends_counts_and_its_words_can_be_kept(line: Line, anna: Member, hands: Hands) -> None:
    for number in range(ROUNDS):
        visit = a_chat(held_by=anna)
        version = agreeing.staff_saves(anna, visit.chat, 0, WORDS)
        agree = Deed(number, partial(agreeing.visitor_agrees, visit.visitor, version))
        assert hands.act(agree, Deed(number + 2, partial(service.end, anna, visit.chat))) == [OK, OK]
        keeps(visit)
        code = str(summaries.make_code(visit.cookie, line))
        assert continuing.confirm_code(visit.cookie, line, code)
        assert texts(str(enters(code, line)), line) == [WORDS]
        row = row_of(visit)
        assert row is not None
        assert row.sealed is None


def test_a_counsellors_yes_as_the_visitor_leaves_was_in_time_or_is_refused(
    line: Line, anna: Member, hands: Hands
) -> None:
    for number in range(ROUNDS):
        visit = a_chat(held_by=anna)
        version = agreeing.visitor_saves(visit.visitor, 0, WORDS)
        agree = Deed(number, partial(agreeing.staff_agrees, anna, visit.chat, version))
        said, left = hands.act(agree, Deed(number + 2, partial(service.leave, visit.visitor)))
        assert (said in (OK, "wrong_state"), left) == (True, OK)
        assert shown(visit)["agreed_counsellor"] == (said == OK)
        kept, _ = hands.act(partial(keeps, visit), lambda: None)
        assert kept == said


def test_a_quick_exit_as_the_code_is_confirmed_leaves_it_under_the_code_or_nowhere(
    line: Line, anna: Member, hands: Hands
) -> None:
    for number in range(ROUNDS):
        visit = a_chat(held_by=anna)
        agree_on(visit, anna)
        keeps(visit)
        code = str(summaries.make_code(visit.cookie, line))

        def confirmed(cookie: str = visit.cookie, code: str = code) -> bool:
            try:
                return continuing.confirm_code(cookie, line, code)
            except sessions.Left:
                return False

        confirm = Deed(0, confirmed)
        assert hands.act(confirm, Deed(number, partial(service.quick_exit, visit.cookie))) == [OK, OK]
        assert content(visit.cookie) == {}
        browser = enters(code, line)
        assert (browser is not None) == confirm.was
        if browser is not None:
            assert texts(browser, line) == [WORDS]
            summaries.erase(browser, line)
        assert rows() == []


def test_kept_on_the_last_day_it_lives_on_or_stays_in_the_visit(
    line: Line, anna: Member, hands: Hands, time: StoppedClock
) -> None:
    """The visitor's request was begun on the last day, and those who tidy up have the next one already."""
    for number in range(ROUNDS):
        code, first = a_code("of last time", anna)
        ends(anna, first)
        browser = str(enters(code, line))
        visit = a_chat(held_by=anna, cookie=browser)
        agree_on(visit, anna)
        with transaction() as session:
            session.merge(rows()[0]).expires_on = time.moment.date()
        keep = Deed(number, partial(keeps, visit))
        purge = Deed(number + 2, partial(summaries.purge, time.moment + timedelta(days=1)))
        assert hands.act(keep, purge) == [OK, OK]
        assert len(rows()) == (1 if keep.was else 0)
        assert texts(browser, line) == ([WORDS, "of last time"] if keep.was else [WORDS])
        summaries.erase(browser, line)
        ends(anna, visit)
