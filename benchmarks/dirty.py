"""Precision and recall on simulated feeds made dirty: `python benchmarks/dirty.py [--seeds 2]`.

Two West Seas per seed in one workspace, the second four hundred days earlier: 1 % of the positions astray by 5 to 200
nautical miles, 2 % of them missing, one number in fifty shared by two ships. True events heard at least four times an
hour. `--show` prints what was found and is not true, and what is true and was not found.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from darkwake import sim, times, workspace
from darkwake.detectors import score
from darkwake.events.model import Event

DIRT = {"ships": 51.0, "strays": 0.01, "no_position": 0.02, "shared": 0.02}  # 50 numbers, one of them shared
#: Backwards: a time in the future cannot be true.
EARLIER_DAYS = (0.0, 400.0)
LEAST_HEARD = 4.0
KINDS = ("gap", "port_call", "encounter", "loitering")


def dirty(root: Path, seed: int) -> tuple[list[Event], list[dict[str, Any]]]:
    """The events found in two dirty archives of one workspace, and their truth."""
    truth: list[dict[str, Any]] = []
    with workspace.create(root / "dirty", simulated=True) as ws:
        for part, earlier in enumerate(EARLIER_DAYS):
            folder = root / str(part)
            sim.run("west-sea", 100 * seed + part, folder, earlier_days=earlier, **DIRT)
            truth += score.load_truth(folder / "truth.jsonl")
            ws.import_files(sorted(folder.glob("*.nmea")))
        ws.detect()
        return [stored.event for stored in ws.events()], truth


def show(events: list[Event], truth: list[dict[str, Any]]) -> None:
    for kind in KINDS:
        found = [event for event in events if event.kind == kind and event.state != "retracted"]
        true = [row for row in truth if row["kind"] == kind]
        pairs = score.match(found, true)
        for i, event in enumerate(found):
            if i not in pairs:
                who = ",".join(str(vessel.mmsi) for vessel in event.vessels)
                print("false", kind, who, times.iso(event.start), times.iso(event.end), event.measures)
        for j, row in enumerate(true):
            if j not in pairs.values() and row["heard_per_hour"] >= LEAST_HEARD:
                print("missed", kind, row)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--first", type=int, default=21)
    parser.add_argument("--show", action="store_true")
    given = parser.parse_args()
    totals: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    for seed in range(given.first, given.first + given.seeds):
        with tempfile.TemporaryDirectory(prefix="darkwake-bench-") as name:
            events, truth = dirty(Path(name), seed)
            if given.show:
                show(events, truth)
        for row in score.score(events, truth, kinds=KINDS, min_heard_per_hour=LEAST_HEARD):
            totals[row.kind] += Counter(truth=row.truth, found=row.found, matched=row.matched)
    print("| kind | true events | found | matched | precision | recall |\n|---|---|---|---|---|---|")
    for kind, n in totals.items():
        precision, recall = n["matched"] / max(n["found"], 1), n["matched"] / max(n["truth"], 1)
        print(f"| {kind} | {n['truth']} | {n['found']} | {n['matched']} | {precision:.3f} | {recall:.3f} |")


if __name__ == "__main__":
    main()
