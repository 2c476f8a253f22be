"""What visitors say after their chats: numbers of a month."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "after_counts",
        sa.Column("line", sa.String(length=32), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("question", sa.String(length=8), nullable=False),
        sa.Column("answer", sa.String(length=8), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("line", "month", "question", "answer", name=op.f("pk_after_counts")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("after_counts")
