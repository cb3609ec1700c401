"""Are the rows of the lake what they were? Each file that an entry wrote is read once and held against its digest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlalchemy as sa

from darkwake.errors import DarkwakeError
from darkwake.lake import keeping, tables
from darkwake.lake.contents import RowsHash, digest_of
from darkwake.lake.schema import TABLES
from darkwake.lake.store import Lake, Snapshot
from darkwake.lake.tables import DataFile
from darkwake.ledger.entries import Entry
from darkwake.ledger.tables import IMPORT_SOURCES, WRITTEN
from darkwake.ledger.verify import Finding

_FAILURES = (DarkwakeError, OSError, pa.ArrowException)


def check(lake: Lake) -> Iterator[Finding]:
    """Go through all that the entries of the ledger wrote into the lake, also what later ones replaced."""
    entries = lake.ledger.entries()
    with lake.ledger.engine.connect() as connection:
        sources = [dict(row) for row in connection.execute(sa.select(IMPORT_SOURCES)).mappings()]
        written = [dict(row) for row in connection.execute(sa.select(WRITTEN)).mappings()]
    needed = keeping.needed(lake.root, lake.ledger.engine, lake.pinned)
    for entry in entries:
        snapshot = Snapshot(lake.root, entry)
        try:
            if entry.kind == "import":
                yield from _import(snapshot, entry, [row for row in sources if row["number"] == entry.number])
            for row in written:
                if row["number"] == entry.number:
                    yield from _partition(snapshot, entry, row, needed.get(row["table"]))
        except _FAILURES as error:
            yield Finding(entry.number, f"what it wrote cannot be read: {error}", str(lake.root))
    yield from _moves(lake, entries, {(row["number"], row["table"], row["partition"]) for row in written})


def not_covered(lake: Lake) -> list[int]:
    """Imports of an older version, whose rows have no digests."""
    with lake.ledger.engine.connect() as connection:
        query = sa.select(IMPORT_SOURCES.c.number).where(IMPORT_SOURCES.c.reports_digest.is_(None)).distinct()
        return sorted(connection.execute(query).scalars())


def ahead(lake: Lake) -> list[str]:
    """Tables that hold writes which the ledger does not know: cut off, or newer than the copy of the database here."""
    newest = lake.ledger.entry()
    found = []
    for table in TABLES:
        if tables.exists(lake.root, table):
            there = {file.path for file in tables.files_of(tables.open_table(lake.root, table))}
            known = {file.path for file in Snapshot(lake.root, newest).data_files(table)}
            if any((lake.root / table / path).exists() for path in there - known):
                found.append(table)
    return found


def _own(snapshot: Snapshot, entry: Entry, table: str, **partition: str) -> list[DataFile]:
    """The files that an entry itself wrote."""
    files = snapshot.data_files(table, **partition)
    return [file for file in files if tables.write_id_of(file) == entry.write_id]


def _import(snapshot: Snapshot, entry: Entry, sources: list[Any]) -> Iterator[Finding]:
    if any(row["reports_digest"] is None for row in sources):
        return  # of an older version
    for table in ("reports", "rejects"):
        files = _own(snapshot, entry, table, **{"import": str(entry.number)})
        found, unreadable = _by_source(snapshot, table, files)
        if unreadable:
            yield from (Finding(entry.number, f"{table}: {why}", where) for where, why in unreadable)
            continue
        where = ", ".join(f"{table}/{file.path}" for file in files) or f"{table}/import={entry.number}"
        stood = {row["sha256"][:16]: row[f"{table}_digest"] for row in sources}
        empty = RowsHash(table).hexdigest()
        for source in sorted({*stood, *found}):
            if found.get(source, empty) != stood.get(source, empty):
                yield Finding(entry.number, f"the {table} of source {source}… are not those that were recorded", where)


def _by_source(snapshot: Snapshot, table: str, files: list[DataFile]) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Source → digest of its rows, and files that cannot be read with the reason. A source's rows lie together."""
    found: dict[str, str] = {}
    unreadable: list[tuple[str, str]] = []
    current: tuple[str, RowsHash] | None = None

    def finish() -> None:
        if current is not None:  # in two places: then neither of the digests is right
            found[current[0]] = "" if current[0] in found else current[1].hexdigest()

    for file in files:
        path = tables.local_path(snapshot.root, table, file)
        try:
            with pq.ParquetFile(path) as parquet:
                for batch in parquet.iter_batches(batch_size=65_536):
                    rows = pa.Table.from_batches([batch])
                    for source, run in _runs(rows):
                        if current is None or current[0] != source:
                            finish()
                            current = (source, RowsHash(table))
                        current[1].update(run)
        except _FAILURES as error:
            unreadable.append((f"{table}/{file.path}", f"the file cannot be read: {str(error).splitlines()[0]}"))
    finish()
    return found, unreadable


def _runs(rows: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """Runs of rows of one source."""
    encoded = pc.run_end_encode(rows["source"].combine_chunks())
    start = 0
    for source, end in zip(encoded.values.to_pylist(), encoded.run_ends.to_pylist(), strict=True):
        yield str(source), rows.slice(start, end - start)
        start = end


def _partition(snapshot: Snapshot, entry: Entry, row: Mapping[str, Any], needed: set[str] | None) -> Iterator[Finding]:
    """`needed`: paths of the table whose files must be there; None: all."""
    table = row["table"]
    partition = dict(part.split("=", 1) for part in row["partition"].split("/") if part)
    numbered = {key: str(entry.number) for key in TABLES[table][1] if key in tables.NUMBERED}
    files = _own(snapshot, entry, table, **{**numbered, **partition})
    if needed is not None and any(file.path not in needed for file in files):
        return  # of a state that is kept no more: they may be gone
    where = ", ".join(f"{table}/{file.path}" for file in files) or f"{table}/{row['partition']}"
    try:
        parts = [snapshot.partition_rows(table, file) for file in files]
        found = digest_of(table, pa.concat_tables(parts)) if parts else ""
    except _FAILURES as error:
        yield Finding(entry.number, f"{table}: the file cannot be read: {str(error).splitlines()[0]}", where)
        return
    if row["rows"] == 0 and not files:
        return  # the entry left the partition empty
    if found != row["digest"]:
        yield Finding(entry.number, f"its rows in {table} are not those that were recorded", where)


def _moves(lake: Lake, entries: list[Entry], written: set[tuple[int, str, str]]) -> Iterator[Finding]:
    """Files that came or went from one entry to the next without it: only its own come, only what it wrote anew goes.

    Delta's log is not chained itself; this holds it against what the entries say.
    """
    for table in TABLES:
        before: dict[str, DataFile] = {}
        version: int | None = None
        for entry in entries:
            if entry.versions.get(table) == version:
                continue
            version = entry.versions.get(table)
            try:
                after = {file.path: file for file in Snapshot(lake.root, entry).data_files(table)}
            except _FAILURES as error:
                yield Finding(entry.number, f"the log of {table} cannot be read: {error}", str(lake.root / table))
                break
            for path in sorted({*after} - {*before}):
                own = tables.write_id_of(after[path])
                if own != entry.write_id and not (own is None and entry.write_id is None):
                    yield Finding(entry.number, "a file that it did not write", f"{table}/{path}")
            for path in sorted({*before} - {*after}):
                partition = tables.folder(before[path].partition)
                if entry.write_id is not None and (entry.number, table, partition) not in written:
                    yield Finding(entry.number, "a file is gone that it did not replace", f"{table}/{path}")
            before = after
