"""Figures about the process for Prometheus; nothing in them leads to a visitor."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

TEXTS = Counter("helpline_texts", "Texts stored", ["author"])
CHATS = Gauge("helpline_chats", "Chats that have not ended, by line and state", ["line", "state"])
OFFERS = Counter("helpline_offers", "Offers made and how they went", ["outcome"])
ENDED = Counter("helpline_chats_ended", "Chats that ended, by reason", ["line", "reason"])
LOOP_DELAY = Histogram(
    "helpline_loop_delay_seconds",
    "How late the loop came back",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
)
HINTS_LOST = Counter("helpline_hints_lost", "Hints to other processes that Redis did not take")
REDIS_ERRORS = Counter("helpline_redis_errors", "Times the connection to Redis broke")
STALLS = Counter("helpline_loop_stalls", "Times the loop stood still for more than 250 ms")


def loop_delay(seconds: float, stalled: bool) -> None:
    """Note how late the loop was, in seconds, and whether that is a stall."""
    LOOP_DELAY.observe(max(0.0, seconds))
    if stalled:
        STALLS.inc()


def page() -> tuple[bytes, str]:
    """The metrics page and its content type."""
    return generate_latest(), CONTENT_TYPE_LATEST
