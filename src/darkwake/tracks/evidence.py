"""What a segment rests on."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow.compute as pc

from darkwake import refs
from darkwake.errors import NotFoundError
from darkwake.lake.store import Snapshot


def of_segment(ref: refs.SegmentRef, snapshot: Snapshot) -> Iterator[refs.SourceRef]:
    """The first and last report of a segment."""
    columns = ["time", "source", "span_offset", "span_length"]
    rows = snapshot.scan("tracks", columns, pc.field("segment") == ref.segment).sort_by("time")
    if not rows.num_rows:
        raise NotFoundError(f"no segment {ref}", do="List segments with: darkwake track show mmsi:NUMBER")
    for row in sorted({0, rows.num_rows - 1}):
        item = rows.slice(row, 1).to_pylist()[0]
        yield refs.source_ref(item["source"], [(item["span_offset"], item["span_length"])])
