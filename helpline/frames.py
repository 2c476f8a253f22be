"""WebSocket frames (RFC 6455) as bytes: pure, without sockets, and quick, since every text passes here."""

from __future__ import annotations

import base64
import hashlib
import struct
from dataclasses import dataclass, field

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
CONTINUATION = 0x0
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class BadFrame(Exception):
    """The peer broke the protocol or its limits; the connection ends with this close `code`."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def accept_key(key: str) -> bytes:
    """The server's answer to Sec-WebSocket-Key."""
    return base64.b64encode(hashlib.sha1(key.encode() + _GUID).digest())  # noqa: S324 - the protocol's own hash


def frame(opcode: int, payload: bytes) -> bytes:
    """One unmasked, final frame, as a server sends it."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, size)) + payload
    if size < 65536:
        return struct.pack("!BBH", 0x80 | opcode, 126, size) + payload
    return struct.pack("!BBQ", 0x80 | opcode, 127, size) + payload


def unmask(payload: bytes, mask: bytes) -> bytes:
    """XOR with the repeated mask, as one operation on big numbers: no loop over the bytes."""
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(key, "little")).to_bytes(size, "little")


@dataclass
class Reader:
    """Takes bytes as they come and gives whole messages. `limit` is the most bytes a message may have."""

    limit: int
    _buffer: bytes = b""
    _parts: list[bytes] = field(default_factory=list)
    _kind: int = 0

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Messages and control frames that `data` completes, as (opcode, payload); raises BadFrame."""
        buffer = self._buffer + data if self._buffer else data
        found: list[tuple[int, bytes]] = []
        start, end = 0, len(buffer)
        while end - start >= 2:
            first, second = buffer[start], buffer[start + 1]
            size, at = second & 0x7F, start + 2
            if size == 126:
                if end - at < 2:
                    break
                (size,) = struct.unpack_from("!H", buffer, at)
                at += 2
            elif size == 127:
                if end - at < 8:
                    break
                (size,) = struct.unpack_from("!Q", buffer, at)
                at += 8
            self._check(first, second, size)
            if end - at < 4 + size:
                break
            payload = unmask(buffer[at + 4 : at + 4 + size], buffer[at : at + 4])
            start = at + 4 + size
            message = self._take(first, payload)
            if message is not None:
                found.append(message)
        self._buffer = buffer[start:]
        return found

    def _check(self, first: int, second: int, size: int) -> None:
        opcode = first & 0x0F
        if first & 0x70 or not second & 0x80:
            raise BadFrame(1002)
        if opcode >= CLOSE:
            if opcode > PONG or size > 125 or not first & 0x80:
                raise BadFrame(1002)
        elif opcode > BINARY or (opcode == CONTINUATION) != bool(self._parts):
            raise BadFrame(1002)
        if size + sum(map(len, self._parts)) > self.limit:
            raise BadFrame(1009)

    def _take(self, first: int, payload: bytes) -> tuple[int, bytes] | None:
        opcode, final = first & 0x0F, first & 0x80
        if opcode >= CLOSE or (final and opcode):
            return opcode, payload
        if opcode:
            self._kind = opcode
        self._parts.append(payload)
        if not final:
            return None
        whole, self._parts = b"".join(self._parts), []
        return self._kind, whole
