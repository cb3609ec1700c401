"""The lake: what was committed, read as of any moment; and the one way to write to it.

Writing (`Lake.write`): put Parquet files down under a random write id, without a lock; then, under the database's lock,
move them to where they belong, commit them to each Delta table, and last of all seal the ledger entry that gives the
write id its number. A kill at any point leaves either the old state or the new; files of a write whose lease is gone
are swept by the next one.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlalchemy as sa

from darkwake.errors import DarkwakeError, SourceUnavailableError, VerificationError
from darkwake.failpoints import failpoint
from darkwake.lake import keeping, tables
from darkwake.lake.buckets import BucketFiles
from darkwake.lake.contents import RowsHash
from darkwake.lake.keeping import Pinned
from darkwake.lake.schema import TABLES, bucket_of
from darkwake.lake.tables import DataFile, FileWriter
from darkwake.ledger import entries as reading
from darkwake.ledger import leases
from darkwake.ledger.details import Detail
from darkwake.ledger.engines import writing
from darkwake.ledger.entries import AsOf, Entry
from darkwake.ledger.leases import Lease
from darkwake.ledger.ledger import Ledger, Recording
from darkwake.ledger.tables import WRITTEN
from darkwake.streams import is_full

if TYPE_CHECKING:
    import pyarrow.dataset as ds
    from deltalake import DeltaTable

T = TypeVar("T")


class Snapshot:
    """The lake as of one ledger entry. Cheap to make; reads only what is asked for."""

    def __init__(
        self,
        root: Path,
        entry: Entry,
        withdrawn: Collection[int] = (),
        moments: Callable[[], Mapping[int, int]] = dict,
        kept: Callable[[], Mapping[int, Mapping[str, int]]] | None = None,
    ) -> None:
        self.root = root
        self._kept = kept  # the numbers as of which derived tables are kept; None: whatever is there
        self.moments = moments  # number of a detection run → when it was recorded, µs
        self.number = entry.number
        self.recorded_at = entry.recorded_at
        self.chain = entry.chain
        self.versions: Mapping[str, int] = entry.versions
        self._withdrawn = {str(number) for number in withdrawn}  # imports, as partitions name them
        self._files: dict[str, list[DataFile]] = {}
        self._made: dict[Callable[[Snapshot], Any], Any] = {}

    def once(self, make: Callable[[Snapshot], T]) -> T:
        """What `make` gives for this snapshot; made at the first time it is asked for, and kept."""
        if make not in self._made:
            self._made[make] = make(self)
        found: T = self._made[make]
        return found

    def data_files(self, table: str, **partition: Any) -> list[DataFile]:
        if table not in self._files:
            version = self.versions.get(table)
            files = () if version is None else tables.files_at(self.root, table, version)
            self._files[table] = [file for file in files if file.partition.get("import") not in self._withdrawn]
        wanted = {key: str(value) for key, value in partition.items()}
        return [
            file for file in self._files[table] if all(file.partition[key] == value for key, value in wanted.items())
        ]

    def files(self, table: str) -> list[str]:
        return [str(tables.local_path(self.root, table, file)) for file in self.data_files(table)]

    def buckets(self, table: str) -> dict[int, BucketFiles]:
        """For engines: the files of each bucket, or, of a table that is not kept by vessel, each file alone."""
        grouped: dict[int, list[DataFile]] = {}
        for number, file in enumerate(self.data_files(table)):
            grouped.setdefault(int(file.partition["bucket"]) if self.whole_vessels(table) else number, []).append(file)
        return {number: BucketFiles(self.root, table, tuple(files)) for number, files in sorted(grouped.items())}

    def whole_vessels(self, table: str) -> bool:
        """Whether a table is kept by vessel."""
        return "bucket" in TABLES[table][1]

    def rows(self, table: str) -> int:
        return sum(file.rows for file in self.data_files(table))

    @contextlib.contextmanager
    def reading(self, table: str, files: Sequence[DataFile]) -> Iterator[None]:
        """Around reading files: one that is missing, or damaged, is named; what is kept no more is said to be so."""
        try:
            with tables.reading(self.root, table, files):
                yield
        except VerificationError:
            missing = any(not tables.local_path(self.root, table, file).exists() for file in files)
            if not missing or table not in keeping.DERIVED or self._kept is None:
                raise
            kept = self._kept()
            if any(versions.get(table) == self.versions[table] for versions in kept.values()):
                raise
            nearest = min(kept, key=lambda number: abs(number - self.number))
            raise SourceUnavailableError(
                f"the {table} as of ledger number {self.number} are kept no more: nothing is pinned to them",
                expected="the newest number, or one that a verdict names",
                do=f"The nearest that is kept: --as-of {nearest}",
            ) from None

    def dataset(self, table: str, files: Sequence[DataFile] | None = None) -> ds.Dataset:
        """An Arrow dataset with the partition columns restored."""
        import pyarrow.dataset as ds  # it loads pandas, if that is installed: an import does without

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
        with self.reading(table, files):
            return self.dataset(table, files).to_table(columns=None if columns is None else list(columns), filter=where)

    def of_vessel(
        self, table: str, mmsi: int, columns: Sequence[str] | None = None, where: pc.Expression | None = None
    ) -> pa.Table:
        """The rows of one MMSI in a table that is kept by vessel, filtered."""
        own = pc.field("mmsi") == mmsi
        return self.scan(table, columns, own if where is None else own & where, bucket=bucket_of(mmsi))

    def batches(
        self, table: str, files: Sequence[DataFile], columns: Sequence[str], where: pc.Expression | None = None
    ) -> Iterator[pa.RecordBatch]:
        """The rows of some files in batches, filtered, for what is too large to be held."""
        with self.reading(table, files):
            yield from self.dataset(table, files).to_batches(columns=list(columns), filter=where)

    def partition_rows(self, table: str, file: DataFile) -> pa.Table:
        """One file's rows without the partition columns."""
        with self.reading(table, [file]):
            return pq.read_table(tables.local_path(self.root, table, file)).cast(tables.stored_schema(table))


def data_span(snapshot: Snapshot) -> tuple[int | None, int | None]:
    """First and last time of any position in the tracks, µs; None where there is none."""
    segments = snapshot.scan("segments", ["start", "end"])
    if segments.num_rows == 0:
        return None, None
    start, end = (pc.min(segments["start"]), pc.max(segments["end"]))
    return int(start.cast(pa.int64()).as_py()), int(end.cast(pa.int64()).as_py())


def _named(error: BaseException) -> str | None:
    """The file that an error of the system names."""
    name = getattr(error, "filename", None)
    return None if name is None else str(name)


class Moved(DarkwakeError):
    """What a write rests on was changed by another one meanwhile: it has to be worked out again."""


def again(work: Callable[[], T], tries: int = 20) -> T:
    """Do a piece of work anew where another writer was faster."""
    for attempt in range(tries - 1):
        with contextlib.suppress(Moved):
            return work()
        time.sleep(random.uniform(0.0, 0.1 * (attempt + 1)))  # those who got into each other's way part
    return work()


class Writer:
    """An unfinished ledger entry. Nothing of it is seen by readers before `commit` returns."""

    def __init__(self, lake: Lake, lease: Lease, base: Snapshot) -> None:
        self.base = base
        self._lake, self._lease = lake, lease
        self._index = itertools.count()  # `file` is called by several threads
        self._added: dict[str, list[DataFile]] = {}
        self._removed: dict[str, list[DataFile]] = {}
        self._written: list[dict[str, Any]] = []
        self._open: list[FileWriter] = []
        self._files: list[Path] = []
        self._sealed = False  # from then on only the database knows whether the entry is real

    def file(self, table: str, **partition: Any) -> FileWriter:
        """A new Parquet file of one partition; hand it back to `add` when it is full.

        The number by which `reports`, `rejects` and `events` are partitioned is given at the commit.
        """
        file = FileWriter(self._lake.root, table, self._lease.write_id, next(self._index), partition)
        self._open.append(file)
        return file

    def add(self, table: str, file: FileWriter) -> DataFile:
        done = file.close()
        self._open.remove(file)
        self._added.setdefault(table, []).append(done)
        failpoint("file_written")
        return done

    def discard(self, table: str, file: DataFile) -> None:
        """Take back a file that was added here."""
        self._added[table].remove(file)
        if not self._added[table]:
            del self._added[table]
        tables.local_path(self._lake.root, table, file).unlink(missing_ok=True)

    def put(self, table: str, rows: pa.Table | Iterable[pa.Table], **partition: Any) -> DataFile:
        """Write one table, or several after each other, as one file of a partition; its rows enter the chain."""
        file = self.file(table, **partition)
        hashed = RowsHash(table)
        for part in [rows] if isinstance(rows, pa.Table) else rows:
            file.write(part)
            hashed.update(part)
        name = tables.folder(partition)
        written = {"table": table, "partition": name, "rows": hashed.rows, "digest": hashed.hexdigest()}
        self._written.append(written)
        return self.add(table, file)

    def remove(self, table: str, file: DataFile) -> None:
        """Take a file of the base snapshot out of the table (older versions keep it)."""
        self._removed.setdefault(table, []).append(file)

    def abandon(self) -> None:
        """Close and remove what was written, wherever it lies by now, unless it is the lake's."""
        while self._open:
            self._open.pop().abandon()
        if self._sealed and self._committed():
            return
        for table, files in self._added.items():
            for file in files:
                tables.local_path(self._lake.root, table, file).unlink(missing_ok=True)
        for path in self._files:
            path.unlink(missing_ok=True)

    def _emptied(self) -> list[dict[str, Any]]:
        """Partitions of derived tables that this write leaves without rows, in the shape of WRITTEN."""
        put = {(row["table"], row["partition"]) for row in self._written}
        gone = {(table, tables.folder(file.partition)) for table, files in self._removed.items() for file in files}
        empty = {table: RowsHash(table).hexdigest() for table, _ in gone - put}
        return [
            {"table": table, "partition": partition, "rows": 0, "digest": empty[table]}
            for table, partition in sorted(gone - put)
        ]

    def _committed(self) -> bool:
        """Whether the entry is real: an error can come between the commit and its acknowledgement."""
        try:
            return self._lake.ledger.wrote(self._lease.write_id)
        except sa.exc.SQLAlchemyError:
            return True  # not known: what is nobody's is swept once the lease is gone

    def written_bytes(self) -> int:
        return sum(file.size for files in self._added.values() for file in files)

    def commit(
        self,
        kind: str,
        detail: Detail,
        also: Callable[[Recording], None] | None = None,
        *,
        moved: Callable[[Sequence[Entry]], bool] = lambda _: False,
    ) -> Entry:
        """Make it real: Delta first, SQL last, in one SQL transaction with whatever `also` inserts.

        `moved` is asked about the entries that others recorded since the base; if they change what this write rests
        on, Moved is raised and nothing happens.
        """
        root = self._lake.root
        failpoint("files_written")
        with self._lake.ledger.recording(kind) as recording:
            news = reading.entries(recording.connection, after=self.base.number, up_to=recording.before.number)
            if news and moved(news):
                raise Moved(f"entries {', '.join(str(e.number) for e in news)} were recorded meanwhile")
            self._lease.redeem(recording.connection)
            versions = dict(recording.before.versions)
            for table in sorted({*self._added, *self._removed}):
                opened = self._lake.settle(table, versions.get(table))
                placed = [tables.place(root, table, file, recording.number) for file in self._added.get(table, [])]
                self._files += [tables.local_path(root, table, file) for file in placed]
                failpoint("files_moved")
                versions[table] = tables.commit(opened, root, table, placed, self._removed.get(table, []))
                failpoint("delta_committed")
            recording.insert(WRITTEN, [*self._written, *self._emptied()])
            if also is not None:
                also(recording)
            entry = recording.seal(detail, versions=versions, write_id=self._lease.write_id)
            self._sealed = True
        self._added, self._files = {}, []  # they are the lake's now
        return entry


class Lake:
    """Delta tables under `root`, and the ledger that says which of their rows exist."""

    def __init__(self, root: Path, ledger: Ledger, pinned: Pinned | None = None) -> None:
        self.root = root
        self.ledger = ledger
        self.pinned: Pinned = pinned or (lambda _: ())

    def snapshot(self, as_of: AsOf = None) -> Snapshot:
        """What was recorded up to `as_of` (a ledger number or a time); by default everything."""
        entry = self.ledger.entry(as_of)
        return Snapshot(self.root, entry, self.ledger.withdrawals(entry.number), self.ledger.moments, self.kept)

    def kept(self) -> Mapping[int, Mapping[str, int]]:
        """The numbers as of which the tables of tracks are kept, with the versions of all tables (`keeping`)."""
        with self.ledger.engine.connect() as connection:
            return keeping.kept(connection, self.pinned)

    def check_own(self) -> None:
        """Raise if the tables here are not those of the ledger: before a folder without an id gets the ledger's."""
        entries = self.ledger.entries()
        for table, version in entries[-1].versions.items():
            found = tables.open_table(self.root, table).version() if tables.exists(self.root, table) else None
            if found is None or found < version:
                raise self._behind(table, version, found)
        written = [entry.write_id for entry in entries if entry.write_id]
        if written and not any(any((self.root / table).rglob(f"{written[-1]}-*.parquet")) for table in TABLES):
            raise self._behind("of the newest write", entries[-1].number, None)

    @contextlib.contextmanager
    def write(self) -> Iterator[Writer]:
        """A write on what stands now. Others may write meanwhile; see `Writer.commit`."""
        self.root.mkdir(parents=True, exist_ok=True)
        self._sweep()
        lease = Lease(self.ledger.engine)
        writer = Writer(self, lease, self.snapshot())
        failpoint("leased")
        try:
            yield writer
        except BaseException as error:
            if isinstance(error, DarkwakeError) or not is_full(error):
                raise
            raise DarkwakeError(
                "cannot write: no space is left",
                where=_named(error) or str(self.root),
                do="What was committed before is whole, and the unfinished files were removed. "
                "Free some space (or set TMPDIR to a larger disk) and run the same command again.",
            ) from error
        finally:
            lease.end()
            writer.abandon()
            # the error that led here, if any, is the one to be told of; a lease that stays runs out
            with contextlib.suppress(sa.exc.SQLAlchemyError, DarkwakeError):
                lease.drop()

    def settle(self, table: str, version: int | None) -> DeltaTable:
        """Under the lock: bring a Delta table to the ledger's version, undoing what a kill left beyond it."""
        if not tables.exists(self.root, table):
            if version is not None:
                raise self._behind(table, version, None)
            tables.create(self.root, table)
            return tables.open_table(self.root, table)
        try:
            found = tables.open_table(self.root, table)
        except VerificationError:  # a power cut within a commit that was never acknowledged can leave half an entry
            tables.forget_beyond(self.root, table, -1 if version is None else version)
            if version is None:
                tables.create(self.root, table)
                return tables.open_table(self.root, table)
            found = tables.open_table(self.root, table)
        if version is None:
            if tables.files_of(found):
                found.delete()
        elif found.version() > version:
            found.restore(version)
        elif found.version() < version:
            raise self._behind(table, version, found.version())
        return found

    def _behind(self, table: str, version: int, found: int | None) -> DarkwakeError:
        return SourceUnavailableError(
            f"the table {table} is at version {found} in this folder, at {version} in the ledger",
            where=str(self.root / table),
            do="This is another lake, or an old copy. Members of a team share one folder. Nothing was written.",
        )

    def _sweep(self) -> None:
        """Remove the files of writes that are no more."""
        with self.ledger.engine.connect() as connection:
            if not leases.gone(connection):
                return
        with writing(self.ledger.engine) as connection:
            dead = leases.gone(connection)
            for write_id in dead:
                for table in TABLES:
                    for path in (self.root / table).rglob(f"{write_id}-*.parquet"):
                        path.unlink()
            leases.forget(connection, dead)
