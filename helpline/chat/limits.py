"""A ceiling on texts for each sender, far above what anybody types, and rights proved a moment ago. In memory alone."""

from __future__ import annotations

import time

A_SECOND = 200.0
BURST = 400.0


class TextBudget:
    """A bucket of `burst` texts a sender, refilled with `a_second` texts a second."""

    def __init__(self, now: float | None = None, *, burst: float = BURST, a_second: float = A_SECOND) -> None:
        self._burst, self._a_second = burst, a_second
        self._left: dict[str, tuple[float, float]] = {}
        self._swept = time.monotonic() if now is None else now

    def take(self, sender: str, now: float | None = None) -> bool:
        """Use one text of `sender`'s budget; False when it is empty. `now` is in seconds of any steady clock."""
        moment = time.monotonic() if now is None else now
        self._forget_full(moment)
        left, last = self._left.get(sender, (self._burst, moment))
        left = min(self._burst, left + (moment - last) * self._a_second)
        if left < 1:
            self._left[sender] = (left, moment)
            return False
        self._left[sender] = (left - 1, moment)
        return True

    def _forget_full(self, moment: float) -> None:
        """Buckets that are full again are the same as none."""
        if moment - self._swept < self._burst / self._a_second:
            return
        self._swept = moment
        # A copy: other senders come in meanwhile.
        for key, (left, last) in self._left.copy().items():
            if left + (moment - last) * self._a_second >= self._burst:
                self._left.pop(key, None)


class Lately:
    """What was allowed within the last second, so that one key after another asks the database once."""

    SECONDS = 1.0
    MOST = 10_000

    def __init__(self) -> None:
        self._until: dict[object, float] = {}

    def allowed(self, what: object) -> bool:
        """True when `allow` was called for it less than a second ago."""
        return self._until.get(what, 0.0) > time.monotonic()

    def allow(self, what: object) -> None:
        """It was proved just now."""
        if len(self._until) > self.MOST:
            self._until.clear()
        self._until[what] = time.monotonic() + self.SECONDS
