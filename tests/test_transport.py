"""What real threads share of the transport: connections that many write to, and the book of who is in which room."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest

from helpline import frames
from helpline.transport import MOST_OUTBOX_BYTES, Connection, SharedConnection, SharedRooms

WRITERS = 8
EACH = 200
# So the outbox often runs empty while others write: that is when they could meet.
MOST_WAITING = 0
PATIENCE = 30


@pytest.fixture(autouse=True)
def switching_often() -> Iterator[None]:
    """Threads interrupt each other a thousand times as often as usual."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The server's and the client's end; little fits in between."""
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    theirs.settimeout(PATIENCE)
    yield ours, theirs
    ours.close()
    theirs.close()


def spawn(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()


def at_once(*works: Callable[[], None]) -> None:
    """Run all of these in threads that begin together; raises what any of them raised."""
    problems: list[BaseException] = []
    start = threading.Barrier(len(works))

    def run(work: Callable[[], None]) -> None:
        start.wait(PATIENCE)
        try:
            work()
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=run, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + PATIENCE
    for thread in threads:
        while thread.is_alive() and not problems and time.monotonic() < deadline:
            thread.join(0.1)
    if problems:
        raise problems[0]
    assert not any(thread.is_alive() for thread in threads)


def texts(end: socket.socket, count: int) -> list[str]:
    """The next texts that a client reads; a server masks nothing, so the frames are read by hand."""
    stream = end.makefile("rb")
    found = []
    while len(found) < count:
        first, size = stream.read(2)
        assert first == 0x80 | frames.TEXT, "a frame begins inside another"
        if size == 126:
            size = int.from_bytes(stream.read(2), "big")
        found.append(stream.read(size).decode())
    return found


def test_what_many_threads_send_arrives_whole_and_each_in_its_order(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = ends
    connection = SharedConnection(ours, 65536, spawn)

    def write(writer: int) -> Callable[[], None]:
        def turn() -> None:
            for number in range(EACH):
                while len(connection._outbox) > MOST_WAITING:
                    time.sleep(0)
                connection.send(f"{writer} {number} {'x' * 5000}")

        return turn

    heard: list[str] = []
    at_once(*map(write, range(WRITERS)), lambda: heard.extend(texts(theirs, WRITERS * EACH)))
    for writer in range(WRITERS):
        own = [int(text.split()[1]) for text in heard if text.startswith(f"{writer} ")]
        assert own == list(range(EACH))
    assert not connection.closed


@pytest.mark.parametrize("kind", [Connection, SharedConnection])
def test_a_client_that_reads_nothing_holds_nobody_up_and_is_hung_up(
    ends: tuple[socket.socket, socket.socket], kind: type[Connection]
) -> None:
    ours, _ = ends
    connection = kind(ours, 65536, spawn)
    with contextlib.suppress(OSError):
        for _ in range(MOST_OUTBOX_BYTES // 1000 + 100):
            connection.send("x" * 1000)
    assert connection.closed
    assert connection.wait() is None
    connection.close()  # once more, and nothing happens


def in_the_book() -> SharedRooms:
    rooms = SharedRooms()
    numbers = iter(range(10**6))
    rooms.server = SimpleNamespace(eio=SimpleNamespace(generate_id=lambda: f"sid{next(numbers)}"))
    return rooms


def test_whoever_connects_while_others_come_and_go_is_in_the_book() -> None:
    rooms = in_the_book()
    here: list[str] = []

    def come_and_go(who: int) -> Callable[[], None]:
        def turn() -> None:
            for number in range(EACH):
                sid = rooms.connect(f"{who} {number}", "/visitor")
                rooms.basic_enter_room(sid, "/visitor", "chat:1")
                assert rooms.is_connected(sid, "/visitor")
                assert "chat:1" in rooms.get_rooms(sid, "/visitor")
                if number < EACH - 1:
                    rooms.pre_disconnect(sid, "/visitor")
                    rooms.basic_disconnect(sid, "/visitor")
                else:
                    here.append(sid)

        return turn

    at_once(*map(come_and_go, range(WRITERS)))
    assert {sid for sid, _ in rooms.get_participants("/visitor", "chat:1")} == set(here)
    assert len(here) == WRITERS


def test_who_has_gone_enters_no_room_and_can_part_twice() -> None:
    rooms = in_the_book()
    sid = rooms.connect("one", "/console")
    rooms.pre_disconnect(sid, "/console")
    rooms.basic_disconnect(sid, "/console")
    assert rooms.pre_disconnect(sid, "/console") is None
    rooms.basic_enter_room(sid, "/console", "chat:1")
    assert rooms.get_participants("/console", "chat:1") == []
