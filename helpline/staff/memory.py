"""Members who were recognised a moment ago, so that not each event asks the database who sent it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from helpline.staff.members import Member

KEPT = timedelta(seconds=30)


class Memory:
    """Remembers members by session key for half a minute, once switched on.

    Only a process that polls the revocation counter may switch it on, and forgets everybody when the counter moves.
    """

    def __init__(self) -> None:
        self._on = False
        self._known: dict[str, tuple[Member, datetime]] = {}

    def switch_on(self) -> None:
        """From now on remember."""
        self._on = True

    def forget(self) -> None:
        """Rights may have ended: everybody is looked up anew. A look-up under way still writes to the old book."""
        self._known = {}

    def get(self, key: str, now: datetime) -> Member | None:
        """The member of this session, if remembered."""
        known = self._known.get(key)
        return known[0] if known is not None and now < known[1] else None

    def ask(self, key: str, now: datetime, look_up: Callable[[str, datetime], Member | None]) -> Member | None:
        """Look the member of this session up and remember who it is."""
        known, member = self._known, look_up(key, now)
        if member is None:
            known.pop(key, None)
        elif self._on:
            known[key] = (member, now + KEPT)
        return member
