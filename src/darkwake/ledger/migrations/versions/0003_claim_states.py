"""Claims can be withdrawn, and taken up again: by whom, when and why. Nothing is deleted.

Revision ID: 0003_claim_states
Revises: 0002_casebook
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003_claim_states"
down_revision = "0002_casebook"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "claim_states",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("claim_id", sa.String(16), sa.ForeignKey("claims.id"), nullable=False, index=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("decided_by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("recorded_number", sa.Integer, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.CheckConstraint("state IN ('withdrawn', 'restored')", name="claim_states_state"),
    )


def downgrade() -> None:
    op.drop_table("claim_states")
