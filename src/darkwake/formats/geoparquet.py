"""GeoParquet 1.x and plain Parquet with a column mapping. Points come from the geometry column or from lon and lat.

A row of a Parquet file has no bytes of its own: its span is that of its row group.
"""

from __future__ import annotations

import json
import struct
import tempfile
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from darkwake.errors import InputRejectedError
from darkwake.formats import marinecadastre
from darkwake.formats.base import Batch, Format, Match, ReadOptions, WriteOptions
from darkwake.formats.head import Head
from darkwake.formats.tables import chooser

if TYPE_CHECKING:
    import pyarrow as pa

WHERE = "Parquet"
_MAGIC = b"PAR1"
_ROWS = 65_536
_CRS84 = {("OGC", "CRS84"), ("EPSG", "4326")}


def sniff(head: bytes, name: str) -> Match | None:  # noqa: ARG001
    return Match(0.95, "begins with PAR1, as Parquet does") if head.startswith(_MAGIC) else None


def read(reader: BinaryIO, *, sha16: str, options: ReadOptions) -> Iterator[Batch]:
    import pyarrow as pa

    with tempfile.TemporaryFile() as spool:  # Parquet is read from its end
        source = reader
        if not reader.seekable():
            while chunk := reader.read(1 << 20):
                spool.write(chunk)
            spool.seek(0)
            source = spool
        try:
            yield from _batches(source, sha16, options)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise InputRejectedError(f"not a readable Parquet file ({error})", where=WHERE) from error


def _batches(source: BinaryIO, sha16: str, options: ReadOptions) -> Iterator[Batch]:
    import numpy as np
    import pyarrow.parquet as pq

    from darkwake.formats.rows import Converter, block_of_arrow

    file = pq.ParquetFile(source)
    geometry = _geometry_column(file.schema_arrow)
    columns = tuple(f.name for f in file.schema_arrow if _is_plain(f.type))
    if geometry:
        columns = tuple(dict.fromkeys((*columns, "lon", "lat")))
    head = Head(columns, ",", 10, 0, ())
    mapping = options.mapping or marinecadastre.mapping_for(columns) or chooser(options, WHERE)(head)
    mapping = mapping.fitted(columns, WHERE)
    converter = Converter(mapping, sha16, WHERE)
    wanted = [name for name in mapping.needed if name in file.schema_arrow.names]
    for number in range(file.num_row_groups):
        offset, length = _extent(file.metadata.row_group(number))
        for batch in file.iter_batches(
            _ROWS, row_groups=[number], columns=[*wanted, geometry] if geometry else wanted, use_threads=False
        ):
            texts = {name: _texts(batch.column(name)) for name in wanted}
            if geometry:
                lon, lat = _points(batch.column(geometry))
                texts["lon"], texts["lat"] = _texts(lon), _texts(lat)
            n = batch.num_rows
            spans = np.full(n, offset, np.int64), np.full(n, length, np.int64)
            yield converter.convert(block_of_arrow({name: texts[name] for name in mapping.needed}, *spans), [])


def _is_plain(kind: pa.DataType) -> bool:
    import pyarrow.types as t

    return not (t.is_nested(kind) or t.is_binary(kind) or t.is_large_binary(kind))


def _texts(array: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_timestamp(array.type):
        array = array.cast(pa.timestamp("us", array.type.tz), safe=False)
    return pc.cast(array, pa.string())


def _extent(group: Any) -> tuple[int, int]:
    """Where a row group's bytes lie. A span's length has 31 bits; longer groups are named by their first 2 GiB."""
    first, last = [], []
    for number in range(group.num_columns):
        column = group.column(number)
        begin = column.dictionary_page_offset or column.data_page_offset
        first.append(min(begin, column.data_page_offset))
        last.append(first[-1] + column.total_compressed_size)
    if not first:
        return 0, 0
    return min(first), min(max(last) - min(first), 2**31 - 1)


def _geometry_column(schema: pa.Schema) -> str | None:
    """The primary geometry, if the file is GeoParquet; refuses one in another coordinate system."""
    raw = (schema.metadata or {}).get(b"geo")
    if raw is None:
        return None
    try:
        geo = json.loads(raw)
        name = geo["primary_column"]
        column = geo["columns"][name]
        crs = column.get("crs", {"id": {"authority": "OGC", "code": "CRS84"}})
        identity = (crs or {}).get("id", {})
        system = identity.get("authority"), str(identity.get("code"))
        encoding = column["encoding"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputRejectedError(f"damaged GeoParquet metadata ({error!r})", where=WHERE) from error
    if system not in _CRS84:
        raise InputRejectedError(
            f"coordinates in {system[0]}:{system[1]}",
            expected="OGC:CRS84 or EPSG:4326",
            where=WHERE,
            do="Convert the file to longitude and latitude first.",
        )
    if encoding not in {"WKB", "point"} or name not in schema.names:
        raise InputRejectedError(f"geometry encoded as {encoding}", expected="WKB or point", where=WHERE)
    return str(name)


def _points(array: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Longitudes and latitudes of points; null for an empty or absent one. A geometry of another kind is unreadable."""
    import pyarrow as pa

    if pa.types.is_struct(array.type):
        return array.field("x"), array.field("y")
    lon: list[str | None] = []
    lat: list[str | None] = []
    for item in array.to_pylist():
        x, y = ("", "") if item is None else _point(item)
        lon.append(x)
        lat.append(y)
    return pa.array(lon, pa.string()), pa.array(lat, pa.string())


def _point(wkb: bytes) -> tuple[str, str]:
    """The coordinates of a well-known-binary point (ISO or with an SRID)."""
    order = "<" if wkb[:1] == b"\x01" else ">"
    try:
        (kind,) = struct.unpack_from(order + "I", wkb, 1)
        if kind & 0xFFFF not in {1, 1001, 2001, 3001}:
            return "not a point", "not a point"
        x, y = struct.unpack_from(order + "dd", wkb, 9 if kind & 0x20000000 else 5)
    except struct.error:
        return "cut off", "cut off"
    return repr(x), repr(y)


def write(batches: Iterable[pa.RecordBatch], out: BinaryIO, *, options: WriteOptions) -> int:
    from darkwake.formats.out.geoparquet import write_geoparquet

    return write_geoparquet(batches, out, options=options)


FORMAT = Format(
    name="geoparquet",
    title="GeoParquet and Parquet by column mapping",
    status="beta",
    extensions=(".parquet", ".geoparquet", ".pq"),
    sniff=sniff,
    read=read,
    write=write,
    uses_mapping=True,
    provenance="the row's row group",
)
