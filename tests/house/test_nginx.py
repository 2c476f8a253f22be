"""What deploy/nginx does with requests, shown with processes that only tell what reached them."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.scaled.nginx import Nginx, certify

CANARY = "203.0.113.77"


class Process:
    """Takes the place of a process of Helpline: counts what came, and answers with the headers it was sent."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.breaks_off = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            with line, line.makefile("rb") as request:
                self._answer(line, request.readline().decode(), request)

    def _answer(self, line: socket.socket, first: str, request) -> None:
        headers: dict[str, str] = {}
        while (header := request.readline().decode().strip()) != "":
            name, _, value = header.partition(": ")
            headers[name.lower()] = value
        request.read(int(headers.get("content-length", 0)))
        self.heard.append(first.rsplit(" ", 1)[0])
        if not self.breaks_off:
            body = json.dumps(headers).encode()
            head = ("HTTP/1.1 200 OK", f"Content-Length: {len(body)}", "Cache-Control: no-store", "Connection: close")
            line.sendall("\r\n".join((*head, "", "")).encode() + body)

    def end(self) -> None:
        """Nobody listens on the port any more."""
        # Closing alone would leave the thread in accept() with the port.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def processes() -> Iterator[list[Process]]:
    found = [Process(), Process()]
    yield found
    for process in found:
        with contextlib.suppress(OSError):  # ended by the test
            process.end()


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certify(tmp_path_factory.mktemp("tls")).parent


@pytest.fixture
def nginx(processes: list[Process], tls: Path) -> Iterator[Nginx]:
    started = Nginx([process.port for process in processes], tls).start()
    yield started
    started.remove()


@pytest.fixture
def ask(nginx: Nginx) -> Callable[..., requests.Response]:
    """Asks nginx for a path."""

    def asked(path: str, method: str = "GET", **options: object) -> requests.Response:
        options = {"verify": nginx.tls / "authority.pem", "timeout": 20, "allow_redirects": False} | options
        return requests.request(method, nginx.url + path, **options)  # noqa: S113 - it stands in the options

    return asked


def test_the_application_learns_the_address_from_nginx_and_never_from_the_client(ask) -> None:
    forged = {
        "X-Forwarded-For": CANARY,
        "X-Forwarded-Proto": "gopher",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Port": "1",
        "X-Forwarded-Prefix": "/evil",
        "X-Real-IP": CANARY,
        "Forwarded": f"for={CANARY}",
        "User-Agent": "canary",
    }
    heard = ask("/en/youth/", headers=forged).json()
    assert heard["x-forwarded-for"] == "127.0.0.1"
    assert heard["x-forwarded-proto"] == "https"
    assert heard["x-forwarded-host"] == heard["host"]
    assert heard.keys().isdisjoint({"x-forwarded-port", "x-forwarded-prefix", "x-real-ip", "forwarded", "user-agent"})
    assert CANARY not in json.dumps(heard)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "//metrics", "/x/../metrics"])
def test_what_is_for_the_operator_is_not_for_the_world(ask, processes, path) -> None:
    assert ask(path).status_code == 404
    assert processes[0].heard == processes[1].heard == []


def test_a_process_that_is_gone_costs_nobody_anything(ask, processes) -> None:
    processes[0].end()
    assert [ask("/en/youth/chat/", method).status_code for method in ("GET", "POST") * 10] == [200] * 20
    assert len(processes[1].heard) == 20


def test_a_form_is_never_sent_twice_though_a_page_is_asked_again(ask, processes) -> None:
    for process in processes:
        process.breaks_off = True
    assert ask("/en/youth/chat/", "POST", data={"danger": "no"}).status_code == 502
    assert len(processes[0].heard + processes[1].heard) == 1
    assert ask("/en/youth/").status_code == 502
    assert len(processes[0].heard + processes[1].heard) == 3


def test_without_a_process_there_is_a_page_with_the_emergency_number(ask, processes) -> None:
    for process in processes:
        process.end()
    page = ask("/en/youth/chat/", "POST", data={"danger": "yes"})
    assert page.status_code == 502
    assert 'href="tel:112"' in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert "Refresh" not in page.headers
    assert ask("/en/youth/chat/room/transcript?after=3").headers["Refresh"] == "10"


def test_what_is_the_same_for_everybody_is_asked_once(ask, processes) -> None:
    for number in range(10):
        ask(f"/static/css/base.css?{number}")
        ask("/en/youth/")
    heard = processes[0].heard + processes[1].heard
    assert len([first for first in heard if "/static/" in first]) == 1
    assert len([first for first in heard if "/en/youth/" in first]) == 10


def test_http_leads_to_tls(nginx) -> None:
    answer = requests.get(
        f"http://127.0.0.1:{nginx.plain_port}/en/youth/?a=1",
        headers={"Host": "localhost"},
        timeout=20,
        allow_redirects=False,
    )
    assert (answer.status_code, answer.headers["Location"]) == (308, "https://localhost/en/youth/?a=1")


def test_a_name_that_is_not_ours_gets_neither_page_nor_certificate(nginx, processes) -> None:
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{nginx.plain_port}/", headers={"Host": "evil.example"}, timeout=20)
    with socket.create_connection(("127.0.0.1", nginx.port), timeout=20) as line:
        context = ssl.create_default_context(cafile=nginx.tls / "authority.pem")
        with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
            context.wrap_socket(line, server_hostname="evil.example")
    assert processes[0].heard == processes[1].heard == []


def test_nothing_that_a_visitor_does_is_written_anywhere(ask, nginx, processes) -> None:
    secret = "canary" + "x" * 200_000
    ask("/en/youth/chat/", "POST", data={"first_message": secret})
    ask("/en/youth/chat/", "POST", data=b"canary" * 100_000)  # too large
    ask("/static/../canary")
    with socket.create_connection(("127.0.0.1", nginx.port), timeout=20) as line:
        line.sendall(b"canary: this is no TLS\r\n\r\n")
        line.recv(100)
    with socket.create_connection(("127.0.0.1", nginx.plain_port), timeout=20) as line:
        line.sendall(b"GET /canary HTTP/9.9\r\n\r\n")
        line.recv(100)
    processes[0].end()
    processes[1].breaks_off = True
    ask("/canary")
    assert nginx.log.read_bytes() == b""
    written = [path for path in (nginx.folder / "var").rglob("*") if path.is_file()]
    assert written == []
