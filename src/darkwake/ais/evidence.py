"""What a line says about when and by whom it was received: tag blocks, log prefixes, Gatehouse lines, suffixes.

Sources: NMEA 0183 v4.10 (tag blocks: c time, s source, g group), IEC 61162-1 (checksum), the US Coast Guard's NAIS
suffixes, Gatehouse's `$PGHP` lines. An *evidence record* is one row of `ev` plus one row of station bytes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from darkwake.ais.layout import (
    BASIS_GATEHOUSE,
    BASIS_NONE,
    BASIS_TAG,
    MAX_STATION,
    N_BAD_TAG,
    N_BAD_TIME,
    NONE,
)
from darkwake.ais.words import xor_bytes
from darkwake.jit import kernel

# Fields of an evidence record.
TIME, UNCERTAINTY, BASIS, GROUP, GROUP_TOTAL, GROUP_NUMBER, STATION_LENGTH = range(7)
TIME_OFFSET, TIME_LENGTH, STATION_OFFSET, STATION_LENGTH_OF_LINE, STORED_AT = range(7, 12)
EV_WIDTH = 12

UNKNOWN = -1  # an uncertainty that is not known
SECOND_US = 1_000_000
FIRST_S = 631_152_000  # 1990-01-01: clocks before it are not set
LAST_S = 4_102_444_800  # 2100-01-01

_HASH, _COMMA, _STAR, _COLON, _DOT, _MINUS, _SLASH, _BACKSLASH, _BANG = (ord(c) for c in "#,*:.-/\\!")


@kernel
def clear(ev: Any, row: int) -> None:
    """Make an evidence record say nothing."""
    for field in range(EV_WIDTH):
        ev[row, field] = NONE
    ev[row, BASIS] = BASIS_NONE
    ev[row, STATION_LENGTH] = 0


@kernel
def set_station(buf: Any, start: int, end: int, ev: Any, sta: Any, row: int) -> None:
    """Keep a station's name; bytes that are not printable ASCII become '?'."""
    n = min(end - start, MAX_STATION)
    for k in range(n):
        c = buf[start + k]
        sta[row, k] = c if 32 < c < 127 else np.uint8(63)
    ev[row, STATION_LENGTH] = n


@kernel
def digits(buf: Any, start: int, end: int) -> tuple[int, int]:
    """Read decimal digits: (value, index behind them); value −1 if there are none or too many to be a number here."""
    i, value = start, 0
    while i < end and 48 <= buf[i] <= 57:
        if i - start < 18:
            value = value * 10 + np.int64(buf[i]) - 48
        i += 1
    if i == start or i - start > 18:
        value = -1
    return value, i


@kernel
def fraction(buf: Any, start: int, end: int) -> tuple[int, int, int]:
    """Read `.ddd…`: (microseconds, half of the last digit's worth in microseconds, index behind)."""
    if start + 1 >= end or buf[start] != _DOT or not 48 <= buf[start + 1] <= 57:
        return 0, SECOND_US // 2, start
    i, value, unit = start + 1, 0, SECOND_US
    while i < end and 48 <= buf[i] <= 57:
        if unit > 1:
            unit //= 10
            value += (np.int64(buf[i]) - 48) * unit
        i += 1
    return value, unit // 2, i


@kernel
def epoch(buf: Any, start: int, end: int) -> tuple[int, int, int]:
    """Read an epoch in s (with a fraction or not), ms or µs: (µs or NONE, uncertainty µs, index behind)."""
    value, i = digits(buf, start, end)
    if FIRST_S <= value < LAST_S:
        part, uncertainty, i = fraction(buf, i, end)
        return value * SECOND_US + part, uncertainty, i
    if FIRST_S * 1000 <= value < LAST_S * 1000:
        return value * 1000, 500, i
    if FIRST_S * SECOND_US <= value < LAST_S * SECOND_US:
        return value, 0, i
    return NONE, UNKNOWN, i


@kernel
def civil_us(year: int, month: int, day: int, hour: int, minute: int, second: int) -> int:
    """Microseconds since 1970 of a UTC date (proleptic Gregorian), NONE if it does not exist or is out of range."""
    if not (1990 <= year < 2100 and 1 <= month <= 12 and 1 <= day <= 31):
        return NONE
    if not (0 <= hour <= 23 and 0 <= minute <= 59 and 0 <= second <= 60):
        return NONE
    leap = (year % 4 == 0 and year % 100 != 0) or year % 400 == 0
    if month == 2:
        longest = 29 if leap else 28
    elif month in (4, 6, 9, 11):
        longest = 30
    else:
        longest = 31
    if day > longest:
        return NONE
    y = year - 1 if month <= 2 else year
    days = 365 * y + y // 4 - y // 100 + y // 400 + (153 * ((month + 9) % 12) + 2) // 5 + day - 1 - 719468
    return ((days * 24 + hour) * 60 + minute) * 60 * SECOND_US + second * SECOND_US


@kernel
def _date_time(buf: Any, start: int, end: int) -> tuple[int, int, int]:
    """Read `YYYY-MM-DD HH:MM:SS` (or `/`, `T`, a fraction, `Z`, `±HH:MM`): (µs or NONE, uncertainty, index behind)."""
    year, i = digits(buf, start, end)
    month, j = digits(buf, i + 1, end)
    day, k = digits(buf, j + 1, end)
    if k >= end or not (buf[j] == buf[i]) or buf[k] not in (32, 84, 95, 116):
        return NONE, UNKNOWN, start
    hour, a = digits(buf, k + 1, end)
    if a >= end or buf[a] != _COLON:
        return NONE, UNKNOWN, start
    minute, b = digits(buf, a + 1, end)
    if b >= end or buf[b] != _COLON:
        return NONE, UNKNOWN, start
    second, c = digits(buf, b + 1, end)
    instant = civil_us(year, month, day, hour, minute, second)
    if instant == NONE:
        return NONE, UNKNOWN, start
    part, uncertainty, c = fraction(buf, c, end)
    instant += part
    if c < end and buf[c] in (90, 122):  # Z
        return instant, uncertainty, c + 1
    if c + 2 < end and buf[c] in (43, 45) and 48 <= buf[c + 1] <= 57 and 48 <= buf[c + 2] <= 57:
        east = 1 if buf[c] == 43 else -1
        hours = (np.int64(buf[c + 1]) - 48) * 10 + np.int64(buf[c + 2]) - 48
        c += 3
        if c < end and buf[c] == _COLON:
            c += 1
        minutes = 0
        if c + 1 < end and 48 <= buf[c] <= 57 and 48 <= buf[c + 1] <= 57:
            minutes = (np.int64(buf[c]) - 48) * 10 + np.int64(buf[c + 1]) - 48
            c += 2
        instant -= east * (hours * 60 + minutes) * 60 * SECOND_US
    return instant, uncertainty, c


@kernel
def prefix_time(buf: Any, start: int, end: int) -> tuple[int, int]:
    """Time at the head of a log line, before its sentence: (µs or NONE, uncertainty µs)."""
    i = start
    while i < end and buf[i] in (32, 9, 34, 39, 40, 91):  # blanks, quotes, brackets
        i += 1
    run = i
    while run < end and 48 <= buf[run] <= 57:
        run += 1
    if run - i == 4 and run < end and buf[run] in (_MINUS, _SLASH):
        instant, uncertainty, after = _date_time(buf, i, end)
    elif run - i >= 9:
        instant, uncertainty, after = epoch(buf, i, end)
    else:
        return NONE, UNKNOWN
    if after < end and (48 <= buf[after] <= 57 or buf[after] == _DOT):
        return NONE, UNKNOWN
    return instant, uncertainty


@kernel
def _group(buf: Any, start: int, end: int, ev: Any, row: int) -> int:
    """Read `1-2-1234`: number of the sentence, how many there are, id of the group."""
    number, i = digits(buf, start, end)
    if i >= end or buf[i] != _MINUS:
        return i
    total, i = digits(buf, i + 1, end)
    if i >= end or buf[i] != _MINUS:
        return i
    name, i = digits(buf, i + 1, end)
    if number > 0 and total > 0 and name >= 0:
        ev[row, GROUP], ev[row, GROUP_TOTAL], ev[row, GROUP_NUMBER] = name, total, number
    return i


@kernel
def hex_value(c: int) -> int:
    """Value of a hexadecimal digit, −1 for another byte."""
    if 48 <= c <= 57:
        return np.int64(c) - 48
    if 65 <= c <= 70:
        return np.int64(c) - 55
    if 97 <= c <= 102:
        return np.int64(c) - 87
    return -1


@kernel
def read_tag_block(buf: Any, start: int, end: int, ev: Any, sta: Any, row: int, counts: Any) -> int:
    """Read the tag block that begins with the backslash at `start`; returns the index behind it.

    A wrong checksum makes the uncertainty of the block's time unknown, but keeps time and station. A block that is
    not closed ends before a `!`.
    """
    i = start + 1
    had_time = False
    while i < end and buf[i] not in (_STAR, _BACKSLASH, _BANG):
        key = buf[i]
        if i + 1 < end and buf[i + 1] == _COLON:
            i += 2
            if key == 99:  # c
                instant, uncertainty, i = epoch(buf, i, end)
                if instant == NONE:
                    counts[N_BAD_TIME] += 1
                else:
                    ev[row, TIME], ev[row, UNCERTAINTY], ev[row, BASIS] = instant, uncertainty, BASIS_TAG
                    had_time = True
            elif key == 115:  # s
                first = i
                while i < end and buf[i] not in (_COMMA, _STAR, _BACKSLASH, _BANG):
                    i += 1
                if i > first:
                    set_station(buf, first, i, ev, sta, row)
            elif key == 103:  # g
                i = _group(buf, i, end, ev, row)
        elif i + 3 < end and 48 < key <= 57 and buf[i + 1] == 71 and buf[i + 3] == _COLON:  # 1G2:1234, NMEA 4.00
            name, after = digits(buf, i + 4, end)
            if name >= 0 and 48 < buf[i + 2] <= 57:
                ev[row, GROUP], ev[row, GROUP_TOTAL] = name, np.int64(buf[i + 2]) - 48
                ev[row, GROUP_NUMBER] = np.int64(key) - 48
            i = after
        while i < end and buf[i] not in (_COMMA, _STAR, _BACKSLASH, _BANG):
            i += 1
        if i < end and buf[i] == _COMMA:
            i += 1
    if i + 2 < end and buf[i] == _STAR:
        high, low = hex_value(buf[i + 1]), hex_value(buf[i + 2])
        if high < 0 or low < 0 or high * 16 + low != xor_bytes(buf, start + 1, i):
            counts[N_BAD_TAG] += 1
            if had_time:
                ev[row, UNCERTAINTY] = UNKNOWN
    while i < end and buf[i] not in (_BACKSLASH, _BANG):
        i += 1
    return i + 1 if i < end and buf[i] == _BACKSLASH else i


@kernel
def read_gatehouse(buf: Any, start: int, end: int, ev: Any, sta: Any, row: int, counts: Any) -> None:
    """Read `$PGHP,1,year,month,day,hour,minute,second,millisecond,country,region,base station,online,checksum`."""
    clear(ev, row)
    value = np.zeros(8, np.int64)
    i = start + 6
    for k in range(8):
        value[k], i = digits(buf, i, end)
        if value[k] < 0 or i >= end or buf[i] != _COMMA:
            counts[N_BAD_TIME] += 1
            return
        i += 1
    instant = civil_us(value[1], value[2], value[3], value[4], value[5], value[6])
    if value[0] != 1 or instant == NONE or value[7] > 999:
        counts[N_BAD_TIME] += 1
        return
    ev[row, TIME], ev[row, UNCERTAINTY], ev[row, BASIS] = instant + value[7] * 1000, 500, BASIS_GATEHOUSE
    for _ in range(2):  # country, region
        while i < end and buf[i] != _COMMA:
            i += 1
        i += 1
    first = i
    while i < end and buf[i] not in (_COMMA, _STAR):
        i += 1
    if i > first:
        set_station(buf, first, i, ev, sta, row)
    while i < end and buf[i] != _STAR:
        i += 1
    if i + 2 < end:
        high, low = hex_value(buf[i + 1]), hex_value(buf[i + 2])
        if high < 0 or low < 0 or high * 16 + low != xor_bytes(buf, start + 1, i):
            ev[row, UNCERTAINTY] = UNKNOWN


@kernel
def read_suffix(buf: Any, start: int, end: int, ev: Any, sta: Any, row: int) -> tuple[int, int]:
    """Read `,s12345,d-098,r003669945,1242137600` behind a checksum: (µs or NONE, uncertainty); sets the station.

    The first number that is a time counts: the receiver's, before that of the collecting system.
    """
    time, uncertainty = NONE, UNKNOWN
    i = start
    while i < end and buf[i] == _COMMA:
        i += 1
        while i < end and buf[i] == 32:
            i += 1
        first = i
        while i < end and buf[i] != _COMMA:
            i += 1
        if i - first >= 2 and buf[first] in (98, 114) and ev[row, STATION_LENGTH] == 0:  # b, r
            last = i
            while last > first and buf[last - 1] <= 32:
                last -= 1
            set_station(buf, first, last, ev, sta, row)
        elif time == NONE and i - first >= 9 and 48 <= buf[first] <= 57:
            instant, half, after = epoch(buf, first, i)
            if instant != NONE and (after == i or buf[after] <= 32):
                time, uncertainty = instant, half
    return time, uncertainty
