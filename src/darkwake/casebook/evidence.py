"""From any reference down to the bytes it rests on, with their hashes checked on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from darkwake import refs
from darkwake.casebook import reading
from darkwake.errors import DarkwakeError, NotFoundError, SourceUnavailableError
from darkwake.events import store as events
from darkwake.lake.store import Lake, Snapshot
from darkwake.ledger.tables import SOURCES
from darkwake.ledger.verify import Finding
from darkwake.streams import Cache, Digest, SourceFile, digest, read_spans

_REPORT_COLUMNS = ["source", "spans"]


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


def open_ref(lake: Lake, ref: refs.SourceRef) -> list[Exhibit]:
    """The bytes of a source reference. VerificationError if they are not those that were imported."""
    return open_refs(lake, [ref])


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


def show(lake: Lake, text: str, snapshot: Snapshot | None = None) -> list[Exhibit]:
    """Everything behind a reference: bytes behind a report, a segment, an event, or what a claim's verdict counted."""
    ref = refs.parse(text)
    snapshot = snapshot or lake.snapshot()
    if isinstance(ref, refs.ClaimRef):
        return [exhibit for text in _counted(lake, ref, snapshot.number) for exhibit in show(lake, text, snapshot)]
    return open_refs(lake, list(resolve(ref, snapshot)))


def resolve(ref: refs.Ref, snapshot: Snapshot) -> Iterator[refs.SourceRef]:
    """The source references that a reference stands for."""
    if isinstance(ref, refs.SourceRef):
        yield ref
    elif isinstance(ref, refs.ReportRef):
        where = pc.field("row") == ref.row
        rows = snapshot.scan("reports", _REPORT_COLUMNS, where, **{"import": ref.import_number})
        if not rows.num_rows:
            raise NotFoundError(f"no report {ref}", do="Check import and row number.")
        yield _of_report(rows.to_pylist()[0])
    elif isinstance(ref, refs.SegmentRef):
        yield from _of_segment(ref, snapshot)
    elif isinstance(ref, refs.EventRef):
        for text in events.find(snapshot, ref.id)[-1].event.evidence:
            yield from resolve(refs.parse(text), snapshot)
    else:
        raise NotFoundError(f"nothing is known of {ref}", do="Claims are shown by: darkwake claim show ID")


def _of_report(row: dict[str, Any]) -> refs.SourceRef:
    return refs.source_ref(row["source"], ((span["offset"], span["length"]) for span in row["spans"]))


def _of_segment(ref: refs.SegmentRef, snapshot: Snapshot) -> Iterator[refs.SourceRef]:
    """The first and last report of a segment."""
    columns = ["time", "source", "span_offset", "span_length"]
    rows: pa.Table = snapshot.scan("tracks", columns, pc.field("segment") == ref.segment).sort_by("time")
    if not rows.num_rows:
        raise NotFoundError(f"no segment {ref}", do="List segments with: darkwake track show mmsi:NUMBER")
    for row in {0, rows.num_rows - 1}:
        item = rows.slice(row, 1).to_pylist()[0]
        yield refs.source_ref(item["source"], [(item["span_offset"], item["span_length"])])


def _counted(lake: Lake, ref: refs.ClaimRef, number: int) -> list[str]:
    """What the claim's last verdict, of those recorded up to a number, counted: events, or reports of a stay."""
    with lake.ledger.engine.connect() as connection:
        claim = reading.find(connection, ref.id)
        verdict = reading.last_verdict(connection, claim, number)
    if verdict is None:
        raise NotFoundError(
            f"{claim} was not run on the data yet as of {number}", do=f"Run: darkwake claim verify {claim}"
        )
    events = [f"evt:{event}" for item in verdict["counted"] for event in item["events"]]
    return events + [text for stay in verdict.get("stays", ()) for text in stay["evidence"]]


def verify_source(lake: Lake, sha: str) -> tuple[bool, str]:
    """Hash a whole source again, to its recorded length; whether it is what was imported, and what was found."""
    row = lake.ledger.source(sha)
    found = digest(source_file(row), row.size).sha256
    return found == row.sha256, found


def check(lake: Lake) -> Iterator[Finding]:
    """Hash the bytes of every source, also of withdrawn imports: these stay readable as of earlier numbers."""
    with lake.ledger.engine.connect() as connection:
        query = sa.select(SOURCES.c.sha256, SOURCES.c.number, SOURCES.c.path, SOURCES.c.member).order_by(
            SOURCES.c.number
        )
        rows = connection.execute(query).all()
    for row in rows:
        name = row.path + (f"!{row.member}" if row.member else "")
        try:
            same, found = verify_source(lake, row.sha256)
        except DarkwakeError as error:
            yield Finding(row.number, f"source {row.sha256[:16]}… cannot be read: {error.found}", name)
            continue
        if not same:
            yield Finding(row.number, f"source {row.sha256[:16]}… was changed: it has SHA-256 {found[:16]}… now", name)
