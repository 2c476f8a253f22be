"""Accounts, sign-in, duty, and the audit trail that only grows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from helpline.db import Utc
from helpline.staff.models import append_only_ddl

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("totp_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("totp_last_step", sa.Integer(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("disabled_at", Utc, nullable=True),
        sa.Column("created_at", Utc, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("login", name=op.f("uq_accounts_login")),
    )

    op.create_table(
        "account_roles",
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_account_roles_account_id")),
        sa.PrimaryKeyConstraint("account_id", "role", name=op.f("pk_account_roles")),
    )

    op.create_table(
        "account_lines",
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("line", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_account_lines_account_id")),
        sa.ForeignKeyConstraint(["line"], ["lines.slug"], name=op.f("fk_account_lines_line")),
        sa.PrimaryKeyConstraint("account_id", "line", name=op.f("pk_account_lines")),
    )

    op.create_table(
        "staff_sessions",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", Utc, nullable=False),
        sa.Column("seen_at", Utc, nullable=False),
        sa.Column("expires_at", Utc, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_staff_sessions_account_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_staff_sessions")),
    )
    op.create_index(op.f("ix_staff_sessions_account_id"), "staff_sessions", ["account_id"], unique=False)
    op.create_index(op.f("ix_staff_sessions_expires_at"), "staff_sessions", ["expires_at"], unique=False)

    op.create_table(
        "duties",
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("line", sa.String(length=32), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("since", Utc, nullable=False),
        sa.Column("heartbeat_at", Utc, nullable=True),
        sa.Column("idle_since", Utc, nullable=True),
        sa.Column("missed_offers", sa.Integer(), nullable=False),
        sa.Column("typed_at", Utc, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_duties_account_id")),
        sa.ForeignKeyConstraint(["line"], ["lines.slug"], name=op.f("fk_duties_line")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_duties")),
    )

    op.create_table(
        "revocations",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("counter", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revocations")),
    )

    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", Utc, nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=True),
        sa.Column("action", sa.String(length=48), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_audit_entries_account_id"), "audit_entries", ["account_id"], unique=False)

    for statement in append_only_ddl(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("audit_entries")
    op.drop_table("revocations")
    op.drop_table("duties")
    op.drop_table("staff_sessions")
    op.drop_table("account_lines")
    op.drop_table("account_roles")
    op.drop_table("accounts")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION IF EXISTS audit_entries_refuse()")
