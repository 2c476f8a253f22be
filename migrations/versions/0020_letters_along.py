"""The summary of a chat before that a visitor lets go along with a letter."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("letters", sa.Column("earlier", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("letters") as letters:
        letters.drop_column("earlier")
