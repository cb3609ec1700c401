"""From bytes to messages: lines, sentences, checksums, armour. One pass; nothing here knows what a field means."""

from __future__ import annotations

from typing import Any

import numpy as np

from darkwake.ais.evidence import (
    BASIS,
    GROUP,
    GROUP_NUMBER,
    GROUP_TOTAL,
    STATION_LENGTH,
    STATION_LENGTH_OF_LINE,
    STATION_OFFSET,
    STORED_AT,
    TIME,
    TIME_LENGTH,
    TIME_OFFSET,
    UNCERTAINTY,
    clear,
    digits,
    hex_value,
    prefix_time,
    read_gatehouse,
    read_suffix,
    read_tag_block,
)
from darkwake.ais.layout import (
    BAD_FRAMING,
    BAD_PAYLOAD_CHAR,
    BASIS_GATEHOUSE,
    BASIS_NONE,
    BASIS_PREFIX,
    BASIS_USCG,
    BIT_COUNT,
    BYTES,
    CHECKSUM_OK,
    LINE_TOO_LONG,
    MAX_LINE,
    MAX_PART,
    MAX_PARTS,
    MAX_PAYLOAD,
    MMSI,
    N_BAD_CHECKSUM,
    N_OTHER,
    N_SENTENCES,
    NONE,
    NOT_AIS,
    PAYLOAD_TOO_LONG,
    REJECTS,
    REPEAT,
    ROWS,
    SPANS,
    STATION,
    TOO_SHORT,
    TYPE,
    V_F32,
    V_FLAGS,
    V_TIME,
    Out,
)
from darkwake.ais.layout import TIME as TIME_COLUMN
from darkwake.ais.layout import UNCERTAINTY as UNCERTAINTY_COLUMN
from darkwake.ais.multipart import (
    ACTIVE,
    CHECK,
    CURRENT,
    FIRST_GROUP,
    FIRST_SLOT,
    GATEHOUSE,
    GROUPS,
    INCOMPLETE,
    LAST,
    LONE_TAG,
    N_PARTS,
    SENTENCES,
    SKIPPED_FROM,
    SLOTS,
    TAG_LINE,
    State,
    add_part,
    copy_station,
    copy_time,
    join_parts,
    reject,
    reject_parts,
)
from darkwake.ais.words import find_line_end, take_bits, unarmour, xor_bytes
from darkwake.jit import kernel

_BANG, _DOLLAR, _BACKSLASH, _COMMA, _STAR, _HASH = (ord(c) for c in "!$\\,*#")
_LONGEST_GROUP = 256  # sentences between the first and the last line of a tag group
MARGIN = 1024  # rows kept free: one line can hold several hundred sentences


@kernel
def _is_header(buf: Any, i: int, end: int) -> bool:
    """Whether `!xxVDM,` or `!xxVDO,` begins at `i` (any talker; `$` for `!` is met in old logs)."""
    return (
        i + 7 <= end
        and (buf[i] == _BANG or buf[i] == _DOLLAR)
        and buf[i + 3] == 86
        and buf[i + 4] == 68
        and (buf[i + 5] == 77 or buf[i + 5] == 79)
        and buf[i + 6] == _COMMA
        and 32 < buf[i + 1] < 127
        and 32 < buf[i + 2] < 127
    )


@kernel
def _find_header(buf: Any, start: int, end: int) -> int:
    """Index of the next AIS sentence in [start, end), or −1."""
    for i in range(start, end - 6):
        if _is_header(buf, i, end):
            return i
    return -1


@kernel
def _use_group(st: State, offset: int, length: int) -> None:
    """Remember what the current line says for its tag group, or learn from what the group said before."""
    ev, sta = st.ev, st.sta
    row = FIRST_GROUP + ev[CURRENT, GROUP] % GROUPS
    now = st.n[SENTENCES]
    known = (
        ev[row, GROUP] == ev[CURRENT, GROUP]
        and ev[row, GROUP_TOTAL] == ev[CURRENT, GROUP_TOTAL]
        and ev[row, GROUP_NUMBER] < ev[CURRENT, GROUP_NUMBER]
        and now - ev[row, STORED_AT] <= _LONGEST_GROUP
    )
    if not known:
        clear(ev, row)
        ev[row, GROUP], ev[row, GROUP_TOTAL], ev[row, STORED_AT] = ev[CURRENT, GROUP], ev[CURRENT, GROUP_TOTAL], now
    ev[row, GROUP_NUMBER] = ev[CURRENT, GROUP_NUMBER]
    if ev[CURRENT, TIME] == NONE:
        copy_time(ev, CURRENT, row)
    else:
        copy_time(ev, row, CURRENT)
        if ev[row, TIME_OFFSET] == NONE:
            ev[row, TIME_OFFSET], ev[row, TIME_LENGTH] = offset, length
    if ev[CURRENT, STATION_LENGTH] == 0:
        copy_station(ev, sta, CURRENT, row)
    else:
        copy_station(ev, sta, row, CURRENT)
        if ev[row, STATION_OFFSET] == NONE:
            ev[row, STATION_OFFSET], ev[row, STATION_LENGTH_OF_LINE] = offset, length


@kernel
def _mark_line(ev: Any, row: int, offset: int, length: int) -> None:
    """Say in which line the time and the station of an evidence record stand."""
    ev[row, TIME_OFFSET], ev[row, TIME_LENGTH] = offset, length
    ev[row, STATION_OFFSET], ev[row, STATION_LENGTH_OF_LINE] = offset, length


@kernel
def _other_line(buf: Any, start: int, body: int, end: int, base: int, tagged: bool, st: State, out: Out) -> None:
    """A line without an AIS sentence: Gatehouse time, a tag block alone, another NMEA sentence, a comment, or junk."""
    i = body
    while i < end and buf[i] <= 32:
        i += 1
    if i == end:
        if tagged:
            st.n[TAG_LINE] = 1
            ev = st.ev
            clear(ev, LONE_TAG)
            copy_time(ev, LONE_TAG, CURRENT)
            copy_station(ev, st.sta, LONE_TAG, CURRENT)
            for field in (GROUP, GROUP_TOTAL, GROUP_NUMBER):
                ev[LONE_TAG, field] = ev[CURRENT, field]
            _mark_line(ev, LONE_TAG, base + start, end - start)
            out.counts[N_OTHER] += 1
        elif body > start or buf[start] > 32:
            reject(out, base + start, end - start, NOT_AIS)
        return
    if buf[i] == _HASH:
        out.counts[N_OTHER] += 1
        return
    while i < end and buf[i] != _BANG and buf[i] != _DOLLAR:
        i += 1
    j = i + 1
    while j < end and (65 <= buf[j] <= 90 or 48 <= buf[j] <= 57):
        j += 1
    if not (3 <= j - i - 1 <= 10):
        reject(out, base + start, end - start, NOT_AIS)
        return
    damaged = j - i == 6 and buf[j - 3] == 86 and buf[j - 2] == 68 and (buf[j - 1] == 77 or buf[j - 1] == 79)
    if damaged or not (j == end or buf[j] == _COMMA or buf[j] == _STAR):
        reject(out, base + start, end - start, BAD_FRAMING if damaged else NOT_AIS)
        return
    out.counts[N_OTHER] += 1
    if j - i == 5 and buf[i + 1] == 80 and buf[i + 2] == 71 and buf[i + 3] == 72 and buf[i + 4] == 80:  # PGHP
        read_gatehouse(buf, i, end, st.ev, st.sta, GATEHOUSE, out.counts)
        _mark_line(st.ev, GATEHOUSE, base + start, end - start)
    elif tagged and st.ev[CURRENT, GROUP] != NONE:
        _use_group(st, base + start, end - start)


@kernel
def _apply_neighbours(st: State, offset: int, length: int, prefix: int, prefix_uncertainty: int) -> None:
    """Fill what the line's own tag block does not say: lone tag line, group, prefix, Gatehouse line; in this order."""
    ev = st.ev
    if st.n[TAG_LINE] != 0:
        st.n[TAG_LINE] = 0
        if ev[CURRENT, TIME] == NONE:
            copy_time(ev, CURRENT, LONE_TAG)
        if ev[CURRENT, STATION_LENGTH] == 0:
            copy_station(ev, st.sta, CURRENT, LONE_TAG)
        if ev[CURRENT, GROUP] == NONE:
            for field in (GROUP, GROUP_TOTAL, GROUP_NUMBER):
                ev[CURRENT, field] = ev[LONE_TAG, field]
    if ev[CURRENT, GROUP] != NONE:
        _use_group(st, offset, length)
    if ev[CURRENT, TIME] == NONE:
        if prefix != NONE:
            ev[CURRENT, TIME], ev[CURRENT, UNCERTAINTY], ev[CURRENT, BASIS] = prefix, prefix_uncertainty, BASIS_PREFIX
            ev[CURRENT, TIME_OFFSET] = NONE
        elif ev[GATEHOUSE, BASIS] == BASIS_GATEHOUSE:
            copy_time(ev, CURRENT, GATEHOUSE)
    if ev[CURRENT, STATION_LENGTH] == 0 and ev[GATEHOUSE, STATION_LENGTH] > 0:
        copy_station(ev, st.sta, CURRENT, GATEHOUSE)


@kernel
def _add_span(out: Out, k: int, first: int, offset: int, length: int) -> int:
    """Add a span to those from `first` on, in the order of offsets, once; returns the new end."""
    if offset == NONE:
        return k
    i = k
    while i > first and out.span_offset[i - 1] > offset:
        i -= 1
    if i > first and out.span_offset[i - 1] == offset:
        return k
    for j in range(k, i, -1):
        out.span_offset[j], out.span_length[j] = out.span_offset[j - 1], out.span_length[j - 1]
    out.span_offset[i], out.span_length[i] = offset, length
    return k + 1


@kernel
def _emit(st: State, out: Out, row: int, at: int, bits: int, check: int) -> None:
    """Write the common columns of the message whose bits lie at `out.packed[at]`; `row` is its evidence record."""
    ev, r = st.ev, out.m[ROWS]
    size = (bits + 7) >> 3
    if bits & 7:
        out.packed[at + size - 1] &= 0xFF << (8 - (bits & 7)) & 0xFF
    byte, bit = r >> 3, 1 << (r & 7)
    out.i8[TYPE, r] = take_bits(out.packed, at, 0, 6)
    out.i8[REPEAT, r] = take_bits(out.packed, at, 6, 2)
    out.i32[MMSI, r] = take_bits(out.packed, at, 8, 30)
    out.i16[BIT_COUNT, r] = bits
    out.basis[r] = ev[row, BASIS]
    if ev[row, TIME] != NONE:
        out.i64[TIME_COLUMN, r] = ev[row, TIME]
        out.valid[V_TIME, byte] |= bit
        if ev[row, UNCERTAINTY] >= 0:
            out.f32[UNCERTAINTY_COLUMN, r] = ev[row, UNCERTAINTY] * 1e-6
            out.valid[V_F32 + UNCERTAINTY_COLUMN, byte] |= bit
    if check != 2:
        out.valid[V_FLAGS + CHECKSUM_OK, byte] |= bit
        if check == 1:
            out.flags[CHECKSUM_OK, byte] |= bit
        else:
            out.counts[N_BAD_CHECKSUM] += 1
    n = ev[row, STATION_LENGTH]
    end = out.text_at[STATION, r]
    for k in range(n):
        out.text[STATION, end + k] = st.sta[row, k]
    out.text_at[STATION, r + 1] = end + n
    out.packed_at[r + 1] = at + size
    out.span_at[r + 1] = out.m[SPANS]
    out.m[ROWS], out.m[BYTES] = r + 1, at + size


@kernel
def _sentence(buf: Any, start: int, head: int, end: int, base: int, st: State, out: Out,
              prefix: int, prefix_uncertainty: int) -> int:  # fmt: skip
    """Read the sentence whose `!` is at `head`; its span begins at `start`. Returns where the next one may begin."""
    ev = st.ev
    st.n[SENTENCES] += 1
    out.counts[N_SENTENCES] += 1
    reason = -1
    i = head + 7
    total, i = digits(buf, i, end)
    if i < end and buf[i] == _COMMA:
        number, i = digits(buf, i + 1, end)
    else:
        number, reason = -1, BAD_FRAMING
    sequence, channel = -1, 0
    if i < end and buf[i] == _COMMA:
        sequence, i = digits(buf, i + 1, end)
    else:
        reason = BAD_FRAMING
    if i < end and buf[i] == _COMMA:
        i += 1
        if i < end and buf[i] != _COMMA:
            channel = np.int64(buf[i])
        while i < end and buf[i] != _COMMA:
            i += 1
    else:
        reason = BAD_FRAMING
    payload = i + 1
    if payload >= end or buf[i] != _COMMA or total > MAX_PARTS or (total > 1 and not 1 <= number <= total):
        reason = BAD_FRAMING
    x = i
    bits, check, at = 0, 2, out.m[BYTES]
    if reason < 0:
        x = unarmour(buf, payload, out.packed, at)
        characters, fill = x - payload, 0
        if x < end and buf[x] == _COMMA:
            x += 1
            if x < end and 48 <= buf[x] <= 57:
                fill = np.int64(buf[x]) - 48
                x += 1
        elif x < end and buf[x] != _STAR:
            reason = BAD_PAYLOAD_CHAR
        bits = 6 * characters - fill
        if reason < 0 and fill > 5:
            reason = BAD_FRAMING
        elif characters > MAX_PAYLOAD:
            reason = PAYLOAD_TOO_LONG
        if x < end and buf[x] == _STAR:
            if x + 2 < end:
                high, low = hex_value(buf[x + 1]), hex_value(buf[x + 2])
                if high >= 0 and low >= 0:
                    check = 1 if high * 16 + low == xor_bytes(buf, head + 1, x) else 0
                    x += 2
            x += 1
    stop = end
    if x < end:
        another = _find_header(buf, x, end)
        if another >= 0:
            stop = x
            while stop < another and buf[stop] != _BACKSLASH:
                stop += 1
    offset, length = base + start, stop - start
    _apply_neighbours(st, offset, length, prefix, prefix_uncertainty)
    if x < stop and buf[x] == _COMMA and reason < 0:
        time, uncertainty = read_suffix(buf, x, stop, ev, st.sta, CURRENT)
        if ev[CURRENT, TIME] == NONE and time != NONE:
            ev[CURRENT, TIME], ev[CURRENT, UNCERTAINTY], ev[CURRENT, BASIS] = time, uncertainty, BASIS_USCG
            ev[CURRENT, TIME_OFFSET] = NONE
    if reason >= 0:
        reject(out, offset, length, reason)
    elif total > 1:
        if bits > 8 * MAX_PART:
            reject(out, offset, length, PAYLOAD_TOO_LONG)
            return stop
        slot = add_part(st, out, at, max(bits, 0), total, number, sequence, channel, check, offset, length)
        if slot >= 0:
            bits = join_parts(st, slot, out.packed, at)
            if bits < 38:
                reject_parts(st, out, slot, TOO_SHORT)
                return stop
            row, first = FIRST_SLOT + slot, out.m[SPANS]
            k = first
            for part in range(st.slot[slot, N_PARTS]):
                k = _add_span(out, k, first, st.part_span[slot, 2 * part], st.part_span[slot, 2 * part + 1])
            k = _add_span(out, k, first, ev[row, TIME_OFFSET], ev[row, TIME_LENGTH])
            k = _add_span(out, k, first, ev[row, STATION_OFFSET], ev[row, STATION_LENGTH_OF_LINE])
            out.m[SPANS] = k
            _emit(st, out, row, at, bits, st.slot[slot, CHECK])
            st.slot[slot, ACTIVE] = 0
    elif bits < 38:
        reject(out, offset, length, TOO_SHORT)
    else:
        k = out.m[SPANS]
        out.span_offset[k], out.span_length[k] = offset, length
        if ev[CURRENT, TIME_OFFSET] != NONE or ev[CURRENT, STATION_OFFSET] != NONE:
            first = k
            k = _add_span(out, k + 1, first, ev[CURRENT, TIME_OFFSET], ev[CURRENT, TIME_LENGTH])
            k = _add_span(out, k, first, ev[CURRENT, STATION_OFFSET], ev[CURRENT, STATION_LENGTH_OF_LINE])
            out.m[SPANS] = k
        else:
            out.m[SPANS] = k + 1
        _emit(st, out, CURRENT, at, bits, check)
    return stop


@kernel
def _line(buf: Any, start: int, end: int, base: int, st: State, out: Out) -> None:
    """Read one line, [start, end) without its end mark."""
    i = start
    while start < end:
        clear(st.ev, CURRENT)
        prefix, prefix_uncertainty = NONE, -1
        tagged, body = False, start
        i = start
        while i < end:
            c = buf[i]
            if c == _BACKSLASH:
                if i > body and not tagged:
                    prefix, prefix_uncertainty = prefix_time(buf, body, i)
                i = read_tag_block(buf, i, end, st.ev, st.sta, CURRENT, out.counts)
                tagged, body = True, i
            elif (c == _BANG or c == _DOLLAR) and _is_header(buf, i, end):
                break
            else:
                i += 1
        if i >= end:
            _other_line(buf, start, body, end, base, tagged, st, out)
            return
        if i > body and prefix == NONE:
            prefix, prefix_uncertainty = prefix_time(buf, body, i)
        start = _sentence(buf, start, i, end, base, st, out, prefix, prefix_uncertainty)


@kernel
def is_full(out: Out) -> bool:
    """Whether one more line might not fit."""
    return (
        out.m[ROWS] > out.basis.size - MARGIN
        or out.m[REJECTS] > out.reject_code.size - 2 * MARGIN
        or out.m[SPANS] > out.span_offset.size - 4 * MARGIN
        or out.m[BYTES] > out.packed.size - MAX_LINE - MAX_PARTS * MAX_PART
    )


@kernel
def scan(buf: Any, start: int, end: int, final: bool, base: int, st: State, out: Out) -> int:
    """Read whole lines of buf[start:end); `base` + index is the offset in the source. Returns where to go on.

    Stops early when the arrays of `out` are nearly full. With `final`, the last line needs no end mark. Lines longer
    than MAX_LINE are passed over and become one reject each.
    """
    i = start
    while i < end or final:
        if is_full(out):
            return i
        e = find_line_end(buf, i, end)
        if st.n[SKIPPED_FROM] != NONE:
            if e == end and not final:
                return end
            reject(out, st.n[SKIPPED_FROM], base + e - st.n[SKIPPED_FROM], LINE_TOO_LONG)
            st.n[SKIPPED_FROM] = NONE
        elif e - i > MAX_LINE:
            if e == end and not final:
                st.n[SKIPPED_FROM] = base + i
                return end
            reject(out, base + i, e - i, LINE_TOO_LONG)
        elif e == end and not final:
            return i
        elif e > i:
            _line(buf, i, e, base, st, out)
        if e >= end:
            return end
        i = e + 1
    return i


@kernel
def flush(st: State, out: Out) -> None:
    """Give up what still waits for its other parts, oldest first."""
    while True:
        oldest = -1
        for s in range(SLOTS):
            if st.slot[s, ACTIVE] != 0 and (oldest < 0 or st.slot[s, LAST] < st.slot[oldest, LAST]):
                oldest = s
        if oldest < 0:
            return
        reject_parts(st, out, oldest, INCOMPLETE)
