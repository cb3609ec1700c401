"""Precision and recall of every detector on simulated feeds, summed over seeds: `python benchmarks/score.py --seeds 5`.

The figures of the method cards come from here. Only true events heard at least four times an hour are asked for, as the
cards say; `--all` asks for all of them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from darkwake import sim, workspace
from darkwake.detectors import registry, score


def main() -> None:
    """Simulate, import, detect and score each seed in a folder of its own; print a row per kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--dial", action="append", default=[], metavar="NAME=VALUE", help="a dial of the simulation")
    parser.add_argument("--all", action="store_true", help="also true events heard less often than four times an hour")
    parser.add_argument("--show", action="store_true", help="list what was missed and what was false")
    options = parser.parse_args()
    least = None if options.all else 4.0
    totals: dict[str, Counter[str]] = {kind: Counter() for kind in registry.names()}
    every_event, every_truth = [], []
    dials = {name: float(value) for name, value in (dial.split("=") for dial in options.dial)}
    seeds = range(options.first, options.first + options.seeds)
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            feed = Path(folder) / "feed"
            sim.run("west-sea", seed, feed, **dials)
            truth = score.load_truth(feed / "truth.jsonl")
            with workspace.create(Path(folder) / "workspace", simulated=True) as ws:
                ws.import_files(sorted(feed.glob("*.nmea")))
                ws.detect()
                events = [stored.event for stored in ws.events()]
        every_event += [event for event in events if event.kind == "gap"]
        every_truth += [row for row in truth if row["kind"] == "gap"]
        for row in score.score(events, truth, kinds=registry.names(), min_heard_per_hour=least):
            totals[row.kind] += Counter(truth=row.truth, found=row.found, matched=row.matched)
            sys.stderr.write(f"seed {seed}  {row.as_row()}\n")
    print(f"| kind | true events | found | matched | precision | recall |  (seeds {seeds[0]}–{seeds[-1]})")
    print("|---|---|---|---|---|---|")
    for kind, n in totals.items():
        precision, recall = n["matched"] / max(n["found"], 1), n["matched"] / max(n["truth"], 1)
        print(f"| {kind} | {n['truth']} | {n['found']} | {n['matched']} | {precision:.3f} | {recall:.3f} |")
    judged = score.calibration(every_event, every_truth)
    print(
        f"\np_silence_by_reception on {judged.count} silences: Brier {judged.brier:.3f} "
        f"(base rate {judged.brier_of_base_rate:.3f}), ranked right {judged.ranked_right or 0.0:.2f}"
    )
    for one in judged.bins:
        print(f"  p {one.low:.1f}–{one.high:.1f}: {one.count} silences, said {one.said:.2f}, so {one.so:.2f}")


if __name__ == "__main__":
    main()
