"""What the ledgers say, short enough to be compared in one line."""

from __future__ import annotations

from sqlalchemy import select

from helpline.contacts import service as contacts
from helpline.contacts.models import Contact, MissedContact
from helpline.db import reading


def ledger(line: str | None = None) -> dict[str, int]:
    """How many contacts were `answered` and how many missed by each cause; what is zero is left out."""
    counted = contacts.count(line)
    every = {"answered": counted["answered"]} | counted["missed"]
    return {name: number for name, number in every.items() if number}


def the_contact() -> Contact:
    """The only answered contact there is."""
    with reading() as session:
        return session.scalars(select(Contact)).one()


def the_missed_contact() -> MissedContact:
    """The only missed contact there is."""
    with reading() as session:
        return session.scalars(select(MissedContact)).one()
