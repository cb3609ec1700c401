"""Counting receptions of one transmission while reading (the track build merges them; an import only counts)."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from darkwake import times
from darkwake.jit import kernel

#: Receptions of one payload this close in time are one transmission (semantics: one transmission, many receptions).
SAME_TRANSMISSION_S = 30.0
_MOST_SETS = 1 << 20
_LEAST_SETS = 1 << 10
_WAYS = 4


class ReceptionCounter:
    """Counts rows whose payload was received less than 30 s before. Memory is bounded; rows without time never count.

    `rows`: about how many will come, so that a small source needs little memory.
    """

    def __init__(self, rows: int = _MOST_SETS) -> None:
        sets = min(max(1 << rows.bit_length(), _LEAST_SETS), _MOST_SETS)
        self._keys = np.zeros(sets * _WAYS, dtype=np.int64)
        self._times = np.full(sets * _WAYS, np.iinfo(np.int64).min, dtype=np.int64)

    def count(self, messages: pa.Table) -> int:
        """`messages` has `payload_key` and `time`."""
        time = messages["time"].cast(pa.int64())
        keys = messages["payload_key"].fill_null(0).to_numpy(zero_copy_only=False)
        known = time.is_valid().to_numpy(zero_copy_only=False)
        instants = time.fill_null(0).to_numpy(zero_copy_only=False)
        window = int(SAME_TRANSMISSION_S * times.SECOND_US)
        return int(_count(keys, instants, known, self._keys, self._times, window))


@kernel
def _count(
    keys: np.ndarray,
    instants: np.ndarray,
    known: np.ndarray,
    slot_keys: np.ndarray,
    slot_times: np.ndarray,
    window: int,
) -> int:
    sets = len(slot_keys) // _WAYS
    found = 0
    for i in range(len(keys)):
        if not known[i]:
            continue
        key, instant = keys[i], instants[i]
        base = ((np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(40)) % np.uint64(sets)
        start = int(base) * _WAYS
        oldest = start
        hit = -1
        for slot in range(start, start + _WAYS):
            if slot_keys[slot] == key and slot_times[slot] != np.iinfo(np.int64).min:
                hit = slot
                break
            if slot_times[slot] < slot_times[oldest]:
                oldest = slot
        if hit >= 0:
            if abs(instant - slot_times[hit]) <= window:
                found += 1
            else:
                slot_times[hit] = instant
        else:
            slot_keys[oldest] = key
            slot_times[oldest] = instant
    return found
