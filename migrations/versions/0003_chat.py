"""Chats, their texts, refused offers, and the lease of the dispatcher."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from helpline.db import Utc

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chats",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("line", sa.String(length=32), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("danger", sa.String(length=8), nullable=False),
        sa.Column("distress", sa.Integer(), nullable=False),
        sa.Column("joined_at", Utc, nullable=False),
        sa.Column("waiting_since", Utc, nullable=False),
        sa.Column("rank_at", Utc, nullable=False),
        sa.Column("cut_off", sa.Boolean(), nullable=False),
        sa.Column("someone_on_duty", sa.Boolean(), nullable=False),
        sa.Column("counsellor", sa.String(length=32), nullable=True),
        sa.Column("last_counsellor", sa.String(length=32), nullable=True),
        sa.Column("offer_expires_at", Utc, nullable=True),
        sa.Column("started_at", Utc, nullable=True),
        sa.Column("ended_at", Utc, nullable=True),
        sa.Column("reason", sa.String(length=24), nullable=True),
        sa.Column("visitor_seen_at", Utc, nullable=False),
        sa.Column("visitor_read", sa.Integer(), nullable=False),
        sa.Column("counsellor_read", sa.Integer(), nullable=False),
        sa.Column("talk_seq", sa.Integer(), nullable=False),
        sa.Column("aside_seq", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", Utc, nullable=False),
        sa.ForeignKeyConstraint(["counsellor"], ["accounts.id"], name=op.f("fk_chats_counsellor")),
        sa.ForeignKeyConstraint(["line"], ["lines.slug"], name=op.f("fk_chats_line")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chats")),
    )
    op.create_index("ix_chats_counsellor_state", "chats", ["counsellor", "state"], unique=False)
    op.create_index(op.f("ix_chats_expires_at"), "chats", ["expires_at"], unique=False)
    op.create_index("ix_chats_state_line", "chats", ["state", "line"], unique=False)

    op.create_table(
        "messages",
        sa.Column("chat_id", sa.String(length=32), nullable=False),
        sa.Column("stream", sa.String(length=8), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("author", sa.String(length=12), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sent_at", Utc, nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name=op.f("fk_messages_chat_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("chat_id", "stream", "seq", name=op.f("pk_messages")),
    )
    op.create_index("uq_messages_client_id_chat_id", "messages", ["client_id", "chat_id"], unique=True)

    op.create_table(
        "refused_offers",
        sa.Column("chat_id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("at", Utc, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_refused_offers_account_id")),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name=op.f("fk_refused_offers_chat_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("chat_id", "account_id", name=op.f("pk_refused_offers")),
    )

    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("holder", sa.String(length=32), nullable=False),
        sa.Column("since", Utc, nullable=False),
        sa.Column("until", Utc, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )


def downgrade() -> None:
    op.drop_table("leases")
    op.drop_table("refused_offers")
    op.drop_table("messages")
    op.drop_table("chats")
