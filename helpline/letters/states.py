"""What a letter may do next: one table, and one named error for everything else. Pure.

A round begins when the visitor writes and ends with an answer. Whatever the visitor adds before that belongs to the
same round; a text that comes while a colleague reads the draft brings it back to whoever wrote it, for the draft
knows nothing of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum


class State(StrEnum):
    """Where a letter is. `erased` and `expired` are final: nothing of the letter is left then."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    DRAFTED = "drafted"
    CHECKING = "checking"
    """A second reader has the draft."""
    ANSWERED = "answered"
    CLOSED = "closed"
    ERASED = "erased"
    EXPIRED = "expired"


class Action(StrEnum):
    """What happens to a letter, whoever or whatever does it."""

    CLAIM = "claim"
    RELEASE = "release"
    SAVE = "save"
    """A draft is kept."""
    SUBMIT = "submit"
    """The draft goes to a second reader."""
    TAKE_BACK = "take_back"
    """Whoever wrote the draft wants to go on with it."""
    SEND_BACK = "send_back"
    APPROVE = "approve"
    """The second reader sends the draft as it is."""
    ANSWER = "answer"
    REPLY = "reply"
    """The visitor writes again."""
    CLOSE = "close"
    ERASE = "erase"
    EXPIRE = "expire"


class WrongState(Exception):
    """A letter in this state does not take this action."""

    def __init__(self, state: State, action: Action) -> None:
        super().__init__(f"a letter that is {state} does not take {action}")
        self.state = state
        self.action = action


IN_HAND = (State.CLAIMED, State.DRAFTED, State.CHECKING)
UNANSWERED = (State.WAITING, *IN_HAND)
OVER = (State.ERASED, State.EXPIRED)

TRANSITIONS: dict[tuple[State, Action], State] = {
    (State.WAITING, Action.CLAIM): State.CLAIMED,
    (State.WAITING, Action.REPLY): State.WAITING,
    (State.CLAIMED, Action.RELEASE): State.WAITING,
    (State.CLAIMED, Action.SAVE): State.DRAFTED,
    (State.CLAIMED, Action.SUBMIT): State.CHECKING,
    (State.CLAIMED, Action.ANSWER): State.ANSWERED,
    (State.CLAIMED, Action.REPLY): State.CLAIMED,
    (State.CLAIMED, Action.CLOSE): State.CLOSED,
    (State.DRAFTED, Action.RELEASE): State.WAITING,
    (State.DRAFTED, Action.SAVE): State.DRAFTED,
    (State.DRAFTED, Action.SUBMIT): State.CHECKING,
    (State.DRAFTED, Action.ANSWER): State.ANSWERED,
    (State.DRAFTED, Action.REPLY): State.DRAFTED,
    (State.DRAFTED, Action.CLOSE): State.CLOSED,
    (State.CHECKING, Action.RELEASE): State.WAITING,
    (State.CHECKING, Action.TAKE_BACK): State.DRAFTED,
    (State.CHECKING, Action.SEND_BACK): State.DRAFTED,
    (State.CHECKING, Action.APPROVE): State.ANSWERED,
    (State.CHECKING, Action.REPLY): State.DRAFTED,
    (State.ANSWERED, Action.REPLY): State.WAITING,
    (State.ANSWERED, Action.CLOSE): State.CLOSED,
    (State.CLOSED, Action.REPLY): State.WAITING,
    # Whoever holds the code may erase it at any moment, and its time may be over at any moment.
    **{(state, Action.ERASE): State.ERASED for state in State if state not in OVER},
    **{(state, Action.EXPIRE): State.EXPIRED for state in State if state not in OVER},
}


def step(state: State, action: Action) -> State:
    """The state after `action`; raises WrongState where the table has no such step."""
    try:
        return TRANSITIONS[state, action]
    except KeyError:
        raise WrongState(state, action) from None


def hour_of(moment: datetime) -> datetime:
    """The hour in which it is: no letter knows its time more exactly."""
    return moment.replace(minute=0, second=0, microsecond=0)


def due(waiting_since: datetime, target_hours: int) -> datetime:
    """Until when the line wants to have answered; counted from the beginning of the hour, to nobody's favour but the
    visitor's."""
    return hour_of(waiting_since) + timedelta(hours=target_hours)


def hours_waited(waiting_since: datetime, answered_at: datetime) -> int:
    """Whole hours from one to the other, never less than none."""
    return max(0, int((hour_of(answered_at) - hour_of(waiting_since)).total_seconds() // 3600))


def missed_cause(action: Action, *, confirmed: bool) -> str:
    """Under which cause a letter is counted that nobody answered and that is over by `action`.

    Whoever erases it before having kept the code hardly wanted to write: that is left early, which no total holds.
    """
    if action is Action.ERASE:
        return "left" if confirmed else "left_early"
    return "unanswered"
