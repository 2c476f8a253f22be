"""How long answers took: honest, by counters alone."""

from __future__ import annotations

import statistics
from datetime import timedelta

import pytest
from sqlalchemy import select

from helpline import db
from helpline.contacts.models import LetterCount
from helpline.letters import service
from helpline.letters.figures import Figure, figure
from helpline.lines.models import Line
from tests.builders import StoppedClock
from tests.letters.writers import Answerer, a_letter


def test_too_few_answers_tell_nothing() -> None:
    assert figure([], 0) == Figure(0, 0, None, None)
    assert figure([(3, True, 4)], 2) == Figure(4, 2, None, None)


def test_who_should_have_been_answered_by_now_counts_against_it() -> None:
    assert figure([(5, True, 8)], 0) == Figure(8, 0, 5, 100)
    assert figure([(5, True, 8)], 8) == Figure(8, 8, 5, 50)
    assert figure([(5, True, 2), (90, False, 4)], 0) == Figure(6, 0, 90, 33)


@pytest.mark.parametrize("hours", [[1, 2, 3, 4, 5], [1, 1, 1, 9, 9, 9], [7] * 6, [1, 2, 3, 100, 200, 300, 400]])
def test_the_median_is_the_one_in_the_middle(hours: list[int]) -> None:
    counts = [(one, True, hours.count(one)) for one in set(hours)]
    assert figure(counts, 0).median_hours == statistics.median_high(hours)


def test_it_holds_the_last_four_weeks_of_its_line(line: Line, time: StoppedClock) -> None:
    for hours in (1, 2, 30, 31, 80):
        writer = a_letter()
        time.turn(hours=hours)
        Answerer(writer.id).claims().answers("we are here")
    assert service.figure(line, time.moment) == Figure(5, 0, 30, 80)
    a_letter()
    a_letter(line="prevention")
    time.turn(hours=71)
    assert service.figure(line, time.moment).overdue == 0
    time.turn(hours=2)
    assert service.figure(line, time.moment) == Figure(5, 1, 30, 66)
    assert service.figure(line, time.moment + timedelta(weeks=5)) == Figure(0, 1, None, None)


def test_a_wait_of_months_is_counted_as_one_of_a_month(line: Line, time: StoppedClock) -> None:
    writer = a_letter()
    time.turn(days=100)
    Answerer(writer.id).claims().answers("at last")
    with db.reading() as session:
        row = session.scalars(select(LetterCount)).one()
    assert (row.hours, row.in_time, row.count) == (31 * 24, False, 1)
