"""From the arrays that the kernels filled to Arrow, without touching rows in Python."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from darkwake.ais.columns import end_text, get_offset, text_end
from darkwake.ais.layout import (
    MARGIN,
    N_REJECTS,
    N_SPANS,
    REASONS,
    ROWS,
    SLACK,
    SOURCE,
    SPANS,
    STATION,
    TEXTS,
    TIME_BASIS,
    Out,
)
from darkwake.ais.schema import DECODED, SPAN, TIME_BASES
from darkwake.ais.schema import SPANS as SPANS_TYPE
from darkwake.ais.words import byte, get, kernel_of_scalars, store8
from darkwake.jit import kernel

LARGEST = 1 << 17  # rows of a batch
REJECT_SCHEMA = pa.schema([("offset", pa.int64()), ("length", pa.int64()), ("reason", pa.string())])


@kernel_of_scalars
def close_text(out: int, column: int, bitmap: int) -> bool:
    """Fill a text column's offsets up to the last row and mark the rows that hold a text; whether any does."""
    n = get(out, ROWS)
    if column != STATION:
        if text_end(out, column) == 0:
            return False
        end_text(out, column, n, text_end(out, column))
    if get_offset(out, column, n) == 0:
        return False
    for r in range(n):
        if get_offset(out, column, r + 1) > get_offset(out, column, r):
            store8(bitmap + (r >> 3), byte(bitmap + (r >> 3)) | (1 << (r & 7)))
    return True


@kernel
def spell(codes: Any, word_at: Any, words: Any, offsets: Any, data: Any) -> None:
    """Write the word of each code."""
    end = 0
    for r in range(codes.size):
        code = codes[r]
        for k in range(word_at[code], word_at[code + 1]):
            data[end] = words[k]
            end += 1
        offsets[r + 1] = end


@lru_cache(maxsize=32)
def _repeated(text: str, rows: int) -> Any:
    data = np.frombuffer(text.encode() * rows, np.uint8)
    offsets = np.arange(0, (rows + 1) * len(text), len(text) or 1, dtype=np.int32)[: rows + 1]
    return pa.Array.from_buffers(pa.string(), rows, [None, pa.py_buffer(offsets), pa.py_buffer(data)], 0)


def _constant(text: str, rows: int) -> Any:
    room = 1 << max(rows - 1, 255).bit_length()
    return _repeated(text, room).slice(0, rows)


_WORDS = np.frombuffer("".join(TIME_BASES).encode(), np.uint8)
_WORD_AT = np.cumsum([0, *(len(word) for word in TIME_BASES)]).astype(np.int64)


def _bases(codes: Any) -> Any:
    if not len(codes) or (codes[0] == codes).all():
        return _constant(TIME_BASES[codes[0]] if len(codes) else "none", len(codes))
    offsets = np.zeros(len(codes) + 1, np.int32)
    data = np.empty(int(np.diff(_WORD_AT)[codes].sum()), np.uint8)
    spell(codes, _WORD_AT, _WORDS, offsets, data)
    return pa.Array.from_buffers(pa.string(), len(codes), [None, pa.py_buffer(offsets), pa.py_buffer(data)], 0)


def messages(out: Out, sha16: str) -> pa.RecordBatch:
    """The batch as Arrow, exactly in the schema DECODED; shares memory with `out`."""
    n = out[ROWS]
    columns = [_column(out, column, field.type, n, sha16) for column, field in enumerate(DECODED)]
    return pa.RecordBatch.from_arrays(columns, schema=DECODED)


def _column(out: Out, column: int, kind: pa.DataType, n: int, sha16: str) -> Any:
    if column == TIME_BASIS:
        return _bases(out.data[column][:n])
    if column == SOURCE:
        return _constant(sha16, n)
    if column == SPANS:
        return _spans(out, n)
    bitmap = (n + 7) // 8
    if column in TEXTS:
        valid = np.zeros(bitmap + SLACK, np.uint8)
        any_valid = close_text(out.address, column, valid.ctypes.data)
    elif column in out.valid:
        valid = out.valid[column]
        any_valid = valid[:bitmap].any()
    else:
        valid, any_valid = None, True
    if not any_valid:
        return pa.nulls(n, kind)
    buffers = [None if valid is None else pa.py_buffer(valid[:bitmap])]
    if column in out.offsets:
        offsets = out.offsets[column][: n + 1]
        buffers += [pa.py_buffer(offsets), pa.py_buffer(out.data[column][: int(offsets[n])])]
    else:
        buffers.append(pa.py_buffer(out.data[column][: bitmap if pa.types.is_boolean(kind) else n]))
    return pa.Array.from_buffers(kind, n, buffers)


def _spans(out: Out, n: int) -> Any:
    m = out[N_SPANS]
    offset = pa.Array.from_buffers(pa.int64(), m, [None, pa.py_buffer(out.span_offset[:m])], 0)
    length = pa.Array.from_buffers(pa.int32(), m, [None, pa.py_buffer(out.span_length[:m])], 0)
    spans = pa.Array.from_buffers(SPAN, m, [None], 0, children=[offset, length])
    return pa.Array.from_buffers(SPANS_TYPE, n, [None, pa.py_buffer(out.offsets[SPANS][: n + 1])], 0, children=[spans])


def rejects(out: Out) -> pa.Table:
    """What could not be read: offset, length, reason."""
    n = out[N_REJECTS]
    codes = pa.array(out.reject_code[:n])
    reasons = pa.DictionaryArray.from_arrays(codes, pa.array(REASONS)).cast(pa.string())
    return pa.table([pa.array(out.reject_offset[:n]), pa.array(out.reject_length[:n]), reasons], schema=REJECT_SCHEMA)


def allocate(size: int) -> Out:
    """Memory for the messages of `size` bytes of input; where they do not fit, the batch is cut short."""
    return Out(min(size // 24, LARGEST) + 2 * MARGIN, min(size // 16, LARGEST) + 4 * MARGIN)
