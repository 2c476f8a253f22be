"""Versions of a summary that a supervisor was asked to let pass, beside texts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("asked_texts", sa.Column("stream", sa.String(length=8), server_default="talk", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("asked_texts") as asked:
        asked.drop_column("stream")
