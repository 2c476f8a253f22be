"""Notices when the loop stands still and what held it: a thread of its own looks at the loop's stack meanwhile.

What it notes are names of functions and numbers of lines, never a value.
"""

from __future__ import annotations

import os
import sys
import time
from types import FrameType, ModuleType
from typing import Any

import orjson
import structlog

from helpline import clock, metrics

BEAT_SECONDS = 0.05
STALL_SECONDS = 0.25
STUCK_SECONDS = 10.0
MOST_CALLS = 20

log = structlog.get_logger()


class Watchdog:
    """The loop calls `beat` every 50 ms; when no beat comes in time, the thread looks where the loop is.

    threads, sleep: `threading` and `time.sleep` as they were before anything was patched.
    """

    def __init__(self, threads: ModuleType, sleep: Any) -> None:
        self._loop = threads.get_ident()
        self._sleep = sleep
        self._beat = time.monotonic()
        self._seen: list[str] = []
        self._told = False
        threads.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def beat(self) -> None:
        """The loop is here. Counts and logs when it comes late."""
        now = time.monotonic()
        late, seen = now - self._beat - BEAT_SECONDS, self._seen
        self._beat, self._seen, self._told = now, [], False
        stalled = late > STALL_SECONDS
        metrics.loop_delay(late, stalled)
        if stalled:
            log.warning("loop_stalled", seconds=round(late, 2), stack=seen)

    def _watch(self) -> None:
        while True:
            self._sleep(BEAT_SECONDS)
            held = time.monotonic() - self._beat
            if not self._seen and held > STALL_SECONDS:
                self._seen = calls(sys._current_frames().get(self._loop))
            if held > STUCK_SECONDS and not self._told:
                self._told = True
                # The loop may never come back to say it, and the log's own lock may be what it hangs on.
                said = {"event": "loop_stuck", "level": "error", "timestamp": clock.rfc3339(clock.now())}
                os.write(2, orjson.dumps(said | {"stack": self._seen}) + b"\n")


def calls(frame: FrameType | None) -> list[str]:
    """The innermost calls that lead to this frame, last one first: `module.function:line`."""
    found: list[str] = []
    while frame is not None and len(found) < MOST_CALLS:
        code = frame.f_code
        found.append(f"{frame.f_globals.get('__name__')}.{code.co_qualname}:{frame.f_lineno}")
        frame = frame.f_back
    return found
