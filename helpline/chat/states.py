"""What a chat may do next: one table, and one named error for everything else. Pure."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a chat is. Only `ended` is final."""

    WAITING = "waiting"
    OFFERED = "offered"
    ACTIVE = "active"
    ENDED = "ended"


class Action(StrEnum):
    """What happens to a chat, whoever or whatever does it."""

    OFFER = "offer"
    ACCEPT = "accept"
    DECLINE = "decline"
    EXPIRE = "expire"
    WITHDRAW = "withdraw"
    """The counsellor whose offer was open is no longer available."""
    HAND_OVER = "hand_over"
    COUNSELLOR_LOST = "counsellor_lost"
    END = "end"
    """The counsellor closes the conversation."""
    LEAVE = "leave"
    """The visitor goes, saying so."""
    LOSE = "lose"
    """The visitor has been silent for too long."""
    EMERGENCY_EXIT = "emergency_exit"
    GIVE_UP = "give_up"
    """The longest wait is over and nobody answered."""
    CLOSE_LINE = "close_line"


class Reason(StrEnum):
    """Why a chat ended."""

    FINISHED = "finished"
    LEFT = "left"
    LOST = "lost"
    EMERGENCY_EXIT = "emergency_exit"
    UNANSWERED = "unanswered"
    LINE_CLOSED = "line_closed"


class Cause(StrEnum):
    """Why a contact was missed. `left_early` is kept apart and not in the total."""

    CLOSED = "closed"
    NOBODY_ON_DUTY = "nobody_on_duty"
    QUEUE_FULL = "queue_full"
    LEFT = "left"
    LOST = "lost"
    EMERGENCY_EXIT = "emergency_exit"
    UNANSWERED = "unanswered"
    LEFT_EARLY = "left_early"


class WrongState(Exception):
    """A chat in this state does not take this action."""

    def __init__(self, state: State, action: Action) -> None:
        super().__init__(f"a chat that is {state} does not take {action}")
        self.state = state
        self.action = action


TRANSITIONS: dict[tuple[State, Action], State] = {
    (State.WAITING, Action.OFFER): State.OFFERED,
    (State.WAITING, Action.ACCEPT): State.ACTIVE,
    (State.WAITING, Action.LEAVE): State.ENDED,
    (State.WAITING, Action.LOSE): State.ENDED,
    (State.WAITING, Action.EMERGENCY_EXIT): State.ENDED,
    (State.WAITING, Action.GIVE_UP): State.ENDED,
    (State.WAITING, Action.CLOSE_LINE): State.ENDED,
    (State.OFFERED, Action.ACCEPT): State.ACTIVE,
    (State.OFFERED, Action.DECLINE): State.WAITING,
    (State.OFFERED, Action.EXPIRE): State.WAITING,
    (State.OFFERED, Action.WITHDRAW): State.WAITING,
    (State.OFFERED, Action.LEAVE): State.ENDED,
    (State.OFFERED, Action.LOSE): State.ENDED,
    (State.OFFERED, Action.EMERGENCY_EXIT): State.ENDED,
    (State.OFFERED, Action.GIVE_UP): State.ENDED,
    (State.OFFERED, Action.CLOSE_LINE): State.ENDED,
    (State.ACTIVE, Action.HAND_OVER): State.WAITING,
    (State.ACTIVE, Action.COUNSELLOR_LOST): State.WAITING,
    (State.ACTIVE, Action.END): State.ENDED,
    (State.ACTIVE, Action.LEAVE): State.ENDED,
    (State.ACTIVE, Action.LOSE): State.ENDED,
    (State.ACTIVE, Action.EMERGENCY_EXIT): State.ENDED,
}

END_REASON: dict[Action, Reason] = {
    Action.END: Reason.FINISHED,
    Action.LEAVE: Reason.LEFT,
    Action.LOSE: Reason.LOST,
    Action.EMERGENCY_EXIT: Reason.EMERGENCY_EXIT,
    Action.GIVE_UP: Reason.UNANSWERED,
    Action.CLOSE_LINE: Reason.LINE_CLOSED,
}

_CAUSE_OF: dict[Reason, Cause] = {
    Reason.LINE_CLOSED: Cause.CLOSED,
    Reason.LEFT: Cause.LEFT,
    Reason.LOST: Cause.LOST,
    Reason.EMERGENCY_EXIT: Cause.EMERGENCY_EXIT,
    Reason.UNANSWERED: Cause.UNANSWERED,
}


def step(state: State, action: Action) -> State:
    """The state after `action`; raises WrongState where the table has no such step."""
    try:
        return TRANSITIONS[state, action]
    except KeyError:
        raise WrongState(state, action) from None


def missed_cause(reason: Reason, waited_s: float, someone_on_duty: bool, left_early_s: float) -> Cause:
    """The cause under which a chat that was never answered is counted.

    `waited_s` is the whole wait in seconds; `someone_on_duty` is true if anybody fitting was on duty at
    any moment of it. Whoever left within `left_early_s` gave nobody a chance, so that goes first. A chat
    can't be finished without having been answered: that raises ValueError.
    """
    if reason is Reason.FINISHED:
        raise ValueError("a finished chat was answered, so it is not a missed contact")
    if reason is Reason.LEFT and waited_s <= left_early_s:
        return Cause.LEFT_EARLY
    if reason in (Reason.LEFT, Reason.UNANSWERED) and not someone_on_duty:
        return Cause.NOBODY_ON_DUTY
    return _CAUSE_OF[reason]
