"""Encounters: our kernels against the same definition as one DuckDB SQL, in one run; each in a process of its own.

python benchmarks/feed30m.py /tmp/feed && python benchmarks/encounters.py /tmp/feed

Both read the same Parquet files, use two threads, keep ports in (so that crowds at ports load the join), and must
find the same encounters. Prints rows a second, the ratio and the peak memory of each. On a shared machine compare
only within a run.
"""

# ruff: noqa: ARG002  (the methods of a Source)

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from darkwake import samples
from darkwake.detectors.base import values_of
from darkwake.engine.base import Source

THREADS = 2

#: One temporary table per step, narrow columns and one integer key per cell: the fastest of the forms tried.
SQL = """
CREATE TEMP TABLE slow AS
WITH ahead AS (
  SELECT mmsi, segment, epoch_us(time) AS t, lon, lat, sog_knots AS sog,
    epoch_us(lead(time) OVER w) AS t2, lead(lon) OVER w AS lon2, lead(lat) OVER w AS lat2,
    lead(sog_knots) OVER w AS sog2
  FROM read_parquet({files})
  WINDOW w AS (PARTITION BY mmsi, segment ORDER BY time)
), bracket AS (
  SELECT *, CASE WHEN t2 - t <= {gap} THEN t2 ELSE t + 1 END AS stop, coalesce(t2 - t <= {gap}, false) AS follows
  FROM ahead WHERE NOT (coalesce(t2 - t <= {gap}, false) AND sog >= {slow} AND sog2 >= {slow})
), grid AS (
  SELECT *, unnest(range((t + {step} - 1) // {step}, (stop + {step} - 1) // {step})) AS k FROM bracket
), point AS (
  SELECT mmsi, segment, k::INT AS k,
    CASE WHEN follows THEN sog + (sog2 - sog) * ((k * {step} - t) / (t2 - t)) ELSE sog END AS speed,
    (CASE WHEN follows THEN lon + ((lon2 - lon + 540) % 360 - 180) * ((k * {step} - t) / (t2 - t)) ELSE lon END
      + 540) % 360 - 180 AS lon,
    CASE WHEN follows THEN lat + (lat2 - lat) * ((k * {step} - t) / (t2 - t)) ELSE lat END AS lat
  FROM grid
)
SELECT mmsi, segment, k, speed::FLOAT AS speed, lon, lat, floor((lat + 90) / 0.0046)::BIGINT AS r,
  floor((lon + 180) / 0.0125)::BIGINT AS c
FROM point WHERE speed < {slow};

CREATE TEMP TABLE near AS
SELECT a.k, a.mmsi AS mmsi_a, a.segment AS segment_a, b.mmsi AS mmsi_b, b.segment AS segment_b,
  a.speed AS speed_a, b.speed AS speed_b,
  2 * 6371008.8 * asin(least(1, sqrt(sin(radians(b.lat - a.lat) / 2) ** 2
    + cos(radians(a.lat)) * cos(radians(b.lat)) * sin(radians(b.lon - a.lon) / 2) ** 2))) AS metres
FROM (SELECT k, mmsi, segment, speed, lon, lat,
        ((k * 40000::BIGINT) + r + dr) * 28800 + (c + dc + 28800) % 28800 AS cell
      FROM slow, (VALUES (-1), (0), (1)) AS y(dr), (VALUES (-1), (0), (1)) AS x(dc)) a
JOIN (SELECT k, mmsi, segment, speed, lon, lat, ((k * 40000::BIGINT) + r) * 28800 + c AS cell FROM slow) b
  ON a.cell = b.cell AND a.mmsi < b.mmsi
WHERE abs(a.lat - b.lat) < 0.0046 AND metres <= {distance};

DROP TABLE slow;

WITH since AS (
  SELECT *, k - lag(k) OVER (PARTITION BY segment_a, segment_b ORDER BY k) AS since FROM near
), run AS (
  SELECT *, count(*) FILTER (since IS NULL OR since >= {merge})
    OVER (PARTITION BY segment_a, segment_b ORDER BY k) AS run FROM since
), long AS (
  SELECT mmsi_a, mmsi_b, min(k) AS first_step, max(k) AS last_step, median(metres) AS metres,
    list_aggregate(list_concat(list(speed_a), list(speed_b)), 'median') AS knots
  FROM run GROUP BY mmsi_a, segment_a, mmsi_b, segment_b, run HAVING count(*) FILTER (since = 1) >= {min_steps}
)
SELECT * FROM long WHERE knots < {median_knots}
"""


def duckdb_encounters(folder: Path) -> pa.Table:
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"SET threads = {THREADS}")
    files = sorted(str(path) for path in folder.glob("bucket=*.parquet"))
    text = SQL.format(
        files=files,
        gap=3_600_000_000,
        slow=3.0,
        step=600_000_000,
        distance=500.0,
        merge=24,
        min_steps=12,
        median_knots=2.0,
    )
    return connection.sql(text).to_arrow_table()


class Files:
    """A lake that is one Parquet file per bucket."""

    def __init__(self, folder: Path) -> None:
        self.paths = sorted(folder.glob("bucket=*.parquet"))

    def buckets(self, table: str) -> Mapping[int, OneFile]:
        return dict(enumerate(map(OneFile, self.paths)))

    def whole_vessels(self, table: str) -> bool:
        return True


@dataclass(frozen=True)
class OneFile:
    path: Path

    def read(self, columns: Sequence[str]) -> pa.Table:
        return pq.ParquetFile(self.path).read(columns=list(columns), use_threads=False)


def our_encounters(source: Source) -> pa.Table:
    from darkwake.detectors.meeting.encounter import Encounter
    from darkwake.engine.local import LocalEngine

    detector = Encounter()
    plan = detector.plan(values_of(detector), samples.Surroundings().context())
    return LocalEngine(threads=THREADS).run([plan], source)[detector.name]


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def contender(name: str, folder: Path, out: Path) -> None:
    if name == "ours":  # load (or compile) the kernels before the clock starts
        our_encounters(Warm())
    began, cpu = time.perf_counter(), time.process_time()
    table = our_encounters(Files(folder)) if name == "ours" else duckdb_encounters(folder)
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    own = ("first_step", "last_step", "median_distance_m", "median_speed_knots")
    theirs = ("first_step", "last_step", "metres", "knots")
    columns = [table[column] for column in ("mmsi_a", "mmsi_b", *(own if name == "ours" else theirs))]
    pq.write_table(pa.table(columns, ["mmsi_a", "mmsi_b", *theirs]), out)
    print(json.dumps({"wall_s": wall, "cpu_s": cpu, "peak_mib": peak_mib()}))


class Warm:
    """Two ships and four hours."""

    def buckets(self, table: str) -> Mapping[int, Warm]:
        return {0: self}

    def whole_vessels(self, table: str) -> bool:
        return True

    def read(self, columns: Sequence[str]) -> pa.Table:
        return samples.tracks(*(samples.ship(number, range(5)) for number in (1, 2))).select(list(columns))


def compare(ours: pa.Table, theirs: pa.Table) -> str:
    """Same encounters? A distance of 500 m or a speed of 3 kn to the last bit may fall on either side."""

    def keyed(table: pa.Table) -> dict[tuple[int, ...], tuple[float, float]]:
        rows = zip(*(table[name].to_pylist() for name in table.column_names), strict=True)
        return {row[:4]: (row[4], row[5]) for row in rows}

    a, b = keyed(ours), keyed(theirs)
    both = a.keys() & b.keys()
    metres = max((abs(a[key][0] - b[key][0]) for key in both), default=0.0)
    knots = max((abs(a[key][1] - b[key][1]) for key in both), default=0.0)
    same = f"{len(both):,} found by both, {len(a) - len(both)} only by us, {len(b) - len(both)} only by DuckDB"
    return f"{same}; medians differ by at most {metres:.2f} m and {knots:.3f} kn"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", choices=["ours", "duckdb"], help="run one contender in this process")
    parser.add_argument("-o", "--out", type=Path, default=None)
    given = parser.parse_args()
    if given.only:
        contender(given.only, given.folder, given.out or Path("/dev/null"))
        return
    rows = sum(pq.ParquetFile(path).metadata.num_rows for path in given.folder.glob("bucket=*.parquet"))
    figures: dict[str, dict[str, float]] = {}
    for name in ("ours", "duckdb"):
        out = given.folder / f"encounters-{name}.pq"
        command = [sys.executable, __file__, str(given.folder), "--only", name, "-o", str(out)]
        answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        figures[name] = json.loads(answer.splitlines()[-1])
        got = figures[name]
        rate = rows / got["wall_s"]
        print(f"{name:7} {got['wall_s']:7.1f} s  {rate:12,.0f} rows/s", end="  ")
        print(f"{got['cpu_s']:7.1f} cpu_s  {got['peak_mib']:8,.0f} MiB")
    ours, peer = figures["ours"], figures["duckdb"]
    faster, memory = peer["wall_s"] / ours["wall_s"], ours["peak_mib"] / peer["peak_mib"]
    print(f"ratio   {faster:.2f} times the speed in {memory:.2f} of the memory")
    print(compare(*(pq.read_table(given.folder / f"encounters-{name}.pq") for name in ("ours", "duckdb"))))


if __name__ == "__main__":
    main()
