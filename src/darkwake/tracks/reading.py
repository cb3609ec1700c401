"""Positions of vessels, read from the tracks."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from darkwake.lake.store import Snapshot


def positions(snapshot: Snapshot, mmsis: Sequence[int], since: int | None = None, until: int | None = None) -> pa.Table:
    """TRACKS rows of some vessels over [since, until) (µs; None: no bound), by MMSI and in order of time."""
    during: pc.Expression | None = None
    for bound in (
        None if since is None else pc.field("time") >= pa.scalar(since, pa.timestamp("us", tz="UTC")),
        None if until is None else pc.field("time") < pa.scalar(until, pa.timestamp("us", tz="UTC")),
    ):
        if bound is not None:
            during = bound if during is None else during & bound
    parts = [snapshot.of_vessel("tracks", mmsi, where=during) for mmsi in mmsis]
    table = pa.concat_tables(parts) if parts else snapshot.scan("tracks").slice(0, 0)
    return table.sort_by([("mmsi", "ascending"), ("time", "ascending")])
