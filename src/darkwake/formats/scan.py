"""Kernels over bytes: rows and fields of delimited text, numbers, times, texts, keys.

A field is a range [start, end) of a byte buffer; nothing is copied before it is parsed. Each kernel has one
signature (uint8 buffer, int32 ranges, int64 scalars), so that it is compiled once.
"""

from __future__ import annotations

import numpy as np

from darkwake.jit import kernel

MAX_ROW = 1 << 20  # a longer record is rejected, whatever its quotes say: memory stays bounded
MAX_QUOTED_LINES = 16  # an unclosed quote must not swallow a file

WRONG_FIELD_COUNT, UNCLOSED_QUOTE = 1, 2

OK, MISSING, BAD, NO_ZONE, EXACT = 0, 1, 2, 3, 4
YMD, DMY, MDY = 0, 1, 2
_COMMA, _DOT, _MINUS, _PLUS, _SPACE, _CR = 44, 46, 45, 43, 32, 13


@kernel
def rows_and_fields(  # type: ignore[no-untyped-def]
    buffer, n, final, delimiter, quote, newline, columns, slot, starts, ends, row_start, row_end, bad, counts
):
    """Split buffer[:n] into rows of `columns` fields, keeping those fields that have a slot.

    `slot[c]` is the index of column c in `starts`/`ends` or −1. Rejected lines go to `bad` (start, end, reason).
    counts = [rows, rejected, bytes consumed]. An incomplete last row is left unless `final`. Doubled quotes are
    undone in place, so a field is always a plain range.
    """
    rows, rejected = 0, 0
    i = 0
    while i < n:
        row = i
        if buffer[i] == newline or (buffer[i] == _CR and i + 1 < n and buffer[i + 1] == newline):
            i += 1
            continue
        field = 0
        lines = 0
        first_newline = -1
        escaped = False
        unclosed = False
        complete = False
        content_end = i
        while True:
            if i < n and buffer[i] == quote:
                i += 1
                start = i
                closed = False
                while i < n:
                    c = buffer[i]
                    if c == quote:
                        if i + 1 < n and buffer[i + 1] == quote:
                            escaped = True
                            i += 2
                            continue
                        closed = True
                        break
                    if c == newline:
                        lines += 1
                        if first_newline < 0:
                            first_newline = i
                        if lines > MAX_QUOTED_LINES:
                            break
                    i += 1
                if not closed:
                    unclosed = True
                    break
                end = i
                i += 1
                while i < n and buffer[i] != delimiter and buffer[i] != newline:
                    i += 1
            else:
                start = i
                while i < n and buffer[i] != delimiter and buffer[i] != newline:
                    i += 1
                end = i
                if (i == n or buffer[i] == newline) and end > start and buffer[end - 1] == _CR:
                    end -= 1
            if field < columns and slot[field] >= 0:
                starts[slot[field], rows] = start
                ends[slot[field], rows] = end
            field += 1
            if i >= n:
                complete = final == 1
                content_end = n
                break
            if buffer[i] == newline:
                complete = True
                content_end = i
                break
            i += 1
        if unclosed or not complete:
            too_long = n - row >= MAX_ROW and first_newline >= 0
            if not (final == 1 or lines > MAX_QUOTED_LINES or too_long):
                counts[0], counts[1], counts[2] = rows, rejected, row
                return
            content_end = first_newline if first_newline >= 0 else n
            bad[rejected, 0], bad[rejected, 1], bad[rejected, 2] = row, content_end, UNCLOSED_QUOTE
            rejected += 1
            i = content_end + 1
            continue
        if field != columns:
            # a line break inside quotes and then a wrong count: the quote was a slip, so only its own line is lost
            if first_newline >= 0:
                content_end = first_newline
            bad[rejected, 0], bad[rejected, 1] = row, content_end
            bad[rejected, 2] = UNCLOSED_QUOTE if first_newline >= 0 else WRONG_FIELD_COUNT
            rejected += 1
            i = content_end + 1
            continue
        if escaped:
            for s in range(starts.shape[0]):
                to = starts[s, rows]
                at = to
                if at > 0 and buffer[at - 1] == quote:
                    while at < ends[s, rows]:
                        if buffer[at] == quote and at + 1 < ends[s, rows] and buffer[at + 1] == quote:
                            at += 1
                        buffer[to] = buffer[at]
                        to += 1
                        at += 1
                    ends[s, rows] = to
        if content_end > row and buffer[content_end - 1] == _CR:
            content_end -= 1
        row_start[rows] = row
        row_end[rows] = content_end
        rows += 1
        i = max(i, content_end) + 1
    counts[0], counts[1], counts[2] = rows, rejected, min(i, n)


@kernel
def numbers(buffer, starts, ends, n, decimal, letters_first, out, state):  # type: ignore[no-untyped-def]
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
            elif not seen_point and (c == decimal or (decimal == 0 and (c == _DOT or c == _COMMA))):
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
def times(buffer, starts, ends, n, order, out, state):  # type: ignore[no-untyped-def]
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
                if c == _MINUS or c == 47 or c == _DOT:
                    i += 1
                elif not (48 <= c <= 57):
                    break
            elif k == 3:
                if c == 84 or c == 116 or c == _COMMA or c == 58:  # T t , :
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
            if (c == 90 or c == 122) and i + 1 == e:
                zoned = True
            elif i + 3 == e and (
                (buffer[i] == 85 and buffer[i + 1] == 84 and buffer[i + 2] == 67)
                or (buffer[i] == 71 and buffer[i + 1] == 77 and buffer[i + 2] == 84)
            ):
                zoned = True
            elif c == _PLUS or c == _MINUS:
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
                if not good or (digits != 2 and digits != 4):
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
def trimmed(buffer, starts, ends, n, offsets):  # type: ignore[no-untyped-def]
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
def gather(buffer, starts, ends, n, out):  # type: ignore[no-untyped-def]
    """Copy the ranges one after the other."""
    at = 0
    for r in range(n):
        for k in range(starts[r], ends[r]):
            out[at] = buffer[k]
            at += 1


@kernel
def joined(buffer, starts, ends, n, other_starts, other_ends, out, out_starts, out_ends):  # type: ignore[no-untyped-def]
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
def fold_numbers(keys, tag, values, state, scale):  # type: ignore[no-untyped-def]
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
def fold_texts(keys, tag, buffer, starts, ends):  # type: ignore[no-untyped-def]
    """FNV-1a, 64 bits: fold `tag` and the bytes of each text into its key; an empty text folds nothing."""
    prime = np.uint64(1099511628211)
    for r in range(keys.size):
        if ends[r] <= starts[r]:
            continue
        key = (keys[r] ^ np.uint64(tag)) * prime
        for k in range(starts[r], ends[r]):
            key = (key ^ np.uint64(buffer[k])) * prime
        keys[r] = key
