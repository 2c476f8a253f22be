"""Clients that talk without pause, reconnect by themselves, and write down all they send, are told and are shown.

They keep the rules of `docs/protocol.md`: unacknowledged texts stay in an outbox and are sent again with the same
`client_id`; after a reconnect, at a gap and at each ping they ask for what they have not seen.
"""

from __future__ import annotations

import contextlib
import queue
import random
import threading
import time
import uuid
from typing import Any

import requests
import websocket

from tests.clients import PATIENCE, Counsellor, Refused, Visitor, Wire, answered
from tests.faults.history import Acknowledged, Log, Received, Sent, Stream

WORDS = ["ik", "weet", "niet", "of", "het", "nog", "gaat", "maar", "schrijven", "helpt", "één", "☂", "<dag>"]


class Talker(threading.Thread):
    """One client, in a thread of its own: connects, talks, and begins again whenever the connection breaks."""

    def __init__(self, name: str, author: str, seed: object) -> None:
        super().__init__(name=name, daemon=True)
        self.pace = 0.2
        """Seconds between two turns at most."""
        self.careful = False
        """Sends a text only after the one before was stored, as pages do: where the database may be away for a moment
        the first could be refused for now and the second be stored."""
        self.log = Log(name, author)
        self.dice = random.Random(f"{seed} {name}")
        self.faults: list[str] = []
        self.outbox: list[Sent] = []
        self.acknowledged_since_fault = 0
        self.resent_known = 0
        """Texts that turned out to be stored although their acknowledgement was lost."""
        self.quiet = threading.Event()
        self.over = threading.Event()
        self._seen: dict[Stream, set[int]] = {}
        self._own_seen: set[str] = set()
        self._complete: dict[Stream, int] = {}
        self._numbers: dict[Stream, int] = {}

    def run(self) -> None:
        """Talk until `over` is set; a fault of the harness or the server ends the thread and is written down."""
        try:
            while not self.over.is_set():
                try:
                    self.connect()
                    while not self.over.is_set():
                        self.turn()
                except (OSError, websocket.WebSocketException, requests.RequestException):
                    self.hang_up()
                    self.over.wait(self.dice.uniform(0.02, 0.2))
        except Exception as error:
            self.faults.append(f"{self.name}: {type(error).__name__}: {error}")
        finally:
            self.hang_up()

    def connect(self) -> None:
        """Open the connection and catch up."""
        raise NotImplementedError

    def turn(self) -> None:
        """Say something, or listen for a moment."""
        raise NotImplementedError

    def hang_up(self) -> None:
        """Drop the connection, whatever state it is in."""
        raise NotImplementedError

    def compose(self, stream: Stream) -> None:
        """Put a new text into the outbox; no two texts are alike."""
        number = self._numbers[stream] = self._numbers.get(stream, 0) + 1
        body = f"{self.name} {stream.name} {number}: {' '.join(self.dice.choices(WORDS, k=self.dice.randint(1, 20)))}"
        text = Sent(stream, uuid.uuid4().hex, body, time.monotonic())
        self.log.sent.append(text)
        self.outbox.append(text)

    def answered(self, text: Sent, answer: dict[str, Any]) -> None:
        """Take an acknowledgement; a text that can't be stored just now stays in the outbox."""
        assert text.client_id is not None
        if answer.get("ok") is True:
            self.log.acknowledged.append(Acknowledged(text.client_id, answer["seq"], time.monotonic()))
            self.outbox.remove(text)
            self.acknowledged_since_fault += 1
            self.resent_known += text.client_id in self._own_seen
        elif answer.get("error") != "unavailable":
            self.faults.append(f"{self.name}: refused with {answer}: {text}")
            self.over.set()

    def shown(self, stream: Stream, message: dict[str, Any], pushed_on: int | None = None) -> None:
        """Write down a text that reached this client."""
        self.log.received.append(Received(stream, message, pushed_on))
        self._seen.setdefault(stream, set()).add(message["seq"])
        if pushed_on is None and any(text.client_id == message["client_id"] for text in self.outbox):
            self._own_seen.add(message["client_id"])

    def complete_to(self, stream: Stream) -> int:
        """The last `seq` up to which this client has seen everything."""
        seen, last = self._seen.get(stream, set()), self._complete.get(stream, 0)
        while last + 1 in seen:
            last += 1
        self._complete[stream] = last
        return last

    def has_gap(self, stream: Stream) -> bool:
        """A later text came before an earlier one."""
        seen = self._seen.get(stream)
        return bool(seen) and max(seen) > self.complete_to(stream)


def reach(wire: Wire, waiting: queue.Queue[Any]) -> dict[str, Any]:
    """The acknowledgement that comes; ConnectionError as soon as the connection has ended."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            answer = waiting.get(timeout=0.25)
        except queue.Empty:
            if wire.closed.is_set():
                raise ConnectionError("the socket was closed") from None
            if time.monotonic() > deadline:
                raise AssertionError(f"no acknowledgement in {PATIENCE} s on an open connection") from None
            continue
        if answer is None:
            raise ConnectionError("the socket was closed")
        return answer  # type: ignore[no-any-return]  # JSON


class SocketTalker(Talker):
    """What visitors and counsellors on a socket have in common; says several texts before it waits for answers."""

    def __init__(self, name: str, author: str, seed: object) -> None:
        super().__init__(name, author, seed)
        self.wire: Wire | None = None
        self.connections = 0
        self._asked: list[tuple[Sent, queue.Queue[Any]]] = []

    def open(self) -> Wire:
        """The client's own way to open its socket."""
        raise NotImplementedError

    def payload(self, text: Sent) -> dict[str, Any]:
        """The data of `say` for this text."""
        raise NotImplementedError

    def sync(self, stream: Stream) -> None:
        """Ask for everything after the last text up to which nothing is missing."""
        raise NotImplementedError

    def beat(self) -> None:
        """Answer a ping."""
        raise NotImplementedError

    def placed(self, data: dict[str, Any]) -> Stream:
        """The stream that a pushed text belongs to."""
        raise NotImplementedError

    def connect(self) -> None:
        try:
            self.wire = self.open()
        except Refused as refused:
            if refused.reason == "unavailable":
                raise ConnectionError("not just now") from None
            # A restart must not end anybody's session.
            raise AssertionError(f"the connection was refused: {refused.reason}") from None
        self.connections += 1
        self.beat()
        for stream in self.log.follows:
            self.sync(stream)

    def hang_up(self) -> None:
        if self.wire is None:
            return
        if not self.over.is_set():
            # What the server sent before it died is still on its way through our own buffers.
            self.wire.closed.wait(2)
        self.wire.close()
        for text, answer in self._asked:
            # An acknowledgement counts as soon as it came; a resend must not hide that the text was lost.
            with contextlib.suppress(queue.Empty):
                if (said := answer.get_nowait()) is not None:
                    self.answered(text, said)
        self._asked.clear()
        self._take_pushes()
        self.wire = None

    def ask(self, event: str, data: dict[str, Any]) -> dict[str, Any]:
        """Emit an event that has to succeed; again, where the server can't for the moment."""
        assert self.wire is not None
        while (answer := reach(self.wire, self.wire.send(event, data))).get("ok") is not True:
            if answer.get("error") != "unavailable":
                raise AssertionError(f"{event} {data}: {answer}")
            self.over.wait(self.dice.uniform(0.2, 0.5))
        return answer

    def turn(self) -> None:
        assert self.wire is not None
        if not self.quiet.is_set():
            for stream in self.dice.sample(self.log.follows, k=min(3, len(self.log.follows))):
                if self.careful and any(text.stream == stream for text in self.outbox):
                    continue
                for _ in range(self.dice.choice((1, 1, 2, 3))):
                    self.compose(stream)
        while self._send():
            pass
        self.listen()
        self.over.wait(self.dice.uniform(0.0, self.pace))
        if self.wire.closed.is_set():
            raise ConnectionError("the socket was closed")

    def _send(self) -> bool:
        """Send what waits and take the answers; True while there is more to send at once."""
        assert self.wire is not None
        due = {text.stream: text for text in reversed(self.outbox)}.values() if self.careful else list(self.outbox)
        for text in due:
            self.log.tried[str(text.client_id)] += 1
            self._asked.append((text, self.wire.send("say", self.payload(text))))
        waiting = len(self.outbox)
        while self._asked:
            text, answer = self._asked[0]
            said = reach(self.wire, answer)
            del self._asked[0]
            self.answered(text, said)
        return self.careful and 0 < len(self.outbox) < waiting

    def listen(self) -> None:
        """Take what the server pushed since the last time; ask for what is missing."""
        assert self.wire is not None
        if self._take_pushes():
            self.beat()
        for stream in self.log.follows:
            if self.has_gap(stream):
                self.sync(stream)

    def _take_pushes(self) -> bool:
        """Write down what was pushed; whether a ping was among it."""
        assert self.wire is not None
        pings = 0
        with contextlib.suppress(queue.Empty):
            while True:
                event, data = self.wire.events.get_nowait()
                pings += event == "ping"
                if event == "message":
                    self.shown(self.placed(data), data, pushed_on=self.connections)
        return pings > 0


class VisitorTalker(SocketTalker):
    """A visitor in the browser."""

    def __init__(self, name: str, seed: object, visitor: Visitor) -> None:
        super().__init__(name, "visitor", seed)
        self.visitor = visitor

    def open(self) -> Wire:
        return self.visitor.connect()

    def payload(self, text: Sent) -> dict[str, Any]:
        return {"client_id": text.client_id, "body": text.body}

    def placed(self, data: dict[str, Any]) -> Stream:
        return self.log.follows[0]

    def sync(self, stream: Stream) -> None:
        for message in self.ask("sync", {"after": self.complete_to(stream)})["messages"]:
            self.shown(stream, message)

    def beat(self) -> None:
        self.sync(self.log.follows[0])


class ConsoleTalker(SocketTalker):
    """A counsellor with several chats at once, who takes notes too."""

    def __init__(self, name: str, seed: object, counsellor: Counsellor) -> None:
        super().__init__(name, "counsellor", seed)
        self.counsellor = counsellor

    def take(self, chat: str) -> None:
        """From now on this chat is talked in."""
        self.log.follows += [Stream(chat), Stream(chat, "aside")]

    def open(self) -> Wire:
        return self.counsellor.connect()

    def payload(self, text: Sent) -> dict[str, Any]:
        return {
            "chat": text.stream.chat,
            "stream": text.stream.name,
            "client_id": text.client_id,
            "body": text.body,
        }

    def placed(self, data: dict[str, Any]) -> Stream:
        return Stream(data["chat"], data["stream"])

    def sync(self, stream: Stream) -> None:
        asked = {"chat": stream.chat, "stream": stream.name, "after": self.complete_to(stream)}
        for message in self.ask("sync", asked)["messages"]:
            self.shown(stream, message)

    def beat(self) -> None:
        """`resume` tells the last `seq` of each chat, so a lost last push is noticed as well."""
        held = {chat["chat"]: chat["last_seq"] for chat in self.ask("resume", {})["chats"]}
        if foreign := held.keys() - {stream.chat for stream in self.log.follows}:
            raise AssertionError(f"{foreign} are held here, and this counsellor never took them")
        for stream in self.log.follows:
            if stream.chat not in held:
                raise AssertionError(f"{stream.chat} is no longer this counsellor's")
            if held[stream.chat][stream.name] > self.complete_to(stream):
                self.sync(stream)


class FormTalker(Talker):
    """A visitor without JavaScript: forms and a transcript that is fetched again and again."""

    def __init__(self, name: str, seed: object, visitor: Visitor) -> None:
        super().__init__(name, "visitor", seed)
        self.visitor = visitor
        self.visitor.http.headers["Accept"] = "application/json"
        self.token = visitor.token_of(f"/{visitor.lang}/{visitor.line}/chat/")

    def connect(self) -> None:
        self.read()

    def hang_up(self) -> None:
        pass

    def read(self) -> None:
        """Fetch what is new."""
        stream = self.log.follows[0]
        answer = self.visitor.transcript(self.complete_to(stream))
        if answer.get("ok") is not True:
            raise AssertionError(f"the transcript can't be read: {answer}")
        for message in answer["messages"]:
            self.shown(stream, message)

    def turn(self) -> None:
        if not self.quiet.is_set() and not self.outbox:
            self.compose(self.log.follows[0])
        for text in list(self.outbox):
            self.log.tried[str(text.client_id)] += 1
            said = self.visitor.http.post(
                f"{self.visitor.server.url}{self.visitor.room}say",
                data={"csrf_token": self.token, "client_id": text.client_id or "", "body": text.body},
                timeout=PATIENCE,
                allow_redirects=False,
            )
            self.answered(text, answered(said).json())
        self.read()
        self.over.wait(self.dice.uniform(0.0, self.pace))
