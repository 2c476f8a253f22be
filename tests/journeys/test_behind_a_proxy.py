"""A proxy in front that adds TLS: links, cookies and sockets are those of the public address."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import requests
import websocket

from tests.clients import PATIENCE, Server
from tests.web.pages import ANSWERS, Page

PUBLIC = "https://help.example.org"
FORWARDED = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "help.example.org"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that trusts one proxy."""
    instance = tmp_path_factory.mktemp("proxied") / "instance"
    running = Server(instance, trusted_proxies="1", public_url=PUBLIC)
    running.command("lines", "set", "youth", "--hours", "always")
    try:
        yield running.start()
    finally:
        running.stop()


def joined(server: Server) -> str:
    """The cookie of a visitor who joined through the proxy."""
    address = f"{server.url}/en/youth/chat/"
    page = requests.get(address, headers=FORWARDED, timeout=PATIENCE)
    found = re.match("visit=([^;]+); (.*)", page.headers["Set-Cookie"])
    assert found is not None
    assert "Secure" in found[2]
    cookie = {"Cookie": f"visit={found[1]}"}
    token = Page(page.text).form().fields["csrf_token"]
    answer = requests.post(
        address,
        data=ANSWERS | {"csrf_token": token},
        headers=FORWARDED | cookie,
        timeout=PATIENCE,
        allow_redirects=False,
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/en/youth/chat/room/")
    return cookie["Cookie"]


def first_word(server: Server, cookie: str, origin: str, **headers: str) -> str:
    """What the server says to a socket that asks to be let in."""
    wire = websocket.create_connection(
        server.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket",
        cookie=cookie,
        origin=origin,
        header=[f"{name}: {value}" for name, value in headers.items()],
        timeout=PATIENCE,
    )
    wire.recv()
    wire.send("40/visitor,")
    said = str(wire.recv())
    wire.close()
    return said


def test_a_socket_of_the_public_address_is_let_in_and_others_are_not(server: Server) -> None:
    cookie = joined(server)
    assert first_word(server, cookie, PUBLIC, **FORWARDED).startswith('40/visitor,{"sid"')
    for origin in (server.url, "https://elsewhere.example", "https://help.example.org.elsewhere.example"):
        assert first_word(server, cookie, origin, **FORWARDED) == '44/visitor,{"message":"origin"}', origin


def test_pages_know_the_public_address(server: Server) -> None:
    answer = requests.get(f"{server.url}/en/youth/", headers=FORWARDED, timeout=PATIENCE)
    assert "connect-src 'self' wss://help.example.org;" in answer.headers["Content-Security-Policy"]
    assert "max-age=" in answer.headers["Strict-Transport-Security"]
