"""Delimited text with a column mapping: comma, semicolon, tab or bar; UTF-8 or UTF-16."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO

from darkwake.formats.base import Batch, Format, Match, ReadOptions, WriteOptions, has_extension
from darkwake.formats.head import read_head, to_utf8
from darkwake.formats.tables import chooser, match_columns

if TYPE_CHECKING:
    import pyarrow as pa

EXTENSIONS = (".csv", ".tsv", ".tab")
WHERE = "CSV"


def sniff(head: bytes, name: str) -> Match | None:
    table = read_head(to_utf8(head))
    if len(table.columns) < 2:
        return None
    match = match_columns(table, "a header line")
    if match is None and has_extension(name, EXTENSIONS):
        return Match(0.05, f"its name ends like a table's ({len(table.columns)} columns); it needs a mapping")
    return match


def read(reader: BinaryIO, *, sha16: str, options: ReadOptions) -> Iterator[Batch]:
    from darkwake.formats.delimited import read_delimited

    return read_delimited(reader, sha16=sha16, choose=chooser(options, WHERE), where=WHERE)


def write(batches: Iterable[pa.RecordBatch], out: BinaryIO, *, options: WriteOptions) -> int:
    from darkwake.formats.out.csv import write_csv

    return write_csv(batches, out, options=options)


FORMAT = Format(
    name="csv",
    title="CSV by column mapping",
    status="stable",
    extensions=EXTENSIONS,
    sniff=sniff,
    read=read,
    write=write,
    uses_mapping=True,
    provenance="the row's line",
)
