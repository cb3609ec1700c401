"""GeoJSON (RFC 7946): one feature a line. Positions as points, or tracks as lines split at ±180°."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import pyarrow as pa

from darkwake.formats.base import WriteOptions
from darkwake.formats.out.lines import lines
from darkwake.formats.out.values import MARK, check_position, rows


def write_geojson(batches: Iterable[pa.RecordBatch], out: BinaryIO, *, options: WriteOptions) -> int:
    """Write a FeatureCollection; returns the number of features. A row without position is an unlocated feature."""
    found = _tracks(batches) if options.tracks else _points(batches)
    mark = {"mark": MARK} if options.simulated else {}
    opening = {"type": "FeatureCollection", **mark}
    out.write(json.dumps(opening, ensure_ascii=False)[:-1].encode() + b', "features": [')
    written = 0
    for geometry, properties in found:
        feature = {"type": "Feature", "geometry": geometry, "properties": {**properties, **mark}}
        text = json.dumps(feature, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        out.write((b",\n" if written else b"\n") + text.encode())
        written += 1
    out.write(b"\n]}\n")
    return written


def _points(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[dict[str, Any] | None, dict[str, Any]]]:
    for batch in batches:
        check_position(batch.schema)
        for row in rows(batch):
            lon, lat = row.pop("lon", None), row.pop("lat", None)
            at = None if lon is None or lat is None else {"type": "Point", "coordinates": [lon, lat]}
            yield at, row


def _tracks(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[dict[str, Any] | None, dict[str, Any]]]:
    for line in lines(batches):
        drawn = [[list(point) for point in zip(*piece, strict=True)] for piece in line.pieces]
        if len(drawn) == 1:
            yield {"type": "LineString", "coordinates": drawn[0]}, line.summary
        else:
            yield {"type": "MultiLineString", "coordinates": drawn}, line.summary
