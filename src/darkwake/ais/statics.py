"""Identity and voyage: types 5 and 24, and the long names of type 21. Source: ITU-R M.1371-5, annex 8."""

from __future__ import annotations

from darkwake.ais.columns import (
    end_text,
    get_offset,
    put_f32,
    put_offset,
    text_end,
)
from darkwake.ais.layout import (
    AIS_VERSION,
    CALLSIGN,
    DATA,
    DESTINATION,
    DRAUGHT,
    DTE,
    EPFD,
    ETA,
    IMO,
    MOTHERSHIP,
    NAME,
    PART,
    SHIP_TYPE,
    VENDOR,
    VENDOR_MODEL,
    VENDOR_SERIAL,
)  # fmt: skip
from darkwake.ais.values import read8, read16, read32, read_dimensions, read_flag, read_text
from darkwake.ais.words import get, kernel_of_scalars, store8, take_bits


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
def read_voyage(out: int, r: int, at: int, bits: int) -> None:
    """Type 5."""
    read8(out, AIS_VERSION, r, at, bits, 38, 2)
    read32(out, IMO, r, at, bits, 40, 30, 0)
    read_text(out, CALLSIGN, r, at, bits, 70, 7)
    read_text(out, NAME, r, at, bits, 112, 20)
    read16(out, SHIP_TYPE, r, at, bits, 232, 8, -1)
    read_dimensions(out, r, at, bits, 240)
    read8(out, EPFD, r, at, bits, 270, 4)
    _eta(out, r, at, bits)
    if bits >= 302:
        draught = take_bits(at, 294, 8)
        if draught != 0:
            put_f32(out, DRAUGHT, r, draught * 0.1)
    read_text(out, DESTINATION, r, at, bits, 302, 20)
    read_flag(out, DTE, r, at, bits, 422)


@kernel_of_scalars
def read_longer_name(out: int, r: int, at: int, more: int) -> None:
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
def read_static(out: int, r: int, at: int, bits: int) -> None:
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
        read_text(out, NAME, r, at, bits, 40, 20)
        return
    read16(out, SHIP_TYPE, r, at, bits, 40, 8, -1)
    read_text(out, VENDOR, r, at, bits, 48, 3)
    read8(out, VENDOR_MODEL, r, at, bits, 66, 4)
    read32(out, VENDOR_SERIAL, r, at, bits, 70, 20, -1)
    read_text(out, CALLSIGN, r, at, bits, 90, 7)
    if take_bits(at, 8, 30) // 10_000_000 == 98:
        read32(out, MOTHERSHIP, r, at, bits, 132, 30, 0)
    else:
        read_dimensions(out, r, at, bits, 132)
    read8(out, EPFD, r, at, bits, 162, 4)
