"""Rests: where ships lay still, one row for each time. What learned places are made of.

A rest is a run of reports of one segment within a small circle around the first of them, at least so long and never
unheard for long. After the stationary periods of GFW's anchorages (500 m, pipe-anchorages), which last 12 h there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from darkwake.ais.schema import TIMESTAMP
from darkwake.engine.base import Plan, Stage
from darkwake.geo.sphere import distance_m
from darkwake.jit import kernel
from darkwake.times import HOUR_US
from darkwake.tracks.columns import Floats, Ints, floats, instants, ints

#: A ship at anchor swings in about such a circle.
WITHIN_M = 500.0
LEAST_H = 2.0
#: Unheard for longer, a ship may have been away.
LONGEST_UNHEARD_H = 12.0
#: A ship that sends more than this does not lie still, whatever positions it repeats.
UNDER_WAY_KNOTS = 2.0

COLUMNS = ("mmsi", "segment", "time", "lon", "lat", "sog_knots", "nav_status")
#: lon, lat: mean of the reports. moored: it said oftener that it was moored than at anchor.
RESTS = pa.schema(
    [
        pa.field("mmsi", pa.int32(), nullable=False),
        pa.field("segment", pa.int64(), nullable=False),
        pa.field("start", TIMESTAMP, nullable=False),
        pa.field("end", TIMESTAMP, nullable=False),
        pa.field("lon", pa.float64(), nullable=False),
        pa.field("lat", pa.float64(), nullable=False),
        pa.field("reports", pa.int64(), nullable=False),
        pa.field("moored", pa.bool_(), nullable=False),
        pa.field("at_anchor", pa.bool_(), nullable=False),
    ]
)
_AT_ANCHOR, _MOORED = 1, 5


def plan(name: str = "rests") -> Plan:
    return Plan(name, "tracks", COLUMNS, (Stage("rests", rests, RESTS),))


def rests(table: pa.Table, arguments: Mapping[str, Any]) -> pa.Table:  # noqa: ARG001 - as of every kernel
    """Kernel: rows of `tracks`, whole vessels → RESTS."""
    segment, moments = ints(table["segment"]), instants(table["time"])
    lon, lat = floats(table["lon"]), floats(table["lat"])
    first, last, where, said = find(
        segment, moments, lon, lat, floats(table["sog_knots"]), ints(table["nav_status"], -1)
    )
    return pa.table(
        {
            "mmsi": table["mmsi"].take(pa.array(first)),
            "segment": table["segment"].take(pa.array(first)),
            "start": table["time"].take(pa.array(first)),
            "end": table["time"].take(pa.array(last)),
            "lon": where[:, 0],
            "lat": where[:, 1],
            "reports": last - first + 1,
            "moored": said[:, 1] > said[:, 0],
            "at_anchor": said[:, 0] > said[:, 1],
        },
        schema=RESTS,
    )


@kernel
def find(
    segment: Ints, time_us: Ints, lon: Floats, lat: Floats, sog: Floats, nav_status: Ints
) -> tuple[Ints, Ints, Floats, Ints]:  # pragma: no cover - compiled
    """First and last row of each rest, its mean position [n, 2], and how many reports said at anchor, moored [n, 2]."""
    n = len(segment)
    most = n // 2 + 1
    first, last = np.empty(most, np.int64), np.empty(most, np.int64)
    where, said = np.empty((most, 2)), np.empty((most, 2), np.int64)
    found = 0
    i = 0
    while i < n:
        if sog[i] > UNDER_WAY_KNOTS:
            i += 1
            continue
        east, north, anchored, moored = 0.0, 0.0, 0, 0
        j = i
        while True:
            east += (lon[j] - lon[i] + 540.0) % 360.0 - 180.0
            north += lat[j] - lat[i]
            anchored += nav_status[j] == _AT_ANCHOR
            moored += nav_status[j] == _MOORED
            k = j + 1
            if (
                k == n
                or segment[k] != segment[i]
                or sog[k] > UNDER_WAY_KNOTS
                or time_us[k] - time_us[j] > LONGEST_UNHEARD_H * HOUR_US
                or distance_m(lon[i], lat[i], lon[k], lat[k]) > WITHIN_M
            ):
                break
            j = k
        if j > i and time_us[j] - time_us[i] >= LEAST_H * HOUR_US:
            count = j - i + 1
            first[found], last[found] = i, j
            where[found, 0] = (lon[i] + east / count + 540.0) % 360.0 - 180.0
            where[found, 1] = lat[i] + north / count
            said[found, 0], said[found, 1] = anchored, moored
            found += 1
            i = j + 1
        else:
            i += 1  # the ship may have come to rest just there, a little farther on
    return first[:found], last[:found], where[:found], said[:found]
