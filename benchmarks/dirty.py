"""Precision and recall on simulated feeds made dirty: `python benchmarks/dirty.py [--seeds 2]`.

Two West Seas per seed, the second one four hundred days earlier, as positions in tables of a vendor: 1 % stray fixes,
2 % of the positions missing, and two of forty ships under one number. True events heard at least four times an hour.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from darkwake import sim, times, workspace
from darkwake.detectors import score

APART_US = -400 * times.DAY_US  # backwards: a time in the future cannot be true
KINDS = ("gap", "port_call", "encounter", "loitering")


def positions(folder: Path, seed: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The positions of a simulated feed, and its truth."""
    sim.run("west-sea", seed, folder / "feed")
    with workspace.create(folder / "clean", simulated=True) as ws:
        ws.import_files(sorted((folder / "feed").glob("*.nmea")))
        ws.build_tracks()
        columns = ["mmsi", "time", "lon", "lat", "sog_knots", "cog_deg", "nav_status", "type"]
        rows = ws.snapshot().scan("tracks", columns).to_pylist()
    return rows, score.load_truth(folder / "feed" / "truth.jsonl")


def dirtied(rows: list[dict[str, Any]], shift_us: int, renamed: dict[int, int], seed: int) -> Iterator[str]:
    rng = np.random.default_rng(seed)
    yield "mmsi,time,lat,lon,sog,cog,navstatus,msgtype"
    for row in rows:
        mmsi = renamed.get(row["mmsi"], row["mmsi"])
        moment = times.iso(times.from_datetime(row["time"]) + shift_us)
        lat, lon = f"{row['lat']:.6f}", f"{row['lon']:.6f}"
        if (dice := rng.random()) < 0.02:
            lat = lon = ""
        elif dice < 0.03:
            bearing, away = rng.uniform(0, 2 * np.pi), rng.uniform(5, 200) / 60
            lat, lon = f"{row['lat'] + away * np.cos(bearing):.6f}", f"{row['lon'] + away * np.sin(bearing):.6f}"
        told = ("" if row[name] is None else f"{row[name]}" for name in ("sog_knots", "cog_deg", "nav_status"))
        yield f"{mmsi},{moment},{lat},{lon},{','.join(told)},{row['type']}"


def moved(truth: list[dict[str, Any]], shift_us: int, renamed: dict[int, int]) -> Iterator[dict[str, Any]]:
    for row in truth:
        ends = {
            end: times.iso(times.parse(row[end]) + shift_us) for end in ("start", "end") if row.get(end) is not None
        }
        yield row | ends | {"mmsis": [renamed.get(mmsi, mmsi) for mmsi in row["mmsis"]]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--first", type=int, default=21)
    given = parser.parse_args()
    totals: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    for seed in range(given.first, given.first + given.seeds):
        with tempfile.TemporaryDirectory(prefix="darkwake-bench-") as name:
            root, truth = Path(name), []
            with workspace.create(root / "dirty", simulated=True) as ws:
                for part, shift_us in enumerate((0, APART_US)):
                    (root / str(part)).mkdir()
                    rows, told = positions(root / str(part), 100 * seed + part)
                    one, other = sorted({row["mmsi"] for row in rows})[:2]
                    (root / f"{part}.csv").write_text("\n".join([*dirtied(rows, shift_us, {other: one}, seed), ""]))
                    truth += moved(told, shift_us, {other: one})
                    ws.import_files([root / f"{part}.csv"])
                ws.detect()
                events = [stored.event for stored in ws.events()]
        for row in score.score(events, truth, kinds=KINDS, min_heard_per_hour=4.0):
            totals[row.kind] += Counter(truth=row.truth, found=row.found, matched=row.matched)
    print("| kind | true events | found | matched | precision | recall |\n|---|---|---|---|---|---|")
    for kind, n in totals.items():
        precision, recall = n["matched"] / max(n["found"], 1), n["matched"] / max(n["truth"], 1)
        print(f"| {kind} | {n['truth']} | {n['found']} | {n['matched']} | {precision:.3f} | {recall:.3f} |")


if __name__ == "__main__":
    main()
