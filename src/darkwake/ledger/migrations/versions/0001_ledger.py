"""The ledger of the lake and the sources it read.

Revision ID: 0001_ledger
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001_ledger"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ledger",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("software", sa.String(40), nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("versions", sa.JSON, nullable=False),
    )
    op.create_table(
        "sources",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("sha16", sa.String(16), nullable=False, index=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("compression", sa.String(10), nullable=False),
        sa.Column("member", sa.Text),
        sa.Column("format", sa.String(40), nullable=False),
        sa.Column("damage", sa.Text),
        sa.Column("chunks", sa.JSON, nullable=False),
    )
    op.create_table(
        "import_sources",
        sa.Column("number", sa.Integer, sa.ForeignKey("ledger.number"), primary_key=True),
        sa.Column("sha256", sa.String(64), sa.ForeignKey("sources.sha256"), primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("counts", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("import_sources")
    op.drop_table("sources")
    op.drop_table("ledger")
