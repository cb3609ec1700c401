"""GeoParquet 1.1: the rows as they are, a geometry column of points (WKB) beside them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import chain
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from darkwake.errors import UsageError
from darkwake.formats.base import WriteOptions
from darkwake.formats.out.values import MARK, check_position

_GEO = {
    "version": "1.1.0",
    "primary_column": "geometry",
    "columns": {"geometry": {"encoding": "WKB", "geometry_types": ["Point"]}},
}


def write_geoparquet(batches: Iterable[pa.RecordBatch], out: BinaryIO, *, options: WriteOptions) -> int:
    """Write rows; with `simulated`, a column and the file's metadata `mark` say so. Returns the number of rows."""
    if options.tracks:
        raise UsageError("GeoParquet is written with points, not tracks", do="Write tracks to .geojson or .kml.")
    iterator = iter(batches)
    first = next(iterator, None)
    if first is None:
        raise UsageError("no batch to write", expected="at least one, even if it is empty: it holds the columns")
    check_position(first.schema)
    metadata = {b"geo": json.dumps(_GEO).encode()} | ({b"mark": MARK.encode()} if options.simulated else {})
    schema = _with_geometry(first, options).schema.with_metadata({**(first.schema.metadata or {}), **metadata})
    written = 0
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for batch in chain((first,), iterator):
            writer.write_batch(pa.RecordBatch.from_arrays(_with_geometry(batch, options).columns, schema=schema))
            written += batch.num_rows
    return written


def _with_geometry(batch: pa.RecordBatch, options: WriteOptions) -> pa.RecordBatch:
    arrays = {f.name: batch.column(number) for number, f in enumerate(batch.schema)}
    arrays["geometry"] = _wkb(batch.column("lon"), batch.column("lat"))
    if options.simulated:
        arrays["mark"] = pa.repeat(MARK, batch.num_rows)
    return pa.RecordBatch.from_arrays(list(arrays.values()), names=list(arrays))


def _wkb(lon: pa.Array, lat: pa.Array) -> pa.Array:
    """Points as well-known binary, little endian: 1, 1, x, y; null where a coordinate is."""
    n = len(lon)
    points = np.zeros(n, np.dtype([("order", "u1"), ("kind", "<u4"), ("x", "<f8"), ("y", "<f8")]))
    points["order"], points["kind"] = 1, 1
    points["x"], points["y"] = lon.fill_null(0.0).to_numpy(False), lat.fill_null(0.0).to_numpy(False)
    valid = np.asarray(lon.is_valid()) & np.asarray(lat.is_valid())
    offsets = np.concatenate(([0], np.cumsum(np.where(valid, 21, 0)))).astype(np.int32)
    mask = pa.py_buffer(np.packbits(valid, bitorder="little"))
    return pa.Array.from_buffers(pa.binary(), n, [mask, pa.py_buffer(offsets), pa.py_buffer(points[valid].tobytes())])
