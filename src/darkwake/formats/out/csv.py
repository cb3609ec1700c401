"""CSV: every column; times in ISO 8601 with Z, spans as offset+length, bits in hex."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from darkwake.errors import UsageError
from darkwake.formats.base import WriteOptions
from darkwake.formats.out.values import MARK, is_spans, rows, spans_text


def write_csv(batches: Iterable[pa.RecordBatch], out: BinaryIO, *, options: WriteOptions) -> int:
    """Write rows; with `simulated`, a column `mark` says so in each. Returns the number of rows."""
    if options.tracks:
        raise UsageError("CSV holds points, not tracks", do="Write tracks to .geojson or .kml.")
    written = 0
    for batch in batches:
        arrays = {f.name: _plain(batch, number) for number, f in enumerate(batch.schema)}
        if options.simulated:
            arrays["mark"] = pa.repeat(MARK, batch.num_rows)
        table = pa.table(arrays)
        pyarrow.csv.write_csv(table, out, pyarrow.csv.WriteOptions(include_header=written == 0, quoting_style="needed"))
        written += batch.num_rows
    return written


def _plain(batch: pa.RecordBatch, number: int) -> pa.Array:
    array, kind = batch.column(number), batch.schema.field(number).type
    if pa.types.is_timestamp(kind):
        text = pc.replace_substring(array.cast(pa.timestamp("us", "UTC")).cast(pa.string()), " ", "T")
        return pc.replace_substring_regex(pc.replace_substring_regex(text, r"\.0+Z$", "Z"), r"(\.\d*[1-9])0+Z$", r"\1Z")
    if is_spans(kind):
        return spans_text(array)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_nested(kind):
        one = pa.RecordBatch.from_arrays([array], names=["value"])
        return pa.array([str(row["value"]) if row else None for row in rows(one)], pa.string())
    return array
