"""What of an MMSI a track does not show, and why: it is kept in REPORTS, but nothing can be drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from darkwake.ais.schema import IMPLAUSIBLE, TIMESTAMP
from darkwake.lake.store import Snapshot
from darkwake.tracks.build import POSITION_TYPES, is_ship
from darkwake.tracks.columns import floats, ints, truths

#: What message types of senders other than ships are called (ITU-R M.1371); the others go by their number alone.
_TYPES = {
    4: "base station", 9: "search and rescue aircraft", 14: "safety text", 20: "base station",
    21: "aid to navigation", 22: "base station", 23: "base station",
}  # fmt: skip
_COLUMNS = ["type", "time", "time_basis", "checksum_ok", "lon", "lat"]


def left_out(
    snapshot: Snapshot, mmsis: Sequence[int], since: int | None = None, until: int | None = None
) -> dict[str, int]:
    """Reason in words → how many receptions; each is counted under its first reason. [since, until) in µs.

    Those without a time belong to no period and are always counted.
    """
    rows = snapshot.scan("reports", _COLUMNS, pc.field("mmsi").isin(list(mmsis)))
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


def without_track(snapshot: Snapshot, mmsi: int) -> str | None:
    """Of an MMSI that has neither track nor identity: what it sent, and why none of it takes part; None if nothing."""
    rows = snapshot.scan("reports", ["type"], pc.field("mmsi") == mmsi)
    if rows.num_rows == 0:
        return None
    types = {row["values"]: row["counts"] for row in pc.value_counts(rows["type"]).to_pylist()}
    kinds = "; ".join(f"{number:,} {_named(kind)}" for kind, number in sorted(types.items(), key=lambda t: t[0] or 0))
    if not is_ship(np.array([mmsi]))[0]:
        why = "numbers of this form belong to stations, aids, aircraft or beacons, not to ships"
    else:
        reasons = left_out(snapshot, [mmsi])
        why = ", ".join(f"{number:,} with {reason}" for reason, number in reasons.items())
        why = why or "none is a ship's position, or its identity, with a known time and a right checksum"
    return f"what was sent under MMSI {mmsi:09d} ({kinds}) is kept, but takes no part in tracks: {why}"


def _named(kind: int | None) -> str:
    told = _TYPES.get(kind or 0)
    return ("of no type" if not kind else f"of type {kind}") + (f", {told}" if told else "")
