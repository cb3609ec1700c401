"""JSON lines with a column mapping: one object a line; members of objects are named outer.inner."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from darkwake.formats.base import Batch, Format, Match, ReadOptions
from darkwake.formats.head import Head, to_utf8
from darkwake.formats.tables import chooser, match_columns

EXTENSIONS = (".jsonl", ".ndjson", ".json")
WHERE = "JSON lines"


def sniff(head: bytes, name: str) -> Match | None:  # noqa: ARG001
    from darkwake.formats.records import flat, parse_object

    lines = [line for line in to_utf8(head).split(b"\n")[:20] if line.strip()]
    objects = [found for found in map(parse_object, lines[: max(1, len(lines) - 1)]) if isinstance(found, dict)]
    if not objects or objects[0].get("type") in {"Feature", "FeatureCollection"}:
        return None
    rows = [flat(found) for found in objects]
    columns = tuple(dict.fromkeys(key for row in rows for key in row))
    sample = tuple(tuple(row.get(name) or "" for name in columns) for row in rows)
    match = match_columns(Head(columns, ",", 10, 0, sample), "lines of JSON objects")
    return match or Match(0.05, "lines of JSON objects; they need a mapping")


def read(reader: BinaryIO, *, sha16: str, options: ReadOptions) -> Iterator[Batch]:
    from darkwake.formats.records import flat, lines, parse_object, read_records

    def parse(data: bytes) -> dict[str, str | None] | str:
        found = parse_object(data)
        return found if isinstance(found, str) else flat(found)

    return read_records(lines(reader), parse=parse, choose=chooser(options, WHERE), sha16=sha16, where=WHERE)


FORMAT = Format(
    name="jsonl",
    title="JSON lines by column mapping",
    status="stable",
    extensions=EXTENSIONS,
    sniff=sniff,
    read=read,
    uses_mapping=True,
    provenance="the record's line",
)
