"""GeoJSON (RFC 7946) points with properties: a FeatureCollection, or features line by line (RFC 8142)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO

from darkwake.formats.base import Batch, Format, Match, ReadOptions, WriteOptions
from darkwake.formats.head import to_utf8
from darkwake.formats.tables import chooser

if TYPE_CHECKING:
    import pyarrow as pa

EXTENSIONS = (".geojson", ".geojsonl", ".geojsons", ".json")
WHERE = "GeoJSON"
_KIND = re.compile(rb'"type"\s*:\s*"(FeatureCollection|Feature)"')


def sniff(head: bytes, name: str) -> Match | None:  # noqa: ARG001
    text = to_utf8(head).lstrip(b" \t\r\n\x1e")
    if not text.startswith(b"{"):
        return None
    kind = _KIND.search(text)
    if kind is None:
        return None
    return Match(0.92, f'a JSON object with "type": "{kind[1].decode()}"')


def read(reader: BinaryIO, *, sha16: str, options: ReadOptions) -> Iterator[Batch]:
    from darkwake.formats.features import features, parse_feature
    from darkwake.formats.records import read_records

    return read_records(features(reader), parse=parse_feature, choose=chooser(options, WHERE), sha16=sha16, where=WHERE)


def write(batches: Iterable[pa.RecordBatch], out: BinaryIO, *, options: WriteOptions) -> int:
    from darkwake.formats.out.geojson import write_geojson

    return write_geojson(batches, out, options=options)


FORMAT = Format(
    name="geojson",
    title="GeoJSON points",
    status="beta",
    extensions=EXTENSIONS[:3],
    sniff=sniff,
    read=read,
    write=write,
    uses_mapping=True,
    provenance="the feature's bytes",
)
