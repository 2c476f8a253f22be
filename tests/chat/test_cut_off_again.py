"""Cut off, and cut off once more before anybody answered: it is told once. On both databases."""

from __future__ import annotations

import pytest

from helpline.chat import continuing, service
from helpline.lines import service as lines
from helpline.lines.models import Line
from tests.builders import StoppedClock, Visit, a_chat, a_counsellor
from tests.chat.test_continuing import cut_off, joins
from tests.chat.test_continuing import quick_codes as quick_codes
from tests.summaries.people import enters, keeps, kept, takes_a_code


@pytest.fixture
def line(house: object) -> Line:
    """The line for youngsters."""
    return lines.get_line("youth")


def comes_back(code: str, line: Line) -> str:
    """Another browser, in which the code offers to go on."""
    browser = enters(code, line)
    assert browser is not None
    way = continuing.way_back(browser, line)
    assert way is not None
    assert (way.goes_on, way.cut_off) == (False, True)
    return browser


def told_before(visit: Visit, line: Line) -> list[list[str]]:
    """What the next counsellor reads of earlier chats, by part."""
    ben = a_counsellor()
    service.accept(ben, visit.chat)
    texts = continuing.staff_before(ben, visit.chat)
    parts = {text["part"] for text in texts}
    return [[text["body"] for text in texts if text["part"] == part] for part in sorted(parts)]


@pytest.mark.parametrize("how", ["lost", "left", "unanswered", "quick exit"])
def test_who_drops_out_of_the_queue_does_not_have_to_tell_it_again(line: Line, time: StoppedClock, how: str) -> None:
    code, first = cut_off(line, a_counsellor(), time, "the worst")
    second = joins(comes_back(code, line), line, go_on=True)
    second.says("are you there?")
    if how == "lost":
        time.passes(silent=[second], minutes=4)
    elif how == "left":
        service.leave(second.visitor)
    elif how == "unanswered":
        time.passes(minutes=61)
    else:
        service.quick_exit(second.cookie)
    assert (second.state, second.row.started_at) == ("ended", None)
    back = comes_back(code, line)
    third = joins(back, line, go_on=True)
    assert (third.row.cut_off, kept(back, line).record.chat) == (True, third.chat)
    assert told_before(third, line) == [["the worst"], ["are you there?"]]
    assert first.row.reason == "lost"


def test_the_same_form_twice_goes_on_too(line: Line, time: StoppedClock) -> None:
    code, first = cut_off(line, a_counsellor(), time, "the worst")
    browser = comes_back(code, line)
    for _ in range(continuing.MOST_PARTS + 2):
        last = joins(browser, line, go_on=True)
        assert last.row.continues == first.chat, "nothing was said in those between"
    assert told_before(last, line) == [["the worst"]]


def test_who_lost_the_counsellor_and_was_not_answered_again_goes_on(line: Line, time: StoppedClock) -> None:
    anna = a_counsellor()
    visit = a_chat(held_by=anna)
    visit.says("the worst")
    keeps(visit, summary=False)
    code = takes_a_code(visit.cookie, line)
    service.hand_over(anna, visit.chat, "queue")
    time.passes(minutes=61)
    assert (visit.state, visit.row.reason) == ("ended", "unanswered")
    again = joins(comes_back(code, line), line, go_on=True)
    assert (again.row.continues, again.row.cut_off) == (visit.chat, True)


def test_what_goes_on_already_is_not_begun_a_second_time(line: Line, time: StoppedClock) -> None:
    """Telephone and laptop have the same code: one place ahead in the queue, not two."""
    code, first = cut_off(line, a_counsellor(), time, "the worst")
    joins(comes_back(code, line), line, go_on=True)
    assert continuing.offered(first.cookie, line) is None
    assert joins(first.cookie, line, go_on=True).row.continues is None
