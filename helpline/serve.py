"""The launcher: the only module besides wsgi.py that names eventlet.

One process serves pages and sockets, writes texts, dispatches and sweeps. Nothing is imported at module level that
must be patched first. With HELPLINE_THREADING real threads serve (helpline/threaded.py) and nothing is patched.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pathlib import Path


T = TypeVar("T")

MAX_CONNECTIONS = 20_000
# Whoever is told to stop waits so long for requests that are being answered, and for the database.
STOP_SECONDS = 1.0
DATABASE_SECONDS = 10.0
MAX_PIECES = 1000

_pool: Callable[..., Any] | None = None


class CannotServe(Exception):
    """The server can't start; the message says why in one line."""


def wants_threads() -> bool:
    """HELPLINE_THREADING as the settings read it, but without importing what reads them."""
    import os

    given = {name.upper(): value for name, value in os.environ.items()}.get("HELPLINE_THREADING", "")
    return given.lower() in ("1", "on", "t", "true", "y", "yes")


def patch() -> None:
    """Make the standard library yield; has to run before anything else is imported."""
    import warnings

    with warnings.catch_warnings():
        # eventlet is in maintenance and says so at import; docs/decisions/001 records why it is used.
        warnings.simplefilter("ignore")
        import eventlet
        import eventlet.tpool

        eventlet.monkey_patch()
    limit_messages()
    bound_database_waits()
    global _pool
    _pool = eventlet.tpool.execute


def bound_database_waits() -> None:
    """Give up a PostgreSQL that is silent: libpq's own timeouts don't hold for a driver that yields."""
    from eventlet.hubs import trampoline
    from psycopg2 import OperationalError, extensions

    def wait(connection: Any) -> None:
        while (state := connection.poll()) != extensions.POLL_OK:
            reads = state == extensions.POLL_READ
            silent = OperationalError("the database is silent")
            trampoline(connection.fileno(), read=reads, write=not reads, timeout=DATABASE_SECONDS, timeout_exc=silent)

    extensions.set_wait_callback(wait)


def limit_messages() -> None:
    """Apply the limit of a frame to the whole message too, which otherwise grows in memory piece by piece."""
    from eventlet.websocket import FailedConnectionError, RFC6455WebSocket

    class Limited(RFC6455WebSocket.Message):  # type: ignore[misc]  # it has no types
        size = 0

        def push(self, data: bytes, final: bool = False) -> None:
            self.size += len(data)
            if self.size > self.max_frame_length or len(self.data) > MAX_PIECES:
                raise FailedConnectionError(1009, "message too long")
            super().push(data, final)

    RFC6455WebSocket.Message = Limited


def in_thread_pool(work: Callable[..., T], *arguments: Any) -> T:
    """Run a slow function, e.g. Argon2, off the loop; a plain call outside the server. Never inside a transaction."""
    if _pool is None:
        return work(*arguments)
    result: T = _pool(work, *arguments)
    return result


def unpatched() -> tuple[Any, Callable[[float], None]]:
    """`threading` and `time.sleep` of the operating system, for what must run while the loop stands still."""
    import threading

    if _pool is None:
        return threading, time.sleep
    from eventlet.patcher import original

    return original("threading"), original("time").sleep


def lock_instance(instance_dir: Path) -> Any:
    """Hold the lock of an embedded installation; raises CannotServe when another process has it."""
    import fcntl

    instance_dir.mkdir(parents=True, exist_ok=True)
    handle = (instance_dir / "helpline.lock").open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        raise CannotServe(f"another process already serves from {instance_dir}") from None
    return handle


def listen(host: str, port: int) -> Any:
    """A listening socket that sends small texts at once; raises CannotServe."""
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Accepted sockets inherit it: without, a text may wait 40 ms for the acknowledgement of the one before.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise CannotServe(f"{host}:{port}: {error.strerror}") from None
    listener.listen(1024)
    return listener


def use_own_websockets() -> None:
    """Give engine.io our WebSockets in place of eventlet's: they read and write with less work a text."""
    import eventlet
    import eventlet.wsgi

    from helpline import transport
    from helpline.extensions import socketio

    class WebSocket(transport.WebSocket):
        def socket(self, environ: dict[str, Any]) -> Any:
            return environ["eventlet.input"].get_socket()

        def spawn(self, work: Callable[..., Any], *arguments: Any) -> None:
            eventlet.spawn_n(work, *arguments)

        def over(self) -> list[bytes]:
            eventlet.wsgi.WSGI_LOCAL.already_handled = True
            return []

    WebSocket.use(socketio.server.eio)


def stop_on_interrupt() -> None:
    """Let Ctrl+C or SIGTERM end the server wherever it comes: raised in a background thread it would end only that."""
    import signal

    import eventlet
    import eventlet.hubs

    server = eventlet.getcurrent()

    def interrupt(*_: Any) -> None:
        eventlet.hubs.get_hub().schedule_call_global(0, server.throw, KeyboardInterrupt)

    for told in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told, interrupt)


def refuse_open_house(host: str, settings: Any) -> None:
    """Whoever serves others needs every sign-in guarded; raises ConfigError or CannotServe."""
    from helpline import config
    from helpline.staff import service as staff

    if config.is_loopback(host) and (not settings.public_url or config.is_loopback(settings.public_host)):
        return
    if not settings.require_second_factor:
        name = "HELPLINE_REQUIRE_SECOND_FACTOR"
        raise config.ConfigError(f"{name}: can be false only with a loopback bind and a loopback public URL")
    if staff.demo_accounts_exist():
        raise CannotServe("demo accounts exist: they are served only with a loopback bind and public URL")


def run(host: str, port: int, settings: Any) -> None:
    """Serve until the process is told to stop; raises ConfigError or CannotServe."""
    from helpline import bus, create_app, garbage, logs
    from helpline.background import Background
    from helpline.privacy.keyring import secret

    refuse_open_house(host, settings)
    logs.set_up(settings.log_level)
    held = lock_instance(settings.instance_dir) if settings.embedded else None
    listener = listen(host, port)
    garbage.wait()
    app = create_app(settings, async_mode="threading" if settings.threading else "eventlet")
    if settings.redis_url:
        bus.start(settings.redis_url, secret(settings.instance_dir, "bus"))
    serve = serve_threads if settings.threading else serve_greenlets
    compile_templates(app)
    background = Background(unpatched())
    background.start()
    shown = f"[{host}]" if ":" in host else host
    print(f"Helpline serves on http://{shown}:{listener.getsockname()[1]}/", flush=True)
    try:
        serve(listener, at_the_door(app))
    except KeyboardInterrupt:
        pass  # the server itself takes most of them, and then returns
    finally:
        background.stop()
        if held is not None:
            held.close()
    print("Helpline stopped", file=sys.stderr)


def compile_templates(app: Any) -> None:
    """Compile all templates, a third of a second: else the first visitor of each page waits for it."""
    for name in app.jinja_env.list_templates():
        app.jinja_env.get_template(name)


def serve_threads(listener: Any, app: Callable[..., Any]) -> None:
    """A real thread for each connection."""
    from helpline import threaded

    threaded.serve(listener, app)


def serve_greenlets(listener: Any, app: Callable[..., Any]) -> None:
    """A green thread for each connection."""
    import eventlet.wsgi

    class Pool(eventlet.GreenPool):  # type: ignore[misc]  # it has no types
        def waitall(self) -> None:
            """Let requests end, but open sockets never would."""
            with eventlet.Timeout(STOP_SECONDS, False):
                super().waitall()

    class Protocol(eventlet.wsgi.HttpProtocol):  # type: ignore[misc]  # it has no types
        def log_message(self, *arguments: Any) -> None:
            """Say nothing: the original writes the client's address to the log."""

    use_own_websockets()
    stop_on_interrupt()
    eventlet.wsgi.server(
        listener,
        app,
        protocol=Protocol,
        log_output=False,
        debug=False,
        custom_pool=Pool(MAX_CONNECTIONS),
        keepalive=75,
        socket_timeout=120,
    )


class Nobody:
    """Where the libraries below the application write their complaints: these hold addresses."""

    def write(self, text: str) -> None:
        """Hear nothing."""

    def flush(self) -> None:
        """Have nothing to write."""


def at_the_door(app: Callable[..., Any]) -> Callable[..., Any]:
    """What is decided before the application sees a request.

    permessage-deflate, which browsers offer, costs two thirds of the throughput and 240 kB a socket. WebSockets from
    before the standard have frames without a limit. A crash outside the application is logged by its name alone.
    """
    import structlog

    log = structlog.get_logger()

    def serve(environ: dict[str, Any], start_response: Any) -> Any:
        environ["wsgi.errors"] = Nobody()
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        wanted = environ.get("HTTP_UPGRADE", "").lower()
        if wanted == "websocket" and environ.get("HTTP_SEC_WEBSOCKET_VERSION") != "13":
            start_response("426 Upgrade Required", [("Sec-WebSocket-Version", "13"), ("Content-Length", "0")])
            return [b""]
        try:
            return app(environ, start_response)
        except Exception as error:
            log.error("request_crashed", problem=type(error).__name__)
            raise

    return serve
