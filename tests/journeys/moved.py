"""A real server, and the commands beside it, whose clock a test moves while they run."""

from __future__ import annotations

import os
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.clients import Server

ZONE = ZoneInfo("Europe/Amsterdam")
# Every process of the server reads it first, and then the file at each look at the clock.
MOVING = """
from datetime import UTC, datetime, timedelta
from pathlib import Path
from helpline import clock
ahead = Path(AHEAD)
clock.now = lambda: datetime.now(UTC) + timedelta(seconds=float(ahead.read_text()))
"""


class MovedClock:
    """How far a server's clock is ahead of the real one; it goes on at its usual pace."""

    def __init__(self, server: Server, folder: Path) -> None:
        self._ahead = folder / "ahead"
        self._set(timedelta())
        (folder / "sitecustomize.py").write_text(MOVING.replace("AHEAD", repr(str(self._ahead))), encoding="utf-8")
        paths = [str(folder), *filter(None, [server.environment.get("PYTHONPATH")])]
        server.environment["PYTHONPATH"] = os.pathsep.join(paths)

    def _set(self, ahead: timedelta) -> None:
        new = self._ahead.with_suffix(".new")
        new.write_text(str(ahead.total_seconds()))
        os.replace(new, self._ahead)

    def now(self) -> datetime:
        """The moment that the server takes for the present one."""
        return datetime.now(UTC) + timedelta(seconds=float(self._ahead.read_text()))

    def move_to(self, at: str, days: int = 0) -> None:
        """Go on to this time of the line's day, the next time it comes and `days` later."""
        here = self.now().astimezone(ZONE)
        wanted = datetime.combine(here.date(), time.fromisoformat(at), ZONE)
        while wanted <= here:
            wanted += timedelta(days=1)
        wanted += timedelta(days=days)
        self._set(wanted.astimezone(UTC) - datetime.now(UTC))
