"""The steps of a chat and all that belongs to each: ledger, pushes, refusals. Parts of a running transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from helpline import metrics
from helpline.chat import asked, push, reading, routing, store, wakeup
from helpline.chat.models import Chat, RefusedOffer
from helpline.chat.states import END_REASON, Action, Cause, Reason, State, missed_cause
from helpline.chat.store import Glimpse
from helpline.contacts import service as contacts
from helpline.db import after_commit
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.staff import duties
from helpline.staff.duties import OnDuty
from helpline.staff.service import Member


def offer(session: Session, chat: Chat, account: str, now: datetime) -> bool:
    """Let a waiting chat ring at this counsellor; False when it was no longer waiting."""
    expires = now + timedelta(seconds=lines.get_line(chat.line).offer_seconds)
    if not store.move(session, chat, Action.OFFER, counsellor=account, offer_expires_at=expires):
        return False
    ringing = reading.offer(chat, now)
    after_commit(lambda: push.offer(account, ringing))
    after_commit(metrics.OFFERS.labels("made").inc)
    tell(session, chat, now)
    return True


def back_to_queue(session: Session, chat: Chat, action: Action, now: datetime, why: str) -> bool:
    """Take a chat from its counsellor; it keeps its age, and one that was running gets its head start, once.

    `why` is what the counsellor's console is told. False when the chat had moved on.
    """
    account, was_active = chat.counsellor, chat.state == State.ACTIVE
    more: dict[str, object] = {}
    if was_active:
        more = {
            "cut_off": True,
            "waiting_since": now,
            "rank_at": routing.rank(chat.joined_at, chat.danger, chat.distress, handed_over=True),
            "last_counsellor": account,
            "someone_on_duty": True,
        }
    if not store.move(session, chat, action, counsellor=None, offer_expires_at=None, **more):
        return False
    if account is not None:
        if was_active:
            duties.idle_from(account, now)
            after_commit(lambda: push.console_state(chat.id, State.WAITING, why))
            after_commit(lambda: push.unsee(account, chat.id))
            after_commit(metrics.RETURNED.labels(why).inc)
        else:
            after_commit(lambda: push.offer_gone(account, chat.id, why))
            after_commit(metrics.OFFERS.labels(why).inc)
    tell(session, chat, now)
    after_commit(wakeup.wake)
    return True


def withdraw_unfit(session: Session, held: Collection[Chat], duty: Any, now: datetime) -> None:
    """Take back what rings at a counsellor who is no longer available for it."""
    room = duty.capacity - sum(chat.state == State.ACTIVE for chat in held)
    for chat in held:
        if chat.state == State.OFFERED:
            room -= 1
            if duty.state != "available" or chat.line != duty.line or room < 0:
                back_to_queue(session, chat, Action.WITHDRAW, now, why="duty")


def finish(session: Session, chat: Chat, action: Action, now: datetime) -> bool:
    """End a chat and write its one row in a ledger. False when it had moved on; raises WrongState."""
    reason, account, was = END_REASON[action], chat.counsellor, chat.state
    if not store.move(session, chat, action, ended_at=now, reason=reason, offer_expires_at=None):
        return False
    line = lines.get_line(chat.line)
    _write_ledger(chat, line, reason, account if was == State.ACTIVE else chat.last_counsellor, now)
    store.forget_refusals(session, chat.id)
    asked.drop(session, chat, asked.of_chat(session, chat.id))
    if account is not None and was == State.OFFERED:
        why = "left" if reason in (Reason.LEFT, Reason.EMERGENCY_EXIT, Reason.LOST) else "ended"
        after_commit(lambda: push.offer_gone(account, chat.id, why))
        after_commit(metrics.OFFERS.labels(why).inc)
    if account is not None and was == State.ACTIVE:
        duties.idle_from(account, now)
    after_commit(metrics.ENDED.labels(chat.line, reason).inc)
    tell(session, chat, now)
    after_commit(wakeup.wake)
    return True


def _write_ledger(chat: Chat, line: Line, reason: Reason, account: str | None, now: datetime) -> None:
    if chat.started_at is not None and account is not None:
        contacts.record_contact(
            line,
            joined_at=chat.joined_at,
            started_at=chat.started_at,
            ended_at=now,
            language=chat.language,
            chat=chat.id,
            account=account,
        )
        return
    waited = (now - chat.joined_at).total_seconds()
    cause = missed_cause(reason, waited, chat.someone_on_duty, line.left_early_seconds)
    contacts.record_missed(line, cause=cause, at=chat.joined_at, language=chat.language, wait_s=waited)
    if cause != Cause.LEFT_EARLY:
        after_commit(lambda: metrics.WAITS.labels(chat.line, "missed").observe(waited))


def tell(session: Session, chat: Chat, now: datetime) -> None:
    """Push the new state to both sides after the commit."""
    state = reading.visitor_state_now(session, chat, now)
    after_commit(lambda: push.visitor_state(chat.id, state))
    if chat.state != State.WAITING:
        after_commit(lambda: push.console_state(chat.id, state["state"], state["reason"]))


def alert_supervisors(kind: str, chat: Chat) -> None:
    """Show the supervisors of the line something they have to see at once."""
    for account in duties.supervisors(chat.line):
        after_commit(lambda account=account: push.alert(account, kind, chat.id, chat.line))  # type: ignore[misc]  # bound now


def counsellors(live: Iterable[Glimpse], staff: Iterable[OnDuty], now: datetime) -> list[routing.Counsellor]:
    """Everybody on duty as routing sees them: load is active chats and open offers."""
    load: dict[str, int] = {}
    acute: set[str] = set()
    for chat in live:
        if chat.counsellor is not None and chat.state in store.IN_HAND:
            load[chat.counsellor] = load.get(chat.counsellor, 0) + 1
            if chat.danger == routing.Danger.YES:
                acute.add(chat.counsellor)
    by_slug = {line.slug: line for line in lines.all_lines()}
    limits = {slug: min(line.silent_seconds, line.counsellor_lost_seconds) for slug, line in by_slug.items()}
    wrap_ups = contacts.open_wrap_ups()
    return [
        routing.Counsellor(
            account=member.account,
            line=member.line or "",
            lines=member.lines,
            languages=member.languages,
            available=member.state == "available",
            fresh=member.fresh(now, limits.get(member.line or "", 0)),
            load=load.get(member.account, 0),
            capacity=member.capacity,
            acute=member.account in acute,
            idle_since=member.idle_since,
            wrap_ups=wrap_ups.get(member.account, 0),
            wrap_ups_limit=by_slug[member.line].wrap_ups_open if member.line in by_slug else 0,
        )
        for member in staff
    ]


def may_pull(session: Session, member: Member, duty: Any, chat: Chat) -> bool:
    """Whether a counsellor with this duty may take this chat from the queue."""
    if duty is None or duty.state == "away" or duty.line != chat.line:
        return False
    in_hand = store.chats_in_hand(session, member.id)
    acute = any(held.danger == routing.Danger.YES for held in in_hand)
    open_ones = contacts.open_wrap_ups().get(member.id, 0)
    limit = lines.get_line(chat.line).wrap_ups_open
    capacity = min(duty.capacity, member.capacity)
    return not acute and len(in_hand) < routing.places(
        capacity, open_ones, limit, danger=chat.danger == routing.Danger.YES
    )


def can_take(session: Session, chat: Chat, account: str, now: datetime) -> bool:
    """Whether this chat may ring at this counsellor now."""
    waiting = as_waiting(chat, [], now, lines.get_line(chat.line))
    on_duty = counsellors(store.glimpses(session), duties.everybody(), now)
    return any(one.account == account and routing.fits(waiting, one) for one in on_duty)


def as_waiting(chat: Chat | Glimpse, refused: Iterable[RefusedOffer], now: datetime, line: Line) -> routing.Waiting:
    """A chat in the queue as routing sees it."""
    kept = timedelta(seconds=line.declined_seconds)
    return routing.Waiting(
        chat=chat.id,
        line=chat.line,
        language=chat.language,
        danger=chat.danger == routing.Danger.YES,
        rank=chat.rank_at,
        visitor_present=(now - chat.visitor_seen_at).total_seconds() <= line.silent_seconds,
        declined_by=frozenset(r.account_id for r in refused if r.kind == "declined" and now - r.at < kept),
        missed_by=frozenset(r.account_id for r in refused if r.kind == "missed"),
    )
