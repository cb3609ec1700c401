"""From bytes to messages: lines, sentences, checksums, armour. One pass; nothing here knows what a field means.

Bytes are named by their address; an address plus `base` is the offset in the source.
"""

from __future__ import annotations

from darkwake.ais.columns import count, get_offset, put8, put16, put32, put64, put_bit, put_f32, put_offset, set_valid
from darkwake.ais.evidence import (
    BASIS,
    STATION_BYTES,
    STATION_LENGTH,
    STATION_OFFSET,
    STATION_SPAN,
    TIME,
    TIME_LENGTH,
    TIME_OFFSET,
    UNCERTAINTY,
    clear,
    digits,
    hex_byte,
    prefix_time,
    read_suffix,
    read_tag_block,
    set_time,
)
from darkwake.ais.layout import (
    BAD_CHECKSUM,
    BAD_FRAMING,
    BAD_PAYLOAD_CHAR,
    BASIS_USCG,
    BIT_COUNT,
    CHECKSUM_OK,
    DATA,
    INCOMPLETE,
    LINE_TOO_LONG,
    MAX_BYTES,
    MAX_LINE,
    MAX_PART,
    MAX_PARTS,
    MAX_PAYLOAD,
    MAX_REJECTS,
    MAX_ROWS,
    MAX_SPANS,
    MMSI,
    N_BYTES,
    N_REJECTS,
    N_SPANS,
    NONE,
    PAYLOAD,
    PAYLOAD_TOO_LONG,
    REPEAT,
    ROWS,
    SENTENCES,
    SLOTS,
    SPAN_LENGTH,
    SPAN_OFFSET,
    SPANS,
    STATION,
    TIME_BASIS,
    TOO_SHORT,
    TYPE,
)
from darkwake.ais.layout import TIME as TIME_COLUMN
from darkwake.ais.layout import UNCERTAINTY as UNCERTAINTY_COLUMN
from darkwake.ais.multipart import (
    ACTIVE,
    CHECK,
    COUNTED,
    CURRENT,
    LAST,
    N_PARTS,
    PART_SPAN,
    SKIPPED_FROM,
    SLOT_EVIDENCE,
    add_part,
    join_parts,
    reject,
    reject_parts,
    slot,
)
from darkwake.ais.neighbours import apply_neighbours, other_line, use_gatehouse
from darkwake.ais.words import (
    byte,
    find_line_end,
    get,
    kernel_of_scalars,
    load_word,
    put,
    store8,
    store32,
    store_word,
    take_bits,
    unarmour,
    xor_bytes,
)

_BANG, _DOLLAR, _BACKSLASH, _COMMA, _STAR = (ord(c) for c in "!$\\,*")


@kernel_of_scalars
def _is_header(i: int, end: int) -> bool:
    """Whether `!xxVDM,` or `!xxVDO,` begins at `i` (any talker; `$` for `!` is met in old logs)."""
    return (
        i + 7 <= end
        and (byte(i) == _BANG or byte(i) == _DOLLAR)
        and byte(i + 3) == 86
        and byte(i + 4) == 68
        and (byte(i + 5) == 77 or byte(i + 5) == 79)
        and byte(i + 6) == _COMMA
        and 32 < byte(i + 1) < 127
        and 32 < byte(i + 2) < 127
    )


@kernel_of_scalars
def _find_header(start: int, end: int) -> int:
    """Address of the next AIS sentence in [start, end), or −1."""
    for i in range(start, end - 6):
        if _is_header(i, end):
            return i
    return -1


@kernel_of_scalars
def _add_span(out: int, first: int, offset: int, length: int) -> None:
    """Add a span to those from `first` on, in the order of offsets, once."""
    if offset == NONE:
        return
    k = get(out, N_SPANS)
    offsets, lengths = get(out, SPAN_OFFSET), get(out, SPAN_LENGTH)
    i = k
    while i > first and load_word(offsets + 8 * (i - 1)) > offset:
        i -= 1
    if i > first and load_word(offsets + 8 * (i - 1)) == offset:
        return
    for j in range(k, i, -1):
        store_word(offsets + 8 * j, load_word(offsets + 8 * (j - 1)))
        store32(lengths + 4 * j, load_word(lengths + 4 * (j - 1)))
    store_word(offsets + 8 * i, offset)
    store32(lengths + 4 * i, length)
    put(out, N_SPANS, k + 1)


@kernel_of_scalars
def _emit(out: int, e: int, at: int, bits: int, check: int) -> None:
    """Write the common columns of the message whose bits lie at the address `at`; `e` is its evidence."""
    r = get(out, ROWS)
    size = (bits + 7) >> 3
    if bits & 7:
        store8(at + size - 1, byte(at + size - 1) & (0xFF << (8 - (bits & 7))))
    put8(out, TYPE, r, take_bits(at, 0, 6))
    put8(out, REPEAT, r, take_bits(at, 6, 2))
    put32(out, MMSI, r, take_bits(at, 8, 30))
    put16(out, BIT_COUNT, r, bits)
    put8(out, TIME_BASIS, r, get(e, BASIS))
    if get(e, TIME) != NONE:
        put64(out, TIME_COLUMN, r, get(e, TIME))
        set_valid(out, TIME_COLUMN, r)
        if get(e, UNCERTAINTY) >= 0:
            put_f32(out, UNCERTAINTY_COLUMN, r, get(e, UNCERTAINTY) * 1e-6)
    if check != 2:
        put_bit(out, CHECKSUM_OK, r, check)
        if check == 0:
            count(out, BAD_CHECKSUM)
    n, end = get(e, STATION_LENGTH), get_offset(out, STATION, r)
    text = get(out, DATA + STATION) + end
    for k in range(0, n, 8):
        store_word(text + k, load_word(e + 8 * STATION_BYTES + k))
    put_offset(out, STATION, r + 1, end + n)
    packed = get(out, N_BYTES) + size
    put_offset(out, PAYLOAD, r + 1, packed)
    put_offset(out, SPANS, r + 1, get(out, N_SPANS))
    put(out, N_BYTES, packed)
    put(out, ROWS, r + 1)


@kernel_of_scalars
def _emit_with_lines(out: int, first: int, e: int, at: int, bits: int, check: int) -> None:
    """Write a message, after adding the lines that its time and station come from to its spans."""
    _add_span(out, first, get(e, TIME_OFFSET), get(e, TIME_LENGTH))
    _add_span(out, first, get(e, STATION_OFFSET), get(e, STATION_SPAN))
    _emit(out, e, at, bits, check)


@kernel_of_scalars
def _sentence(start: int, head: int, end: int, base: int, st: int, out: int,
              prefix: int, prefix_uncertainty: int) -> int:  # fmt: skip
    """Read the sentence whose `!` is at `head`; its span begins at `start`. Returns where the next one may begin."""
    mine = st + 8 * CURRENT
    count(st, COUNTED)
    count(out, SENTENCES)
    reason = -1
    i = head + 7
    total, i = digits(i, end)
    if i < end and byte(i) == _COMMA:
        number, i = digits(i + 1, end)
    else:
        number, reason = -1, BAD_FRAMING
    sequence, channel = -1, 0
    if i < end and byte(i) == _COMMA:
        sequence, i = digits(i + 1, end)
    else:
        reason = BAD_FRAMING
    if i < end and byte(i) == _COMMA:
        i += 1
        if i < end and byte(i) != _COMMA:
            channel = byte(i)
        while i < end and byte(i) != _COMMA:
            i += 1
    else:
        reason = BAD_FRAMING
    payload = i + 1
    if payload >= end or byte(i) != _COMMA or total > MAX_PARTS or (total > 1 and not 1 <= number <= total):
        reason = BAD_FRAMING
    x = i
    bits, check, checksum, at = 0, 2, -1, get(out, DATA + PAYLOAD) + get(out, N_BYTES)
    if reason < 0:
        x = unarmour(payload, at)
        characters, fill = x - payload, 0
        if x < end and byte(x) == _COMMA:
            x += 1
            if x < end and 48 <= byte(x) <= 57:
                fill = byte(x) - 48
                x += 1
        elif x < end and byte(x) != _STAR:
            reason = BAD_PAYLOAD_CHAR
        bits = 6 * characters - fill
        if reason < 0 and characters > MAX_PAYLOAD:
            reason = PAYLOAD_TOO_LONG
        if x < end and byte(x) == _STAR:
            if x + 2 < end:
                checksum = hex_byte(x + 1)
                if checksum >= 0:
                    check = 1 if checksum == xor_bytes(head + 1, x) else 0
                    x += 2
            x += 1
    stop = end
    if x < end:
        another = _find_header(x, end)
        if another >= 0:
            stop = x
            while stop < another and byte(stop) != _BACKSLASH:
                stop += 1
    offset, length = base + start, stop - start
    apply_neighbours(st, offset, length, prefix, prefix_uncertainty)
    use_gatehouse(st, total, checksum)
    if x < stop and byte(x) == _COMMA and reason < 0:
        time, uncertainty = read_suffix(x, stop, mine)
        if get(mine, TIME) == NONE and time != NONE:
            set_time(mine, time, uncertainty, BASIS_USCG)
    first = get(out, N_SPANS)
    if reason >= 0:
        reject(out, offset, length, reason)
    elif total > 1:
        if bits > 8 * MAX_PART:
            reject(out, offset, length, PAYLOAD_TOO_LONG)
            return stop
        w = add_part(st, out, at, max(bits, 0), total, number, sequence, channel, check, offset, length)
        if w != 0:
            bits = join_parts(w, at)
            if bits < 38:
                reject_parts(out, w, TOO_SHORT)
                return stop
            for part in range(get(w, N_PARTS)):
                _add_span(out, first, get(w, PART_SPAN + 2 * part), get(w, PART_SPAN + 2 * part + 1))
            _emit_with_lines(out, first, w + 8 * SLOT_EVIDENCE, at, bits, get(w, CHECK))
            put(w, ACTIVE, 0)
    elif bits < 38:
        reject(out, offset, length, TOO_SHORT)
    else:
        _add_span(out, first, offset, length)
        _emit_with_lines(out, first, mine, at, bits, check)
    return stop


@kernel_of_scalars
def _line(start: int, end: int, base: int, st: int, out: int) -> None:
    """Read one line, [start, end) without its end mark."""
    while start < end:
        clear(st + 8 * CURRENT)
        prefix, prefix_uncertainty = NONE, -1
        tagged, body = False, start
        i = start
        while i < end:
            c = byte(i)
            if c == _BACKSLASH:
                if i > body and not tagged:
                    prefix, prefix_uncertainty = prefix_time(body, i)
                i = read_tag_block(i, end, st + 8 * CURRENT, out)
                tagged, body = True, i
            elif c in (_BANG, _DOLLAR) and _is_header(i, end):
                break
            else:
                i += 1
        if i >= end:
            other_line(start, body, end, base, tagged, st, out)
            return
        if i > body and prefix == NONE:
            prefix, prefix_uncertainty = prefix_time(body, i)
        start = _sentence(start, i, end, base, st, out, prefix, prefix_uncertainty)


@kernel_of_scalars
def is_full(out: int) -> bool:
    """Whether one more line might not fit."""
    return (
        get(out, ROWS) > get(out, MAX_ROWS)
        or get(out, N_REJECTS) > get(out, MAX_REJECTS)
        or get(out, N_SPANS) > get(out, MAX_SPANS)
        or get(out, N_BYTES) > get(out, MAX_BYTES)
    )


@kernel_of_scalars
def scan(start: int, end: int, final: bool, base: int, st: int, out: int) -> int:
    """Read whole lines of the bytes in [start, end). Returns where to go on.

    Stops early when the memory of `out` are nearly full. With `final`, the last line needs no end mark. Lines longer
    than MAX_LINE are passed over and become one reject each.
    """
    i = start
    while i < end or final:
        if is_full(out):
            return i
        e = find_line_end(i, end)
        if get(st, SKIPPED_FROM) != NONE:
            if e == end and not final:
                return end
            reject(out, get(st, SKIPPED_FROM), base + e - get(st, SKIPPED_FROM), LINE_TOO_LONG)
            put(st, SKIPPED_FROM, NONE)
        elif e - i > MAX_LINE:
            if e == end and not final:
                put(st, SKIPPED_FROM, base + i)
                return end
            reject(out, base + i, e - i, LINE_TOO_LONG)
        elif e == end and not final:
            return i
        elif e > i:
            _line(i, e, base, st, out)
        if e >= end:
            return end
        i = e + 1
    return i


@kernel_of_scalars
def flush(st: int, out: int) -> None:
    """Give up what still waits for its other parts, oldest first."""
    while True:
        oldest = 0
        for s in range(SLOTS):
            w = slot(st, s)
            if get(w, ACTIVE) != 0 and (oldest == 0 or get(w, LAST) < get(oldest, LAST)):
                oldest = w
        if oldest == 0:
            return
        reject_parts(out, oldest, INCOMPLETE)
