"""The reader of traces sees an acknowledgement that came too early, however the calls lie."""

from __future__ import annotations

import pytest

from tests.faults.trace import problems_of

SOCKET, OTHER, LOG, DATABASE = "socket:[7]", "socket:[8]", "/x/helpline.db-wal", "/x/helpline.db"
UPGRADE = b"GET /socket.io/ HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
MASK = b"\x01\x02\x03\x04"


def hexed(data: bytes) -> str:
    return "".join(f"\\x{letter:02x}" for letter in data)


def line(name: str, file: str, data: bytes = b"", answer: int | None = None) -> str:
    text = f', "{hexed(data)}", {len(data)}' if data else ""
    return f"17 {name}(5<{hexed(file.encode())}>{text}) = {len(data) if answer is None else answer}"


def frame(body: bytes, *, masked: bool = False) -> bytes:
    if not masked:
        return bytes([0x81, len(body)]) + body
    return bytes([0x81, 0x80 | len(body)]) + MASK + bytes(b ^ MASK[i % 4] for i, b in enumerate(body))


SAY = frame(b'42/visitor,1["say",{"client_id":"one","body":"hello"}]', masked=True)
OPEN = [line("recvfrom", SOCKET, UPGRADE), line("sendto", SOCKET, SWITCH)]
COME = [line("recvfrom", SOCKET, SAY[:2]), line("recvfrom", SOCKET, SAY[2:6]), line("recvfrom", SOCKET, SAY[6:])]
WRITE = [line("pwrite64", LOG, b"header"), line("pwrite64", LOG, b"page")]
SYNC = [line("fdatasync", LOG, answer=0)]
PUSH = [line("sendto", OTHER, frame(b'42/console,["message",{"client_id":"one"}]'))]
ANSWER = [line("sendto", SOCKET, frame(b'43/visitor,1[{"ok":true,"seq":1}]'))]
HEARD_OTHER = [line("recvfrom", OTHER, UPGRADE), line("sendto", OTHER, SWITCH)]


def problems(*parts: list[str]) -> list[str]:
    return problems_of("\n".join(entry for part in parts for entry in part), "one", "helpline.db-wal")


def test_a_text_synced_before_its_acknowledgement_is_fine() -> None:
    assert problems(OPEN, HEARD_OTHER, COME, WRITE, SYNC, PUSH, ANSWER) == []


def test_a_text_by_the_form_is_read_too() -> None:
    post = [line("recvfrom", OTHER, b"POST /say HTTP/1.1\r\n\r\nclient_id=one&body=hello")]
    done = [line("sendto", OTHER, b"HTTP/1.1 303 SEE OTHER\r\n\r\n")]
    assert problems(post, WRITE, SYNC, done) == []
    assert problems(post, WRITE, done, SYNC) != []


def test_what_another_thread_writes_and_syncs_is_not_the_text() -> None:
    other = [entry.replace("17 ", "18 ", 1) for entry in WRITE + SYNC]
    assert problems(OPEN, HEARD_OTHER, COME, WRITE, SYNC, other[:1], PUSH, ANSWER) == []
    assert problems(OPEN, HEARD_OTHER, COME, other, PUSH, ANSWER) != []
    assert problems(OPEN, HEARD_OTHER, COME, WRITE, other, PUSH, ANSWER) != []


def test_calls_of_other_threads_in_between_change_nothing() -> None:
    log = hexed(LOG.encode())
    cut = [f"17 fdatasync(5<{log}> <unfinished ...>", "18 write(2</x>, 1) = 1", "17 <... fdatasync resumed>) = 0"]
    assert problems(OPEN, COME, WRITE, cut, ANSWER) == []
    assert problems(OPEN, COME, WRITE, cut[:1], ANSWER, cut[2:]) != []


def test_short_process_numbers_are_padded() -> None:
    way = "\n".join([*OPEN, *COME, *WRITE, *SYNC, *ANSWER]).replace("17 ", "17    ")
    assert problems_of(way, "one", "helpline.db-wal") == []


@pytest.mark.parametrize(
    "way",
    [
        pytest.param([COME, WRITE, ANSWER, SYNC], id="synced after the acknowledgement"),
        pytest.param([COME, WRITE, ANSWER], id="never synced"),
        pytest.param([COME, ANSWER, WRITE, SYNC], id="written after the acknowledgement"),
        pytest.param([COME, SYNC, WRITE, ANSWER], id="synced before it was written"),
        pytest.param([WRITE, SYNC, COME, ANSWER], id="something else was synced before"),
        pytest.param([COME, SYNC, ANSWER], id="nothing written"),
        pytest.param([COME, WRITE, [line("fdatasync", DATABASE, answer=0)], ANSWER], id="another file synced"),
        pytest.param([COME, WRITE, [line("fdatasync", LOG, answer=-1)], ANSWER], id="the disk refused"),
        pytest.param([COME, WRITE, PUSH, SYNC, ANSWER], id="pushed before it was synced"),
        pytest.param([COME, WRITE, SYNC], id="never acknowledged"),
        pytest.param([WRITE, SYNC, ANSWER], id="never came in"),
    ],
)
def test_every_wrong_way_is_seen(way: list[list[str]]) -> None:
    assert problems(OPEN, HEARD_OTHER, *way) != []
