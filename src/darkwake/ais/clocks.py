"""Time for reports whose feed gives none: the clocks of base stations (type 4), as far as they can be believed.

One clock per receiving station, or one for the whole stream where it names none. A base station's word is taken only
if it agrees within a minute with the clock accepted before, or with the last word of *another* base station: one
wrong clock alone sets nothing. If a base station that was believed now says something else, the stream jumped (a hole
in the log): the clock is suspended until another base station confirms, or the same one goes on from there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from darkwake.ais.columns import get8, get_bit, get_offset, is_valid, put8, put64, put_f32, set_valid
from darkwake.ais.evidence import SECOND_US
from darkwake.ais.fields import FNV_OFFSET, FNV_PRIME, base_station_utc, row_bits, row_start
from darkwake.ais.layout import (
    BASIS_BASE_STATION,
    BASIS_NONE,
    CHECKSUM_OK,
    DATA,
    NONE,
    ROWS,
    SECOND,
    STATION,
    TIME,
    TIME_BASIS,
    TYPE,
    UNCERTAINTY,
)
from darkwake.ais.words import byte, get, kernel_of_scalars, put, signed, take_bits

AGREE_US = 60 * SECOND_US
STALE = 500  # messages of a station after its last accepted type 4; then its clock says nothing any more
CLOSE_S, LOOSE_S = 10.0, 30.0  # with a second of its own and a named station (they send every 10 s), or else

# Words of a clock.
KEY, CLOCK, BELIEVED, BELIEVED_TOO, WORD, WORD_OF, AGE = range(7)
CLOCK_WORDS = 8
STATIONS = 4096  # a power of two; stations beyond it get no clock


def new_clocks() -> Any:
    """The table before the first byte of a source: one row per receiving station."""
    clocks = np.full((STATIONS, CLOCK_WORDS), NONE, np.int64)
    clocks[:, KEY] = 0
    return clocks


@kernel_of_scalars
def _find(out: int, clocks: int, r: int) -> int:
    """Address of the clock of the station that received message `r`, made if need be; 0 if there is no room."""
    key = FNV_OFFSET
    text = get(out, DATA + STATION)
    for k in range(get_offset(out, STATION, r), get_offset(out, STATION, r + 1)):
        key = (key ^ np.uint64(byte(text + k))) * FNV_PRIME
    wanted = signed(key | np.uint64(1))
    place = (wanted >> 20) & (STATIONS - 1)
    for _ in range(64):
        c = clocks + 8 * CLOCK_WORDS * place
        if get(c, KEY) == 0:
            put(c, KEY, wanted)
        if get(c, KEY) == wanted:
            return c
        place = (place + 1) & (STATIONS - 1)
    return 0


@kernel_of_scalars
def _hear(c: int, mmsi: int, utc: int) -> None:
    """Take in what base station `mmsi` says."""
    clock, word, speaker = get(c, CLOCK), get(c, WORD), get(c, WORD_OF)
    trusted = mmsi == get(c, BELIEVED) or mmsi == get(c, BELIEVED_TOO)
    near_clock = clock != NONE and abs(utc - clock) <= AGREE_US
    near_word = word != NONE and abs(utc - word) <= AGREE_US and (speaker != mmsi or (clock == NONE and trusted))
    if near_clock or near_word:
        put(c, CLOCK, utc)
        put(c, AGE, 0)
        if near_word and not near_clock and speaker != mmsi:
            put(c, BELIEVED_TOO, speaker)
            put(c, BELIEVED, mmsi)
        elif get(c, BELIEVED) != mmsi:
            put(c, BELIEVED_TOO, get(c, BELIEVED))
            put(c, BELIEVED, mmsi)
        return
    if trusted:
        put(c, CLOCK, NONE)
    put(c, WORD, utc)
    put(c, WORD_OF, mmsi)


@kernel_of_scalars
def _nearest(clock: int, second: int) -> int:
    """The instant nearest to `clock` that has this second of the minute."""
    time = clock - clock % (60 * SECOND_US) + second * SECOND_US
    if time - clock > 30 * SECOND_US:
        return time - 60 * SECOND_US
    if clock - time > 30 * SECOND_US:
        return time + 60 * SECOND_US
    return time


@kernel_of_scalars
def set_clocks(out: int, clocks: int) -> None:
    """Give rows without a time the time of their station's clock, if it has one."""
    for r in range(get(out, ROWS)):
        is_base, timeless = get8(out, TYPE, r) == 4, get8(out, TIME_BASIS, r) == BASIS_NONE
        if not is_base and not timeless:
            continue
        c = _find(out, clocks, r)
        if c == 0:
            continue
        if get(c, CLOCK) != NONE:
            put(c, AGE, get(c, AGE) + 1)
        at, utc = row_start(out, r), NONE
        broken = is_valid(out, CHECKSUM_OK, r) and not get_bit(out, CHECKSUM_OK, r)
        if is_base and not broken:
            utc = base_station_utc(at, row_bits(out, r))
            if utc != NONE:
                _hear(c, take_bits(at, 8, 30), utc)
        clock = get(c, CLOCK)
        if not timeless or clock == NONE or get(c, AGE) > STALE:
            continue
        time, uncertainty = clock, LOOSE_S
        named = get_offset(out, STATION, r + 1) > get_offset(out, STATION, r)
        if utc != NONE:
            if utc != clock:
                continue  # this base station is not believed
            uncertainty = CLOSE_S if named else LOOSE_S
        elif is_valid(out, SECOND, r):
            time = _nearest(clock, get8(out, SECOND, r))
            uncertainty = CLOSE_S if named else LOOSE_S
        put64(out, TIME, r, time)
        set_valid(out, TIME, r)
        put_f32(out, UNCERTAINTY, r, uncertainty)
        put8(out, TIME_BASIS, r, BASIS_BASE_STATION)
