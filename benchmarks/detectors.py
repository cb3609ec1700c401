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


def run(folder: Path, share: int) -> None:
    """All detectors over `share` of 16 buckets, in this process."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from encounters import Files

    from darkwake.engine.local import LocalEngine
    from darkwake.events import registry
    from darkwake.events.base import Context, values_of
    from darkwake.events.detect import search
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
        context = Context(
            1_546_300_800_000_000, 1_546_300_800_000_000 + 30 * 86_400_000_000, Gazetteer.load(), Coast(),
            extras={"ship_types": {}},
        )  # fmt: skip
        detectors = registry.in_order(registry.kinds())
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
    """Half the buckets and all of them, each in a process of its own."""
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
        walls = []
        for share in (1, 8, 16):  # the first loads or compiles the kernels
            done = subprocess.run(
                [sys.executable, __file__, str(folder), "--share", str(share)],
                check=True,
                capture_output=True,
                text=True,
            )
            row = json.loads(done.stdout.splitlines()[-1])
            if share > 1:
                walls.append(row)
                spent = f"{row['wall_s']:7.1f} s  {row['cpu_s']:7.1f} cpu_s  {row['peak_mib']:6,} MiB"
                print(f"{row['rows']:>12,} rows  {spent}  {row['found']}")
        time_, cpu = (walls[1][name] / walls[0][name] for name in ("wall_s", "cpu_s"))
        print(f"twice the rows cost {time_:.2f} times the time, {cpu:.2f} times the CPU")


if __name__ == "__main__":
    main()
