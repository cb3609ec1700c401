"""Import: files in, reports out, all of it under one ledger number.

Each source is hashed by the reader that feeds the decoder, so that its hash covers exactly the bytes that were read, to
the length that the file had when it was opened. A source that cannot be read to its end is told of and leaves nothing;
the rest of the import is unharmed.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from darkwake import formats, times
from darkwake.ais.schema import DECODED, IMPLAUSIBLE
from darkwake.errors import DarkwakeError
from darkwake.formats.base import rejects_table
from darkwake.lake import plausible
from darkwake.lake.duplicates import ReceptionCounter
from darkwake.lake.intake import Intake, SourceRows
from darkwake.lake.store import Lake, Moved, again
from darkwake.ledger.details import Import
from darkwake.ledger.engines import writing
from darkwake.ledger.entries import known_sources
from darkwake.ledger.ledger import Recording
from darkwake.ledger.tables import IMPORT_SOURCES, SOURCES
from darkwake.streams import Digest, HashedReader, SourceFile, archive_kept, digest, sources_of

#: A file (packed, if it is) larger than this is hashed before it is read: its rows would not fit into the buffer.
HASH_FIRST_BYTES = 16 << 20
_ROW_BYTES = 24  # of a source, at least, for each of its rows
_UNNAMED = "0" * 16  # stands in rows until the hash of their source is known

Progress = Callable[[str, int, int], None]  # (name of the source, bytes of its file done, bytes in all)


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
    off_globe: int = 0  # positions with a number that no latitude or longitude can have: none of a track
    rejected: Counter[str] = field(default_factory=Counter)
    start: int | None = None  # first and last plausible time of a message, µs
    end: int | None = None

    def add(self, other: Counts) -> None:
        for item in fields(self):
            if item.type == "int":
                setattr(self, item.name, getattr(self, item.name) + getattr(other, item.name))
        self.rejected.update(other.rejected)
        self.widen(other.start, other.end)

    def widen(self, start: int | None, end: int | None) -> None:
        """Let the span of time hold these as well, µs."""
        self.start = min((t for t in (self.start, start) if t is not None), default=None)
        self.end = max((t for t in (self.end, end) if t is not None), default=None)

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
            "off_globe": self.off_globe,
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
    kept: bool = False,
    progress: Progress | None = None,
) -> Imported:
    """Read files into `reports` and `rejects` as one import. Known sources (by SHA-256) add nothing.

    `kept`: the paths are copies in the evidence locker, and known sources are opened there from now on.
    """
    given = list(paths)
    return again(lambda: _import_files(lake, given, format, options, kept, progress))


def _import_files(
    lake: Lake,
    paths: Sequence[str | Path],
    format: str | None,
    options: formats.ReadOptions | None,
    kept: bool,
    progress: Progress | None,
) -> Imported:
    failed: list[tuple[str, DarkwakeError]] = []
    sources: list[SourceFile] = []
    for path in paths:
        try:
            sources += sources_of(path)
        except DarkwakeError as error:
            failed.append((str(path), error))
    with archive_kept(), lake.write() as writer, Intake(writer) as intake:
        imported = Imported(None, Counts(), [], [], failed)
        known = _Known(lake)
        run = _Import(intake, known, format, options, progress)
        new_sources: list[dict[str, Any]] = []
        read: list[tuple[dict[str, Any], SourceRows]] = []
        for source in sources:
            try:
                found = run.read(source)
            except DarkwakeError as error:
                failed.append((source.name, error))
                continue
            if found.counts is None or found.rows is None:
                imported.known.append(source.name)
                _relink(lake, source, found.digest, kept)
                continue
            if found.digest.damage:
                imported.damaged.append((source.name, found.digest.damage))
            imported.counts.add(found.counts)
            row = _source_row(source, found.digest)
            known.add(row)
            new_sources.append(row)
            given = {"sha256": row["sha256"], "format": found.format, "counts": found.counts.as_json()}
            read.append((given, found.rows))
            told = {"name": source.name, "sha256": row["sha256"], "format": found.format, **found.counts.as_json()}
            imported.sources.append(told)
        intake.finish()
        if not read:
            return imported

        def also(recording: Recording) -> None:
            taken = known_sources(recording.connection, [row["sha256"] for row in new_sources])
            if taken:
                raise Moved(f"another import read {len(taken)} of these sources meanwhile")
            query = sa.select(SOURCES.c.sha256)
            seen = set(recording.connection.execute(query).scalars())
            recording.insert(SOURCES, [row for row in new_sources if row["sha256"] not in seen])
            for row in new_sources:
                if row["sha256"] in seen:  # of a withdrawn import: it lies here now
                    _place(recording.connection, row["sha256"], row)
            recording.insert(IMPORT_SOURCES, [{**given, **rows.digests()} for given, rows in read])

        counts = imported.counts
        detail = Import(
            **counts.as_json(),
            bytes_written=writer.written_bytes(),
            start=counts.start,
            end=counts.end,
            options=_told(format, options),
        )
        imported.number = writer.commit("import", detail, also).number
    return imported


def _told(format: str | None, options: formats.ReadOptions | None) -> dict[str, Any]:
    """How the reader was told to read, for the ledger: with it the import can be repeated, or found wrong."""
    mapping = options.mapping if options else None
    told = None
    if mapping is not None:
        text = mapping.text or repr(mapping)
        told = {
            "name": Path(mapping.name).name or mapping.title,
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "text": text,
        }
    return {"format": format, "mapping": told, "zone": None}


class _Known:
    """The sources that the ledger holds, and those of this import so far."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._pending: set[str] = set()
        columns = SOURCES.c
        with lake.ledger.engine.connect() as connection:
            rows = connection.execute(sa.select(columns.sha256, columns.path, columns.size)).all()
        self._hashes = {row.sha256 for row in rows}
        self._paths, self._sizes = {row.path for row in rows}, {row.size for row in rows}

    def add(self, row: dict[str, Any]) -> None:
        self._pending.add(row["sha256"])
        self._paths.add(row["path"])
        self._sizes.add(row["size"])

    def may_hold(self, source: SourceFile) -> bool:
        """Whether it is worth hashing before it is read: of a known source nothing need be decoded."""
        return str(source.path.resolve()) in self._paths or (
            source.compression == "none" and source.length in self._sizes
        )

    def holds(self, found: Digest) -> bool:
        if found.sha256 in self._pending:
            return True
        if found.sha256 not in self._hashes:  # spares a query for each of many new files
            return False
        with self._lake.ledger.engine.connect() as connection:
            return bool(known_sources(connection, [found.sha256]))


def _relink(lake: Lake, source: SourceFile, hashed: Digest, kept: bool) -> None:
    """The bytes of a known source are found here now: note it, if this is a kept copy, or they are gone from there."""
    with writing(lake.ledger.engine) as connection:
        known = connection.execute(sa.select(SOURCES).where(SOURCES.c.sha256 == hashed.sha256)).first()
        if known is not None and (kept or not Path(known.path).exists()):
            _place(connection, hashed.sha256, _source_row(source, hashed))


def _place(connection: sa.Connection, sha256: str, row: Mapping[str, Any]) -> None:
    """Where the bytes of a source lie."""
    place = {name: row[name] for name in ("path", "compression", "member")}
    connection.execute(sa.update(SOURCES).where(SOURCES.c.sha256 == sha256).values(**place))


def _source_row(source: SourceFile, hashed: Digest) -> dict[str, Any]:
    return {
        "sha256": hashed.sha256,
        "sha16": hashed.sha16,
        "size": hashed.size,
        "path": str(source.path.resolve()),
        "compression": source.compression,
        "member": source.member,
        "damage": hashed.damage,
        "chunks": list(hashed.chunks),
    }


@dataclass(frozen=True, slots=True)
class _Found:
    """What a source was. `counts` is None where it was known: then nothing of it was stored."""

    digest: Digest
    format: str = ""
    counts: Counts | None = None
    rows: SourceRows | None = None


class _Import:
    """Reads one source after the other."""

    def __init__(
        self,
        intake: Intake,
        known: _Known,
        format: str | None,
        options: formats.ReadOptions | None,
        progress: Progress | None,
    ) -> None:
        self._intake, self._known = intake, known
        self._format, self._options, self._progress = format, options, progress
        self._started = times.now()

    def read(self, source: SourceFile) -> _Found:
        """All of a source goes into the intake, or nothing of it."""
        source = source.pinned()
        expected: Digest | None = None
        if (source.length or 0) > HASH_FIRST_BYTES or self._known.may_hold(source):
            expected = digest(source)
            if expected.size and self._known.holds(expected):  # all empty files have one hash
                return _Found(expected)
        chosen = formats.choose(source, self._format)
        with HashedReader(source) as reader:
            if expected is not None:
                reader.expect(expected)
            large = expected is not None and (source.length or 0) > HASH_FIRST_BYTES
            rows = self._intake.source(expected.sha16 if expected is not None and large else None)
            try:
                counts = self._decode(source, reader, chosen, rows)
                hashed = reader.finish()
                if counts is None or self._known.holds(hashed):
                    rows.drop()
                    return _Found(hashed)
                if hashed.damage:
                    counts.rejected["damaged_stream"] += 1
                    rows.add(DECODED.empty_table(), rejects_table([hashed.size], [0], ["damaged_stream"]))
            except DarkwakeError:
                rows.drop()
                raise
            rows.keep(hashed.sha16)
        return _Found(hashed, chosen.name, counts, rows)

    def _decode(
        self, source: SourceFile, reader: HashedReader, chosen: formats.Format, rows: SourceRows
    ) -> Counts | None:
        """What was found; None once it shows that the source is known. A damaged stream ends with its damage."""
        counts = Counts(files=1)
        packed = (source.length or 0) * (1 if source.compression == "none" else 16)
        receptions = ReceptionCounter((packed if source.unpacked is None else source.unpacked) // _ROW_BYTES)
        try:
            for batch in formats.read_source(
                source, sha16=_UNNAMED, format=chosen.name, options=self._options, reader=cast(BinaryIO, reader)
            ):
                messages, implausible = plausible.flag(batch.messages, self._started)
                _count(counts, messages, batch, implausible)
                counts.duplicates += receptions.count(messages)
                rows.add(messages, batch.rejects)
                if rows.overflows:
                    expected = digest(source)
                    reader.expect(expected)
                    if self._known.holds(expected):
                        return None
                    rows.name(expected.sha16)
                if self._progress:
                    self._progress(source.name, reader.tell(), source.length or 0)
        except DarkwakeError:
            if reader.damage is None:
                raise
        return counts


def _off_globe(messages: pa.Table) -> int:
    off = pc.or_kleene(pc.greater(pc.abs(messages["lon"]), 180.0), pc.greater(pc.abs(messages["lat"]), 90.0))
    return int(pc.sum(off).as_py() or 0)


def _count(counts: Counts, messages: pa.Table, batch: formats.Batch, implausible: int) -> None:
    counts.sentences += batch.sentences
    counts.messages += messages.num_rows
    counts.positions += messages.num_rows - messages["lat"].null_count
    counts.statics += _statics(messages)
    counts.without_time += messages["time"].null_count
    counts.implausible_time += implausible
    counts.bad_checksum += int(pc.sum(pc.invert(messages["checksum_ok"])).as_py() or 0)
    counts.prefix_time += int(pc.sum(pc.equal(messages["time_basis"], "prefix")).as_py() or 0)
    counts.off_globe += _off_globe(messages)
    counts.rejected.update(_by_reason(batch.rejects))
    time = messages["time"]
    if implausible:
        time = time.filter(pc.not_equal(messages["time_basis"], IMPLAUSIBLE))
    span = pc.min_max(time.cast(pa.int64())).as_py()
    counts.widen(span["min"], span["max"])


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
