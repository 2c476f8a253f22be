"""The two ledgers and the pending wrap-ups."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from helpline.db import Utc

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contacts",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("line", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("on_hour", sa.Integer(), nullable=False),
        sa.Column("in_hours", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("wait_s", sa.Integer(), nullable=True),
        sa.Column("length_min", sa.Integer(), nullable=True),
        sa.Column("concern", sa.String(length=16), nullable=False),
        sa.Column("age_band", sa.String(length=16), nullable=False),
        sa.Column("gender", sa.String(length=16), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_contacts")),
        sqlite_with_rowid=False,
    )

    op.create_table(
        "missed_contacts",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("line", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("on_hour", sa.Integer(), nullable=False),
        sa.Column("in_hours", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("wait_s", sa.Integer(), nullable=True),
        sa.Column("cause", sa.String(length=24), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_missed_contacts")),
        sqlite_with_rowid=False,
    )

    op.create_table(
        "wrap_ups",
        sa.Column("chat_id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("contact_key", sa.String(length=32), nullable=False),
        sa.Column("line", sa.String(length=32), nullable=False),
        sa.Column("ended_at", Utc, nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_wrap_ups_account_id")),
        sa.ForeignKeyConstraint(["contact_key"], ["contacts.key"], name=op.f("fk_wrap_ups_contact_key")),
        sa.PrimaryKeyConstraint("chat_id", name=op.f("pk_wrap_ups")),
    )
    op.create_index(op.f("ix_wrap_ups_account_id"), "wrap_ups", ["account_id"], unique=False)
    op.create_index(op.f("ix_wrap_ups_ended_at"), "wrap_ups", ["ended_at"], unique=False)


def downgrade() -> None:
    op.drop_table("wrap_ups")
    op.drop_table("missed_contacts")
    op.drop_table("contacts")
