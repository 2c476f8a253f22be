"""Summaries: of a chat while both sides agree on it, kept under a code, and what is let read of an earlier chat."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lines", sa.Column("summary_retention_days", sa.Integer(), server_default="365", nullable=False))
    op.add_column("chats", sa.Column("earlier", sa.LargeBinary(), nullable=True))
    op.add_column("chats", sa.Column("continues", sa.String(length=32), nullable=True))
    op.add_column("chats", sa.Column("beside", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "chat_summaries",
        sa.Column("chat_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(length=12), nullable=False),
        sa.Column("agreed_visitor", sa.Boolean(), nullable=False),
        sa.Column("agreed_counsellor", sa.Boolean(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name=op.f("fk_chat_summaries_chat_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("chat_id", name=op.f("pk_chat_summaries")),
    )
    op.create_table(
        "kept_summaries",
        sa.Column("lookup", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("lookup", name=op.f("pk_kept_summaries")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_kept_summaries_expires_on"), "kept_summaries", ["expires_on"])


def downgrade() -> None:
    op.drop_table("kept_summaries")
    op.drop_table("chat_summaries")
    for name in ("beside", "continues", "earlier"):
        op.drop_column("chats", name)
    op.drop_column("lines", "summary_retention_days")
