"""What became of a missed contact, told by the visitor's session alone."""

from __future__ import annotations

from sqlalchemy import select

from helpline.contacts.categories import NONE
from helpline.contacts.models import MissedContact
from helpline.contacts.tallies import days_written
from helpline.db import transaction

CAUGHT_BY = ("letter", "advice", "course", "chat")


def catch(key: str, by: str) -> bool:
    """Note which other way in the visitor of this missed contact took; the first one stays. The caller forgets the key.

    False where nothing is noted: there is no such row, or it is noted already.
    """
    if by not in CAUGHT_BY:
        raise ValueError(f"{by!r} is nothing that catches a missed contact")
    with transaction() as session:
        wanted = select(MissedContact).where(MissedContact.key == key, MissedContact.caught_by == NONE)
        row = session.scalar(wanted.with_for_update())
        # What a release has counted stays as it was counted.
        if row is None or row.counted_in is not None:
            return False
        row.caught_by = by
        session.flush()
        days_written(session, row.line, [row.on_date])
    return True
