"""Delta tables at file level: we write the Parquet files, Delta gets the list.

Files carry the random id of their write in their name (`3f0c…-000003.parquet`), which is how a sweep tells what an
unfinished write left behind. They are written in `_writing` beside the partitions and moved when their number is known.
Deletion vectors and column mapping stay off, so that Spark and DuckDB read the files as they lie.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from darkwake.lake import damage
from darkwake.lake.schema import TABLES

if TYPE_CHECKING:
    from deltalake import DeltaTable

ROW_GROUP = 512 * 1024
#: Versions of a table's log between two checkpoints.
CHECKPOINT_EVERY = 10
#: Columns whose values repeat; for the others a dictionary only costs time.
_DICTIONARY = [
    "type",
    "repeat",
    "time_basis",
    "time_uncertainty_s",
    "station",
    "source",
    "nav_status",
    "name",
    "callsign",
    "destination",
    "eta",
    "stations",
    "kind",
    "state",
    "method",
    "mmsi",
    "segment",
    "reason",
]
#: Partition columns that hold the number of the ledger entry.
NUMBERED = ("import", "run")
_UNFINISHED = "_writing"
_STATISTICS = ("mmsi", "time", "segment", "row", "start")


@dataclass(frozen=True)
class DataFile:
    """One Parquet file of a table: path relative to the table, and its partition values."""

    path: str
    size: int
    rows: int
    partition: Mapping[str, str]


def stored_schema(name: str) -> pa.Schema:
    """The schema inside the files: without the partition columns, which live in the path."""
    schema, partition_by = TABLES[name]
    return pa.schema([field for field in schema if field.name not in partition_by])


class FileWriter:
    """Writes one Parquet file in row groups, then tells its size.

    Its bytes are durable when `close` returns, its name in its folder when `commit` does.
    """

    def __init__(self, root: Path, name: str, write_id: str, index: int, partition: Mapping[str, Any]) -> None:
        self._schema = stored_schema(name)
        self._partition = {key: str(value) for key, value in partition.items()}
        self._relative = f"{_UNFINISHED}/{write_id}-{index:06d}.parquet"
        self._path = root / name / self._relative
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._rows = 0
        try:
            self._writer = pq.ParquetWriter(
                self._path,
                self._schema,
                compression="zstd",
                compression_level=1,
                use_dictionary=[column for column in _DICTIONARY if column in self._schema.names],
                write_statistics=[column for column in _STATISTICS if column in self._schema.names],
                store_schema=False,
            )
        except (OSError, pa.ArrowException):
            self._path.unlink(missing_ok=True)
            raise

    @property
    def rows(self) -> int:
        return self._rows

    def write(self, table: pa.Table) -> None:
        table = table.select(self._schema.names)
        if table.schema != self._schema:
            table = table.cast(self._schema)
        self._writer.write_table(table, row_group_size=ROW_GROUP)
        self._rows += table.num_rows

    def close(self) -> DataFile:
        self._writer.close()
        _sync(self._path)
        return DataFile(self._relative, self._path.stat().st_size, self._rows, self._partition)

    def abandon(self) -> None:
        """Close, whatever the disk says to it, and remove the file."""
        with contextlib.suppress(OSError, pa.ArrowException):
            self._writer.close()
        self._path.unlink(missing_ok=True)


def folder(partition: Mapping[str, Any]) -> str:
    """The folder of a partition, as Hive names it; empty for a table's one partition of an entry."""
    return "/".join(f"{key}={value}" for key, value in partition.items())


def place(root: Path, name: str, file: DataFile, number: int) -> DataFile:
    """Move a finished file to where it belongs, now that the number of its entry is known."""
    numbered = {key: str(number) for key in TABLES[name][1] if key in NUMBERED}
    partition = {**numbered, **file.partition}
    path = f"{folder(partition)}/{Path(file.path).name}"
    (root / name / path).parent.mkdir(parents=True, exist_ok=True)
    local_path(root, name, file).rename(root / name / path)
    return replace(file, path=path, partition=partition)


def write_id_of(file: DataFile) -> str | None:
    """The id of the write that made a file; None for one of version 0.1, which named them by number."""
    stem = Path(file.path).name.rpartition("-")[0]
    return stem if len(stem) == 16 else None


def exists(root: Path, name: str) -> bool:
    return (root / name / "_delta_log").is_dir()


def open_table(root: Path, name: str, version: int | None = None) -> DeltaTable:
    """A table at a version, by default the newest. A damaged log is told as VerificationError."""
    from deltalake import DeltaTable

    with damage.log(root / name / "_delta_log", version):
        return DeltaTable(str(root / name), version=version)


def create(root: Path, name: str) -> int:
    """An empty table; its version."""
    from deltalake import DeltaTable

    schema, partition_by = TABLES[name]
    table = DeltaTable.create(
        str(root / name),
        schema=schema,
        partition_by=list(partition_by),
        configuration={
            "delta.logRetentionDuration": "interval 36500 days",  # pinned versions stay readable
            # which files are kept is for `keeping` to say; what is removed would stand in every checkpoint so long
            "delta.deletedFileRetentionDuration": "interval 1 days",
        },
    )
    _sync_log(root / name, 0)
    for folder in (root / name, root, root.parent):
        _sync(folder)
    return int(table.version())


def files_at(root: Path, name: str, version: int) -> tuple[DataFile, ...]:
    """The files of a version, in path order."""
    path = root / name / "_delta_log" / f"{version:020d}.json"
    try:
        entry = path.stat()
    except OSError:
        return tuple(files_of(open_table(root, name, version)))
    return _files_at(root, name, version, (entry.st_ino, entry.st_mtime_ns, entry.st_size))


@lru_cache(maxsize=64)
def _files_at(root: Path, name: str, version: int, entry: tuple[int, ...]) -> tuple[DataFile, ...]:  # noqa: ARG001
    """A version never changes while its entry in the log (inode, time, size) does not."""
    return tuple(files_of(open_table(root, name, version)))


def files_of(table: DeltaTable) -> list[DataFile]:
    """The files of a table's loaded version, in path order."""
    actions = pa.table(table.get_add_actions(flatten=True))
    rows = actions.to_pylist()
    found = []
    for row in rows:
        partition = {
            key.removeprefix("partition."): _text(value) for key, value in row.items() if key.startswith("partition.")
        }
        found.append(DataFile(row["path"], row["size_bytes"], row["num_records"] or 0, partition))
    return sorted(found, key=lambda file: file.path)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def local_path(root: Path, name: str, file: DataFile) -> Path:
    return root / name / file.path


@contextlib.contextmanager
def reading(root: Path, name: str, files: Sequence[DataFile]) -> Iterator[None]:
    """Around reading files of a table: one that is missing or damaged is named by a VerificationError."""
    with damage.data_files((local_path(root, name, file), file.size) for file in files):
        yield


def commit(table: DeltaTable, root: Path, name: str, added: Sequence[DataFile], removed: Sequence[DataFile]) -> int:
    """One Delta transaction on an open table that adds and removes files; the new version. It is durable when this
    returns. Every so often a checkpoint spares readers the log before it.
    """
    from deltalake.transaction import AddAction, RemoveAction

    schema, partition_by = TABLES[name]
    now_ms = time.time_ns() // 1_000_000
    actions: list[Any] = [
        AddAction(file.path, file.size, file.partition, now_ms, True, json.dumps({"numRecords": file.rows}))
        for file in added
    ]
    actions += [
        RemoveAction(file.path, True, now_ms, size=file.size, partition_values=dict(file.partition)) for file in removed
    ]
    folders = {root / name / folder for file in added for folder in Path(file.path).parents}
    with ThreadPoolExecutor(8) as pool:  # asked for together, the disk does them in a few rounds
        list(pool.map(_sync, folders))
    table.create_write_transaction(actions, mode="append", schema=schema, partition_by=list(partition_by))
    table.update_incremental()
    version = int(table.version())
    if version % CHECKPOINT_EVERY == 0:
        table.create_checkpoint()
    _sync_log(root / name, version)
    return version


def forget_beyond(root: Path, name: str, version: int) -> None:
    """Remove entries of a table's log above a version. Only for those that no ledger entry knows of."""
    log = root / name / "_delta_log"
    for path in log.iterdir():
        number = path.name.split(".")[0]
        if path.name == "_last_checkpoint" or (number.isdigit() and int(number) > version):
            path.unlink()
    _sync(log)


def _sync_log(table: Path, version: int) -> None:
    """Delta leaves its log to the system's cache; this brings an entry, and a checkpoint made with it, to the disk."""
    log = table / "_delta_log"
    for path in (*log.glob(f"{version:020d}.*"), *log.glob("_last_checkpoint")):
        _sync(path)
    _sync(log)


def _sync(path: Path) -> None:
    """A file's bytes, or a folder's entries, to the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
