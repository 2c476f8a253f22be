"""A visitor with a telling address, browser and text goes through the whole cluster, also where it breaks.

Nothing of it is kept: by nginx as `deploy/` sets it up, the processes, PostgreSQL or Redis.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import requests
import websocket

from tests.clients import PATIENCE, Visitor
from tests.house.test_canary import BROWSER, CANARIES, HEADERS, PEER, TEXT, around, disguises, from_canary, hang_up_hard
from tests.journeys.house import House
from tests.scaled.cluster import Cluster
from tests.scaled.nginx import HOST

TOKEN = "canary-token-9d41"
PATHS = (f"/en/youth/{quote(TEXT)}/", f"/{BROWSER}", f"/console/?token={TOKEN}", f"/static/{TOKEN}.css", "/readyz")
HEADS = (
    f"GET / HTTP/9.9\r\nUser-Agent: {BROWSER}\r\n\r\n",
    f"{BROWSER}\r\n\r\n",
    f"GET /{TEXT} HTTP/1.1\r\n\r\n",
    f"GET /{TOKEN} HTTP/1.1\r\nHost: {TOKEN}.example\r\n\r\n",
    f"GET / HTTP/1.1\r\nHost: {HOST}\r\n{BROWSER}\r\nX\x00: {TEXT}\r\n\r\n",
    f"POST /exit HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: -1\r\n\r\n",
    f"POST /exit HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n{TEXT}\r\n",
    f"POST /exit HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 900\r\n\r\nshort",
    f"GET /?{TOKEN}{'x' * 70_000} HTTP/1.1\r\nHost: {HOST}\r\n\r\n",
    f"GET / HTTP/1.1\r\nHost: {HOST}\r\nCookie: visit={TOKEN}{'x' * 70_000}\r\n\r\n",
    "",
)


@contextlib.contextmanager
def line_to(cluster: Cluster, port: int, *, tls: bool = True) -> Iterator[socket.socket]:
    """A connection from the canary's address that is cut off in the end."""
    plain = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE, source_address=(PEER, 0))
    plain.settimeout(0.2)
    trusting = ssl.create_default_context(cafile=cluster.nginx.tls / "authority.pem")
    line = trusting.wrap_socket(plain, server_hostname=HOST) if tls else plain
    try:
        yield line
    finally:
        hang_up_hard(line)


def say_by_socket(cluster: Cluster, visitor: Visitor) -> None:
    """Open a WebSocket, say something, send rubbish, break off."""
    address = cluster.url.replace("http", "ws") + f"/socket.io/?EIO=4&transport=websocket&token={TOKEN}"
    with line_to(cluster, cluster.nginx.port) as line:
        line.settimeout(PATIENCE)
        wire = websocket.create_connection(
            address,
            socket=line,
            header=[f"{name}: {value}" for name, value in HEADERS.items()],
            cookie=visitor.cookie_header("visit"),
            suppress_origin=True,
        )
        wire.recv()
        wire.send("40/visitor,")
        wire.send('42/visitor,1["say",' + json.dumps({"client_id": "by-socket", "body": TEXT}) + "]")
        while not (said := str(wire.recv())).startswith(("43", "44")):
            assert said, "the answer to a text, or a refusal, comes before the end"
        wire.send(TEXT)


def ask_for_everything(cluster: Cluster, visitor: Visitor) -> None:
    """Whatever may be refused, by nginx or behind it, or not answered at all."""
    for path in PATHS:
        with contextlib.suppress(requests.RequestException):
            visitor.http.get(cluster.url + path, timeout=PATIENCE)
    # Small, longer than most buffers, too large.
    for more in (0, 200_000, 400_000):
        fields = {"body": TEXT + "x" * more}
        with contextlib.suppress(requests.RequestException):
            visitor.http.post(f"{cluster.url}{visitor.room}say?{TOKEN}", data=fields, timeout=PATIENCE)
    with contextlib.suppress(OSError, websocket.WebSocketException):
        say_by_socket(cluster, visitor)


def speak_badly(cluster: Cluster) -> None:
    """What is no request at all, with and without TLS."""
    for port, tls in ((cluster.nginx.port, True), (cluster.nginx.port, False), (cluster.nginx.plain_port, False)):
        for head in HEADS if tls else HEADS[:4]:
            with line_to(cluster, port, tls=tls) as line, contextlib.suppress(OSError):
                line.sendall(head.encode())
                line.recv(1000)


def written_since(moment: float, *folders: Path) -> dict[Path, bytes]:
    """Every file that was written since then."""
    files = [path for folder in folders for path in ([folder] if folder.is_file() else folder.rglob("*"))]
    found = {}
    for path in files:
        with contextlib.suppress(FileNotFoundError):
            if path.is_file() and path.stat().st_mtime >= moment:
                found[path] = path.read_bytes()
    return found


def test_no_part_of_the_cluster_keeps_an_address_a_browser_a_text_or_a_cookie(house: House, cluster: Cluster) -> None:
    began = time.time() - 1
    # Whatever nginx puts into a file for a moment changes its folder.
    folders = {path: path.stat().st_mtime for path in (cluster.nginx.folder / "var").iterdir() if path.name != "static"}
    assert {path.name for path in folders} >= {"body", "proxy"}
    anna = house.on_duty("anna")
    visitor = house.visitor()
    from_canary(house, visitor)
    visitor.join(first_message=TEXT, danger="yes")
    chat = anna.accept_next()
    assert anna.say(chat, TEXT)["ok"]
    say_by_socket(cluster, visitor)
    assert len(visitor.transcript()["messages"]) == 3
    speak_badly(cluster)
    ask_for_everything(cluster, visitor)
    cluster.processes[0].kill()
    ask_for_everything(cluster, visitor)
    cluster.processes[1].kill()
    assert visitor.http.get(f"{cluster.url}{visitor.room}", timeout=PATIENCE).status_code == 502
    ask_for_everything(cluster, visitor)
    cluster.start()
    cluster.redis.stop()
    cluster.postgres.crash()
    try:
        assert visitor.http.get(f"{cluster.url}{visitor.room}", timeout=PATIENCE).status_code == 503
        ask_for_everything(cluster, visitor)
    finally:
        cluster.postgres.start()
        cluster.redis.start()
    cookie = str(visitor.http.cookies["visit"])
    visitor.http.get(f"{cluster.url}/exit", timeout=PATIENCE)
    house.change("CHECKPOINT")
    assert {path: path.stat().st_mtime for path in folders} == folders, "a body or an answer went through a file"
    kept = written_since(began, cluster.instance, *cluster.logs, *cluster.folders)
    assert any(b"by-socket" in content for content in kept.values()), "the search finds what is there"
    for path, content in kept.items():
        for canary in [*CANARIES, TOKEN, cookie]:
            # The database knows a cookie by its hash, which opens nothing.
            for shape in disguises(canary)[:-1]:
                assert shape not in content, f"{canary} in {path}: {around(content, shape)!r}"
