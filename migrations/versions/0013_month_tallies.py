"""Months are counted once, too, so that years are quick to tell."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "month_tallies",
        sa.Column("line", sa.String(length=32), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("versions", sa.Integer(), nullable=False),
        sa.Column("tally", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("line", "month", name=op.f("pk_month_tallies")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("month_tallies")
