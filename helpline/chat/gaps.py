"""Counts the texts that a connected client had to ask for: each is a push that did not arrive."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from helpline import clock, metrics

# Younger texts may still be on their way to the client while it asks.
ON_THE_WAY = timedelta(seconds=2)

# For each socket how far every stream was given by a sync: from there on pushes should have brought everything.
_given: dict[str, dict[tuple[str, str], int]] = {}


def begin(sid: str) -> None:
    """The socket is being opened."""
    _given[sid] = {}


def note(sid: str, namespace: str, data: dict[str, Any], messages: Sequence[dict[str, Any]]) -> None:
    """A socket asked with `data` for what it has not, and got these messages."""
    streams = _given.get(sid)
    if streams is None:
        # Closed while it was answered.
        return
    # A visitor has one chat and one stream, whatever else stands in what came.
    stream = (data["chat"], data["stream"]) if namespace == "/console" else ("", "talk")
    after, before = data["after"], streams.get(stream)
    streams[stream] = messages[-1]["seq"] if messages else after
    # Who asks for a first time, or for something once more, has not missed anything.
    if before is None or after < before or not messages:
        return
    settled = clock.rfc3339(clock.now() - ON_THE_WAY)
    missed = sum(message["sent_at"] < settled for message in messages)
    if missed:
        metrics.SYNC_GAPS.labels(namespace).inc(missed)


def forget_chat(sid: str, chat: str) -> None:
    """This socket is no longer told of the chat; what it asks for later it could not have got."""
    streams = _given.get(sid, {})
    for stream in [stream for stream in streams.copy() if stream[0] == chat]:
        streams.pop(stream, None)


def forget(sid: str) -> None:
    """The socket is closed."""
    _given.pop(sid, None)
