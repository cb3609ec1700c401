"""The explicit list of formats, and the verbs on it: detect, read, write."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from darkwake import streams
from darkwake.errors import AmbiguousError, InputRejectedError, NotFoundError, UsageError
from darkwake.formats import csv, dma, geojson, geoparquet, jsonl, kml, marinecadastre, nmea
from darkwake.formats.base import HEAD, Batch, Format, FormatMatch, ReadOptions, WriteOptions
from darkwake.formats.head import encoding_of
from darkwake.streams import SourceFile

if TYPE_CHECKING:
    import pyarrow as pa

#: Every format, in the order in which equal matches are listed. Adding one: its module and one line here.
FORMATS: tuple[Format, ...] = (
    nmea.FORMAT,
    marinecadastre.FORMAT,
    dma.FORMAT,
    csv.FORMAT,
    jsonl.FORMAT,
    geojson.FORMAT,
    geoparquet.FORMAT,
    kml.FORMAT,
)
_EMPTY = "an empty file"


def get(name: str) -> Format:
    """The format of that name."""
    for entry in FORMATS:
        if entry.name == name:
            return entry
    raise NotFoundError(f"no format {name!r}", expected=", ".join(entry.name for entry in FORMATS))


def sniff_source(source: SourceFile) -> list[FormatMatch]:
    """What one source may be, best first. Empty if nothing fits."""
    with source.open() as reader:
        head = reader.read(HEAD)
    name = source.member or str(source.path)
    found = []
    for entry in FORMATS:
        match = entry.sniff(head, name) if entry.sniff else None
        if match:
            found.append(FormatMatch(entry, source.name, match.confidence, match.reason))
    return sorted(found, key=lambda d: -d.confidence)


def detect(path: str | Path) -> list[FormatMatch]:
    """What a file may be and why: for each of its sources (members of a zip) the matches, best first."""
    with streams.archive_kept():
        return [found for source in streams.sources_of(path) for found in sniff_source(source)]


def choose(source: SourceFile, format: str | None = None) -> Format:
    """The format to read a source with: the one named, else the best match."""
    if format is not None:
        entry = get(format)
        if not entry.reads:
            raise UsageError(f"the format {format!r} is only written", expected=_names(reading=True))
        with source.open() as reader:
            if not reader.read(1):
                raise InputRejectedError(_EMPTY, where=source.name)
        return entry
    found = sniff_source(source)
    if not found:
        _refuse_utf16(source)
        raise InputRejectedError(
            _nothing(source),
            expected=f"one of {_names(reading=True)} (each was tried)",
            where=source.name,
            do="Name its format, or for a table write a column mapping; see docs/reference/formats.md.",
        )
    return found[0].format


def _nothing(source: SourceFile) -> str:
    with source.open() as reader:
        head = reader.read(64)
    if not head:
        return _EMPTY
    line = head.decode("ascii", "replace").splitlines()[0][:24]
    return (
        f"nothing known begins with {line!r}" if line.isprintable() and line.isascii() else "no text, but binary data"
    )


def _refuse_utf16(source: SourceFile) -> None:
    """Radio sentences are ASCII; in two bytes a letter their places in the file would not be those of the text."""
    with source.open() as reader:
        encoding, _ = encoding_of(reader.read(HEAD))
    if encoding != "utf-8":
        raise InputRejectedError(
            f"the file is text in {encoding.upper()}, two bytes a letter",
            expected="ASCII or UTF-8",
            where=source.name,
            do="Keep the original, convert a copy and import that: iconv -f UTF-16 -t UTF-8 FILE > COPY",
        )


def read_source(
    source: SourceFile,
    *,
    sha16: str,
    format: str | None = None,
    options: ReadOptions | None = None,
    reader: BinaryIO | None = None,
) -> Iterator[Batch]:
    """Batches of one source; `sha16` stands in their rows. An open `reader` of it is used, if given, and left open."""
    options = options or ReadOptions()
    entry = choose(source, format)
    if options.mapping is not None and not entry.uses_mapping:
        raise UsageError(
            f"the format {entry.name!r} takes no column mapping",
            expected="csv, jsonl, geojson or geoparquet",
            where=source.name,
            do="Name the format, for example csv.",
        )
    if entry.read is None:
        raise UsageError(f"the format {entry.name!r} is only written")
    if entry.ascii_only:
        _refuse_utf16(source)
    with contextlib.nullcontext(reader) if reader is not None else source.open() as given:
        try:
            yield from entry.read(given, sha16=sha16, options=options)
        except InputRejectedError as error:
            if source.name in error.where:
                raise
            raise InputRejectedError(
                error.found,
                expected=error.expected,
                do=error.do,
                where=f"{source.name} ({error.where})" if error.where else source.name,
            ) from error


def read(path: str | Path, format: str | None = None, options: ReadOptions | None = None) -> Iterator[Batch]:
    """Batches of a file: sniffed, unless `format` forces one. Each source is hashed first, then read."""
    for source in streams.sources_of(path):
        yield from read_source(source, sha16=streams.digest(source).sha16, format=format, options=options)


def write(
    table: pa.Table | pa.RecordBatchReader | Iterable[pa.RecordBatch],
    path: str | Path,
    format: str | None = None,
    options: WriteOptions | None = None,
) -> int:
    """Write rows that have lon and lat, in the format named or that of the file's ending; returns how many.

    A file that could not be finished is removed.
    """
    path = Path(path)
    entry = _writer(path, format)
    if entry.write is None:
        raise UsageError(f"the format {entry.name!r} is only read", expected=_names(reading=False))
    to_batches = getattr(table, "to_batches", None)
    batches = to_batches(max_chunksize=65_536) if to_batches else table
    with streams.writing(path) as partial, partial.open("wb") as out:
        return entry.write(batches, out, options=options or WriteOptions())


def _writer(path: Path, format: str | None) -> Format:
    if format is not None:
        return get(format)
    fitting = [entry for entry in FORMATS if entry.writes and path.suffix.lower() in entry.extensions]
    if not fitting:
        raise UsageError(f"no format is written to {path.suffix or 'a name without an ending'}", expected=_names(False))
    if len(fitting) > 1:
        raise AmbiguousError(f"several formats end with {path.suffix}", [entry.name for entry in fitting])
    return fitting[0]


def _names(reading: bool) -> str:
    return ", ".join(entry.name for entry in FORMATS if (entry.reads if reading else entry.writes))
