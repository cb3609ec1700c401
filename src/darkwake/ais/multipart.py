"""Messages of several sentences: which parts belong together, and when to give up waiting.

A part joins a waiting message with the same number of parts and the same sequence id (or both without one) that
lacks it, whose station, tag group and time do not contradict. The same channel is preferred. Only a neighbour (within
NEAR sentences) may come in the wrong order, lack its channel or be on another one, and never both of the last and the
first. A part that a waiting message already has ends that message. Nothing waits longer than FAR sentences: sequence
ids run from 0 to 9 only, so an old orphan would soon meet a stranger.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from darkwake.ais.evidence import (
    BASIS,
    EVIDENCE_WORDS,
    GROUP,
    GROUP_TOTAL,
    STATION_LENGTH,
    TIME,
    clear,
    copy_group,
    copy_station,
    copy_time,
    same_station,
)
from darkwake.ais.layout import (
    FAR,
    GROUPS,
    INCOMPLETE,
    MAX_PART,
    MAX_PARTS,
    N_REJECTS,
    NONE,
    REJECT_CODE,
    REJECT_LENGTH,
    REJECT_OFFSET,
    SLOTS,
)
from darkwake.ais.words import byte, get, kernel_of_scalars, put, store8, store_word, take_bits

NEAR = 8  # sentences
TIME_APART_US = 60_000_000  # parts of one message are not further apart

# Words of a slot, which holds a waiting message: spans (offset, length) and bits follow the order of arrival and of
# the parts' numbers; evidence and bytes lie behind.
ACTIVE, SEQUENCE, TOTAL, HAVE, CHANNEL, LAST, CHECK, N_PARTS = range(8)
PART_SPAN = 8
PART_BITS = PART_SPAN + 2 * MAX_PARTS
SLOT_EVIDENCE = PART_BITS + MAX_PARTS
PART_DATA = SLOT_EVIDENCE + EVIDENCE_WORDS
SLOT_WORDS = PART_DATA + MAX_PARTS * MAX_PART // 8 + 2

# Words of the state, which is carried from one block of bytes to the next.
COUNTED, SKIPPED_FROM, TAG_LINE = range(3)  # AIS sentences so far; start of an overlong line; a tag block waits
CURRENT = 4  # evidence: of the line at hand, of a tag block alone on its line, of the last Gatehouse line, of groups
LONE_TAG = CURRENT + EVIDENCE_WORDS
GATEHOUSE = LONE_TAG + EVIDENCE_WORDS
FIRST_GROUP = GATEHOUSE + EVIDENCE_WORDS
FIRST_SLOT = FIRST_GROUP + GROUPS * EVIDENCE_WORDS
STATE_WORDS = FIRST_SLOT + SLOTS * SLOT_WORDS


def new_state() -> Any:
    """The state before the first byte of a source."""
    state = np.zeros(STATE_WORDS, np.int64)
    state[SKIPPED_FROM] = NONE
    for place in range(CURRENT, FIRST_SLOT, EVIDENCE_WORDS):
        clear(int(state[place:].ctypes.data))
    return state


@kernel_of_scalars
def slot(st: int, s: int) -> int:
    """Address of slot number `s`."""
    return st + 8 * (FIRST_SLOT + s * SLOT_WORDS)


@kernel_of_scalars
def reject(out: int, offset: int, length: int, code: int) -> None:
    """Keep the span of bytes that could not be read, and why."""
    k = get(out, N_REJECTS)
    store_word(get(out, REJECT_OFFSET) + 8 * k, offset)
    store_word(get(out, REJECT_LENGTH) + 8 * k, length)
    store8(get(out, REJECT_CODE) + k, code)
    put(out, N_REJECTS, k + 1)


@kernel_of_scalars
def reject_parts(out: int, w: int, code: int) -> None:
    """Give up the message waiting in slot `w`: every part becomes a reject."""
    for k in range(get(w, N_PARTS)):
        reject(out, get(w, PART_SPAN + 2 * k), get(w, PART_SPAN + 2 * k + 1), code)
    put(w, ACTIVE, 0)


@kernel_of_scalars
def _score(st: int, w: int, number: int, channel: int) -> int:
    """How well the current part fits the message waiting in slot `w`; −1: not at all."""
    mine, theirs = st + 8 * CURRENT, w + 8 * SLOT_EVIDENCE
    if not same_station(mine, theirs):
        return -1
    if (
        get(mine, TIME) != NONE
        and get(theirs, TIME) != NONE
        and abs(get(mine, TIME) - get(theirs, TIME)) > TIME_APART_US
    ):
        return -1
    score = 0
    if get(mine, GROUP) != NONE and get(theirs, GROUP) != NONE:
        if get(mine, GROUP) != get(theirs, GROUP) or get(mine, GROUP_TOTAL) != get(theirs, GROUP_TOTAL):
            return -1
        score = 8
    in_order = get(w, HAVE) < (1 << number)
    near = score > 0 or get(st, COUNTED) - get(w, LAST) <= NEAR
    if get(w, CHANNEL) == channel:
        return score + 4 if near or in_order else -1
    if get(w, CHANNEL) == 0 or channel == 0:
        return score + 2 if near else -1
    return score + 1 if near and in_order else -1


@kernel_of_scalars
def _choose(st: int, out: int, total: int, number: int, sequence: int, channel: int) -> int:
    """The slot to file a part in: of the message that it completes best, or a fresh one."""
    best, best_score, best_last = 0, -1, -1
    free = 0
    now = get(st, COUNTED)
    for s in range(SLOTS):
        w = slot(st, s)
        if get(w, ACTIVE) != 0 and now - get(w, LAST) > FAR:
            reject_parts(out, w, INCOMPLETE)
        if get(w, ACTIVE) != 0 and get(w, TOTAL) == total and get(w, SEQUENCE) == sequence:
            if get(w, HAVE) & (1 << number) == 0:
                score = _score(st, w, number, channel)
                if score > best_score or (score == best_score and score >= 0 and get(w, LAST) > best_last):
                    best, best_score, best_last = w, score, get(w, LAST)
            elif get(w, CHANNEL) == channel and same_station(st + 8 * CURRENT, w + 8 * SLOT_EVIDENCE):
                reject_parts(out, w, INCOMPLETE)
        if get(w, ACTIVE) == 0 and free == 0:
            free = w
    if best_score >= 0:
        return best
    clear(free + 8 * SLOT_EVIDENCE)
    put(free, ACTIVE, 1)
    put(free, SEQUENCE, sequence)
    put(free, TOTAL, total)
    put(free, HAVE, 0)
    put(free, CHANNEL, channel)
    put(free, CHECK, 1)
    put(free, N_PARTS, 0)
    return free


@kernel_of_scalars
def add_part(
    st: int, out: int, at: int, bits: int, total: int, number: int, sequence: int, channel: int, check: int,
    offset: int, length: int,
) -> int:  # fmt: skip
    """File the part whose bits lie at the address `at`; returns its slot if the message is now complete, else 0."""
    w = _choose(st, out, total, number, sequence, channel)
    mine, theirs = st + 8 * CURRENT, w + 8 * SLOT_EVIDENCE
    if get(mine, BASIS) < get(theirs, BASIS):
        copy_time(theirs, mine)
    if get(theirs, STATION_LENGTH) == 0:
        copy_station(theirs, mine)
    if get(theirs, GROUP) == NONE:
        copy_group(theirs, mine)
    put(w, HAVE, get(w, HAVE) | (1 << number))
    put(w, LAST, get(st, COUNTED))
    if check == 0 or get(w, CHECK) == 0:
        put(w, CHECK, 0)
    elif check == 2:
        put(w, CHECK, 2)
    if get(w, CHANNEL) == 0:
        put(w, CHANNEL, channel)
    k = get(w, N_PARTS)
    put(w, PART_SPAN + 2 * k, offset)
    put(w, PART_SPAN + 2 * k + 1, length)
    put(w, N_PARTS, k + 1)
    put(w, PART_BITS + number - 1, bits)
    data = w + 8 * PART_DATA + (number - 1) * MAX_PART
    for b in range((bits + 7) >> 3):
        store8(data + b, byte(at + b))
    return w if k + 1 == total else 0


@kernel_of_scalars
def join_parts(w: int, at: int) -> int:
    """Write the bits of all parts of slot `w` one behind the other to `at`; returns how many."""
    total, word, held = 0, 0, 0  # `word`: the last `held` bits, not yet written
    for number in range(get(w, TOTAL)):
        data, bits = w + 8 * PART_DATA + number * MAX_PART, get(w, PART_BITS + number)
        taken = 0
        while taken < bits:
            n = min(40, bits - taken)
            word = (word << n) | take_bits(data, taken, n)
            held += n
            taken += n
            while held >= 8:
                held -= 8
                store8(at, word >> held)
                at += 1
            word &= (1 << held) - 1
        total += bits
    if held > 0:
        store8(at, word << (8 - held))
    return total
