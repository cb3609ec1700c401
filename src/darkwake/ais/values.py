"""Reading one field of a message into a column, as null where it is beyond the end or "not available".

`at` is the address where a message begins, `bits` its length, `r` its row, `start` the field's first bit.
"""

from __future__ import annotations

from darkwake.ais.columns import (
    count,
    end_text,
    put8,
    put16,
    put32,
    put_bit,
    put_f64,
    set_valid,
    text_end,
)
from darkwake.ais.layout import (
    DATA,
    LAT,
    LON,
    NO_POSITION,
    SECOND,
    TO_BOW,
    TO_PORT,
    TO_STARBOARD,
    TO_STERN,
)  # fmt: skip
from darkwake.ais.words import get, kernel_of_scalars, store8, take_bits, take_signed


@kernel_of_scalars
def read8(out: int, column: int, r: int, at: int, bits: int, start: int, length: int) -> None:
    if start + length <= bits:
        put8(out, column, r, take_bits(at, start, length))
        set_valid(out, column, r)


@kernel_of_scalars
def read16(out: int, column: int, r: int, at: int, bits: int, start: int, length: int, missing: int) -> None:
    if start + length <= bits:
        value = take_bits(at, start, length)
        if value != missing:
            put16(out, column, r, value)
            set_valid(out, column, r)


@kernel_of_scalars
def read32(out: int, column: int, r: int, at: int, bits: int, start: int, length: int, missing: int) -> None:
    if start + length <= bits:
        value = take_bits(at, start, length)
        if value != missing:
            put32(out, column, r, value)
            set_valid(out, column, r)


@kernel_of_scalars
def read_flag(out: int, column: int, r: int, at: int, bits: int, start: int) -> None:
    if start < bits:
        put_bit(out, column, r, take_bits(at, start, 1))


@kernel_of_scalars
def read_second(out: int, r: int, at: int, bits: int, start: int) -> None:
    if start + 6 <= bits:
        value = take_bits(at, start, 6)
        if value < 60:
            put8(out, SECOND, r, value)
            set_valid(out, SECOND, r)


@kernel_of_scalars
def read_position(out: int, r: int, at: int, bits: int, start: int) -> None:
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
def read_text(out: int, column: int, r: int, at: int, bits: int, start: int, characters: int) -> None:
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
def read_dimensions(out: int, r: int, at: int, bits: int, start: int) -> None:
    """Bow and stern (9 bits), port and starboard (6); all zero is "not available"."""
    if start + 30 > bits or take_bits(at, start, 30) == 0:
        return
    read16(out, TO_BOW, r, at, bits, start, 9, -1)
    read16(out, TO_STERN, r, at, bits, start + 9, 9, -1)
    read16(out, TO_PORT, r, at, bits, start + 18, 6, -1)
    read16(out, TO_STARBOARD, r, at, bits, start + 24, 6, -1)
