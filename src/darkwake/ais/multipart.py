"""Messages of several sentences: which parts belong together, and when to give up waiting.

A part joins a waiting message with the same number of parts and the same sequence id (or both without one) that
lacks it, whose station, tag group and time do not contradict. The same channel is preferred; a missing or another
channel is accepted only from a neighbour (within NEAR sentences), another one only for a later part. A part that a
waiting message already has ends that message. Nothing waits longer than FAR sentences.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from darkwake.ais.evidence import (
    BASIS,
    EV_WIDTH,
    GROUP,
    GROUP_NUMBER,
    GROUP_TOTAL,
    STATION_LENGTH,
    STATION_LENGTH_OF_LINE,
    STATION_OFFSET,
    TIME,
    TIME_LENGTH,
    TIME_OFFSET,
    UNCERTAINTY,
    clear,
)
from darkwake.ais.layout import INCOMPLETE, MAX_PART, MAX_PARTS, MAX_STATION, NONE, REJECTS, SLACK, Out
from darkwake.ais.words import take_bits
from darkwake.jit import kernel

NEAR, FAR = 8, 256  # sentences
TIME_APART_US = 60_000_000  # parts of one message are not further apart

# Scalars of the state.
SENTENCES, SKIPPED_FROM, TAG_LINE = range(3)
# Fields of a waiting message.
ACTIVE, SEQUENCE, TOTAL, HAVE, CHANNEL, LAST, CHECK, N_PARTS = range(8)
SLOTS, GROUPS = 64, 64
# Rows of the evidence array: the current line, a tag block alone on its line, the last Gatehouse line, groups, slots.
CURRENT, LONE_TAG, GATEHOUSE, FIRST_GROUP = range(4)
FIRST_SLOT = FIRST_GROUP + GROUPS


class State(NamedTuple):
    """What is carried from one block of bytes to the next."""

    n: Any
    ev: Any
    sta: Any
    slot: Any
    part_bits: Any
    part_span: Any  # [slot, 2 × part]: offset and length, in the order of arrival
    part_data: Any


def new_state() -> State:
    """The state before the first byte of a source."""
    state = State(
        np.zeros(4, np.int64),
        np.full((FIRST_SLOT + SLOTS, EV_WIDTH), NONE, np.int64),
        np.zeros((FIRST_SLOT + SLOTS, MAX_STATION), np.uint8),
        np.zeros((SLOTS, 8), np.int64),
        np.zeros((SLOTS, MAX_PARTS), np.int64),
        np.zeros((SLOTS, 2 * MAX_PARTS), np.int64),
        np.zeros(SLOTS * MAX_PARTS * MAX_PART + SLACK, np.uint8),
    )
    state.n[SKIPPED_FROM] = NONE
    for row in range(FIRST_SLOT + SLOTS):
        clear.py_func(state.ev, row)
    return state


@kernel
def reject(out: Out, offset: int, length: int, code: int) -> None:
    """Keep the span of bytes that could not be read, and why."""
    k = out.m[REJECTS]
    out.reject_offset[k], out.reject_length[k], out.reject_code[k] = offset, length, code
    out.m[REJECTS] = k + 1


@kernel
def reject_parts(st: State, out: Out, s: int, code: int) -> None:
    """Give up the message waiting in slot `s`: every part becomes a reject."""
    for k in range(st.slot[s, N_PARTS]):
        reject(out, st.part_span[s, 2 * k], st.part_span[s, 2 * k + 1], code)
    st.slot[s, ACTIVE] = 0


@kernel
def same_station(ev: Any, sta: Any, a: int, b: int) -> bool:
    """Whether two evidence records name the same station; one that names none contradicts nobody."""
    n = ev[a, STATION_LENGTH]
    if n == 0 or ev[b, STATION_LENGTH] == 0:
        return True
    if n != ev[b, STATION_LENGTH]:
        return False
    for k in range(n):  # noqa: SIM110 - a loop is what numba compiles
        if sta[a, k] != sta[b, k]:
            return False
    return True


@kernel
def copy_time(ev: Any, to: int, source: int) -> None:
    """Take over time, uncertainty, basis and the span of the line that they come from, if there is a time."""
    if ev[source, TIME] == NONE:
        return
    ev[to, TIME], ev[to, UNCERTAINTY], ev[to, BASIS] = ev[source, TIME], ev[source, UNCERTAINTY], ev[source, BASIS]
    ev[to, TIME_OFFSET], ev[to, TIME_LENGTH] = ev[source, TIME_OFFSET], ev[source, TIME_LENGTH]


@kernel
def copy_station(ev: Any, sta: Any, to: int, source: int) -> None:
    """Take over the station and the span of the line that names it, if one is named."""
    n = ev[source, STATION_LENGTH]
    if n == 0:
        return
    ev[to, STATION_LENGTH] = n
    for k in range(n):
        sta[to, k] = sta[source, k]
    ev[to, STATION_OFFSET] = ev[source, STATION_OFFSET]
    ev[to, STATION_LENGTH_OF_LINE] = ev[source, STATION_LENGTH_OF_LINE]


@kernel
def _score(st: State, s: int, number: int, channel: int) -> int:
    """How well the current part fits the message waiting in slot `s`; −1: not at all."""
    ev, row = st.ev, FIRST_SLOT + s
    age = st.n[SENTENCES] - st.slot[s, LAST]
    if not same_station(ev, st.sta, CURRENT, row):
        return -1
    if ev[CURRENT, TIME] != NONE and ev[row, TIME] != NONE and abs(ev[CURRENT, TIME] - ev[row, TIME]) > TIME_APART_US:
        return -1
    score = 0
    if ev[CURRENT, GROUP] != NONE and ev[row, GROUP] != NONE:
        if ev[CURRENT, GROUP] != ev[row, GROUP] or ev[CURRENT, GROUP_TOTAL] != ev[row, GROUP_TOTAL]:
            return -1
        score = 8
    theirs = st.slot[s, CHANNEL]
    if theirs == channel:
        return score + 4
    if age > NEAR and score == 0:
        return -1
    if theirs == 0 or channel == 0:
        return score + 2
    return score + 1 if st.slot[s, HAVE] < (1 << number) else -1


@kernel
def add_part(
    st: State, out: Out, at: int, bits: int, total: int, number: int, sequence: int, channel: int, check: int,
    offset: int, length: int,
) -> int:  # fmt: skip
    """File the part whose bits lie at `out.packed[at]`; returns the slot if its message is now complete, else −1."""
    best, best_score, best_last = -1, -1, -1
    free, oldest = -1, 0
    now = st.n[SENTENCES]
    for s in range(SLOTS):
        if st.slot[s, ACTIVE] != 0 and now - st.slot[s, LAST] > FAR:
            reject_parts(st, out, s, INCOMPLETE)
        if st.slot[s, ACTIVE] == 0:
            if free < 0:
                free = s
            continue
        if st.slot[s, LAST] < st.slot[oldest, LAST]:
            oldest = s
        if st.slot[s, TOTAL] != total or st.slot[s, SEQUENCE] != sequence:
            continue
        if st.slot[s, HAVE] & (1 << number) != 0:
            if st.slot[s, CHANNEL] == channel and same_station(st.ev, st.sta, CURRENT, FIRST_SLOT + s):
                reject_parts(st, out, s, INCOMPLETE)
                if free < 0:
                    free = s
            continue
        score = _score(st, s, number, channel)
        if score > best_score or (score == best_score and score >= 0 and st.slot[s, LAST] > best_last):
            best, best_score, best_last = s, score, st.slot[s, LAST]
    s = best
    if s < 0:
        s = free
        if s < 0:
            s = oldest
            reject_parts(st, out, s, INCOMPLETE)
        clear(st.ev, FIRST_SLOT + s)
        st.slot[s, ACTIVE], st.slot[s, SEQUENCE], st.slot[s, TOTAL] = 1, sequence, total
        st.slot[s, HAVE], st.slot[s, CHANNEL], st.slot[s, CHECK], st.slot[s, N_PARTS] = 0, channel, 1, 0
    row, ev = FIRST_SLOT + s, st.ev
    if ev[CURRENT, BASIS] < ev[row, BASIS]:
        copy_time(ev, row, CURRENT)
    if ev[row, STATION_LENGTH] == 0 and ev[CURRENT, STATION_LENGTH] > 0:
        copy_station(ev, st.sta, row, CURRENT)
    if ev[row, GROUP] == NONE:
        ev[row, GROUP], ev[row, GROUP_TOTAL] = ev[CURRENT, GROUP], ev[CURRENT, GROUP_TOTAL]
        ev[row, GROUP_NUMBER] = ev[CURRENT, GROUP_NUMBER]
    st.slot[s, HAVE] |= 1 << number
    st.slot[s, LAST] = now
    if check == 0 or st.slot[s, CHECK] == 0:
        st.slot[s, CHECK] = 0
    elif check == 2:
        st.slot[s, CHECK] = 2
    if st.slot[s, CHANNEL] == 0:
        st.slot[s, CHANNEL] = channel
    k = st.slot[s, N_PARTS]
    st.part_span[s, 2 * k], st.part_span[s, 2 * k + 1] = offset, length
    st.slot[s, N_PARTS] = k + 1
    st.part_bits[s, number - 1] = bits
    data = (s * MAX_PARTS + number - 1) * MAX_PART
    for b in range((bits + 7) >> 3):
        st.part_data[data + b] = out.packed[at + b]
    return s if k + 1 == total else -1


@kernel
def join_parts(st: State, s: int, packed: Any, at: int) -> int:
    """Write the bits of all parts of slot `s` one behind the other to `packed[at:]`; returns how many."""
    total = 0
    word, held = np.int64(0), 0  # bits not yet written
    for number in range(st.slot[s, TOTAL]):
        data, bits = (s * MAX_PARTS + number) * MAX_PART, st.part_bits[s, number]
        taken = 0
        while taken < bits:
            n = min(40, bits - taken)
            word = (word << n) | take_bits(st.part_data, data, taken, n)
            held += n
            taken += n
            while held >= 8:
                held -= 8
                packed[at] = (word >> held) & 0xFF
                at += 1
            word &= (1 << held) - 1
        total += bits
    if held > 0:
        packed[at] = (word << (8 - held)) & 0xFF
    return total
