"""What other lines say about a sentence: lone tag blocks, tag groups, Gatehouse lines; and lines without a sentence."""

from __future__ import annotations

from darkwake.ais.columns import count
from darkwake.ais.evidence import (
    BASIS,
    EVIDENCE_WORDS,
    EXPECTED,
    GROUP,
    GROUP_NUMBER,
    GROUP_TOTAL,
    STATION_LENGTH,
    STATION_OFFSET,
    STATION_SPAN,
    STORED_AT,
    TIME,
    TIME_LENGTH,
    TIME_OFFSET,
    clear,
    copy_group,
    copy_station,
    copy_time,
    read_gatehouse,
    set_group,
    set_line,
    set_time,
)
from darkwake.ais.layout import (
    BAD_FRAMING,
    BASIS_GATEHOUSE,
    BASIS_PREFIX,
    GROUPS,
    NONE,
    NOT_AIS,
    OTHER_LINES,
)
from darkwake.ais.multipart import (
    COUNTED,
    CURRENT,
    FIRST_GROUP,
    GATEHOUSE,
    LONE_TAG,
    TAG_LINE,
    reject,
)
from darkwake.ais.words import (
    byte,
    get,
    kernel_of_scalars,
    put,
)

_BANG, _DOLLAR, _COMMA, _STAR, _HASH = (ord(c) for c in "!$,*#")
_GATEHOUSE_WAITS = 4  # sentences
_LONGEST_GROUP = 256  # sentences between the first and the last line of a tag group


@kernel_of_scalars
def use_group(st: int, offset: int, length: int) -> None:
    """Remember what the current line says for its tag group, or learn from what the group said before."""
    mine = st + 8 * CURRENT
    g = st + 8 * (FIRST_GROUP + get(mine, GROUP) % GROUPS * EVIDENCE_WORDS)
    now = get(st, COUNTED)
    known = (
        get(g, GROUP) == get(mine, GROUP)
        and get(g, GROUP_TOTAL) == get(mine, GROUP_TOTAL)
        and get(g, GROUP_NUMBER) < get(mine, GROUP_NUMBER)
        and now - get(g, STORED_AT) <= _LONGEST_GROUP
    )
    if not known:
        clear(g)
        put(g, STORED_AT, now)
    set_group(g, get(mine, GROUP), get(mine, GROUP_TOTAL), get(mine, GROUP_NUMBER))
    if get(mine, TIME) == NONE:
        copy_time(mine, g)
    else:
        copy_time(g, mine)
        if get(g, TIME_OFFSET) == NONE:
            put(g, TIME_OFFSET, offset)
            put(g, TIME_LENGTH, length)
    if get(mine, STATION_LENGTH) == 0:
        copy_station(mine, g)
    else:
        copy_station(g, mine)
        if get(g, STATION_OFFSET) == NONE:
            put(g, STATION_OFFSET, offset)
            put(g, STATION_SPAN, length)


@kernel_of_scalars
def other_line(start: int, body: int, end: int, base: int, tagged: bool, st: int, out: int) -> None:
    """A line without an AIS sentence: Gatehouse time, a tag block alone, another NMEA sentence, a comment, or junk."""
    i = body
    while i < end and byte(i) <= 32:
        i += 1
    if i == end:
        if tagged:
            put(st, TAG_LINE, 1)
            lone = st + 8 * LONE_TAG
            clear(lone)
            copy_time(lone, st + 8 * CURRENT)
            copy_station(lone, st + 8 * CURRENT)
            copy_group(lone, st + 8 * CURRENT)
            set_line(lone, base + start, end - start)
            count(out, OTHER_LINES)
        elif body > start or byte(start) > 32:
            reject(out, base + start, end - start, NOT_AIS)
        return
    if byte(i) == _HASH:
        count(out, OTHER_LINES)
        return
    while i < end and byte(i) != _BANG and byte(i) != _DOLLAR:
        i += 1
    j = i + 1
    while j < end and (65 <= byte(j) <= 90 or 48 <= byte(j) <= 57):
        j += 1
    if not (3 <= j - i - 1 <= 10):
        reject(out, base + start, end - start, NOT_AIS)
        return
    damaged = j - i == 6 and byte(j - 3) == 86 and byte(j - 2) == 68 and (byte(j - 1) == 77 or byte(j - 1) == 79)
    if damaged or not (j == end or byte(j) == _COMMA or byte(j) == _STAR):
        reject(out, base + start, end - start, BAD_FRAMING if damaged else NOT_AIS)
        return
    count(out, OTHER_LINES)
    if j - i == 5 and byte(i + 1) == 80 and byte(i + 2) == 71 and byte(i + 3) == 72 and byte(i + 4) == 80:  # PGHP
        read_gatehouse(i, end, st + 8 * GATEHOUSE, out)
        set_line(st + 8 * GATEHOUSE, base + start, end - start)
        put(st + 8 * GATEHOUSE, STORED_AT, get(st, COUNTED))
    elif tagged and get(st + 8 * CURRENT, GROUP) != NONE:
        use_group(st, base + start, end - start)


@kernel_of_scalars
def use_gatehouse(st: int, total: int, checksum: int) -> None:
    """Let the Gatehouse line speak for the sentence it belongs to: once, and only if it expects this checksum.

    Logs that were filtered or shuffled hold lines whose sentence is missing; their time is no other sentence's. A
    line before a message of several parts names the checksum of a later part: it goes with the first.
    """
    mine, gatehouse = st + 8 * CURRENT, st + 8 * GATEHOUSE
    if get(gatehouse, BASIS) != BASIS_GATEHOUSE:
        return
    expected = get(gatehouse, EXPECTED)
    if expected in (NONE, checksum) or total > 1:
        if get(mine, TIME) == NONE:
            copy_time(mine, gatehouse)
        if get(mine, STATION_LENGTH) == 0:
            copy_station(mine, gatehouse)
        clear(gatehouse)
    elif get(st, COUNTED) - get(gatehouse, STORED_AT) > _GATEHOUSE_WAITS:
        clear(gatehouse)


@kernel_of_scalars
def apply_neighbours(st: int, offset: int, length: int, prefix: int, prefix_uncertainty: int) -> None:
    """Fill what the line's own tag block does not say: lone tag line, group, prefix; in this order."""
    mine = st + 8 * CURRENT
    if get(st, TAG_LINE) != 0:
        put(st, TAG_LINE, 0)
        lone = st + 8 * LONE_TAG
        if get(mine, TIME) == NONE:
            copy_time(mine, lone)
        if get(mine, STATION_LENGTH) == 0:
            copy_station(mine, lone)
        if get(mine, GROUP) == NONE:
            copy_group(mine, lone)
    if get(mine, GROUP) != NONE:
        use_group(st, offset, length)
    if get(mine, TIME) == NONE and prefix != NONE:
        set_time(mine, prefix, prefix_uncertainty, BASIS_PREFIX)
