"""Members who were recognised a moment ago, so that not each event asks the database who sent it."""

from __future__ import annotations

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
        """Rights may have ended: everybody is looked up anew."""
        self._known.clear()

    def get(self, key: str, now: datetime) -> Member | None:
        """The member of this session, if remembered."""
        known = self._known.get(key)
        return known[0] if known is not None and now < known[1] else None

    def keep(self, key: str, member: Member | None, now: datetime) -> Member | None:
        """Remember who was looked up; gives the member back."""
        if member is None:
            self._known.pop(key, None)
        elif self._on:
            self._known[key] = (member, now + KEPT)
        return member
