"""The fields of each message type, from packed bits to columns. Source: ITU-R M.1371-5, annex 8.

A field that lies beyond the end of the message, or holds its "not available" value, stays null. Bit positions count
from 0. `at` is the address where a message begins, `bits` its length, `r` its row.
"""

from __future__ import annotations

import numpy as np

from darkwake.ais.columns import (
    count,
    get8,
    get_offset,
    put8,
    put16,
    put64,
    put_f32,
    put_f64,
    set_valid,
)
from darkwake.ais.evidence import civil_us
from darkwake.ais.layout import (
    ACCURATE,
    AID_STATUS,
    AID_TYPE,
    ALTITUDE,
    ASSIGNED,
    BAROMETRIC,
    BIT_COUNT,
    CLASS_B_FLAGS,
    COG,
    DATA,
    DTE,
    EPFD,
    HEADING,
    KEY,
    LAT,
    LATENCY,
    LON,
    MANEUVER,
    NAME,
    NAV_STATUS,
    NO_COG,
    NO_HEADING,
    NO_POSITION,
    NO_ROT,
    NO_SOG,
    NONE,
    OFF_POSITION,
    OVERLONG,
    PAYLOAD,
    RADIO,
    RAIM,
    ROT,
    ROT_RAW,
    ROWS,
    SHIP_TYPE,
    SOG,
    TYPE,
    UTC,
    VIRTUAL,
)  # fmt: skip
from darkwake.ais.statics import read_longer_name, read_static, read_voyage
from darkwake.ais.values import read8, read16, read32, read_dimensions, read_flag, read_position, read_second, read_text
from darkwake.ais.words import byte, get, kernel_of_scalars, load_word, signed, take_bits, take_signed

FNV_OFFSET, FNV_PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)


@kernel_of_scalars
def _speed(out: int, r: int, at: int, bits: int, start: int, length: int, step: float) -> None:
    """Speed over ground; all ones is "not available", one less is "this or more" and stays."""
    if start + length <= bits:
        value = take_bits(at, start, length)
        if value == (1 << length) - 1:
            count(out, NO_SOG)
        else:
            put_f32(out, SOG, r, value * step)


@kernel_of_scalars
def _course(out: int, r: int, at: int, bits: int, start: int) -> None:
    if start + 12 <= bits:
        value = take_bits(at, start, 12)
        if value == 3600:
            count(out, NO_COG)
        else:
            put_f32(out, COG, r, value * 0.1)


@kernel_of_scalars
def _heading(out: int, r: int, at: int, bits: int, start: int) -> None:
    if start + 9 <= bits:
        value = take_bits(at, start, 9)
        if value == 511:
            count(out, NO_HEADING)
        else:
            put16(out, HEADING, r, value)
            set_valid(out, HEADING, r)


@kernel_of_scalars
def _class_a(out: int, r: int, at: int, bits: int) -> None:
    """Types 1, 2, 3."""
    read8(out, NAV_STATUS, r, at, bits, 38, 4)
    if bits >= 50:
        raw = take_signed(at, 42, 8)
        put16(out, ROT_RAW, r, raw)
        set_valid(out, ROT_RAW, r)
        if -127 < raw < 127:
            turn = (raw / 4.733) * (raw / 4.733)
            put_f32(out, ROT, r, turn if raw >= 0 else -turn)
        elif raw == -128:
            count(out, NO_ROT)
    _speed(out, r, at, bits, 50, 10, 0.1)
    read_flag(out, ACCURATE, r, at, bits, 60)
    read_position(out, r, at, bits, 61)
    _course(out, r, at, bits, 116)
    _heading(out, r, at, bits, 128)
    read_second(out, r, at, bits, 137)
    if bits >= 145:
        maneuver = take_bits(at, 143, 2)
        if maneuver != 0:
            put8(out, MANEUVER, r, maneuver)
            set_valid(out, MANEUVER, r)
    read_flag(out, RAIM, r, at, bits, 148)
    read32(out, RADIO, r, at, bits, 149, 19, -1)


@kernel_of_scalars
def base_station_utc(at: int, bits: int) -> int:
    """The time that a type 4 or 11 says of itself (µs), or NONE."""
    if bits < 78:
        return NONE
    year, month = take_bits(at, 38, 14), take_bits(at, 52, 4)
    day, hour = take_bits(at, 56, 5), take_bits(at, 61, 5)
    minute, second = take_bits(at, 66, 6), take_bits(at, 72, 6)
    return civil_us(year, month, day, hour, minute, second) if second < 60 else NONE


@kernel_of_scalars
def _base_station(out: int, r: int, at: int, bits: int) -> None:
    """Types 4, 11."""
    utc = base_station_utc(at, bits)
    if utc != NONE:
        put64(out, UTC, r, utc)
        set_valid(out, UTC, r)
    read_flag(out, ACCURATE, r, at, bits, 78)
    read_position(out, r, at, bits, 79)
    read8(out, EPFD, r, at, bits, 134, 4)
    read_flag(out, RAIM, r, at, bits, 148)
    read32(out, RADIO, r, at, bits, 149, 19, -1)


@kernel_of_scalars
def _aircraft(out: int, r: int, at: int, bits: int) -> None:
    """Type 9: search-and-rescue aircraft; speed in whole knots."""
    read16(out, ALTITUDE, r, at, bits, 38, 12, 4095)
    _speed(out, r, at, bits, 50, 10, 1.0)
    read_flag(out, ACCURATE, r, at, bits, 60)
    read_position(out, r, at, bits, 61)
    _course(out, r, at, bits, 116)
    read_second(out, r, at, bits, 128)
    read_flag(out, BAROMETRIC, r, at, bits, 134)
    read_flag(out, DTE, r, at, bits, 142)
    read_flag(out, ASSIGNED, r, at, bits, 146)
    read_flag(out, RAIM, r, at, bits, 147)
    read32(out, RADIO, r, at, bits, 148, 20, -1)


@kernel_of_scalars
def _class_b(out: int, r: int, at: int, bits: int, extended: bool) -> None:
    """Types 18 and 19 (extended)."""
    _speed(out, r, at, bits, 46, 10, 0.1)
    read_flag(out, ACCURATE, r, at, bits, 56)
    read_position(out, r, at, bits, 57)
    _course(out, r, at, bits, 112)
    _heading(out, r, at, bits, 124)
    read_second(out, r, at, bits, 133)
    if extended:
        read_text(out, NAME, r, at, bits, 143, 20)
        read16(out, SHIP_TYPE, r, at, bits, 263, 8, -1)
        read_dimensions(out, r, at, bits, 271)
        read8(out, EPFD, r, at, bits, 301, 4)
        read_flag(out, RAIM, r, at, bits, 305)
        read_flag(out, DTE, r, at, bits, 306)
        read_flag(out, ASSIGNED, r, at, bits, 307)
    else:
        read8(out, CLASS_B_FLAGS, r, at, bits, 141, 6)
        read_flag(out, ASSIGNED, r, at, bits, 146)
        read_flag(out, RAIM, r, at, bits, 147)
        read32(out, RADIO, r, at, bits, 148, 20, -1)


@kernel_of_scalars
def _aid(out: int, r: int, at: int, bits: int) -> None:
    """Type 21. A name of 20 characters may go on behind the fixed part, by up to 14 more."""
    read8(out, AID_TYPE, r, at, bits, 38, 5)
    read_text(out, NAME, r, at, bits, 43, 20)
    more = min((bits - 272) // 6, 14)
    if more > 0:
        full = take_bits(at, 43, 6) != 0
        for n in range(1, 20):
            full = full and take_bits(at, 43 + 6 * n, 6) != 0
        if full:
            read_longer_name(out, r, at, more)
    read_flag(out, ACCURATE, r, at, bits, 163)
    read_position(out, r, at, bits, 164)
    read_dimensions(out, r, at, bits, 219)
    read8(out, EPFD, r, at, bits, 249, 4)
    read_second(out, r, at, bits, 253)
    read_flag(out, OFF_POSITION, r, at, bits, 259)
    read16(out, AID_STATUS, r, at, bits, 260, 8, -1)
    read_flag(out, RAIM, r, at, bits, 268)
    read_flag(out, VIRTUAL, r, at, bits, 269)
    read_flag(out, ASSIGNED, r, at, bits, 270)


@kernel_of_scalars
def _long_range(out: int, r: int, at: int, bits: int) -> None:
    """Type 27: 1/10 minute, whole knots, whole degrees."""
    read_flag(out, ACCURATE, r, at, bits, 38)
    read_flag(out, RAIM, r, at, bits, 39)
    read8(out, NAV_STATUS, r, at, bits, 40, 4)
    if bits >= 79:
        lon, lat = take_signed(at, 44, 18), take_signed(at, 62, 17)
        if lon != 181 * 600:
            put_f64(out, LON, r, lon / 600.0)
        if lat != 91 * 600:
            put_f64(out, LAT, r, lat / 600.0)
        if lon == 181 * 600 or lat == 91 * 600:
            count(out, NO_POSITION)
    _speed(out, r, at, bits, 79, 6, 1.0)
    if bits >= 94:
        course = take_bits(at, 85, 9)
        if course == 511:
            count(out, NO_COG)
        else:
            put_f32(out, COG, r, course)
    read_flag(out, LATENCY, r, at, bits, 94)


@kernel_of_scalars
def row_start(out: int, r: int) -> int:
    """Address of the bits of row `r`."""
    return get(out, DATA + PAYLOAD) + get_offset(out, PAYLOAD, r)


@kernel_of_scalars
def row_bits(out: int, r: int) -> int:
    """How many bits row `r` has."""
    return load_word(get(out, DATA + BIT_COUNT) + 2 * r) & 0x7FFF


@kernel_of_scalars
def read_fields(out: int) -> None:
    """Fill the columns of every message of the batch from its bits."""
    for r in range(get(out, ROWS)):
        at, bits, kind = row_start(out, r), row_bits(out, r), get8(out, TYPE, r)
        key = FNV_OFFSET
        for k in range((bits + 7) >> 3):
            key = (key ^ np.uint64(byte(at + k))) * FNV_PRIME
        key = (key ^ np.uint64(bits & 0xFF)) * FNV_PRIME
        key = (key ^ np.uint64(bits >> 8)) * FNV_PRIME
        put64(out, KEY, r, signed(key))
        longest = 1064
        if 1 <= kind <= 3:
            _class_a(out, r, at, bits)
            longest = 168
        elif kind == 18:
            _class_b(out, r, at, bits, False)
            longest = 168
        elif kind == 5:
            read_voyage(out, r, at, bits)
            longest = 426
        elif kind == 24:
            read_static(out, r, at, bits)
            longest = 168
        elif kind in (4, 11):
            _base_station(out, r, at, bits)
            longest = 168
        elif kind == 21:
            _aid(out, r, at, bits)
            longest = 360
        elif kind == 27:
            _long_range(out, r, at, bits)
            longest = 168
        elif kind == 19:
            _class_b(out, r, at, bits, True)
            longest = 312
        elif kind == 9:
            _aircraft(out, r, at, bits)
            longest = 168
        if bits > longest:
            count(out, OVERLONG)
