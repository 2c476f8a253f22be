"""Waking the dispatcher after a commit that changed supply or demand."""

from __future__ import annotations

import threading

from helpline import bus

_work = threading.Event()


@bus.handler("wake")
def wake_here() -> None:
    """There may be something to dispatch, and perhaps this process does."""
    _work.set()


def wake() -> None:
    """There may be something to dispatch now, whichever process does it."""
    bus.everywhere("wake")


def wait(seconds: float) -> bool:
    """Sleep until woken, at most `seconds`; True when woken."""
    woken = _work.wait(seconds)
    _work.clear()
    return woken
