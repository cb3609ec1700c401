from __future__ import annotations

import datetime as dt
import io
import json
import struct
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contracts.format_samples import positions
from darkwake.errors import InputRejectedError
from darkwake.formats import read, write
from formats.reading import Reading

MAPPING = '[time]\ncolumn="time"\n[columns]\nmmsi="mmsi"\nlon="lon"\nlat="lat"'


def _file(table: pa.Table, geo: dict[str, Any] | None = None, **options: Any) -> bytes:
    out = io.BytesIO()
    if geo is not None:
        table = table.replace_schema_metadata({"geo": json.dumps(geo)})
    pq.write_table(table, out, **options)
    return out.getvalue()


def _geo(encoding: str = "WKB", **column: Any) -> dict[str, Any]:
    return {"version": "1.1.0", "primary_column": "g", "columns": {"g": {"encoding": encoding, **column}}}


def _table(geometry: pa.Array) -> pa.Table:
    when = dt.datetime(2019, 2, 1, 6, tzinfo=dt.UTC)
    n = len(geometry)
    return pa.table({"mmsi": [299000001] * n, "time": [when] * n, "g": geometry})


def test_points_in_well_known_binary_of_all_kinds() -> None:
    points = [
        struct.pack("<BIdd", 1, 1, 124.5, 38.1),
        struct.pack(">BIdd", 0, 1, 124.5, 38.1),
        struct.pack("<BIddd", 1, 1001, 124.5, 38.1, 0.0),
        struct.pack("<BIIdd", 1, 1 | 0x20000000, 4326, 124.5, 38.1),
        None,
        struct.pack("<BI", 1, 2),  # a line
        b"\x01\x01",
    ]
    got = Reading(_file(_table(pa.array(points, pa.binary())), _geo()), "geoparquet")
    assert got.column("lon") == [124.5] * 4 + [None]
    assert got.column("lat") == [38.1] * 4 + [None]
    assert got.reasons == {"bad_lon": 2}


def test_native_points_and_another_coordinate_system() -> None:
    native = pa.StructArray.from_arrays([pa.array([124.5]), pa.array([38.1])], ["x", "y"])
    assert Reading(_file(_table(native), _geo("point")), "geoparquet").column("lat") == [38.1]
    with pytest.raises(InputRejectedError, match="EPSG:3857"):
        Reading(_file(_table(native), _geo("point", crs={"id": {"authority": "EPSG", "code": 3857}})), "geoparquet")
    with pytest.raises(InputRejectedError, match="damaged GeoParquet metadata"):
        Reading(_file(_table(native), {"columns": 3}), "geoparquet")


def test_a_row_group_is_the_span_of_its_rows() -> None:
    data = _file(positions(), row_group_size=2)
    got = Reading(data, "geoparquet")
    (first,), same, (second,), _ = got.column("spans")
    assert same == [first]
    assert first["offset"] == 4  # right after PAR1
    assert first["offset"] + first["length"] <= second["offset"] < len(data)


def test_naive_times_need_a_zone() -> None:
    table = positions().set_column(1, "time", positions()["time"].cast(pa.timestamp("us")).cast(pa.timestamp("ns")))
    with pytest.raises(InputRejectedError, match="name no zone"):
        Reading(_file(table), "geoparquet", MAPPING)
    stated = MAPPING.replace('column="time"', 'column="time"\nzone="UTC"')
    assert Reading(_file(table), "geoparquet", stated).column("time")[0].hour == 6


def test_a_compressed_file_is_read_through_a_copy(tmp_path: Any) -> None:
    import gzip

    write(positions(), tmp_path / "x.parquet")
    (tmp_path / "x.parquet.gz").write_bytes(gzip.compress((tmp_path / "x.parquet").read_bytes()))
    assert sum(batch.messages.num_rows for batch in read(tmp_path / "x.parquet.gz")) == 4


def test_damage_is_said() -> None:
    for data in (b"", b"PAR1", b"PAR1" + b"\0" * 100 + b"PAR1", _file(positions())[:-30]):
        with pytest.raises(InputRejectedError, match="not a readable Parquet file"):
            Reading(data, "geoparquet")


def test_a_file_that_is_cut_off_is_named(tmp_path: Any) -> None:
    data = _file(positions())
    for length in (4, 8, len(data) // 2, len(data) - 1):
        path = tmp_path / "cut.parquet"
        path.write_bytes(data[:length])
        with pytest.raises(InputRejectedError, match=r"not a readable Parquet file.*in \S+/cut\.parquet \(Parquet\)"):
            list(read(path))
