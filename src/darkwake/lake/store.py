"""The lake: what was committed, read as of any moment; and the one way to write to it.

Writing (`Lake.write`): take the lock, sweep what an unfinished write left, put Parquet files down, commit them to
each Delta table, and last of all write the ledger entry. A kill at any point leaves either the old state or the new.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import sqlalchemy as sa

from darkwake import times
from darkwake.errors import DarkwakeError, NotFoundError, UsageError
from darkwake.lake import tables
from darkwake.lake.failpoints import failpoint
from darkwake.lake.schema import TABLES
from darkwake.lake.tables import DataFile, FileWriter
from darkwake.ledger import tables as ledger
from darkwake.streams import is_full
from darkwake.version import VERSION

_NUMBERED = re.compile(r"^(\d{5,})-\d{4,}\.parquet$")


class Snapshot:
    """The lake as of one ledger entry. Cheap to make; reads only what is asked for."""

    def __init__(self, root: Path, entry: ledger.Entry | None) -> None:
        self.root = root
        self.number = entry.number if entry else 0
        self.recorded_at = entry.recorded_at if entry else None
        self._versions: Mapping[str, int] = entry.versions if entry else {}
        self._files: dict[str, list[DataFile]] = {}

    def data_files(self, table: str, **partition: Any) -> list[DataFile]:
        if table not in self._files:
            version = self._versions.get(table)
            self._files[table] = (
                [] if version is None else tables.files_of(tables.open_table(self.root, table, version))
            )
        wanted = {key: str(value) for key, value in partition.items()}
        return [
            file for file in self._files[table] if all(file.partition[key] == value for key, value in wanted.items())
        ]

    def files(self, table: str) -> list[str]:
        return [str(tables.local_path(self.root, table, file)) for file in self.data_files(table)]

    def buckets(self, table: str) -> list[int]:
        return sorted({int(file.partition["bucket"]) for file in self.data_files(table)})

    def rows(self, table: str) -> int:
        return sum(file.rows for file in self.data_files(table))

    def dataset(self, table: str, files: Sequence[DataFile] | None = None) -> ds.Dataset:
        """An Arrow dataset with the partition columns restored."""
        schema, partition_by = TABLES[table]
        chosen = self.data_files(table) if files is None else files
        return ds.dataset(
            [str(tables.local_path(self.root, table, file)) for file in chosen],
            schema=schema,
            format="parquet",
            partitioning=ds.partitioning(pa.schema([schema.field(name) for name in partition_by]), flavor="hive"),
            partition_base_dir=str(self.root / table),
        )

    def scan(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        where: pc.Expression | None = None,
        **partition: Any,
    ) -> pa.Table:
        """The rows of a table (of some partitions), filtered."""
        files = self.data_files(table, **partition)
        if not files:
            schema = TABLES[table][0]
            return (schema if columns is None else pa.schema([schema.field(c) for c in columns])).empty_table()
        with tables.reading(self.root, table, files):
            return self.dataset(table, files).to_table(columns=None if columns is None else list(columns), filter=where)

    def batches(self, table: str, file: DataFile, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """One file's rows in batches, for what is too large to be held."""
        with tables.reading(self.root, table, [file]):
            yield from self.dataset(table, [file]).to_batches(columns=list(columns))

    def read(self, table: str, bucket: int, columns: Sequence[str]) -> pa.Table:
        """All rows of one bucket, sorted by (mmsi, segment, time); for engines."""
        keys = [key for key in ("mmsi", "segment", "time") if key in TABLES[table][0].names]
        extra = [key for key in keys if key not in columns]
        files = self.data_files(table, bucket=bucket)
        wanted = [*columns, *extra]
        with tables.reading(self.root, table, files):
            parts = [pq.read_table(tables.local_path(self.root, table, file), columns=wanted) for file in files]
        schema = pa.schema([TABLES[table][0].field(name) for name in wanted])
        merged = (
            pa.concat_tables([part.select(wanted).cast(schema) for part in parts]) if parts else schema.empty_table()
        )
        return _sorted(merged, len(parts)).select(list(columns))

    def partition_rows(self, table: str, file: DataFile) -> pa.Table:
        """One file's rows without the partition columns."""
        with tables.reading(self.root, table, [file]):
            return pq.read_table(tables.local_path(self.root, table, file)).cast(tables.stored_schema(table))


def _sorted(table: pa.Table, runs: int) -> pa.Table:
    """Files are sorted by (mmsi, segment, time) and come in time order, so a stable sort by the first two is enough."""
    if runs < 2:
        return table
    segment = table["segment"].fill_null(-1).to_numpy()
    time = table["time"].cast(pa.int64()).to_numpy()
    return table.take(np.lexsort((time, segment, table["mmsi"].to_numpy())))


def data_span(snapshot: Snapshot) -> tuple[int | None, int | None]:
    """First and last time of any position in the tracks, µs; None where there is none."""
    segments = snapshot.scan("segments", ["start", "end"])
    if segments.num_rows == 0:
        return None, None
    start, end = (pc.min(segments["start"]), pc.max(segments["end"]))
    return int(start.cast(pa.int64()).as_py()), int(end.cast(pa.int64()).as_py())


def _number(connection: sa.Connection, as_of: str | int | None) -> int | None:
    number = ledger.number_as_of(connection, as_of)
    newest = ledger.latest(connection)
    if number is not None and number > (newest.number if newest else 0):
        raise UsageError(f"the ledger has no number {number} yet", expected=f"at most {newest.number if newest else 0}")
    return number


def _named(error: BaseException) -> str | None:
    """The file that an error of the system names."""
    name = getattr(error, "filename", None)
    return None if name is None else str(name)


class Writer:
    """An unfinished ledger entry. Nothing of it is seen by readers before `commit` returns."""

    def __init__(self, lake: Lake, number: int, base: Snapshot) -> None:
        self.number = number
        self.base = base
        self._lake = lake
        self._index: dict[str, int] = {}
        self._added: dict[str, list[DataFile]] = {}
        self._removed: dict[str, list[DataFile]] = {}
        self._open: list[FileWriter] = []

    def file(self, table: str, **partition: Any) -> FileWriter:
        """A new Parquet file of one partition; hand it back to `add` when it is full."""
        index = self._index.get(table, 0)
        self._index[table] = index + 1
        file = FileWriter(self._lake.root, table, self.number, index, partition)
        self._open.append(file)
        return file

    def add(self, table: str, file: FileWriter) -> DataFile:
        done = file.close()
        self._open.remove(file)
        self._added.setdefault(table, []).append(done)
        failpoint("file_written")
        return done

    def put(self, table: str, rows: pa.Table, **partition: Any) -> DataFile:
        """Write one table as one file of a partition."""
        file = self.file(table, **partition)
        file.write(rows)
        return self.add(table, file)

    def remove(self, table: str, file: DataFile) -> None:
        """Take a file of the base snapshot out of the table (older versions keep it)."""
        self._removed.setdefault(table, []).append(file)

    def abandon(self) -> None:
        """Close and remove the files that were begun."""
        while self._open:
            self._open.pop().abandon()

    def written_bytes(self) -> int:
        return sum(file.size for files in self._added.values() for file in files)

    def commit(
        self, kind: str, detail: Mapping[str, Any], also: Callable[[sa.Connection], None] | None = None
    ) -> ledger.Entry:
        """Make it real: Delta first, SQL last, in one SQL transaction with whatever `also` writes."""
        failpoint("files_written")
        versions = dict(self.base._versions)
        for table in sorted({*self._added, *self._removed}):
            if not tables.exists(self._lake.root, table):
                tables.create(self._lake.root, table)
            versions[table] = tables.commit(
                self._lake.root, table, self._added.get(table, []), self._removed.get(table, [])
            )
            failpoint("delta_committed")
        entry = ledger.Entry(self.number, kind, times.now(), VERSION, detail, versions)
        failpoint("before_sql")
        with self._lake.engine.begin() as connection:
            connection.execute(
                sa.insert(ledger.LEDGER).values(
                    number=entry.number,
                    kind=kind,
                    recorded_at=entry.recorded_at,
                    software=entry.software,
                    detail=dict(detail),
                    versions=versions,
                )
            )
            if also is not None:
                also(connection)
        failpoint("after_sql")
        return entry


class Lake:
    """Delta tables under `root`, and the ledger that says which of their rows exist."""

    def __init__(self, root: Path, engine: sa.Engine) -> None:
        self.root = root
        self.engine = engine

    def number_as_of(self, as_of: str | int | None) -> int | None:
        with self.engine.connect() as connection:
            return _number(connection, as_of)

    def recorded_before(self, as_of: str | int | None) -> int | None:
        """The instant before which a decision was recorded to count as of `as_of`; None: all count."""
        with self.engine.connect() as connection:
            _number(connection, as_of)
            return ledger.recorded_before(connection, as_of)

    def snapshot(self, as_of: str | int | None = None) -> Snapshot:
        """What was recorded up to `as_of` (a ledger number or a time); by default everything."""
        with self.engine.connect() as connection:
            entry = ledger.latest(connection, _number(connection, as_of))
        return Snapshot(self.root, entry)

    def entries(self, kind: str | None = None, up_to: int | None = None) -> list[ledger.Entry]:
        with self.engine.connect() as connection:
            return ledger.entries(connection, kind, up_to)

    def source(self, sha: str) -> Any:
        with self.engine.connect() as connection:
            return ledger.find_source(connection, sha)

    @contextlib.contextmanager
    def write(self) -> Iterator[Writer]:
        """One writer at a time. What is not committed by the end is swept by the next writer."""
        with self._locked():
            failpoint("locked")
            base = self.snapshot()
            self._sweep(base)
            failpoint("swept")
            writer = Writer(self, base.number + 1, base)
            try:
                yield writer
            except BaseException as error:
                self._give_up(writer)
                if isinstance(error, DarkwakeError) or not is_full(error):
                    raise
                raise DarkwakeError(
                    "cannot write: no space is left",
                    where=_named(error) or str(self.root),
                    do="What was committed before is whole, and the unfinished files were removed. "
                    "Free some space (or set TMPDIR to a larger disk) and run the same command again.",
                ) from error

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / ".lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                lock.seek(0)
                raise DarkwakeError(
                    f"another Darkwake process (pid {lock.read().strip() or 'unknown'}) is writing to this workspace",
                    where=str(self.root.parent),
                    do="Wait for it to finish; reading is possible meanwhile.",
                ) from error
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def _give_up(self, writer: Writer) -> None:
        """Remove at once what an unfinished write left. What cannot be removed now, the next writer sweeps."""
        from deltalake.exceptions import DeltaError

        writer.abandon()
        # the error that led here is the one to be told of, not one of these
        with contextlib.suppress(OSError, sa.exc.SQLAlchemyError, DeltaError):
            self._sweep(self.snapshot())

    def _sweep(self, base: Snapshot) -> None:
        """Undo what lies in Delta beyond the ledger, and delete files that no committed number wrote."""
        for name in TABLES:
            for path in (self.root / name).rglob("*.parquet"):  # first: Delta needs room to write
                match = _NUMBERED.match(path.name)
                if match and int(match[1]) > base.number:
                    path.unlink()
            if not tables.exists(self.root, name):
                continue
            table = tables.open_table(self.root, name)
            committed = base._versions.get(name)
            if committed is None:
                _clear(table)
            elif table.version() != committed:
                table.restore(committed)

    def need(self, table: str, snapshot: Snapshot, hint: str) -> None:
        if not snapshot.data_files(table):
            raise NotFoundError(f"the lake has no {table} yet", where=str(self.root.parent), do=hint)


def _clear(table: Any) -> None:
    if tables.files_of(table):
        table.delete()
