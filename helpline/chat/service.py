"""What visitors, counsellors and the sweep do to a chat: one call, one transaction, pushes after the commit."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from helpline import clock, metrics
from helpline.chat import (
    access,
    afterwards,
    agreeing,
    asked,
    changes,
    continuing,
    introduction,
    oversight,
    presence,
    push,
    reading,
    routing,
    store,
    visits,
    wakeup,
)
from helpline.chat.access import NoAccess, Visitor
from helpline.chat.afterwards import count_try as count_try
from helpline.chat.afterwards import settle as settle
from helpline.chat.entry import Entry as Entry
from helpline.chat.entry import new_chat
from helpline.chat.items import Refused, Stored, Text
from helpline.chat.models import Chat
from helpline.chat.states import Action, Cause, State
from helpline.chat.states import WrongState as WrongState
from helpline.chat.wrap_ups import names_of as names_of
from helpline.chat.wrap_ups import wrap_up as wrap_up
from helpline.chat.writer import MAX_CLIENT_ID, checked, within, writer
from helpline.db import after_commit, random_key, transaction
from helpline.db import reading as reading_transaction
from helpline.lines import service as lines
from helpline.lines.models import Line
from helpline.privacy import sessions
from helpline.staff import duties
from helpline.staff import service as staff
from helpline.staff.service import Member


class Conflict(Exception):
    """The chat can't do this now; `code` is the protocol's error code (taken, wrong_state, unavailable, ...)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NotTaken(Exception):
    """The line takes nobody now; `cause` is closed or queue_full."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause)
        self.cause = cause


# The visitor's side


def refusal(line: Line, now: datetime) -> Cause | None:
    """Why the line takes nobody now; None when it does."""
    if not lines.opening(line, now).accepts:
        return Cause.CLOSED
    with reading_transaction() as session:
        if store.queue_length(session, line.slug) >= line.queue_limit:
            return Cause.QUEUE_FULL
    return None


def join(cookie: str, line: Line, entry: Entry) -> str:
    """Put a visitor into the queue and bind the sealed session to the chat; returns its id.

    A chat this session still has is left first. Raises NotTaken when the line is closed or full, Refused when the
    first text can't be stored; then nothing changes.
    """
    first = checked(entry.first_message, random_key())[0] if entry.first_message.strip() else ""
    now = clock.now()
    with transaction() as session:
        # One after the other: two who look at the same moment would both find the last place free.
        lines.lock_queue(line.slug)
        cause = refusal(line, now)
        if cause is not None:
            raise NotTaken(cause)
        content = visits.come_here(session, cookie, line, now)
        visits.leave_current(session, content, now)
        content = afterwards.learned(session, content)
        chat = new_chat(line, entry, now)
        content = continuing.along(session, chat, content, line, entry, now)
        session.add(chat)
        sessions.save(cookie, content | {"line": line.slug, "chat": chat.id}, now)
        if first:
            text = Text(chat.id, "talk", "visitor", random_key(), first, session_key=sessions.key_of(cookie))
            within(session, text)
        if chat.danger == routing.Danger.YES:
            changes.alert_supervisors("danger", chat)
        after_commit(wakeup.wake)
    return chat.id


def bring(cookie: str, line: Line, text: str) -> bool:
    """Send this along from the advice: into the chat that goes on, else kept until this browser joins one.

    It takes the place of what was sent along or kept before; '' only forgets what was kept. True when a chat goes on.
    """
    brought, now = introduction.checked(text), clock.now()
    with transaction() as session:
        content = visits.come_here(session, cookie, line, now)
        content.pop(sessions.UNSENT, None)
        chat = visits.live_chat(session, content)
        if brought and chat is not None:
            introduction.put(chat, brought, now)
            after_commit(partial(push.introduction, chat.id, brought))
        elif brought:
            content[sessions.UNSENT] = brought
        sessions.save(cookie, {"line": line.slug} | content, now)
    return chat is not None


def visitor_text(visitor: Visitor, client_id: object, body: object, mark: object = None) -> Text:
    """A text of the visitor for the writer; a sign of life. Raises Refused.

    With the `mark` of another chat it was written in an earlier one: NoAccess('not_found').
    """
    if mark is not None and mark != reading.mark(visitor.chat):
        raise NoAccess("not_found")
    text, key = checked(body, client_id)
    presence.visitor_heard(visitor.chat, visitor.session_key, clock.now())
    return Text(visitor.chat, "talk", "visitor", key, text, session_key=visitor.session_key)


def say_as_visitor(visitor: Visitor, client_id: object, body: object, mark: object = None) -> Stored:
    """Store a text of the visitor; returns once it is committed. Raises Refused or NoAccess."""
    return writer.store(visitor_text(visitor, client_id, body, mark))


def say_by_form(visitor: Visitor, client_id: object, body: object, mark: object = None, *, edited_anew: bool) -> Stored:
    """Store a text that came by a form; raises Refused or NoAccess.

    Going back to a page and sending another text from it repeats the page's client_id: with `edited_anew` that text
    is stored under an id of its own instead of being taken for a resend.
    """
    try:
        return say_as_visitor(visitor, client_id, body, mark)
    except Refused as refused:
        text, key = checked(body, client_id)
        if refused.code != "invalid" or not edited_anew:
            raise
        fresh = hashlib.sha256(f"{key}\n{text}".encode()).hexdigest()[:MAX_CLIENT_ID]
        return say_as_visitor(visitor, fresh, text)


def visitor_sync(visitor: Visitor, after: int, *, whole: bool = False) -> dict[str, Any]:
    """`{messages, state, position, wait_minutes, reason, read, ...}` after `after`; a sign of life. Raises NoAccess.

    With `whole` also what stands above the chat.
    """
    now = clock.now()
    with reading_transaction() as session:
        chat = access.visitor_chat(session, visitor, now)
        answer = {
            "messages": reading.texts(session, chat, "talk", after),
            "read": chat.counsellor_read,
            "danger": chat.danger,
            "mark": reading.mark(chat.id),
            "summary": agreeing.shown(session, chat),
            **(continuing.above(session, chat) if whole else {}),
        } | reading.visitor_state_now(session, chat, now)
    if chat.state != State.ENDED:
        presence.visitor_heard(visitor.chat, visitor.session_key, now)
    return answer


def is_live(visitor: Visitor) -> bool:
    """True while the visitor's chat has not ended. Raises NoAccess."""
    with reading_transaction() as session:
        return access.visitor_chat(session, visitor, clock.now()).state != State.ENDED


def visitor_types(visitor: Visitor, on: bool) -> None:
    """Pass on that the visitor types; nothing is stored. A sign of life. Raises NoAccess."""
    now = clock.now()
    with reading_transaction() as session:
        chat = access.visitor_chat(session, visitor, now)
    if chat.state != State.ENDED:
        presence.visitor_heard(visitor.chat, visitor.session_key, now)
        push.typing(chat.id, on, to_visitor=False)


def leave(visitor: Visitor, action: Action = Action.LEAVE) -> dict[str, Any]:
    """The visitor goes; leaving an ended chat changes nothing. Returns the visitor's state. Raises NoAccess."""
    now = clock.now()
    with transaction() as session:
        chat = access.visitor_chat(session, visitor, now, lock=True)
        if chat.state != State.ENDED:
            changes.finish(session, chat, action, now)
        return reading.visitor_state_now(session, chat, now)


def quick_exit(cookie: str | None, action: Action = Action.EMERGENCY_EXIT) -> None:
    """End the session at once, its chat by `action`, and its sockets; nothing happens without a session."""
    now = clock.now()
    if cookie is None or sessions.load(cookie, now) is None:
        return
    with transaction() as session:
        content = sessions.load(cookie, now, lock=True) or {}
        visits.leave_current(session, content, now, action)
        sessions.end(cookie)
        after_commit(lambda: push.hang_up(sessions.key_of(cookie), left=action == Action.EMERGENCY_EXIT))


# The counsellor's side


def accept(member: Member, chat_id: str) -> dict[str, Any]:
    """Take a chat that rings here, or pull one from the queue; exactly one of several wins, the others get `taken`.

    Raises NoAccess or Conflict: `taken`, or `wrong_state` when it ended or the member can't take a chat now.
    """
    now = clock.now()
    with transaction() as session:
        chat = access.answerable_chat(session, member, chat_id)
        duty = duties.lock(session, member.id)
        if chat.state == State.ENDED:
            raise Conflict("wrong_state")
        if chat.state == State.ACTIVE or chat.counsellor not in (None, member.id):
            raise Conflict("taken")
        if chat.state == State.WAITING and not changes.may_pull(session, member, duty, chat):
            raise Conflict("wrong_state")
        first_time, pulled = chat.started_at or now, chat.state == State.WAITING
        if chat.started_at is None:
            waited = (now - chat.joined_at).total_seconds()
            after_commit(lambda: metrics.WAITS.labels(chat.line, "answered").observe(waited))
        won = store.move(
            session, chat, Action.ACCEPT, counsellor=member.id, offer_expires_at=None, started_at=first_time
        )
        if not won:
            raise Conflict("taken")
        store.forget_refusals(session, chat.id)
        duties.answered_an_offer(member.id)
        after_commit(lambda: push.see(member.id, chat.id))
        after_commit(lambda: push.offer_gone(member.id, chat.id, "accepted"))
        changes.tell(session, chat, now)
        after_commit(metrics.OFFERS.labels("pulled" if pulled else "accepted").inc)
        after_commit(wakeup.wake)
        return reading.in_hand(session, chat, now)


def decline(member: Member, chat_id: str) -> None:
    """Pass an offer on; it does not ring here again for a while. Raises NoAccess or Conflict."""
    now = clock.now()
    with transaction() as session:
        chat = access.answerable_chat(session, member, chat_id)
        if chat.state != State.OFFERED or chat.counsellor != member.id:
            raise Conflict("taken" if chat.state == State.ACTIVE else "wrong_state")
        changes.back_to_queue(session, chat, Action.DECLINE, now, why="declined")
        store.remember_refusal(session, chat.id, member.id, "declined", now)
        duties.answered_an_offer(member.id)


def end(member: Member, chat_id: str) -> dict[str, Any]:
    """Close the conversation. Raises NoAccess or WrongState."""
    now = clock.now()
    with transaction() as session:
        chat = access.own_chat(session, member, chat_id)
        if chat.state != State.ACTIVE:
            raise Conflict("wrong_state")
        changes.finish(session, chat, Action.END, now)
        return {"state": chat.state, "reason": chat.reason}


def hand_over(member: Member, chat_id: str, to: str) -> dict[str, Any]:
    """Give a running chat back to the queue (`to` is `queue`) or offer it to the colleague of this login.

    Raises NoAccess or Conflict: `not_found` for an unknown login, `unavailable` when the colleague can't take it now.
    """
    now = clock.now()
    with transaction() as session:
        chat = access.own_chat(session, member, chat_id)
        if chat.state != State.ACTIVE:
            raise Conflict("wrong_state")
        colleague = None if to == "queue" else _colleague(session, member, chat, to, now)
        changes.back_to_queue(session, chat, Action.HAND_OVER, now, why="handed_over")
        store.remember_refusal(session, chat.id, member.id, "declined", now)
        if colleague is not None:
            changes.offer(session, chat, colleague, now)
        return {"state": chat.state}


def _colleague(session: Session, member: Member, chat: Chat, login: str, now: datetime) -> str:
    account = duties.account_of_login(login.strip().lower(), chat.line)
    if account is None or account == member.id:
        raise Conflict("not_found")
    duties.lock_several(session, [account, member.id])
    if not changes.can_take(session, chat, account, now):
        raise Conflict("unavailable")
    return account


def staff_text(
    member: Member,
    chat_id: object,
    stream: object,
    client_id: object,
    body: object,
    session_key: str | None = None,
    *,
    allow: bool = False,
) -> Text:
    """A text of a counsellor or supervisor for the writer. Raises Refused.

    With `allow` a supervisor sends it although it has a way to be reached.
    """
    if not isinstance(chat_id, str) or stream not in ("talk", "aside"):
        raise Refused("invalid")
    text, key = checked(body, client_id)
    presence.counsellor_typed(member.id)
    return Text(chat_id, str(stream), "", key, text, session_key, member, allow)


def staff_sync(member: Member, chat_id: str, stream: str, after: int, *, opened: bool = False) -> dict[str, Any]:
    """`{messages, state, read, introduction, summary, earlier}` of one stream after `seq` `after`. Raises NoAccess.

    A colleague's chat that is not `opened` here yet is opened by this, which is audited.
    """
    with reading_transaction() as session:
        chat = access.staff_chat(session, member, chat_id)
        if chat.counsellor == member.id and chat.state == State.OFFERED:
            raise NoAccess("forbidden")
        answer = {
            "messages": reading.texts(session, chat, stream, after),
            "state": chat.state,
            "read": chat.visitor_read,
            "introduction": introduction.text_of(chat) if stream == "talk" else None,
            "summary": agreeing.shown(session, chat) if stream == "talk" else None,
            "earlier": continuing.earlier(chat) if stream == "talk" else None,
        }
    if chat.counsellor != member.id and not opened:
        staff.audit(member.id, "follow", f"chat:{chat_id}")
    return answer


def staff_types(member: Member, chat_id: str, on: bool) -> None:
    """Pass on that the counsellor types; nothing is stored. Raises NoAccess."""
    with reading_transaction() as session:
        chat = access.staff_chat(session, member, chat_id)
    if chat.counsellor != member.id or chat.state != State.ACTIVE:
        raise NoAccess("forbidden")
    presence.counsellor_typed(member.id)
    push.typing(chat.id, on, to_visitor=True)


def follow(member: Member, chat_id: str) -> dict[str, Any]:
    """A supervisor opens a running chat of the own lines; audited. Raises NoAccess."""
    now = clock.now()
    with transaction() as session:
        chat = access.staff_chat(session, member, chat_id)
        if "supervisor" not in member.roles:
            raise NoAccess("forbidden")
        staff.audit(member.id, "follow", f"chat:{chat.id}")
        return reading.in_hand(session, chat, now)


def resume(member: Member) -> dict[str, Any]:
    """Everything a console needs to draw itself; a sign of life."""
    now = clock.now()
    presence.counsellor_heard(member.id, now)
    with reading_transaction() as session:
        overview = oversight.overview(session, member, now)
        return reading.console(session, member, now) | overview | {"asked": asked.of_member(session, member)}


def change_duty(member: Member, state: object, line: object, capacity: object) -> dict[str, Any]:
    """Say what the counsellor does now; offers that no longer fit go back to the queue. Raises DutyRefused."""
    now = clock.now()
    with transaction() as session:
        held = store.lock_chats_in_hand(session, member.id)
        view = staff.set_duty(member.id, state, line, capacity)
        staff.touch_heartbeats({member.id: now})
        changes.withdraw_unfit(session, held, view, now)
        answer = {"state": view.state, "line": view.line, "capacity": view.capacity}
        after_commit(lambda: push.duty(member.id, answer, "other_tab"))
        after_commit(wakeup.wake)
    return answer
