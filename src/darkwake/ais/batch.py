"""From the arrays that the kernels filled to Arrow, without touching rows in Python."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from darkwake.ais import layout
from darkwake.ais.layout import BYTES, REASONS, REJECTS, ROWS, SPANS, TEXT_WIDTH, TEXTS, Out
from darkwake.ais.schema import DECODED, SPAN, TIME_BASES
from darkwake.ais.schema import SPANS as SPANS_TYPE
from darkwake.jit import kernel

REJECT_SCHEMA = pa.schema([("offset", pa.int64()), ("length", pa.int64()), ("reason", pa.string())])

_NEVER_NULL = {"type", "repeat", "payload_bit_count", "mmsi", "payload_key"}
_PLACE: dict[str, tuple[str, int]] = {
    name: (group, column)
    for group, names in (
        ("i8", layout.I8), ("i16", layout.I16), ("i32", layout.I32), ("i64", layout.I64), ("f32", layout.F32),
        ("f64", layout.F64), ("flags", layout.FLAGS),
    )
    for column, name in enumerate(names)
}  # fmt: skip


@kernel
def close_texts(out: Out, station: int, bitmaps: Any, any_valid: Any) -> None:
    """Fill the offsets of the text columns up to the last row, and mark the rows that hold a text as valid."""
    n = out.m[ROWS]
    for c in range(out.text_at.shape[0]):
        if c != station:
            k = out.text_row[c]
            end = out.text_at[c, k]
            any_valid[c] = end > 0
            if end == 0:
                continue
            for row in range(k + 1, n + 1):
                out.text_at[c, row] = end
        any_valid[c] = out.text_at[c, n] > 0
        if any_valid[c]:
            for row in range(n):
                if out.text_at[c, row + 1] > out.text_at[c, row]:
                    bitmaps[c, row >> 3] |= 1 << (row & 7)


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


def _buffer(array: Any) -> Any:
    return pa.py_buffer(array)


@lru_cache(maxsize=32)
def _repeated(text: str, rows: int) -> Any:
    data = np.frombuffer(text.encode() * rows, np.uint8)
    offsets = np.arange(0, (rows + 1) * len(text), len(text) or 1, dtype=np.int32)[: rows + 1]
    return pa.Array.from_buffers(pa.string(), rows, [None, _buffer(offsets), _buffer(data)], 0)


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
    return pa.Array.from_buffers(pa.string(), len(codes), [None, _buffer(offsets), _buffer(data)], 0)


def messages(out: Out, sha16: str) -> pa.RecordBatch:
    """The batch as Arrow, exactly in the schema DECODED; shares memory with `out`."""
    n = int(out.m[ROWS])
    bitmap = (n + 7) // 8
    texts = np.zeros((len(TEXTS), bitmap), np.uint8)
    any_text = np.zeros(len(TEXTS), np.bool_)
    close_texts(out, layout.STATION, texts, any_text)
    any_valid = dict(zip(layout.VALID, out.valid[:, :bitmap].any(axis=1).tolist(), strict=True))
    valid_row = {name: row for row, name in enumerate(layout.VALID)}
    columns = []
    for field in DECODED:
        name, kind = field.name, field.type
        if name in _PLACE:
            group, column = _PLACE[name]
            if name not in _NEVER_NULL and not any_valid[name]:
                columns.append(pa.nulls(n, kind))
                continue
            mask = None if name in _NEVER_NULL else _buffer(out.valid[valid_row[name], :bitmap])
            rows = getattr(out, group)[column, : bitmap if group == "flags" else n]
            columns.append(pa.Array.from_buffers(kind, n, [mask, _buffer(rows)]))
        elif name in TEXTS:
            c = TEXTS.index(name)
            if not any_text[c]:
                columns.append(pa.nulls(n, kind))
                continue
            end = int(out.text_at[c, n])
            buffers = [_buffer(texts[c]), _buffer(out.text_at[c, : n + 1]), _buffer(out.text[c, :end])]
            columns.append(pa.Array.from_buffers(kind, n, buffers))
        elif name == "time_basis":
            columns.append(_bases(out.basis[:n]))
        elif name == "source":
            columns.append(_constant(sha16, n))
        elif name == "spans":
            columns.append(_spans(out, n))
        else:
            packed = out.packed[: int(out.m[BYTES])]
            buffers = [None, _buffer(out.packed_at[: n + 1]), _buffer(packed)]
            columns.append(pa.Array.from_buffers(kind, n, buffers, 0))
    return pa.RecordBatch.from_arrays(columns, schema=DECODED)


def _spans(out: Out, n: int) -> Any:
    m = int(out.m[SPANS])
    offset = pa.Array.from_buffers(pa.int64(), m, [None, _buffer(out.span_offset[:m])], 0)
    length = pa.Array.from_buffers(pa.int32(), m, [None, _buffer(out.span_length[:m])], 0)
    spans = pa.Array.from_buffers(SPAN, m, [None], 0, children=[offset, length])
    return pa.Array.from_buffers(SPANS_TYPE, n, [None, _buffer(out.span_at[: n + 1])], 0, children=[spans])


def rejects(out: Out) -> pa.Table:
    """What could not be read: offset, length, reason."""
    n = int(out.m[REJECTS])
    codes = pa.array(out.reject_code[:n].astype(np.int8))
    reasons = pa.DictionaryArray.from_arrays(codes, pa.array(REASONS)).cast(pa.string())
    return pa.table([pa.array(out.reject_offset[:n]), pa.array(out.reject_length[:n]), reasons], schema=REJECT_SCHEMA)


def room_for(size: int) -> tuple[int, int, int]:
    """Rows, rejects and packed bytes to allocate for `size` bytes of input; a batch that fills them is cut short."""
    from darkwake.ais.framing import MARGIN

    rows = min(size // 24, MAX_ROWS) + 2 * MARGIN
    return rows, min(size // 16, MAX_ROWS) + 4 * MARGIN, rows * 24 + 4 * layout.MAX_LINE


MAX_ROWS = 1 << 17
assert TEXT_WIDTH >= layout.MAX_STATION
