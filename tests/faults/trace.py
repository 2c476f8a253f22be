"""Reads what `strace -f -y -xx` wrote, and tells whether a text was on disk before anybody heard of it. Pure.

A kill can't tell a synced disk from a cached one. So the system calls are looked at: after a text has come in and
the write-ahead log was written, the log must be synced before the acknowledgement or the text itself goes out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

CALLS = "fdatasync,fsync,pwrite64,recvfrom,recvmsg,sendto,sendmsg,write"
STRACE = ("strace", "-D", "-f", "-q", "-y", "-xx", "-s", "2048", "-e", f"trace={CALLS}")
"""`-D` leaves the server our own child, so that it can be ended as always; `-o FILE` has to be added."""

_CALL = re.compile(r"(\w+)\((\d+)<((?:\\x[0-9a-f]{2})*)>(.*)\) += (-?\d+)", re.DOTALL)
_BYTES = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_UNFINISHED = " <unfinished ...>"
_RESUMED = re.compile(r"<\.\.\. (\w+) resumed>")


@dataclass(frozen=True)
class Call:
    """One system call on an open file by one thread; `began` and `ended` are lines of the trace."""

    thread: str
    name: str
    file: str
    data: bytes
    answer: int
    began: int
    ended: int


def calls_in(trace: str) -> Iterator[Call]:
    """The calls of a trace, in the order of their end; one that another thread interrupted is put together."""
    open_calls: dict[str, tuple[int, str]] = {}
    for number, line in enumerate(trace.splitlines()):
        process, _, what = line.strip().partition(" ")
        what = what.strip()
        began = number
        if what.endswith(_UNFINISHED):
            open_calls[process] = number, what.removesuffix(_UNFINISHED)
            continue
        if resumed := _RESUMED.match(what):
            began, start = open_calls.pop(process, (number, ""))
            what = start + what[resumed.end() :]
        found = _CALL.match(what)
        if found:
            name, _descriptor, file, arguments, answer = found.groups()
            data = b"".join(_plain(part) for part in _BYTES.findall(arguments))
            yield Call(process, name, _plain(file).decode(), data, int(answer), began, number)


def _plain(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", ""))


@dataclass
class _Channel:
    """One direction of a connection: plain HTTP first, then perhaps WebSocket frames."""

    buffer: bytearray = field(default_factory=bytearray)
    framed: bool = False

    def take(self, data: bytes) -> list[bytes]:
        """The messages that these bytes complete; HTTP is handed on as it comes."""
        self.buffer += data
        if not self.framed:
            whole = bytes(self.buffer)
            if b"upgrade: websocket" not in whole.lower():
                self.buffer.clear()
                return [whole]
            head, end, rest = whole.partition(b"\r\n\r\n")
            if not end:
                return []
            self.framed, self.buffer = True, bytearray(rest)
            return [head, *self._frames()]
        return list(self._frames())

    def _frames(self) -> Iterator[bytes]:
        while len(self.buffer) >= 2:
            length, at = self.buffer[1] & 0x7F, 2
            if length >= 126:
                size = 2 if length == 126 else 8
                length, at = int.from_bytes(self.buffer[2 : 2 + size], "big"), 2 + size
            masked = bool(self.buffer[1] & 0x80)
            mask = bytes(self.buffer[at : at + 4]) if masked else b"\0\0\0\0"
            at += 4 * masked
            if len(self.buffer) < at + length:
                return
            body = bytes(self.buffer[at : at + length])
            del self.buffer[: at + length]
            yield bytes(letter ^ mask[place % 4] for place, letter in enumerate(body))


@dataclass(frozen=True)
class _Passed:
    """A message that came in or went out on a connection."""

    call: Call
    body: bytes


def _messages(calls: Iterable[Call], names: tuple[str, ...]) -> list[_Passed]:
    channels: dict[str, _Channel] = {}
    found = []
    for call in calls:
        if call.name in names and call.file.startswith("socket:") and call.answer > 0:
            data = call.data[: call.answer]
            for body in channels.setdefault(call.file, _Channel()).take(data):
                found.append(_Passed(call, body))
    return found


def problems_of(trace: str, client_id: str, log_of_database: str) -> list[str]:
    """What is wrong with the way of the text `client_id` from the socket over the disk to the acknowledgement.

    `log_of_database` is how the name of the write-ahead log ends. None is wrong: an empty list.
    """
    calls = list(calls_in(trace))
    text = client_id.encode()
    came = next((m for m in _messages(calls, ("recvfrom", "recvmsg")) if text in m.body), None)
    if came is None:
        return [f"{client_id} never came in"]
    going = [m for m in _messages(calls, ("sendto", "sendmsg")) if m.call.began > came.call.ended]
    answers = [m for m in going if m.call.file == came.call.file and m.body.startswith((b"43", b"HTTP/1.1 "))]
    if not answers:
        return [f"{client_id} was never acknowledged"]
    told = [m for m in going if text in m.body]
    # Real threads write to the log for each other's sake too: only who stored the text tells of it first.
    writer = (told or answers)[0].call.thread
    wrong = []
    for what, message in [("acknowledged", answers[0]), *(("pushed", m) for m in told)]:
        within = [c for c in calls if c.thread == writer and c.began > came.call.ended and c.ended < message.call.began]
        writes = [c for c in within if c.name in ("pwrite64", "write") and c.file.endswith(log_of_database)]
        if not writes:
            wrong.append(f"{client_id} was {what} before anything was written to the database's log")
        elif not any(_synced(c, log_of_database) and c.began > writes[-1].ended for c in within):
            wrong.append(f"{client_id} was {what} before the database's log was synced")
    return wrong


def _synced(call: Call, log_of_database: str) -> bool:
    return call.name in ("fdatasync", "fsync") and call.file.endswith(log_of_database) and call.answer == 0
