"""What visitors keep of a course under a return code."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saved_courses",
        sa.Column("lookup", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("lookup", name=op.f("pk_saved_courses")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_saved_courses_expires_on"), "saved_courses", ["expires_on"])


def downgrade() -> None:
    op.drop_index(op.f("ix_saved_courses_expires_on"), table_name="saved_courses")
    op.drop_table("saved_courses")
