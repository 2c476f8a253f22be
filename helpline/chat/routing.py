"""Who gets which waiting chat. Pure: the same code in production, in the simulator and in the tests.

Visitors stand in the order of the time they joined minus a head start that is fixed when they join, so
the order can be sorted and nobody starves: whoever joined more than MOST_HEAD_START earlier goes first.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

DANGER_HEAD_START = timedelta(minutes=60)
HANDED_OVER_HEAD_START = timedelta(minutes=30)
DISTRESS_HEAD_START = timedelta(minutes=2)
"""For each step of distress above the lowest."""
LEAST_DISTRESS, MOST_DISTRESS = 1, 5
# Whoever has wrap-ups to write may still have so many chats at once.
LEAST_PLACES = 2
# From here on most people have something better to do than to wait.
LONG_WAIT_MINUTES = 15
MOST_HEAD_START = DANGER_HEAD_START + HANDED_OVER_HEAD_START + (MOST_DISTRESS - LEAST_DISTRESS) * DISTRESS_HEAD_START


class Danger(StrEnum):
    """The visitor's answer to 'is anyone's life in danger now?'"""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


@dataclass(frozen=True)
class Waiting:
    """A chat in the queue that rings nowhere. `rank` is what rank() returned when the visitor joined."""

    chat: str
    line: str
    language: str
    danger: bool
    rank: datetime
    visitor_present: bool = True
    declined_by: frozenset[str] = frozenset()
    """Accounts that have just declined it: it is not offered to them."""
    missed_by: frozenset[str] = frozenset()
    """Accounts that let an offer of it expire: it is offered to them only when nobody else can take it."""


@dataclass(frozen=True)
class Counsellor:
    """Someone on duty. `line` is the one served now, `lines` those the account is qualified for."""

    account: str
    line: str
    lines: frozenset[str]
    languages: frozenset[str]
    available: bool
    fresh: bool
    """The heartbeat is recent."""
    load: int
    """Active chats and open offers."""
    capacity: int
    acute: bool
    """Has a chat in danger in hand, which fills the capacity."""
    idle_since: datetime
    wrap_ups: int = 0
    """Chats that are over and not described yet."""
    wrap_ups_limit: int = 0
    """With so many of them one place stays free; 0 for never."""


@dataclass(frozen=True)
class Assignment:
    """This chat is to be offered to this account."""

    chat: str
    account: str


def head_start(danger: str, distress: int, handed_over: bool) -> timedelta:
    """How much earlier than the others a visitor counts as having joined.

    `danger` is the answer itself, yes, no or unsure; `distress` is 1 to 5 (else ValueError);
    `handed_over` is true once the chat came back to the queue from a counsellor, however often.
    """
    if not LEAST_DISTRESS <= distress <= MOST_DISTRESS:
        raise ValueError(f"distress is {LEAST_DISTRESS} to {MOST_DISTRESS}, not {distress}")
    start = (distress - LEAST_DISTRESS) * DISTRESS_HEAD_START
    if Danger(danger) is Danger.YES:
        start += DANGER_HEAD_START
    if handed_over:
        start += HANDED_OVER_HEAD_START
    return start


def rank(joined_at: datetime, danger: str, distress: int, handed_over: bool = False) -> datetime:
    """The moment by which the queue is sorted: earlier is sooner. `joined_at` is kept when handed over."""
    return joined_at - head_start(danger, distress, handed_over)


def order(waiting: Iterable[Waiting]) -> list[Waiting]:
    """The queue, next one first; equal ranks in the order of their ids."""
    return sorted(waiting, key=lambda chat: (chat.rank, chat.chat))


def position(chat: str, waiting: Iterable[Waiting]) -> int:
    """The place of `chat` in the queue of its line, 1 for the next; LookupError if it isn't waiting.

    A visitor who is away for a moment still counts, so that nobody moves back when they return.
    """
    queue = order(waiting)
    for this in queue:
        if this.chat == chat:
            line = [other.chat for other in queue if other.line == this.line]
            return line.index(chat) + 1
    raise LookupError(chat)


def serves(line: str, language: str, counsellor: Counsellor) -> bool:
    """True if the counsellor is on duty on this line now and qualified for it and for the language."""
    return (
        counsellor.available
        and counsellor.fresh
        and counsellor.line == line
        and line in counsellor.lines
        and language in counsellor.languages
    )


def places(capacity: int, wrap_ups: int, wrap_ups_limit: int, danger: bool) -> int:
    """How many chats at once a counsellor may have, where one that comes now has this answer about danger.

    With as many wrap-ups open as the limit one place stays free, though never so that fewer than LEAST_PLACES are left
    by that. Nobody in danger waits for paperwork. Ending a chat opens one wrap-up and frees one place, so an
    offer that fitted when it was made still does.
    """
    if danger or not 0 < wrap_ups_limit <= wrap_ups:
        return capacity
    return min(capacity, max(LEAST_PLACES, capacity - 1))


def has_place(waiting: Waiting, counsellor: Counsellor) -> bool:
    """True if one chat more, this one, is not too many for the counsellor."""
    most = places(counsellor.capacity, counsellor.wrap_ups, counsellor.wrap_ups_limit, waiting.danger)
    return counsellor.load < most and not counsellor.acute


def fits(waiting: Waiting, counsellor: Counsellor) -> bool:
    """True if this chat may be offered to this counsellor now."""
    return (
        waiting.visitor_present
        and serves(waiting.line, waiting.language, counsellor)
        and has_place(waiting, counsellor)
        and counsellor.account not in waiting.declined_by
    )


def assign(waiting: Sequence[Waiting], counsellors: Sequence[Counsellor]) -> list[Assignment]:
    """Which chats to offer to whom, first come first.

    The whole backlog is gone through once in its order. Each chat goes to the counsellor with the lowest
    load, then the longest idle, then by account; each assignment counts as load for those that follow. A
    chat that nobody can take is passed over and blocks nobody. The order of the arguments is irrelevant.
    """
    staff = {counsellor.account: counsellor for counsellor in counsellors}
    assignments: list[Assignment] = []
    for chat in order(waiting):
        eligible = [counsellor for counsellor in staff.values() if fits(chat, counsellor)]
        if not eligible:
            continue
        best = min(eligible, key=lambda c: (c.account in chat.missed_by, c.load, c.idle_since, c.account))
        taken = staff[best.account] = replace(best, load=best.load + 1, acute=best.acute or chat.danger)
        if taken.load >= taken.capacity:
            del staff[best.account]
        assignments.append(Assignment(chat.chat, best.account))
    return assignments


def offers_letter(minutes: int | None, danger: str = Danger.NO) -> bool:
    """Whether the wait is long enough to offer a letter: by the estimate, and where nobody serves the line (None).

    Never in danger: an answer that comes in days is no help then, the emergency number is.
    """
    return danger != Danger.YES and (minutes is None or minutes >= LONG_WAIT_MINUTES)


def estimate_minutes(position: int, free: int, capacity: int, minutes_a_chat: float) -> int | None:
    """About how many whole minutes the visitor at `position` (1 = next) still waits, rounded up.

    `free` are the places nobody uses now, `capacity` all places of those who serve the line, and
    `minutes_a_chat` the usual length of a chat. With n busy places and chats of mean length m, one ends
    every m / n minutes. 0 means at once; None means that nobody serves the line, so we can't say.
    """
    if capacity <= 0:
        return None
    ahead = max(0, position - max(0, free))
    return math.ceil(ahead * minutes_a_chat / capacity)
