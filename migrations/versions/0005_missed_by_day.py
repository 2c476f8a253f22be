"""The missed contacts of a line's day are found without reading all of them: the board shows them every second."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_missed_contacts_line_on_date", "missed_contacts", ["line", "on_date"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_missed_contacts_line_on_date", table_name="missed_contacts")
