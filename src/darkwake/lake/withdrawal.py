"""Withdrawing an import: out of every later reading, readable as of earlier numbers, free to be read anew."""

from __future__ import annotations

from darkwake.errors import NotFoundError, UsageError
from darkwake.ledger import entries as reading
from darkwake.ledger.details import Withdrawal
from darkwake.ledger.entries import Entry
from darkwake.ledger.ledger import Ledger


def withdraw(ledger: Ledger, number: int, *, reason: str, by: str | None = None) -> Entry:
    """Record that an import does not stand any more, and why."""
    if not reason.strip():
        raise UsageError("a withdrawal needs its reason", do='Give: --reason "…"')
    with ledger.recording("withdrawal") as recording:
        imports = {entry.number for entry in reading.entries(recording.connection, "import")}
        if number not in imports:
            raise NotFoundError(f"no import has the number {number}", do="List imports with: darkwake lake log")
        if number in reading.withdrawals(recording.connection, recording.before.number):
            raise UsageError(f"import {number} is withdrawn already", do="Look at it with: darkwake lake log")
        name = recording.private(reason)
        assert name is not None
        return recording.seal(Withdrawal(number, name, recording.private(by)))
