"""One order of rows for every engine: sorted, with ties settled, so that no result hangs on who came first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

#: The order in which rows of the lake come to a first stage.
TRACK_KEYS = ("mmsi", "segment", "time")


def in_order(table: pa.Table, keys: Sequence[str] = ()) -> pa.Table:
    """Rows sorted by `keys`, then by the other columns from left to right; nulls last, NaN before them.

    Tables with the same rows come out equal whatever order the rows had. Lists and structs, which Arrow does not
    sort, come last and by their text.
    """
    if table.num_rows < 2:
        return table
    tied = _ties_if_sorted(table, keys)
    if tied is None:
        order = _order(table, keys)
        return table if _is_identity(order) else table.take(pa.array(order))
    if len(tied) == 0:
        return table
    order = _order(table.take(pa.array(tied)), keys)
    if _is_identity(order):
        return table
    everything = np.arange(table.num_rows)
    everything[tied] = tied[order]
    return table.take(pa.array(everything))


def _is_identity(order: np.ndarray) -> bool:
    return bool(np.array_equal(order, np.arange(len(order))))


def _ties_if_sorted(table: pa.Table, keys: Sequence[str]) -> np.ndarray | None:
    """The rows that share all `keys` with a neighbour; None if the table is not sorted by them.

    Tracks come sorted from the lake and have few ties: one pass over the keys spares sorting them again.
    """
    if not keys:
        return None
    equal = np.ones(table.num_rows - 1, np.bool_)  # row i + 1 and row i, in the keys seen so far
    for key in keys:
        column = table.column(key)
        if column.null_count or not (pa.types.is_integer(column.type) or pa.types.is_timestamp(column.type)):
            return None
        values = column.combine_chunks().cast(pa.int64()).to_numpy()
        if np.any(equal & (values[1:] < values[:-1])):
            return None
        equal &= values[1:] == values[:-1]
    return np.flatnonzero(np.append(equal, False) | np.insert(equal, 0, False))


def _order(table: pa.Table, keys: Sequence[str]) -> np.ndarray:
    names = [*keys, *(name for name in table.column_names if name not in keys)]
    nested = [name for name in names if pa.types.is_nested(table.schema.field(name).type)]
    plain = [name for name in names if name not in nested and not pa.types.is_null(table.schema.field(name).type)]
    order = np.arange(table.num_rows)
    if plain:
        sort_keys = [(name, "ascending") for name in plain]
        order = pc.sort_indices(table.select(plain), sort_keys=sort_keys).to_numpy().astype(np.int64)
    if nested:
        equal = _equal_to_next(table.select(plain).take(pa.array(order)), plain)
        for start, end in _runs(equal):
            rows = table.select(nested).take(pa.array(order[start:end])).to_pylist()
            texts = [repr(row) for row in rows]
            order[start:end] = order[start:end][sorted(range(len(texts)), key=texts.__getitem__)]
    return order


def _equal_to_next(table: pa.Table, names: Iterable[str]) -> np.ndarray:
    equal = np.ones(max(table.num_rows - 1, 0), np.bool_)
    for name in names:
        column = table.column(name).combine_chunks()
        left, right = column.slice(0, len(column) - 1), column.slice(1)
        both_missing = pc.and_(left.is_null(nan_is_null=True), right.is_null(nan_is_null=True))
        same = pc.or_(pc.fill_null(pc.equal(left, right), False), both_missing)
        equal &= same.to_numpy(zero_copy_only=False)
    return equal


def _runs(equal: np.ndarray) -> Iterable[tuple[int, int]]:
    """Start and end of each run of at least two equal neighbours."""
    edges = np.diff(np.concatenate([[0], equal.astype(np.int8), [0]]))
    return zip(np.flatnonzero(edges == 1).tolist(), (np.flatnonzero(edges == -1) + 1).tolist(), strict=True)
