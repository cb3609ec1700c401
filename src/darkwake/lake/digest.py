"""A digest of what the tables say, whatever the files look like.

Rows are hashed and the hashes added up, so neither order nor file layout counts. What only says when something was
recorded (ledger numbers, wall times, versions of events) is left out: two ways of reaching the same data agree.
"""

from __future__ import annotations

import pyarrow as pa

from darkwake.lake.schema import TABLES
from darkwake.lake.store import Snapshot

#: Columns that tell of the recording, not of the world.
LEFT_OUT = {
    "reports": {"import", "row"},
    "rejects": {"import"},
    "events": {"run", "version", "recorded_at", "reason", "superseded_by"},
}


def digests(snapshot: Snapshot) -> dict[str, str]:
    """table → digest of its rows. Of events, only those that stand."""
    import duckdb

    found = {}
    for name, (schema, _) in TABLES.items():
        columns = [field.name for field in schema if field.name not in LEFT_OUT.get(name, set())]
        rows = snapshot.scan(name)
        if name == "events":
            rows = _standing(rows)
        with duckdb.connect() as connection:
            connection.register("rows", rows)
            packed = ", ".join(f'"{column}"' for column in columns)
            query = f"SELECT count(*), sum(hash(({packed}))::HUGEINT) FROM rows"  # column names are ours
            count, total = connection.execute(query).fetchall()[0]
        found[name] = f"{count}:{(total or 0) % 2**64:016x}"
    return found


def _standing(events: pa.Table) -> pa.Table:
    newest: dict[str, int] = {}
    states = []
    rows = events.select(["id", "run", "state"]).to_pylist()
    for index, row in enumerate(rows):
        other = newest.get(row["id"])
        if other is None or rows[other]["run"] < row["run"]:
            newest[row["id"]] = index
    states = sorted(index for index in newest.values() if rows[index]["state"] != "retracted")
    return events.take(pa.array(states, pa.int64()))
