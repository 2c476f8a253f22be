"""The audit trail grows and never changes."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from helpline import db
from helpline.staff import service
from helpline.staff.models import AuditEntry
from tests.staff.conftest import TurnedClock, sign_in


def trail() -> list[tuple[str | None, str, str]]:
    with db.reading() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(entry.account_id, entry.action, entry.subject) for entry in entries]


REFUSED_ON_BOTH = ("UPDATE audit_entries SET subject = 'chat:other'", "DELETE FROM audit_entries")
REFUSED_ON_SQLITE = (
    "INSERT OR REPLACE INTO audit_entries (id, at, action, subject) SELECT id, at, action, 'x' FROM audit_entries",
    "UPDATE OR REPLACE audit_entries SET id = id + 1",
)


def test_an_entry_can_not_be_changed_or_deleted(database: str) -> None:
    service.audit("anna", "chat_opened", "chat:one")
    tricks = ("TRUNCATE audit_entries",) if database else REFUSED_ON_SQLITE
    for change in REFUSED_ON_BOTH + tricks:
        with pytest.raises(DBAPIError, match="append-only"), db.transaction() as session:
            session.execute(text(change))
    assert trail() == [("anna", "chat_opened", "chat:one")]


def test_an_entry_is_written_with_the_transaction_it_speaks_of_or_not_at_all() -> None:
    def open_a_chat_that_fails() -> None:
        with db.transaction():
            service.audit("anna", "chat_opened", "chat:one")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        open_a_chat_that_fails()
    assert trail() == []


def test_what_happens_to_accounts_and_sessions_is_on_the_trail_without_names(
    anna: service.NewAccount, time: TurnedClock
) -> None:
    token = sign_in(anna, time)
    member = service.member_for(token)
    assert member is not None
    service.sign_out(token)
    service.disable("anna")
    service.disable("anna")
    service.reset("anna")
    subject = f"account:{member.id}"
    assert trail() == [
        (None, "account_added", subject),
        (member.id, "signed_in", ""),
        (member.id, "signed_out", ""),
        (None, "account_disabled", subject),
        (None, "account_enabled", subject),
        (None, "account_reset", subject),
    ]
