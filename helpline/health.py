"""Pages for machines: is the process alive, is it ready, how is it doing."""

from __future__ import annotations

import hmac
import threading

import structlog
from flask import Blueprint, Response, abort, request

from helpline import config, install, metrics

log = structlog.get_logger()

health = Blueprint("health", __name__)

# A database that has not answered by then is as good as gone.
PATIENCE_SECONDS = 1.5


class Look:
    """One look at the database in a thread of its own: whoever asks meanwhile waits for the same one, and not long."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._ready = False
        threading.Thread(target=self._look, name="ready", daemon=True).start()

    def _look(self) -> None:
        try:
            self._ready = install.is_ready()
        except Exception as error:
            log.warning("not_ready", problem=type(error).__name__)
        finally:
            self._done.set()

    @property
    def over(self) -> bool:
        """Nobody has to wait for it any more."""
        return self._done.is_set()

    def answer(self) -> bool:
        """Whether the database is ready; False too when nobody knows in time."""
        return self._done.wait(PATIENCE_SECONDS) and self._ready


_look: Look | None = None


def database_ready() -> bool:
    """Whether the database takes what this process writes, known within two seconds."""
    global _look
    # However many ask while the database hangs, one connection waits for it.
    if _look is None or _look.over:
        _look = Look()
    ready = _look.answer()
    metrics.READY.set(ready)
    return ready


@health.get("/healthz")
def alive() -> Response:
    """The process answers."""
    return Response("ok\n", mimetype="text/plain")


@health.get("/readyz")
def ready() -> tuple[Response, int]:
    """The database answers and has the expected schema."""
    fit = database_ready()
    return Response("ready\n" if fit else "not ready\n", mimetype="text/plain"), 200 if fit else 503


@health.get("/metrics")
def figures() -> Response:
    """Prometheus figures, for the bearer of HELPLINE_METRICS_TOKEN; there is no page while none is set."""
    token = config.current().metrics_token
    if not token:
        abort(404)
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        abort(401)
    database_ready()
    body, kind = metrics.page()
    return Response(body, content_type=kind)
