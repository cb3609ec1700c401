"""Reading events: a lake of a million gaps, what a verdict on one vessel reads of it, and what lists and runs read.

python benchmarks/events.py [--events 1000000] [--vessels 20000] [--folder DIR]

`before` is how it was read up to version 0.1: all columns of all rows, filtered afterwards. The best of three runs.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "src")]

from darkwake import times, workspace
from darkwake.ais.schema import TIMESTAMP
from darkwake.events import store
from darkwake.lake.store import Snapshot, Writer
from darkwake.lake.tables import stored_schema
from darkwake.ledger.details import Detection

START = times.parse("2019-01-01")
FIRST_MMSI = 299_000_000
METHOD = json.dumps({"name": "gap", "version": "1.2", "profile": "default", "params": {"min_gap_h": 6.0}})
INNOCENT = json.dumps(
    [[f"explanation {k}", "what was tested, in a sentence of usual length", "p = 0.68"] for k in range(6)]
)


def made(count: int, vessels: int) -> pa.Table:
    """Gaps of vessels in turn, with texts as long as real ones."""
    rng = np.random.default_rng(1)
    mmsi = np.sort(rng.integers(FIRST_MMSI, FIRST_MMSI + vessels, count)).astype(np.int32)
    start = START + rng.integers(0, 700 * times.DAY_US, count)
    numbers = np.arange(count)
    text = pa.array(numbers).cast(pa.string())
    measures = pc.binary_join_element_wise(
        '{"duration_h": ', text, ', "distance_km": 12.31, "implied_speed_knots": 0.92, "expected_reports": 14.0, '
        '"p_silence_by_reception": 0.679, "hours_with_data": 1.0, "reachable": [{"place": "SIMPT", '
        '"comparable_ships": 4}]}', "",
    )  # fmt: skip
    offsets = pa.array(np.arange(count + 1, dtype=np.int32))
    twice = pa.array(np.arange(count + 1, dtype=np.int32) * 2)
    refs = pc.binary_join_element_wise(
        "src:00000000000051a1#", pa.array(np.arange(2 * count)).cast(pa.string()), "+47", ""
    )
    columns = {
        "id": pc.binary_join_element_wise("gap-", pc.utf8_lpad(text, 12, "0"), ""),
        "kind": pa.repeat("gap", count),
        "state": pa.repeat("closed", count),
        "version": pa.repeat(pa.scalar(1, pa.int32()), count),
        "recorded_at": pa.repeat(pa.scalar(START, pa.int64()), count).cast(TIMESTAMP),
        "superseded_by": pa.nulls(count, pa.string()),
        "reason": pa.nulls(count, pa.string()),
        "start": pa.array(start).cast(TIMESTAMP),
        "end": pa.array(start + 9 * times.HOUR_US).cast(TIMESTAMP),
        "vessels": pa.ListArray.from_arrays(
            offsets, pa.StructArray.from_arrays([pa.array(mmsi), pa.array(numbers)], ["mmsi", "segment"])
        ),
        "lat": pa.array(rng.uniform(-60, 60, count)),
        "lon": pa.array(rng.uniform(-180, 180, count)),
        "place": pa.nulls(count, pa.string()),
        "measures": measures,
        "reasons": pa.ListArray.from_arrays(offsets, pa.repeat("no report for 9.0 h, longer than 6 h", count)),
        "innocent": pa.repeat(INNOCENT, count),
        "confidence": pa.nulls(count, pa.float64()),
        "method": pa.repeat(METHOD, count),
        "evidence": pa.ListArray.from_arrays(twice, refs),
        "digest": pc.utf8_lpad(text, 32, "0"),
    }
    schema = stored_schema("events")
    return pa.table([columns[name].cast(schema.field(name).type) for name in schema.names], schema=schema)


def put(writer: Writer, rows: pa.Table, row_group: int) -> None:
    file = writer.file("events")
    for first in range(0, rows.num_rows, row_group):
        file.write(rows.slice(first, row_group))
    writer.add("events", file)
    writer.commit("detect", Detection(("gap",), {}, "default", 0, None, None, {"gap": rows.num_rows}, {}))


def all_then_filtered(snapshot: Snapshot, mmsi: int) -> int:
    """As it was. (A box was looked for among the objects of all events: minutes.)"""
    rows = snapshot.scan("events", None, pc.field("kind") == "gap")
    rows = rows.take(pa.array(store._newest(rows)))
    whole = rows["vessels"].combine_chunks()
    named = pc.equal(pc.list_flatten(whole).field("mmsi"), mmsi)
    wanted = rows.take(pc.list_parent_indices(whole).filter(named))
    return len(list(store._objects(wanted, snapshot)))


def best(name: str, work: Callable[[], Any], runs: int = 3) -> None:
    taken = []
    found: Any = None
    for _ in range(runs):
        begin = time.perf_counter()
        found = work()
        taken.append(time.perf_counter() - begin)
    number = found if isinstance(found, int) else len(found)
    print(f"{name:<58} {min(taken):8.3f} s   {number:>9,} events", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--vessels", type=int, default=20_000)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args(arguments)
    box = (124.0, 37.0, 126.0, 39.0)
    ship = FIRST_MMSI + given.vessels // 2
    rows = made(given.events, given.vessels)
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        for layout, row_group in (("as written now", store.ROW_GROUP), ("as written before", 512 * 1024)):
            with workspace.create(Path(folder) / layout.replace(" ", "-")) as ws:
                with ws.lake.write() as writer:
                    put(writer, rows, row_group)
                size = sum(path.stat().st_size for path in (ws.folder / "lake" / "events").rglob("*.parquet"))
                print(f"{given.events:,} gaps of {given.vessels:,} vessels, {size / 1e6:.0f} MB, files {layout}")

                def now(**wanted: Any) -> list[store.Stored]:
                    return store.read(ws.snapshot(), ["gap"], **wanted)

                best("  one vessel, now", lambda: now(mmsis=[ship]))
                best("  one vessel, before", lambda: all_then_filtered(ws.snapshot(), ship), 1)
                best("  a box, now", lambda: now(bbox=box))
                best("  a week, now", lambda: now(since=START, until=START + 7 * times.DAY_US))
                best("  one id, now", lambda: store.find(ws.snapshot(), "gap-000000012345"))
                best("  what stood of the kind (a run), now", lambda: store.standing(ws.snapshot(), "gap"))


if __name__ == "__main__":
    main()
