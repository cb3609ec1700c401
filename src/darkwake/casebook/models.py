"""What the book says, as of a ledger number: frozen, with private values in clear.

Times are instants (µs since 1970, UTC); `number` and `recorded_at` are those of the ledger entry that recorded it.
A value that was erased reads "erased".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from darkwake.ledger.private import ERASED


@dataclass(frozen=True, slots=True)
class Case:
    """A question, with the as-of that pins its figures. `claims`: how many stand in it."""

    name: str
    question: str
    as_of: int | None
    claims: int
    number: int
    recorded_at: int


@dataclass(frozen=True, slots=True)
class Source:
    """One who makes a claim. `words`: as this one put it; None: in the claim's own."""

    asserted_by: str
    words: str | None
    source: str | None
    published_from: int | None
    published_to: int | None
    number: int
    recorded_at: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the data, as of one ledger number, said to a claim.

    `withdrawn_since`: imports that were part of that data and do not stand any more.
    """

    as_of: int
    outcome: str
    verdict: dict[str, Any]
    software: str
    number: int
    recorded_at: int
    withdrawn_since: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """What a party answered to a claim, or that it was asked and did not."""

    party: str
    kind: str
    words: str | None
    said_on: int | None
    source: str | None
    number: int
    recorded_at: int


@dataclass(frozen=True, slots=True)
class ClaimState:
    """Somebody withdrew a claim, or took it up again."""

    state: str
    decided_by: str
    reason: str
    number: int
    recorded_at: int


@dataclass(frozen=True, slots=True)
class Erasure:
    """Somebody had private values of a claim erased."""

    by: str | None
    reason: str
    number: int
    recorded_at: int


@dataclass(frozen=True, slots=True)
class Claim:
    """Who says what happened, in which words, with all that was recorded of it."""

    id: str
    words: str
    query: Mapping[str, Any] | None
    status: str
    number: int
    recorded_at: int
    sources: tuple[Source, ...]
    cases: tuple[str, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    replies: tuple[Reply, ...] = ()
    states: tuple[ClaimState, ...] = ()
    erasures: tuple[Erasure, ...] = ()

    @property
    def asserted_by(self) -> str:
        """Who said it first, as far as the book knows."""
        return self.sources[0].asserted_by

    @property
    def source(self) -> str | None:
        return self.sources[0].source

    @property
    def published_from(self) -> int | None:
        return self.sources[0].published_from

    @property
    def published_to(self) -> int | None:
        return self.sources[0].published_to

    @property
    def recorded_number(self) -> int:
        return self.number

    def verdict(self, pin: int | None = None) -> Evaluation | None:
        """What the data said: the newest they were; of a pinned case, as of its pin if it was run so."""
        ran = [run for run in self.evaluations if pin is None or run.as_of == pin] or list(self.evaluations)
        return max(ran, key=lambda run: (run.as_of, run.number), default=None)

    @property
    def withdrawal(self) -> ClaimState | None:
        """The decision by which this claim is withdrawn; None while it stands."""
        return self.states[-1] if self.states and self.states[-1].state == "withdrawn" else None

    @property
    def origins(self) -> int:
        """How many different (who says so, where) there are; one who was erased counts apart.

        It does not say yet whether two of them have it from a third.
        """
        kept = {(s.asserted_by, s.source) for s in self.sources if ERASED not in (s.asserted_by, s.source)}
        return len(kept) + sum(ERASED in (s.asserted_by, s.source) for s in self.sources)
