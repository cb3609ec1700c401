"""Import: files in, reports out, all of it under one ledger number.

Decoding and writing overlap (one thread each); memory is bounded by the block size of the readers, whatever the file.
A file that cannot be read is told of and skipped; the rest of the import is unharmed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from darkwake import formats, times
from darkwake.errors import DarkwakeError
from darkwake.lake import plausible, tables
from darkwake.lake.duplicates import ReceptionCounter
from darkwake.lake.schema import REJECTS
from darkwake.lake.store import Lake, Moved, Writer, again
from darkwake.ledger.details import Import
from darkwake.ledger.engines import writing
from darkwake.ledger.entries import known_sources
from darkwake.ledger.ledger import Recording
from darkwake.ledger.tables import IMPORT_SOURCES, SOURCES
from darkwake.streams import Digest, SourceFile, digest, sources_of

#: A Parquet file of reports is closed once it holds this many rows.
FILE_ROWS = 4_000_000

Progress = Callable[[str, int, int], None]  # (name of the source, bytes done, bytes in all)


@dataclass
class Counts:
    """What an import found; `as_json` is the shape of the outer contract."""

    files: int = 0
    sentences: int = 0
    messages: int = 0
    positions: int = 0
    statics: int = 0
    duplicates: int = 0  # further receptions of a transmission already received
    without_time: int = 0  # kept and searchable, but they take no part in tracks
    implausible_time: int = 0  # the same, and flagged
    bad_checksum: int = 0  # the same
    prefix_time: int = 0  # with the time of the log's own prefix, which is read as UTC where it names no zone
    rejected: Counter[str] = field(default_factory=Counter)

    def add(self, other: Counts) -> None:
        for item in fields(self):
            if item.name != "rejected":
                setattr(self, item.name, getattr(self, item.name) + getattr(other, item.name))
        self.rejected.update(other.rejected)

    def as_json(self) -> dict[str, Any]:
        return {
            "files": self.files,
            "sentences": self.sentences,
            "messages": self.messages,
            "positions": self.positions,
            "statics": self.statics,
            "duplicates": self.duplicates,
            "without_time": self.without_time,
            "implausible_time": self.implausible_time,
            "bad_checksum": self.bad_checksum,
            "prefix_time": self.prefix_time,
            "rejected": dict(sorted(self.rejected.items())),
        }


@dataclass
class Imported:
    """The outcome of one import."""

    number: int | None  # None if there was nothing new to record
    counts: Counts
    sources: list[dict[str, Any]]  # one per new source: name, sha256, format, counts
    known: list[str]  # names of sources that were imported before: nothing added
    failed: list[tuple[str, DarkwakeError]]  # what could not be read at all
    damaged: list[tuple[str, str]] = field(default_factory=list)  # what was read only in part, and why


def import_files(
    lake: Lake,
    paths: Iterable[str | Path],
    *,
    format: str | None = None,
    options: formats.ReadOptions | None = None,
    progress: Progress | None = None,
) -> Imported:
    """Read files into `reports` and `rejects` as one import. Known sources (by SHA-256) add nothing."""
    given = list(paths)
    return again(lambda: _import_files(lake, given, format, options, progress))


def _import_files(
    lake: Lake,
    paths: Sequence[str | Path],
    format: str | None,
    options: formats.ReadOptions | None,
    progress: Progress | None,
) -> Imported:
    failed: list[tuple[str, DarkwakeError]] = []
    sources: list[SourceFile] = []
    for path in paths:
        try:
            sources += sources_of(path)
        except DarkwakeError as error:
            failed.append((str(path), error))
    with lake.write() as writer, _Import(writer, progress) as run:
        imported = Imported(None, Counts(), [], [], failed)
        sql_rows: list[tuple[dict[str, Any], dict[str, Any]]] = []
        for source in sources:
            try:
                hashed = digest(source)
                if _is_known(lake, hashed.sha256, sql_rows):
                    imported.known.append(source.name)
                    _relink(lake, source, hashed)
                    continue
                if hashed.damage:
                    imported.damaged.append((source.name, hashed.damage))
                chosen = formats.choose(source, format)
                counts = run.read(source, hashed, chosen, options)
            except DarkwakeError as error:
                failed.append((source.name, error))
                continue
            imported.counts.add(counts)
            row = _source_row(source, hashed, chosen.name)
            format_name = row.pop("format")
            given = {"sha256": row["sha256"], "format": format_name, "counts": counts.as_json()}
            sql_rows.append((row, given))
            imported.sources.append(
                {"name": source.name, "sha256": hashed.sha256, "format": chosen.name, **counts.as_json()}
            )
        run.finish()
        if not sql_rows:
            imported.number = None
            return imported

        def also(recording: Recording) -> None:
            taken = known_sources(recording.connection, [row["sha256"] for row, _ in sql_rows])
            if taken:
                raise Moved(f"another import read {len(taken)} of these sources meanwhile")
            query = sa.select(SOURCES.c.sha256)
            seen = set(recording.connection.execute(query).scalars())
            recording.insert(SOURCES, [row for row, _ in sql_rows if row["sha256"] not in seen])
            recording.insert(IMPORT_SOURCES, [given for _, given in sql_rows])

        detail = Import(**imported.counts.as_json(), bytes_written=writer.written_bytes())
        imported.number = writer.commit("import", detail, also).number
    return imported


def _is_known(lake: Lake, sha256: str, pending: Sequence[tuple[dict[str, Any], Any]]) -> bool:
    if any(row["sha256"] == sha256 for row, _ in pending):
        return True
    with lake.ledger.engine.connect() as connection:
        return bool(known_sources(connection, [sha256]))


def _relink(lake: Lake, source: SourceFile, hashed: Digest) -> None:
    """The bytes of a known source are found here now: note it, if they are no longer where they were."""
    with writing(lake.ledger.engine) as connection:
        known = connection.execute(sa.select(SOURCES).where(SOURCES.c.sha256 == hashed.sha256)).first()
        if known is not None and not Path(known.path).exists():
            place = {"path": str(source.path.resolve()), "compression": source.compression, "member": source.member}
            connection.execute(sa.update(SOURCES).where(SOURCES.c.sha256 == hashed.sha256).values(**place))


def _source_row(source: SourceFile, hashed: Digest, format_name: str) -> dict[str, Any]:
    return {
        "sha256": hashed.sha256,
        "sha16": hashed.sha16,
        "size": hashed.size,
        "path": str(source.path.resolve()),
        "compression": source.compression,
        "member": source.member,
        "format": format_name,
        "damage": hashed.damage,
        "chunks": list(hashed.chunks),
    }


class _Output:
    """One table's growing files. Rows are written on a thread of their own, in order."""

    def __init__(self, writer: Writer, table: str) -> None:
        self._writer, self._table = writer, table
        self._file: tables.FileWriter | None = None

    def write(self, rows: pa.Table) -> None:
        if rows.num_rows == 0:
            return
        if self._file is None:
            self._file = self._writer.file(self._table)
        self._file.write(rows)
        if self._file.rows >= FILE_ROWS:
            self.close()

    def close(self) -> None:
        if self._file is not None:
            self._writer.add(self._table, self._file)
            self._file = None


class _Import:
    """The running state of an import: row numbers, open files, the writing thread."""

    def __init__(self, writer: Writer, progress: Progress | None) -> None:
        self._reports = _Output(writer, "reports")
        self._rejects = _Output(writer, "rejects")
        self._progress = progress
        self._next_row = 0
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="darkwake-write")
        self._pending: list[Future[None]] = []
        self._started = times.now()

    def read(
        self, source: SourceFile, hashed: Digest, format: formats.Format, options: formats.ReadOptions | None
    ) -> Counts:
        counts = Counts(files=1)
        receptions = ReceptionCounter()
        batches = formats.read_source(source, sha16=hashed.sha16, format=format.name, options=options)
        for batch in self._to_the_damage(batches, hashed, counts):
            messages, implausible = plausible.flag(batch.messages, self._started)
            rejects = batch.rejects
            counts.implausible_time += implausible
            counts.sentences += batch.sentences
            counts.messages += messages.num_rows
            counts.positions += messages.num_rows - messages["lat"].null_count
            counts.statics += _statics(messages)
            counts.without_time += messages["time"].null_count
            counts.bad_checksum += int(pc.sum(pc.invert(messages["checksum_ok"])).as_py() or 0)
            counts.prefix_time += int(pc.sum(pc.equal(messages["time_basis"], "prefix")).as_py() or 0)
            counts.duplicates += receptions.count(messages)
            counts.rejected.update(_by_reason(rejects))
            self._write(messages, rejects, hashed.sha16)
            if self._progress:
                self._progress(source.name, _position(messages), hashed.size)
        return counts

    def _to_the_damage(
        self, batches: Iterator[formats.Batch], hashed: Digest, counts: Counts
    ) -> Iterator[formats.Batch]:
        """The batches of a stream; one whose end is known to be damaged ends there, with a reject."""
        try:
            yield from batches
        except DarkwakeError:
            if not hashed.damage:
                raise
            counts.rejected["damaged_stream"] += 1
            end = {"offset": [hashed.size], "length": [0], "reason": ["damaged_stream"]}
            self._write_rejects(pa.table(end), hashed.sha16)

    def _write(self, messages: pa.Table, rejects: pa.Table, sha16: str) -> None:
        while len(self._pending) > 1:
            self._pending.pop(0).result()
        first = self._next_row
        self._next_row += messages.num_rows
        self._pending.append(self._pool.submit(self._put, messages, first))
        self._write_rejects(rejects, sha16)

    def _put(self, rows: pa.Table, first: int) -> None:
        numbers = pa.array(np.arange(first, first + rows.num_rows, dtype=np.int64))
        self._reports.write(rows.add_column(0, pa.field("row", pa.int64(), nullable=False), numbers))

    def _write_rejects(self, rejects: pa.Table, sha16: str) -> None:
        if rejects.num_rows == 0:
            return
        columns = {
            "source": pa.array([sha16] * rejects.num_rows),
            **{name: rejects[name] for name in ("offset", "length", "reason")},
        }
        schema = pa.schema([field for field in REJECTS if field.name != "import"])
        self._pending.append(self._pool.submit(self._rejects.write, pa.table(columns).cast(schema)))

    def finish(self) -> None:
        for future in self._pending:
            future.result()
        self._reports.close()
        self._rejects.close()

    def __enter__(self) -> _Import:
        return self

    def __exit__(self, *_: object) -> None:
        """No thread writes on after an error: what is swept then stays swept."""
        self._pool.shutdown(cancel_futures=True)


def _position(messages: pa.Table) -> int:
    """How far into the source the last of these messages lies."""
    if messages.num_rows == 0:
        return 0
    return int(messages["spans"][-1].as_py()[-1]["offset"])


def _statics(messages: pa.Table) -> int:
    """Messages that carry identity or voyage data: types 5, 19, 24, and rows of tables with a name or IMO number."""
    named = pc.or_(pc.is_valid(messages["name"]), pc.is_valid(messages["imo"]))
    by_type = pc.is_in(messages["type"], pa.array([5, 19, 24], pa.int8()))
    return int(pc.sum(pc.or_(by_type, named)).as_py() or 0)


def _by_reason(rejects: pa.Table) -> dict[str, int]:
    if rejects.num_rows == 0:
        return {}
    counted = pc.value_counts(rejects["reason"])
    return {item["values"]: item["counts"] for item in counted.to_pylist()}
