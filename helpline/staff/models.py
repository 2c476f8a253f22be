"""Tables of staff: accounts, sign-in sessions, duty, revocation and the audit trail."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import DDL, JSON, ForeignKey, LargeBinary, String, event
from sqlalchemy.orm import Mapped, mapped_column

from helpline.db import Base, Instant, Key


class Account(Base):
    """One member of staff. Accounts are disabled, never deleted, so that the audit trail keeps its names."""

    __tablename__ = "accounts"

    id: Mapped[Key]
    login: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    password_hash: Mapped[str] = mapped_column(String(255))
    totp_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    totp_last_step: Mapped[int] = mapped_column(default=0)
    capacity: Mapped[int] = mapped_column(default=3)
    languages: Mapped[list[str]] = mapped_column(JSON)
    demo: Mapped[bool] = mapped_column(default=False)
    disabled_at: Mapped[Instant | None]
    created_at: Mapped[Instant]


class AccountRole(Base):
    """A role that an account holds, one of those in rules.py."""

    __tablename__ = "account_roles"

    account_id: Mapped[str] = mapped_column(String(32), ForeignKey("accounts.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(16), primary_key=True)


class AccountLine(Base):
    """A line that an account works for or sees."""

    __tablename__ = "account_lines"

    account_id: Mapped[str] = mapped_column(String(32), ForeignKey("accounts.id"), primary_key=True)
    line: Mapped[str] = mapped_column(String(32), ForeignKey("lines.slug"), primary_key=True)


class StaffSession(Base):
    """One sign-in. The key is the SHA-256 of the cookie, so a stolen table opens no session."""

    __tablename__ = "staff_sessions"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(32), ForeignKey("accounts.id"), index=True)
    created_at: Mapped[Instant]
    seen_at: Mapped[Instant]
    expires_at: Mapped[Instant] = mapped_column(index=True)


class Duty(Base):
    """What a counsellor is really doing now, one of the states in rules.py, and for which line."""

    __tablename__ = "duties"

    account_id: Mapped[str] = mapped_column(String(32), ForeignKey("accounts.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(16), default="away")
    line: Mapped[str | None] = mapped_column(String(32), ForeignKey("lines.slug"))
    capacity: Mapped[int]
    since: Mapped[Instant]
    heartbeat_at: Mapped[Instant | None]
    idle_since: Mapped[Instant | None]
    missed_offers: Mapped[int] = mapped_column(default=0)
    typed_at: Mapped[Instant | None]


class Revocation(Base):
    """One row whose counter grows each time a session ends early; every process polls it."""

    __tablename__ = "revocations"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    counter: Mapped[int] = mapped_column(default=0)


class AuditEntry(Base):
    """Who did what to which subject; never any content. The database refuses to change or delete a row."""

    __tablename__ = "audit_entries"
    __table_args__: ClassVar = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[Instant]
    # No foreign key and no constraint: an entry outlives whatever it speaks of. NULL is the command line.
    account_id: Mapped[str | None] = mapped_column(String(32), index=True)
    action: Mapped[str] = mapped_column(String(48))
    subject: Mapped[str] = mapped_column(String(128), default="")


# On SQLite `INSERT OR REPLACE` deletes without firing a delete trigger, so an insert over a known id is refused too.
_APPEND_ONLY = {
    "sqlite": (
        "CREATE TRIGGER audit_entries_no_update BEFORE UPDATE ON audit_entries "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
        "CREATE TRIGGER audit_entries_no_delete BEFORE DELETE ON audit_entries "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
        "CREATE TRIGGER audit_entries_no_replace BEFORE INSERT ON audit_entries "
        "WHEN EXISTS (SELECT 1 FROM audit_entries WHERE id = NEW.id) "
        "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION audit_entries_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$",
        "CREATE TRIGGER audit_entries_no_change BEFORE UPDATE OR DELETE ON audit_entries "
        "FOR EACH ROW EXECUTE FUNCTION audit_entries_refuse()",
        "CREATE TRIGGER audit_entries_no_truncate BEFORE TRUNCATE ON audit_entries "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_entries_refuse()",
    ),
}


def append_only_ddl(dialect: str) -> tuple[str, ...]:
    """Statements that make `audit_entries` append-only; a migration executes them after it made the table."""
    return _APPEND_ONLY[dialect]


for _dialect, _statements in _APPEND_ONLY.items():
    for _statement in _statements:
        event.listen(
            AuditEntry.__table__,
            "after_create",
            DDL(_statement).execute_if(dialect=_dialect),
        )
