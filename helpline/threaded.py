"""The way out of green threads: the same application on a plain server with a real thread for each connection.

An open socket costs three threads here, which mostly sleep, so a process carries fewer of them. Everything above stays
as it is.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from traceback import walk_tb
from typing import Any

import structlog
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from helpline import transport, watchdog
from helpline.extensions import socketio

MOST_CONNECTIONS = 2000
SOCKET_TIMEOUT = 120.0

log = structlog.get_logger()


class WebSocket(transport.WebSocket):
    """On a thread of its own."""

    connection = transport.SharedConnection

    def socket(self, environ: dict[str, Any]) -> Any:
        sock = environ["werkzeug.socket"]
        # Silence is engine.io's to judge, which pings.
        sock.settimeout(None)
        return sock

    def spawn(self, work: Callable[..., Any], *arguments: Any) -> None:
        threading.Thread(target=work, args=arguments, daemon=True).start()

    def over(self) -> Iterator[bytes]:
        return _nothing_more()


def _nothing_more() -> Iterator[bytes]:
    """The answer of a request whose connection is over; an empty one would be sent all the same."""
    raise ConnectionAbortedError
    yield b""


class Handler(WSGIRequestHandler):
    """One connection. It writes nothing down: the original logs the client's address with every line."""

    timeout = SOCKET_TIMEOUT

    def send_response(self, code: int, message: str | None = None) -> None:
        self.send_response_only(code, message)
        self.send_header("Date", self.date_time_string())

    def log(self, type: str, message: str, *arguments: Any) -> None:
        """Say nothing."""


class Server(ThreadedWSGIServer):
    """The plain server with a bound on its threads. A crash is logged by its name and place, never with a value."""

    def __init__(self, listener: Any, app: Callable[..., Any]) -> None:
        host, port = listener.getsockname()[:2]
        super().__init__(host, port, app, Handler, fd=listener.fileno())
        self._places = threading.BoundedSemaphore(MOST_CONNECTIONS)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._places.acquire()
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._places.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        _log_crash("connection_crashed", sys.exc_info()[1])

    def log(self, type: str, message: str, *arguments: Any) -> None:
        """Say nothing: these lines hold addresses, and a crash is logged where it is noticed."""


def _log_crash(what: str, error: BaseException | None) -> None:
    if error is None or isinstance(error, OSError):
        return
    *_, (innermost, _) = walk_tb(error.__traceback__)
    log.error(what, problem=type(error).__name__, stack=watchdog.calls(innermost))


def serve(listener: Any, app: Callable[..., Any]) -> None:
    """Serve until the process is interrupted."""
    # Where the launcher's own launcher ignores interrupts, the server still heeds one.
    for told in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told, signal.default_int_handler)
    WebSocket.use(socketio.server.eio)
    threading.excepthook = lambda crash: _log_crash("thread_crashed", crash.exc_value)
    Server(listener, app).serve_forever()
