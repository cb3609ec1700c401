"""What a claim rests on: that which its last verdict counted."""

from __future__ import annotations

from collections.abc import Iterator

from darkwake import refs
from darkwake.casebook import reading
from darkwake.errors import NotFoundError
from darkwake.lake.store import Snapshot
from darkwake.ledger.ledger import Ledger


class OfClaims:
    """The opener of claims, over the ledger in which verdicts are recorded."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def __call__(self, ref: refs.ClaimRef, snapshot: Snapshot) -> Iterator[refs.Ref]:
        """What the last verdict, of those recorded up to a snapshot, counted: events, or reports of a stay."""
        with self._ledger.engine.connect() as connection:
            claim = reading.find(connection, ref.id)
            verdict = reading.last_verdict(connection, claim, snapshot.number)
        if verdict is None:
            raise NotFoundError(
                f"{claim} was not run on the data yet as of {snapshot.number}",
                do=f"Run: darkwake claim verify {claim}",
            )
        for item in verdict["counted"]:
            yield from (refs.parse(f"evt:{event}") for event in item["events"])
        for stay in verdict.get("stays", ()):
            yield from (refs.parse(text) for text in stay["evidence"])
