"""Socket.IO: the namespaces of visitors and staff. Each event is checked, authorised anew, and acknowledged."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask_socketio import Namespace, SocketIO
from socketio.exceptions import ConnectionRefusedError
from socketio.packet import ACK
from werkzeug.http import parse_cookie

from helpline import clock
from helpline.chat import access, asking_events, catch_up, gaps, push, service, summary_events
from helpline.chat.access import NoAccess, Visitor
from helpline.chat.event_data import Invalid, a_number, a_switch, a_text
from helpline.chat.items import Item, Mark, Outcome, Refused, Stored
from helpline.chat.limits import Lately, TextBudget
from helpline.chat.service import Conflict
from helpline.chat.states import WrongState
from helpline.chat.writer import writer
from helpline.db import reading
from helpline.extensions import socketio
from helpline.privacy import sessions
from helpline.privacy.keyring import KeyDestroyed
from helpline.staff import service as staff
from helpline.staff.service import DutyRefused, Member

log = structlog.get_logger()
Answer = dict[str, Any]


def cookie_in(environ: dict[str, Any], name: str) -> str | None:
    """The cookie `name` of the request that opened this socket."""
    # Not the standard library's parser, which drops all cookies of a header that has one it does not like.
    return parse_cookie(environ.get("HTTP_COOKIE", "")).get(name)


def from_here(environ: dict[str, Any]) -> bool:
    """True without an Origin (no browser), else when it is the host that was asked."""
    origin = environ.get("HTTP_ORIGIN")
    if origin is None:
        return True
    try:
        host = urlsplit(origin).netloc.lower()
    except ValueError:
        return False
    return host != "" and host == environ.get("HTTP_HOST", "").lower()


class _Guarded(Namespace, ABC):
    """Looks up the handler in `events`, checks the form of the data, and turns every refusal into an answer."""

    events: dict[str, Callable[..., Answer | Item]]

    def trigger_event(self, event: object, *arguments: Any) -> Any:
        sid, data = arguments[0], list(arguments[1:])
        # Socket.IO's own two come before a socket is connected and after; in between a client made them up. Who could
        # send `disconnect` would be off our list and go on listening after the sign-in has ended.
        if not socketio.server.manager.is_connected(sid, self.namespace):
            if event == "connect":
                return self._connect(sid, data[0])
            if event == "disconnect":
                gaps.forget(sid)
                return self._disconnect(sid)
        raise RuntimeError("events of connected clients are handled by `handle`")

    def handle(self, event: object, sid: str, data: list[Any], reply: Callable[[Answer], None]) -> None:
        """Answer one event of a connected client; a text or read mark is answered once it is committed."""
        answer = self._answer(event, sid, data)
        if isinstance(answer, dict):
            reply(answer)
        else:
            writer.post(answer, lambda outcome: reply(_told(outcome)))

    def _answer(self, event: object, sid: str, data: list[Any]) -> Answer | Item:
        if len(data) > 1 or (data and not isinstance(data[0], dict)):
            return {"ok": False, "error": "invalid"}
        if not isinstance(event, str) or event not in self.events:
            return {"ok": False, "error": "invalid"}
        try:
            answer = self._run(event, sid, data[0] if data else {})
        except (Invalid, Refused, NoAccess, Conflict, WrongState, DutyRefused, KeyDestroyed) as refusal:
            return _refusal(refusal)
        except Exception as error:
            log.error("event_failed", event_name=event, problem=type(error).__name__)
            return {"ok": False, "error": "unavailable"}
        if event == "sync":
            gaps.note(sid, self.namespace, data[0], answer["messages"])
        return {"ok": True} | answer if isinstance(answer, dict) else answer

    def _connect(self, sid: str, environ: dict[str, Any]) -> None:
        if not from_here(environ):
            raise ConnectionRefusedError("origin")
        gaps.begin(sid)
        try:
            self._admit(sid, environ)
        except NoAccess:
            gaps.forget(sid)
            raise ConnectionRefusedError("unauthorised") from None
        except Exception as error:
            # Without an answer the client would wait forever; refused, it tries again.
            gaps.forget(sid)
            log.error("connection_failed", problem=type(error).__name__)
            raise ConnectionRefusedError("unavailable") from None

    @abstractmethod
    def _admit(self, sid: str, environ: dict[str, Any]) -> None:
        """Let this socket in; raises NoAccess."""

    @abstractmethod
    def _disconnect(self, sid: str) -> None:
        """The socket is closed."""

    @abstractmethod
    def _run(self, event: str, sid: str, data: Answer) -> Answer | Item:
        """Do what one event asks for."""


def _told(outcome: Outcome) -> Answer:
    """The acknowledgement of what the writer did."""
    if isinstance(outcome, Refused):
        return _refusal(outcome)
    return {"ok": True, "seq": outcome.seq} if isinstance(outcome, Stored) else {"ok": True}


def _refusal(refusal: Exception) -> Answer:
    found = getattr(refusal, "found", ())
    return {"ok": False, "error": _code(refusal)} | ({"found": list(found)} if found else {})


def _code(refusal: Exception) -> str:
    if isinstance(refusal, WrongState):
        return "wrong_state"
    if isinstance(refusal, KeyDestroyed):
        return "not_found"
    return getattr(refusal, "code", "invalid")


class VisitorNamespace(_Guarded):
    """`/visitor`: the anonymous side of one chat; the cookie of the sealed session opens it."""

    def __init__(self) -> None:
        super().__init__(push.VISITOR)
        self.visitors: dict[str, Visitor] = {}
        self.budget = TextBudget()
        self.types = Lately()
        self.events = {
            "say": self.say,
            "sync": self.sync,
            "typing": self.typing,
            "read": self.read,
            "leave": self.leave,
            **summary_events.OF_VISITOR,
        }

    def _admit(self, sid: str, environ: dict[str, Any]) -> None:
        visitor = access.visitor_of(cookie_in(environ, "visit"), clock.now())
        with reading() as session:
            access.visitor_chat(session, visitor, clock.now())
        self.visitors[sid] = visitor
        self.enter_room(sid, push.chat_room(visitor.chat))
        self.enter_room(sid, push.session_room(visitor.session_key))

    def _disconnect(self, sid: str) -> None:
        if self.visitors.pop(sid, None) is None:
            return
        try:
            service.settle(cookie_in(socketio.server.get_environ(sid, self.namespace) or {}, "visit"))
        except Exception as error:
            log.error("visit_not_settled", problem=type(error).__name__)

    def _run(self, event: str, sid: str, data: Answer) -> Answer | Item:
        visitor = self.visitors.get(sid)
        if visitor is None:
            raise NoAccess("forbidden")
        return self.events[event](visitor, data)

    def say(self, visitor: Visitor, data: Answer) -> Item:
        """A text of the visitor, acknowledged once it is committed."""
        if not self.budget.take(visitor.session_key):
            raise Refused("rate_limited")
        return service.visitor_text(visitor, data.get("client_id"), data.get("body"), data.get("mark"))

    def sync(self, visitor: Visitor, data: Answer) -> Answer:
        """Everything after the last seen `seq`, and the state."""
        return service.visitor_sync(visitor, a_number(data, "after"))

    def typing(self, visitor: Visitor, data: Answer) -> Answer:
        """The visitor types or has stopped."""
        on = a_switch(data, "on")
        if self.types.allowed(visitor):
            push.typing(visitor.chat, on, to_visitor=False)
        else:
            service.visitor_types(visitor, on)
            self.types.allow(visitor)
        return {}

    def read(self, visitor: Visitor, data: Answer) -> Item:
        """The visitor has read up to `seq`."""
        return Mark(visitor.chat, a_number(data, "seq"), session_key=visitor.session_key)

    def leave(self, visitor: Visitor, data: Answer) -> Answer:
        """The visitor goes."""
        return service.leave(visitor)

    def close_ended(self) -> None:
        """Close the sockets whose session is no longer valid."""
        keys = {visitor.session_key for visitor in self.visitors.copy().values()}
        with reading() as session:
            alive = sessions.alive(session, keys, clock.now())
        for key in keys - alive:
            push.hang_up(key)


# Events that come with every word. The writer looks up the session again for the texts and marks among them.
OFTEN = ("say", "read", "typing")


class ConsoleNamespace(_Guarded):
    """`/console`: staff who are signed in; the cookie `console` opens it."""

    def __init__(self) -> None:
        super().__init__(push.CONSOLE)
        self.tokens: dict[str, str] = {}
        self.budget = TextBudget()
        self.types = Lately()
        self.events = {
            "resume": self.resume,
            "duty": self.duty,
            "accept": self.accept,
            "decline": self.decline,
            "say": self.say,
            "sync": self.sync,
            "typing": self.typing,
            "read": self.read,
            "end": self.end,
            "hand_over": self.hand_over,
            "follow": self.follow,
            **summary_events.OF_STAFF,
            **asking_events.OF_STAFF,
        }

    def _admit(self, sid: str, environ: dict[str, Any]) -> None:
        token = cookie_in(environ, "console")
        member = staff.member_for(token)
        if member is None or token is None or not member.takes_chats:
            raise NoAccess("unauthorised")
        self.tokens[sid] = token
        self.enter_room(sid, push.staff_room(member.id))

    def _disconnect(self, sid: str) -> None:
        self.tokens.pop(sid, None)

    def _run(self, event: str, sid: str, data: Answer) -> Answer | Item:
        look_up = staff.recent_member_for if event in OFTEN else staff.member_for
        member = look_up(self.tokens.get(sid))
        if member is None:
            self.disconnect(sid)
            raise NoAccess("forbidden")
        return self.events[event](sid, member, data)

    def resume(self, sid: str, member: Member, data: Answer) -> Answer:
        """Everything the console needs to draw itself; joins the rooms of the chats in hand and leaves others."""
        answer = service.resume(member)
        for chat in answer["chats"]:
            self.enter_room(sid, push.chat_room(chat["chat"]))
        # One that was taken away since the answer was read is among them.
        catch_up.settle(member.id, push.chats_of(sid))
        return answer

    def _let_hear(self, sid: str, member: Member, chat: str) -> None:
        """Whoever takes the chat away after rights were read finds no one in its room yet, so they are read again."""
        self.enter_room(sid, push.chat_room(chat))
        catch_up.settle(member.id, {chat})
        if chat not in push.chats_of(sid):
            raise NoAccess("forbidden")

    def duty(self, sid: str, member: Member, data: Answer) -> Answer:
        """What the counsellor does now."""
        current = staff.duty_of(member.id)
        line, capacity = data.get("line", current.line), data.get("capacity", current.capacity)
        return service.change_duty(member, data.get("state"), line, capacity)

    def accept(self, sid: str, member: Member, data: Answer) -> Answer:
        """Take an offered chat or pull one; all tabs of this counsellor see it from now on."""
        return service.accept(member, a_text(data, "chat"))

    def decline(self, sid: str, member: Member, data: Answer) -> Answer:
        """Pass an offer on."""
        service.decline(member, a_text(data, "chat"))
        return {}

    def say(self, sid: str, member: Member, data: Answer) -> Item:
        """A text to the visitor (`talk`) or to staff alone (`aside`), acknowledged once it is committed."""
        if not self.budget.take(member.id):
            raise Refused("rate_limited")
        chat, stream = a_text(data, "chat"), data.get("stream")
        key = staff.session_key(self.tokens.get(sid, ""))
        allow = "allow" in data and a_switch(data, "allow")
        return service.staff_text(member, chat, stream, data.get("client_id"), data.get("body"), key, allow=allow)

    def sync(self, sid: str, member: Member, data: Answer) -> Answer:
        """Everything of one stream after the last seen `seq`."""
        stream = data.get("stream")
        if stream not in ("talk", "aside"):
            raise Invalid("stream")
        chat, after = a_text(data, "chat"), a_number(data, "after")
        if chat not in push.chats_of(sid):
            # Who may not see it does not hear of it for a moment either; what comes from here on is pushed.
            service.staff_sync(member, chat, stream, after)
            self._let_hear(sid, member, chat)
        return service.staff_sync(member, chat, stream, after, opened=True)

    def typing(self, sid: str, member: Member, data: Answer) -> Answer:
        """The counsellor types or has stopped."""
        chat, on = a_text(data, "chat"), a_switch(data, "on")
        if self.types.allowed((member, chat)):
            push.typing(chat, on, to_visitor=True)
        else:
            service.staff_types(member, chat, on)
            self.types.allow((member, chat))
        return {}

    def read(self, sid: str, member: Member, data: Answer) -> Item:
        """The counsellor has read up to `seq`."""
        return Mark(a_text(data, "chat"), a_number(data, "seq"), staff.session_key(self.tokens.get(sid, "")), member)

    def end(self, sid: str, member: Member, data: Answer) -> Answer:
        """Close the conversation."""
        return service.end(member, a_text(data, "chat"))

    def hand_over(self, sid: str, member: Member, data: Answer) -> Answer:
        """Back to the queue, or to a colleague."""
        return service.hand_over(member, a_text(data, "chat"), a_text(data, "to"))

    def follow(self, sid: str, member: Member, data: Answer) -> Answer:
        """A supervisor opens a running chat."""
        chat = service.follow(member, a_text(data, "chat"))
        self._let_hear(sid, member, chat["chat"])
        return chat

    def close_ended(self) -> None:
        """Close the sockets whose sign-in is no longer valid."""
        keys = {sid: staff.session_key(token) for sid, token in self.tokens.copy().items()}
        with reading() as session:
            alive = staff.alive(session, set(keys.values()), clock.now())
        for sid, key in keys.items():
            if key not in alive:
                self.disconnect(sid)


_lock = threading.Lock()
_seen_counter: int | None = None
_namespaces: tuple[VisitorNamespace, ConsoleNamespace] | None = None


def register(target: SocketIO) -> None:
    """Give the application its two namespaces."""
    global _namespaces
    _namespaces = VisitorNamespace(), ConsoleNamespace()
    for namespace in _namespaces:
        target.on_namespace(namespace)
    _answer_late(target.server)


def _answer_late(server: Any) -> None:
    """Let an acknowledgement follow the event: python-socketio sends one when a handler returns, and the handler of a
    text would have to wait for the commit, a thread or greenlet of its own for each."""

    def handle(_: Any, sid: str, connection: str, data: list[Any], namespace: str, number: int | None) -> None:
        def reply(answer: Answer) -> None:
            if number is not None:
                packet = server.packet_class(ACK, namespace=namespace, id=number, data=[answer])
                server._send_packet(connection, packet)

        server.namespace_handlers[namespace].handle(data[0], sid, data[1:], reply)

    server._handle_event_internal = handle


def close_revoked() -> None:
    """Close the sockets of sessions that ended; staff only when the revocation counter has moved."""
    global _seen_counter
    if _namespaces is None:
        return
    visitors, console = _namespaces
    visitors.close_ended()
    counter = staff.revocation_counter()
    with _lock:
        moved, _seen_counter = counter != _seen_counter, counter
    if moved:
        staff.remembered.forget()
    # Each time, for a sign-in may also have run out.
    console.close_ended()
