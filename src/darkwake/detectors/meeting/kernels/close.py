"""Which ships are close to each other at each instant: the second stage of `encounter`.

Each ship of an instant looks into nine cells for those before it, so every close pair is seen once, however many lie
together and in whatever order they come.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from darkwake.detectors.meeting.kernels.cells import (
    COLUMN_BITS,
    HASH,
    column_of,
    columns_of_rows,
    count_within,
    fill_cells,
    row_of,
    slot_of,
    table_mask,
    wrap_e7,
)
from darkwake.detectors.meeting.kernels.grid import E7, POINT, WINDOW_STEPS
from darkwake.detectors.meeting.kernels.packing import pack, pack_fixed, unpack
from darkwake.geo.sphere import EARTH_RADIUS_M
from darkwake.geo.sphere import distance_m as sphere_m
from darkwake.jit import kernel
from darkwake.tracks.columns import ints

#: One close instant of a pair; `heading` is the angle between the two, 0–180, or −1 where one was not sent.
CLOSE = np.dtype([("distance_cm", "<i4"), ("step", "<i2"), ("speed_a", "<i2"), ("speed_b", "<i2"), ("heading", "<i2")])
#: The grid points at which a run opens and closes: opening a, opening b, closing a, closing b.
ENDS = pa.binary(4 * POINT.itemsize)

PAIR_FIELDS = [
    pa.field("mmsi_a", pa.int32(), nullable=False),
    pa.field("segment_a", pa.int64(), nullable=False),
    pa.field("mmsi_b", pa.int32(), nullable=False),
    pa.field("segment_b", pa.int64(), nullable=False),
]

#: One run of one pair within one window; `part` is a hash of the pair. Sums are e7 degrees from the opening of a.
PAIRS = pa.schema(
    [
        pa.field("part", pa.int64(), nullable=False),
        *PAIR_FIELDS,
        pa.field("window", pa.int32(), nullable=False),
        pa.field("lon_sum", pa.int64(), nullable=False),
        pa.field("lat_sum", pa.int64(), nullable=False),
        pa.field("others_nearby", pa.int32(), nullable=False),
        pa.field("ends", ENDS, nullable=False),
        pa.field("instants", pa.binary(), nullable=False),  # packed CLOSE
    ]
)

#: How far around an opening other slow ships are counted.
NEARBY_M = 5_000.0


@kernel
def _grown(array: np.ndarray) -> np.ndarray:
    bigger = np.empty(len(array) * 2, array.dtype)
    bigger[: len(array)] = array
    return bigger


@kernel
def _pairs_of_window(
    points: np.ndarray, first: np.ndarray, mmsi: np.ndarray,
    distance_m: float, nearby_m: float, merge_steps: int, columns: np.ndarray, near_columns: np.ndarray,
) -> tuple:  # fmt: skip
    """Close pairs among the ships (rows) of one window, as runs sorted by pair and time."""
    ships = len(mmsi)
    count = len(points)
    # Points by instant: one pass in memory order, 36 streams out.
    at = np.zeros(WINDOW_STEPS + 1, np.int64)
    for i in range(count):
        at[points[i].step + 1] += 1
    for step in range(WINDOW_STEPS):
        at[step + 1] += at[step]
    place = at[:-1].copy()
    # What is looked at again and again, in arrays of its own that fit the cache; `origin` leads back to the point.
    lon, lat, ship = np.empty(count, np.int32), np.empty(count, np.int32), np.empty(count, np.int32)
    speed, heading = np.empty(count, np.int16), np.empty(count, np.int16)
    origin = np.empty(count, np.int32)
    for r in range(ships):
        for i in range(first[r], first[r + 1]):
            point = points[i]
            j = place[point.step]
            place[point.step] += 1
            lon[j], lat[j], ship[j], origin[j] = point.lon_e7, point.lat_e7, r, i
            speed[j], heading[j] = point.speed, point.heading
    largest = 0
    for step in range(WINDOW_STEPS):
        largest = max(largest, at[step + 1] - at[step])
    head = np.empty(table_mask(largest) + 1, np.int32)
    chain, cell = np.empty(largest, np.int32), np.empty(largest, np.int64)

    rows = len(columns) - 1
    lat_limit = np.int64(np.ceil(np.degrees(distance_m / EARTH_RADIUS_M) * E7))
    metres_per_unit = np.radians(1.0 / E7) * EARTH_RADIUS_M
    loose = (distance_m * 1.02) ** 2
    pair_p, pair_q = np.empty(1024, np.int32), np.empty(1024, np.int32)
    pair_cm, pair_step = np.empty(1024, np.int32), np.empty(1024, np.int16)
    found = 0
    for step in range(WINDOW_STEPS):
        base = at[step]
        here = at[step + 1] - base
        mask = table_mask(here)
        head[: mask + 1] = -1
        for p in range(here):
            x, y = lon[base + p], lat[base + p]
            own = row_of(y, rows)
            narrow = np.cos(np.radians(y / E7))
            for row in range(max(0, own - 1), min(rows, own + 2)):
                width = columns[row]
                middle = column_of(x, width)
                for shift in range(min(3, width)):
                    column = middle + shift - 1
                    if column < 0:
                        column += width
                    elif column >= width:
                        column -= width
                    wanted = (row << COLUMN_BITS) | column
                    q = head[slot_of(wanted, mask)]
                    while q >= 0:
                        other = base + q
                        same_cell = cell[q] == wanted and abs(lat[other] - y) <= lat_limit
                        q = chain[q]
                        if not same_cell or mmsi[ship[other]] == mmsi[ship[base + p]]:
                            continue
                        dx = wrap_e7(lon[other] - x) * metres_per_unit * narrow
                        dy = (lat[other] - y) * metres_per_unit
                        if narrow > 0.05 and dx * dx + dy * dy > loose:  # a cheap look before the exact one
                            continue
                        metres = sphere_m(x / E7, y / E7, lon[other] / E7, lat[other] / E7)
                        if metres > distance_m:
                            continue
                        if found == len(pair_p):
                            pair_p, pair_q = _grown(pair_p), _grown(pair_q)
                            pair_cm, pair_step = _grown(pair_cm), _grown(pair_step)
                        pair_p[found], pair_q[found], pair_step[found] = other, base + p, step
                        pair_cm[found] = np.int32(np.rint(metres * 100.0))
                        found += 1
            cell[p] = (own << COLUMN_BITS) | column_of(x, columns[own])
            slot = slot_of(cell[p], mask)
            chain[p] = head[slot]
            head[slot] = p

    # Order by (a, b, instant): pairs came by instant, so two stable counting sorts do, by b and then by a.
    order = np.arange(found).astype(np.int32)
    for by_first in range(2):
        begins = np.zeros(ships + 1, np.int64)
        for k in range(found):
            begins[(ship[pair_p[k]] if by_first else ship[pair_q[k]]) + 1] += 1
        for s in range(ships):
            begins[s + 1] += begins[s]
        sorted_ = np.empty(found, np.int32)
        for k in range(found):
            pair = order[k]
            key = ship[pair_p[pair]] if by_first else ship[pair_q[pair]]
            sorted_[begins[key]] = pair
            begins[key] += 1
        order = sorted_

    # Runs: one pair, interruptions shorter than the merging time.
    run_first = np.empty(found + 1, np.int64)
    runs = 0
    last_step = -1
    for k in range(found):
        pair = order[k]
        step = pair_step[pair]
        if (
            k == 0
            or ship[pair_p[pair]] != ship[pair_p[order[k - 1]]]
            or ship[pair_q[pair]] != ship[pair_q[order[k - 1]]]
            or step - last_step >= merge_steps
        ):
            run_first[runs] = k
            runs += 1
        last_step = step
    run_first[runs] = found

    # How many other slow ships lie around at each opening.
    nearby = np.zeros(runs, np.int32)
    by_step = np.empty(runs, np.int64)
    begins = np.zeros(WINDOW_STEPS + 1, np.int64)
    for r in range(runs):
        begins[pair_step[order[run_first[r]]] + 1] += 1
    for step in range(WINDOW_STEPS):
        begins[step + 1] += begins[step]
    place = begins[:-1].copy()
    for r in range(runs):
        step = pair_step[order[run_first[r]]]
        by_step[place[step]] = r
        place[step] += 1
    for step in range(WINDOW_STEPS):
        if begins[step] == begins[step + 1]:
            continue
        low, high = at[step], at[step + 1]
        mask = fill_cells(lon[low:high], lat[low:high], near_columns, head, chain, cell)
        for k in range(begins[step], begins[step + 1]):
            r = by_step[k]
            p = pair_p[order[run_first[r]]] - low
            within = count_within(p, lon[low:high], lat[low:high], near_columns, nearby_m, head, chain, cell, mask)
            nearby[r] = max(0, within - 2)

    instants = np.empty(found, CLOSE)
    ends = np.empty(runs * 4, POINT)
    run_a, run_b = np.empty(runs, np.int64), np.empty(runs, np.int64)
    lon_sum, lat_sum = np.zeros(runs, np.int64), np.zeros(runs, np.int64)
    for r in range(runs):
        low, high = run_first[r], run_first[r + 1]
        p, q = pair_p[order[low]], pair_q[order[low]]
        run_a[r], run_b[r] = ship[p], ship[q]
        lon_0, lat_0 = lon[p], lat[p]
        ends[4 * r], ends[4 * r + 1] = points[origin[p]], points[origin[q]]
        for k in range(low, high):
            p, q = pair_p[order[k]], pair_q[order[k]]
            # Of the middle between the two, doubled to stay in whole numbers; halved at the end.
            lon_sum[r] += wrap_e7(lon[p] - lon_0) + wrap_e7(lon[q] - lon_0)
            lat_sum[r] += (lat[p] - lat_0) + (lat[q] - lat_0)
            close = instants[k]
            close.distance_cm = pair_cm[order[k]]
            close.step = pair_step[order[k]]
            close.speed_a, close.speed_b = speed[p], speed[q]
            close.heading = -1
            if heading[p] >= 0 and heading[q] >= 0:
                angle = abs(heading[p] - heading[q]) % 360
                close.heading = np.int16(360 - angle if angle > 180 else angle)
        p, q = pair_p[order[high - 1]], pair_q[order[high - 1]]
        ends[4 * r + 2], ends[4 * r + 3] = points[origin[p]], points[origin[q]]
    return instants, run_first[: runs + 1], run_a, run_b, lon_sum, lat_sum, nearby, ends


def _pair_part(mmsi_a: np.ndarray, segment_a: np.ndarray, mmsi_b: np.ndarray, segment_b: np.ndarray) -> np.ndarray:
    """A hash of the pair, not negative."""
    mixed = np.zeros(len(mmsi_a), np.uint64)
    for values in (mmsi_a, segment_a, mmsi_b, segment_b):
        mixed = (mixed ^ values.astype(np.int64).view(np.uint64)) * HASH
        mixed ^= mixed >> np.uint64(29)
    return (mixed >> np.uint64(1)).astype(np.int64)


def close_pairs(table: pa.Table, arguments: Mapping[str, Any]) -> pa.Table:
    """Kernel of the second stage: whole windows of `grid.SLOW` → PAIRS.

    Arguments: `max_distance_m`, `merge_steps`.
    """
    distance_m = float(arguments["max_distance_m"])
    columns, near_columns = columns_of_rows(distance_m), columns_of_rows(NEARBY_M)
    table = table.take(np.lexsort([ints(table[name]) for name in ("segment", "mmsi", "part")]))
    window, mmsi, segment = (ints(table[name]) for name in ("part", "mmsi", "segment"))
    edges = [0, *(np.flatnonzero(np.diff(window)) + 1).tolist(), len(window)] if len(window) else []
    batches = []
    for begin, end in itertools.pairwise(edges):
        points, first = unpack(table["points"].slice(begin, end - begin), POINT)
        instants, run_first, a, b, lon_sum, lat_sum, nearby, ends = _pairs_of_window(
            points, first, mmsi[begin:end],
            distance_m, NEARBY_M, int(arguments["merge_steps"]), columns, near_columns,
        )  # fmt: skip
        a, b = a + begin, b + begin
        fields = [
            _pair_part(mmsi[a], segment[a], mmsi[b], segment[b]), mmsi[a], segment[a], mmsi[b], segment[b],
            np.full(len(a), window[begin], np.int32), lon_sum, lat_sum, nearby,
        ]  # fmt: skip
        arrays = [pa.array(values).cast(field.type) for values, field in zip(fields, PAIRS, strict=False)]
        arrays += [pack_fixed(ends.reshape(-1, 4)), pack(instants, run_first)]
        batches.append(pa.record_batch(arrays, schema=PAIRS))
    return pa.Table.from_batches(batches, schema=PAIRS)
