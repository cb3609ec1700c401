"""Import into the lake: NMEA against pyais → pandas → Parquet, MarineCadastre CSV against DuckDB's sorted copy.

python benchmarks/lake.py --sentences 2000000 --rows 2000000

Ours writes reports with provenance, hashes the file whole and by chunk, and commits; `to tracks` adds the derived
tables (segments, clustered by vessel and time). pyais is given a part of the corpus, since it would take long.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests"), str(ROOT / "benchmarks")]
CSV = ROOT.parent / "shared" / "data" / "csv" / "marinecadastre_2023.csv"


def timed(work: Callable[[], int]) -> tuple[float, float, int]:
    """Wall seconds, CPU seconds, result."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return time.perf_counter() - wall, time.process_time() - cpu, result


def import_into(folder: Path, path: Path, tracks: bool) -> Callable[[], int]:
    def work() -> int:
        from darkwake import workspace

        with workspace.create(folder) as ws:
            count = ws.import_files([path]).counts.messages
            if tracks:
                ws.build_tracks()
            return count

    return work


def pyais_to_parquet(data: bytes, out: Path) -> Callable[[], int]:
    def work() -> int:
        import pandas as pd
        import pyais

        rows = []
        for message in pyais.IterMessages(io.BytesIO(data)):
            with contextlib.suppress(pyais.exceptions.AISBaseException):
                row = message.decode().asdict()
                if message.tag_block is not None:
                    message.tag_block.init()
                    row["time"] = message.tag_block.receiver_timestamp
                rows.append(row)
        frame = pd.DataFrame.from_records(rows)
        for name in frame.columns:
            if frame[name].dtype == object:
                frame[name] = frame[name].astype(str)
        frame.sort_values("mmsi").to_parquet(out)
        return len(rows)

    return work


def marine_cadastre(rows: int) -> bytes:
    """The real sample's rows repeated (or made-up ones), with the times moved on."""
    if CSV.exists():
        head, *lines = CSV.read_text().splitlines()
    else:
        head = "MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO,CallSign,VesselType,Status,Length,Width,"
        head += "Draft,Cargo,TransceiverClass"
        lines = [
            f"{299000000 + n},2023-01-01T00:00:00,{30 + n / 1000:.5f},-90.0,10.1,90.0,91,SIM {n},,,70,0,100,20,5.5,70,A"
            for n in range(1000)
        ]
    out, day = [head], 0
    while len(out) <= rows:
        out += [
            line.replace(
                line.split(",")[1], f"2023-{day // 28 % 12 + 1:02d}-{day % 28 + 1:02d}{line.split(',')[1][10:]}", 1
            )
            for line in lines
        ]
        day += 1
    return ("\n".join(out[: rows + 1]) + "\n").encode()


def duckdb_copy(path: Path, out: Path) -> Callable[[], int]:
    def work() -> int:
        import duckdb

        with duckdb.connect(config={"threads": 2}) as connection:
            ordered = f"SELECT * FROM read_csv('{path}') ORDER BY MMSI, BaseDateTime"
            connection.execute(f"COPY ({ordered}) TO '{out}' (FORMAT parquet, COMPRESSION zstd)")
            found = connection.execute(f"SELECT count(*) FROM '{out}'").fetchone()
            return int(found[0]) if found else 0

    return work


def main() -> None:
    """Run both comparisons and print the table."""
    from decode import corpus

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sentences", type=int, default=1_000_000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _, tagged = corpus(options.sentences)
        log = folder / "log.nm4"
        log.write_bytes("\r\n".join(tagged).encode() + b"\r\n")
        warm = folder / "warm.nm4"
        warm.write_bytes("\r\n".join(tagged[:2000]).encode() + b"\r\n")
        import_into(folder / "warm", warm, True)()
        few = "\r\n".join(tagged[: max(20_000, len(tagged) // 20)]).encode()
        wall, cpu, count = timed(import_into(folder / "a", log, False))
        rate = len(tagged) / wall
        spent = f"({count:,} messages, {wall:.1f} s, {cpu:.1f} cpu_s)"
        print(f"NMEA → lake           {rate / 1e3:8,.0f} k sentences/s  {spent}")
        whole, cpu, _ = timed(import_into(folder / "b", log, True))
        print(
            f"NMEA → lake → tracks  {len(tagged) / whole / 1e3:8,.0f} k sentences/s  ({whole:.1f} s, {cpu:.1f} cpu_s)"
        )
        wall, cpu, count = timed(pyais_to_parquet(few, folder / "pyais.parquet"))
        peer = few.count(b"\n") / wall
        print(f"pyais → pandas → Parquet {peer / 1e3:5,.0f} k sentences/s  ({count:,} messages, {wall:.1f} s)")
        print(f"ratio: {rate / peer:.1f} times pyais; with tracks {len(tagged) / whole / peer:.1f} times")

        table = folder / "table.csv"
        table.write_bytes(marine_cadastre(1000))
        import_into(folder / "warm", table, True)()
        table.write_bytes(marine_cadastre(options.rows))
        wall, cpu, count = timed(import_into(folder / "c", table, False))
        print(f"MarineCadastre → lake {count / wall / 1e3:8,.0f} k rows/s  ({wall:.1f} s, {cpu:.1f} cpu_s)")
        other, cpu, found = timed(duckdb_copy(table, folder / "duck.parquet"))
        print(f"DuckDB sorted copy    {found / other / 1e3:8,.0f} k rows/s  ({other:.1f} s, {cpu:.1f} cpu_s)")
        print(f"ratio: {other / wall:.2f} of DuckDB's speed")
        print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")


if __name__ == "__main__":
    main()
