"""The SQL tables of the casebook: who says what, what the data said to it, and what was answered.

Every row carries the number of the ledger entry that recorded it, and none is changed or deleted. Words, names and
addresses are private values: a column of the type PRIVATE holds the name of one (see `ledger.tables`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import sqlalchemy as sa

from darkwake.ledger.tables import METADATA, PRIVATE, Recorded, number

#: alleged: a source says; inferred: a detector says; decided: a person said, in a named role.
Status = Literal["alleged", "inferred", "decided"]
#: `asked`: a letter went out; `no_reply`: nothing came within the time set. Both are part of the record.
ReplyKind = Literal["denial", "reply", "correction", "no_reply", "asked"]
#: What a person decided about a claim after it was recorded.
Decision = Literal["withdrawn", "restored"]


def _one_of(column: str, allowed: object) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in get_args(allowed))})"


def _row_key() -> tuple[sa.Column[int], sa.Column[int]]:
    """The entry that recorded a row, and its place among the rows of that entry."""
    return (
        sa.Column("number", sa.Integer, sa.ForeignKey("ledger.number"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
    )


def _claim() -> sa.Column[str]:
    return sa.Column("claim_id", sa.String(16), sa.ForeignKey("claims.id"), nullable=False, index=True)


#: A question, with the as-of that pins its figures.
CASES = sa.Table(
    "cases",
    METADATA,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("question", PRIVATE),
    sa.Column("as_of", sa.Integer),
    number(),
)

#: What is claimed, in words, with a query if it can be run. Who claims it stands in `claim_sources`.
CLAIMS = sa.Table(
    "claims",
    METADATA,
    sa.Column("id", sa.String(16), primary_key=True),  # clm- and 12 hex
    sa.Column("words", PRIVATE, nullable=False),  # verbatim
    sa.Column("query", sa.JSON(none_as_null=True)),
    sa.Column("status", sa.String(10), nullable=False),
    number(),
    sa.CheckConstraint(_one_of("status", Status), name="claims_status"),
)

#: Who makes a claim: several may, each in their own words and on their own day.
CLAIM_SOURCES = sa.Table(
    "claim_sources",
    METADATA,
    *_row_key(),
    _claim(),
    sa.Column("asserted_by", PRIVATE, nullable=False),
    sa.Column("words", PRIVATE),  # as this one put it, where it is not in the claim's own words
    sa.Column("source", PRIVATE),  # where it was said: a reference, a document, an address
    sa.Column("published_from", sa.BigInteger),
    sa.Column("published_to", sa.BigInteger),
)

#: In which cases a claim stands.
CASE_CLAIMS = sa.Table(
    "case_claims",
    METADATA,
    *_row_key(),
    sa.Column("case_name", sa.String(80), sa.ForeignKey("cases.name"), nullable=False, index=True),
    _claim(),
    sa.UniqueConstraint("case_name", "claim_id", name="case_claims_once"),
)

#: What the data, as of one ledger number, said to a claim.
VERDICTS = sa.Table(
    "verdicts",
    METADATA,
    *_row_key(),
    _claim(),
    sa.Column("as_of", sa.Integer, nullable=False),
    sa.Column("outcome", sa.String(20), nullable=False),
    sa.Column("verdict", sa.JSON, nullable=False),
    sa.Column("software", sa.String(40), nullable=False),
)

#: What a party answered to a claim, or that it was asked and did not.
REPLIES = sa.Table(
    "replies",
    METADATA,
    *_row_key(),
    _claim(),
    sa.Column("party", PRIVATE, nullable=False),  # by role, unless an official or a public body
    sa.Column("kind", sa.String(12), nullable=False),
    sa.Column("words", PRIVATE),  # verbatim
    sa.Column("said_on", sa.BigInteger),
    sa.Column("source", PRIVATE),
    sa.CheckConstraint(_one_of("kind", ReplyKind), name="replies_kind"),
)

#: Somebody withdrew a claim, or took it up again.
CLAIM_STATES = sa.Table(
    "claim_states",
    METADATA,
    *_row_key(),
    _claim(),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("decided_by", PRIVATE, nullable=False),
    sa.Column("reason", PRIVATE, nullable=False),
    sa.CheckConstraint(_one_of("state", Decision), name="claim_states_state"),
)

#: What of the casebook enters the chain: all of it.
RECORDED: Sequence[Recorded] = tuple(
    Recorded(table) for table in (CASES, CLAIMS, CLAIM_SOURCES, CASE_CLAIMS, VERDICTS, REPLIES, CLAIM_STATES)
)
