"""How well places are learned from where ships lie still: `python benchmarks/learned.py [--seeds 3]`.

West Seas of 80 ships and 20 days, learned as if no port were known. True: every port or roads where at least five
ships made at least 20 rests. False: a learned place without a berth, an anchorage or the dredging ground within 3 km of
its middle.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from darkwake import sim, workspace
from darkwake.engine.local import LocalEngine
from darkwake.geo.coast import Coast
from darkwake.geo.sphere import distance_m
from darkwake.places import Gazetteer, learned
from darkwake.sim import geography
from darkwake.tracks import rests

NEAR_M = 3_000.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--ships", type=float, default=80.0)
    parser.add_argument("--days", type=float, default=20.0)
    given = parser.parse_args()
    total: Counter[str] = Counter()
    for seed in range(31, 31 + given.seeds):
        with tempfile.TemporaryDirectory(prefix="darkwake-bench-") as name:
            folder = Path(name)
            sim.run("west-sea", seed, folder / "feed", ships=given.ships, days=given.days)
            with workspace.create(folder / "ws", simulated=True) as ws:
                ws.import_files(sorted((folder / "feed").glob("*.nmea")))
                ws.build_tracks()
                table = LocalEngine().run([rests.plan()], ws.snapshot())["rests"]
        rows = learned.of_table(table)
        found = [each.place for each in learned.propose(rows, Gazetteer(), [], Coast().distance_to_shore_m)]
        for code in geography.PORTS:
            inside = geography.port_area(code)(rows.lon, rows.lat)
            ships, stays = len(np.unique(rows.mmsi[inside])), int(inside.sum())
            if ships >= learned.LEAST_SHIPS and stays >= learned.LEAST_STAYS:
                hit = any(geography.port_area(code)(np.array([p.lon]), np.array([p.lat]))[0] for p in found)
                total += Counter(true=1, matched=int(hit))
                if not hit:
                    print("missed", seed, code, ships, stays)
        for place in found:
            spots = [spot for port in geography.PORTS.values() for spot in (*port.berths, port.anchorage) if spot]
            away = min(distance_m(place.lon, place.lat, *spot) for spot in (*spots, geography.DREDGING))
            total += Counter(found=1, false=int(away > NEAR_M))
            if away > NEAR_M:
                print("false", seed, place.code, place.name, place.note, round(away))
    print("| ports with 20 rests of 5 ships | found of them | places learned | false |\n|---|---|---|---|")
    print(f"| {total['true']} | {total['matched']} | {total['found']} | {total['false']} |")


if __name__ == "__main__":
    main()
