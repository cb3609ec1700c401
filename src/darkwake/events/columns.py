"""Arrow columns as the contiguous arrays that kernels take, and packed records as Arrow binary."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def numbers(table: pa.Table, name: str, missing: float | None = None) -> np.ndarray:
    """A column without nulls as an array; times as µs. `missing` stands in for nulls (NaN by default for floats)."""
    column = table.column(name)
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    if column.null_count:
        column = column.fill_null(pa.scalar(float("nan") if missing is None else missing, column.type))
    chunks = [chunk.to_numpy(zero_copy_only=False) for chunk in column.chunks]
    if len(chunks) == 1:
        return chunks[0]
    return np.concatenate(chunks) if chunks else np.empty(0, column.type.to_pandas_dtype())


def source_keys(table: pa.Table, name: str = "source") -> np.ndarray:
    """Source names (16 hex digits) as int64: a packed record has no room for strings."""
    keys = []
    for chunk in table.column(name).chunks:
        coded = chunk if pa.types.is_dictionary(chunk.type) else pc.dictionary_encode(chunk)
        words = np.array([int(text, 16) for text in coded.dictionary.to_pylist()], np.uint64).view(np.int64)
        keys.append(words[coded.indices.to_numpy(zero_copy_only=False)] if len(coded) else np.empty(0, np.int64))
    return np.concatenate(keys) if keys else np.empty(0, np.int64)


def source_name(key: int) -> str:
    return f"{int(key) & 0xFFFF_FFFF_FFFF_FFFF:016x}"


def pack(records: np.ndarray, first: np.ndarray) -> pa.Array:
    """Records `first[i]` up to `first[i + 1]` as the i-th value of a binary column, without copying."""
    offsets = (first * records.dtype.itemsize).astype(np.int32)
    data = pa.py_buffer(np.ascontiguousarray(records).view(np.uint8))
    return pa.Array.from_buffers(pa.binary(), len(first) - 1, [None, pa.py_buffer(offsets), data])


def unpack(table: pa.Table, name: str, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """All records of a binary column in one array, and where each row's records begin (one more than rows)."""
    parts, begins, total = [], [np.zeros(1, np.int64)], 0
    for chunk in table.column(name).chunks:
        if len(chunk) == 0:
            continue
        _, offsets_buffer, data = chunk.buffers()
        offsets = np.frombuffer(offsets_buffer, np.int32)[chunk.offset : chunk.offset + len(chunk) + 1].astype(np.int64)
        if offsets[-1] > offsets[0]:
            parts.append(np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]])
        begins.append((offsets[1:] - offsets[0]) // dtype.itemsize + total)
        total = int(begins[-1][-1])
    records = np.concatenate(parts) if len(parts) != 1 else parts[0]
    return records.view(dtype), np.concatenate(begins)
