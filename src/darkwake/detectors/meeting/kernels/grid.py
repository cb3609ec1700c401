"""Segments resampled to common instants, so that ships can be compared: the first stage of pair detectors.

Instants are the multiples of 10 minutes since 1970. A position is interpolated between two reports at most an hour
apart and never extrapolated: where nothing was heard nothing is put. Only slow points away from ports are kept.
The grid and the 1 h are those of Global Fishing Watch's encounters, without their grouping by UTC day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from darkwake.detectors.areas import Areas, areas_of, nearest_place
from darkwake.detectors.meeting.kernels.packing import pack, source_keys
from darkwake.geo.sphere import distance_m
from darkwake.jit import kernel
from darkwake.places.grid import occupied
from darkwake.tracks.columns import floats, ints
from darkwake.units import KNOTS_TO_METRES_PER_SECOND

STEP_US = 600_000_000
#: Instants of one part: 6 hours.
WINDOW_STEPS = 36
#: Degrees and knots are kept as integers: exact sums, half the bytes.
E7 = 1e7
SPEED_UNITS = 100.0

COLUMNS = (
    "mmsi", "segment", "time", "lon", "lat", "sog_knots", "heading_deg",
    "payload_key", "source", "span_offset", "span_length",
)  # fmt: skip

#: One ship at one instant, with the nearest report (its time as µs after the instant, which may be negative).
POINT = np.dtype(
    [
        ("payload_key", "<i8"), ("span_offset", "<i8"), ("source", "<i8"),
        ("lon_e7", "<i4"), ("lat_e7", "<i4"), ("report_us", "<i4"), ("span_length", "<i4"),
        ("step", "<i2"), ("speed", "<i2"), ("heading", "<i2"),
    ]
)  # fmt: skip

#: All kept points of one segment in one window; `part` is the window's number since 1970.
SLOW = pa.schema(
    [
        pa.field("part", pa.int64(), nullable=False),
        pa.field("mmsi", pa.int32(), nullable=False),
        pa.field("segment", pa.int64(), nullable=False),
        pa.field("points", pa.binary(), nullable=False),  # packed POINT
    ]
)

#: A report further than this from the next one leaves a hole. Also what `report_us` can hold, twice over.
LONGEST_GAP_H = 1.0
_CHUNK_ROWS = 1_000_000


@kernel
def _count(segment: np.ndarray, time: np.ndarray, max_gap_us: int) -> int:
    """An upper bound of the points."""
    total = 0
    for i in range(len(time)):
        total += 1
        if i + 1 < len(time) and segment[i + 1] == segment[i] and time[i + 1] - time[i] <= max_gap_us:
            total += (time[i + 1] - time[i]) // STEP_US
    return total


@kernel
def _resample(
    mmsi: np.ndarray,
    segment: np.ndarray,
    time: np.ndarray,
    lon: np.ndarray,
    lat: np.ndarray,
    sog: np.ndarray,
    heading: np.ndarray,
    payload_key: np.ndarray,
    source: np.ndarray,
    span_offset: np.ndarray,
    span_length: np.ndarray,
    max_gap_us: int,
    slow_knots: float,
    ports: Areas,
    port_distance_m: float,
    points: np.ndarray,
    row_report: np.ndarray,
    row_window: np.ndarray,
    row_first: np.ndarray,
) -> tuple[int, int]:
    """Fill `points` and the rows (segment by window) that hold them; returns how many of each."""
    filled, rows = 0, 0
    ports_first = ports.grid.approach_first
    for i in range(len(time)):
        start = time[i]
        follows = (
            i + 1 < len(time)
            and segment[i + 1] == segment[i]
            and mmsi[i + 1] == mmsi[i]
            and time[i + 1] - start <= max_gap_us
        )
        stop = time[i + 1] if follows else start + 1  # a report without a near follower counts only on the instant
        step = -(-start // STEP_US)
        if step * STEP_US >= stop:
            continue
        sog_a, slope = np.float64(sog[i]), 0.0
        dlon, dlat = 0.0, 0.0
        if follows:
            sog_b = np.float64(sog[i + 1])
            if np.isnan(sog_a) and np.isnan(sog_b):
                metres = distance_m(lon[i], lat[i], lon[i + 1], lat[i + 1])
                sog_a = sog_b = metres / ((stop - start) * 1e-6) / KNOTS_TO_METRES_PER_SECOND
            elif np.isnan(sog_a):
                sog_a = sog_b
            elif np.isnan(sog_b):
                sog_b = sog_a
            if sog_a >= slow_knots and sog_b >= slow_knots:
                continue
            slope = sog_b - sog_a
            dlon, dlat = lon[i + 1] - lon[i], lat[i + 1] - lat[i]
            if dlon > 180.0:
                dlon -= 360.0
            elif dlon < -180.0:
                dlon += 360.0
        while step * STEP_US < stop:
            instant = step * STEP_US
            share = (instant - start) / (stop - start)
            speed = sog_a + slope * share
            step += 1
            if not speed < slow_knots:  # also an unknown speed
                continue
            x, y = lon[i] + dlon * share, lat[i] + dlat * share
            if x >= 180.0:
                x -= 360.0
            elif x < -180.0:
                x += 360.0
            if occupied(x, y, ports_first) and nearest_place(ports, x, y, instant, port_distance_m)[0] >= 0:
                continue
            near = i if instant - start <= stop - instant or not follows else i + 1
            window = (step - 1) // WINDOW_STEPS
            last = row_report[rows - 1]
            if rows == 0 or row_window[rows - 1] != window or segment[last] != segment[i] or mmsi[last] != mmsi[i]:
                row_report[rows], row_window[rows], row_first[rows] = i, window, filled
                rows += 1
            point = points[filled]
            point.payload_key = payload_key[near]
            point.span_offset = span_offset[near]
            point.source = source[near]
            point.lon_e7 = np.int32(np.rint(x * E7))
            point.lat_e7 = np.int32(np.rint(y * E7))
            point.report_us = np.int32(time[near] - instant)
            point.span_length = span_length[near]
            point.step = np.int16(step - 1 - window * WINDOW_STEPS)
            point.speed = np.int16(np.rint(speed * SPEED_UNITS))
            point.heading = heading[near]
            filled += 1
    row_first[rows] = filled
    return filled, rows


def _vessel_chunks(table: pa.Table) -> Iterator[pa.Table]:
    """Slices of about a million rows that end between segments: they bound the memory of a call."""
    segment = ints(table["segment"])
    begin = 0
    while begin < len(segment):
        end = min(begin + _CHUNK_ROWS, len(segment))
        while end < len(segment) and segment[end] == segment[end - 1]:
            end += 1
        yield table.slice(begin, end - begin)
        begin = end


def slow_points(table: pa.Table, arguments: Mapping[str, Any]) -> pa.Table:
    """Kernel of a first stage: rows of `tracks` → SLOW.

    Arguments: `max_report_gap_h`, `slow_knots`, `min_port_distance_m`, and the places of `areas.place_arguments`.
    """
    port_distance_m = float(arguments["min_port_distance_m"])
    ports = areas_of(arguments, port_distance_m)
    max_gap_us = int(arguments["max_report_gap_h"] * 3.6e9)
    batches = []
    for chunk in _vessel_chunks(table):
        mmsi, segment, time = (ints(chunk[name]) for name in ("mmsi", "segment", "time"))
        bound = _count(segment, time, max_gap_us)
        points = np.empty(bound, POINT)
        row_report, row_window, row_first = (np.empty(bound + 1, np.int64) for _ in range(3))
        filled, rows = _resample(
            mmsi, segment, time, floats(chunk["lon"]), floats(chunk["lat"]), floats(chunk["sog_knots"]),
            ints(chunk["heading_deg"], -1), ints(chunk["payload_key"]), source_keys(chunk["source"]),
            ints(chunk["span_offset"]), ints(chunk["span_length"]),
            max_gap_us, float(arguments["slow_knots"]), ports, port_distance_m,
            points, row_report, row_window, row_first,
        )  # fmt: skip
        report = row_report[:rows]
        columns = [
            pa.array(row_window[:rows].copy()), pa.array(mmsi[report], pa.int32()), pa.array(segment[report]),
            pack(points[:filled].copy(), row_first[: rows + 1]),
        ]  # fmt: skip
        batches.append(pa.record_batch(columns, schema=SLOW))
    return pa.Table.from_batches(batches, schema=SLOW)
