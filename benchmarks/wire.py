"""The lightest clients that still are real ones: HTTP forms, and Socket.IO 5 in Engine.IO 4 in a masked WebSocket.

A general client library costs more than the server it loads, so frames are cut and put together by hand. Only what
the servers of this benchmark send is understood: unfragmented text frames without compression.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

PATIENCE = 60.0
TEXT, CLOSE, PING = 1, 8, 9

Answer = Callable[[bytes], None]


class Refused(Exception):
    """The server refused a connection or a form."""


def masked_frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """A client's frame; the mask is random as the protocol demands, the XOR one operation on a big number."""
    size = len(payload)
    mask = random.getrandbits(32).to_bytes(4, "big")
    stream = (mask * (size // 4 + 1))[:size]
    covered = (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(size, "big")
    if size < 126:
        return bytes((0x80 | opcode, 0x80 | size)) + mask + covered
    return bytes((0x80 | opcode, 0xFE, size >> 8, size & 255)) + mask + covered


class Link(asyncio.Protocol):
    """One connection to one namespace ('' is the default one).

    `on_event(link, payload)` gets every event as the bytes of its packet, so that a busy caller can look only at what
    it needs; `event_of` reads one whole.
    """

    def __init__(self, host: str, namespace: str, cookie: str, on_event: Callable[[Link, bytes], None]) -> None:
        self.on_event = on_event
        self.namespace = namespace
        self.lost = False
        self.bytes_in = 0
        self._prefix = f"42{namespace}{',' if namespace else ''}".encode()
        self._before_ack = len(self._prefix)
        self._hello = (
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: aGVscGxpbmUgYmVuY2htYQ==\r\n"
            + (f"Cookie: {cookie}\r\n" if cookie else "")
            + "\r\n"
        ).encode()
        self._rest = b""
        self._upgraded = False
        self._number = 0
        self._answers: dict[int, Answer] = {}
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # Whoever stopped waiting for a line no longer asks why there was none.
        self.ready.add_done_callback(lambda ready: ready.cancelled() or ready.exception())
        self._transport: asyncio.Transport | None = None

    # What comes in

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._hello)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if not self.ready.done():
            self.ready.set_exception(Refused("the server hung up"))

    def data_received(self, data: bytes) -> None:
        self.bytes_in += len(data)
        if self._rest:
            data = self._rest + data
        if not self._upgraded:
            data = self._after_handshake(data)
        at, size = 0, len(data)
        while size - at >= 2:
            length, start = data[at + 1], at + 2
            if length == 126:
                start = at + 4
                if size < start:
                    break
                length = data[at + 2] << 8 | data[at + 3]
            elif length == 127:
                start = at + 10
                if size < start:
                    break
                length = int.from_bytes(data[at + 2 : start], "big")
            end = start + length
            if end > size:
                break
            opcode = data[at] & 15
            if opcode == TEXT:
                self._packet(data[start:end])
            elif opcode == CLOSE:
                self.close()
            at = end
        self._rest = data[at:]

    def _after_handshake(self, data: bytes) -> bytes:
        head, found, rest = data.partition(b"\r\n\r\n")
        if not found:
            self._rest = data
            return b""
        self._rest = b""
        if b" 101 " not in head.split(b"\r\n", 1)[0]:
            raise Refused(head.decode(errors="replace"))
        self._upgraded = True
        return rest

    def _packet(self, packet: bytes) -> None:
        kind = packet[:2]
        if kind == b"42":
            self.on_event(self, packet)
        elif kind == b"43":
            bracket = packet.index(b"[")
            answer = self._answers.pop(int(packet[self._before_ack : bracket]), None)
            if answer is not None:
                answer(packet)
        elif kind == b"2":
            self.send(b"3")
        elif packet[:1] == b"0":
            self.send(f"40{self.namespace}{',' if self.namespace else ''}".encode())
        elif kind == b"40":
            self.ready.set_result(None)
        elif kind == b"44":
            self.ready.set_exception(Refused(packet.decode()))
        elif kind == b"41":
            self.close()

    # What goes out

    def send(self, packet: bytes) -> None:
        """Send one Engine.IO packet; nothing on a lost line, which `lost` tells."""
        if self.lost or self._transport is None:
            return
        self._transport.write(masked_frame(packet))

    def emit(self, rest: bytes, answer: Answer) -> None:
        """Send an event, given as the JSON array's bytes; `answer` gets the packet that acknowledges it."""
        number = self._number = self._number + 1
        self._answers[number] = answer
        self.send(b"%b%d%b" % (self._prefix, number, rest))

    async def call(self, event: str, data: dict[str, Any] | None = None, timeout: float = PATIENCE) -> dict[str, Any]:
        """Send an event and return its acknowledgement."""
        done: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        parts = [event] if data is None else [event, data]
        self.emit(json.dumps(parts).encode(), lambda packet: done.done() or done.set_result(packet))
        packet = await asyncio.wait_for(done, timeout)
        answer: dict[str, Any] = json.loads(packet[packet.index(b"[") :])[0]
        return answer

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


def event_of(packet: bytes) -> tuple[str, Any]:
    """Name and data of an event's packet."""
    event, *data = json.loads(packet[packet.index(b"[") :])
    return event, data[0] if data else None


async def connect(
    port: int, namespace: str, cookie: str, on_event: Callable[[Link, bytes], None], timeout: float = PATIENCE
) -> Link:
    """Open a link and wait until its namespace is joined; raises Refused."""
    loop = asyncio.get_running_loop()
    _, link = await loop.create_connection(
        lambda: Link(f"127.0.0.1:{port}", namespace, cookie, on_event), "127.0.0.1", port
    )
    await asyncio.wait_for(asyncio.shield(link.ready), timeout)
    return link


class Browser:
    """Cookies and forms of one browser, over one kept connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def request(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """GET, or POST of a form; status and page."""
        body = urlencode(form).encode() if form is not None else b""
        head = [f"{'GET' if form is None else 'POST'} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        if self.cookies:
            head.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        if form is not None:
            head += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        assert self._reader is not None
        self._writer.write("\r\n".join([*head, "", ""]).encode() + body)
        return await self._response(self._reader)

    async def _response(self, reader: asyncio.StreamReader) -> tuple[int, str]:
        status = int((await reader.readline()).split()[1])
        size, chunked = 0, False
        while line := (await reader.readline()).strip():
            name, _, value = line.decode("latin-1").partition(":")
            name, value = name.lower(), value.strip()
            if name == "content-length":
                size = int(value)
            elif name == "transfer-encoding":
                chunked = value == "chunked"
            elif name == "set-cookie":
                cookie, _, content = value.partition(";")[0].partition("=")
                self.cookies[cookie] = content
        if not chunked:
            return status, (await reader.readexactly(size)).decode()
        parts = []
        while length := int(await reader.readline(), 16):
            parts.append(await reader.readexactly(length))
            await reader.readline()
        await reader.readline()
        return status, b"".join(parts).decode()

    async def submit(self, path: str, **fields: str) -> int:
        """Get the form at `path`, fill it and post it; the status."""
        status, page = await self.request(path)
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        if token is None:
            raise Refused(f"{path}: no form, {status}")
        return (await self.request(path, fields | {"csrf_token": token[1]}))[0]

    def header(self, name: str) -> str:
        """`name=value` as a socket sends it."""
        return f"{name}={self.cookies[name]}"

    def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.close()
            self._reader = self._writer = None
