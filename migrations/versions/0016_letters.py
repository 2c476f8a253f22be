"""Letters, their texts and drafts, who is to be told that one is gone, and how long answers took."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from helpline.db import Utc

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

SETTINGS = (
    ("letters", sa.Boolean(), sa.true()),
    ("letters_second_reader", sa.Boolean(), sa.false()),
    ("letter_target_hours", sa.Integer(), "72"),
    ("letter_retention_days", sa.Integer(), "183"),
)


def upgrade() -> None:
    for name, kind, default in SETTINGS:
        op.add_column("lines", sa.Column(name, kind, server_default=default, nullable=False))
    op.create_table(
        "letters",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("line", sa.String(length=32), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("lookup", sa.String(length=64), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("waiting_since", Utc, nullable=False),
        sa.Column("due_at", Utc, nullable=False),
        sa.Column("claimed_by", sa.String(length=32), nullable=True),
        sa.Column("second_reader", sa.String(length=32), nullable=True),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["claimed_by"], ["accounts.id"], name=op.f("fk_letters_claimed_by")),
        sa.ForeignKeyConstraint(["line"], ["lines.slug"], name=op.f("fk_letters_line")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letters")),
        sa.UniqueConstraint("lookup", name=op.f("uq_letters_lookup")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_letters_line_state", "letters", ["line", "state"])
    op.create_index(op.f("ix_letters_expires_on"), "letters", ["expires_on"])
    op.create_table(
        "letter_texts",
        sa.Column("letter_id", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("author", sa.String(length=12), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", Utc, nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letters.id"], name=op.f("fk_letter_texts_letter_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("letter_id", "seq", name=op.f("pk_letter_texts")),
        sqlite_with_rowid=False,
    )
    op.create_index("uq_letter_texts_client_id_letter_id", "letter_texts", ["client_id", "letter_id"], unique=True)
    op.create_table(
        "letter_drafts",
        sa.Column("letter_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("remark", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letters.id"], name=op.f("fk_letter_drafts_letter_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("letter_id", name=op.f("pk_letter_drafts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "letters_gone",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("line", sa.String(length=32), nullable=False),
        sa.Column("why", sa.String(length=8), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_letters_gone_account_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_letters_gone")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_letters_gone_account_id"), "letters_gone", ["account_id"])
    op.create_index(op.f("ix_letters_gone_on_date"), "letters_gone", ["on_date"])
    op.create_table(
        "letter_counts",
        sa.Column("line", sa.String(length=32), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("in_time", sa.Boolean(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("line", "on_date", "hours", "in_time", name=op.f("pk_letter_counts")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for table in ("letter_counts", "letters_gone", "letter_drafts", "letter_texts", "letters"):
        op.drop_table(table)
    for name, _, _ in reversed(SETTINGS):
        op.drop_column("lines", name)
