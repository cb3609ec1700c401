"""What a line says about when and by whom it was received: tag blocks, log prefixes, Gatehouse lines, suffixes.

Sources: NMEA 0183 v4.10 (tag blocks: c time, s source, g group), IEC 61162-1 (checksum), the US Coast Guard's NAIS
suffixes, Gatehouse's `$PGHP` lines. An *evidence record* `e` is the address of
EVIDENCE_WORDS words: times in µs, spans in the source, and the bytes of the station's name.
"""

from __future__ import annotations

from darkwake.ais.columns import count
from darkwake.ais.layout import (
    BAD_TAG,
    BAD_TIME,
    BASIS_GATEHOUSE,
    BASIS_NONE,
    BASIS_TAG,
    MAX_STATION,
    NONE,
)
from darkwake.ais.words import (
    byte,
    eight_digits,
    find_delimiter,
    get,
    is_printable,
    kernel_of_scalars,
    load_word,
    put,
    store8,
    store_word,
    xor_bytes,
)

# Fields of an evidence record.
TIME, UNCERTAINTY, BASIS, GROUP, GROUP_TOTAL, GROUP_NUMBER, STATION_LENGTH = range(7)
TIME_OFFSET, TIME_LENGTH, STATION_OFFSET, STATION_SPAN, STORED_AT, EXPECTED, STATION_BYTES = range(7, 14)
EVIDENCE_WORDS = STATION_BYTES + MAX_STATION // 8

UNKNOWN = -1  # an uncertainty that is not known
SECOND_US = 1_000_000
FIRST_S = 631_152_000  # 1990-01-01: clocks before it are not set
LAST_S = 4_102_444_800  # 2100-01-01

_HASH, _COMMA, _STAR, _COLON, _DOT, _MINUS, _SLASH, _BACKSLASH, _BANG = (ord(c) for c in "#,*:.-/\\!")


@kernel_of_scalars
def clear(e: int) -> None:
    """Make an evidence record say nothing."""
    for field in range(STATION_BYTES):
        put(e, field, NONE)
    put(e, BASIS, BASIS_NONE)
    put(e, STATION_LENGTH, 0)


@kernel_of_scalars
def set_time(e: int, time: int, uncertainty: int, basis: int) -> None:
    """Note a time that stands in the sentence's own line."""
    put(e, TIME, time)
    put(e, UNCERTAINTY, uncertainty)
    put(e, BASIS, basis)
    put(e, TIME_OFFSET, NONE)


@kernel_of_scalars
def set_station(start: int, end: int, e: int) -> None:
    """Keep a station's name; bytes that are not printable ASCII become '?'."""
    n, to = min(end - start, MAX_STATION), e + 8 * STATION_BYTES
    put(e, STATION_LENGTH, n)
    k = 0
    while k + 8 <= n and is_printable(load_word(start + k)):
        store_word(to + k, load_word(start + k))
        k += 8
    while k < n:
        c = byte(start + k)
        store8(to + k, c if 32 < c < 127 else 63)
        k += 1


@kernel_of_scalars
def set_line(e: int, offset: int, length: int) -> None:
    """Say in which line the time and the station of an evidence record stand."""
    put(e, TIME_OFFSET, offset)
    put(e, TIME_LENGTH, length)
    put(e, STATION_OFFSET, offset)
    put(e, STATION_SPAN, length)


@kernel_of_scalars
def copy_time(to: int, source: int) -> None:
    """Take over time, uncertainty, basis and the span of the line that they come from, if there is a time."""
    if get(source, TIME) != NONE:
        for field in (TIME, UNCERTAINTY, BASIS, TIME_OFFSET, TIME_LENGTH):
            put(to, field, get(source, field))


@kernel_of_scalars
def copy_station(to: int, source: int) -> None:
    """Take over the station and the span of the line that names it, if one is named."""
    if get(source, STATION_LENGTH) > 0:
        for field in (STATION_LENGTH, STATION_OFFSET, STATION_SPAN):
            put(to, field, get(source, field))
        for field in range(STATION_BYTES, EVIDENCE_WORDS):
            put(to, field, get(source, field))


@kernel_of_scalars
def copy_group(to: int, source: int) -> None:
    """Take over number, total and id of the tag group."""
    for field in (GROUP, GROUP_TOTAL, GROUP_NUMBER):
        put(to, field, get(source, field))


@kernel_of_scalars
def set_group(e: int, name: int, total: int, number: int) -> None:
    """Note that the line is number so-and-so of a tag group."""
    put(e, GROUP, name)
    put(e, GROUP_TOTAL, total)
    put(e, GROUP_NUMBER, number)


@kernel_of_scalars
def same_station(a: int, b: int) -> bool:
    """Whether two evidence records name the same station; one that names none contradicts nobody."""
    n = get(a, STATION_LENGTH)
    if n == 0 or get(b, STATION_LENGTH) == 0:
        return True
    if n != get(b, STATION_LENGTH):
        return False
    for k in range(n):  # noqa: SIM110 - a loop is what numba compiles
        if byte(a + 8 * STATION_BYTES + k) != byte(b + 8 * STATION_BYTES + k):
            return False
    return True


@kernel_of_scalars
def digits(start: int, end: int) -> tuple[int, int]:
    """Read decimal digits: (value, address behind them); value −1 if there are none or too many to be a number here."""
    i, value = start, 0
    while i < end and 48 <= byte(i) <= 57:
        if i - start < 18:
            value = value * 10 + byte(i) - 48
        i += 1
    if i == start or i - start > 18:
        value = -1
    return value, i


@kernel_of_scalars
def fraction(start: int, end: int) -> tuple[int, int, int]:
    """Read `.ddd…`: (microseconds, half of the last digit's worth in microseconds, address behind)."""
    if start + 1 >= end or byte(start) != _DOT or not 48 <= byte(start + 1) <= 57:
        return 0, SECOND_US // 2, start
    i, value, unit = start + 1, 0, SECOND_US
    while i < end and 48 <= byte(i) <= 57:
        if unit > 1:
            unit //= 10
            value += (byte(i) - 48) * unit
        i += 1
    return value, unit // 2, i


@kernel_of_scalars
def _many_digits(start: int, end: int) -> tuple[int, int]:
    """Like `digits`, where eight of them are known to begin at `start`."""
    i, value = start + 8, eight_digits(start)
    while i < end and 48 <= byte(i) <= 57:
        if i - start < 18:
            value = value * 10 + byte(i) - 48
        i += 1
    return value if i - start <= 18 else -1, i


@kernel_of_scalars
def epoch(start: int, end: int) -> tuple[int, int, int]:
    """Read an epoch in s (with a fraction or not), ms or µs: (µs or NONE, uncertainty µs, address behind)."""
    value, i = digits(start, end) if start + 8 > end or eight_digits(start) < 0 else _many_digits(start, end)
    if FIRST_S <= value < LAST_S:
        part, uncertainty, i = fraction(i, end)
        return value * SECOND_US + part, uncertainty, i
    if FIRST_S * 1000 <= value < LAST_S * 1000:
        return value * 1000, 500, i
    if FIRST_S * SECOND_US <= value < LAST_S * SECOND_US:
        return value, 0, i
    return NONE, UNKNOWN, i


@kernel_of_scalars
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


@kernel_of_scalars
def _date_time(start: int, end: int) -> tuple[int, int, int]:
    """Read `YYYY-MM-DD HH:MM:SS` (or `/`, `T`, a fraction, `Z`, `±HH:MM`): (µs or NONE, uncertainty, next)."""
    year, i = digits(start, end)
    month, j = digits(i + 1, end)
    day, k = digits(j + 1, end)
    if k >= end or byte(j) != byte(i) or byte(k) not in (32, 84, 95, 116):
        return NONE, UNKNOWN, start
    hour, a = digits(k + 1, end)
    if a >= end or byte(a) != _COLON:
        return NONE, UNKNOWN, start
    minute, b = digits(a + 1, end)
    if b >= end or byte(b) != _COLON:
        return NONE, UNKNOWN, start
    second, c = digits(b + 1, end)
    instant = civil_us(year, month, day, hour, minute, second)
    if instant == NONE:
        return NONE, UNKNOWN, start
    part, uncertainty, c = fraction(c, end)
    instant += part
    if c < end and byte(c) in (90, 122):  # Z
        return instant, uncertainty, c + 1
    if c + 2 < end and byte(c) in (43, 45) and 48 <= byte(c + 1) <= 57 and 48 <= byte(c + 2) <= 57:
        east = 1 if byte(c) == 43 else -1
        hours = (byte(c + 1) - 48) * 10 + byte(c + 2) - 48
        c += 3
        if c < end and byte(c) == _COLON:
            c += 1
        minutes = 0
        if c + 1 < end and 48 <= byte(c) <= 57 and 48 <= byte(c + 1) <= 57:
            minutes = (byte(c) - 48) * 10 + byte(c + 1) - 48
            c += 2
        instant -= east * (hours * 60 + minutes) * 60 * SECOND_US
    return instant, uncertainty, c


@kernel_of_scalars
def prefix_time(start: int, end: int) -> tuple[int, int]:
    """Time at the head of a log line, before its sentence: (µs or NONE, uncertainty µs)."""
    i = start
    while i < end and byte(i) in (32, 9, 34, 39, 40, 91):  # blanks, quotes, brackets
        i += 1
    run = i
    while run < end and 48 <= byte(run) <= 57:
        run += 1
    if run - i == 4 and run < end and byte(run) in (_MINUS, _SLASH):
        instant, uncertainty, after = _date_time(i, end)
    elif run - i >= 9:
        instant, uncertainty, after = epoch(i, end)
    else:
        return NONE, UNKNOWN
    if after < end and (48 <= byte(after) <= 57 or byte(after) == _DOT):
        return NONE, UNKNOWN
    return instant, uncertainty


@kernel_of_scalars
def _group(start: int, end: int, e: int) -> int:
    """Read `1-2-1234`: number of the sentence, how many there are, id of the group."""
    number, i = digits(start, end)
    if i >= end or byte(i) != _MINUS:
        return i
    total, i = digits(i + 1, end)
    if i >= end or byte(i) != _MINUS:
        return i
    name, i = digits(i + 1, end)
    if number > 0 and total > 0 and name >= 0:
        set_group(e, name, total, number)
    return i


@kernel_of_scalars
def hex_value(c: int) -> int:
    """Value of a hexadecimal digit, −1 for another byte."""
    if 48 <= c <= 57:
        return c - 48
    if 65 <= c <= 70:
        return c - 55
    if 97 <= c <= 102:
        return c - 87
    return -1


@kernel_of_scalars
def hex_byte(at: int) -> int:
    """Value of the two hexadecimal digits at an address, −1 if they are none."""
    high, low = hex_value(byte(at)), hex_value(byte(at + 1))
    return high * 16 + low if high >= 0 and low >= 0 else -1


@kernel_of_scalars
def read_tag_block(start: int, end: int, e: int, out: int) -> int:
    """Read the tag block that begins with the backslash at `start`; returns the address behind it.

    A wrong checksum makes the uncertainty of the block's time unknown, but keeps time and station. A block that is
    not closed ends before a `!`.
    """
    i = start + 1
    had_time = False
    while i < end and byte(i) not in (_STAR, _BACKSLASH, _BANG):
        key = byte(i)
        if i + 1 < end and byte(i + 1) == _COLON:
            i += 2
            if key == 99:  # c
                instant, uncertainty, i = epoch(i, end)
                if instant == NONE:
                    count(out, BAD_TIME)
                else:
                    set_time(e, instant, uncertainty, BASIS_TAG)
                    had_time = True
            elif key == 115:  # s
                first = i
                i = find_delimiter(i, end)
                if i > first:
                    set_station(first, i, e)
            elif key == 103:  # g
                i = _group(i, end, e)
        elif i + 3 < end and 48 < key <= 57 and byte(i + 1) == 71 and byte(i + 3) == _COLON:  # 1G2:1234, NMEA 4.00
            name, after = digits(i + 4, end)
            if name >= 0 and 48 < byte(i + 2) <= 57:
                set_group(e, name, byte(i + 2) - 48, key - 48)
            i = after
        if i < end and byte(i) != _COMMA:
            i = find_delimiter(i, end)
        if i < end and byte(i) == _COMMA:
            i += 1
    if i + 2 < end and byte(i) == _STAR and hex_byte(i + 1) != xor_bytes(start + 1, i):
        count(out, BAD_TAG)
        if had_time:
            put(e, UNCERTAINTY, UNKNOWN)
    while i < end and byte(i) not in (_BACKSLASH, _BANG):
        i += 1
    return i + 1 if i < end and byte(i) == _BACKSLASH else i


@kernel_of_scalars
def read_gatehouse(start: int, end: int, e: int, out: int) -> None:
    """Read `$PGHP,1,year,month,day,hour,minute,second,millisecond,country,region,base station,online,expected`.

    `expected` is the checksum of the sentence that the line belongs to (of the last one, if there are several).
    """
    clear(e)
    kind, i = digits(start + 6, end)
    year, i = digits(i + 1, end)
    month, i = digits(i + 1, end)
    day, i = digits(i + 1, end)
    hour, i = digits(i + 1, end)
    minute, i = digits(i + 1, end)
    second, i = digits(i + 1, end)
    millisecond, i = digits(i + 1, end)
    instant = civil_us(year, month, day, hour, minute, second)
    if kind != 1 or instant == NONE or not 0 <= millisecond <= 999 or i >= end or byte(i) != _COMMA:
        count(out, BAD_TIME)
        return
    i += 1
    set_time(e, instant + millisecond * 1000, 500, BASIS_GATEHOUSE)
    for _ in range(2):  # country, region
        while i < end and byte(i) != _COMMA:
            i += 1
        i += 1
    first = i
    while i < end and byte(i) not in (_COMMA, _STAR):
        i += 1
    if i > first:
        set_station(first, i, e)
    while i < end and byte(i) != _STAR:
        i += 1
    if i - 3 > start and byte(i - 3) == _COMMA:
        expected = hex_byte(i - 2)
        if expected > 0:  # 00 stands for unknown
            put(e, EXPECTED, expected)
    if i + 2 < end and hex_byte(i + 1) != xor_bytes(start + 1, i):
        put(e, UNCERTAINTY, UNKNOWN)


@kernel_of_scalars
def read_suffix(start: int, end: int, e: int) -> tuple[int, int]:
    """Read `,s12345,d-098,r003669945,1242137600` behind a checksum: (µs or NONE, uncertainty); sets the station.

    The first number that is a time counts: the receiver's, before that of the collecting system.
    """
    time, uncertainty = NONE, UNKNOWN
    i = start
    while i < end and byte(i) == _COMMA:
        i += 1
        while i < end and byte(i) == 32:
            i += 1
        first = i
        while i < end and byte(i) != _COMMA:
            i += 1
        if i - first >= 2 and byte(first) in (98, 114) and get(e, STATION_LENGTH) == 0:  # b, r
            last = i
            while last > first and byte(last - 1) <= 32:
                last -= 1
            set_station(first, last, e)
        elif time == NONE and i - first >= 9 and 48 <= byte(first) <= 57:
            instant, half, after = epoch(first, i)
            if instant != NONE and (after == i or byte(after) <= 32):
                time, uncertainty = instant, half
    return time, uncertainty
