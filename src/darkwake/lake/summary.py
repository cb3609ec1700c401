"""How much a lake holds: its sources, and sums over its imports."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from darkwake import times
from darkwake.lake.store import Lake, data_span
from darkwake.ledger import tables as ledger

#: What imports count of the messages that are kept but take no part in tracks.
LEFT_OUT = ("without_time", "implausible_time", "bad_checksum")


def sources(lake: Lake, as_of: str | int | None = None) -> list[dict[str, Any]]:
    """Every source that was imported: where it lay, its hash, its format, what was found in it."""
    query = (
        sa.select(ledger.SOURCES, ledger.IMPORT_SOURCES.c.number, ledger.IMPORT_SOURCES.c.counts)
        .join(ledger.IMPORT_SOURCES, ledger.IMPORT_SOURCES.c.sha256 == ledger.SOURCES.c.sha256)
        .where(ledger.IMPORT_SOURCES.c.number <= lake.snapshot(as_of).number)
        .order_by(ledger.IMPORT_SOURCES.c.number, ledger.IMPORT_SOURCES.c.position)
    )
    with lake.engine.connect() as connection:
        return [
            {
                "import": row.number,
                "name": row.path + (f"!{row.member}" if row.member else ""),
                "sha256": row.sha256,
                "size": row.size,
                "format": row.format,
                "damage": row.damage,
                **row.counts,
            }
            for row in connection.execute(query)
        ]


def stats(lake: Lake, as_of: str | int | None = None) -> dict[str, Any]:
    """How much is here, from when to when."""
    snapshot = lake.snapshot(as_of)
    start, end = data_span(snapshot)
    imports = lake.entries("import", up_to=snapshot.number)
    rejected: dict[str, int] = {}
    for entry in imports:
        for reason, count in entry.detail["rejected"].items():
            rejected[reason] = rejected.get(reason, 0) + count
    totals = {
        name: sum(entry.detail.get(name, 0) for entry in imports)  # entries of older versions count less
        for name in ("files", "sentences", "messages", "positions", "statics", "duplicates", *LEFT_OUT, "prefix_time")
    }
    return {
        "ledger": snapshot.number,
        "imports": len(imports),
        **totals,
        "rejected": rejected,
        "track_positions": snapshot.rows("tracks"),
        "segments": snapshot.rows("segments"),
        "start": times.iso(start),
        "end": times.iso(end),
    }
