"""A topic that came by an import is named in a release once a supervisor edited it."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("topics", sa.Column("confirmed", sa.Boolean(), nullable=False, server_default=sa.true()))
    connection = op.get_bind()
    # Where a release was made it names the topics already.
    told = set(connection.scalars(sa.text("SELECT DISTINCT line FROM releases")))
    found = connection.execute(
        sa.text("SELECT line, code, labels FROM topics WHERE parent IS NULL AND chi_code IS NULL")
    )
    unconfirm = sa.text("UPDATE topics SET confirmed = :no WHERE line = :line AND code = :code")
    for line, code, labels in found.all():
        words = json.loads(labels) if isinstance(labels, str) else labels
        if line not in told and set(words.values()) == {code.replace("_", " ").capitalize()}:
            connection.execute(unconfirm, {"no": False, "line": line, "code": code})


def downgrade() -> None:
    op.drop_column("topics", "confirmed")
