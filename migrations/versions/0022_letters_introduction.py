"""What a visitor sends along from the advice with a letter."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("letters", sa.Column("introduction", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("letters") as letters:
        letters.drop_column("introduction")
