"""Stays in ports, found in one pass over a ship's reports: the kernel of `port_call`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from darkwake.detectors import openings
from darkwake.detectors.areas import Areas, areas_of, nearest_place, outside_owner_m
from darkwake.detectors.strays import contradicted, needed_knots
from darkwake.geo.sphere import bearing_deg, distance_m
from darkwake.jit import kernel
from darkwake.places.grid import cell_at, occupied
from darkwake.tracks.columns import floats, ints
from darkwake.units import KNOTS_TO_METRES_PER_SECOND

COLUMNS = ("mmsi", "segment", "lon", "lat", "sog_knots", "cog_deg", "nav_status", *openings.COLUMNS)
#: before: last report outside; first, slowest, last: inside (or around a silence in the approach); after: first report
#: outside.
SIDES = ("before", "first", "slowest", "last", "after")
STAYS = pa.schema(
    [
        pa.field("mmsi", pa.int32(), nullable=False),
        pa.field("segment", pa.int64(), nullable=False),
        pa.field("owner", pa.int32(), nullable=False),  # index of the port among the plan's places
        pa.field("berth", pa.int32(), nullable=False),  # of the smallest place around the slowest report, or −1
        pa.field("lon", pa.float64(), nullable=False),  # of the slowest report
        pa.field("lat", pa.float64(), nullable=False),
        pa.field("approach", pa.bool_(), nullable=False),  # only a silence in the approach, nothing seen inside
        pa.field("stopped_h", pa.float64(), nullable=False),
        pa.field("least_knots", pa.float64()),
        pa.field("moored", pa.bool_(), nullable=False),
        pa.field("silence_h", pa.float64(), nullable=False),  # the longest one that belongs to the stay
        pa.field("visits", pa.int32(), nullable=False),
        pa.field("parted", pa.bool_(), nullable=False),  # goes on with the stay before, after PARTED_US unheard
        pa.field("knots_in", pa.float64()),  # needed from the report before the stay, see `strays`
        pa.field("knots_out", pa.float64()),
        pa.field("contradicted", pa.bool_(), nullable=False),
        *openings.fields(SIDES),
    ]
)

#: Columns of the kernel's whole-number output.
_OWNER, _FIRST, _LAST, _BEFORE, _AFTER, _SLOWEST, _APPROACH, _MOORED, _STOPPED, _SILENCE, _VISITS, _PARTED = range(12)
_HOUR_US = 3_600_000_000.0
#: A stay in which nothing was heard for so long comes out in two parts: whether it was one depends on the data.
PARTED_US = 86_400_000_000
#: Reports nearer in time than this say too little by their distance: GNSS noise looks like speed.
_NOISY_US = 600_000_000
_HEADING_IN_DEG = 60.0
_UNDER_WAY_KNOTS = 2.0
_MOVED_M = 2_000.0


@kernel
def _slow_share(
    i: int, j: int, time: np.ndarray, lon: np.ndarray, lat: np.ndarray, sog: np.ndarray, stop_knots: float
) -> float:  # fmt: skip
    """Which part of the time between two reports the ship lay still: all, half (slow at one of them) or none.

    One that says at both that it is under way did not lie still, even where its position was repeated.
    """
    if sog[i] >= _UNDER_WAY_KNOTS and sog[j] >= _UNDER_WAY_KNOTS:
        return 0.0
    seconds = (time[j] - time[i]) * 1e-6
    if time[j] - time[i] >= _NOISY_US or (np.isnan(sog[i]) and np.isnan(sog[j])):
        metres = distance_m(lon[i], lat[i], lon[j], lat[j])
        if seconds > 0.0 and metres / seconds < stop_knots * KNOTS_TO_METRES_PER_SECOND:
            return 1.0
    still = 0.5 if sog[i] < stop_knots else 0.0
    return still + (0.5 if sog[j] < stop_knots else 0.0)


@kernel
def _may_rest(
    i: int, mmsi: np.ndarray, segment: np.ndarray, time: np.ndarray, lon: np.ndarray, lat: np.ndarray
) -> bool:  # fmt: skip
    """Whether a ship that sent no speed can lie still: nearly where it was just before, or is just after."""
    for j in (i - 1, i + 1):
        if 0 <= j < len(time) and segment[j] == segment[i] and mmsi[j] == mmsi[i]:
            metres = distance_m(lon[i], lat[i], lon[j], lat[j])
            if metres < abs(time[j] - time[i]) * 1e-6 * _UNDER_WAY_KNOTS * KNOTS_TO_METRES_PER_SECOND:
                return True
    return False


@kernel
def _port_of_silence(
    i: int, time: np.ndarray, lon: np.ndarray, lat: np.ndarray, sog: np.ndarray, cog: np.ndarray, has_earlier: bool,
    wide: Areas, approach_m: np.ndarray, max_knots: float, min_call_us: float,
) -> int:  # fmt: skip
    """The port that a ship heading in, silent from report i to i + 1, can have called at; −1 if none."""
    j = i + 1
    moved = distance_m(lon[i], lat[i], lon[j], lat[j])
    best, least = -1, np.inf
    cell = cell_at(lon[i], lat[i])
    for at in range(wide.grid.approach_first[cell], wide.grid.approach_first[cell + 1]):
        owner = wide.grid.approach_list[at]
        if wide.owner[owner] != owner:  # a berth or an anchorage
            continue
        if not (wide.grid.valid[owner, 0] <= time[j] and time[i] < wide.grid.valid[owner, 1]):
            continue  # not in use at any time of the silence
        away = outside_owner_m(wide, owner, lon[i], lat[i])
        back = outside_owner_m(wide, owner, lon[j], lat[j])
        if away > approach_m[owner] or back > approach_m[owner]:
            continue
        travel_us = (away + back) / (max_knots * KNOTS_TO_METRES_PER_SECOND) * 1e6
        if travel_us + min_call_us > time[j] - time[i]:
            continue
        if sog[i] < _UNDER_WAY_KNOTS:
            # Waiting, then gone: only if it went somewhere, else it lay at anchor unheard.
            heading_in = sog[j] >= _UNDER_WAY_KNOTS or moved > _MOVED_M
        elif not np.isnan(cog[i]):
            bearing = bearing_deg(lon[i], lat[i], wide.grid.lon[owner], wide.grid.lat[owner])
            heading_in = abs((cog[i] - bearing + 540.0) % 360.0 - 180.0) <= _HEADING_IN_DEG
        else:
            heading_in = has_earlier and outside_owner_m(wide, owner, lon[i - 1], lat[i - 1]) > away
        if heading_in and away + back < least:
            best, least = owner, away + back
    return best


@kernel
def _stays(
    mmsi: np.ndarray, segment: np.ndarray, time: np.ndarray, lon: np.ndarray, lat: np.ndarray, sog: np.ndarray,
    cog: np.ndarray, nav_status: np.ndarray, near: Areas, wide: Areas, exit_m: float, approach_m: np.ndarray,
    stop_knots: float, silence_us: int, max_silence_us: int, max_knots: float, min_call_us: float, out: np.ndarray,
) -> int:  # fmt: skip
    """Fill `out` (rows by the columns above) in order of time; returns how many, or −1 if `out` is too small."""
    found = -1
    inside = False
    near_first = near.grid.approach_first
    for i in range(len(time)):
        same = i > 0 and segment[i] == segment[i - 1] and mmsi[i] == mmsi[i - 1]
        if not same:
            inside = False
        dt = time[i] - time[i - 1] if same else 0
        was_inside = inside
        switched = False
        if inside:
            owner = out[found, _OWNER]
            outside = outside_owner_m(near, owner, lon[i], lat[i])
            place, _ = nearest_place(near, lon[i], lat[i], time[i], 0.0)
            if outside > exit_m:
                inside = False
            elif place >= 0 and near.owner[place] != owner:
                if outside > 0.0:
                    inside, switched = False, True
                elif out[found, _STOPPED] == 0 and sog[i] < stop_knots:
                    out[found, _OWNER] = near.owner[place]  # areas overlap: the call is where it stops
            if not inside:
                out[found, _AFTER] = i
                if dt < silence_us and sog[i - 1] < stop_knots:
                    out[found, _STOPPED] += dt // 2
                if not switched and dt >= silence_us:
                    back = outside_owner_m(wide, owner, lon[i], lat[i])
                    travel_us = back / (max_knots * KNOTS_TO_METRES_PER_SECOND) * 1e6
                    if back <= approach_m[owner] and travel_us + min_call_us <= dt <= max_silence_us:
                        out[found, _SILENCE] = max(out[found, _SILENCE], dt)
        if not inside:
            place = -1
            if occupied(lon[i], lat[i], near_first):
                place, _ = nearest_place(near, lon[i], lat[i], time[i], 0.0)
            if place >= 0:
                if found + 1 >= len(out):
                    return -1
                found += 1
                out[found] = 0
                out[found, _OWNER] = near.owner[place]
                out[found, _FIRST], out[found, _SLOWEST] = i, i
                out[found, _BEFORE], out[found, _AFTER] = i - 1 if same else -1, -1
                out[found, _VISITS] = 1
                inside = True
                if same and dt < silence_us and sog[i] < stop_knots:
                    out[found, _STOPPED] = dt // 2
                if same and not was_inside and dt >= silence_us:
                    away = outside_owner_m(wide, near.owner[place], lon[i - 1], lat[i - 1])
                    travel_us = away / (max_knots * KNOTS_TO_METRES_PER_SECOND) * 1e6
                    if away <= approach_m[near.owner[place]] and travel_us + min_call_us <= dt <= max_silence_us:
                        out[found, _SILENCE] = dt
            elif same and not was_inside and silence_us <= dt <= max_silence_us:
                earlier = i > 1 and segment[i - 2] == segment[i]
                owner = _port_of_silence(
                    i - 1, time, lon, lat, sog, cog, earlier, wide, approach_m, max_knots, min_call_us
                )
                if owner >= 0:
                    if found + 1 >= len(out):
                        return -1
                    found += 1
                    out[found] = 0
                    out[found, _OWNER], out[found, _FIRST], out[found, _LAST] = owner, i - 1, i
                    out[found, _BEFORE], out[found, _AFTER], out[found, _SLOWEST] = -1, -1, i - 1
                    out[found, _APPROACH], out[found, _SILENCE], out[found, _VISITS] = 1, dt, 1
        elif dt >= PARTED_US:
            if found + 1 >= len(out):
                return -1
            found += 1
            out[found] = 0
            out[found, _OWNER] = out[found - 1, _OWNER]
            out[found, _FIRST], out[found, _SLOWEST] = i, i
            out[found, _BEFORE], out[found, _AFTER] = -1, -1
            out[found, _VISITS], out[found, _PARTED] = 1, 1
        elif dt > 0:
            if dt >= silence_us:
                out[found, _SILENCE] = max(out[found, _SILENCE], dt)
            else:
                out[found, _STOPPED] += np.int64(dt * _slow_share(i - 1, i, time, lon, lat, sog, stop_knots))
        if inside:
            out[found, _LAST] = i
            if np.isnan(sog[out[found, _SLOWEST]]) or sog[i] < sog[out[found, _SLOWEST]]:
                out[found, _SLOWEST] = i
            if (nav_status[i] == 1 or nav_status[i] == 5) and (
                sog[i] < stop_knots or (np.isnan(sog[i]) and _may_rest(i, mmsi, segment, time, lon, lat))
            ):
                out[found, _MOORED] = 1
    return found + 1


@kernel
def _merge(
    out: np.ndarray, count: int, segment: np.ndarray, mmsi: np.ndarray, time: np.ndarray, sog: np.ndarray, merge_us: int
) -> int:
    """Join returns to the same port within the time that belongs to one call; returns how many stays are left."""
    kept = -1
    for s in range(count):
        one = out[s]
        if kept >= 0:
            last = out[kept]
            if (
                segment[last[_FIRST]] == segment[one[_FIRST]]
                and mmsi[last[_FIRST]] == mmsi[one[_FIRST]]
                and last[_OWNER] == one[_OWNER]
                and time[one[_FIRST]] - time[last[_LAST]] < merge_us
            ):
                if last[_APPROACH] and not one[_APPROACH]:  # what was seen inside counts more than a silence before it
                    last[_BEFORE] = last[_FIRST]
                    last[_FIRST], last[_APPROACH], last[_SLOWEST] = one[_FIRST], 0, one[_SLOWEST]
                elif one[_APPROACH] and not last[_APPROACH]:
                    one[_AFTER], one[_LAST] = one[_LAST], last[_LAST]
                elif sog[one[_SLOWEST]] < sog[last[_SLOWEST]]:
                    last[_SLOWEST] = one[_SLOWEST]
                last[_LAST], last[_AFTER] = one[_LAST], one[_AFTER]
                last[_STOPPED] += one[_STOPPED]
                last[_SILENCE] = max(last[_SILENCE], one[_SILENCE])
                last[_MOORED] = max(last[_MOORED], one[_MOORED])
                last[_VISITS] += one[_VISITS]
                continue
        kept += 1
        out[kept] = one
    return kept + 1


@kernel
def _places_at(areas: Areas, lon: np.ndarray, lat: np.ndarray, time: np.ndarray) -> np.ndarray:
    places = np.empty(len(lon), np.int64)
    for i in range(len(lon)):
        places[i] = nearest_place(areas, lon[i], lat[i], time[i], 0.0)[0]
    return places


def stays(table: pa.Table, arguments: Mapping[str, Any]) -> pa.Table:
    """Kernel: rows of `tracks`, whole vessels → STAYS, passes included (the detector drops them).

    Arguments: `exit_margin_m`, `approach_m`, `stop_knots`, `silence_h`, `max_silence_h`, `max_knots`, `min_call_h`,
    `merge_h`, and the places of `areas.place_arguments`.
    """
    exit_m = float(arguments["exit_margin_m"])
    # The gazetteer counts an approach from the middle of a port, we from its edge.
    reach_m, radius_m = (floats(arguments["places"][name]) for name in ("approach_radius_m", "radius_m"))
    usual_m = float(arguments["approach_m"])
    approach_m = np.where(reach_m > 0, np.maximum(reach_m - radius_m, exit_m), usual_m)
    near, wide = areas_of(arguments, exit_m), areas_of(arguments, float(approach_m.max(initial=usual_m)))
    mmsi, segment, time = (ints(table[name]) for name in ("mmsi", "segment", "time"))
    lon, lat, sog, cog = (floats(table[name]) for name in ("lon", "lat", "sog_knots", "cog_deg"))
    size = 1024
    count = -1
    while count < 0:
        out = np.empty((size, 12), np.int64)
        count = _stays(
            mmsi, segment, time, lon, lat, sog, cog, ints(table["nav_status"], -1), near, wide, exit_m, approach_m,
            float(arguments["stop_knots"]), int(arguments["silence_h"] * _HOUR_US),
            int(arguments["max_silence_h"] * _HOUR_US), float(arguments["max_knots"]),
            float(arguments["min_call_h"]) * _HOUR_US, out,
        )  # fmt: skip
        size *= 8
    out = out[: _merge(out, count, segment, mmsi, time, sog, int(arguments["merge_h"] * _HOUR_US))]
    slowest = out[:, _SLOWEST]
    berth = _places_at(near, lon[slowest], lat[slowest], time[slowest])
    least = sog[slowest]
    first, last = out[:, _FIRST], out[:, _LAST]
    knots_in, knots_out = needed_knots(mmsi, segment, time, lon, lat, first, last)
    against = (out[:, _APPROACH] == 0) & contradicted(first == last, knots_in, knots_out)
    stopped = np.where(against & (first == last), 0, out[:, _STOPPED])  # the way to it and from it was none
    sides = dict(zip(SIDES, (out[:, column] for column in (_BEFORE, _FIRST, _SLOWEST, _LAST, _AFTER)), strict=True))
    values = {
        "mmsi": pa.array(mmsi[slowest], pa.int32()),
        "segment": pa.array(segment[slowest]),
        "owner": pa.array(out[:, _OWNER], pa.int32()),
        "berth": pa.array(berth, pa.int32()),
        "lon": pa.array(lon[slowest]),
        "lat": pa.array(lat[slowest]),
        "approach": pa.array(out[:, _APPROACH] == 1),
        "stopped_h": pa.array(stopped / _HOUR_US),
        "least_knots": pa.array(least, mask=np.isnan(least)),
        "moored": pa.array(out[:, _MOORED] == 1),
        "silence_h": pa.array(out[:, _SILENCE] / _HOUR_US),
        "visits": pa.array(out[:, _VISITS], pa.int32()),
        "parted": pa.array(out[:, _PARTED] == 1),
        "knots_in": pa.array(knots_in, from_pandas=True),
        "knots_out": pa.array(knots_out, from_pandas=True),
        "contradicted": pa.array(against),
        **openings.columns(table, sides),
    }
    return pa.table(values, schema=STAYS)
