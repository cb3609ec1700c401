"""The ledger of a workspace: one sequence of all that is recorded, each entry in a transaction of its own.

A recording takes the write lock of the database, gets the next number, inserts its rows and is sealed into the chain;
its commit makes it real. Readers never wait for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import sqlalchemy as sa

from darkwake import times
from darkwake.errors import UsageError
from darkwake.failpoints import failpoint
from darkwake.ledger import chain, details, private
from darkwake.ledger import entries as reading
from darkwake.ledger.details import Detail
from darkwake.ledger.engines import writing
from darkwake.ledger.entries import AsOf, Entry
from darkwake.ledger.tables import LEDGER, PRIVATE_VALUES, RECORDED, WORKSPACE, Recorded
from darkwake.version import VERSION

Shape = TypeVar("Shape", bound=Detail)


class Recording:
    """An entry under way, in one transaction under the lock. Everything it records carries its number."""

    def __init__(self, connection: sa.Connection, kind: str, recorded: Sequence[Recorded]) -> None:
        self.connection = connection
        self.before = reading.latest(connection)  # the newest entry, as it stands under the lock
        self.kind = kind
        self.number = self.before.number + 1
        self.recorded_at = max(times.now(), self.before.recorded_at + 1)  # never backwards, whatever the clock does
        self.sealed: Entry | None = None
        self._recorded = recorded
        self._positions: dict[str, int] = {}
        unsealed = {"software": VERSION, "detail": {}, "versions": {}, "content": {}, "chain": ""}
        connection.execute(  # rows refer to it, so it must be there; `seal` fills in the rest
            sa.insert(LEDGER).values(number=self.number, kind=kind, recorded_at=self.recorded_at, **unsealed)
        )

    def insert(self, table: sa.Table, rows: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> None:
        """Rows of this entry. `number`, and `position` where a table has one, are filled in."""
        given = [rows] if isinstance(rows, Mapping) else list(rows)
        if not given:
            return
        first = self._positions.get(table.name, 0)
        self._positions[table.name] = first + len(given)
        numbered = "position" in table.c
        filled = [
            {"number": self.number, **({"position": first + k} if numbered else {}), **row}
            for k, row in enumerate(given)
        ]
        self.connection.execute(sa.insert(table), filled)

    def private(self, value: str | None) -> str | None:
        """Keep words or a personal value; the name by which rows refer to it. None stays None."""
        if value is None:
            return None
        key = chain.fresh_key()
        name = chain.named(value, key)
        self.insert(PRIVATE_VALUES, {"id": name, "key": key, "value": value})
        return name

    def seal(
        self,
        detail: Detail,
        *,
        versions: Mapping[str, int] | None = None,
        write_id: str | None = None,
    ) -> Entry:
        """Fill in the entry and chain it; it is real once the transaction is committed."""
        row = {
            "number": self.number,
            "kind": self.kind,
            "recorded_at": self.recorded_at,
            "software": VERSION,
            "detail": details.to_json(detail),
            "versions": dict(self.before.versions if versions is None else versions),
            "write_id": write_id,
            "content": chain.contents(self.connection, self._recorded, self.number, self.number)[self.number],
        }
        row["chain"] = chain.link(self.before.chain, row)
        self.connection.execute(sa.update(LEDGER).where(LEDGER.c.number == self.number).values(**row))
        self.sealed = reading.entry_of({**row, "detail": detail})
        return self.sealed


class Ledger:
    """Reads and writes the ledger of one database."""

    def __init__(self, engine: sa.Engine, recorded: Sequence[Recorded] = RECORDED) -> None:
        self.engine = engine
        self.recorded = recorded

    @property
    def workspace_id(self) -> str:
        with self.engine.connect() as connection:
            return str(connection.execute(sa.select(WORKSPACE.c.id)).scalar_one())

    def number_as_of(self, as_of: AsOf) -> int:
        with self.engine.connect() as connection:
            return reading.number_as_of(connection, as_of)

    def entry(self, as_of: AsOf = None) -> Entry:
        """The entry as of a moment."""
        with self.engine.connect() as connection:
            return reading.latest(connection, reading.number_as_of(connection, as_of))

    def entries(
        self, kind: str | Sequence[str] | None = None, up_to: int | None = None, after: int = -1
    ) -> list[Entry]:
        with self.engine.connect() as connection:
            return reading.entries(connection, kind, up_to, after)

    def told(self, shape: type[Shape], up_to: int | None = None, after: int = -1) -> list[tuple[Entry, Shape]]:
        """Entries with details of one shape, and these details."""
        kinds = [kind for kind, known in details.KINDS.items() if known is shape]
        return [(e, e.detail) for e in self.entries(kinds, up_to, after) if isinstance(e.detail, shape)]

    def withdrawals(self, up_to: int | None = None) -> dict[int, Entry]:
        """Number of each withdrawn import → the entry that withdrew it."""
        with self.engine.connect() as connection:
            return reading.withdrawals(connection, up_to)

    def wrote(self, write_id: str) -> bool:
        """Whether an entry gave this write its number."""
        query = sa.select(LEDGER.c.number).where(LEDGER.c.write_id == write_id)
        with self.engine.connect() as connection:
            return connection.execute(query).first() is not None

    def moments(self) -> dict[int, int]:
        """Number of each detection run → when it was recorded, µs: its events were worked out a little earlier."""
        query = sa.select(LEDGER.c.number, LEDGER.c.recorded_at).where(LEDGER.c.kind == "detect")
        with self.engine.connect() as connection:
            return {row.number: row.recorded_at for row in connection.execute(query)}

    def source(self, sha: str) -> Any:
        with self.engine.connect() as connection:
            return reading.find_source(connection, sha)

    @contextmanager
    def recording(self, kind: str) -> Iterator[Recording]:
        """One entry: fill it, then `seal` it. Without a seal nothing is recorded."""
        if kind not in details.KINDS:
            raise UsageError(f"no such kind of ledger entry: {kind!r}", expected="one of " + ", ".join(details.KINDS))
        with writing(self.engine) as connection:
            failpoint("locked")
            recording = Recording(connection, kind, self.recorded)
            yield recording
            if recording.sealed is None:
                connection.rollback()
                return
            failpoint("before_sql")
        failpoint("after_sql")

    def private(self, names: Sequence[str | None]) -> dict[str, str]:
        """Name → value of private values; see `private.resolve`."""
        with self.engine.connect() as connection:
            return private.resolve(connection, names)
