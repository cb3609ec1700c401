"""A synthetic `tracks` table to measure detectors on: ships between ports, crowds at ports, some meetings at sea.

python benchmarks/feed30m.py OUT                 1,000 vessels × 3 days, about 0.3 M rows
python benchmarks/feed30m.py OUT --full          10,000 vessels × 30 days, about 30 M rows

Writes OUT/bucket=NN.parquet in the columns of `darkwake.lake.schema.TRACKS`, sorted by (mmsi, segment, time), and
OUT/ports.npz. The ships are SIMULATED: their MMSIs begin with an unallocated MID, and land is ignored.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from darkwake.lake.schema import BUCKETS, TRACKS

START_US = 1_546_300_800_000_000  # 2019-01-01
HOUR = 3600.0
FIRST_MMSI = 299_000_000
SOURCE = "00000000000051a1"
REPORT_INTERVAL_S = 880.0  # mean, so that a vessel has about 98 reports a day


def ports_of(rng: np.random.Generator, count: int) -> np.ndarray:
    """(count, 2) lon, lat in a few seas, one of them across the 180th meridian."""
    seas = np.array([(120.0, 35.0), (128.0, 36.0), (55.0, 25.0), (30.0, 42.0), (5.0, 55.0), (179.0, 0.0), (104.0, 2.0)])
    sea = seas[rng.integers(0, len(seas), count)]
    return sea + rng.uniform(-5.0, 5.0, (count, 2))


def itinerary(
    rng: np.random.Generator, ports: np.ndarray, hours: float, meeting: tuple[float, float, float, float] | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Waypoints (hours, lon, lat) of one vessel; `meeting` is (start h, length h, lon, lat)."""
    here = rng.integers(0, len(ports))
    clock = -rng.uniform(0.0, 48.0)
    points: list[tuple[float, float, float]] = []
    met = meeting is None
    while clock < hours:
        lon, lat = ports[here] + rng.normal(0.0, 0.011, 2)
        stay = rng.uniform(6.0, 48.0)
        points += [(clock, lon, lat), (clock + stay, lon + rng.normal(0, 1e-4), lat + rng.normal(0, 1e-4))]
        clock += stay
        near = np.argsort(np.abs(ports - ports[here]).sum(axis=1))[1:8]
        here = int(rng.choice(near))
        if not met and meeting is not None and clock > meeting[0] - 40.0:
            start = max(meeting[0], clock + 1.0)
            end = max(meeting[0] + meeting[1], start + 0.1)
            side = rng.normal(0.0, 4e-4, 2)
            points += [(start, meeting[2] + side[0], meeting[3] + side[1]), (end, meeting[2] + side[0], meeting[3])]
            clock, met = end, True
        distance_nm = 60.0 * float(np.hypot(*(ports[here] - np.array(points[-1][1:]))))
        clock += max(1.0, distance_nm / rng.uniform(8.0, 15.0))
    table = np.array(points)
    order = np.maximum.accumulate(table[:, 0])
    return order, table[:, 1], table[:, 2]


def vessel(
    rng: np.random.Generator, way: tuple[np.ndarray, ...], hours: float, interval_s: float
) -> dict[str, np.ndarray]:
    """Reports of one vessel: random times, some silences, positions on the itinerary with GNSS noise."""
    gaps = rng.exponential(interval_s, int(hours * HOUR / interval_s * 1.2) + 20) + 2.0
    silent = rng.random(len(gaps)) < 0.0012
    gaps[silent] += rng.uniform(3.0, 14.0, int(silent.sum())) * HOUR
    seconds = np.cumsum(gaps)
    seconds = np.floor(seconds[seconds < hours * HOUR])
    at = seconds / HOUR
    lon, lat = np.interp(at, way[0], way[1]), np.interp(at, way[0], way[2])
    step = 0.05
    dlon = (np.interp(at + step, way[0], way[1]) - np.interp(at - step, way[0], way[1])) * np.cos(np.radians(lat))
    dlat = np.interp(at + step, way[0], way[2]) - np.interp(at - step, way[0], way[2])
    sog = np.hypot(dlon, dlat) * 60.0 / (2 * step) + np.abs(rng.normal(0.0, 0.1, len(at)))
    noise = rng.normal(0.0, 5e-5, (2, len(at)))
    return {
        "time": (START_US + seconds * 1e6).astype(np.int64),
        "lon": np.round((lon + noise[0] + 180.0) % 360.0 - 180.0, 6),
        "lat": np.round(lat + noise[1], 6),
        "sog_knots": np.round(sog, 1).astype(np.float32),
        "heading_deg": (np.degrees(np.arctan2(dlon, dlat)) % 360.0).astype(np.int16),
    }


def write(out: Path, vessels: int, days: float, seed: int, interval_s: float = REPORT_INTERVAL_S) -> int:
    """Write the table; returns its number of rows."""
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    ports = ports_of(rng, max(8, vessels // 25))
    np.savez(out / "ports.npz", lon=(ports[:, 0] + 180.0) % 360.0 - 180.0, lat=ports[:, 1])
    hours = days * 24.0
    meetings: dict[int, tuple[float, float, float, float]] = {}
    for first in range(0, vessels - 1, 10):  # one pair in five vessels' tens meets at sea
        lon, lat = ports[rng.integers(0, len(ports))] + rng.uniform(0.3, 0.8, 2) * rng.choice([-1.0, 1.0], 2)
        meetings[first] = meetings[first + 1] = (rng.uniform(6.0, hours - 6.0), rng.uniform(1.0, 12.0), lon, lat)
    rows = 0
    for bucket in range(BUCKETS):
        parts = []
        for number in range(vessels):
            if (FIRST_MMSI + number) % BUCKETS != bucket:
                continue
            own = np.random.default_rng([seed, number])
            columns = vessel(own, itinerary(own, ports, hours, meetings.get(number)), hours, interval_s)
            parts.append(table_of(FIRST_MMSI + number, bucket, columns))
        if parts:
            table = pa.concat_tables(parts)
            rows += table.num_rows
            pq.write_table(table, out / f"bucket={bucket:02d}.parquet", compression="zstd", row_group_size=250_000)
    return rows


def table_of(mmsi: int, bucket: int, columns: dict[str, np.ndarray]) -> pa.Table:
    count = len(columns["time"])
    segment = (mmsi * 2_654_435_761) & 0xFFFF_FFFF_FFFF
    row = np.arange(count, dtype=np.int64)
    values = {
        "bucket": np.full(count, bucket, np.int32),
        "mmsi": np.full(count, mmsi, np.int32),
        "segment": np.full(count, segment, np.int64),
        "cog_deg": columns["heading_deg"].astype(np.float32),
        "nav_status": np.zeros(count, np.int8),
        "type": np.ones(count, np.int8),
        "receptions": np.ones(count, np.int16),
        "payload_key": (row + 1) * 7_046_029_254_386_353_131 ^ segment,
        "span_offset": (row * 48 + mmsi).astype(np.int64),
        "span_length": np.full(count, 48, np.int32),
        **columns,
    }
    same = {"week": "2018-12-31", "stations": "SIM-1", "source": SOURCE}
    arrays = []
    for field in TRACKS:
        if field.name in same:
            arrays.append(pa.repeat(pa.scalar(same[field.name]), count))
        else:
            arrays.append(pa.array(values[field.name]).cast(field.type))
    return pa.table(arrays, schema=TRACKS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--vessels", type=int, default=1_000)
    parser.add_argument("--days", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--full", action="store_true", help="10,000 vessels × 30 days")
    given = parser.parse_args()
    vessels, days = (10_000, 30.0) if given.full else (given.vessels, given.days)
    began = time.perf_counter()
    rows = write(given.out, vessels, days, given.seed)
    print(f"{rows:,} rows of {vessels:,} vessels over {days:g} days in {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()
