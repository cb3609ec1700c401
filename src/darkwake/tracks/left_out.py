"""Which position reports of an MMSI a track does not show, and why: kept in REPORTS, but nothing can be drawn."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from darkwake.ais.schema import IMPLAUSIBLE, TIMESTAMP
from darkwake.lake.store import Snapshot
from darkwake.tracks.build import POSITION_TYPES
from darkwake.tracks.columns import floats, ints, truths

_COLUMNS = ["type", "time", "time_basis", "checksum_ok", "lon", "lat"]


def left_out(snapshot: Snapshot, mmsi: int, since: int | None = None, until: int | None = None) -> dict[str, int]:
    """Reason in words → how many receptions; each is counted under its first reason. [since, until) in µs.

    Those without a time belong to no period and are always counted.
    """
    rows = snapshot.scan("reports", _COLUMNS, pc.field("mmsi") == mmsi)
    vendor = truths(pc.is_in(rows["time_basis"], pa.array(["vendor", IMPLAUSIBLE])))
    kind = ints(rows["type"])
    left = np.isin(kind, POSITION_TYPES) | (vendor & (kind == 0))
    for bound, outside in ((since, pc.less), (until, pc.greater_equal)):
        if bound is not None:
            left &= ~truths(outside(rows["time"], pa.scalar(bound, TIMESTAMP)))
    lon, lat = floats(rows["lon"]), floats(rows["lat"])
    found: dict[str, int] = {}
    for reason, holds in (
        ("a wrong checksum", truths(pc.invert(rows["checksum_ok"]))),
        ("no known time", truths(pc.is_null(rows["time"]))),
        ("a time that cannot be true", truths(pc.equal(rows["time_basis"], IMPLAUSIBLE))),
        ("no position (sent as not available)", np.isnan(lon) | np.isnan(lat)),
        ("a position off the globe", (np.abs(lon) > 180.0) | (np.abs(lat) > 90.0)),
    ):
        if number := int(np.count_nonzero(left & holds)):
            found[reason] = number
        left &= ~holds
    return found
