"""Waking the dispatcher after a commit that changed supply or demand."""

from __future__ import annotations

import threading
import time

from helpline import bus

# Who comes in a crowd is looked at together; whoever comes alone, at once.
APART_SECONDS = 0.2

_work = threading.Event()
_looked_at = 0.0


@bus.handler("wake")
def wake_here() -> None:
    """There may be something to dispatch, and perhaps this process does."""
    _work.set()


def wake() -> None:
    """There may be something to dispatch now, whichever process does it."""
    bus.everywhere("wake")


def wait(seconds: float) -> bool:
    """Sleep until woken, at most `seconds`; True when woken. Two rounds begin a fifth of a second apart at least."""
    global _looked_at
    woken = _work.wait(seconds)
    time.sleep(max(0.0, _looked_at + APART_SECONDS - time.monotonic()))
    _work.clear()
    _looked_at = time.monotonic()
    return woken
