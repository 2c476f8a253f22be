"""When Python looks for garbage that only its collector finds.

A full collection goes through every object and stops everything meanwhile: 0.1 s with a hundred sockets, a third of a
second with two thousand. Nearly all garbage dies young or without the collector (a closed connection leaves some fifty
small objects to it), so full collections are put off until few are connected, for an hour at most.
"""

from __future__ import annotations

import gc
import time

FEW_SOCKETS = 20
QUIET_SECONDS = 60.0
LONGEST_SECONDS = 3600.0
YOUNG, MIDDLE, NEVER = 10_000, 20, 1_000_000_000

_collected_at = 0.0


def wait() -> None:
    """Leave the collector out until `settle`: nearly all that is made while the server starts stays."""
    gc.disable()


def settle() -> None:
    """Take what was made at the start for lasting; from now on full collections come by `collect` alone."""
    global _collected_at
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, NEVER)
    _collected_at = time.monotonic()


def is_due(sockets: int, seconds: float) -> bool:
    """Whether to collect now with so many sockets open, so many seconds after the last time."""
    return seconds >= (QUIET_SECONDS if sockets < FEW_SOCKETS else LONGEST_SECONDS)


def collect(sockets: int) -> None:
    """A full collection, when it is due."""
    global _collected_at
    if is_due(sockets, time.monotonic() - _collected_at):
        gc.collect()
        _collected_at = time.monotonic()
