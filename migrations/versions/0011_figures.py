"""What the figures are told from: tallies of days, campaigns, releases, and what caught a missed contact."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from helpline.db import Utc

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "missed_contacts",
        sa.Column("caught_by", sa.String(length=8), server_default="none", nullable=False),
    )
    op.create_table(
        "day_tallies",
        sa.Column("line", sa.String(length=32), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=True),
        sa.Column("tally", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("line", "on_date", name=op.f("pk_day_tallies")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "campaigns",
        sa.Column("line", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("line", "code", name=op.f("pk_campaigns")),
    )
    op.create_table(
        "campaign_counts",
        sa.Column("line", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("arrivals", sa.Integer(), nullable=False),
        sa.Column("impressions", sa.Integer(), nullable=True),
        sa.Column("clicks", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("line", "code", "on_date", name=op.f("pk_campaign_counts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "releases",
        sa.Column("line", sa.String(length=32), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("within", sa.Integer(), nullable=False),
        sa.Column("year_within", sa.Integer(), nullable=False),
        sa.Column("late_rows", sa.Integer(), nullable=False),
        sa.Column("merged", sa.JSON(), nullable=False),
        sa.Column("released", sa.JSON(), nullable=False),
        sa.Column("exact", sa.JSON(), nullable=True),
        sa.Column("seed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("line", "period", name=op.f("pk_releases")),
    )
    op.create_table(
        "release_runs",
        sa.Column("line", sa.String(length=32), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("started_at", Utc, nullable=False),
        sa.Column("step", sa.String(length=32), nullable=False),
        sa.Column("problem", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("line", "period", name=op.f("pk_release_runs")),
    )


def downgrade() -> None:
    for table in ("release_runs", "releases", "campaign_counts", "campaigns", "day_tallies"):
        op.drop_table(table)
    op.drop_column("missed_contacts", "caught_by")
