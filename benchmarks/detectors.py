"""Five detectors together on a synthetic `tracks` table (benchmarks/feed30m.py): time, CPU, memory, and how it grows.

python benchmarks/feed30m.py DIR --full; python benchmarks/detectors.py DIR
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]
#: What feed30m.py makes.
START_US, DAYS, DAY_US = 1_546_300_800_000_000, 30, 86_400_000_000


def run(folder: Path, share: int) -> None:
    """All detectors over `share` of 16 buckets, in this process."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from encounters import Files

    from darkwake.detectors import registry
    from darkwake.detectors.base import Context, values_of
    from darkwake.detectors.run import search
    from darkwake.engine.local import LocalEngine
    from darkwake.geo.coast import Coast
    from darkwake.lake.schema import TABLES
    from darkwake.places import Gazetteer

    class Part(Files):
        def buckets(self, table: str) -> Sequence[int]:
            return range(share) if table == "tracks" else []

        def read(self, table: str, bucket: int, columns: Sequence[str]) -> pa.Table:
            if table != "tracks":
                return TABLES[table][0].empty_table().select(list(columns))
            return super().read(table, bucket, columns)

    def detect(source: Files) -> dict[str, int]:
        context = Context(START_US, START_US + DAYS * DAY_US, Gazetteer.load(), Coast())
        detectors = registry.in_order(registry.names())
        values = {d.kind: values_of(d) for d in detectors}
        found = search(detectors, values, context, LocalEngine(threads=2), source)
        return {kind: len(events) for kind, events in found.items()}

    rows = sum(pq.read_metadata(path).num_rows for path in Part(folder).paths[:share])
    wall, cpu = time.perf_counter(), time.process_time()
    found = detect(Part(folder))
    print(
        json.dumps(
            {
                "rows": rows,
                "wall_s": round(time.perf_counter() - wall, 1),
                "cpu_s": round(time.process_time() - cpu, 1),
                "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
                "found": found,
            }
        )
    )


def main() -> None:
    """Half of the ships, half of the days, and all, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="made by feed30m.py; a small one is made if none is named")
    parser.add_argument("--share", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.share:
        run(options.folder, options.share)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = options.folder
        if folder is None:
            folder = Path(name)
            subprocess.run([sys.executable, str(ROOT / "benchmarks" / "feed30m.py"), str(folder)], check=True)
        first_half = Path(name) / "half"
        first_days(folder, first_half)
        runs = {
            "": (folder, 1),
            "half of the ships": (folder, 8),
            "half of the days": (first_half, 16),
            "all": (folder, 16),
        }
        rows = {}
        for what, (place, share) in runs.items():  # the first loads or compiles the kernels
            command = [sys.executable, __file__, str(place), "--share", str(share)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            if what:
                row = rows[what] = json.loads(done.stdout.splitlines()[-1])
                spent = f"{row['wall_s']:7.1f} s  {row['cpu_s']:7.1f} cpu_s  {row['peak_mib']:6,} MiB"
                print(f"{what:18s} {row['rows']:>12,} rows  {spent}  {row['found']}", flush=True)
        for what in ("half of the ships", "half of the days"):
            times_rows, wall, cpu = (rows["all"][name] / rows[what][name] for name in ("rows", "wall_s", "cpu_s"))
            print(
                f"against {what}: {times_rows:.2f} times the rows, {wall:.2f} times the time, {cpu:.2f} times the CPU"
            )


def first_days(folder: Path, out: Path) -> None:
    """A copy of the table that ends at the middle of its time."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    out.mkdir()
    end = START_US + DAYS * DAY_US // 2
    for path in sorted(folder.glob("*.parquet")):
        rows = pq.read_table(path)
        pq.write_table(rows.filter(pc.less(rows["time"].cast("int64"), end)), out / path.name, compression="lz4")


if __name__ == "__main__":
    main()
