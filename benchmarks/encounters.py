"""Encounters: our kernels against the same definition as one DuckDB SQL, in one run; each in a process of its own.

python benchmarks/feed30m.py /tmp/feed && python benchmarks/encounters.py /tmp/feed

Both read the same Parquet files, use two threads, keep ports in (so that crowds at ports load the join), and must
find the same encounters. Prints rows a second, the ratio and the peak memory of each. On a shared machine compare
only within a run.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

THREADS = 2
PARTITIONS = 16

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
FROM (SELECT k, mmsi, segment, speed, lon, lat, ((k * 40000::BIGINT) + r + dr) * 28800 + (c + dc + 28800) % 28800 AS cell
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
    list_aggregate(list_concat(list(speed_a), list(speed_b)), 'median') AS speed
  FROM run GROUP BY mmsi_a, segment_a, mmsi_b, segment_b, run HAVING count(*) FILTER (since = 1) >= {min_steps}
)
SELECT * FROM long WHERE speed < {median_knots}
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


def our_encounters(folder: Path) -> pa.Table:
    from darkwake.events import areas, close, grid, meetings

    values = {
        "max_report_gap_h": 1.0, "slow_knots": 3.0, "min_port_distance_m": 10_000.0, "max_distance_m": 500.0,
        "merge_steps": 24, "min_steps": 12, "max_median_speed_knots": 2.0,
        **areas.place_arguments([]),
    }  # fmt: skip
    began = time.perf_counter()

    def say(what: str) -> None:
        print(f"  {what} {time.perf_counter() - began:.1f} s, {peak_mib():,.0f} MiB", file=sys.stderr)

    def reader(path: Path) -> Callable[[], pa.Table]:
        return lambda: pq.ParquetFile(path).read(columns=list(grid.COLUMNS), use_threads=False)

    say("ready")
    inputs = [reader(path) for path in sorted(folder.glob("bucket=*.parquet"))]
    slow = shuffled(inputs, grid.slow_points, values)
    say(f"resampled: {sum(t.nbytes for parts in slow for t in parts) / 2**20:,.0f} MiB")
    pairs = shuffled(gathered(slow), close.close_pairs, values)
    say(f"pairs: {sum(t.nbytes for parts in pairs for t in parts) / 2**20:,.0f} MiB")
    with ThreadPoolExecutor(THREADS) as pool:
        tables = list(pool.map(lambda make: meetings.meetings(make(), values), gathered(pairs)))
    say("meetings")
    return pa.concat_tables(tables)


def gathered(partitions: list[list[pa.Table]]) -> list[Callable[[], pa.Table]]:
    """One maker per partition, which empties it: what was read is not kept."""

    def maker(parts: list[pa.Table]) -> Callable[[], pa.Table]:
        def make() -> pa.Table:
            table = pa.concat_tables(parts)
            parts.clear()
            return table

        return make

    return [maker(parts) for parts in partitions if parts]


def shuffled(
    inputs: Iterable[Callable[[], pa.Table]],
    kernel: Callable[[pa.Table, Mapping[str, Any]], pa.Table],
    values: Mapping[str, Any],
) -> list[list[pa.Table]]:
    """A stage over two threads, its output split by `part`."""
    partitions: list[list[pa.Table]] = [[] for _ in range(PARTITIONS)]

    def work(make: Callable[[], pa.Table]) -> None:
        table = kernel(make(), values)
        bucket = table.column("part").to_numpy() % PARTITIONS
        for number, parts in enumerate(partitions):
            if (chosen := np.flatnonzero(bucket == number)).size:
                parts.append(table.take(chosen))

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, inputs))
    gc.collect()
    return partitions


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def contender(name: str, folder: Path, out: Path) -> None:
    if name == "ours":  # compile (or load) the kernels on nothing: their first compilation is not what is measured
        from darkwake.events import close, grid, meetings

        warm(grid, close, meetings)
    began, cpu = time.perf_counter(), time.process_time()
    table = our_encounters(folder) if name == "ours" else duckdb_encounters(folder)
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    if name == "ours":
        metres, speed = table["median_distance_m"], table["median_speed_knots"]
    else:
        metres, speed = table["metres"], table["speed"]
    columns = [table[column] for column in ("mmsi_a", "mmsi_b", "first_step", "last_step")]
    result = pa.table([*columns, metres, speed], ["mmsi_a", "mmsi_b", "first", "last", "metres", "knots"])
    pq.write_table(result, out)
    print(json.dumps({"wall_s": wall, "cpu_s": cpu, "peak_mib": peak_mib()}))


def warm(grid: Any, close: Any, meetings: Any) -> None:
    from darkwake.events import areas
    from darkwake.lake.schema import TRACKS

    values = {
        "max_report_gap_h": 1.0, "slow_knots": 3.0, "min_port_distance_m": 1.0, "max_distance_m": 500.0, "merge_steps": 24,
        "min_steps": 1, "max_median_speed_knots": 2.0, **areas.place_arguments([]),
    }  # fmt: skip
    rows = [
        {"mmsi": ship, "segment": ship, "time": hour * 3_600_000_000, "lon": 5.0, "lat": 5.0, "sog_knots": 0.1, "source": "0" * 16,
         "payload_key": 1, "span_offset": 1, "span_length": 1, "bucket": 0, "week": "", "type": 1, "receptions": 1}
        for ship in (1, 2) for hour in (1, 2)
    ]  # fmt: skip
    table = pa.Table.from_pylist(rows, schema=TRACKS)
    meetings.meetings(close.close_pairs(grid.slow_points(table, values), values), values)


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
        print(
            f"{name:7} {got['wall_s']:7.1f} s  {rows / got['wall_s']:12,.0f} rows/s  {got['cpu_s']:7.1f} cpu_s  {got['peak_mib']:8,.0f} MiB"
        )
    ours, peer = figures["ours"], figures["duckdb"]
    print(
        f"ratio   {peer['wall_s'] / ours['wall_s']:.2f} times the speed in {ours['peak_mib'] / peer['peak_mib']:.2f} of the memory"
    )
    print(compare(*(pq.read_table(given.folder / f"encounters-{name}.pq") for name in ("ours", "duckdb"))))


if __name__ == "__main__":
    main()
