"""What the holder of the lease does whenever it is woken, and every second: expire, declare lost, close, dispatch."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from helpline import config, metrics
from helpline.chat import changes, push, reading, routing, store, wakeup
from helpline.chat.models import Chat
from helpline.chat.states import Action, State
from helpline.db import after_commit, random_key, transaction
from helpline.db import reading as reading_transaction
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.staff import duties
from helpline.staff.duties import OnDuty

LEASE = "dispatch"
LEASE_SECONDS = 5.0
POSITION_EVERY = timedelta(seconds=5)

_holder = random_key()
_away = threading.Event()
wait_for_work = wakeup.wait


def database_was_away() -> None:
    """After an outage nobody is declared lost until everybody had the time to be heard again."""
    _away.set()


def run(now: datetime) -> bool:
    """One round; False when another process holds the lease."""
    with transaction() as session:
        since = store.take_lease(session, LEASE, _holder, now, now + timedelta(seconds=LEASE_SECONDS))
        if since is None:
            return False
        if _away.is_set():
            since = _restart_grace(session, now)
        grace = now < since + timedelta(seconds=config.current().grace_seconds)
        by_slug = {line.slug: line for line in lines.all_lines()}
        live = store.lock_live_chats(session)
        duties.lock_several(session)
        staff = duties.everybody()
        _lose_counsellors(session, live, staff, by_slug, now, grace)
        for chat in live:
            _look_after(session, chat, by_slug[chat.line], staff, now, grace)
        _dispatch(session, live, by_slug, now)
    _away.clear()
    _show(now)
    return True


def _restart_grace(session: Session, now: datetime) -> datetime:
    lease = session.get(store.Lease, LEASE)
    if lease is not None:
        lease.since = now
    return now


def _lose_counsellors(
    session: Session, live: list[Chat], staff: list[OnDuty], by_slug: dict[str, Line], now: datetime, grace: bool
) -> None:
    """Whoever was not heard for too long goes off duty; their chats go back to the queue with a head start.

    The time of grace is for those who may come back; a closed account does not.
    """
    known = {member.account: member for member in staff}
    usual = min((line.counsellor_lost_seconds for line in by_slug.values()), default=60)
    for member in () if grace else staff:
        limit = by_slug[member.line].counsellor_lost_seconds if member.line in by_slug else usual
        if member.state != "away" and not member.fresh(now, limit):
            duties.send_away(member.account, now)
            _tell_duty(member, "lost")
    for chat in live:
        if chat.counsellor is None or chat.state not in store.IN_HAND:
            continue
        holder = known.get(chat.counsellor)
        silent = holder is not None and not holder.fresh(now, by_slug[chat.line].counsellor_lost_seconds)
        if holder is None or (silent and not grace):
            action = Action.COUNSELLOR_LOST if chat.state == State.ACTIVE else Action.WITHDRAW
            changes.back_to_queue(session, chat, action, now, why="duty")


def _tell_duty(member: OnDuty, why: str) -> None:
    view = {"state": "away", "line": member.line, "capacity": member.capacity}
    after_commit(lambda: push.duty(member.account, view, why))


def _look_after(session: Session, chat: Chat, line: Line, staff: list[OnDuty], now: datetime, grace: bool) -> None:
    """What time does to one chat."""
    silence = (now - chat.visitor_seen_at).total_seconds()
    limit = line.active_lost_seconds if chat.state == State.ACTIVE else line.waiting_lost_seconds
    if silence > limit and not grace:
        changes.finish(session, chat, Action.LOSE, now)
        return
    if chat.state == State.ACTIVE:
        return
    if not lines.opening(line, now).open:
        changes.finish(session, chat, Action.CLOSE_LINE, now)
        return
    if now - chat.waiting_since >= timedelta(minutes=line.longest_wait_minutes):
        changes.finish(session, chat, Action.GIVE_UP, now)
        return
    if not chat.someone_on_duty and any(_fitting(member, chat, line, now) for member in staff):
        chat.someone_on_duty = True
    if chat.state == State.OFFERED and chat.offer_expires_at is not None and chat.offer_expires_at <= now:
        _expire(session, chat, line, staff, now)


def _fitting(member: OnDuty, chat: Chat, line: Line, now: datetime) -> bool:
    """On duty for this chat's line and language, busy or not: the visitor had somebody to wait for."""
    return (
        member.state != "away"
        and member.line == chat.line
        and chat.line in member.lines
        and chat.language in member.languages
        and member.fresh(now, line.counsellor_lost_seconds)
    )


def _expire(session: Session, chat: Chat, line: Line, staff: list[OnDuty], now: datetime) -> None:
    """An offer nobody answered goes on; whoever seems not to be there goes off duty, unless nobody else is on it."""
    account = chat.counsellor
    if account is None or not changes.back_to_queue(session, chat, Action.EXPIRE, now, why="expired"):
        return
    store.remember_refusal(session, chat.id, account, "missed", now)
    in_a_row = duties.missed_an_offer(account)
    member = next((m for m in staff if m.account == account), None)
    if member is None or in_a_row < line.missed_offers_limit:
        return
    if member.typed_at is not None and now - member.typed_at < timedelta(seconds=line.typing_pause_seconds):
        return
    # Asked anew: whoever was sent away a moment ago in this very round is not there to take over.
    there = (m for m in duties.everybody() if m.account != account and m.state == "available")
    others = [m for m in there if _fitting(m, chat, line, now)]
    if others:
        duties.send_away(account, now)
        _tell_duty(member, "missed_offers")
    else:
        changes.alert_supervisors("unanswered_offers", chat)


def _dispatch(session: Session, live: list[Chat], by_slug: dict[str, Line], now: datetime) -> None:
    """Offer what waits to who can take it; offers of counsellors who can no longer take them go back first."""
    staff = duties.everybody()
    available = {(member.account, member.line) for member in staff if member.state == "available"}
    acute = {chat.counsellor for chat in live if chat.state == State.ACTIVE and chat.danger == routing.Danger.YES}
    waiting = []
    for chat in live:
        gone = (chat.counsellor, chat.line) not in available or chat.counsellor in acute
        if chat.state == State.OFFERED and gone:
            changes.back_to_queue(session, chat, Action.WITHDRAW, now, why="duty")
        if chat.state == State.WAITING:
            waiting.append(chat)
    if not waiting:
        return
    refused: dict[str, list[Any]] = {}
    for refusal in store.refusals(session, [chat.id for chat in waiting]):
        refused.setdefault(refusal.chat_id, []).append(refusal)
    chats = {chat.id: chat for chat in waiting}
    queue = [changes.as_waiting(c, refused.get(c.id, ()), now, by_slug[c.line]) for c in waiting]
    for assignment in routing.assign(queue, changes.counsellors(session, staff, now)):
        changes.offer(session, chats[assignment.chat], assignment.account, now)


# What everybody sees of it

_shown_states: dict[str, tuple[dict[str, Any], datetime]] = {}
_shown_queues: dict[str, list[tuple[Any, ...]]] = {}
_shown_boards: dict[str, tuple[dict[str, Any], datetime]] = {}


def _show(now: datetime) -> None:
    """Push positions, estimates, queues and boards that changed; each visitor at most every five seconds."""
    with reading_transaction() as session:
        staff = duties.everybody()
        live = store.live_chats(session)
        sights = {line.slug: reading.LineSight(session, line, now, staff) for line in lines.all_lines()}
        states = {c.id: reading.visitor_state(c, sights[c.line]) for c in live if reading.waits(c)}
        looking = duties.lines_of_all()
        seen = {own: reading.queue_for(session, own, now) for own in set(looking.values())}
        queues = {account: seen[own] for account, own in looking.items()}
        boards = _boards(session, live, sights, now)
    for chat_id in set(_shown_states) - set(states):
        del _shown_states[chat_id]
    for chat_id, state in states.items():
        before = _shown_states.get(chat_id)
        if before is None or (before[0] != state and now - before[1] >= POSITION_EVERY):
            _shown_states[chat_id] = (state, now)
            if before is not None:
                push.visitor_state(chat_id, state)
    for account, queue in queues.items():
        gist = [tuple(value for name, value in item.items() if name != "waited_s") for item in queue]
        if _shown_queues.get(account) != gist:
            _shown_queues[account] = gist
            push.queue(account, queue)
    _show_boards(boards, now)
    metrics.CHATS.clear()
    for slug, sight in sights.items():
        metrics.CHATS.labels(slug, "waiting").set(len(sight.queue))
        metrics.CHATS.labels(slug, "active").set(sum(c.line == slug and c.state == State.ACTIVE for c in live))


def _boards(
    session: Session, live: list[Chat], sights: dict[str, reading.LineSight], now: datetime
) -> dict[str, dict[str, Any]]:
    return {
        slug: {
            "waiting": len(sight.queue),
            "longest_wait_s": max((reading.waited_s(chat, now) for chat in sight.queue), default=0),
            "active": sum(chat.line == slug and chat.state == State.ACTIVE for chat in live),
            "on_duty": len(sight.on_duty),
            "missed_today": reading.missed_today(slug, now),
        }
        for slug, sight in sights.items()
    }


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
    """A new application has shown nobody anything yet."""
    _shown_states.clear()
    _shown_queues.clear()
    _shown_boards.clear()
    _away.clear()
