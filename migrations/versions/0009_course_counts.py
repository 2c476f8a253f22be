"""Counters of the course: visits to it and to its modules, and modules that were finished."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "course_counts",
        sa.Column("line", sa.String(length=32), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("module", sa.String(length=40), nullable=False),
        sa.Column("what", sa.String(length=8), nullable=False),
        sa.Column("seen_before", sa.Boolean(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("line", "on_date", "module", "what", "seen_before", name=op.f("pk_course_counts")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("course_counts")
