"""Writing one value of one row into a batch. `out` is the address of its table (see `layout.Out`)."""

from __future__ import annotations

from darkwake.ais.layout import DATA, OFFSETS, TEXT_ROW, VALID
from darkwake.ais.words import (
    byte,
    get,
    kernel_of_scalars,
    load_word,
    put,
    store8,
    store16,
    store32,
    store_f32,
    store_f64,
    store_word,
)


@kernel_of_scalars
def set_valid(out: int, column: int, r: int) -> None:
    """Mark the value of row `r` as not null."""
    place = get(out, VALID + column) + (r >> 3)
    store8(place, byte(place) | (1 << (r & 7)))


@kernel_of_scalars
def is_valid(out: int, column: int, r: int) -> bool:
    """Whether row `r` holds a value."""
    return (byte(get(out, VALID + column) + (r >> 3)) >> (r & 7)) & 1 != 0


@kernel_of_scalars
def put8(out: int, column: int, r: int, value: int) -> None:
    """Set a value of one byte."""
    store8(get(out, DATA + column) + r, value)


@kernel_of_scalars
def put16(out: int, column: int, r: int, value: int) -> None:
    """Set a value of two bytes."""
    store16(get(out, DATA + column) + 2 * r, value)


@kernel_of_scalars
def put32(out: int, column: int, r: int, value: int) -> None:
    """Set a value of four bytes."""
    store32(get(out, DATA + column) + 4 * r, value)


@kernel_of_scalars
def put64(out: int, column: int, r: int, value: int) -> None:
    """Set a value of eight bytes."""
    store_word(get(out, DATA + column) + 8 * r, value)


@kernel_of_scalars
def put_f32(out: int, column: int, r: int, value: float) -> None:
    """Set a single-precision value, and mark it valid."""
    store_f32(get(out, DATA + column) + 4 * r, value)
    set_valid(out, column, r)


@kernel_of_scalars
def put_f64(out: int, column: int, r: int, value: float) -> None:
    """Set a double-precision value, and mark it valid."""
    store_f64(get(out, DATA + column) + 8 * r, value)
    set_valid(out, column, r)


@kernel_of_scalars
def put_bit(out: int, column: int, r: int, value: int) -> None:
    """Set a boolean, and mark it valid."""
    place = get(out, DATA + column) + (r >> 3)
    store8(place, byte(place) | (value << (r & 7)))
    set_valid(out, column, r)


@kernel_of_scalars
def get_bit(out: int, column: int, r: int) -> bool:
    """A boolean of row `r`."""
    return (byte(get(out, DATA + column) + (r >> 3)) >> (r & 7)) & 1 != 0


@kernel_of_scalars
def get8(out: int, column: int, r: int) -> int:
    """A value of one byte."""
    return byte(get(out, DATA + column) + r)


@kernel_of_scalars
def get_offset(out: int, column: int, r: int) -> int:
    """Where row `r` begins in a column with offsets."""
    return load_word(get(out, OFFSETS + column) + 4 * r) & 0x7FFFFFFF


@kernel_of_scalars
def put_offset(out: int, column: int, r: int, value: int) -> None:
    """Say where row `r` begins in a column with offsets."""
    store32(get(out, OFFSETS + column) + 4 * r, value)


@kernel_of_scalars
def text_end(out: int, column: int) -> int:
    """How many bytes a text column holds so far."""
    return get_offset(out, column, get(out, TEXT_ROW + column))


@kernel_of_scalars
def end_text(out: int, column: int, r: int, end: int) -> None:
    """Close the text of row `r` at `end`; rows passed over since the last one get empty texts."""
    row = get(out, TEXT_ROW + column)
    begin = get_offset(out, column, row)
    while row < r:
        row += 1
        put_offset(out, column, row, begin)
    put_offset(out, column, r + 1, end)
    put(out, TEXT_ROW + column, r + 1)


@kernel_of_scalars
def count(out: int, word: int) -> None:
    """Add one to a counter of the batch."""
    put(out, word, get(out, word) + 1)
