"""Telling connected clients what is new, after the commit. The database is the truth; a lost push costs a `sync`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from helpline import bus, clock, metrics
from helpline.chat import gaps, store
from helpline.chat.items import Outcome, Read, Refused, Stored
from helpline.db import reading
from helpline.extensions import socketio
from helpline.privacy import sessions

VISITOR, CONSOLE = "/visitor", "/console"
_CHAT, _STAFF = "chat:", "staff:"


def chat_room(chat: str) -> str:
    """Room of everybody who sees this chat."""
    return _CHAT + chat


def staff_room(account: str) -> str:
    """Room of all tabs of one member of staff."""
    return _STAFF + account


def emit(event: str, data: Any, namespace: str, room: str) -> None:
    """Send one event to everybody in the room, in whichever process; the only way to emit in the house."""
    bus.everywhere("emit", event, data, namespace, room)


@bus.handler("emit")
def _emit_here(event: str, data: Any, namespace: str, room: str) -> None:
    server = socketio.server
    # A packet is put together only for somebody.
    if server is not None and room in server.manager.rooms.get(namespace, ()):
        server.manager.emit(event, data, namespace, room=room)


def session_room(session_key: str) -> str:
    """Room of all tabs of one visitor's session."""
    return f"session:{session_key}"


def _sockets_in(room: str | None, namespace: str) -> list[str]:
    """The sockets in this room, or all of the namespace."""
    if socketio.server is None:
        return []
    return [sid for sid, _ in socketio.server.manager.get_participants(namespace, room)]


def open_sockets(namespace: str) -> int:
    """How many sockets of this namespace are open in this process."""
    server = socketio.server
    return 0 if server is None else len(server.manager.rooms.get(namespace, {}).get(None, ()))


for _namespace in (VISITOR, CONSOLE):
    metrics.CONNECTIONS.labels(_namespace).set_function(partial(open_sockets, _namespace))


def hang_up(session_key: str, *, left: bool = False) -> None:
    """Close the sockets of a visitor's session that has ended; who `left` by the quick exit can't be brought back."""
    bus.everywhere("hang_up", session_key, left)


@bus.handler("hang_up")
def _hang_up_here(session_key: str, left: bool = False) -> None:
    if left:
        sessions.leave(session_key, clock.now())
    for sid in _sockets_in(session_room(session_key), VISITOR):
        socketio.server.disconnect(sid, namespace=VISITOR)


def see(account: str, chat: str) -> None:
    """From now on all tabs of this counsellor hear of the chat."""
    bus.everywhere("see", account, chat)


@bus.handler("see")
def _see_here(account: str, chat: str) -> None:
    sids = _sockets_in(staff_room(account), CONSOLE)
    if not sids:
        return
    for sid in sids:
        socketio.server.enter_room(sid, chat_room(chat), namespace=CONSOLE)
    # The hint may come late, when the chat has been taken away again. Asked last: an `unsee` finds us in the room.
    with reading() as session:
        holds = store.holds(session, account, chat)
    if not holds:
        unsee_here(account, chat)


def unsee(account: str, chat: str) -> None:
    """The chat is no longer this counsellor's: none of their tabs hears of it."""
    bus.everywhere("unsee", account, chat)


@bus.handler("unsee")
def unsee_here(account: str, chat: str) -> None:
    """None of this counsellor's tabs at this process hears of the chat any more."""
    for sid in _sockets_in(staff_room(account), CONSOLE):
        socketio.server.leave_room(sid, chat_room(chat), namespace=CONSOLE)
        gaps.forget_chat(sid, chat)


def message_of(text: Stored) -> dict[str, Any]:
    """A text as clients get it."""
    return {
        "seq": text.seq,
        "client_id": text.client_id,
        "author": text.author,
        "body": text.body,
        "sent_at": clock.rfc3339(text.sent_at),
    }


def news(outcomes: Iterable[Outcome]) -> None:
    """New texts and read marks, to both sides; asides to staff alone."""
    for outcome in outcomes:
        if isinstance(outcome, Refused):
            continue
        if isinstance(outcome, Read):
            if outcome.moved:
                read(outcome.chat, outcome.seq, to_visitor=not outcome.by_visitor)
        else:
            if not outcome.resent:
                metrics.text(outcome.author)
            # One that is known too: the process that stored it may have been killed before it said so.
            _text(outcome)


def _text(text: Stored) -> None:
    bus.everywhere("text", message_of(text), text.chat, text.stream)


@bus.handler("text")
def _text_here(message: dict[str, Any], chat: str, stream: str) -> None:
    # One hint for both sides: a text is by far the most frequent of all.
    room = chat_room(chat)
    if stream == "talk":
        _emit_here("message", message, VISITOR, room)
    _emit_here("message", message | {"chat": chat, "stream": stream}, CONSOLE, room)


def visitor_state(chat: str, state: dict[str, Any]) -> None:
    """`state {state, position, wait_minutes, reason}` to the visitor."""
    emit("state", state, VISITOR, chat_room(chat))


def console_state(chat: str, state: str, reason: str | None, **more: Any) -> None:
    """`state {chat, state, reason}` to the staff who have the chat open."""
    emit("state", {"chat": chat, "state": state, "reason": reason, "stream": "talk"} | more, CONSOLE, chat_room(chat))


def typing(chat: str, on: bool, *, to_visitor: bool) -> None:
    """The other side types or has stopped."""
    if to_visitor:
        emit("typing", {"on": on}, VISITOR, chat_room(chat))
    else:
        emit("typing", {"chat": chat, "stream": "talk", "on": on}, CONSOLE, chat_room(chat))


def read(chat: str, seq: int, *, to_visitor: bool) -> None:
    """The other side has read up to `seq`."""
    if to_visitor:
        emit("read", {"seq": seq}, VISITOR, chat_room(chat))
    else:
        emit("read", {"chat": chat, "stream": "talk", "seq": seq}, CONSOLE, chat_room(chat))


def introduction(chat: str, text: str) -> None:
    """What the visitor sends along while the chat goes on, to the staff who have it open."""
    emit("introduction", {"chat": chat, "text": text}, CONSOLE, chat_room(chat))


def summary(chat: str, shown: dict[str, Any]) -> None:
    """The summary as it stands now, to both sides."""
    emit("summary", shown, VISITOR, chat_room(chat))
    emit("summary", shown | {"chat": chat}, CONSOLE, chat_room(chat))


def earlier(chat: str, shown: dict[str, Any]) -> None:
    """What the visitor lets be read of an earlier chat while this one goes on, to the staff who have it open."""
    emit("earlier", shown | {"chat": chat}, CONSOLE, chat_room(chat))


def offer(account: str, offer_: dict[str, Any]) -> None:
    """A chat begins to ring at this counsellor."""
    emit("offer", offer_, CONSOLE, staff_room(account))


def offer_gone(account: str, chat: str, why: str) -> None:
    """It rings no longer: accepted, taken, expired, declined, left, ended or duty."""
    emit("offer_gone", {"chat": chat, "why": why}, CONSOLE, staff_room(account))


def duty(account: str, view: dict[str, Any], why: str) -> None:
    """The duty changed without this tab asking for it."""
    emit("duty", view | {"why": why}, CONSOLE, staff_room(account))


def look_again(account: str) -> None:
    """Something of this member of staff changed that has no event of its own: all tabs answer with `resume`."""
    emit("ping", {}, CONSOLE, staff_room(account))


def queue(account: str, waiting: list[dict[str, Any]]) -> None:
    """The queue of this member's lines."""
    emit("queue", waiting, CONSOLE, staff_room(account))


def board(account: str, lines: dict[str, Any]) -> None:
    """Live figures of this supervisor's lines."""
    emit("board", lines, CONSOLE, staff_room(account))


def alert(account: str, kind: str, chat: str, line: str) -> None:
    """Something a supervisor has to see at once: `danger` or `unanswered_offers`."""
    emit("alert", {"kind": kind, "chat": chat, "line": line}, CONSOLE, staff_room(account))


def asked(account: str, data: dict[str, Any]) -> None:
    """How a text stands that a supervisor is to let pass, to its counsellor and to supervisors."""
    emit("asked", data, CONSOLE, staff_room(account))


def clients_here() -> list[tuple[str, str]]:
    """Every open socket of this process as (namespace, socket id), each of which is a room of its own."""
    return [(namespace, sid) for namespace in (VISITOR, CONSOLE) for sid in _sockets_in(None, namespace)]


def ping_here(namespace: str, room: str) -> None:
    """Ask the clients of this room that are connected to this process to answer with `sync` or `resume`."""
    _emit_here("ping", {}, namespace, room)


def chats_here() -> set[str]:
    """The chats whose visitor is connected to this process."""
    return {room.removeprefix(_CHAT) for room in _rooms_here(VISITOR) if room.startswith(_CHAT)}


def staff_here() -> dict[str, set[str]]:
    """The accounts whose consoles are connected to this process, with the chats that they hear of."""
    rooms = _rooms_here(CONSOLE)
    staff = [room for room in rooms if room.startswith(_STAFF)]
    account_of = {sid: room.removeprefix(_STAFF) for room in staff for sid in _sockets_in(room, CONSOLE)}
    heard: dict[str, set[str]] = {account: set() for account in account_of.values()}
    for room in rooms:
        if room.startswith(_CHAT):
            for sid in _sockets_in(room, CONSOLE):
                if sid in account_of:
                    heard[account_of[sid]].add(room.removeprefix(_CHAT))
    return heard


def chats_of(sid: str) -> set[str]:
    """The chats that this console hears of."""
    rooms = socketio.server.rooms(sid, CONSOLE)
    return {room.removeprefix(_CHAT) for room in rooms if room.startswith(_CHAT)}


def _rooms_here(namespace: str) -> list[str]:
    server = socketio.server
    rooms = [] if server is None else list(server.manager.rooms.get(namespace, ()))
    return [room for room in rooms if room is not None]
