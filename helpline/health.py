"""Pages for machines: is the process alive, is it ready, how is it doing."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, abort, request
from sqlalchemy.exc import SQLAlchemyError

from helpline import config, install, metrics

health = Blueprint("health", __name__)


@health.get("/healthz")
def alive() -> Response:
    """The process answers."""
    return Response("ok\n", mimetype="text/plain")


@health.get("/readyz")
def ready() -> tuple[Response, int]:
    """The database answers and has the expected schema."""
    try:
        fit = install.is_current()
    except SQLAlchemyError:
        fit = False
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
    body, kind = metrics.page()
    return Response(body, content_type=kind)
