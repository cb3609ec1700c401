"""Packed records in Arrow binary columns: many small values per row, shuffled as one."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def source_keys(column: pa.ChunkedArray) -> np.ndarray:
    """Source names (16 hex digits) as int64: a packed record has no room for strings."""
    keys = []
    for chunk in column.chunks:
        coded = chunk if pa.types.is_dictionary(chunk.type) else pc.dictionary_encode(chunk)
        words = np.array([int(text, 16) for text in coded.dictionary.to_pylist()], np.uint64).view(np.int64)
        keys.append(words[coded.indices.to_numpy(zero_copy_only=False)] if len(coded) else np.empty(0, np.int64))
    return np.concatenate(keys) if keys else np.empty(0, np.int64)


@lru_cache(maxsize=4096)
def source_name(key: int) -> str:
    return f"{key & 0xFFFF_FFFF_FFFF_FFFF:016x}"


def pack(records: np.ndarray, first: np.ndarray) -> pa.Array:
    """Records `first[i]` up to `first[i + 1]` as the i-th value of a binary column, without copying."""
    offsets = (first * records.dtype.itemsize).astype(np.int32)
    data = pa.py_buffer(np.ascontiguousarray(records).view(np.uint8))
    return pa.Array.from_buffers(pa.binary(), len(first) - 1, [None, pa.py_buffer(offsets), data])


def unpack(column: pa.ChunkedArray, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """All records of a binary column in one array, and where each row's records begin (one more than rows)."""
    parts, begins, total = [], [np.zeros(1, np.int64)], 0
    for chunk in column.chunks:
        if len(chunk) == 0:
            continue
        _, offsets_buffer, data = chunk.buffers()
        offsets = np.frombuffer(offsets_buffer, np.int32)[chunk.offset : chunk.offset + len(chunk) + 1].astype(np.int64)
        if offsets[-1] > offsets[0]:
            parts.append(np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]])
        begins.append((offsets[1:] - offsets[0]) // dtype.itemsize + total)
        total = int(begins[-1][-1])
    return _joined(parts).view(dtype), np.concatenate(begins)


def unpack_fixed(column: pa.ChunkedArray, dtype: np.dtype) -> np.ndarray:
    """The records of a fixed-size binary column, a row each."""
    width = column.type.byte_width
    parts = [
        np.frombuffer(chunk.buffers()[1], np.uint8)[chunk.offset * width : (chunk.offset + len(chunk)) * width]
        for chunk in column.chunks
        if len(chunk)
    ]
    return _joined(parts).view(dtype).reshape(-1, width // dtype.itemsize)


def pack_fixed(records: np.ndarray) -> pa.Array:
    """A two-dimensional array of records as fixed-size binary."""
    kind = pa.binary(records.shape[1] * records.dtype.itemsize)
    data = pa.py_buffer(np.ascontiguousarray(records).view(np.uint8))
    return pa.Array.from_buffers(kind, len(records), [None, data])


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty(0, np.uint8)
