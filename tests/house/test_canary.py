"""A visitor with a telling address, browser and text goes everywhere, also where things break: nothing is kept."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import sqlite3
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
import websocket
from requests.adapters import HTTPAdapter

from tests.clients import PATIENCE, Counsellor, Server, Visitor
from tests.journeys.house import House

PEER = "127.77.66.55"
FORWARDED = "203.0.113.77"
BROWSER = "CanaryBrowser/77.7"
TEXT = "the text of a canary 🐤 4f1c2b9e"
TYPED = {"login": "canary-login", "password": "canary-password", "code": "776655"}
HEADERS = {
    "User-Agent": BROWSER,
    "X-Forwarded-For": FORWARDED,
    "X-Real-IP": FORWARDED,
    "Forwarded": f"for={FORWARDED}",
    "Referer": "https://canary-referer.example/page",
    "Accept-Language": "en, x-canary-language",
}
CANARIES = [PEER, FORWARDED, BROWSER, TEXT, "canary-referer", "x-canary-language", *TYPED.values()]

# Breaks the server in the ways in which real code breaks, each with an exception that carries the canaries.
BREAKING = """
import sys
from helpline import serve
run = serve.run

def break_and_run(*arguments):
    from flask import request
    from helpline import web
    from helpline.chat import service, sweep
    register, turn = web.register_errors, sweep.run
    broken = []

    def told(environ):
        return RuntimeError(" ".join(str(environ.get(n)) for n in ("REMOTE_ADDR", "HTTP_USER_AGENT", "QUERY_STRING")))

    def register_broken(app):
        register(app)

        @app.get("/crash")
        def crash():
            raise told(request.environ)

        inner = app.wsgi_app

        def below(environ, start_response):
            if environ["PATH_INFO"] == "/crash-below":
                raise told(environ)
            if environ["PATH_INFO"] == "/crash-late":
                start_response("200 OK", [("Content-Type", "text/plain")])
                return (1 / 0 if n else b"begun" for n in range(2))
            return inner(environ, start_response)

        app.wsgi_app = below

    def visitor_types(visitor, on):
        raise RuntimeError(TEXT)

    def turn_broken(now):
        if not broken:
            broken.append(1)
            raise RuntimeError(TEXT)
        return turn(now)

    web.register_errors, service.visitor_types, sweep.run = register_broken, visitor_types, turn_broken
    return run(*arguments)

serve.run = break_and_run
"""


def from_canary(house: House, person: Visitor | Counsellor) -> None:
    """Let this browser come from the canary's address."""

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *arguments: object, **more: object) -> None:
            super().init_poolmanager(*arguments, **more, source_address=(PEER, 0))  # type: ignore[arg-type,no-untyped-call]  # passed on

    person.http.mount(house.server.url, Adapter())
    person.http.headers.update(HEADERS)


def plain_socket(house: House) -> socket.socket:
    return socket.create_connection(("127.0.0.1", house.server.port), timeout=5, source_address=(PEER, 0))


def open_wire(house: House, cookie: str) -> websocket.WebSocket:
    """A WebSocket from the canary's address."""
    address = house.server.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
    headers = [f"{name}: {value}" for name, value in HEADERS.items()]
    wire = websocket.create_connection(
        address, socket=plain_socket(house), header=headers, cookie=cookie, suppress_origin=True, timeout=5
    )
    wire.recv()
    return wire


def hang_up_hard(plain: socket.socket) -> None:
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    plain.close()


def chat_as_canary(house: House) -> Visitor:
    """Join, talk both ways, go away and come back."""
    anna = house.on_duty("anna")
    visitor = house.visitor()
    from_canary(house, visitor)
    visitor.join(first_message=TEXT, danger="yes")
    chat = anna.accept_next()
    assert visitor.post(f"{visitor.room}say", token_from=visitor.room, client_id="c1", body=TEXT).status_code == 303
    visitor.bring(TEXT)
    assert anna.wire.wait_for("introduction") == {"chat": chat, "text": TEXT}
    assert anna.say(chat, TEXT)["ok"]
    assert anna.say(chat, TEXT, stream="aside")["ok"]
    cookie = visitor.cookie_header("visit")
    wire = open_wire(house, cookie)
    wire.send("40/visitor,")
    wire.send('42/visitor,1["say",' + json.dumps({"client_id": "c2", "body": TEXT}) + "]")
    wire.send('42/visitor,2["typing",{"on":true}]')
    wire.send('42/visitor,3["' + TEXT + '",{}]')
    while '"error":"unavailable"' not in str(wire.recv()):
        pass
    for frame in (TEXT, "4" + TEXT, f'42/visitor,["say",{TEXT}', "9" + TEXT, f"40/{TEXT},", f"44/visitor,{TEXT}"):
        broken = open_wire(house, cookie)
        broken.send("40/visitor,")
        broken.recv()
        broken.send(frame)
        broken.send_binary(TEXT.encode())
        hang_up_hard(broken.sock)
    hang_up_hard(wire.sock)
    wire = open_wire(house, cookie)
    wire.send("x" * 70_000)
    wire.shutdown()
    assert len(visitor.transcript()["messages"]) == 4
    return visitor


def go_wrong_as_canary(house: House, visitor: Visitor) -> None:
    """Everything that a page refuses, and everything at which the server breaks."""
    http, url = visitor.http, house.server.url
    counsellor = Counsellor(house.server)
    from_canary(house, counsellor)
    for _ in range(7):
        counsellor.post("/console/sign-in", **TYPED)
    counsellor.http.close()
    for path in (
        "/en/nothing/",
        "/console/",
        f"/en/youth/{quote(TEXT)}/",
        f"/{BROWSER}",
        "/static/nothing",
        "/metrics",
    ):
        http.get(url + path, timeout=PATIENCE)
    for path in ("/crash", "/crash-below", "/crash-late"):
        try:
            http.get(f"{url}{path}?{quote(TEXT)}", timeout=PATIENCE)
        except requests.RequestException:
            pass
    for fields in ({}, {"csrf_token": TEXT, "body": TEXT}, {"body": "x" * 300_000}):
        http.post(f"{url}{visitor.room}say", data=fields, timeout=PATIENCE)
    http.post(f"{url}{visitor.room}say", json={"body": TEXT}, timeout=PATIENCE)
    for query in (
        "",
        "EIO=4&transport=polling",
        f"EIO=4&transport=websocket&sid={quote(TEXT)}",
        "EIO=4&transport=websocket",
    ):
        http.get(f"{url}/socket.io/?{query}", timeout=PATIENCE)
    for head in (
        f"GET / HTTP/9.9\r\nUser-Agent: {BROWSER}\r\n\r\n",
        f"{BROWSER}\r\n\r\n",
        f"GET /{TEXT} HTTP/1.1\r\n\r\n",
        f"BREW / HTTP/1.1\r\nHost: x\r\nUser-Agent: {BROWSER}\r\n\r\n",
        f"GET / HTTP/1.1\r\n{BROWSER}\r\nX\x00: {TEXT}\r\n\r\n",
        "POST /exit HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /exit HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        "POST /exit HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nshort",
        "GET / HTTP/1.1\r\nX: " + "x" * 70_000,
        "GET /" + "x" * 70_000,
        "",
    ):
        plain = plain_socket(house)
        plain.settimeout(0.3)
        try:
            plain.sendall(head.encode())
            plain.recv(1000)
        except OSError:
            pass
        hang_up_hard(plain)


def leave_as_canary(house: House, visitor: Visitor) -> None:
    """A try at a closed line, and a quick exit."""
    house.change("UPDATE lines SET hours = 'closed' WHERE slug = 'prevention'")
    closed = house.visitor()
    from_canary(house, closed)
    closed.post("/en/prevention/chat/")
    closed.line = "prevention"
    closed.bring(TEXT)
    visitor.http.get(f"{house.server.url}/exit", timeout=PATIENCE)


def disguises(canary: str) -> list[bytes]:
    """How a canary may look where it was written down."""
    plain = canary.encode()
    shapes = [plain, canary.encode("utf-16-le"), base64.b64encode(plain).rstrip(b"="), plain.hex().encode()]
    shapes += [quote(canary).encode(), json.dumps(canary)[1:-1].encode(), repr(canary)[1:-1].encode()]
    shapes += [hashlib.new(name, plain).hexdigest().encode() for name in ("md5", "sha1", "sha256")]
    return shapes


def kept(house: House) -> dict[str, bytes]:
    """Everything that is on disk: the files of the instance, each value of each table, the log."""
    found = {"the log": house.server.log.read_bytes()}
    for path in sorted(house.server.instance.rglob("*")):
        if path.is_file():
            found[path.name] = path.read_bytes()
    connection = sqlite3.connect(house.database)
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        rows = connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - names from the schema
        values = [value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row]
        found[f"table {table}"] = b"\n".join(values)
    connection.close()
    return found


@pytest.fixture(params=["0", "1"], ids=["without a proxy", "behind a proxy"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """A server that logs all it can and breaks where it is told to."""
    (tmp_path / "sitecustomize.py").write_text(BREAKING.replace("TEXT", repr(TEXT)), encoding="utf-8")
    broken = House(Server(tmp_path / "instance", log_level="DEBUG", trusted_proxies=request.param, ping_seconds="0.5"))
    broken.server.environment["PYTHONPATH"] = str(tmp_path)
    broken.open({"anna": (["counsellor"], ["youth"])})
    yield broken
    broken.see_out()
    broken.server.stop()


def test_no_address_no_browser_and_no_text_is_kept_anywhere(house: House) -> None:
    visitor = chat_as_canary(house)
    cookie = str(visitor.http.cookies["visit"])
    go_wrong_as_canary(house, visitor)
    while_running = kept(house)
    leave_as_canary(house, visitor)
    time.sleep(1.2)  # presence, sweep and revocation have had their turn
    house.server.stop()
    for moment, everything in (("running", while_running), ("stopped", kept(house))):
        assert b"anna" in everything["table accounts"], "the search finds what is there"
        assert len(house.rows("SELECT * FROM messages")) == 5
        for name, content in everything.items():
            for canary in [*CANARIES, cookie]:
                # The database knows a cookie by its hash, which opens nothing.
                shapes = disguises(canary)[:-1] if canary == cookie else disguises(canary)
                for shape in shapes:
                    assert shape not in content, f"{moment}: {canary} in {name}: {around(content, shape)}"
    lines = house.server.log.read_text().splitlines()
    said = [
        json.loads(line)
        for line in lines
        if line not in (f"Helpline serves on {house.server.url}/", "Helpline stopped")
    ]
    told = {entry["event"] for entry in said}
    assert {"request_failed", "request_crashed", "event_failed", "sweep_failed"} <= told, "what broke is still told"
    allowed = {"event", "level", "timestamp", "problem", "endpoint", "event_name", "library", "seconds", "stack"}
    assert {name for entry in said for name in entry} <= allowed


def around(content: bytes, shape: bytes) -> bytes:
    place = content.index(shape)
    return content[max(0, place - 80) : place + 80]
