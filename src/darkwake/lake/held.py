"""A snapshot that keeps what it read: a thousand claims ask for the same few vessels and kinds of events."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from darkwake.lake.store import Lake, Snapshot

#: Bytes of tables that are kept; those that were not asked for longest go first.
HELD_BYTES = 256 * 2**20


class HeldSnapshot(Snapshot):
    """What was recorded up to one ledger number, with the results of its last scans. For one thread."""

    def __init__(self, lake: Lake, number: int, held_bytes: int = HELD_BYTES) -> None:
        super().__init__(
            lake.root, lake.ledger.entry(number), lake.ledger.withdrawals(number), lake.ledger.moments, lake.kept
        )
        self._room = held_bytes
        # Arrow cuts a long list short when it prints an expression, so expressions are compared, not their texts
        self._held: OrderedDict[tuple[Any, ...], list[tuple[pc.Expression | None, pa.Table]]] = OrderedDict()

    def scan(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        where: pc.Expression | None = None,
        **partition: Any,
    ) -> pa.Table:
        key = (table, None if columns is None else tuple(columns), str(where), tuple(sorted(partition.items())))
        for known, rows in self._held.get(key, ()):
            if known is where or (known is not None and where is not None and known.equals(where)):
                self._held.move_to_end(key)
                return rows
        found = super().scan(table, columns, where, **partition)
        self._held.setdefault(key, []).append((where, found))
        self._held.move_to_end(key)
        self._room -= found.nbytes
        while self._room < 0:
            _, gone = self._held.popitem(last=False)
            self._room += sum(rows.nbytes for _, rows in gone)
        return found
