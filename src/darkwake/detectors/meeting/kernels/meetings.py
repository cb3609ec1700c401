"""Close instants of a pair joined into meetings: the third stage of `encounter`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from darkwake.detectors.meeting.kernels.cells import wrap_e7
from darkwake.detectors.meeting.kernels.close import CLOSE, PAIR_FIELDS
from darkwake.detectors.meeting.kernels.grid import E7, POINT, SPEED_UNITS, WINDOW_STEPS
from darkwake.detectors.meeting.kernels.packing import pack_fixed, unpack, unpack_fixed
from darkwake.jit import kernel
from darkwake.tracks.columns import ints

#: One meeting.
MEETINGS = pa.schema(
    [
        *PAIR_FIELDS,
        pa.field("first_step", pa.int64(), nullable=False),
        pa.field("last_step", pa.int64(), nullable=False),
        pa.field("instants", pa.int32(), nullable=False),
        pa.field("together_steps", pa.int32(), nullable=False),
        pa.field("median_distance_m", pa.float64(), nullable=False),
        pa.field("median_speed_knots", pa.float64(), nullable=False),
        pa.field("heading_difference_deg", pa.float64()),
        pa.field("lon", pa.float64(), nullable=False),
        pa.field("lat", pa.float64(), nullable=False),
        pa.field("others_nearby", pa.int32(), nullable=False),
        pa.field("opening", pa.binary(2 * POINT.itemsize), nullable=False),
        pa.field("closing", pa.binary(2 * POINT.itemsize), nullable=False),
    ]
)


@kernel
def _median(values: np.ndarray) -> float:
    """Of values that may be reordered."""
    values.sort()
    middle = len(values) // 2
    if len(values) % 2:
        return float(values[middle])
    return (float(values[middle - 1]) + float(values[middle])) * 0.5


@kernel
def _merge(
    pair: np.ndarray, window: np.ndarray, lon_sum: np.ndarray, lat_sum: np.ndarray, ends: np.ndarray,
    instants: np.ndarray, first: np.ndarray, merge_steps: int, min_steps: int,
    whole: np.ndarray, measures: np.ndarray,
) -> int:  # fmt: skip
    """Runs (sorted by pair and time) → meetings. `whole`: opening row, closing row, first and last step, instants,
    steps together; `measures`: median distance, speed, heading difference, mean lon and lat."""
    meetings = 0
    row = 0
    while row < len(pair):
        stop = row + 1
        while stop < len(pair) and pair[stop] == pair[row]:
            before = window[stop - 1] * WINDOW_STEPS + instants[first[stop] - 1].step
            after = window[stop] * WINDOW_STEPS + instants[first[stop]].step
            if after - before >= merge_steps:
                break
            stop += 1
        low, high = first[row], first[stop]
        together, at_row = 0, row
        previous = -1
        for k in range(low, high):
            while k >= first[at_row + 1]:
                at_row += 1
            step = window[at_row] * WINDOW_STEPS + instants[k].step
            if k > low and step == previous + 1:
                together += 1
            previous = step
        if together >= min_steps:
            count = high - low
            distance, speed, heading = np.empty(count), np.empty(2 * count), np.empty(count)
            known = 0
            for k in range(low, high):
                distance[k - low] = instants[k].distance_cm / 100.0
                speed[2 * (k - low)] = instants[k].speed_a / SPEED_UNITS
                speed[2 * (k - low) + 1] = instants[k].speed_b / SPEED_UNITS
                if instants[k].heading >= 0:
                    heading[known] = instants[k].heading
                    known += 1
            lon_0, lat_0 = int(ends[4 * row].lon_e7), int(ends[4 * row].lat_e7)
            lon_total, lat_total = 0, 0
            for r in range(row, stop):
                twice = 2 * (first[r + 1] - first[r])
                lon_total += lon_sum[r] + twice * wrap_e7(ends[4 * r].lon_e7 - lon_0)
                lat_total += lat_sum[r] + twice * (ends[4 * r].lat_e7 - lat_0)
            whole[meetings, 0], whole[meetings, 1] = row, stop - 1
            whole[meetings, 2] = window[row] * WINDOW_STEPS + instants[low].step
            whole[meetings, 3], whole[meetings, 4], whole[meetings, 5] = previous, count, together
            measures[meetings, 0], measures[meetings, 1] = _median(distance), _median(speed)
            measures[meetings, 2] = _median(heading[:known]) if known else np.nan
            measures[meetings, 3] = wrap_e7(lon_0 + int(np.rint(lon_total / (2.0 * count)))) / E7
            measures[meetings, 4] = (lat_0 + lat_total / (2.0 * count)) / E7
            meetings += 1
        row = stop
    return meetings


def meetings(table: pa.Table, arguments: Mapping[str, Any]) -> pa.Table:
    """Kernel of the third stage: whole pairs of PAIRS → MEETINGS long and slow enough.

    Arguments: `merge_steps`, `min_steps`, `max_median_speed_knots`.
    """
    pair_names = ("mmsi_a", "segment_a", "mmsi_b", "segment_b")
    points, first = unpack(table["instants"], CLOSE)
    steps = ints(table["window"]) * WINDOW_STEPS + (points["step"][first[:-1]] if len(first) > 1 else 0)
    order = np.lexsort([steps, *(ints(table[name]) for name in reversed(pair_names))])
    table = table.take(order)
    points, first = unpack(table["instants"], CLOSE)
    keys = [ints(table[name]) for name in pair_names]
    changes = np.zeros(table.num_rows, np.int64)
    for key in keys:
        changes[1:] |= key[1:] != key[:-1]
    ends = unpack_fixed(table["ends"], POINT)
    whole = np.empty((table.num_rows, 6), np.int64)
    measures = np.empty((table.num_rows, 5), np.float64)
    found = _merge(
        np.cumsum(changes), ints(table["window"]), ints(table["lon_sum"]), ints(table["lat_sum"]),
        ends.reshape(-1), points, first, int(arguments["merge_steps"]), int(arguments["min_steps"]), whole, measures,
    )  # fmt: skip
    keep = np.flatnonzero(measures[:found, 1] < float(arguments["max_median_speed_knots"]))
    whole, measures = whole[keep], measures[keep]
    opening, closing = whole[:, 0], whole[:, 1]
    heading = measures[:, 2]
    columns = [
        *(table[name].take(pa.array(opening)).combine_chunks() for name in pair_names),
        pa.array(whole[:, 2]), pa.array(whole[:, 3]),
        pa.array(whole[:, 4], pa.int32()), pa.array(whole[:, 5], pa.int32()),
        pa.array(measures[:, 0]), pa.array(measures[:, 1]), pa.array(heading, mask=np.isnan(heading)),
        pa.array(measures[:, 3]), pa.array(measures[:, 4]),
        pa.array(ints(table["others_nearby"])[opening], pa.int32()),
        pack_fixed(ends[opening, :2]), pack_fixed(ends[closing, 2:]),
    ]  # fmt: skip
    return pa.Table.from_arrays(columns, schema=MEETINGS)
