"""Logging: one JSON object a line, without addresses, user agents, names or texts."""

from __future__ import annotations

import logging
import sys

import structlog

# These bring handlers of their own.
QUIET = (
    "engineio",
    "engineio.server",
    "socketio",
    "socketio.server",
    "werkzeug",
    "flask_wtf.csrf",
    "flask-limiter",
)


class NamesOnly(logging.Handler):
    """Says which library complained, and of what kind of error; its own words may hold anything."""

    def emit(self, record: logging.LogRecord) -> None:
        kind = record.exc_info[0] if record.exc_info else None
        problem = record.levelname if kind is None else kind.__name__
        structlog.get_logger().warning("library_complained", library=record.name, problem=problem)


def set_up(level: str) -> None:
    """Log to standard error from `level` on; libraries from warnings on, without their words."""
    number = logging.getLevelNamesMapping()[level]
    logging.basicConfig(level=logging.WARNING, handlers=[NamesOnly()], force=True)
    for name in QUIET:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [logging.NullHandler()], False
        logger.setLevel(logging.CRITICAL)
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
