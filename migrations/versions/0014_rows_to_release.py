"""What no release has counted yet is found without looking at all that was counted before."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for ledger in ("contacts", "missed_contacts"):
        op.create_index(f"ix_{ledger}_line_counted_in_on_date", ledger, ["line", "counted_in", "on_date"])


def downgrade() -> None:
    for ledger in ("missed_contacts", "contacts"):
        op.drop_index(f"ix_{ledger}_line_counted_in_on_date", table_name=ledger)
