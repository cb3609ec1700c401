"""Arrow columns as plain arrays for the kernels, each with one rule for nulls."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def ints(column: Any, null: int = 0) -> Ints:
    """int64; nulls become `null`."""
    return np.asarray(_numpy(column.cast(pa.int64()), null), dtype=np.int64)


def instants(column: Any) -> Ints:
    """Timestamps without nulls as µs."""
    return ints(column)


def floats(column: Any) -> Floats:
    """float64; nulls become NaN."""
    return np.asarray(_numpy(column.cast(pa.float64()), np.nan))


def truths(column: Any) -> Bools:
    """Booleans; nulls become False."""
    return np.asarray(_numpy(column, False), dtype=np.bool_)


def _numpy(column: Any, null: Any) -> Any:
    """Without a copy where the column is whole and has no nulls."""
    if column.null_count:
        column = pc.fill_null(column, null)
    if isinstance(column, pa.ChunkedArray) and column.num_chunks == 1:
        column = column.chunk(0)
    if isinstance(column, pa.ChunkedArray):
        return column.to_numpy()
    return column.to_numpy(zero_copy_only=False)


def flat(column: pa.ChunkedArray) -> pa.Array:
    """One array of all chunks."""
    whole = column.combine_chunks()
    return pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole


def last_spans(column: pa.ChunkedArray) -> tuple[Ints, Ints]:
    """Offset and length of the last span of each row (the sentence itself); -1 and 0 where a row has none."""
    spans = flat(column)
    ends = spans.offsets.to_numpy()
    filled = ends[1:] > ends[:-1]
    if spans.null_count:
        filled &= spans.is_valid().to_numpy(zero_copy_only=False)
    last = ends[1:][filled] - 1
    offset = np.full(len(spans), -1, np.int64)
    length = np.zeros(len(spans), np.int64)
    offset[filled] = spans.values.field(0).to_numpy()[last]
    length[filled] = spans.values.field(1).to_numpy()[last]
    return offset, length
