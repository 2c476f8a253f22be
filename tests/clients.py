"""A real server in a process of its own, and real clients of its pages and sockets, for journeys and faults."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyotp
import requests
import websocket

PATIENCE = 20.0
# Seconds in which a server says goodbye in turn.
FAREWELL = 3.0
# A start reads and checks all that visitors read, and may have to share the machine with other tests.
START_PATIENCE = 60.0
# The one setting of the test run itself: `make test-threading` sets it, and then every server has real threads.
THREADING = "HELPLINE_THREADING"
COMMAND = "from helpline.cli import main; main()"
# It must do without the library that it is the way out of.
WITHOUT_GREEN_THREADS = f"import sys; sys.modules['eventlet'] = None; {COMMAND}"


def free_port() -> int:
    """A port of the loopback interface that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """`helpline serve` on its own instance folder; can be killed and started again on the same port."""

    def __init__(self, instance: Path, **settings: str) -> None:
        self.instance = instance
        self.port = free_port()
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("HELPLINE_") or name == THREADING
        }
        self.environment |= {"HELPLINE_INSTANCE_DIR": str(instance), "PYTHONUNBUFFERED": "1"}
        self.environment |= {f"HELPLINE_{name.upper()}": value for name, value in settings.items()}
        self.log = instance.parent / f"{instance.name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def logs(self) -> list[Path]:
        """The files in which it says what it does."""
        return [self.log]

    @property
    def runs(self) -> bool:
        """Whether its process is there."""
        return self.process is not None and self.process.poll() is None

    @property
    def program(self) -> str:
        """What Python is told to run."""
        return WITHOUT_GREEN_THREADS if self.environment.get(THREADING) == "true" else COMMAND

    def command(self, *arguments: str) -> str:
        """Run a command of this installation; returns what it prints, raises when it fails."""
        done = subprocess.run(
            [sys.executable, "-c", COMMAND, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        if done.returncode:
            raise RuntimeError(f"helpline {' '.join(arguments)}: {done.returncode} {done.stderr}")
        return done.stdout

    def start(self, *prefix: str) -> Server:
        """Start to serve and wait until pages come; `prefix` is a command that runs it, such as strace."""
        self.launch(*prefix)
        self.wait_until_it_serves()
        return self

    def launch(self, *prefix: str) -> None:
        """Start the process."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*prefix, sys.executable, "-c", self.program, "serve", "--port", str(self.port)],
                env=self.environment,
                stdout=log,
                stderr=log,
            )

    def wait_until_it_serves(self) -> None:
        """Wait until pages come."""
        assert self.process is not None
        deadline = time.monotonic() + START_PATIENCE
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server stopped: {self.log.read_text()[-2000:]}")
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"{self.url}/healthz", timeout=2).ok:
                    return
            time.sleep(0.05)
        raise TimeoutError("the server does not answer")

    def kill(self) -> None:
        """SIGKILL: nothing is tidied up."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)

    def stop(self) -> None:
        """End the process if it runs."""
        if self.process is not None and self.runs:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()

    def counts(self) -> dict[str, Any]:
        """The two ledgers, as `helpline contacts count --json` tells them."""
        return json.loads(self.command("contacts", "count", "--json"))

    def add_counsellor(self, login: str, *lines: str, capacity: int = 3, role: str = "counsellor") -> tuple[str, str]:
        """Make an account; returns password and TOTP secret."""
        told = self.command(
            "staff", "add", login, "--role", role, *[part for line in lines for part in ("--line", line)],
            "--language", "nl", "--language", "en", "--capacity", str(capacity),
        )  # fmt: skip
        password = re.search(r"password: (\S+)", told)
        totp = re.search(r"totp: (\S+)", told)
        assert password is not None, told
        assert totp is not None, told
        return password[1], totp[1]


class Refused(Exception):
    """The server refused the connection to a namespace; `reason` is what it said."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Wire:
    """One Socket.IO connection spoken by hand, so that tests see exactly what the server sends."""

    def __init__(self, url: str, namespace: str, cookie: str = "", origin: str | None = None) -> None:
        self.namespace = namespace
        self.events: queue.Queue[tuple[str, Any]] = queue.Queue()
        self.log: list[tuple[str, Any]] = []
        self._acks: dict[int, queue.Queue[Any]] = {}
        self._last = 0
        self._lock = threading.Lock()
        self.closed = threading.Event()
        self.socket = websocket.create_connection(
            url.replace("http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket",
            cookie=cookie,
            origin=origin,
            suppress_origin=origin is None,
            timeout=PATIENCE,
        )
        self.socket.recv()
        self.socket.send(f"40{namespace},")
        answer = self._first_answer()
        if answer.startswith("44"):
            self.socket.close()
            raise Refused(json.loads(answer[answer.index(",") + 1 :])["message"])
        self.socket.settimeout(None)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _first_answer(self) -> str:
        while True:
            text = str(self.socket.recv())
            if text == "2":
                self.socket.send("3")
            elif text[:2] in ("40", "44"):
                return text

    def _listen(self) -> None:
        try:
            while True:
                text = str(self.socket.recv())
                if text == "":
                    break
                if text == "2":
                    with self._lock:
                        self.socket.send("3")
                elif text.startswith("42"):
                    event, *data = json.loads(text[text.index("[") :])
                    item = (event, data[0] if data else None)
                    self.log.append(item)
                    self.events.put(item)
                elif text.startswith("43"):
                    number, payload = re.fullmatch(r"43[^,]*,(\d+)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]  # the protocol's form
                    self._acks[int(number)].put(json.loads(payload)[0])
                elif text.startswith("41") or text == "1":
                    break
        except (websocket.WebSocketException, OSError, ValueError):
            pass
        self.closed.set()
        for waiting in list(self._acks.values()):
            waiting.put(None)

    def send(self, event: str, data: Any = None, *, raw: str | None = None) -> queue.Queue[Any]:
        """Emit an event; the queue gets its acknowledgement, or None when the connection ends first."""
        with self._lock:
            self._last += 1
            number = self._last
            self._acks[number] = queue.Queue()
            payload = raw if raw is not None else json.dumps([event] if data is None else [event, data])
            self.socket.send(f"42{self.namespace},{number}{payload}")
        return self._acks[number]

    def call(self, event: str, data: Any = None, timeout: float = PATIENCE) -> dict[str, Any]:
        """Emit an event and return its acknowledgement; ConnectionError when the connection ends first."""
        if self.closed.is_set():
            raise ConnectionError("the socket is closed")
        try:
            answer = self.send(event, data).get(timeout=timeout)
        except (websocket.WebSocketException, OSError) as error:
            raise ConnectionError(str(error)) from None
        if answer is None:
            raise ConnectionError("the socket was closed")
        return answer

    def wait_for(self, event: str, timeout: float = PATIENCE, **wanted: Any) -> Any:
        """The data of the next such event whose fields are as wanted."""
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            try:
                name, data = self.events.get(timeout=left)
            except queue.Empty:
                break
            if name == event and all(data.get(key) == value for key, value in wanted.items()):
                return data
        raise TimeoutError(f"no {event} {wanted or ''} came; there were {[name for name, _ in self.log]}")

    def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(websocket.WebSocketException, OSError):
            self.socket.send_close()
            self.closed.wait(FAREWELL)
        with contextlib.suppress(OSError, AttributeError):
            self.socket.sock.shutdown(socket.SHUT_RDWR)
        # Closed while somebody reads, its number may become the next connection's, whose first bytes the reader takes.
        if self._listener is not threading.current_thread():
            self._listener.join(PATIENCE)
        self.socket.shutdown()


def answered(response: requests.Response) -> requests.Response:
    """The response; requests.ConnectionError when nobody could answer just now, which is as good as no answer."""
    if response.status_code in (502, 503, 504):
        raise requests.ConnectionError(f"answered {response.status_code}")
    return response


class Browser:
    """Cookies and forms of one browser without JavaScript."""

    def __init__(self, server: Server, **headers: str) -> None:
        self.server = server
        self.http = requests.Session()
        self.http.headers.update(headers)

    def token_of(self, path: str) -> str:
        """The form token on this page."""
        page = answered(self.http.get(self.server.url + path, timeout=PATIENCE))
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
        if found is None:
            raise AssertionError(f"{path}: no form, {page.status_code}")
        return found[1]

    def post(self, path: str, token_from: str | None = None, **fields: str) -> requests.Response:
        """Post a form with the token of its own page; redirects are not followed."""
        token = self.token_of(token_from or path)
        return self.http.post(
            self.server.url + path, data=fields | {"csrf_token": token}, timeout=PATIENCE, allow_redirects=False
        )

    def give_cookie(self, name: str, value: str) -> None:
        """Put a cookie of another browser into this one."""
        host = urlsplit(self.server.url).hostname or ""
        # To Python's cookies a name without a dot is one of the network `.local`.
        self.http.cookies.set(name, value, domain=host if "." in host else f"{host}.local")

    def cookie_header(self, name: str) -> str:
        """`name=value` as a socket sends it."""
        return f"{name}={self.http.cookies.get(name)}"


class Visitor(Browser):
    """The anonymous side."""

    line, lang = "youth", "en"

    def join(self, line: str = "youth", lang: str = "en", **fields: str) -> Visitor:
        """Join the queue of a line by the form."""
        self.line, self.lang = line, lang
        answers = {"danger": "no", "distress": "3", "language": lang, "first_message": ""} | fields
        done = answered(self.post(f"/{lang}/{line}/chat/", **answers))
        if done.status_code != 303 or not done.headers["Location"].endswith("/room/"):
            raise AssertionError(f"not joined: {done.status_code} {done.headers.get('Location')}")
        return self

    @property
    def room(self) -> str:
        """Path of the room."""
        return f"/{self.lang}/{self.line}/chat/room/"

    def connect(self) -> Wire:
        """Open the socket with the session's cookie."""
        self.wire = Wire(self.server.url, "/visitor", self.cookie_header("visit"))
        return self.wire

    def say(self, body: str, client_id: str | None = None) -> dict[str, Any]:
        """Say something by the socket; the acknowledgement."""
        return self.wire.call("say", {"client_id": client_id or uuid.uuid4().hex, "body": body})

    def bring(self, text: str) -> str:
        """Say yes to sending this along from the advice; where that leads."""
        form = f"/{self.lang}/{self.line}/chat/"
        done = answered(self.post(f"{form}bring", token_from=form, text=text, choice="yes"))
        assert done.status_code == 303, done.status_code
        return str(done.headers["Location"])

    def transcript(self, after: int = 0) -> dict[str, Any]:
        """The JSON twin of `sync`."""
        answer = self.http.get(
            f"{self.server.url}{self.room}transcript?after={after}",
            headers={"Accept": "application/json"},
            timeout=PATIENCE,
        )
        return answered(answer).json()


class Counsellor(Browser):
    """A member of staff at the console."""

    def sign_in(self, login: str, password: str, totp: str) -> Counsellor:
        """Sign in with password and the code of this moment."""
        self.login = login
        done = self.post("/console/sign-in", login=login, password=password, code=pyotp.TOTP(totp).now())
        if done.status_code != 303:
            raise AssertionError(f"not signed in: {done.status_code}")
        return self

    def connect(self) -> Wire:
        """Open the console's socket."""
        self.wire = Wire(self.server.url, "/console", self.cookie_header("console"))
        return self.wire

    def on_duty(self, line: str = "youth", capacity: int = 3) -> Counsellor:
        """Connect and be available."""
        self.connect()
        self.wire.call("resume", {})
        answer = self.wire.call("duty", {"state": "available", "line": line, "capacity": capacity})
        assert answer["ok"], answer
        return self

    def accept_next(self, timeout: float = PATIENCE) -> str:
        """Accept the next chat that rings; its id."""
        offer = self.wire.wait_for("offer", timeout)
        answer = self.wire.call("accept", {"chat": offer["chat"]})
        assert answer["ok"], answer
        return str(offer["chat"])

    def say(self, chat: str, body: str, client_id: str | None = None, stream: str = "talk") -> dict[str, Any]:
        """Say something in a chat; the acknowledgement."""
        return self.wire.call(
            "say", {"chat": chat, "stream": stream, "client_id": client_id or uuid.uuid4().hex, "body": body}
        )
