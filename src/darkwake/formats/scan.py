"""Kernel over bytes: delimited text into rows and fields.

A field is a range [start, end) of a byte buffer; nothing is copied before it is parsed. The kernels here and in
`parse` have one signature each (uint8 buffer, int32 ranges, int64 scalars), so that each is compiled once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from darkwake.jit import kernel

MAX_ROW = 1 << 20  # a longer record is rejected, whatever its quotes say: memory stays bounded
MAX_QUOTED_LINES = 16  # an unclosed quote must not swallow a file

WRONG_FIELD_COUNT, UNCLOSED_QUOTE = 1, 2
_CR = 13


@kernel
def rows_and_fields(
    buffer: NDArray[np.uint8],
    n: int,
    final: int,
    delimiter: int,
    quote: int,
    newline: int,
    columns: int,
    slot: NDArray[np.int64],
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    row_start: NDArray[np.int32],
    row_end: NDArray[np.int32],
    bad: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> None:
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
        slip = False  # something stands between a closing quote and the delimiter
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
                    slip |= buffer[i] != _CR
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
        reason = 0
        if unclosed or not complete:
            too_long = n - row >= MAX_ROW and first_newline >= 0
            if not (final == 1 or lines > MAX_QUOTED_LINES or too_long):
                counts[0], counts[1], counts[2] = rows, rejected, row
                return
            reason = UNCLOSED_QUOTE
            content_end = first_newline if first_newline >= 0 else n
        elif field != columns or (slip and first_newline >= 0):
            # a line break inside quotes and then a wrong count: the quote was a slip, so only its own line is lost
            reason = UNCLOSED_QUOTE if first_newline >= 0 else WRONG_FIELD_COUNT
            content_end = first_newline if first_newline >= 0 else content_end
        if reason != 0:
            i = content_end + 1
            while content_end > row and buffer[content_end - 1] == _CR:
                content_end -= 1
            bad[rejected, 0], bad[rejected, 1], bad[rejected, 2] = row, content_end, reason
            rejected += 1
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
