"""A feed that goes on: imports of a minute each into a history, and whether what they cost grows.

    python benchmarks/minutes.py [--imports 200] [--days 30] [--ships 100] [--detect]

Each import is one file of one report per ship; the tracks are brought up to date after each, and with --detect all
detectors run. Printed are the seconds of the first and the last ten, their ratio, and the files on disk against those
that the newest state needs.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from darkwake import times, workspace
from darkwake.lake.schema import TABLES

START_US = times.parse("2019-02-01")


def write(path: Path, first_minute: int, minutes: int, ships: int) -> None:
    """One report a minute of each ship, on her way along a parallel and back."""
    minute = np.repeat(first_minute + np.arange(minutes), ships)
    ship = np.tile(np.arange(ships), minutes)
    sailed = np.abs((minute + 97 * ship) % 2880 - 1440) * 0.004
    sent = START_US + minute * times.MINUTE_US + (ship % 60) * times.SECOND_US
    table = pa.table(
        {
            "mmsi": 299_000_000 + ship,
            "timestamp": pa.array(sent).cast(pa.timestamp("us", tz="UTC")).cast(pa.timestamp("s", tz="UTC")),
            "lon": np.round(120 + (ship % 10) * 0.5 + sailed, 5),
            "lat": np.round(30 + (ship // 10) * 0.5, 5),
            "sog": np.full(len(ship), 12.0),
            "cog": np.full(len(ship), 90.0),
            "name": pa.array([f"SIM {number}" for number in range(ships)]).take(pa.array(ship)),
        }
    )
    pacsv.write_csv(table, path, pacsv.WriteOptions(quoting_style="none"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--imports", type=int, default=200)
    parser.add_argument("--days", type=float, default=30.0)
    parser.add_argument("--ships", type=int, default=100)
    parser.add_argument("--detect", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="darkwake-bench-") as folder:
        root = Path(folder)
        minutes = round(given.days * 1440)
        write(root / "history.csv", 0, minutes, given.ships)
        took: dict[str, list[float]] = {"import": [], "tracks": [], "detect": [], "all": []}
        with workspace.create(root / "w", simulated=True) as ws:
            began = time.perf_counter()
            assert not ws.import_files([root / "history.csv"]).failed
            ws.build_tracks()
            rows = ws.snapshot().rows("tracks")
            print(f"history: {rows:,} transmissions, {time.perf_counter() - began:.1f} s")
            if given.detect:
                began = time.perf_counter()
                ws.detect()
                print(f"first detection: {time.perf_counter() - began:.1f} s")
            for number in range(given.imports):
                path = root / f"minute-{number}.csv"
                write(path, minutes + number, 1, given.ships)
                clock = [time.perf_counter()]
                ws.import_files([path])
                clock.append(time.perf_counter())
                ws.build_tracks()
                clock.append(time.perf_counter())
                if given.detect:
                    ws.detect()
                clock.append(time.perf_counter())
                for name, seconds in zip(took, [*np.diff(clock), clock[-1] - clock[0]], strict=True):
                    took[name].append(float(seconds))
            live = sum(len(ws.snapshot().data_files(table)) for table in TABLES)
        there = sum(1 for table in TABLES for _ in (root / "w" / "lake" / table).rglob("*.parquet"))
        for name, seconds in took.items():
            first, last = statistics.median(seconds[:10]), statistics.median(seconds[-10:])
            if last:
                print(f"{name:8} first ten {first:.3f} s   last ten {last:.3f} s   ratio {last / first:.2f}")
        print(f"files on disk {there:,}, live {live:,}: {there / live:.1f} times")


if __name__ == "__main__":
    main()
