"""Verdicts: one on one vessel among a million events, and a thousand claims on a hundred vessels. SIMULATED.

python benchmarks/claims.py [--claims 1000] [--events 1000000] [--folder DIR]
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "benchmarks")]

from darkwake import times, workspace
from darkwake.workspace import Workspace
from events import made, put

START = times.parse("2026-01-01")
FIRST, VESSELS = 299_100_000, 100
T = TypeVar("T")


def feed(path: Path) -> Path:
    """A month of a hundred ships, heard every 20 minutes, with a silence of ten hours in every fifty."""
    rows = ["mmsi,time,lat,lon,sog"]
    for ship in range(VESSELS):
        for k in range(30 * 24 * 3):
            if (k // 30 + ship) % 5:
                when = times.iso(START + k * 20 * times.MINUTE_US + ship * times.SECOND_US)
                lat, lon = 36 + ship * 0.02 + 0.3 * math.sin(k / 50), 124 + 0.3 * math.cos(k / 50)
                rows.append(f"{FIRST + ship},{when},{lat:.5f},{lon:.5f},5.0")
    path.write_text("\n".join([*rows, ""]))
    return path


def timed(name: str, work: Callable[[], T]) -> T:
    begin = time.perf_counter()
    found = work()
    print(f"{name:<58} {time.perf_counter() - begin:8.2f} s", flush=True)
    return found


def claim(ws: Workspace, number: int) -> str:
    """The id of the n-th claim: of gaps and port calls in turn, of each ship in turn."""
    of = {"kind": "gap" if number % 2 else "port_call", "vessel": f"mmsi:{FIRST + number % VESSELS}"}
    if of["kind"] == "port_call":
        of["place"] = "KPNAM"
    query = {"v": 2, "count": of, "at_least": 1 + number % 5}
    added = ws.casebook.add_claim(f"SIM claim {number}", query, asserted_by=f"SIM SOURCE {number % 10}")
    return str(added["id"])


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claims", type=int, default=1000)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args(argv)
    folder = given.folder or Path(tempfile.mkdtemp(prefix="darkwake-claims-"))
    folder.mkdir(parents=True, exist_ok=True)
    with workspace.create(folder / "w", simulated=True) as ws:
        timed("import of a hundred ships", lambda: ws.import_files([feed(folder / "t.csv")]))
        timed("detection of gaps and port calls", lambda: ws.detect(["gap", "port_call"]))
        with ws.lake.write() as writer:
            put(writer, made(given.events, 20_000), 8192)
        first = claim(ws, 1)
        for run in ("first", "second"):
            timed(f"one verdict among {given.events:,} events, {run} time", lambda: ws.casebook.verify_claims([first]))
    with workspace.open(folder / "w") as ws:
        timed("one verdict, in a workspace just opened", lambda: ws.casebook.verify_claims([first]))
        timed(f"{given.claims:,} claims added", lambda: [claim(ws, number) for number in range(given.claims)])
        timed("all listed", ws.casebook.claims)
        answers = timed("all verified", ws.casebook.verify_claims)
        timed("all verified again, nothing new", ws.casebook.verify_claims)
        print(Counter(answer.verdict.outcome if answer.verdict else str(answer.error) for answer in answers))


if __name__ == "__main__":
    main()
