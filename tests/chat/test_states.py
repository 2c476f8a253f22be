"""Every pair of state and action, legal or not, and the cause of every missed contact."""

import itertools

import pytest

from helpline.chat.states import (
    END_REASON,
    TRANSITIONS,
    Action,
    Cause,
    Reason,
    State,
    WrongState,
    missed_cause,
    step,
)

# Written out by hand, apart from the table that is tested. '-' is refused.
EXPECTED = """
                 waiting  offered  active   ended
offer            offered  -        -        -
accept           active   active   -        -
decline          -        waiting  -        -
expire           -        waiting  -        -
withdraw         -        waiting  -        -
hand_over        -        -        waiting  -
counsellor_lost  -        -        waiting  -
end              -        -        ended    -
leave            ended    ended    ended    -
lose             ended    ended    ended    -
emergency_exit   ended    ended    ended    -
give_up          ended    ended    -        -
close_line       ended    ended    -        -
"""


def _expected() -> dict[tuple[State, Action], State | None]:
    header, *rows = [line.split() for line in EXPECTED.strip().splitlines()]
    return {
        (State(state), Action(name)): None if after == "-" else State(after)
        for name, *cells in rows
        for state, after in zip(header, cells, strict=True)
    }


PAIRS = _expected()
LEGAL = [(pair, after) for pair, after in PAIRS.items() if after is not None]
ILLEGAL = [pair for pair, after in PAIRS.items() if after is None]


def test_no_pair_of_state_and_action_is_left_unsaid() -> None:
    assert set(PAIRS) == set(itertools.product(State, Action))
    assert dict(LEGAL) == TRANSITIONS


@pytest.mark.parametrize(("pair", "after"), LEGAL, ids=str)
def test_a_chat_takes_what_the_table_allows(pair: tuple[State, Action], after: State) -> None:
    assert step(*pair) is after


@pytest.mark.parametrize("pair", ILLEGAL, ids=str)
def test_a_chat_refuses_everything_else_by_one_named_error(pair: tuple[State, Action]) -> None:
    with pytest.raises(WrongState) as refused:
        step(*pair)
    assert (refused.value.state, refused.value.action) == pair
    assert str(refused.value) == f"a chat that is {pair[0].value} does not take {pair[1].value}"


@pytest.mark.parametrize("action", Action)
def test_an_ended_chat_stays_ended(action: Action) -> None:
    with pytest.raises(WrongState):
        step(State.ENDED, action)


@pytest.mark.parametrize("action", [Action.OFFER, Action.ACCEPT])
def test_a_chat_that_a_counsellor_has_is_neither_offered_nor_accepted_again(action: Action) -> None:
    with pytest.raises(WrongState):
        step(State.ACTIVE, action)


def test_a_chat_pulled_from_the_queue_and_one_accepted_after_ringing_are_both_active() -> None:
    assert step(State.WAITING, Action.ACCEPT) is State.ACTIVE
    assert step(step(State.WAITING, Action.OFFER), Action.ACCEPT) is State.ACTIVE


def test_every_way_to_end_a_chat_has_its_own_reason() -> None:
    ending = {action for (_, action), after in TRANSITIONS.items() if after is State.ENDED}
    assert set(END_REASON) == ending
    assert sorted(END_REASON.values()) == sorted(Reason)


def test_nothing_but_an_ending_action_gives_a_reason() -> None:
    going_on = {action for (_, action), after in TRANSITIONS.items() if after is not State.ENDED}
    assert going_on.isdisjoint(END_REASON)


@pytest.mark.parametrize(
    ("reason", "on_duty", "cause"),
    [
        (Reason.LINE_CLOSED, True, Cause.CLOSED),
        (Reason.LINE_CLOSED, False, Cause.CLOSED),
        (Reason.LEFT, True, Cause.LEFT),
        (Reason.LEFT, False, Cause.NOBODY_ON_DUTY),
        (Reason.UNANSWERED, True, Cause.UNANSWERED),
        (Reason.UNANSWERED, False, Cause.NOBODY_ON_DUTY),
        (Reason.LOST, True, Cause.LOST),
        (Reason.LOST, False, Cause.LOST),
        (Reason.EMERGENCY_EXIT, True, Cause.EMERGENCY_EXIT),
        (Reason.EMERGENCY_EXIT, False, Cause.EMERGENCY_EXIT),
    ],
)
def test_a_missed_contact_is_counted_with_its_cause(reason: Reason, on_duty: bool, cause: Cause) -> None:
    assert missed_cause(reason, 300, on_duty, 10) is cause


@pytest.mark.parametrize("on_duty", [True, False])
@pytest.mark.parametrize(("waited_s", "early"), [(0, True), (9.9, True), (10, True), (10.1, False)])
def test_a_visitor_who_leaves_within_ten_seconds_left_early_whoever_was_on_duty(
    waited_s: float, early: bool, on_duty: bool
) -> None:
    assert (missed_cause(Reason.LEFT, waited_s, on_duty, 10) is Cause.LEFT_EARLY) is early


@pytest.mark.parametrize("reason", [Reason.LOST, Reason.EMERGENCY_EXIT, Reason.UNANSWERED, Reason.LINE_CLOSED])
def test_only_leaving_counts_as_left_early(reason: Reason) -> None:
    assert missed_cause(reason, 3, True, 10) is not Cause.LEFT_EARLY


def test_a_quick_exit_within_ten_seconds_is_still_an_emergency_exit() -> None:
    assert missed_cause(Reason.EMERGENCY_EXIT, 3, False, 10) is Cause.EMERGENCY_EXIT


def test_a_finished_chat_is_never_counted_as_missed() -> None:
    with pytest.raises(ValueError, match="finished"):
        missed_cause(Reason.FINISHED, 300, True, 10)
