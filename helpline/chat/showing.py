"""What everybody is shown of the last look: places and estimates, queues, boards, figures; only what changed."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from helpline import metrics
from helpline.chat import oversight, push, reading, store
from helpline.chat.states import State
from helpline.chat.store import Glimpse
from helpline.db import reading as reading_transaction
from helpline.lines.models import Line
from helpline.staff import duties
from helpline.staff.duties import OnDuty

POSITION_EVERY = timedelta(seconds=5)
MOST_PUSHES = 200

_shown_states: dict[str, tuple[dict[str, Any], datetime]] = {}
_shown_queues: dict[str, tuple[str, ...]] = {}
_shown_boards: dict[str, tuple[dict[str, Any], datetime]] = {}


def show(live: list[Glimpse], staff: list[OnDuty], lines: dict[str, Line], now: datetime) -> None:
    """Push positions, estimates, queues and boards that changed; each visitor at most every five seconds."""
    queues_of_lines: dict[str, list[Glimpse]] = {slug: [] for slug in lines}
    for chat in live:
        if reading.waits(chat):
            queues_of_lines[chat.line].append(chat)
    with reading_transaction() as session:
        sights = {slug: reading.line_sight(session, line, now, staff) for slug, line in lines.items()}
        looking = duties.lines_of_all()
        missed = {slug: reading.missed_today(slug, now) for slug in lines}
    for slug, sight in sights.items():
        places = {chat.id: place for place, chat in enumerate(queues_of_lines[slug], start=1)}
        reading.recent_sights.keep(slug, sight, places, now)
    _show_states(queues_of_lines, sights, now)
    _show_queues(looking, live, now)
    _show_boards({slug: oversight.board(live, slug, sights[slug], missed[slug], now) for slug in lines}, now)
    there = Counter((chat.line, chat.state) for chat in live)
    metrics.chats({(slug, state): there[slug, state] for slug in lines for state in store.LIVE})


def _show_states(queues: dict[str, list[Glimpse]], sights: dict[str, reading.LineSight], now: datetime) -> None:
    """Tell who waits where they stand now; a part each round, so that a long queue never stops the rest."""
    places = [(chat, place) for queue in queues.values() for place, chat in enumerate(queue, start=1)]
    news: dict[str, dict[str, Any]] = {}
    for chat, place in places:
        if len(news) == MOST_PUSHES:
            break
        before = _shown_states.get(chat.id)
        if before is not None and now - before[1] < POSITION_EVERY:
            continue
        state = reading.visitor_state(chat, sights[chat.line], place)
        if before is None or before[0] != state:
            news[chat.id] = state
    for chat_id in _still_so(news):
        _shown_states[chat_id] = (news[chat_id], now)
        push.visitor_state(chat_id, news[chat_id])
    for chat_id in _shown_states.keys() - {chat.id for chat, _ in places}:
        del _shown_states[chat_id]


def _still_so(news: dict[str, dict[str, Any]]) -> list[str]:
    """The chats that are still in the state the look saw: whoever was accepted since must not be told to wait."""
    if not news:
        return []
    with reading_transaction() as session:
        current = {chat.id: chat.state for chat in store.progress(session, news)}
    return [chat_id for chat_id, state in news.items() if current.get(chat_id) == state["state"]]


def _show_queues(looking: dict[str, frozenset[str]], live: list[Glimpse], now: datetime) -> None:
    seen: dict[frozenset[str], tuple[tuple[str, ...], list[dict[str, Any]]]] = {}
    for own in set(looking.values()):
        waiting = (chat for chat in live if chat.state == State.WAITING and chat.line in own)
        queue = list(islice(waiting, reading.MOST_IN_QUEUE))
        seen[own] = (tuple(chat.id for chat in queue), [reading.in_queue(chat, now) for chat in queue])
    for account, own in looking.items():
        gist, shown = seen[own]
        if _shown_queues.get(account) != gist:
            _shown_queues[account] = gist
            push.queue(account, shown)


def _show_boards(boards: dict[str, dict[str, Any]], now: datetime) -> None:
    for slug, board in boards.items():
        before = _shown_boards.get(slug)
        gist = {name: value for name, value in board.items() if name != "longest_wait_s"}
        same = before is not None and {n: v for n, v in before[0].items() if n != "longest_wait_s"} == gist
        if before is not None and same and (not board["waiting"] or now - before[1] < POSITION_EVERY):
            continue
        _shown_boards[slug] = (board, now)
        for account in duties.supervisors(slug):
            push.board(account, {slug: board})


def forget() -> None:
    """Nobody has been shown anything yet, or another process shows it."""
    _shown_states.clear()
    _shown_queues.clear()
    _shown_boards.clear()
