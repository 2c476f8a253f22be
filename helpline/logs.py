"""Logging: one JSON object a line, without addresses, user agents, names or texts."""

from __future__ import annotations

import logging
import sys

import structlog

QUIET = (
    "engineio",
    "engineio.server",
    "socketio",
    "socketio.server",
    "werkzeug",
    "flask_wtf.csrf",
    "flask-limiter",
)


def set_up(level: str) -> None:
    """Log to standard error from `level` on; libraries that print addresses or texts stay silent."""
    number = logging.getLevelNamesMapping()[level]
    logging.basicConfig(level=number, stream=sys.stderr, format="%(message)s", force=True)
    for name in QUIET:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [logging.NullHandler()], False
        logger.setLevel(logging.CRITICAL)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
