"""What a letter may do next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from helpline.letters.states import (
    OVER,
    TRANSITIONS,
    UNANSWERED,
    Action,
    State,
    WrongState,
    due,
    hour_of,
    hours_waited,
    missed_cause,
    step,
)

NOON = datetime(2026, 3, 2, 12, 34, 56, 789, tzinfo=UTC)
S, A = State, Action


@pytest.mark.parametrize(
    "way",
    [
        [(A.CLAIM, S.CLAIMED), (A.SAVE, S.DRAFTED), (A.ANSWER, S.ANSWERED), (A.REPLY, S.WAITING)],
        [(A.CLAIM, S.CLAIMED), (A.SUBMIT, S.CHECKING), (A.SEND_BACK, S.DRAFTED), (A.SUBMIT, S.CHECKING),
         (A.APPROVE, S.ANSWERED), (A.CLOSE, S.CLOSED), (A.REPLY, S.WAITING)],
        [(A.CLAIM, S.CLAIMED), (A.RELEASE, S.WAITING), (A.REPLY, S.WAITING), (A.CLAIM, S.CLAIMED)],
        [(A.CLAIM, S.CLAIMED), (A.SUBMIT, S.CHECKING), (A.REPLY, S.DRAFTED)],
    ],
)  # fmt: skip
def test_ways_through(way: list[tuple[Action, State]]) -> None:
    state = S.WAITING
    for action, became in way:
        state = step(state, action)
        assert state == became


@pytest.mark.parametrize(("state", "action"), list(product(State, Action)))
def test_every_pair_is_a_step_or_the_named_error(state: State, action: Action) -> None:
    if (state, action) in TRANSITIONS:
        assert step(state, action) in State
        return
    with pytest.raises(WrongState, match=f"is {state} does not take {action}"):
        step(state, action)


def test_nothing_leads_out_of_the_end_and_everything_leads_there() -> None:
    assert not [pair for pair in TRANSITIONS if pair[0] in OVER]
    for state in set(State) - set(OVER):
        assert (step(state, A.ERASE), step(state, A.EXPIRE)) == (S.ERASED, S.EXPIRED)
        assert state is S.WAITING or step(state, A.REPLY) in UNANSWERED


def test_only_what_was_waiting_for_an_answer_becomes_answered() -> None:
    from_where = {state for (state, _), became in TRANSITIONS.items() if became is S.ANSWERED}
    assert from_where == {S.CLAIMED, S.DRAFTED, S.CHECKING}


def test_times_are_whole_hours() -> None:
    assert hour_of(NOON) == datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert due(NOON, 48) == datetime(2026, 3, 4, 12, tzinfo=UTC)
    assert hours_waited(NOON, NOON + timedelta(minutes=30)) == 1
    assert hours_waited(NOON, NOON + timedelta(minutes=20)) == 0
    assert hours_waited(NOON, NOON - timedelta(hours=3)) == 0, "clocks differ"


def test_why_a_letter_was_missed() -> None:
    assert missed_cause(A.ERASE, confirmed=True) == "left"
    assert missed_cause(A.ERASE, confirmed=False) == "left_early"
    assert missed_cause(A.EXPIRE, confirmed=False) == missed_cause(A.CLOSE, confirmed=True) == "unanswered"
