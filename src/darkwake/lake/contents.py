"""A hash of rows: over what they say, in their order, whatever file, row group or encoding they lie in.

SHA-256 over blocks of rows, column by column, each in one canonical layout. It enters the ledger's chain.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa

from darkwake.lake.schema import TABLES

#: Rows per block; part of the definition.
BLOCK = 65_536
#: Columns by which rows are told apart before they are hashed: of imports each source has a hash of its own.
_TOLD_APART = {"reports": ("source",), "rejects": ("source",)}


class RowsHash:
    """A hash of rows of one table that come in pieces; how they are cut up does not show."""

    def __init__(self, table: str) -> None:
        schema, partition_by = TABLES[table]
        left_out = {*partition_by, *_TOLD_APART.get(table, ())}
        self._schema = pa.schema([field for field in schema if field.name not in left_out])
        self._digest = hashlib.sha256(f"{table} 1\n".encode())
        self._pending: list[pa.Table] = []
        self._pending_rows = 0
        self.rows = 0

    def update(self, rows: pa.Table) -> None:
        rows = rows.select(self._schema.names)
        if rows.schema != self._schema:
            rows = rows.cast(self._schema)
        self.rows += rows.num_rows
        while rows.num_rows:
            room = BLOCK - self._pending_rows
            self._pending.append(rows.slice(0, room))
            self._pending_rows += min(room, rows.num_rows)
            rows = rows.slice(room)
            if self._pending_rows == BLOCK:
                self._flush()

    def hexdigest(self) -> str:
        """The hash of what came so far; nothing may be added afterwards."""
        self._flush()
        return self._digest.hexdigest()

    def _flush(self) -> None:
        if not self._pending_rows:
            return
        block = pa.concat_tables(self._pending)
        self._pending, self._pending_rows = [], 0
        self._digest.update(f"{block.num_rows}\n".encode())
        for column in block.columns:
            _add(self._digest, column.combine_chunks())


def digest_of(table: str, rows: pa.Table) -> str:
    """The hash of all these rows of a table."""
    hashed = RowsHash(table)
    hashed.update(rows)
    return hashed.hexdigest()


def _add(digest: hashlib._Hash, array: pa.Array) -> None:
    """One column: which values are there, then those values."""
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if array.null_count == len(array):
        digest.update(b"N")
        return
    if array.null_count:
        digest.update(b"V")
        digest.update(np.packbits(array.is_valid().to_numpy(zero_copy_only=False)).data)
        array = array.drop_null()
    else:
        digest.update(b"A")
    kind = array.type
    if pa.types.is_list(kind):
        digest.update(array.value_lengths().cast(pa.int32()).to_numpy().data)
        _add(digest, array.flatten())
    elif pa.types.is_struct(kind):
        for index in range(kind.num_fields):
            _add(digest, array.field(index))
    elif pa.types.is_string(kind) or pa.types.is_binary(kind):
        _add_text(digest, array)
    elif pa.types.is_boolean(kind):
        digest.update(np.packbits(array.to_numpy(zero_copy_only=False)).data)
    else:
        if pa.types.is_timestamp(kind):
            array = array.cast(pa.int64())
        digest.update(np.ascontiguousarray(array.to_numpy(zero_copy_only=False)).data)


def _add_text(digest: hashlib._Hash, array: pa.Array) -> None:
    _, offsets, data = array.buffers()
    ends = np.frombuffer(offsets, np.int32)[array.offset : array.offset + len(array) + 1]
    digest.update(np.diff(ends).data)
    if data is not None:
        digest.update(memoryview(data)[int(ends[0]) : int(ends[-1])])
