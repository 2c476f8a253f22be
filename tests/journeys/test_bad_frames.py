"""What is sent below the events: frames, handshakes, stolen ids. Nothing of it is stored, nobody else notices."""

from __future__ import annotations

import json
import socket
import struct
import time

import pytest
import requests
import websocket

from tests.clients import PATIENCE, Refused, Visitor, Wire
from tests.journeys.house import House

SOCKETS = "/socket.io/"


def closed(wire: Wire) -> bool:
    """The server hung up within a moment."""
    return wire.closed.wait(5)


def raw(house: House, cookie: str = "") -> websocket.WebSocket:
    """A WebSocket on which nothing was said yet."""
    address = house.server.url.replace("http", "ws") + SOCKETS + "?EIO=4&transport=websocket"
    plain = websocket.create_connection(address, cookie=cookie, suppress_origin=True, timeout=5)
    plain.recv()
    return plain


def others_go_on(house: House, watcher: Visitor) -> None:
    """Who has nothing to do with it says something and is answered, and the server is well."""
    assert watcher.say("I am still here")["ok"]
    assert requests.get(f"{house.server.url}/readyz", timeout=PATIENCE).ok


@pytest.fixture
def watcher(house: House) -> Visitor:
    """Somebody else's open chat."""
    watcher = house.visitor().join("prevention")
    house.tab(watcher)
    return watcher


def say(body: str) -> str:
    """A whole frame that says `body`."""
    return '42/visitor,1["say",' + json.dumps({"client_id": "frame", "body": body}) + "]"


def test_a_frame_over_64_kb_closes_the_socket_and_stores_nothing(house: House, watcher: Visitor) -> None:
    visitor = house.visitor().join(first_message="Hello")
    wire = house.tab(visitor)
    before = house.snapshot()
    with wire._lock:
        wire.socket.send(say("x" * 66_000))
    assert closed(wire)
    assert house.snapshot() == before
    house.tab(visitor)
    assert visitor.say("back again")["seq"] == 2
    others_go_on(house, watcher)


def pieces_until_the_server_hangs_up(plain: websocket.WebSocket) -> int:
    """Send one text in pieces of 10 kB without an end; how many bytes were sent."""
    for number in range(400):
        try:
            plain.send_frame(websocket.ABNF(0, 0, 0, 0, 1 if number == 0 else 0, 1, b"x" * 10_000))
        except (OSError, websocket.WebSocketException):
            return number * 10_000
        time.sleep(0.002)
    return 400 * 10_000


def test_pieces_that_add_up_to_more_than_64_kb_close_the_socket_before_they_fill_the_memory(
    house: House, watcher: Visitor
) -> None:
    visitor = house.visitor().join(first_message="Hello")
    before = house.snapshot()
    plain = raw(house, visitor.cookie_header("visit"))
    plain.send("40/visitor,")
    plain.recv()
    sent = pieces_until_the_server_hangs_up(plain)
    plain.close()
    assert sent < 2_000_000
    assert house.snapshot() == before
    others_go_on(house, watcher)


CRASHING = [
    "", "4", "42", "9", "hello", "bbbb", "b!!!", "4hello", "49", "47x", "42/visitor", "42/visitor,", "42/visitor,{",
    "42/visitor,[]", '42/visitor,{"say":1}', '42/visitor,1["say"', "42/visitor,1[" + "[" * 20_000,
    '42/visitor,x["say"]', "42/visitor," + "9" * 500 + '["sync",{"after":0}]', "44/visitor,{}", "43/visitor,7[]",
    "43/visitor,7{}", "40", "40/", "40/nowhere,", "40/visitor,", '40/visitor,{"token":"x"}', "40/console,",
    "41/nowhere,", "41", "5", "6", "1", '451-/visitor,1["say",{"client_id":"b","body":{"_placeholder":true,"num":0}}]',
    '45999999-/visitor,1["say",{}]', '45-1/visitor,["say"]', '461-/visitor,7[{"_placeholder":true,"num":9}]',
]  # fmt: skip


@pytest.mark.parametrize("frame", CRASHING, ids=lambda frame: repr(frame[:40]))
def test_malformed_frames_change_nothing(house: House, frame: str) -> None:
    visitor = house.visitor().join(first_message="Hello")
    before = house.snapshot()
    plain = raw(house, visitor.cookie_header("visit"))
    plain.send("40/visitor,")
    plain.recv()
    plain.send(frame)
    plain.send_binary(b"\x00\xff binary")
    plain.close()
    house.tab(visitor)
    assert house.snapshot() == before
    assert visitor.say("still works")["seq"] == 2


def test_binary_frames_change_nothing(house: House, watcher: Visitor) -> None:
    visitor = house.visitor().join(first_message="Hello")
    before = house.snapshot()
    wire = house.tab(visitor)
    for data in (b"", b"\x04", say("binary").encode(), b"\xff" * 100):
        wire.socket.send_binary(data)
    header = '451-/visitor,["say",{"client_id":"b","body":{"_placeholder":true,"num":0}}]'
    wire.socket.send(header)
    wire.socket.send_binary(b"Hello as bytes")
    assert wire.call("sync", {"after": 0})["messages"][0]["body"] == "Hello"
    assert house.snapshot() == before
    others_go_on(house, watcher)


@pytest.mark.parametrize("body", [b"\xff\xfe", b"\xed\xa0\x80", b"\xc3", b"ok \xf5\x80\x80\x80"])
def test_text_that_is_no_utf8_closes_the_socket_and_stores_nothing(house: House, watcher: Visitor, body: bytes) -> None:
    visitor = house.visitor().join(first_message="Hello")
    wire = house.tab(visitor)
    before = house.snapshot()
    frame = b'42/visitor,1["say",{"client_id":"u","body":"' + body + b'"}]'
    wire.socket.send(frame, opcode=websocket.ABNF.OPCODE_TEXT)
    assert closed(wire)
    assert house.snapshot() == before
    others_go_on(house, watcher)


def test_events_before_the_connection_is_admitted_are_ignored(house: House) -> None:
    visitor = house.visitor().join(first_message="Hello")
    before = house.snapshot()
    for cookie in ("", visitor.cookie_header("visit")):
        plain = raw(house, cookie)
        plain.send(say("before connecting"))
        plain.send('42/console,1["resume",{}]')
        plain.send("40/visitor,")
        answer = str(plain.recv())
        assert answer.startswith("40/visitor," if cookie else "44/visitor,"), answer
        plain.close()
    assert house.snapshot() == before


@pytest.mark.parametrize(
    "origin",
    ["https://elsewhere.example", "null", "http://127.0.0.1", "http://127.0.0.1:1", "http://[broken", "x", "http://"],
)
def test_a_foreign_origin_is_refused_by_name(house: House, origin: str) -> None:
    visitor, anna = house.visitor().join(), house.counsellor("anna")
    for namespace, cookie in (
        ("/visitor", visitor.cookie_header("visit")),
        ("/console", anna.cookie_header("console")),
    ):
        with pytest.raises(Refused) as refused:
            Wire(house.server.url, namespace, cookie, origin)
        assert refused.value.reason == "origin"


def test_our_own_origin_and_none_at_all_are_let_in(house: House) -> None:
    visitor = house.visitor().join()
    for origin in (house.server.url, house.server.url.upper().replace("HTTP", "http"), None):
        wire = Wire(house.server.url, "/visitor", visitor.cookie_header("visit"), origin)
        assert wire.call("sync", {"after": 0})["ok"]
        wire.close()


def test_cookies_of_others_beside_ours_do_no_harm(house: House) -> None:
    visitor = house.visitor().join()
    ours = visitor.cookie_header("visit")
    for header in (f'prefs={{"a": "b, c"}}; {ours}', f"a=[1]; b; {ours}; =; c=d=e", f"x=é; {ours}"):
        wire = Wire(house.server.url, "/visitor", header.encode().decode("latin-1"))
        assert wire.call("sync", {"after": 0})["ok"]
        wire.close()


def test_long_polling_and_old_protocols_are_refused(house: House) -> None:
    visitor = house.visitor().join()
    sessions = [
        {"EIO": "4", "transport": "polling"},
        {"EIO": "4"},
        {"EIO": "4", "transport": "polling", "j": "0"},
        {"EIO": "3", "transport": "websocket"},
        {"transport": "websocket"},
        {"EIO": "4", "transport": "websocket"},  # without the upgrade
        {"EIO": "4", "transport": "webtransport"},
        {},
    ]
    for method in ("GET", "POST"):
        for query in sessions:
            answer = visitor.http.request(method, house.server.url + SOCKETS, params=query, timeout=PATIENCE)
            assert answer.status_code == 400, (method, query)


def test_a_stolen_socket_id_is_useless_and_its_owner_is_not_disturbed(house: House) -> None:
    visitor = house.visitor().join(first_message="Hello")
    address = house.server.url.replace("http", "ws") + SOCKETS + "?EIO=4&transport=websocket"
    owner = websocket.create_connection(address, cookie=visitor.cookie_header("visit"), suppress_origin=True, timeout=5)
    engine_id = json.loads(str(owner.recv())[1:])["sid"]
    owner.send("40/visitor,")
    socket_id = json.loads(str(owner.recv()).split(",", 1)[1])["sid"]
    before = house.snapshot()
    for stolen in (engine_id, socket_id, "A" * 20, "../x", ""):
        for transport in ("websocket", "polling"):
            query = {"EIO": "4", "transport": transport, "sid": stolen}
            for method in ("GET", "POST"):
                answer = requests.request(
                    method, house.server.url + SOCKETS, params=query, data='4/visitor,1["leave",{}]', timeout=PATIENCE
                )
                assert answer.status_code == 400, (method, transport)
            if stolen:
                with pytest.raises(websocket.WebSocketBadStatusException):
                    websocket.create_connection(address + f"&sid={stolen}", suppress_origin=True, timeout=5)
    assert house.snapshot() == before
    owner.send('42/visitor,1["sync",{"after":0}]')
    while not (answer := str(owner.recv())).startswith("43"):
        assert answer in ("2", '42/visitor,["ping",{}]') or answer.startswith("42/visitor")
    assert '"Hello"' in answer
    owner.close()


def upgrade(house: House, *lines: str, tail: bytes = b"") -> bytes:
    """The server's first words to a handshake made by hand."""
    with socket.create_connection(("127.0.0.1", house.server.port), timeout=5) as plain:
        head = [f"GET {SOCKETS}?EIO=4&transport=websocket HTTP/1.1", f"Host: 127.0.0.1:{house.server.port}"]
        plain.sendall("\r\n".join([*head, "Connection: Upgrade", "Upgrade: websocket", *lines, "", ""]).encode() + tail)
        return plain.recv(4096)


def test_websockets_from_before_the_standard_are_refused(house: House) -> None:
    """Their frames have no length that could be limited."""
    old = [
        ("Origin: http://x", "Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5", "Sec-WebSocket-Key2: 12998 5 Y3 1  .P00"),
        ("Origin: http://x",),
        ("Sec-WebSocket-Version: 8",),
        ("Sec-WebSocket-Version: 13",),
        ("Sec-WebSocket-Version: 99", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
    ]
    for lines in old:
        assert upgrade(house, *lines, tail=b"^n:ds[4U").split()[1] in (b"400", b"426"), lines


def test_compression_is_not_accepted(house: House) -> None:
    answer = upgrade(
        house,
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
    )
    assert answer.split()[1] == b"101"
    assert b"deflate" not in answer


def test_an_unmasked_frame_and_a_client_that_just_vanishes_disturb_nobody(house: House, watcher: Visitor) -> None:
    visitor = house.visitor().join(first_message="Hello")
    before = house.snapshot()
    wire = house.tab(visitor)
    body = say("unmasked").encode()
    wire.socket.sock.sendall(b"\x81" + struct.pack("!B", len(body)) + body)
    assert closed(wire)
    wire = house.tab(visitor)
    wire.socket.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.socket.sock.close()
    assert house.snapshot() == before
    others_go_on(house, watcher)
