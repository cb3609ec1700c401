"""What a format is, and what its reader yields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

    from darkwake.formats.mapping import Mapping

#: Bytes of a source that a sniffer is shown.
HEAD = 64 << 10

STATUSES = {
    "stable": "tested on real files of every known shape",
    "beta": "tested on real files of some shapes",
    "experimental": "tested on files made from the published description only",
}


#: Why a record of a table is rejected. The radio decoder has reasons of its own.
REASONS = {
    "wrong_field_count": "the line has more or fewer fields than the header",
    "unclosed_quote": "a quoted field does not end",
    "line_too_long": "longer than 1 MiB",
    "mmsi_missing": "no identity",
    "bad_mmsi": "not a whole number of at most 30 bits",
    "bad_time": "not a time of the form that was stated",
    "time_without_zone": "among times with a zone, one without",
    "ambiguous_local_time": "an hour that its zone has twice or not at all",
    "bad_lon": "not a number",
    "bad_lat": "not a number",
    "not_utf8": "bytes that are no text",
    "not_json": "not readable as JSON",
    "duplicate_key": "one object has a member twice",
    "not_an_object": "JSON, but no object",
    "not_a_point": "a feature with another geometry",
    "bad_coordinates": "a point without two numbers",
    "feature_too_long": "longer than 1 MiB",
    "feature_cut_off": "the file ends within it",
}


class Batch(Protocol):
    """A stretch of a source, read: `darkwake.ais.stream` and every format reader yield these."""

    @property
    def messages(self) -> pa.RecordBatch:
        """Rows with the schema `darkwake.ais.schema.DECODED`."""

    @property
    def rejects(self) -> pa.Table:
        """Rows of offset int64, length int64, reason string."""

    @property
    def sentences(self) -> int:
        """Records seen: sentences of a radio log, rows of a table, features of a collection."""

    @property
    def counts(self) -> dict[str, int]:
        """What else was counted; for tables, values that became null: no_FIELD (not available), bad_FIELD."""


@dataclass(slots=True)
class ReadBatch:
    """The batch of a table reader."""

    messages: pa.RecordBatch
    rejects: pa.Table
    sentences: int
    counts: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a reader may be told. A format ignores none silently: it refuses what it has no use for."""

    mapping: Mapping | None = None  # for csv, jsonl, geojson, geoparquet


@dataclass(frozen=True, slots=True)
class Match:
    """A sniffer's opinion: how sure (0–1), and why in words for a person."""

    confidence: float
    reason: str


@dataclass(frozen=True, slots=True)
class FormatMatch:
    """One format that one source may have."""

    format: Format
    source: str
    confidence: float
    reason: str


Reader = Callable[..., Iterator[Batch]]  # (reader: BinaryIO, *, sha16: str, options: ReadOptions)
Writer = Callable[..., int]  # (batches: Iterable[pa.RecordBatch], out: BinaryIO, *, options: WriteOptions)


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """`simulated` puts the SIMULATED mark into the file; `tracks` draws lines per vessel instead of points."""

    simulated: bool = False
    tracks: bool = False


@dataclass(frozen=True, slots=True)
class Format:
    """One entry of the registry."""

    name: str
    title: str
    status: str  # a key of STATUSES
    extensions: Sequence[str] = ()
    sniff: Callable[[bytes, str], Match | None] | None = None
    read: Reader | None = None
    write: Writer | None = None
    uses_mapping: bool = False
    ascii_only: bool = False  # text in two bytes a letter is refused
    provenance: str = ""  # what the spans of a row cover

    @property
    def reads(self) -> bool:
        return self.read is not None

    @property
    def writes(self) -> bool:
        return self.write is not None


def has_extension(name: str, extensions: Sequence[str]) -> bool:
    """Whether a file name ends with one of these, a compression's ending set aside."""
    path = Path(name.lower())
    if path.suffix in {".gz", ".zst", ".bz2", ".zip"}:
        path = path.with_suffix("")
    return path.suffix in extensions


def rejects_table(offsets: Iterable[int], lengths: Iterable[int], reasons: Iterable[str]) -> pa.Table:
    """Rejects as Arrow: offset int64, length int64, reason string."""
    import pyarrow as pa

    return pa.table(
        {
            "offset": pa.array(list(offsets), pa.int64()),
            "length": pa.array(list(lengths), pa.int64()),
            "reason": pa.array(list(reasons), pa.string()),
        }
    )


__all__ = ["HEAD", "Batch", "BinaryIO", "Format", "FormatMatch", "Match", "ReadBatch", "ReadOptions", "WriteOptions"]
