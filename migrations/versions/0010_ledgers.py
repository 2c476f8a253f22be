"""The ledgers as the figures need them: topics, ways in and out, persons under a salt, imported files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

WORDS = (("found_via", 32, "unknown"), ("referral", 32, "none"), ("recorded", 8, "unknown"), ("returned", 8, "unknown"))


def upgrade() -> None:
    for name, length, default in WORDS:
        op.add_column(
            "contacts",
            sa.Column(name, sa.String(length=length), server_default=default, nullable=False),
        )
    op.add_column("contacts", sa.Column("person", sa.String(length=32), nullable=True))
    for ledger in ("contacts", "missed_contacts"):
        op.add_column(ledger, sa.Column("counted_in", sa.String(length=7), nullable=True))
    op.create_index("ix_contacts_line_on_date", "contacts", ["line", "on_date"], unique=False)
    op.create_table(
        "contact_topics",
        sa.Column("contact_key", sa.String(length=32), nullable=False),
        sa.Column("topic", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["contact_key"], ["contacts.key"], name=op.f("fk_contact_topics_contact_key")),
        sa.PrimaryKeyConstraint("contact_key", "topic", name=op.f("pk_contact_topics")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "topics",
        sa.Column("line", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("parent", sa.String(length=32), nullable=True),
        sa.Column("chi_code", sa.String(length=64), nullable=True),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("line", "code", name=op.f("pk_topics")),
    )
    op.create_table(
        "imported_files",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("imported_at", sa.Date(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_imported_files")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("imported_files")
    op.drop_table("topics")
    op.drop_table("contact_topics")
    op.drop_index("ix_contacts_line_on_date", table_name="contacts")
    op.drop_column("missed_contacts", "counted_in")
    for name in ("counted_in", "person", *reversed([name for name, _, _ in WORDS])):
        op.drop_column("contacts", name)
