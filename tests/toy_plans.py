"""Small plans over made-up positions, to see whether engines agree.

They stand here and not in one test because other processes must be able to import the kernels.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from darkwake.ais.schema import TIMESTAMP
from darkwake.engine.base import Plan, Stage

HOUR_US = 3_600_000_000
POSITIONS = pa.schema(
    [
        pa.field("mmsi", pa.int32(), nullable=False),
        pa.field("segment", pa.int64(), nullable=False),
        pa.field("time", TIMESTAMP, nullable=False),
        pa.field("lon", pa.float64(), nullable=False),
        pa.field("lat", pa.float64(), nullable=False),
        pa.field("nav_status", pa.int8()),
        pa.field("stations", pa.string()),
    ]
)


class Folder:
    """A source: one folder of Parquet files, partitioned as the lake does it."""

    def __init__(self, folder: Path, table: pa.Table, buckets: int = 4) -> None:
        self.folder = folder
        ordered = table.sort_by([("mmsi", "ascending"), ("segment", "ascending"), ("time", "ascending")])
        bucket = np.asarray(ordered["mmsi"].combine_chunks()) % buckets
        for number in range(buckets):
            part = ordered.filter(pa.array(bucket == number))
            for week, rows in (
                ("2019-01-07", part.slice(0, part.num_rows // 2)),
                ("2019-01-14", part.slice(part.num_rows // 2)),
            ):
                if rows.num_rows:
                    path = folder / f"bucket={number}" / f"week={week}" / "part-0.parquet"
                    path.parent.mkdir(parents=True)
                    pq.write_table(rows, path)

    def buckets(self, table: str) -> Mapping[int, Files]:
        return {
            int(path.name.partition("=")[2]): Files(tuple(sorted(path.rglob("*.parquet"))))
            for path in sorted(self.folder.glob("bucket=*"))
        }

    def whole_vessels(self, table: str) -> bool:
        return True

    def rows(self, columns: Sequence[str]) -> pa.Table:
        """All rows, a bucket after the other."""
        return pa.concat_tables([bucket.read(columns) for bucket in self.buckets("tracks").values()])


class Mixed(Folder):
    """The same files as buckets that do not hold whole vessels: each is half of a bucket's rows."""

    def buckets(self, table: str) -> Mapping[int, Files]:
        return {number: Files((path,)) for number, path in enumerate(sorted(self.folder.rglob("*.parquet")))}

    def whole_vessels(self, table: str) -> bool:
        return False


@dataclass(frozen=True)
class Files:
    """A bucket that any process can read."""

    paths: tuple[Path, ...]

    def read(self, columns: Sequence[str]) -> pa.Table:
        return pa.concat_tables([pq.ParquetFile(path).read(columns=list(columns)) for path in self.paths])


def positions(vessels: int, hours: int, seed: int = 0) -> pa.Table:
    """Ships that wander over a few square degrees and report once an hour, to the microsecond."""
    random = np.random.default_rng(seed)
    rows = vessels * hours
    mmsi = np.repeat(299_000_000 + np.arange(vessels, dtype=np.int32), hours)
    start = 1_546_819_200_000_000 + 1
    time = start + np.tile(np.arange(hours), vessels) * HOUR_US + random.integers(0, 1_000_000, rows)
    columns = {
        "mmsi": mmsi,
        "segment": mmsi.astype(np.int64) * 10 + (np.tile(np.arange(hours), vessels) >= hours // 2),
        "time": pa.array(time, pa.int64()).cast(TIMESTAMP),
        "lon": np.round(120 + 2 * random.random(rows), 2),
        "lat": np.round(30 + 2 * random.random(rows), 2),
        "nav_status": pa.array(random.integers(0, 16, rows).astype(np.int8), mask=random.random(rows) < 0.1),
        "stations": pa.array([f"SIM{n}" for n in random.integers(0, 5, rows)], mask=random.random(rows) < 0.1),
    }
    table = pa.table([columns[field.name] for field in POSITIONS], schema=POSITIONS)
    return table.take(pa.array(random.permutation(rows)))


COUNTS = pa.schema(
    [
        pa.field("mmsi", pa.int32(), nullable=False),
        pa.field("segment", pa.int64(), nullable=False),
        pa.field("rows", pa.int64(), nullable=False),
        pa.field("first", TIMESTAMP, nullable=False),
        pa.field("last", TIMESTAMP, nullable=False),
        pa.field("path_deg", pa.float64()),
        pa.field("stations", pa.list_(pa.string())),
    ]
)


def count(table: pa.Table, arguments: Mapping[str, Any]) -> pa.Table:
    """Per segment: rows, first and last time, and the length of its path, which hangs on the order of rows."""
    out: dict[str, list[Any]] = {name: [] for name in COUNTS.names}
    for segment in pc.unique(table["segment"]).to_pylist():
        rows = table.filter(pc.equal(table["segment"], segment))
        time = np.asarray(rows["time"].cast(pa.int64()))
        assert (np.diff(time) >= 0).all(), "rows came unsorted"
        out["mmsi"].append(rows["mmsi"][0].as_py())
        out["segment"].append(segment)
        out["rows"].append(rows.num_rows)
        out["first"].append(rows["time"][0].as_py())
        out["last"].append(rows["time"][-1].as_py())
        path = np.hypot(np.diff(np.asarray(rows["lon"])), np.diff(np.asarray(rows["lat"]))).sum()
        out["path_deg"].append(path if rows.num_rows > arguments["least"] else None)
        out["stations"].append(rows["stations"].to_pylist()[:2])
    return pa.table(out, schema=COUNTS)


CELLS = pa.schema(
    [("part", pa.int64()), ("mmsi", pa.int32()), ("time", TIMESTAMP), ("lon", pa.float64()), ("note", pa.string())]
)
PAIRS = pa.schema(
    [("part", pa.int64()), ("a", pa.int32()), ("b", pa.int32()), ("hour", pa.int64()), ("gap_deg", pa.float64())]
)
MEETINGS = pa.schema(
    [
        pa.field("a", pa.int32(), nullable=False),
        pa.field("b", pa.int32(), nullable=False),
        pa.field("hours", pa.list_(pa.int64())),
        pa.field("mean_gap_deg", pa.float32()),
    ]
)


def to_cells(table: pa.Table, arguments: Mapping[str, Any]) -> pa.Table:
    """Each position with the number of its cell and hour."""
    size = arguments["cell_deg"]
    hour = np.asarray(table["time"].cast(pa.int64())) // HOUR_US
    cell = np.floor(np.asarray(table["lon"]) / size) * 10_000 + np.floor(np.asarray(table["lat"]) / size)
    part = hour * 100_000_000 + cell.astype(np.int64)
    return pa.table([part, table["mmsi"], table["time"], table["lon"], table["stations"]], schema=CELLS)


def to_pairs(table: pa.Table, arguments: Mapping[str, Any]) -> pa.Table:
    """Ships that share a cell and hour; the next part is the pair."""
    out: dict[str, list[Any]] = {name: [] for name in PAIRS.names}
    rows = table.to_pylist()
    assert [row["part"] for row in rows] == sorted(row["part"] for row in rows), "parts came unsorted"
    cells: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        cells.setdefault(row["part"], []).append(row)
    for part, inside in cells.items():
        for first in inside:
            for second in inside:
                if first["mmsi"] < second["mmsi"]:
                    out["part"].append(first["mmsi"] * 1_000_000_000 + second["mmsi"])
                    out["a"].append(first["mmsi"])
                    out["b"].append(second["mmsi"])
                    out["hour"].append(part // 100_000_000)
                    out["gap_deg"].append(abs(first["lon"] - second["lon"]))
    return pa.table(out, schema=PAIRS)


def to_meetings(table: pa.Table, arguments: Mapping[str, Any]) -> pa.Table:
    """One row per pair."""
    pairs: dict[int, list[dict[str, Any]]] = {}
    for row in table.to_pylist():
        pairs.setdefault(row["part"], []).append(row)
    found = [
        {
            "a": rows[0]["a"],
            "b": rows[0]["b"],
            "hours": [row["hour"] for row in rows],
            "mean_gap_deg": sum(row["gap_deg"] for row in rows) / len(rows),
        }
        for rows in pairs.values()
    ]
    return pa.Table.from_pylist(found, schema=MEETINGS)


def fail(table: pa.Table, arguments: Mapping[str, Any]) -> pa.Table:
    """Fails as soon as it sees one ship."""
    if arguments["mmsi"] in table["mmsi"].to_pylist():
        raise ZeroDivisionError("no rows in a SIM cell")
    return COUNTS.empty_table()


WHERE = pa.schema([("mmsi", pa.int32()), ("file", pa.string()), ("time", TIMESTAMP)])


def whereabouts(table: pa.Table, arguments: Mapping[str, Any]) -> pa.Table:
    """The file that the code of the engine was loaded from, and each time as it arrived."""
    file = sys.modules["darkwake.engine.base"].__file__
    return pa.table([table["mmsi"], [file] * table.num_rows, table["time"]], schema=WHERE)


COUNT = Plan(
    "count",
    "tracks",
    ("mmsi", "segment", "time", "lon", "lat", "stations"),
    (Stage("count", count, COUNTS),),
    {"least": 2},
)
MEET = Plan(
    "meet",
    "tracks",
    ("mmsi", "time", "lon", "lat", "stations"),
    (Stage("cells", to_cells, CELLS), Stage("pairs", to_pairs, PAIRS), Stage("meetings", to_meetings, MEETINGS)),
    {"cell_deg": 0.25},
)
FAIL = Plan("fail", "tracks", ("mmsi", "time"), (Stage("count", fail, COUNTS),), {"mmsi": 299_000_003})
HERE = Plan("here", "tracks", ("mmsi", "time"), (Stage("here", whereabouts, WHERE),))
