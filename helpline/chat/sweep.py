"""What the holder of the lease does whenever it is woken, and every second: expire, declare lost, close, dispatch."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice

from sqlalchemy.orm import Session

from helpline import config, metrics
from helpline.chat import changes, push, reading, routing, showing, store, wakeup
from helpline.chat.models import Chat, RefusedOffer
from helpline.chat.states import END_REASON, Action, State
from helpline.chat.store import Glimpse
from helpline.db import after_commit, random_key, transaction
from helpline.db import reading as reading_transaction
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.staff import duties
from helpline.staff.duties import OnDuty

LEASE = "dispatch"
LEASE_SECONDS = 4.0
# A look and a step at most so often a round; what is left is the next round's.
MOST_STEPS = 6
MOST_OFFERS = 10
# At closing time hundreds are due at once: no step holds their locks for long, or outlives the lease.
MOST_DUE = 20
MOST_HOPEFUL = 200
# A round comes every second. Whoever did none for so long was stopped itself, and could hear nobody.
STOOD_STILL = timedelta(seconds=15)

_holder = random_key()
_away = threading.Event()
_stopping = threading.Event()
# Since when this process has held the lease, by its own clock.
_since: datetime | None = None
_last_round: datetime | None = None
wait_for_work = wakeup.wait


def database_was_away() -> None:
    """After an outage nobody is declared lost until everybody had the time to be heard again."""
    _away.set()


@dataclass(frozen=True)
class _View:
    """Everything that is going on, read without a lock. What is to be done is read again under locks."""

    now: datetime
    grace: bool
    live: list[Glimpse]
    staff: list[OnDuty]
    lines: dict[str, Line]
    open: dict[str, bool]

    @cached_property
    def holders(self) -> dict[str | None, OnDuty]:
        """Staff by account."""
        return {member.account: member for member in self.staff}

    @cached_property
    def due(self) -> dict[str, Action]:
        """What time does now, by chat: first what brings somebody back to the queue, then the rest in its order."""
        found = {chat.id: action for chat in self.live if (action := _due_action(chat, self)) is not None}
        return dict(sorted(found.items(), key=lambda item: item[1] in END_REASON))

    @cached_property
    def acute(self) -> set[str | None]:
        """Who has a chat in danger in hand."""
        return {c.counsellor for c in self.live if c.state == State.ACTIVE and c.danger == routing.Danger.YES}


def run(now: datetime) -> bool:
    """One round; False when another process holds the lease.

    Most rounds find nothing to do and only look. What one step frees, the next look sees.
    """
    grace = _hold_lease(now)
    if grace is None:
        return False
    with metrics.SWEEP_SECONDS.time():
        _round(now, grace)
    return True


def _round(now: datetime, grace: bool) -> None:
    view = _look(now, grace)
    for step in range(MOST_STEPS):
        if step and not _take_lease(now):
            _hand_on()
            return
        _let_others()
        if tidied := _tidy(view):
            _let_others()
            view = _look(now, grace)
        if offered := _dispatch(view):
            _let_others()
            view = _look(now, grace)
        if not (tidied or offered):
            break
    else:
        wakeup.wake_here()
    _away.clear()
    _let_others()
    showing.show(view.live, view.staff, view.lines, now)


def _let_others() -> None:
    """With thousands of chats each step takes a while: who writes meanwhile does not wait for them all."""
    time.sleep(0)


def _hold_lease(now: datetime) -> bool | None:
    """Whether nobody may be declared lost yet; None while another process holds the lease."""
    global _since, _last_round
    if not _take_lease(now):
        if _since is not None:
            _hand_on()
        return None
    stood_still = _last_round is not None and now - _last_round > STOOD_STILL
    _last_round = now
    if _since is None or stood_still or _away.is_set():
        _since = now
    return now < _since + timedelta(seconds=config.current().grace_seconds)


def _take_lease(now: datetime) -> bool:
    with transaction() as session:
        return not _stopping.is_set() and store.take_lease(session, LEASE, _holder, now, LEASE_SECONDS)


def _hand_on() -> None:
    """Another process shows everybody what is going on from now on; what this one showed gets old."""
    global _since, _last_round
    _since = _last_round = None
    metrics.chats({})
    showing.forget()


def stop() -> None:
    """Give up the lease, so that another process goes on at once, and take it no more."""
    _stopping.set()
    with transaction() as session:
        store.give_up_lease(session, LEASE, _holder)
    _hand_on()


def _look(now: datetime, grace: bool) -> _View:
    with reading_transaction() as session:
        by_slug = {line.slug: line for line in lines.all_lines()}
        return _View(
            now=now,
            grace=grace,
            live=store.glimpses(session),
            staff=duties.everybody(),
            lines=by_slug,
            open={slug: lines.opening(line, now).open for slug, line in by_slug.items()},
        )


def _tidy(view: _View) -> bool:
    """Take everybody off duty who was lost, and some chats a step further that time asks for. True when it did."""
    lost = [member for member in view.staff if _is_lost(member, view)]
    due = list(islice(view.due, MOST_DUE))
    # What ends now comes first: its ledger asks whether there was anybody to wait for.
    in_turn = sorted(view.live, key=lambda chat: chat.id not in due)
    hopeful = list(islice((chat.id for chat in in_turn if _has_hope(chat, view)), MOST_HOPEFUL))
    if not (lost or due or hopeful):
        return False
    with transaction() as session:
        # All chats before all duties, as everybody does: nobody waits for each other.
        locked = store.lock_chats(session, {*due, *hopeful})
        duties.lock_several(session)
        if hopeful:
            store.note_someone_on_duty(session, hopeful)
        fresh = replace(view, staff=duties.everybody())
        for member in fresh.staff:
            if _is_lost(member, fresh):
                duties.send_away(member.account, view.now)
                _tell_duty(member, "lost")
        fresh = replace(fresh, staff=duties.everybody())
        for chat_id in due:
            chat = locked.get(chat_id)
            action = None if chat is None else _due_action(chat, fresh)
            if chat is not None and action is not None:
                _take(session, chat, action, fresh)
    return True


def _is_lost(member: OnDuty, view: _View) -> bool:
    """Whoever was not heard for too long goes off duty."""
    usual = min((line.counsellor_lost_seconds for line in view.lines.values()), default=60)
    line = view.lines.get(member.line or "")
    limit = line.counsellor_lost_seconds if line is not None else usual
    return not view.grace and member.state != "away" and not member.fresh(view.now, limit)


def _due_action(chat: Chat | Glimpse, view: _View) -> Action | None:
    """What time does to this chat now, if anything."""
    line = view.lines[chat.line]
    silence = (view.now - chat.visitor_seen_at).total_seconds()
    if chat.state == State.ENDED:
        return None
    if not view.grace and silence > (
        line.active_lost_seconds if chat.state == State.ACTIVE else line.waiting_lost_seconds
    ):
        return Action.LOSE
    if chat.state == State.ACTIVE:
        return Action.COUNSELLOR_LOST if _holder_lost(chat, view) else None
    if not view.open[chat.line] and chat.started_at is None:
        # A conversation that was running may finish, with another counsellor too.
        return Action.CLOSE_LINE
    if view.now - chat.waiting_since >= timedelta(minutes=line.longest_wait_minutes):
        return Action.GIVE_UP
    if chat.state != State.OFFERED:
        return None
    if chat.offer_expires_at is not None and chat.offer_expires_at <= view.now:
        return Action.EXPIRE
    return Action.WITHDRAW if _holder_lost(chat, view) or _can_no_longer_take(chat, view) else None


def _holder_lost(chat: Chat | Glimpse, view: _View) -> bool:
    """Nobody has heard of the counsellor for too long; the chat goes back to the queue with a head start.

    The time of grace is for those who may come back. Who signed out or was closed or reset does not, and nobody waits.
    """
    holder = view.holders.get(chat.counsellor)
    if holder is None or holder.signed_out:
        return True
    return not view.grace and not holder.fresh(view.now, view.lines[chat.line].counsellor_lost_seconds)


def _can_no_longer_take(chat: Chat | Glimpse, view: _View) -> bool:
    """The counsellor at whom it rings is not available on this line any more, or took a chat in danger."""
    holder = view.holders.get(chat.counsellor)
    if holder is None or holder.state != "available" or holder.line != chat.line:
        return True
    return chat.counsellor in view.acute


def _has_hope(chat: Glimpse, view: _View) -> bool:
    """Somebody fitting is on duty, and that was not noted yet."""
    if chat.someone_on_duty or chat.state == State.ACTIVE:
        return False
    return any(_fitting(member, chat, view.lines[chat.line], view.now) for member in view.staff)


def _take(session: Session, chat: Chat, action: Action, view: _View) -> None:
    if action is Action.EXPIRE:
        _expire(session, chat, view.lines[chat.line], view.staff, view.now)
    elif action in (Action.COUNSELLOR_LOST, Action.WITHDRAW):
        changes.back_to_queue(session, chat, action, view.now, why="duty")
    else:
        changes.finish(session, chat, action, view.now)


def _dispatch(view: _View) -> bool:
    """Offer what waits to who can take it. True when something rings now."""
    free = [c for c in changes.counsellors(view.live, view.staff, view.now) if c.available and c.load < c.capacity]
    # What is due to end does not ring any more.
    waiting = [chat for chat in view.live if chat.state == State.WAITING and chat.id not in view.due]
    if not free or not waiting:
        return False
    with reading_transaction() as session:
        queue = _as_queue(session, waiting, view)
    chosen = {assignment.chat for assignment in routing.assign(queue, free)[:MOST_OFFERS]}
    if not chosen:
        return False
    with transaction() as session:
        locked = store.lock_chats(session, chosen)
        duties.lock_several(session)
        # Read again now that nobody can accept, pull or change a duty: never one chat too many for anybody.
        there = changes.counsellors(store.glimpses(session), duties.everybody(), view.now)
        still = [chat for chat in locked.values() if chat.state == State.WAITING]
        offers = routing.assign(_as_queue(session, still, view), there)
        made = [changes.offer(session, locked[a.chat], a.account, view.now) for a in offers]
    return any(made)


def _as_queue(session: Session, chats: Sequence[Chat | Glimpse], view: _View) -> list[routing.Waiting]:
    refused: dict[str, list[RefusedOffer]] = {}
    for refusal in store.refusals(session):
        refused.setdefault(refusal.chat_id, []).append(refusal)
    return [changes.as_waiting(c, refused.get(c.id, ()), view.now, view.lines[c.line]) for c in chats]


def _tell_duty(member: OnDuty, why: str) -> None:
    view = {"state": "away", "line": member.line, "capacity": member.capacity}
    after_commit(lambda: push.duty(member.account, view, why))


def _fitting(member: OnDuty, chat: Chat | Glimpse, line: Line, now: datetime) -> bool:
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


def forget() -> None:
    """A new application has looked at nothing yet."""
    global _since, _last_round
    _since = _last_round = None
    _away.clear()
    _stopping.clear()
    showing.forget()
    reading.recent_sights.forget()
