"""The server's WebSockets under python-socketio: buffered reads, direct sends, orjson.

python-engineio puts each packet into a queue that a thread of each connection empties. Texts here are written to the
socket at once, and only what the socket doesn't take waits in a bounded outbox; engine.io's own packets (ping, close)
still go through its queue, whose writer would otherwise believe that the connection is dead.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from typing import Any

import orjson
from engineio import packet as engine_packet
from engineio.socket import Socket as EngineSocket
from socketio import Manager
from socketio.packet import Packet

from helpline import frames

READ_BYTES = 65536
# A client that leaves this much unread has gone or never reads: it is hung up, comes back and syncs.
MOST_OUTBOX_BYTES = 1024 * 1024


class Json:
    """orjson in the form that python-socketio expects of a JSON module."""

    @staticmethod
    def dumps(value: Any, **_ignored: Any) -> str:
        """Compact JSON as text."""
        return orjson.dumps(value).decode()

    @staticmethod
    def loads(text: str | bytes, **_ignored: Any) -> Any:
        """The value; raises ValueError."""
        try:
            return orjson.loads(text)
        except ValueError:
            # What orjson alone refuses (a number beyond 64 bits, half a surrogate pair) gets an answer of its own.
            return json.loads(text)


class TextPacket(Packet):
    """A Socket.IO packet of a house that never sends bytes, so nothing looks for them in each text."""

    uses_binary_events = False


class Connection:
    """One open WebSocket. `sock` waits for this client alone, `raw` never waits.

    Nothing here yields between two steps, so green threads may share it; real ones share a SharedConnection.
    """

    def __init__(self, sock: Any, limit: int, spawn: Callable[..., Any]) -> None:
        self._sock = sock
        self._raw = getattr(sock, "fd", sock)
        self._reader = frames.Reader(limit)
        self._messages: deque[str | bytes] = deque()
        self._outbox: deque[bytes] = deque()
        self._outbox_bytes = 0
        self._spawn = spawn
        self.closed = False

    # What python-engineio calls

    def wait(self) -> str | bytes | None:
        """The next message; None once the connection is over."""
        while not self._messages:
            if self.closed:
                return None
            try:
                data = self._sock.recv(READ_BYTES)
            except OSError:
                data = b""
            if not data:
                self._end()
                return None
            try:
                self._sort(self._reader.feed(data))
            except frames.BadFrame as bad:
                self._write(frames.frame(frames.CLOSE, bad.code.to_bytes(2, "big")))
                self._end()
                return None
        return self._messages.popleft()

    def send(self, message: str | bytes) -> None:
        """Write a message at once, as far as the socket takes it."""
        if isinstance(message, str):
            self._write(frames.frame(frames.TEXT, message.encode()))
        else:
            self._write(frames.frame(frames.BINARY, message))

    def close(self) -> None:
        """Say goodbye and hang up."""
        if not self.closed:
            with contextlib.suppress(OSError):
                self._write(frames.frame(frames.CLOSE, b"\x03\xe8"))
            self._end()

    # Inside

    def _sort(self, found: list[tuple[int, bytes]]) -> None:
        for opcode, payload in found:
            if opcode == frames.TEXT:
                try:
                    self._messages.append(payload.decode())
                except UnicodeDecodeError:
                    raise frames.BadFrame(1007) from None
            elif opcode == frames.BINARY:
                self._messages.append(payload)
            elif opcode == frames.PING:
                self._write(frames.frame(frames.PONG, payload))
            elif opcode == frames.CLOSE:
                self._write(frames.frame(frames.CLOSE, payload[:2]))
                self._end()
                return

    def _write(self, data: bytes) -> None:
        if self.closed:
            raise OSError("the connection is over")
        if self._outbox:
            self._keep(data)
            return
        try:
            # A real thread's socket has no timeout: one would make Python wait here, whatever the flag says.
            sent = self._raw.send(data, socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            self._end()
            raise
        if sent < len(data):
            self._keep(data[sent:])
            self._spawn(self._empty)

    def _keep(self, data: bytes) -> None:
        self._outbox.append(data)
        self._outbox_bytes += len(data)
        if self._outbox_bytes > MOST_OUTBOX_BYTES:
            self._end()

    def _empty(self) -> None:
        """Send what the socket did not take; waits for this client alone."""
        data = self._next()
        while data is not None:
            try:
                self._sock.sendall(data)
            except OSError:
                self._end()
                return
            data = self._next(sent=data)

    def _next(self, sent: bytes = b"") -> bytes | None:
        """What is to be sent now that `sent` is gone. Until then it stays in the outbox: nothing overtakes it."""
        if sent and self._outbox:
            self._outbox.popleft()
            self._outbox_bytes -= len(sent)
        return self._outbox[0] if self._outbox else None

    def _end(self) -> None:
        if self.closed:
            return
        self.closed = True
        self._outbox.clear()
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)


class SharedConnection(Connection):
    """A connection that real threads write to at the same time: whole frames, one after another."""

    def __init__(self, sock: Any, limit: int, spawn: Callable[..., Any]) -> None:
        super().__init__(sock, limit, spawn)
        self._lock = threading.RLock()

    def _write(self, data: bytes) -> None:
        with self._lock:
            super()._write(data)

    def _next(self, sent: bytes = b"") -> bytes | None:
        with self._lock:
            return super()._next(sent)

    def _end(self) -> None:
        with self._lock:
            super()._end()


class SharedRooms(Manager):
    """Who is in which room, for real threads: python-socketio's own looks first and changes then."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.RLock()

    def pre_connect(self, eio_sid: str, namespace: str) -> str | None:
        with self._lock:
            return super().pre_connect(eio_sid, namespace)

    def connect(self, sid: str, namespace: str) -> str:
        with self._lock:
            return super().connect(sid, namespace)

    def is_connected(self, sid: str, namespace: str) -> bool:
        with self._lock:
            return super().is_connected(sid, namespace)

    def pre_disconnect(self, sid: str, namespace: str) -> str | None:
        with self._lock:
            # Two threads may part from one client: the second finds nobody.
            return super().pre_disconnect(sid, namespace) if self._is_here(sid, namespace) else None

    def basic_disconnect(self, sid: str, namespace: str, **options: Any) -> None:
        with self._lock:
            super().basic_disconnect(sid, namespace, **options)

    def basic_enter_room(self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None) -> None:
        with self._lock:
            # Who went a moment ago enters no room.
            if eio_sid is not None or self._is_here(sid, namespace):
                super().basic_enter_room(sid, namespace, room, eio_sid)

    def basic_leave_room(self, sid: str, namespace: str, room: str | None) -> None:
        with self._lock:
            super().basic_leave_room(sid, namespace, room)

    def get_participants(self, namespace: str, room: str | None) -> list[tuple[str, str]]:
        with self._lock:
            return list(super().get_participants(namespace, room))

    def get_rooms(self, sid: str, namespace: str) -> list[str]:
        with self._lock:
            return super().get_rooms(sid, namespace)

    def _is_here(self, sid: str, namespace: str) -> bool:
        return sid in self.rooms.get(namespace, {}).get(None, {})


def send_directly(engine_socket: EngineSocket, connection: Connection) -> None:
    """Let texts of this engine.io socket bypass its queue; everything else goes as before."""
    through_queue = engine_socket.send

    def send(packet: engine_packet.Packet) -> None:
        if packet.packet_type != engine_packet.MESSAGE:
            through_queue(packet)
            return
        with contextlib.suppress(OSError):
            connection.send(packet.encode())

    engine_socket.send = send


def upgraded(
    handler: Callable[[Connection], Any],
    environ: dict[str, Any],
    sock: Any,
    limit: int,
    spawn: Callable[..., Any],
    kind: type[Connection],
) -> bool:
    """Answer the handshake and serve the connection until it ends; False when it is no proper WebSocket request."""
    key = environ.get("HTTP_SEC_WEBSOCKET_KEY", "")
    if environ.get("HTTP_SEC_WEBSOCKET_VERSION") != "13" or len(key) != 24:
        return False
    sock.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + frames.accept_key(key) + b"\r\n\r\n"
    )
    connection = kind(sock, limit, spawn)
    send_directly(handler.__self__, connection)  # type: ignore[attr-defined]  # a method of engine.io's socket
    try:
        handler(connection)
    finally:
        connection.close()
    return True


class WebSocket(ABC):
    """What engine.io makes for a request that becomes a WebSocket; where the socket is, each server knows."""

    connection: type[Connection] = Connection

    def __init__(self, handler: Callable[..., Any], server: Any) -> None:
        self._handler, self._limit = handler, int(server.max_http_buffer_size)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        if not upgraded(self._handler, environ, self.socket(environ), self._limit, self.spawn, self.connection):
            start_response("400 Bad Request", [("Connection", "close")])
            return [b""]
        return self.over()

    @abstractmethod
    def socket(self, environ: dict[str, Any]) -> Any:
        """The request's socket."""

    @abstractmethod
    def spawn(self, work: Callable[..., Any], *arguments: Any) -> None:
        """Run `work` beside what runs."""

    @abstractmethod
    def over(self) -> Any:
        """What the server is answered once the connection has ended, so that it sends nothing more."""

    @classmethod
    def use(cls, engine: Any) -> None:
        """Give engine.io these in place of its own."""
        engine._async = {**engine._async, "websocket": cls}
