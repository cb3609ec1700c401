"""Erasing words and names from the book for good: the row stays, with its HMAC, and reads "erased" at every as-of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import sqlalchemy as sa

from darkwake.casebook import reading
from darkwake.casebook.tables import CLAIM_SOURCES, CLAIM_STATES, CLAIMS, REPLIES
from darkwake.errors import UsageError
from darkwake.ledger import private
from darkwake.ledger.details import Erasure
from darkwake.ledger.ledger import Ledger
from darkwake.ledger.tables import PRIVATE_VALUES

#: words: of the claim and of all who make it; source: who they are and where; reply: parties, words and where;
#: decision: who withdrew or restored it and why.
What = Literal["words", "source", "reply", "decision"]
_COLUMNS: Mapping[What, Sequence[sa.Column]] = {
    "words": (CLAIMS.c.words, CLAIM_SOURCES.c.words),
    "source": (CLAIM_SOURCES.c.asserted_by, CLAIM_SOURCES.c.source),
    "reply": (REPLIES.c.party, REPLIES.c.words, REPLIES.c.source),
    "decision": (CLAIM_STATES.c.decided_by, CLAIM_STATES.c.reason),
}


def erase(ledger: Ledger, identity: str, what: Sequence[str], *, by: str, reason: str) -> int:
    """Erase private values of a claim, and every trace of them in the database's files; how many there were.

    Nothing recorded goes: entries, rows and the chain stay as they are.
    """
    if unknown := sorted(set(what) - set(get_args(What))):
        raise UsageError(f"nothing of a claim is called {unknown[0]!r}", expected="one of " + ", ".join(get_args(What)))
    if not what or not reason.strip() or not by.strip():
        raise UsageError("an erasure needs what is erased, its reason and who decides so")
    with ledger.recording("erasure") as recording:
        connection = recording.connection
        of = reading.find(connection, identity)
        names: list[str] = []
        for column in (column for part in dict.fromkeys(what) for column in _COLUMNS[part]):  # type: ignore[index]
            claim = column.table.c.id if column.table is CLAIMS else column.table.c.claim_id
            query = sa.select(column).join(PRIVATE_VALUES, PRIVATE_VALUES.c.id == column)
            names += connection.execute(query.where(claim == of, PRIVATE_VALUES.c.key.is_not(None))).scalars()
        if names:
            private.erase(connection, names)
            why = recording.private(reason)
            assert why is not None
            recording.seal(Erasure(tuple(names), why, recording.private(by)))
    private.scrub(ledger.engine)
    return len(names)
