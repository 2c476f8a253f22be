"""The server's WebSockets under python-socketio: buffered reads, direct sends, orjson.

python-engineio puts each packet into a queue that a thread of each connection empties. Texts here are written to the
socket at once, and only what the socket doesn't take waits in a bounded outbox; engine.io's own packets (ping, close)
still go through its queue, whose writer would otherwise believe that the connection is dead.
"""

from __future__ import annotations

import contextlib
import json
from collections import deque
from collections.abc import Callable
from typing import Any

import orjson
from engineio import packet as engine_packet
from engineio.socket import Socket as EngineSocket

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


class Connection:
    """One open WebSocket. `sock` is a green socket: reading waits for this client alone; `raw` never blocks."""

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
            sent = self._raw.send(data)
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
        while self._outbox and not self.closed:
            data = self._outbox[0]
            try:
                self._sock.sendall(data)
            except OSError:
                self._end()
                return
            self._outbox.popleft()
            self._outbox_bytes -= len(data)

    def _end(self) -> None:
        if self.closed:
            return
        self.closed = True
        self._outbox.clear()
        with contextlib.suppress(OSError):
            self._sock.shutdown(2)


def send_directly(engine_socket: EngineSocket, connection: Connection) -> None:
    """Let texts of this engine.io socket bypass its queue; everything else goes as before."""
    through_queue = engine_socket.send

    def send(packet: engine_packet.Packet) -> None:
        if packet.packet_type != engine_packet.MESSAGE or engine_socket.closed:
            through_queue(packet)
            return
        with contextlib.suppress(OSError):
            connection.send(packet.encode())

    engine_socket.send = send


def upgraded(handler: Callable[[Connection], Any], environ: dict[str, Any], sock: Any, limit: int, spawn: Any) -> bool:
    """Answer the handshake and serve the connection until it ends; False when it is no proper WebSocket request."""
    key = environ.get("HTTP_SEC_WEBSOCKET_KEY", "")
    if environ.get("HTTP_SEC_WEBSOCKET_VERSION") != "13" or len(key) != 24:
        return False
    sock.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + frames.accept_key(key) + b"\r\n\r\n"
    )
    connection = Connection(sock, limit, spawn)
    send_directly(handler.__self__, connection)  # type: ignore[attr-defined]  # a method of engine.io's socket
    try:
        handler(connection)
    finally:
        connection.close()
    return True
