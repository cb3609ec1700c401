"""The main job on made-up ships: a simulated feed in, a claim with its bytes out. SIMULATED throughout."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from darkwake import sim, workspace
from darkwake.errors import DarkwakeError, UsageError
from darkwake.evidence.exhibits import Exhibit

SEED = 1
PLACE = "KPNAM"
Say = Callable[[str], None]
#: Only a folder that holds this file is made anew.
MADE_HERE = "made-by-demo.txt"


@dataclass(frozen=True, slots=True)
class Result:
    """Where the demo left its pages, and what it found."""

    folder: Path
    claim: str
    claim_page: Path
    dossier: Path
    outcome: str
    words: str
    exhibit: Exhibit


def run(folder: Path, say: Say, progress: workspace.Progress | None = None, **dials: float) -> Result:
    """Build the sample workspace in `folder` (made anew), run everything, write the pages."""
    if folder.exists():
        if not (folder / MADE_HERE).exists() and any(folder.iterdir()):
            raise UsageError(
                f"{folder} holds something that the demo did not make",
                expected="an empty or new folder for the demo",
                do="Name another one with --folder.",
            )
        shutil.rmtree(folder)
    feed = folder / "feed"
    with workspace.create(folder, name="West Sea (SIMULATED)", simulated=True) as ws:
        (folder / MADE_HERE).write_text("Made by the demo, which makes this folder anew each time. SIMULATED.\n")
        summary = sim.run("west-sea", SEED, feed, **dials)
        say(f"SIMULATED feed: {summary.lines:,} sentences of made-up ships, in {feed}")
        imported = ws.import_files(sorted(feed.glob("*.nmea")), progress=progress)
        counts = imported.counts
        say(f"Imported {counts.messages:,} messages, {counts.positions:,} positions; import {imported.number}")
        found = ws.detect(progress=progress)
        listed = ", ".join(f"{number} × {kind}" for kind, number in sorted(found.found.items()))
        say(f"Inferred by detectors: {listed}; run {found.number}")
        mmsi, calls = _busiest(ws)
        words = f"The vessel with MMSI {mmsi} made at least {calls} calls at Nampo from 5 to 14 January 2026."
        query = {
            "v": 2,
            "count": {
                "kind": "port_call",
                "vessel": f"mmsi:{mmsi}",
                "place": PLACE,
                "since": "2026-01-05T00:00:00Z",
                "until": "2026-01-15T00:00:00Z",
                "counted": "overlaps",
            },
            "at_least": calls,
        }
        row = ws.casebook.add_claim(
            words, json.dumps(query), asserted_by="a made-up newspaper (SIMULATED)", source="the demo"
        )
        ws.casebook.add_reply(
            row["id"],
            "denial",
            party="manager of the vessel (SIMULATED)",
            words="The vessel has never called at that port.",
        )
        (answer,) = ws.casebook.verify_claims([row["id"]])
        if answer.verdict is None:
            raise answer.error or DarkwakeError(f"{row['id']} was not run")
        verdict = answer.verdict
        say(f"Claim {row['id']}: “{words}”")
        say(f"As of {answer.as_of}: {verdict.words}")
        claim_page, dossier = folder / "claim.html", folder / "dossier.html"
        claim_page.write_text(ws.reports.claim(row["id"]).html, encoding="utf-8")
        dossier.write_text(ws.reports.dossier(mmsi).html, encoding="utf-8")
        exhibit = _first_exhibit(ws, verdict)
        return Result(folder, row["id"], claim_page, dossier, verdict.outcome, verdict.words, exhibit)


def _busiest(ws: workspace.Workspace) -> tuple[int, int]:
    """The ship with the most calls at Nampo whose harbour stays were heard, and how many they were."""
    calls: dict[int, int] = {}
    for stored in ws.events(["port_call"], place=PLACE):
        measures = stored.event.measures
        if measures["confidence_level"] >= 3 and not measures["inferred_from_silence"]:
            mmsi = stored.event.vessels[0].mmsi
            calls[mmsi] = calls.get(mmsi, 0) + 1
    mmsi = max(calls, key=lambda number: (calls[number], -number))
    return mmsi, calls[mmsi]


def _first_exhibit(ws: workspace.Workspace, verdict: Any) -> Exhibit:
    return ws.evidence.show(verdict.counted[0].events[0].evidence[0])[-1]
