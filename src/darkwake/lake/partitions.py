"""Rows of a partition that go and come, without writing again what stays.

A partition may lie in several files, each sorted. A file of which rows go is written again without them; with what
comes, and with files not much larger than that, it makes one new file. So there are few files, and a row is written a
few times only, however often a little comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from darkwake.ais.schema import TIMESTAMP
from darkwake.lake import tables
from darkwake.lake.store import Snapshot, Writer
from darkwake.lake.tables import DataFile

#: What identifies a row, and the order of rows in a file.
KEYS = {
    "tracks": ("mmsi", "time", "payload_key"),
    "statics": ("mmsi", "time", "payload_key"),
    "heard": ("mmsi", "time", "payload_key"),
    "segments": ("segment",),
}
ORDER = {
    "tracks": ("mmsi", "segment", "time", "payload_key"),
    "statics": ("mmsi", "time", "payload_key"),
    "heard": ("mmsi", "time", "payload_key"),
    "segments": ("mmsi", "segment"),
}
#: A file is merged with what comes if it has at most so many times the rows.
MERGED_UP_TO = 4


@dataclass(frozen=True)
class HeldRows:
    """Rows of some vessels in a table's files, and where each lies."""

    table: pa.Table
    files: Sequence[DataFile]
    file: np.ndarray  # per row the index of its file
    row: np.ndarray  # and its place in it

    @classmethod
    def read(
        cls, snapshot: Snapshot, table: str, files: Sequence[DataFile], mmsis: np.ndarray, since_us: int | None = None
    ) -> HeldRows:
        """The rows of these MMSIs in some files; of a table with times those from a time on (µs; None: all)."""
        schema = tables.stored_schema(table)
        wanted = pa.array(mmsis.astype(np.int32))
        parts, file, row = [schema.empty_table()], [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        with tables.reading(snapshot.root, table, files):
            for number, each in enumerate(files):
                whole = pq.read_table(tables.local_path(snapshot.root, table, each))
                mask = pc.is_in(whole["mmsi"], wanted)
                if since_us is not None:
                    mask = pc.and_(mask, pc.greater_equal(whole["time"], pa.scalar(since_us, TIMESTAMP)))
                own = np.flatnonzero(mask.to_numpy())
                parts.append(whole.filter(mask).select(schema.names).cast(schema))
                file.append(np.full(len(own), number))
                row.append(own)
        return cls(pa.concat_tables(parts), files, np.concatenate(file), np.concatenate(row))


def replace(
    writer: Writer, table: str, partition: dict[str, Any], stood: HeldRows, go: np.ndarray, come: pa.Table
) -> bool:
    """In one partition take the rows out that a mask over `stood` says, and put others in. Whether anything changed.

    `come`: in the table's schema. A row that goes and comes as it was stays where it is.
    """
    schema = tables.stored_schema(table)
    come = come.select(schema.names).cast(schema)
    here = np.array([_is_of(file, partition) for file in stood.files], np.bool_)
    going = np.flatnonzero(go & here[stood.file] if len(stood.files) else np.zeros(0, np.bool_))
    stays_old, stays_new = _unchanged(stood.table.take(pa.array(going)), come, KEYS[table])
    going = np.delete(going, stays_old)
    come = come.take(pa.array(np.delete(np.arange(come.num_rows), stays_new)))
    if not len(going) and not come.num_rows:
        return False
    parts = [come]
    broken = set(stood.file[going].tolist())
    for number in broken:
        file = stood.files[number]
        rows = writer.base.partition_rows(table, file)
        out = stood.row[going[stood.file[going] == number]]
        parts.append(rows.take(pa.array(np.delete(np.arange(rows.num_rows), out))))
        writer.remove(table, file)
    size = sum(part.num_rows for part in parts)
    gone = {stood.files[number].path for number in broken}
    left = [file for file in writer.base.data_files(table, **partition) if file.path not in gone]
    for file in sorted(left, key=lambda file: file.rows):
        if file.rows > MERGED_UP_TO * size:
            break
        parts.append(writer.base.partition_rows(table, file))
        writer.remove(table, file)
        size += file.rows
    rows = pa.concat_tables(parts)
    if rows.num_rows:
        sorted_already = _is_sorted(rows, ORDER[table])
        writer.put(
            table, rows if sorted_already else rows.sort_by([(name, "ascending") for name in ORDER[table]]), **partition
        )
    return True


def _is_sorted(rows: pa.Table, names: Sequence[str]) -> bool:
    """Whether rows are in the order of some columns: a whole build comes so, and sorting it again takes long."""
    equal = np.ones(max(rows.num_rows - 1, 0), np.bool_)
    for name in names:
        values = np.asarray(rows[name].cast(pa.int64()))
        if (equal & (values[1:] < values[:-1])).any():
            return False
        equal &= values[1:] == values[:-1]
    return True


def _is_of(file: DataFile, partition: dict[str, Any]) -> bool:
    return all(file.partition[key] == str(value) for key, value in partition.items())


def _unchanged(old: pa.Table, new: pa.Table, keys: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Rows of both that are the same in every column."""
    columns = [np.concatenate([np.asarray(table[name].cast(pa.int64())) for table in (old, new)]) for name in keys]
    order = np.lexsort(columns[::-1])
    same = np.ones(max(len(order) - 1, 0), np.bool_)
    for column in columns:
        same &= column[order][1:] == column[order][:-1]
    pairs = np.flatnonzero(same)
    left, right = order[pairs], order[pairs + 1] - old.num_rows  # a stable sort: the old one comes first
    pair = (left < old.num_rows) & (right >= 0)
    left, right = left[pair], right[pair]
    before, after = old.take(pa.array(left)), new.take(pa.array(right))
    equal = np.ones(len(left), np.bool_)
    for name in old.column_names:
        equal &= _equal(before[name].combine_chunks(), after[name].combine_chunks())
    return left[equal], right[equal]


def _equal(a: Any, b: Any) -> np.ndarray:
    """Where two columns hold the same, nulls included."""
    a, b = (pa.concat_arrays(each.chunks) if isinstance(each, pa.ChunkedArray) else each for each in (a, b))
    if len(a) == 0:
        return np.zeros(0, np.bool_)
    if not pa.types.is_list(a.type):
        both_null = np.asarray(pc.and_(a.is_null(), b.is_null()))
        return np.asarray(pc.fill_null(pc.equal(a, b), False)) | both_null
    lengths = [np.asarray(pc.fill_null(pc.list_value_length(each), -1)) for each in (a, b)]
    equal = lengths[0] == lengths[1]
    alike = pa.array(equal)
    inside = [pc.list_flatten(each.filter(alike)) for each in (a, b)]
    parts = np.ones(len(inside[0]), np.bool_)
    for index in range(a.type.value_type.num_fields):
        parts &= _equal(*(each.field(index) for each in inside))
    of = np.repeat(np.flatnonzero(equal), np.maximum(lengths[0][equal], 0))
    equal[of[~parts]] = False
    return equal
