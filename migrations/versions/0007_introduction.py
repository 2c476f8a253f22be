"""What a visitor sends along from the advice, sealed under the key of the chat."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from helpline.db import Utc

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("chats", sa.Column("introduction", sa.LargeBinary(), nullable=True))
    op.add_column("chats", sa.Column("introduced_at", Utc, nullable=True))


def downgrade() -> None:
    op.drop_column("chats", "introduced_at")
    op.drop_column("chats", "introduction")
