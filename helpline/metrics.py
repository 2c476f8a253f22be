"""Figures about the process for Prometheus; nothing in them leads to a visitor.

Labels are words of small closed sets: lines, states, outcomes, reasons; never an id, a name or an address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

# They would tell to the millisecond when the first chat since the start ended by a quick exit.
disable_created_metrics()

AUTHORS = ("visitor", "counsellor", "supervisor", "system")

CHATS = Gauge("helpline_chats", "Chats that have not ended; shown by the process that dispatches", ["line", "state"])
ENDED = Counter("helpline_chats_ended", "Chats that ended, by reason", ["line", "reason"])
RETURNED = Counter("helpline_chats_returned", "Running chats that went back to the queue", ["why"])
OFFERS = Counter("helpline_offers", "Offers made and how they went; pulled: taken from the queue unasked", ["outcome"])
WAITS = Histogram(
    "helpline_wait_seconds",
    "From joining to the first answer, or to the end of a chat that nobody answered (missed)",
    ["line", "outcome"],
    buckets=(10, 30, 60, 120, 300, 600, 1200, 1800, 2700, 3600),
)
TEXTS = Counter("helpline_texts", "Texts stored", ["author"])
BATCH_ITEMS = Histogram(
    "helpline_batch_items", "Texts and read marks that shared a commit", buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500)
)
BATCH_SECONDS = Histogram(
    "helpline_batch_seconds",
    "From taking a batch to the end of its acknowledgements and pushes",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
)
SYNC_GAPS = Counter(
    "helpline_sync_gaps",
    "Texts that a connected client had to ask for: given by a sync more than 2 s after they were stored, to a socket "
    "that had everything before by an earlier sync and should have got them by a push",
    ["namespace"],
)
CONNECTIONS = Gauge("helpline_connections", "Sockets open in this process", ["namespace"])
SWEEP_SECONDS = Histogram(
    "helpline_sweep_seconds",
    "Length of one round of the dispatcher",
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
DATABASE_ERRORS = Counter(
    "helpline_database_errors",
    "Errors that the database gave: connection (not reached, or lost), conflict (locked, deadlock, somebody else was "
    "first), other",
    ["kind"],
)
READY = Gauge("helpline_ready", "1 while the database takes what this process writes, else 0")
LOOP_DELAY = Histogram(
    "helpline_loop_delay_seconds",
    "How late the loop came back",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
)
STALLS = Counter("helpline_loop_stalls", "Times the loop stood still for more than 250 ms")
HINTS_LOST = Counter("helpline_hints_lost", "Hints to other processes that Redis did not take")
REDIS_ERRORS = Counter("helpline_redis_errors", "Times the connection to Redis broke")

# Looked up once: they are counted for each text. And what never happened is shown as 0.
_texts = {author: TEXTS.labels(author) for author in AUTHORS}
for _kind in ("connection", "conflict", "other"):
    DATABASE_ERRORS.labels(_kind)
for _namespace in ("/visitor", "/console"):
    SYNC_GAPS.labels(_namespace)


def text(author: str) -> None:
    """Note a text that is committed."""
    _texts[author].inc()


def chats(numbers: Mapping[tuple[str, str], int]) -> None:
    """Show how many chats there are of each line and state, and no others."""
    CHATS.clear()
    for (line, state), number in numbers.items():
        CHATS.labels(line, state).set(number)


def loop_delay(seconds: float, stalled: bool) -> None:
    """Note how late the loop was, in seconds, and whether that is a stall."""
    LOOP_DELAY.observe(max(0.0, seconds))
    if stalled:
        STALLS.inc()


def database_error(error: Any, lost_connection: bool) -> None:
    """Note an error of the database's driver."""
    DATABASE_ERRORS.labels(kind_of(error, lost_connection)).inc()


def kind_of(error: Any, lost_connection: bool) -> str:
    """`connection`, `conflict` or `other`, by the codes that the two drivers give their errors."""
    name = getattr(error, "sqlite_errorname", None) or ""
    state = getattr(error, "pgcode", None) or ""
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_CONSTRAINT")) or state[:2] in ("23", "40", "55"):
        return "conflict"
    if lost_connection or name.startswith(("SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return "connection"
    # 08: connection, 53: out of connections, 57P: shut down. An operational error without a code never got an answer.
    unanswered = type(error).__name__ == "OperationalError" and not name and not state
    return "connection" if unanswered or state.startswith(("08", "53", "57P")) else "other"


def page() -> tuple[bytes, str]:
    """The metrics page and its content type."""
    return generate_latest(), CONTENT_TYPE_LATEST
