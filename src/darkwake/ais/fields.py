"""The fields of each message type, from packed bits to columns. Source: ITU-R M.1371-5, annex 8.

A field that lies beyond the end of the message, or holds its "not available" value, stays null. Bit positions count
from 0. `at` is the address where a message begins, `bits` its length, `r` its row.
"""

from __future__ import annotations

import numpy as np

from darkwake.ais.columns import (
    count,
    end_text,
    get8,
    get_offset,
    put8,
    put16,
    put32,
    put64,
    put_bit,
    put_f32,
    put_f64,
    put_offset,
    set_valid,
    text_end,
)
from darkwake.ais.evidence import civil_us
from darkwake.ais.layout import (
    ACCURATE,
    AID_STATUS,
    AID_TYPE,
    AIS_VERSION,
    ALTITUDE,
    ASSIGNED,
    BAROMETRIC,
    BIT_COUNT,
    CALLSIGN,
    CLASS_B_FLAGS,
    COG,
    DATA,
    DESTINATION,
    DRAUGHT,
    DTE,
    EPFD,
    ETA,
    HEADING,
    IMO,
    KEY,
    LAT,
    LATENCY,
    LON,
    MANEUVER,
    MOTHERSHIP,
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
    PART,
    PAYLOAD,
    RADIO,
    RAIM,
    ROT,
    ROT_RAW,
    ROWS,
    SECOND,
    SHIP_TYPE,
    SOG,
    TO_BOW,
    TO_PORT,
    TO_STARBOARD,
    TO_STERN,
    TYPE,
    UTC,
    VENDOR,
    VENDOR_MODEL,
    VENDOR_SERIAL,
    VIRTUAL,
)  # fmt: skip
from darkwake.ais.words import byte, get, kernel_of_scalars, load_word, signed, store8, take_bits, take_signed

FNV_OFFSET, FNV_PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)


@kernel_of_scalars
def _i8(out: int, column: int, r: int, at: int, bits: int, start: int, length: int) -> None:
    if start + length <= bits:
        put8(out, column, r, take_bits(at, start, length))
        set_valid(out, column, r)


@kernel_of_scalars
def _i16(out: int, column: int, r: int, at: int, bits: int, start: int, length: int, missing: int) -> None:
    if start + length <= bits:
        value = take_bits(at, start, length)
        if value != missing:
            put16(out, column, r, value)
            set_valid(out, column, r)


@kernel_of_scalars
def _i32(out: int, column: int, r: int, at: int, bits: int, start: int, length: int, missing: int) -> None:
    if start + length <= bits:
        value = take_bits(at, start, length)
        if value != missing:
            put32(out, column, r, value)
            set_valid(out, column, r)


@kernel_of_scalars
def _flag(out: int, column: int, r: int, at: int, bits: int, start: int) -> None:
    if start < bits:
        put_bit(out, column, r, take_bits(at, start, 1))


@kernel_of_scalars
def _second(out: int, r: int, at: int, bits: int, start: int) -> None:
    if start + 6 <= bits:
        value = take_bits(at, start, 6)
        if value < 60:
            put8(out, SECOND, r, value)
            set_valid(out, SECOND, r)


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
def _position(out: int, r: int, at: int, bits: int, start: int) -> None:
    """Longitude (28 bits) and latitude (27), 1/10,000 minute."""
    if start + 55 > bits:
        return
    lon, lat = take_signed(at, start, 28), take_signed(at, start + 28, 27)
    if lon != 181 * 600_000:
        put_f64(out, LON, r, lon / 600_000.0)
    if lat != 91 * 600_000:
        put_f64(out, LAT, r, lat / 600_000.0)
    if lon == 181 * 600_000 or lat == 91 * 600_000:
        count(out, NO_POSITION)


@kernel_of_scalars
def _text(out: int, column: int, r: int, at: int, bits: int, start: int, characters: int) -> None:
    """Six-bit text. '@' ends it, trailing blanks go, an empty one is null.

    A text cut off within its last character keeps the others (short type 5); one cut off earlier is null.
    """
    if start + 6 * characters > bits:
        characters -= 1
        if start + 6 * characters > bits:
            return
    begin = text_end(out, column)
    text = get(out, DATA + column) + begin
    length = 0
    for n in range(characters):
        c = take_bits(at, start + 6 * n, 6)
        if c == 0:
            break
        store8(text + n, c + 64 if c < 32 else c)
        if c != 32:
            length = n + 1
    end_text(out, column, r, begin + length)


@kernel_of_scalars
def _dimensions(out: int, r: int, at: int, bits: int, start: int) -> None:
    """Bow and stern (9 bits), port and starboard (6); all zero is "not available"."""
    if start + 30 > bits or take_bits(at, start, 30) == 0:
        return
    _i16(out, TO_BOW, r, at, bits, start, 9, -1)
    _i16(out, TO_STERN, r, at, bits, start + 9, 9, -1)
    _i16(out, TO_PORT, r, at, bits, start + 18, 6, -1)
    _i16(out, TO_STARBOARD, r, at, bits, start + 24, 6, -1)


@kernel_of_scalars
def _class_a(out: int, r: int, at: int, bits: int) -> None:
    """Types 1, 2, 3."""
    _i8(out, NAV_STATUS, r, at, bits, 38, 4)
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
    _flag(out, ACCURATE, r, at, bits, 60)
    _position(out, r, at, bits, 61)
    _course(out, r, at, bits, 116)
    _heading(out, r, at, bits, 128)
    _second(out, r, at, bits, 137)
    if bits >= 145:
        maneuver = take_bits(at, 143, 2)
        if maneuver != 0:
            put8(out, MANEUVER, r, maneuver)
            set_valid(out, MANEUVER, r)
    _flag(out, RAIM, r, at, bits, 148)
    _i32(out, RADIO, r, at, bits, 149, 19, -1)


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
    _flag(out, ACCURATE, r, at, bits, 78)
    _position(out, r, at, bits, 79)
    _i8(out, EPFD, r, at, bits, 134, 4)
    _flag(out, RAIM, r, at, bits, 148)
    _i32(out, RADIO, r, at, bits, 149, 19, -1)


@kernel_of_scalars
def _two_digits(at: int, value: int, missing: bool, separator: int) -> int:
    """Write two digits, or `--`, and a separator."""
    store8(at, 45 if missing else 48 + value // 10)
    store8(at + 1, 45 if missing else 48 + value % 10)
    store8(at + 2, separator)
    return at + 3


@kernel_of_scalars
def _eta(out: int, r: int, at: int, bits: int) -> None:
    if bits < 294:
        return
    month, day = take_bits(at, 274, 4), take_bits(at, 278, 5)
    hour, minute = take_bits(at, 283, 5), take_bits(at, 288, 6)
    if month == 0 and day == 0 and hour == 24 and minute == 60:
        return
    begin = text_end(out, ETA)
    i = get(out, DATA + ETA) + begin
    i = _two_digits(i, month, month == 0, 45)
    i = _two_digits(i, day, day == 0, 84)
    i = _two_digits(i, hour, hour == 24, 58)
    _two_digits(i, minute, minute == 60, 0)
    end_text(out, ETA, r, begin + 11)


@kernel_of_scalars
def _voyage(out: int, r: int, at: int, bits: int) -> None:
    """Type 5."""
    _i8(out, AIS_VERSION, r, at, bits, 38, 2)
    _i32(out, IMO, r, at, bits, 40, 30, 0)
    _text(out, CALLSIGN, r, at, bits, 70, 7)
    _text(out, NAME, r, at, bits, 112, 20)
    _i16(out, SHIP_TYPE, r, at, bits, 232, 8, -1)
    _dimensions(out, r, at, bits, 240)
    _i8(out, EPFD, r, at, bits, 270, 4)
    _eta(out, r, at, bits)
    if bits >= 302:
        draught = take_bits(at, 294, 8)
        if draught != 0:
            put_f32(out, DRAUGHT, r, draught * 0.1)
    _text(out, DESTINATION, r, at, bits, 302, 20)
    _flag(out, DTE, r, at, bits, 422)


@kernel_of_scalars
def _aircraft(out: int, r: int, at: int, bits: int) -> None:
    """Type 9: search-and-rescue aircraft; speed in whole knots."""
    _i16(out, ALTITUDE, r, at, bits, 38, 12, 4095)
    _speed(out, r, at, bits, 50, 10, 1.0)
    _flag(out, ACCURATE, r, at, bits, 60)
    _position(out, r, at, bits, 61)
    _course(out, r, at, bits, 116)
    _second(out, r, at, bits, 128)
    _flag(out, BAROMETRIC, r, at, bits, 134)
    _flag(out, DTE, r, at, bits, 142)
    _flag(out, ASSIGNED, r, at, bits, 146)
    _flag(out, RAIM, r, at, bits, 147)
    _i32(out, RADIO, r, at, bits, 148, 20, -1)


@kernel_of_scalars
def _class_b(out: int, r: int, at: int, bits: int, extended: bool) -> None:
    """Types 18 and 19 (extended)."""
    _speed(out, r, at, bits, 46, 10, 0.1)
    _flag(out, ACCURATE, r, at, bits, 56)
    _position(out, r, at, bits, 57)
    _course(out, r, at, bits, 112)
    _heading(out, r, at, bits, 124)
    _second(out, r, at, bits, 133)
    if extended:
        _text(out, NAME, r, at, bits, 143, 20)
        _i16(out, SHIP_TYPE, r, at, bits, 263, 8, -1)
        _dimensions(out, r, at, bits, 271)
        _i8(out, EPFD, r, at, bits, 301, 4)
        _flag(out, RAIM, r, at, bits, 305)
        _flag(out, DTE, r, at, bits, 306)
        _flag(out, ASSIGNED, r, at, bits, 307)
    else:
        _i8(out, CLASS_B_FLAGS, r, at, bits, 141, 6)
        _flag(out, ASSIGNED, r, at, bits, 146)
        _flag(out, RAIM, r, at, bits, 147)
        _i32(out, RADIO, r, at, bits, 148, 20, -1)


@kernel_of_scalars
def _longer_name(out: int, r: int, at: int, more: int) -> None:
    """Write the 20 characters of a type 21 again, with the extension behind them."""
    begin = get_offset(out, NAME, r)
    text = get(out, DATA + NAME) + begin
    length = 0
    for n in range(20 + more):
        place = 43 + 6 * n if n < 20 else 272 + 6 * (n - 20)
        c = take_bits(at, place, 6)
        if c == 0:
            break
        store8(text + n, c + 64 if c < 32 else c)
        if c != 32:
            length = n + 1
    put_offset(out, NAME, r + 1, begin + length)


@kernel_of_scalars
def _aid(out: int, r: int, at: int, bits: int) -> None:
    """Type 21. A name of 20 characters may go on behind the fixed part, by up to 14 more."""
    _i8(out, AID_TYPE, r, at, bits, 38, 5)
    _text(out, NAME, r, at, bits, 43, 20)
    more = min((bits - 272) // 6, 14)
    if more > 0:
        full = take_bits(at, 43, 6) != 0
        for n in range(1, 20):
            full = full and take_bits(at, 43 + 6 * n, 6) != 0
        if full:
            _longer_name(out, r, at, more)
    _flag(out, ACCURATE, r, at, bits, 163)
    _position(out, r, at, bits, 164)
    _dimensions(out, r, at, bits, 219)
    _i8(out, EPFD, r, at, bits, 249, 4)
    _second(out, r, at, bits, 253)
    _flag(out, OFF_POSITION, r, at, bits, 259)
    _i16(out, AID_STATUS, r, at, bits, 260, 8, -1)
    _flag(out, RAIM, r, at, bits, 268)
    _flag(out, VIRTUAL, r, at, bits, 269)
    _flag(out, ASSIGNED, r, at, bits, 270)


@kernel_of_scalars
def _static(out: int, r: int, at: int, bits: int) -> None:
    """Type 24, parts A and B. An auxiliary craft (MMSI 98…) sends its mother ship in place of its dimensions."""
    if bits < 40:
        return
    part = take_bits(at, 38, 2)
    if part > 1:
        return
    end = text_end(out, PART)
    store8(get(out, DATA + PART) + end, 65 + part)
    end_text(out, PART, r, end + 1)
    if part == 0:
        _text(out, NAME, r, at, bits, 40, 20)
        return
    _i16(out, SHIP_TYPE, r, at, bits, 40, 8, -1)
    _text(out, VENDOR, r, at, bits, 48, 3)
    _i8(out, VENDOR_MODEL, r, at, bits, 66, 4)
    _i32(out, VENDOR_SERIAL, r, at, bits, 70, 20, -1)
    _text(out, CALLSIGN, r, at, bits, 90, 7)
    if take_bits(at, 8, 30) // 10_000_000 == 98:
        _i32(out, MOTHERSHIP, r, at, bits, 132, 30, 0)
    else:
        _dimensions(out, r, at, bits, 132)
    _i8(out, EPFD, r, at, bits, 162, 4)


@kernel_of_scalars
def _long_range(out: int, r: int, at: int, bits: int) -> None:
    """Type 27: 1/10 minute, whole knots, whole degrees."""
    _flag(out, ACCURATE, r, at, bits, 38)
    _flag(out, RAIM, r, at, bits, 39)
    _i8(out, NAV_STATUS, r, at, bits, 40, 4)
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
    _flag(out, LATENCY, r, at, bits, 94)


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
            _voyage(out, r, at, bits)
            longest = 426
        elif kind == 24:
            _static(out, r, at, bits)
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
