"""How much a lake holds: its sources, and sums over its imports."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from darkwake import times
from darkwake.lake.store import Lake, data_span
from darkwake.ledger.details import Import
from darkwake.ledger.entries import AsOf
from darkwake.ledger.tables import IMPORT_SOURCES, SOURCES

#: What imports count of the messages that are kept but take no part in tracks.
LEFT_OUT = ("without_time", "implausible_time", "bad_checksum")


def sources(lake: Lake, as_of: AsOf = None) -> list[dict[str, Any]]:
    """Every source that was imported: where it lay, its hash, its format, what was found in it."""
    query = (
        sa.select(SOURCES, IMPORT_SOURCES.c.number.label("import"), IMPORT_SOURCES.c.format, IMPORT_SOURCES.c.counts)
        .join(IMPORT_SOURCES, IMPORT_SOURCES.c.sha256 == SOURCES.c.sha256)
        .where(IMPORT_SOURCES.c.number <= lake.snapshot(as_of).number)
        .order_by(IMPORT_SOURCES.c.number, IMPORT_SOURCES.c.position)
    )
    gone = lake.ledger.withdrawals(lake.ledger.number_as_of(as_of))
    with lake.ledger.engine.connect() as connection:
        return [
            {
                "import": getattr(row, "import"),
                "withdrawn": getattr(row, "import") in gone,
                "name": row.path + (f"!{row.member}" if row.member else ""),
                "sha256": row.sha256,
                "size": row.size,
                "format": row.format,
                "damage": row.damage,
                **row.counts,
            }
            for row in connection.execute(query)
        ]


def stats(lake: Lake, as_of: AsOf = None) -> dict[str, Any]:
    """How much is here, from when to when."""
    snapshot = lake.snapshot(as_of)
    start, end = data_span(snapshot)
    gone = lake.ledger.withdrawals(snapshot.number)
    entries = [entry for entry in lake.ledger.entries("import", snapshot.number) if entry.number not in gone]
    imports = [entry.detail for entry in entries if isinstance(entry.detail, Import)]
    rejected: dict[str, int] = {}
    for detail in imports:
        for reason, count in detail.rejected.items():
            rejected[reason] = rejected.get(reason, 0) + count
    totals = {
        name: sum(getattr(detail, name) for detail in imports)
        for name in (
            "files",
            "sentences",
            "messages",
            "positions",
            "statics",
            "duplicates",
            *LEFT_OUT,
            "prefix_time",
            "off_globe",
        )
    }
    return {
        "ledger": snapshot.number,
        "imports": len(imports),
        "withdrawn": len(gone),
        **totals,
        "rejected": rejected,
        "track_positions": snapshot.rows("tracks"),
        "segments": snapshot.rows("segments"),
        "start": times.iso(start),
        "end": times.iso(end),
    }
