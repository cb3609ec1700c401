"""Which ships are close to each other, when, and for how long: the second and third stage of `encounter`.

Ships of one instant are hashed into cells at least as wide as the greatest distance; each ship looks into nine cells
for those before it, so every close pair is seen once. Rows of cells follow the parallels and have their own number of
columns round the Earth: neither the 180th meridian nor a pole is a border.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from darkwake.events.areas import EARTH_M, haversine_m
from darkwake.events.columns import numbers, pack, unpack
from darkwake.events.grid import E7, POINT, SPEED_UNITS, STEP_US, WINDOW_STEPS
from darkwake.jit import kernel

#: One close instant of a pair; `heading` is the angle between the two, 0–180, or −1 where one was not sent.
CLOSE = np.dtype(
    [("distance_cm", "<i4"), ("step", "<i2"), ("speed_a", "<i2"), ("speed_b", "<i2"), ("heading", "<i2")]
)
#: The grid points at which a run opens and closes: opening a, opening b, closing a, closing b.
ENDS = pa.binary(4 * POINT.itemsize)

_PAIR_FIELDS = [
    pa.field("mmsi_a", pa.int32(), nullable=False),
    pa.field("segment_a", pa.int64(), nullable=False),
    pa.field("mmsi_b", pa.int32(), nullable=False),
    pa.field("segment_b", pa.int64(), nullable=False),
]

#: One run of one pair within one window; `part` is a hash of the pair. Sums are e7 degrees from the opening of a.
PAIRS = pa.schema(
    [
        pa.field("part", pa.int64(), nullable=False),
        *_PAIR_FIELDS,
        pa.field("window", pa.int32(), nullable=False),
        pa.field("lon_sum", pa.int64(), nullable=False),
        pa.field("lat_sum", pa.int64(), nullable=False),
        pa.field("others_nearby", pa.int32(), nullable=False),
        pa.field("ends", ENDS, nullable=False),
        pa.field("instants", pa.binary(), nullable=False),  # packed CLOSE
    ]
)

#: One meeting.
MEETINGS = pa.schema(
    [
        *_PAIR_FIELDS,
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

NEARBY_M = 5_000.0
_FULL_TURN = 3_600_000_000
_COLUMN_BITS = 24
_HASH = np.uint64(0x9E3779B97F4A7C15)


@kernel
def _columns_of_rows(width_m: float) -> np.ndarray:
    """How many cells each row of cells has round the Earth, so that two columns are never closer than `width_m`."""
    rows = int(np.floor(np.pi * EARTH_M / width_m))
    columns = np.ones(rows + 1, np.int64)
    for row in range(rows + 1):
        edge = max(abs(row * np.pi / rows - np.pi / 2), abs((row + 1) * np.pi / rows - np.pi / 2))
        radius = EARTH_M * np.cos(min(edge, np.pi / 2))
        half_chord = width_m * 1.001 / (2.0 * radius) if radius > 0.0 else 1.0
        if half_chord < 1.0:
            columns[row] = max(1, int(np.floor(np.pi / np.arcsin(half_chord))))
    return columns


@kernel
def _wrap(difference_e7: int) -> int:
    if difference_e7 > _FULL_TURN // 2:
        return difference_e7 - _FULL_TURN
    if difference_e7 < -(_FULL_TURN // 2):
        return difference_e7 + _FULL_TURN
    return difference_e7


@kernel
def _row(lat_e7: int, rows: int) -> int:
    return min(rows - 1, max(0, int((lat_e7 / E7 + 90.0) / 180.0 * rows)))


@kernel
def _column(lon_e7: int, columns: int) -> int:
    return min(columns - 1, max(0, int((lon_e7 / E7 + 180.0) / 360.0 * columns)))


@kernel
def _slot(cell: int, mask: int) -> int:
    return np.int64((np.uint64(cell) * _HASH) >> np.uint64(32)) & mask


@kernel
def _table_mask(count: int) -> int:
    size = 16
    while size < 2 * count:
        size *= 2
    return size - 1


@kernel
def _fill_cells(lon: np.ndarray, lat: np.ndarray, columns: np.ndarray, head: np.ndarray, chain: np.ndarray, cell: np.ndarray) -> int:
    """Hash all points into cells; returns the mask of the table."""
    rows = len(columns) - 1
    mask = _table_mask(len(lon))
    head[: mask + 1] = -1
    for p in range(len(lon)):
        row = _row(lat[p], rows)
        cell[p] = (row << _COLUMN_BITS) | _column(lon[p], columns[row])
        slot = _slot(cell[p], mask)
        chain[p] = head[slot]
        head[slot] = p
    return mask


@kernel
def _count_within(
    p: int, lon: np.ndarray, lat: np.ndarray, columns: np.ndarray, reach_m: float,
    head: np.ndarray, chain: np.ndarray, cell: np.ndarray, mask: int,
) -> int:  # fmt: skip
    """How many points lie within `reach_m` of point p, itself included; flat-Earth distance."""
    rows = len(columns) - 1
    metres_per_unit = np.radians(1.0 / E7) * EARTH_M
    narrow = np.cos(np.radians(lat[p] / E7))
    found = 0
    own = _row(lat[p], rows)
    for row in range(max(0, own - 1), min(rows, own + 2)):
        width = columns[row]
        middle = _column(lon[p], width)
        for shift in range(min(3, width)):
            wanted = (row << _COLUMN_BITS) | ((middle + shift - 1 + width) % width)
            q = head[_slot(wanted, mask)]
            while q >= 0:
                if cell[q] == wanted:
                    x = _wrap(lon[q] - lon[p]) * metres_per_unit * narrow
                    y = (lat[q] - lat[p]) * metres_per_unit
                    if x * x + y * y <= reach_m * reach_m:
                        found += 1
                q = chain[q]
    return found


@kernel
def _grown(array: np.ndarray) -> np.ndarray:
    bigger = np.empty(len(array) * 2, array.dtype)
    bigger[: len(array)] = array
    return bigger


@kernel
def _pairs_of_window(
    points: np.ndarray, first: np.ndarray, mmsi: np.ndarray, begin: int, end: int,
    distance_m: float, nearby_m: float, merge_steps: int, columns: np.ndarray, near_columns: np.ndarray,
) -> tuple:  # fmt: skip
    """Close pairs among rows begin…end of one window, as runs sorted by pair and time."""
    ships = end - begin
    count = first[end] - first[begin]
    # Points by instant: one pass in memory order, 36 streams out.
    at = np.zeros(WINDOW_STEPS + 1, np.int64)
    for i in range(first[begin], first[end]):
        at[points[i].step + 1] += 1
    for step in range(WINDOW_STEPS):
        at[step + 1] += at[step]
    place = at[:-1].copy()
    lon, lat, ship = np.empty(count, np.int64), np.empty(count, np.int64), np.empty(count, np.int32)
    origin = np.empty(count, np.int64)
    for r in range(begin, end):
        for i in range(first[r], first[r + 1]):
            point = points[i]
            j = place[point.step]
            place[point.step] += 1
            lon[j], lat[j], ship[j], origin[j] = point.lon_e7, point.lat_e7, r - begin, i
    largest = 0
    for step in range(WINDOW_STEPS):
        largest = max(largest, at[step + 1] - at[step])
    head = np.empty(_table_mask(largest) + 1, np.int32)
    chain, cell = np.empty(largest, np.int32), np.empty(largest, np.int64)

    rows = len(columns) - 1
    lat_limit = np.int64(np.ceil(np.degrees(distance_m / EARTH_M) * E7))
    metres_per_unit = np.radians(1.0 / E7) * EARTH_M
    loose = (distance_m * 1.02) ** 2
    pair_p, pair_q = np.empty(1024, np.int64), np.empty(1024, np.int64)
    pair_cm = np.empty(1024, np.int32)
    found = 0
    for step in range(WINDOW_STEPS):
        base = at[step]
        here = at[step + 1] - base
        mask = _table_mask(here)
        head[: mask + 1] = -1
        for p in range(here):
            x, y = lon[base + p], lat[base + p]
            own = _row(y, rows)
            narrow = np.cos(np.radians(y / E7))
            for row in range(max(0, own - 1), min(rows, own + 2)):
                width = columns[row]
                middle = _column(x, width)
                for shift in range(min(3, width)):
                    column = middle + shift - 1
                    if column < 0:
                        column += width
                    elif column >= width:
                        column -= width
                    wanted = (row << _COLUMN_BITS) | column
                    q = head[_slot(wanted, mask)]
                    while q >= 0:
                        if cell[q] == wanted and abs(lat[base + q] - y) <= lat_limit:
                            if mmsi[begin + ship[base + q]] != mmsi[begin + ship[base + p]]:
                                dx = _wrap(lon[base + q] - x) * metres_per_unit * narrow
                                dy = (lat[base + q] - y) * metres_per_unit
                                if narrow < 0.05 or dx * dx + dy * dy <= loose:  # cheap look before the exact one
                                    metres = haversine_m(x / E7, y / E7, lon[base + q] / E7, lat[base + q] / E7)
                                    if metres <= distance_m:
                                        if found == len(pair_p):
                                            pair_p, pair_q = _grown(pair_p), _grown(pair_q)
                                            pair_cm = _grown(pair_cm)
                                        pair_p[found], pair_q[found] = base + q, base + p
                                        pair_cm[found] = np.int32(np.rint(metres * 100.0))
                                        found += 1
                        q = chain[q]
            cell[p] = (own << _COLUMN_BITS) | _column(x, columns[own])
            slot = _slot(cell[p], mask)
            chain[p] = head[slot]
            head[slot] = p

    # Order by (a, b, instant): pairs came by instant, so two stable counting sorts do, by b and then by a.
    order = np.arange(found)
    for by_first in range(2):
        begins = np.zeros(ships + 1, np.int64)
        for k in range(found):
            begins[(ship[pair_p[k]] if by_first else ship[pair_q[k]]) + 1] += 1
        for s in range(ships):
            begins[s + 1] += begins[s]
        sorted_ = np.empty(found, np.int64)
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
        step = points[origin[pair_p[pair]]].step
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
        begins[points[origin[pair_p[order[run_first[r]]]]].step + 1] += 1
    for step in range(WINDOW_STEPS):
        begins[step + 1] += begins[step]
    place = begins[:-1].copy()
    for r in range(runs):
        step = points[origin[pair_p[order[run_first[r]]]]].step
        by_step[place[step]] = r
        place[step] += 1
    for step in range(WINDOW_STEPS):
        if begins[step] == begins[step + 1]:
            continue
        low, high = at[step], at[step + 1]
        mask = _fill_cells(lon[low:high], lat[low:high], near_columns, head, chain, cell)
        for k in range(begins[step], begins[step + 1]):
            r = by_step[k]
            p = pair_p[order[run_first[r]]] - low
            within = _count_within(p, lon[low:high], lat[low:high], near_columns, nearby_m, head, chain, cell, mask)
            nearby[r] = max(0, within - 2)

    instants = np.empty(found, CLOSE)
    ends = np.empty(runs * 4, POINT)
    run_a, run_b = np.empty(runs, np.int64), np.empty(runs, np.int64)
    lon_sum, lat_sum = np.zeros(runs, np.int64), np.zeros(runs, np.int64)
    for r in range(runs):
        low, high = run_first[r], run_first[r + 1]
        p, q = pair_p[order[low]], pair_q[order[low]]
        run_a[r], run_b[r] = begin + ship[p], begin + ship[q]
        lon_0, lat_0 = lon[p], lat[p]
        ends[4 * r], ends[4 * r + 1] = points[origin[p]], points[origin[q]]
        for k in range(low, high):
            p, q = pair_p[order[k]], pair_q[order[k]]
            # Of the middle between the two, doubled to stay in whole numbers; halved at the end.
            lon_sum[r] += _wrap(lon[p] - lon_0) + _wrap(lon[q] - lon_0)
            lat_sum[r] += (lat[p] - lat_0) + (lat[q] - lat_0)
            one, other = points[origin[p]], points[origin[q]]
            close = instants[k]
            close.distance_cm = pair_cm[order[k]]
            close.step = one.step
            close.speed_a, close.speed_b = one.speed, other.speed
            close.heading = -1
            if one.heading >= 0 and other.heading >= 0:
                angle = abs(one.heading - other.heading) % 360
                close.heading = np.int16(360 - angle if angle > 180 else angle)
        p, q = pair_p[order[high - 1]], pair_q[order[high - 1]]
        ends[4 * r + 2], ends[4 * r + 3] = points[origin[p]], points[origin[q]]
    return instants, run_first[: runs + 1], run_a, run_b, lon_sum, lat_sum, nearby, ends


def _pair_part(mmsi_a: np.ndarray, segment_a: np.ndarray, mmsi_b: np.ndarray, segment_b: np.ndarray) -> np.ndarray:
    """A hash of the pair, not negative."""
    mixed = np.zeros(len(mmsi_a), np.uint64)
    for values in (mmsi_a, segment_a, mmsi_b, segment_b):
        mixed = (mixed ^ values.astype(np.int64).view(np.uint64)) * _HASH
        mixed ^= mixed >> np.uint64(29)
    return (mixed >> np.uint64(1)).astype(np.int64)


def close_pairs(table: pa.Table, arguments: Mapping[str, Any]) -> pa.Table:
    """Kernel of the second stage: whole windows of `grid.SLOW` → PAIRS.

    Arguments: `max_distance_m`, `merge_steps`.
    """
    distance_m = float(arguments["max_distance_m"])
    columns, near_columns = _columns_of_rows(distance_m), _columns_of_rows(NEARBY_M)
    table = table.take(np.lexsort([numbers(table, name) for name in ("segment", "mmsi", "part")]))
    window, mmsi, segment = (numbers(table, name) for name in ("part", "mmsi", "segment"))
    edges = np.flatnonzero(np.diff(window, prepend=-1, append=-1)) if len(window) else np.zeros(1, np.int64)
    batches = []
    for begin, end in zip(edges[:-1], edges[1:], strict=True):
        points, first = unpack(table.slice(begin, end - begin), "points", POINT)
        instants, run_first, a, b, lon_sum, lat_sum, nearby, ends = _pairs_of_window(
            points, first, mmsi[begin:end], 0, end - begin,
            distance_m, NEARBY_M, int(arguments["merge_steps"]), columns, near_columns,
        )  # fmt: skip
        a, b = a + begin, b + begin
        fields = [
            _pair_part(mmsi[a], segment[a], mmsi[b], segment[b]), mmsi[a], segment[a], mmsi[b], segment[b],
            np.full(len(a), window[begin], np.int32), lon_sum, lat_sum, nearby,
        ]  # fmt: skip
        columns_ = [pa.array(values) for values in fields]
        columns_.append(pa.Array.from_buffers(ENDS, len(a), [None, pa.py_buffer(ends.view(np.uint8))]))
        columns_.append(pack(instants, run_first))
        batches.append(pa.record_batch(columns_, schema=PAIRS))
    return pa.Table.from_batches(batches, schema=PAIRS)


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
            lon_0, lat_0 = np.int64(ends[4 * row].lon_e7), np.int64(ends[4 * row].lat_e7)
            lon_total, lat_total = 0, 0
            for r in range(row, stop):
                twice = 2 * (first[r + 1] - first[r])
                lon_total += lon_sum[r] + twice * _wrap(ends[4 * r].lon_e7 - lon_0)
                lat_total += lat_sum[r] + twice * (ends[4 * r].lat_e7 - lat_0)
            whole[meetings, 0], whole[meetings, 1] = row, stop - 1
            whole[meetings, 2] = window[row] * WINDOW_STEPS + instants[low].step
            whole[meetings, 3], whole[meetings, 4], whole[meetings, 5] = previous, count, together
            measures[meetings, 0], measures[meetings, 1] = _median(distance), _median(speed)
            measures[meetings, 2] = _median(heading[:known]) if known else np.nan
            measures[meetings, 3] = _wrap(lon_0 + np.int64(np.rint(lon_total / (2.0 * count)))) / E7
            measures[meetings, 4] = (lat_0 + lat_total / (2.0 * count)) / E7
            meetings += 1
        row = stop
    return meetings


def meetings(table: pa.Table, arguments: Mapping[str, Any]) -> pa.Table:
    """Kernel of the third stage: whole pairs of PAIRS → MEETINGS long and slow enough.

    Arguments: `merge_steps`, `min_steps`, `max_median_speed_knots`.
    """
    pair_names = ("mmsi_a", "segment_a", "mmsi_b", "segment_b")
    points, first = unpack(table, "instants", CLOSE)
    steps = numbers(table, "window").astype(np.int64) * WINDOW_STEPS + (points["step"][first[:-1]] if len(first) > 1 else 0)
    order = np.lexsort([steps, *(numbers(table, name) for name in reversed(pair_names))])
    table = table.take(order)
    points, first = unpack(table, "instants", CLOSE)
    keys = [numbers(table, name) for name in pair_names]
    changes = np.zeros(table.num_rows, np.int64)
    for key in keys:
        changes[1:] |= key[1:] != key[:-1]
    ends = np.concatenate([np.frombuffer(c.buffers()[1], np.uint8)[c.offset * ENDS.byte_width :][: len(c) * ENDS.byte_width] for c in table.column("ends").chunks] or [np.empty(0, np.uint8)]).view(POINT)
    whole = np.empty((table.num_rows, 6), np.int64)
    measures = np.empty((table.num_rows, 5), np.float64)
    found = _merge(
        np.cumsum(changes), numbers(table, "window").astype(np.int64), numbers(table, "lon_sum"), numbers(table, "lat_sum"),
        ends, points, first, int(arguments["merge_steps"]), int(arguments["min_steps"]), whole, measures,
    )  # fmt: skip
    keep = np.flatnonzero(measures[:found, 1] < float(arguments["max_median_speed_knots"]))
    whole, measures = whole[keep], measures[keep]
    opening, closing = whole[:, 0], whole[:, 1]
    by_row = ends.reshape(-1, 4)
    heading = measures[:, 2]
    half = pa.binary(2 * POINT.itemsize)
    columns = [
        *(pa.array(key[opening]) for key in keys),
        pa.array(whole[:, 2]), pa.array(whole[:, 3]), pa.array(whole[:, 4].astype(np.int32)), pa.array(whole[:, 5].astype(np.int32)),
        pa.array(measures[:, 0]), pa.array(measures[:, 1]), pa.array(heading, mask=np.isnan(heading)),
        pa.array(measures[:, 3]), pa.array(measures[:, 4]),
        pa.array(numbers(table, "others_nearby")[opening]),
        *(
            pa.Array.from_buffers(half, len(keep), [None, pa.py_buffer(np.ascontiguousarray(side).view(np.uint8))])
            for side in (by_row[opening, :2], by_row[closing, 2:])
        ),
    ]  # fmt: skip
    return pa.Table.from_arrays(columns, schema=MEETINGS)
