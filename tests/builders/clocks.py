"""A clock that stands still until a test lets time pass."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from helpline import clock

if TYPE_CHECKING:
    from helpline.staff.service import Member
    from tests.builders.chats import Visit

# A Monday evening, 21:00 in Amsterdam.
EVENING = datetime(2026, 3, 2, 20, 0, 0, tzinfo=UTC)


class StoppedClock:
    """What `clock.now()` answers in a test."""

    def __init__(self, moment: datetime = EVENING) -> None:
        self.moment = moment

    def now(self) -> datetime:
        """The moment at which the clock stands."""
        return self.moment

    def turn(self, **by: float) -> datetime:
        """Move the clock; nothing else happens."""
        self.moment += timedelta(**by)
        return self.moment

    def passes(self, *, silent: Collection[Visit | Member] = (), **by: float) -> datetime:
        """Let time pass: all but the `silent` give a sign of life, and the dispatcher does its round."""
        from tests.builders.chats import everybody_is_heard

        self.turn(**by)
        everybody_is_heard(silent)
        self.sweeps()
        return self.moment

    def sweeps(self, *, stood_still: bool = False) -> bool:
        """The dispatcher does its round now, as it did all along unless the process `stood_still`."""
        from helpline.chat import sweep

        if not stood_still and sweep._last_round is not None:
            sweep._last_round = self.moment
        return sweep.run(self.moment)

    def starts_anew(self) -> bool:
        """The process stops, and another one dispatches from now on."""
        from helpline.chat import sweep

        sweep.stop()
        sweep.forget()
        return self.sweeps()


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Within it, it is `moment`."""
    before = clock.now
    clock.now = lambda: moment
    try:
        yield
    finally:
        clock.now = before


def ago(**by: float) -> datetime:
    """The moment that long before now."""
    return clock.now() - timedelta(**by)
