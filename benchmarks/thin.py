"""Loitering where reports come every one to three hours: `python benchmarks/thin.py [--seeds 3]`.

West Seas thinned to a report every 1, 2 and 3 h. What is told as possible at most (another ship lay beside it) is not
counted as found; how many that are stands beside.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path

from darkwake import sim, workspace
from darkwake.detectors import registry, score


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    print(
        "| a report every | true | found | matched | precision | recall | possible at most |\n"
        "|---|---|---|---|---|---|---|"
    )
    for hours in (1, 2, 3):
        n: Counter[str] = Counter()
        for seed in range(1, 1 + given.seeds):
            with tempfile.TemporaryDirectory(prefix="darkwake-bench-") as name:
                folder = Path(name)
                sim.run("west-sea", seed, folder / "feed", thin_s=3600 * hours, static_thin_s=3600 * hours)
                truth = score.load_truth(folder / "feed" / "truth.jsonl")
                with workspace.create(folder / "ws", simulated=True) as ws:
                    ws.import_files(sorted((folder / "feed").glob("*.nmea")))
                    ws.detect(["loitering"])
                    events = [stored.event for stored in ws.events(["loitering"])]
            sure = [event for event in events if registry.kind(event.kind).possible_only(event) is None]
            (row,) = score.score(sure, truth, kinds=["loitering"], min_heard_per_hour=0.9 / hours)
            n += Counter(truth=row.truth, found=row.found, matched=row.matched, possible=len(events) - len(sure))
        precision, recall = n["matched"] / max(n["found"], 1), n["matched"] / max(n["truth"], 1)
        counts = " | ".join(str(n[name]) for name in ("truth", "found", "matched"))
        print(f"| {hours} h | {counts} | {precision:.3f} | {recall:.3f} | {n['possible']} |")


if __name__ == "__main__":
    main()
