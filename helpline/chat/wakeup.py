"""Waking the dispatcher after a commit that changed supply or demand."""

from __future__ import annotations

import threading

_work = threading.Event()


def wake() -> None:
    """There may be something to dispatch now."""
    _work.set()


def wait(seconds: float) -> bool:
    """Sleep until woken, at most `seconds`; True when woken."""
    woken = _work.wait(seconds)
    _work.clear()
    return woken
