"""Counters of the advice: how many walks came to which advice, and whether it helped."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "advice_counts",
        sa.Column("line", sa.String(length=32), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("tree", sa.String(length=40), nullable=False),
        sa.Column("advice", sa.String(length=40), nullable=False),
        sa.Column("age_band", sa.String(length=16), nullable=False),
        sa.Column("gender", sa.String(length=16), nullable=False),
        sa.Column("asked_for", sa.String(length=40), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "line", "on_date", "tree", "advice", "age_band", "gender", "asked_for", name=op.f("pk_advice_counts")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "advice_helped",
        sa.Column("line", sa.String(length=32), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("tree", sa.String(length=40), nullable=False),
        sa.Column("advice", sa.String(length=40), nullable=False),
        sa.Column("helped", sa.String(length=16), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("line", "on_date", "tree", "advice", "helped", name=op.f("pk_advice_helped")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("advice_helped")
    op.drop_table("advice_counts")
