"""The casebook: cases, claims, what the data said to them, and the replies beside them.

Revision ID: 0002_casebook
Revises: 0001_ledger
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_casebook"
down_revision = "0001_ledger"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cases",
        sa.Column("name", sa.String(80), primary_key=True),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("as_of", sa.Integer),
        sa.Column("recorded_number", sa.Integer, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "claims",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("case_name", sa.String(80), sa.ForeignKey("cases.name"), index=True),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("query", sa.JSON(none_as_null=True)),
        sa.Column("asserted_by", sa.Text, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("source", sa.Text),
        sa.Column("published_from", sa.BigInteger),
        sa.Column("published_to", sa.BigInteger),
        sa.Column("recorded_number", sa.Integer, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.CheckConstraint("status IN ('alleged', 'inferred', 'decided')", name="claims_status"),
    )
    op.create_table(
        "evaluations",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("claim_id", sa.String(16), sa.ForeignKey("claims.id"), nullable=False, index=True),
        sa.Column("as_of", sa.Integer, nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("verdict", sa.JSON, nullable=False),
        sa.Column("software", sa.String(40), nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "replies",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("claim_id", sa.String(16), sa.ForeignKey("claims.id"), nullable=False, index=True),
        sa.Column("party", sa.Text, nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("words", sa.Text),
        sa.Column("said_on", sa.BigInteger),
        sa.Column("source", sa.Text),
        sa.Column("recorded_number", sa.Integer, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.CheckConstraint("kind IN ('denial', 'reply', 'correction', 'no_reply', 'asked')", name="replies_kind"),
    )


def downgrade() -> None:
    for table in ("replies", "evaluations", "claims", "cases"):
        op.drop_table(table)
