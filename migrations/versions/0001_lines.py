"""Lines, the site, and sealed visitor sessions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from helpline.db import Utc

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lines",
        sa.Column("slug", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("country", sa.String(length=8), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("hours", sa.String(length=400), nullable=False),
        sa.Column("closed_on_holidays", sa.Boolean(), nullable=False),
        sa.Column("host_name", sa.String(length=255), nullable=True),
        sa.Column("last_entry_minutes", sa.Integer(), nullable=False),
        sa.Column("queue_limit", sa.Integer(), nullable=False),
        sa.Column("longest_wait_minutes", sa.Integer(), nullable=False),
        sa.Column("left_early_seconds", sa.Integer(), nullable=False),
        sa.Column("count_again_minutes", sa.Integer(), nullable=False),
        sa.Column("offer_seconds", sa.Integer(), nullable=False),
        sa.Column("silent_seconds", sa.Integer(), nullable=False),
        sa.Column("waiting_lost_seconds", sa.Integer(), nullable=False),
        sa.Column("active_lost_seconds", sa.Integer(), nullable=False),
        sa.Column("counsellor_lost_seconds", sa.Integer(), nullable=False),
        sa.Column("missed_offers_limit", sa.Integer(), nullable=False),
        sa.Column("typing_pause_seconds", sa.Integer(), nullable=False),
        sa.Column("declined_seconds", sa.Integer(), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=False),
        sa.Column("read_after_end_minutes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_lines")),
        sa.UniqueConstraint("host_name", name=op.f("uq_lines_host_name")),
    )

    op.create_table(
        "site",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("joint_front_page", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
    )

    op.create_table(
        "visitor_sessions",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", Utc, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_visitor_sessions")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_visitor_sessions_expires_at"), "visitor_sessions", ["expires_at"], unique=False)


def downgrade() -> None:
    op.drop_table("visitor_sessions")
    op.drop_table("site")
    op.drop_table("lines")
