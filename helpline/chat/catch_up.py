"""Looking for ourselves while hints between processes can't be trusted: which of our clients has something to ask for.

A client that is pinged asks for everything it does not have. While the bus is healthy nothing is looked at, so whatever
was seen is forgotten then: the first look after that finds everything new, and asks everybody once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable, Iterable

from helpline import bus, clock, config
from helpline.chat import access, asked, push, routing, store
from helpline.chat.states import State
from helpline.chat.store import Progress
from helpline.db import random_key, reading, transaction
from helpline.staff import duties

PINGS_A_SECOND = 500
PINGS_AT_ONCE = 25
ALONE_SECONDS = 5.0

Place = tuple[str, str]
Sights = dict[Place, Hashable]

# What each room of our own clients was like at the last look; empty while hints are trusted.
_seen: Sights = {}
_back = threading.Event()
_own = f"{store.PROCESS}{random_key()[:8]}"


@bus.handler("back")
def _hints_are_back() -> None:
    _back.set()


def run() -> None:
    """One round: ping the rooms in which something has moved since the last one; nothing while hints are trusted.

    The round after a disturbance is the last one. When the subscription was broken it asks everybody: what came first
    when it was made anew may have been out of date.
    """
    global _seen
    trusted = _hints_arrive()
    back = _back.is_set()
    if trusted and not _seen and not back:
        return
    now = _look()
    moved = [place for place, sight in now.items() if back or place not in _seen or _seen[place] != sight]
    _seen = {} if trusted else now
    if back:
        _back.clear()
    _ping(moved)


def _hints_arrive() -> bool:
    settings = config.current()
    if settings.embedded:
        return True
    return bus.trusted() if settings.redis_url else _is_alone()


def _is_alone() -> bool:
    """No other process serves from this database: there is nobody who could give a hint."""
    now = clock.now()
    with transaction() as session:
        store.take_lease(session, _own, _own, now, ALONE_SECONDS)
        return not store.others_live(session, _own, now)


def _look() -> Sights:
    visited, consoles = push.chats_here(), push.staff_here()
    if not visited and not consoles:
        return {}
    with reading() as session:
        live = {chat.id: chat for chat in store.progress(session)}
        duty = duties.states(session)
        asked_now = asked.states(session)
    for account, heard in consoles.items():
        settle(account, {chat for chat in heard if chat not in live or live[chat].counsellor != account})
    alarms = frozenset(c.id for c in live.values() if c.danger == routing.Danger.YES and c.state != State.ACTIVE)
    held: dict[str | None, set[tuple[str, str]]] = {}
    for chat in live.values():
        held.setdefault(chat.counsellor, set()).add((chat.id, chat.state))
    shown = {account: _to_staff(heard, live) for account, heard in consoles.items()}
    # Staff first: each of them answers for several visitors.
    sights: Sights = {
        (push.CONSOLE, push.staff_room(account)): (
            duty.get(account),
            alarms,
            frozenset(held.get(account, ())),
            shown[account],
            asked_now,
        )
        for account in consoles
    }
    for visit in visited:
        sights[push.VISITOR, push.chat_room(visit)] = _to_visitor(live.get(visit))
    return sights


def _to_visitor(chat: Progress | None) -> Hashable:
    # No longer among the living: it has ended.
    return chat and (chat.state, chat.talk_seq, chat.counsellor_read, chat.beside)


def _to_staff(heard: Iterable[str], live: dict[str, Progress]) -> Hashable:
    return frozenset(
        (chat.id, chat.talk_seq, chat.aside_seq, chat.visitor_read, chat.introduced_at, chat.beside)
        for chat in map(live.get, heard)
        if chat is not None
    )


def _ping(places: list[Place]) -> None:
    """Spread, for all of them answer at once."""
    for number, (namespace, room) in enumerate(places, start=1):
        push.ping_here(namespace, room)
        if number % PINGS_AT_ONCE == 0:
            time.sleep(PINGS_AT_ONCE / PINGS_A_SECOND)


def settle(account: str, heard: set[str]) -> None:
    """Let the consoles of this account hear no more of those of these chats that are not theirs to see."""
    if not heard:
        return
    with reading() as session:
        gone = heard - access.may_hear(session, account, heard)
    for chat in gone:
        push.unsee_here(account, chat)


def forget() -> None:
    """A new application has looked at nothing yet."""
    _seen.clear()
    _back.clear()
