"""What each side sees of chats, queue and board: plain dictionaries, as the protocol sends them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpline import clock
from helpline.chat import keys, routing, store
from helpline.chat.models import Chat, Message
from helpline.chat.states import State
from helpline.chat.store import Glimpse
from helpline.chat.writer import open_text
from helpline.contacts import service as contacts
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.staff import duties
from helpline.staff import service as staff
from helpline.staff.duties import OnDuty
from helpline.staff.service import Member

USUAL_MINUTES = 25.0
# So many of the queue are listed on a counsellor's screen; how many wait in all is on the board.
MOST_IN_QUEUE = 100
RECENT = timedelta(days=7)
Sight = dict[str, Any]


@lru_cache(maxsize=4096)
def mark(chat: str) -> str:
    """What tells a visitor's page one chat from another, and nothing else: a page never learns the chat's id."""
    return hashlib.sha256(f"mark:{chat}".encode()).hexdigest()[:16]


def texts(session: Session, chat: Chat, stream: str, after: int) -> list[Sight]:
    """The texts after `seq` `after`, opened, in order; KeyDestroyed once the chat's week is over."""
    if after >= (chat.talk_seq if stream == "talk" else chat.aside_seq):
        return []
    rows = store.messages_after(session, chat.id, stream, after)
    key = keys.key_of(chat)
    return [_text(row, key) for row in rows]


def _text(row: Message, key: bytes) -> Sight:
    return {
        "seq": row.seq,
        "client_id": row.client_id,
        "author": row.author,
        "body": open_text(row, key),
        "sent_at": clock.rfc3339(row.sent_at),
    }


@dataclass(frozen=True)
class LineSight:
    """Supply and demand of one line at one moment: honest estimates for all who wait. Lengths are minutes."""

    waiting: int
    on_duty: int
    capacity: int
    free: int
    usual_minutes: float

    def wait_minutes(self, place: int | None) -> int | None:
        """About how long the visitor at `place` (1 for the next) still waits; None when we can't say."""
        if place is None:
            return None
        return routing.estimate_minutes(place, self.free, self.capacity, self.usual_minutes)

    def newcomer_minutes(self) -> int | None:
        """About how long somebody who joined now would wait."""
        return self.wait_minutes(self.waiting + 1)


def line_sight(session: Session, line: Line, now: datetime, known: list[OnDuty] | None = None) -> LineSight:
    """How the line stands now; `known` saves asking who is on duty."""
    everybody = duties.everybody() if known is None else known
    on_duty = [
        member
        for member in everybody
        if member.state != "away" and member.line == line.slug and member.fresh(now, line.counsellor_lost_seconds)
    ]
    wrap_ups = contacts.open_wrap_ups()
    serving = {
        member.account: routing.places(
            member.capacity, wrap_ups.get(member.account, 0), line.wrap_ups_open, danger=False
        )
        for member in on_duty
        if member.state == "available"
    }
    capacity = sum(serving.values())
    return LineSight(
        waiting=store.queue_length(session, line.slug),
        on_duty=len(on_duty),
        capacity=capacity,
        free=capacity - _places_taken(session, serving),
        usual_minutes=_usual_minutes(session, line.slug, now),
    )


def _places_taken(session: Session, capacity: dict[str, int]) -> int:
    """How many places of these counsellors are in use; a chat in danger takes all of its counsellor's."""
    held = select(Chat.counsellor, Chat.danger).where(Chat.state == State.ACTIVE, Chat.counsellor.in_(capacity))
    taken = dict.fromkeys(capacity, 0)
    for account, danger in session.execute(held):
        taken[account] += capacity[account] if danger == routing.Danger.YES else 1
    return sum(min(number, capacity[account]) for account, number in taken.items())


def _usual_minutes(session: Session, line: str, now: datetime) -> float:
    """Mean length of this line's recent chats in minutes; a usual one while there are too few to tell."""
    recent = (
        select(Chat.started_at, Chat.ended_at)
        .where(Chat.line == line, Chat.state == State.ENDED, Chat.started_at.is_not(None))
        .where(Chat.ended_at > now - RECENT)
        .order_by(Chat.ended_at.desc())
        .limit(50)
    )
    lengths = [(end - start).total_seconds() / 60 for start, end in session.execute(recent) if start and end]
    return max(1.0, sum(lengths) / len(lengths)) if len(lengths) >= 5 else USUAL_MINUTES


def visitor_state(chat: Chat | Glimpse, sight: LineSight | None, place: int | None) -> Sight:
    """`{state, position, wait_minutes, reason}`; position and estimate only while waiting or offered."""
    return {
        "state": chat.state,
        "position": place,
        "wait_minutes": sight.wait_minutes(place) if sight else None,
        "reason": chat.reason,
    }


def visitor_state_now(session: Session, chat: Chat, now: datetime) -> Sight:
    """The state of one chat as its visitor sees it at this moment."""
    if not waits(chat):
        return visitor_state(chat, None, None)
    sight = recent_sights.get(chat.line, now)
    if sight is None:
        # Only where another process dispatches: of many who ask, one looks.
        sight = line_sight(session, lines.get_line(chat.line), now)
        recent_sights.keep(chat.line, sight, {}, now)
    place = recent_sights.place(chat.line, chat.id, now) or store.place_in_queue(session, chat)
    return visitor_state(chat, sight, place)


class RecentSights:
    """How each line stood at the last look, two seconds ago at most: estimates need nothing newer."""

    KEPT = timedelta(seconds=2)

    def __init__(self) -> None:
        self._on = False
        self._kept: dict[str, tuple[LineSight, dict[str, int], datetime]] = {}

    def switch_on(self) -> None:
        """From now on remember; for a process whose dispatcher looks every second."""
        self._on = True

    def keep(self, line: str, sight: LineSight, places: dict[str, int], now: datetime) -> None:
        """Remember a look, and the place of each chat that waited."""
        if self._on:
            self._kept[line] = (sight, places, now)

    def get(self, line: str, now: datetime) -> LineSight | None:
        """The last look, None when it is too long ago."""
        kept = self._kept.get(line)
        return kept[0] if kept is not None and timedelta(0) <= now - kept[2] <= self.KEPT else None

    def place(self, line: str, chat: str, now: datetime) -> int | None:
        """The place of a waiting chat at the last look; None when that is too long ago or did not see it."""
        return self._kept[line][1].get(chat) if self.get(line, now) else None

    def forget(self) -> None:
        """Nothing was looked at yet."""
        self._kept.clear()


recent_sights = RecentSights()


def waits(chat: Chat | Glimpse) -> bool:
    """Nobody has taken the chat yet, or nobody has it any longer."""
    return chat.state in (State.WAITING, State.OFFERED)


def in_queue(chat: Chat | Glimpse, now: datetime) -> Sight:
    """One line of the counsellors' queue list."""
    return {
        "chat": chat.id,
        "line": chat.line,
        "language": chat.language,
        "danger": chat.danger,
        "distress": chat.distress,
        "waited_s": waited_s(chat, now),
    }


def waited_s(chat: Chat | Glimpse, now: datetime) -> int:
    """Whole seconds since the visitor joined."""
    return max(0, int((now - chat.joined_at).total_seconds()))


def offer(chat: Chat, now: datetime) -> Sight:
    """A ringing chat, as its counsellor gets it."""
    assert chat.offer_expires_at is not None  # noqa: S101 - an offer always has an end
    return in_queue(chat, now) | {"name": chat.name, "expires_at": clock.rfc3339(chat.offer_expires_at)}


def in_hand(session: Session, chat: Chat, now: datetime) -> Sight:
    """One of the counsellor's own chats; `unread` counts the visitor's texts alone."""
    line = lines.get_line(chat.line)
    return {
        "chat": chat.id,
        "name": chat.name,
        "line": chat.line,
        "time_zone": line.time_zone,
        "state": chat.state,
        "last_seq": {"talk": chat.talk_seq, "aside": chat.aside_seq},
        "unread": store.unread(session, chat),
        "language": chat.language,
        "danger": chat.danger,
        "distress": chat.distress,
        "joined_at": clock.rfc3339(chat.joined_at),
        "introduced_at": None if chat.introduced_at is None else clock.rfc3339(chat.introduced_at),
        "beside": chat.beside,
        "peer": peer(chat, now, line.silent_seconds),
    }


def peer(chat: Chat, now: datetime, silent_seconds: int) -> str:
    """`here` while the visitor is heard, `gone` after a silence."""
    return "gone" if (now - chat.visitor_seen_at).total_seconds() > silent_seconds else "here"


def queue_for(session: Session, lines: frozenset[str], now: datetime) -> list[Sight]:
    """The first of the queue of these lines, next one first: what waits and may be pulled; what rings is not in it."""
    wanted = select(Chat).where(Chat.line.in_(lines), Chat.state == State.WAITING).order_by(Chat.rank_at, Chat.id)
    wanted = wanted.limit(MOST_IN_QUEUE)
    return [in_queue(chat, now) for chat in session.scalars(wanted)]


def missed_today(line: str, now: datetime) -> int:
    """Missed contacts of the line's own day so far, those who left early apart."""
    return contacts.missed_on(line, lines.local(lines.get_line(line), now).date())


def console(session: Session, member: Member, now: datetime) -> Sight:
    """Everything a console needs to draw itself: duty, offers, chats in hand, queue and pending wrap-ups."""
    duty = staff.duty_of(member.id)
    held = store.chats_in_hand(session, member.id)
    pending = contacts.pending_wrap_ups(member.id)
    described = [item.chat for item in pending]
    names, reasons = store.names_of(session, described), store.reasons_of(session, described)
    return {
        "now": clock.rfc3339(now),
        "me": {"login": member.login, "name": member.name},
        "duty": {"state": duty.state, "line": duty.line, "capacity": duty.capacity},
        "offers": [offer(chat, now) for chat in held if chat.state == State.OFFERED],
        "chats": [in_hand(session, chat, now) for chat in held if chat.state == State.ACTIVE],
        "queue": queue_for(session, member.lines, now),
        "wrap_ups": [
            {
                "chat": item.chat,
                "name": names.get(item.chat, ""),
                "line": item.line,
                "time_zone": lines.get_line(item.line).time_zone,
                "ended_at": clock.rfc3339(item.ended_at),
                "minutes": item.minutes,
                "reason": reasons.get(item.chat),
            }
            for item in pending
        ],
        "wrap_ups_limit": lines.get_line(duty.line).wrap_ups_open if duty.line else 0,
    }
