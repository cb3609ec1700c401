"""Spans of bytes of sources, read and verified: what every reference comes down to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from darkwake import refs
from darkwake.errors import SourceUnavailableError
from darkwake.lake.store import Lake
from darkwake.streams import Cache, Digest, SourceFile, read_spans


@dataclass(frozen=True)
class Exhibit:
    """One span of bytes, read and verified."""

    ref: refs.SourceRef
    span: refs.Span
    source: str  # where the bytes lie
    sha256: str  # of the whole source
    data: bytes

    @property
    def text(self) -> str:
        """The bytes as text; what is not printable ASCII shows as an escape."""
        return self.data.decode("ascii", "backslashreplace").strip("\r\n")

    def as_json(self) -> dict[str, Any]:
        return {
            "ref": str(self.ref),
            "offset": self.span.offset,
            "length": self.span.length,
            "source": self.source,
            "sha256": self.sha256,
            "verified": True,
            "bytes": self.data.hex(),
            "text": self.text,
        }


def source_file(row: Any) -> SourceFile:
    """The file of a source as the ledger knows it."""
    return SourceFile(Path(row.path), row.compression, row.member)


def open_refs(lake: Lake, references: Sequence[refs.SourceRef]) -> list[Exhibit]:
    """The bytes of several source references, one exhibit per span in the order given; one pass over each source."""
    spans: dict[str, list[refs.Span]] = {}
    for ref in references:
        spans.setdefault(ref.sha16, []).extend(ref.spans)
    opened = {sha16: iter(_open(lake, sha16, wanted)) for sha16, wanted in spans.items()}
    return [Exhibit(ref, span, *next(opened[ref.sha16])) for ref in references for span in ref.spans]


def _open(lake: Lake, sha16: str, spans: Sequence[refs.Span]) -> list[tuple[str, str, bytes]]:
    """Where each span lies, the SHA-256 of the source, and the bytes."""
    row = lake.ledger.source(sha16)
    file = source_file(row)
    if not file.path.exists():
        raise SourceUnavailableError(
            "the file of this source is gone",
            where=str(file.path),
            do=f"Put a file with SHA-256 {row.sha256} there; to keep copies, import with --keep.",
        )
    recorded = Digest(row.sha256, row.size, tuple(row.chunks), row.damage)
    wanted = [(span.offset, span.length) for span in spans]
    return [(file.name, row.sha256, data) for data in read_spans(file, wanted, recorded, Cache(lake.root / "cache"))]
