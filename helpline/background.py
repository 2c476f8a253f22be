"""What a process does beside answering requests, each in a thread of its own (a greenlet in the server)."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Any

import structlog

from helpline import clock, config, garbage, retention, watchdog
from helpline.chat import catch_up, presence, push, sockets, sweep
from helpline.chat.reading import recent_sights
from helpline.chat.writer import writer
from helpline.staff import service as staff

# While PostgreSQL works for one of them the other goes on.
WRITERS = 4
SWEEP_SECONDS = 1.0
PING_STEP_SECONDS = 0.05
PRESENCE_SECONDS = 1.0
PURGE_SECONDS = 600.0
# The promise is that a revocation reaches every process within a second.
GUARD_SECONDS = 0.8
CATCH_UP_SECONDS = 1.0
COLLECT_SECONDS = 10.0
STOP_SECONDS = 1.0

log = structlog.get_logger()


class Background:
    """The loops beside the requests: sweep, heartbeat, presence, purge, revocations, catching up, the watchdog."""

    def __init__(self, unpatched: tuple[Any, Callable[[float], None]]) -> None:
        self._unpatched = unpatched
        self._last: dict[str, float] = {}

    def start(self) -> None:
        """Start the writer and the loops in daemon threads (greenlets in the server)."""
        writer.start(1 if config.current().embedded else WRITERS)
        recent_sights.switch_on()
        staff.remembered.switch_on()
        garbage.settle()
        for loop in (self._sweep, self._ping, self._guard, self._catch_up, self._watch, self._collect):
            threading.Thread(target=loop, name=loop.__name__, daemon=True).start()

    def stop(self) -> None:
        """Let another process dispatch at once; nobody waits long for a database that is away."""
        giving_up = threading.Thread(target=self._try, args=(sweep.stop,), daemon=True)
        giving_up.start()
        giving_up.join(STOP_SECONDS)

    def _due(self, what: str, every: float) -> bool:
        now = time.monotonic()
        if now - self._last.get(what, 0.0) < every:
            return False
        self._last[what] = now
        return True

    def _sweep(self) -> None:
        while True:
            sweep.wait_for_work(SWEEP_SECONDS)
            try:
                if self._due("presence", PRESENCE_SECONDS):
                    presence.flush(clock.now())
                sweep.run(clock.now())
                if self._due("purge", PURGE_SECONDS):
                    retention.purge(clock.now())
            except Exception as error:
                # The loop must outlive a database that is away for a moment; the next turn tries again.
                log.error("sweep_failed", problem=type(error).__name__)
                sweep.database_was_away()
                time.sleep(SWEEP_SECONDS)

    def _ping(self) -> None:
        """Ask each client in turn for a sign of life: all at once would answer at once, and hold up who writes."""
        every = config.current().ping_seconds
        # Who comes just after a round began waits for it and the next one, and must be heard before long.
        within = every / 2
        while True:
            began, clients = time.monotonic(), push.clients_here()
            at_once = max(1, math.ceil(len(clients) * PING_STEP_SECONDS / within))
            for first in range(0, len(clients), at_once):
                for namespace, sid in clients[first : first + at_once]:
                    push.ping_here(namespace, sid)
                time.sleep(PING_STEP_SECONDS)
            time.sleep(max(PING_STEP_SECONDS, began + every - time.monotonic()))

    def _guard(self) -> None:
        """Apart from the sweep, which may wait for locks."""
        while True:
            time.sleep(GUARD_SECONDS)
            self._try(sockets.close_revoked)

    def _catch_up(self) -> None:
        while True:
            time.sleep(CATCH_UP_SECONDS)
            self._try(catch_up.run)

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            # The database is away for a moment; the next turn tries again.
            log.error("background_failed", work=work.__module__, problem=type(error).__name__)

    def _collect(self) -> None:
        while True:
            time.sleep(COLLECT_SECONDS)
            garbage.collect(push.open_sockets(push.VISITOR) + push.open_sockets(push.CONSOLE))

    def _watch(self) -> None:
        """Count the moments in which the loop stood still."""
        guard = watchdog.Watchdog(*self._unpatched)
        while True:
            time.sleep(watchdog.BEAT_SECONDS)
            guard.beat()
