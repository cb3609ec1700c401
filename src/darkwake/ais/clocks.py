"""Time for reports whose feed gives none: the clocks of base stations (type 4), as far as they can be believed.

One clock per receiving station, or one for the whole stream where it names none. A base station's word is taken only
if it agrees within a minute with the clock accepted before, or with the last word of *another* base station: one
wrong clock alone sets nothing. If a base station that was believed now says something else, the stream jumped (a hole
in the log): the clock is suspended until another base station confirms, or the same one goes on from there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from darkwake.ais.evidence import SECOND_US
from darkwake.ais.fields import FNV_OFFSET, FNV_PRIME, base_station_utc
from darkwake.ais.layout import (
    BASIS_BASE_STATION,
    BASIS_NONE,
    CHECKSUM_OK,
    MMSI,
    NONE,
    ROWS,
    SECOND,
    STATION,
    TIME,
    TYPE,
    UNCERTAINTY,
    V_F32,
    V_FLAGS,
    V_I8,
    V_TIME,
    Out,
)
from darkwake.jit import kernel

AGREE_US = 60 * SECOND_US
STALE = 500  # messages of a station after its last accepted type 4; then its clock says nothing any more
WITH_SECOND_S, WITHOUT_SECOND_S = 10.0, 30.0

KEY, CLOCK, BELIEVED, BELIEVED_TOO, WORD, WORD_OF, AGE = range(7)
STATIONS = 4096  # a power of two; stations beyond it get no clock


def new_clocks() -> Any:
    """The table before the first byte of a source: one row per receiving station."""
    clocks = np.full((STATIONS, 7), NONE, np.int64)
    clocks[:, KEY] = 0
    return clocks


@kernel
def _find(out: Out, clocks: Any, r: int) -> int:
    """Row of the clock of the station that received message `r`, made if need be; −1 if the table is full."""
    key = FNV_OFFSET
    for k in range(out.text_at[STATION, r], out.text_at[STATION, r + 1]):
        key = (key ^ np.uint64(out.text[STATION, k])) * FNV_PRIME
    wanted = np.int64(key | np.uint64(1))
    place = np.int64((key >> np.uint64(20)) & np.uint64(STATIONS - 1))
    for _ in range(64):
        if clocks[place, KEY] == wanted:
            return place
        if clocks[place, KEY] == 0:
            clocks[place, KEY] = wanted
            return place
        place = (place + 1) & (STATIONS - 1)
    return -1


@kernel
def _hear(clocks: Any, c: int, mmsi: int, utc: int) -> None:
    """Take in what base station `mmsi` says."""
    clock = clocks[c, CLOCK]
    word, speaker = clocks[c, WORD], clocks[c, WORD_OF]
    trusted = mmsi in (clocks[c, BELIEVED], clocks[c, BELIEVED_TOO])
    near_clock = clock != NONE and abs(utc - clock) <= AGREE_US
    near_word = word != NONE and abs(utc - word) <= AGREE_US and (speaker != mmsi or (clock == NONE and trusted))
    if near_clock or near_word:
        clocks[c, CLOCK], clocks[c, AGE] = utc, 0
        if near_word and not near_clock and speaker != mmsi:
            clocks[c, BELIEVED_TOO] = speaker
            clocks[c, BELIEVED] = mmsi
        elif clocks[c, BELIEVED] != mmsi:
            clocks[c, BELIEVED_TOO] = clocks[c, BELIEVED]
            clocks[c, BELIEVED] = mmsi
        return
    if trusted:
        clocks[c, CLOCK] = NONE
    clocks[c, WORD], clocks[c, WORD_OF] = utc, mmsi


@kernel
def set_clocks(out: Out, clocks: Any) -> None:
    """Give rows without a time the time of their station's clock, if it has one."""
    for r in range(out.m[ROWS]):
        is_base = out.i8[TYPE, r] == 4
        if not is_base and out.basis[r] != BASIS_NONE:
            continue
        c = _find(out, clocks, r)
        if c < 0:
            continue
        byte, bit = r >> 3, 1 << (r & 7)
        broken = out.valid[V_FLAGS + CHECKSUM_OK, byte] & bit != 0 and out.flags[CHECKSUM_OK, byte] & bit == 0
        if clocks[c, CLOCK] != NONE:
            clocks[c, AGE] += 1
        utc = NONE
        if is_base and not broken:
            utc = base_station_utc(out, r)
            if utc != NONE:
                _hear(clocks, c, np.int64(out.i32[MMSI, r]), utc)
        clock = clocks[c, CLOCK]
        if out.basis[r] != BASIS_NONE or clock == NONE or clocks[c, AGE] > STALE:
            continue
        time, uncertainty = clock, WITHOUT_SECOND_S
        if utc != NONE:
            if utc != clock:
                continue  # this base station is not believed
            uncertainty = WITH_SECOND_S
        elif out.valid[V_I8 + SECOND, byte] & bit != 0:
            minute = clock - clock % (60 * SECOND_US)
            time = minute + np.int64(out.i8[SECOND, r]) * SECOND_US
            if time - clock > 30 * SECOND_US:
                time -= 60 * SECOND_US
            elif clock - time > 30 * SECOND_US:
                time += 60 * SECOND_US
            uncertainty = WITH_SECOND_S
        out.i64[TIME, r], out.f32[UNCERTAINTY, r], out.basis[r] = time, uncertainty, BASIS_BASE_STATION
        out.valid[V_TIME, byte] |= bit
        out.valid[V_F32 + UNCERTAINTY, byte] |= bit
