"""The SQL side of the casebook: who says what, what the data said to it, and what was answered.

Times are instants (µs since 1970 UTC); `recorded_number` is the ledger's number as of which a row came to be known.
Nothing is changed or deleted here: a later evaluation or reply is a new row.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Integer, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

#: alleged: a source says; inferred: a detector says; decided: a person said, in a named role.
Status = Literal["alleged", "inferred", "decided"]
#: `asked`: a letter went out; `no_reply`: nothing came within the time set. Both are part of the record.
ReplyKind = Literal["denial", "reply", "correction", "no_reply", "asked"]
#: What a person decided about a claim after it was recorded.
Decision = Literal["withdrawn", "restored"]


def _one_of(column: str, allowed: object) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in get_args(allowed))})"


class Base(DeclarativeBase):
    """Tables of the casebook."""


class Case(Base):
    """A question, with the as-of that pins its figures."""

    __tablename__ = "cases"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    question: Mapped[str] = mapped_column(Text)
    as_of: Mapped[int | None] = mapped_column(Integer)
    recorded_number: Mapped[int] = mapped_column(Integer)
    recorded_at: Mapped[int] = mapped_column(BigInteger)
    claims: Mapped[list[Claim]] = relationship(back_populates="case", order_by="Claim.recorded_at, Claim.id")


class Claim(Base):
    """Who says what happened, in which words; with a query if it can be run."""

    __tablename__ = "claims"
    __table_args__ = (CheckConstraint(_one_of("status", Status), name="claims_status"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)  # clm- and 12 hex
    case_name: Mapped[str | None] = mapped_column(ForeignKey("cases.name"), index=True)
    words: Mapped[str] = mapped_column(Text)  # verbatim
    query: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    asserted_by: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(10))
    source: Mapped[str | None] = mapped_column(Text)  # where it was said: a reference, a document, an address
    published_from: Mapped[int | None] = mapped_column(BigInteger)
    published_to: Mapped[int | None] = mapped_column(BigInteger)
    recorded_number: Mapped[int] = mapped_column(Integer)
    recorded_at: Mapped[int] = mapped_column(BigInteger)
    case: Mapped[Case | None] = relationship(back_populates="claims")
    evaluations: Mapped[list[Evaluation]] = relationship(back_populates="claim", order_by="Evaluation.id")
    replies: Mapped[list[Reply]] = relationship(back_populates="claim", order_by="Reply.said_on, Reply.id")
    states: Mapped[list[ClaimState]] = relationship(back_populates="claim", order_by="ClaimState.id")

    @property
    def withdrawal(self) -> ClaimState | None:
        """The decision by which this claim is withdrawn; None while it stands."""
        return self.states[-1] if self.states and self.states[-1].state == "withdrawn" else None


class Evaluation(Base):
    """What the data, as of one ledger number, said to a claim."""

    __tablename__ = "evaluations"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    claim_id: Mapped[str] = mapped_column(ForeignKey("claims.id"), index=True)
    as_of: Mapped[int] = mapped_column(Integer)
    outcome: Mapped[str] = mapped_column(String(20))
    verdict: Mapped[dict[str, Any]] = mapped_column(JSON)
    software: Mapped[str] = mapped_column(String(40))
    recorded_at: Mapped[int] = mapped_column(BigInteger)
    claim: Mapped[Claim] = relationship(back_populates="evaluations")


class Reply(Base):
    """What a party answered to a claim, or that it was asked and did not."""

    __tablename__ = "replies"
    __table_args__ = (CheckConstraint(_one_of("kind", ReplyKind), name="replies_kind"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    claim_id: Mapped[str] = mapped_column(ForeignKey("claims.id"), index=True)
    party: Mapped[str] = mapped_column(Text)  # by role, unless an official or a public body
    kind: Mapped[str] = mapped_column(String(12))
    words: Mapped[str | None] = mapped_column(Text)  # verbatim
    said_on: Mapped[int | None] = mapped_column(BigInteger)
    source: Mapped[str | None] = mapped_column(Text)
    recorded_number: Mapped[int] = mapped_column(Integer)
    recorded_at: Mapped[int] = mapped_column(BigInteger)
    claim: Mapped[Claim] = relationship(back_populates="replies")


class ClaimState(Base):
    """Somebody withdrew a claim, or took it up again."""

    __tablename__ = "claim_states"
    __table_args__ = (CheckConstraint(_one_of("state", Decision), name="claim_states_state"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    claim_id: Mapped[str] = mapped_column(ForeignKey("claims.id"), index=True)
    state: Mapped[str] = mapped_column(String(12))
    decided_by: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    recorded_number: Mapped[int] = mapped_column(Integer)
    recorded_at: Mapped[int] = mapped_column(BigInteger)
    claim: Mapped[Claim] = relationship(back_populates="states")
