"""With how many wrap-ups open a counsellor gets no third chat."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lines", sa.Column("wrap_ups_open", sa.Integer(), nullable=False, server_default="2"))


def downgrade() -> None:
    op.drop_column("lines", "wrap_ups_open")
