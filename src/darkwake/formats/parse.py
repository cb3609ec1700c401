"""Kernels over ranges of bytes: numbers, times, texts, and the keys of rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from darkwake.jit import kernel

OK, MISSING, BAD, NO_ZONE, EXACT = 0, 1, 2, 3, 4
YMD, DMY, MDY = 0, 1, 2
_COMMA, _DOT, _MINUS, _PLUS, _SPACE = 44, 46, 45, 43, 32

Bytes = NDArray[np.uint8]
Bounds = NDArray[np.int32]


@kernel
def numbers(
    buffer: Bytes,
    starts: Bounds,
    ends: Bounds,
    n: int,
    decimal: int,
    letters_first: int,
    out: NDArray[np.float64],
    state: Bytes,
) -> None:
    """Decimal numbers. `decimal` is the byte of the decimal sign; 0 takes a dot or a comma, whichever comes first.

    `letters_first` skips a word before the digits (IMO9307839). state: OK, MISSING, BAD; EXACT asks for a slower
    reading, since more than 15 digits do not come out right from one division: its range is narrowed to the number
    and its decimal sign made a dot.
    """
    powers = 10.0 ** np.arange(23)
    for r in range(n):
        i, e = starts[r], ends[r]
        while i < e and (buffer[i] == _SPACE or buffer[i] == 9):
            i += 1
        while e > i and (buffer[e - 1] == _SPACE or buffer[e - 1] == 9):
            e -= 1
        if letters_first == 1:
            while i < e and not (48 <= buffer[i] <= 57):
                i += 1
        out[r] = np.nan
        if i >= e:
            state[r] = MISSING
            continue
        negative = buffer[i] == _MINUS
        first = i + 1 if buffer[i] == _PLUS else i
        point = -1
        if negative or buffer[i] == _PLUS:
            i += 1
        mantissa = np.int64(0)
        digits, places, seen_point, good = 0, 0, False, False
        while i < e:
            c = buffer[i]
            if 48 <= c <= 57:
                good = True
                digits += 1 if (mantissa > 0 or c != 48) else 0
                if digits <= 18:
                    mantissa = mantissa * 10 + (c - 48)
                places += 1 if seen_point else 0
            elif not seen_point and (c == decimal or (decimal == 0 and c in (_DOT, _COMMA))):
                seen_point = True
                point = i
            else:
                break
            i += 1
        if i < e and good and (buffer[i] == 101 or buffer[i] == 69):  # an exponent
            i += 1
            minus = i < e and buffer[i] == _MINUS
            if i < e and (minus or buffer[i] == _PLUS):
                i += 1
            power, good = 0, False
            while i < e and 48 <= buffer[i] <= 57:
                power = min(power * 10 + (buffer[i] - 48), 9999)
                good = True
                i += 1
            places += power if minus else -power
        if not good or i < e:
            state[r] = BAD
            continue
        if digits > 15 or places > 22 or places < -22:
            state[r] = EXACT
            starts[r], ends[r] = first, e
            if point >= 0:
                buffer[point] = _DOT
            continue
        value = mantissa / powers[places] if places >= 0 else mantissa * powers[-places]
        out[r] = -value if negative else value
        state[r] = OK


@kernel
def times(
    buffer: Bytes, starts: Bounds, ends: Bounds, n: int, order: int, out: NDArray[np.int64], state: Bytes
) -> None:
    """Dates with a time of day to microseconds since 1970. state NO_ZONE: a wall clock that says no zone.

    Order YMD, DMY or MDY; any of - / . between the parts of a date; T or blanks before the time; seconds and their
    fraction may be missing; then AM/PM, Z, UTC, GMT or ±hh[:][mm]. A date alone is BAD: it is not an instant.
    """
    part = np.empty(6, np.int64)
    widths = np.empty(6, np.int64)
    for r in range(n):
        i, e = starts[r], ends[r]
        out[r] = 0
        while i < e and buffer[i] == _SPACE:
            i += 1
        while e > i and buffer[e - 1] == _SPACE:
            e -= 1
        if i >= e:
            state[r] = MISSING
            continue
        state[r] = BAD
        k = 0
        micros, scale = np.int64(0), np.int64(100_000)
        while k < 6 and i < e:
            value, width = np.int64(0), 0
            limit = 4 if (k == 0 and order == YMD) or (k == 2 and order != YMD) else 2
            while i < e and 48 <= buffer[i] <= 57 and width < limit:
                value = value * 10 + (buffer[i] - 48)
                width += 1
                i += 1
            if width == 0:
                break
            part[k], widths[k] = value, width
            k += 1
            if i >= e or k == 6:
                break
            c = buffer[i]
            if k < 3:
                if c in (_MINUS, 47, _DOT):
                    i += 1
                elif not (48 <= c <= 57):
                    break
            elif k == 3:
                if c in (84, 116, _COMMA, 58):  # T t , :
                    i += 1
                while i < e and buffer[i] == _SPACE:
                    i += 1
            elif c == 58:
                i += 1
            elif not (48 <= c <= 57):
                break
        if k < 5:
            continue
        if k == 5:
            part[5] = 0
        elif i < e and (buffer[i] == _DOT or buffer[i] == _COMMA):
            i += 1
            if i >= e or not (48 <= buffer[i] <= 57):
                continue
            while i < e and 48 <= buffer[i] <= 57:
                micros += (buffer[i] - 48) * scale
                scale //= 10
                i += 1
        year, month, day = part[0], part[1], part[2]
        width = widths[0]
        if order != YMD:
            year, width = part[2], widths[2]
            day, month = (part[0], part[1]) if order == DMY else (part[1], part[0])
        if width != 4 or month < 1 or month > 12 or day < 1:
            continue
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        longest = 30 if month in (4, 6, 9, 11) else 31
        if month == 2:
            longest = 29 if leap else 28
        hour = part[3]
        if day > longest or year < 1 or hour > 23 or part[4] > 59 or part[5] > 60:
            continue
        while i < e and buffer[i] == _SPACE:
            i += 1
        if i + 1 < e and (buffer[i] | 32 == 97 or buffer[i] | 32 == 112) and buffer[i + 1] | 32 == 109:
            if hour < 1 or hour > 12:
                continue
            hour = hour % 12 + (12 if buffer[i] | 32 == 112 else 0)
            i += 2
            while i < e and buffer[i] == _SPACE:
                i += 1
        offset, zoned = np.int64(0), False
        if i < e:
            c = buffer[i]
            utc = i + 3 == e and c == 85 and buffer[i + 1] == 84 and buffer[i + 2] == 67
            gmt = i + 3 == e and c == 71 and buffer[i + 1] == 77 and buffer[i + 2] == 84
            if utc or gmt or (i + 1 == e and c in (90, 122)):
                zoned = True
            elif c in (_PLUS, _MINUS):
                sign = -1 if c == _MINUS else 1
                i += 1
                digits, value, good = 0, np.int64(0), True
                while i < e:
                    if 48 <= buffer[i] <= 57:
                        value = value * 10 + (buffer[i] - 48)
                        digits += 1
                    elif not (buffer[i] == 58 and digits == 2):
                        good = False
                    i += 1
                if not good or digits not in (2, 4):
                    continue
                if digits == 2:
                    value *= 100
                if value // 100 > 18 or value % 100 > 59:
                    continue
                offset = sign * (value // 100 * 60 + value % 100)
                zoned = True
            else:
                continue
        y = year - 1 if month <= 2 else year  # days since 1970 from the civil date, counted in eras of 400 years
        era = y // 400
        yoe = y - era * 400
        doy = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
        days = era * 146097 + yoe * 365 + yoe // 4 - yoe // 100 + doy - 719468
        seconds = days * 86400 + hour * 3600 + (part[4] - offset) * 60 + part[5]
        out[r] = seconds * 1_000_000 + micros
        state[r] = OK if zoned else NO_ZONE


@kernel
def trimmed(buffer: Bytes, starts: Bounds, ends: Bounds, n: int, offsets: Bounds) -> bool:
    """Narrow each range to its text without blanks around it; fill the Arrow offsets. Returns whether all is ASCII."""
    total = 0
    ascii_only = True
    offsets[0] = 0
    for r in range(n):
        i, e = starts[r], ends[r]
        while i < e and buffer[i] <= _SPACE:
            i += 1
        while e > i and buffer[e - 1] <= _SPACE:
            e -= 1
        starts[r], ends[r] = i, e
        for k in range(i, e):
            ascii_only &= buffer[k] < 128
        total += e - i
        offsets[r + 1] = total
    return ascii_only


@kernel
def gather(buffer: Bytes, starts: Bounds, ends: Bounds, n: int, out: Bytes) -> None:
    """Copy the ranges one after the other."""
    at = 0
    for r in range(n):
        for k in range(starts[r], ends[r]):
            out[at] = buffer[k]
            at += 1


@kernel
def joined(
    buffer: Bytes,
    starts: Bounds,
    ends: Bounds,
    n: int,
    other_starts: Bounds,
    other_ends: Bounds,
    out: Bytes,
    out_starts: Bounds,
    out_ends: Bounds,
) -> None:
    """Two columns as one, with a blank between."""
    at = 0
    for r in range(n):
        out_starts[r] = at
        for k in range(starts[r], ends[r]):
            out[at] = buffer[k]
            at += 1
        out[at] = _SPACE
        at += 1
        for k in range(other_starts[r], other_ends[r]):
            out[at] = buffer[k]
            at += 1
        out_ends[r] = at


@kernel
def fold_numbers(keys: NDArray[np.uint64], tag: int, values: NDArray[np.float64], state: Bytes, scale: float) -> None:
    """FNV-1a, 64 bits: fold `tag` and round(value × scale) as 8 bytes into each key; an absent value folds nothing."""
    prime = np.uint64(1099511628211)
    for r in range(keys.size):
        if state[r] != OK:
            continue
        key = (keys[r] ^ np.uint64(tag)) * prime
        number = np.uint64(np.int64(np.rint(values[r] * scale)))
        for _ in range(8):
            key = (key ^ (number & np.uint64(255))) * prime
            number >>= np.uint64(8)
        keys[r] = key


@kernel
def fold_texts(keys: NDArray[np.uint64], tag: int, buffer: Bytes, starts: Bounds, ends: Bounds) -> None:
    """FNV-1a, 64 bits: fold `tag` and the bytes of each text into its key; an empty text folds nothing."""
    prime = np.uint64(1099511628211)
    for r in range(keys.size):
        if ends[r] <= starts[r]:
            continue
        key = (keys[r] ^ np.uint64(tag)) * prime
        for k in range(starts[r], ends[r]):
            key = (key ^ np.uint64(buffer[k])) * prime
        keys[r] = key
