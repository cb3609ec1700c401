"""Receptions become transmissions: what several stations heard of one sending is one row, and nothing is lost.

Receptions of one MMSI with the same payload bits within 30 s of the first are one transmission. The second of the
minute that a message carries must agree too: it says when the message was sent, so receptions that lie nearest to
different minutes are different sendings. The same payload later is a new transmission (a repeat or a replay).

The row that stands for a transmission is its earliest reception by (time, source hash, offset): names of files and
the order of imports have no say in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from darkwake.jit import kernel
from darkwake.times import MINUTE_US, SECOND_US
from darkwake.tracks.columns import Ints

#: Receptions of one payload so far apart or nearer are one transmission.
WINDOW_US = 30 * SECOND_US
NO_SECOND = -1
_LONG_TIE = 64


@dataclass(frozen=True, slots=True)
class Transmissions:
    """One entry per transmission, sorted by (mmsi, time, payload key)."""

    row: Ints  # the reception that stands for it: an index into the arrays given to `merge`
    receptions: npt.NDArray[np.int16]
    stations: pa.Array  # distinct station names, sorted, comma-separated; null where none is known


def merge(
    mmsi: Ints, time_us: Ints, payload_key: Ints, second: Ints, source: pa.Array, offset: Ints, station: pa.Array
) -> Transmissions:
    """Group receptions into transmissions. `second` is NO_SECOND where the message has none."""
    source_rank, _ = ranks(source)
    station_rank, names = ranks(station)
    order = _order(mmsi, time_us, payload_key, source_rank, offset)
    owner = _owners(mmsi[order], time_us[order], payload_key[order], second[order], WINDOW_US)
    first, count, codes, starts = _collect(owner, station_rank[order])
    lists = pa.ListArray.from_arrays(pa.array(starts), names.take(pa.array(codes)))
    joined = pc.binary_join(lists, ",")
    return Transmissions(
        order[first],
        np.minimum(count, np.iinfo(np.int16).max).astype(np.int16),
        pc.if_else(pc.equal(joined, ""), pa.scalar(None, pa.string()), joined),
    )


def ranks(values: pa.Array) -> tuple[Ints, pa.Array]:
    """Each string's place in the sorted list of distinct strings (-1 for null), and that list."""
    encoded = pc.dictionary_encode(values)
    order = pc.sort_indices(encoded.dictionary)
    rank = np.empty(len(order) + 1, np.int64)
    rank[-1] = -1
    rank[order.to_numpy()] = np.arange(len(order))
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    return rank[codes], encoded.dictionary.take(order)


def _order(mmsi: Ints, time_us: Ints, payload_key: Ints, source: Ints, offset: Ints) -> Ints:
    """Rows by (mmsi, time, payload key, source, offset)."""
    order: Ints = np.lexsort((time_us, mmsi))
    longest = _sort_ties(order, mmsi, time_us, payload_key, source, offset, _LONG_TIE)
    if longest > _LONG_TIE:  # thousands of rows with one time: the general way is the faster one there
        order = np.lexsort((offset, source, payload_key, time_us, mmsi))
    return order


@kernel
def _sort_ties(
    order: Ints, mmsi: Ints, time_us: Ints, payload: Ints, source: Ints, offset: Ints, limit: int
) -> int:  # pragma: no cover - compiled
    """Order rows of equal (mmsi, time) by (payload, source, offset) in place; stops where a tie exceeds `limit`."""
    n = len(order)
    longest = 1
    start = 0
    while start < n:
        end = start + 1
        a = order[start]
        while end < n and mmsi[order[end]] == mmsi[a] and time_us[order[end]] == time_us[a]:
            end += 1
        longest = max(longest, end - start)
        if longest > limit:
            return longest
        for i in range(start + 1, end):
            row = order[i]
            j = i - 1
            while j >= start:
                other = order[j]
                if payload[other] != payload[row]:
                    after = payload[other] > payload[row]
                elif source[other] != source[row]:
                    after = source[other] > source[row]
                else:
                    after = offset[other] > offset[row]
                if not after:
                    break
                order[j + 1] = other
                j -= 1
            order[j + 1] = row
        start = end
    return longest


@kernel
def _owners(
    mmsi: Ints, time_us: Ints, payload: Ints, second: Ints, window_us: int
) -> Ints:  # pragma: no cover - compiled
    """For each sorted reception the index of the reception that stands for its transmission.

    A hash table holds the latest transmission of each (mmsi, payload), so the work stays linear however many rows
    share a moment.
    """
    n = len(mmsi)
    size = 16
    while size < 2 * n:
        size *= 2
    mask = size - 1
    table = np.full(size, -1, np.int64)
    owner = np.empty(n, np.int64)
    for i in range(n):
        mixed = (payload[i] ^ (mmsi[i] * 0x9E3779B1)) * -7046029254386353131
        slot = (mixed ^ (mixed >> 31)) & mask
        while True:
            at = table[slot]
            if at < 0 or (payload[at] == payload[i] and mmsi[at] == mmsi[i]):
                break
            slot = (slot + 1) & mask
        same = at >= 0 and time_us[i] - time_us[at] <= window_us
        if same and second[i] >= 0:
            shift = MINUTE_US // 2 - second[i] * SECOND_US
            same = (time_us[i] + shift) // MINUTE_US == (time_us[at] + shift) // MINUTE_US
        if same:
            owner[i] = at
        else:
            owner[i] = i
            table[slot] = i
    return owner


@kernel
def _collect(owner: Ints, station: Ints) -> tuple[Ints, Ints, Ints, Any]:  # pragma: no cover - compiled
    """Per transmission: its row, how many receptions, and its distinct stations in order (flat, with offsets)."""
    n = len(owner)
    number = np.empty(n, np.int64)
    total = 0
    for i in range(n):
        if owner[i] == i:
            number[i] = total
            total += 1
        else:
            number[i] = number[owner[i]]
    first = np.empty(total, np.int64)
    count = np.zeros(total, np.int64)
    begin = np.zeros(total + 1, np.int64)
    for i in range(n):
        if owner[i] == i:
            first[number[i]] = i
        count[number[i]] += 1
        begin[number[i] + 1] += 1
    for k in range(total):
        begin[k + 1] += begin[k]
    held = np.zeros(total, np.int64)
    codes = np.empty(n, np.int64)
    for i in range(n):
        k = number[i]
        code = station[i]
        if code < 0:
            continue
        base = begin[k]
        j = base + held[k] - 1
        while j >= base and codes[j] > code:
            j -= 1
        if j >= base and codes[j] == code:
            continue
        for move in range(base + held[k] - 1, j, -1):
            codes[move + 1] = codes[move]
        codes[j + 1] = code
        held[k] += 1
    starts = np.zeros(total + 1, np.int32)
    filled = 0
    for k in range(total):
        for j in range(begin[k], begin[k] + held[k]):
            codes[filled] = codes[j]
            filled += 1
        starts[k + 1] = filled
    return first, count, codes[:filled], starts
