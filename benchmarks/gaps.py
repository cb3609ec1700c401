"""Gaps: our kernel and the core of GFW pipe-gaps on the same made-up tracks, in one run, with the ratio.

    python benchmarks/gaps.py [--rows 3000000] [--peer-rows 300000]

The peer is `pipe_gaps.core.gap_detector.GapDetector` where that package can be imported (Apache-2.0, from
github.com/GlobalFishingWatch/pipe-gaps); else a plain Python loop of the same shape stands for it: a dictionary per
message, grouped by vessel, sorted by time, neighbours compared, distance and speed of each gap. Rows per second is
what is compared, so the peer may be given fewer rows. Timings on a shared machine are noisy; the ratio is less so.
"""

from __future__ import annotations

import argparse
import itertools
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from darkwake import times
from darkwake.ais.schema import TIMESTAMP
from darkwake.detectors.base import Context, values_of
from darkwake.detectors.silence.gap import Gap
from darkwake.detectors.silence.kernels.silences import COLUMNS, find_silences

THRESHOLD_H = 6.0
START = times.parse("2019-02-01")


def made_tracks(rows: int, per_vessel: int = 3000) -> pa.Table:
    """Vessels with a report every 14 minutes or so for 30 days, and 1 silence over 6 h in 900 reports, sorted."""
    rng = np.random.default_rng(1)
    vessels = max(1, rows // per_vessel)
    vessel = np.repeat(np.arange(vessels), math.ceil(rows / vessels))[:rows]
    step = rng.exponential(14 * 60, rows)
    step[rng.random(rows) < 1 / 900] += rng.uniform(6.1, 60) * 3600
    clock = np.cumsum(step)
    first = np.flatnonzero(np.diff(vessel, prepend=-1))
    clock -= np.repeat(clock[first], np.diff(np.append(first, rows)))
    drift = rng.normal(0, 0.01, rows)
    columns = {
        "mmsi": pa.array(299_000_000 + vessel, pa.int32()),
        "segment": pa.array(vessel * 7919 + 11),
        "time": pa.array(START + (clock * 1e6).astype(np.int64)).cast(TIMESTAMP),
        "lon": pa.array(124 + drift),
        "lat": pa.array(37 + drift),
        "sog_knots": pa.array(rng.uniform(0, 15, rows).astype(np.float32)),
        "type": pa.array(np.ones(rows, np.int8)),
        "payload_key": pa.array(rng.integers(0, 2**62, rows)),
        "source": pa.DictionaryArray.from_arrays(np.zeros(rows, np.int32), ["0123456789abcdef"]).cast(pa.string()),
        "span_offset": pa.array(np.arange(rows) * 60),
        "span_length": pa.array(np.full(rows, 60, np.int32)),
    }
    return pa.table(columns).select(list(COLUMNS))


def stand_in(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    messages.sort(key=lambda message: message["timestamp"])
    gaps = []
    for off, on in itertools.pairwise(messages):
        seconds = on["timestamp"] - off["timestamp"]
        if seconds > THRESHOLD_H * 3600:
            a, b = math.radians(off["lat"]), math.radians(on["lat"])
            turn = math.radians(on["lon"] - off["lon"])
            h = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(turn / 2) ** 2
            distance_m = 2 * 6_371_008.8 * math.asin(math.sqrt(h))
            knots = distance_m / 1852 / (seconds / 3600)
            gaps.append({"off": off, "on": on, "distance_m": distance_m, "implied_speed_knots": knots})
    return gaps


def peer() -> tuple[str, Callable[[list[dict[str, Any]]], list[Any]]]:
    try:
        from pipe_gaps.core.gap_detector import GapDetector  # type: ignore[import-not-found]
    except ImportError as error:
        return f"plain Python loop (pipe-gaps not importable: {error})", stand_in
    return "pipe-gaps core", GapDetector(threshold=THRESHOLD_H).detect


def messages_by_vessel(table: pa.Table) -> list[list[dict[str, Any]]]:
    rows: dict[int, list[dict[str, Any]]] = {}
    seconds = table["time"].cast(pa.int64()).to_numpy() / 1e6
    columns = (table["mmsi"].to_pylist(), seconds.tolist(), table["lat"].to_pylist(), table["lon"].to_pylist())
    for mmsi, moment, lat, lon in zip(*columns, strict=True):
        message = {"ssvid": mmsi, "timestamp": moment, "lat": lat, "lon": lon, "receiver_type": "terrestrial"}
        rows.setdefault(mmsi, []).append(message)
    return list(rows.values())


def timed(work: Callable[[], Any], repeats: int = 3) -> tuple[float, Any]:
    best, result = math.inf, None
    for _ in range(repeats):
        begin = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - begin)
    return best, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=3_000_000)
    parser.add_argument("--peer-rows", type=int, default=300_000)
    given = parser.parse_args()

    table = made_tracks(given.rows)
    detector, values = Gap(), values_of(Gap(), {"min_gap_h": THRESHOLD_H})
    context = Context(START, pc.max(table["time"]).cast(pa.int64()).as_py(), None, None)
    plan = detector.plan(values, context)
    kernel = plan.stages[0].kernel
    kernel(table.slice(0, 10_000), plan.arguments)  # compile
    segment, moments = table["segment"].chunk(0).to_numpy(), table["time"].cast(pa.int64()).chunk(0).to_numpy()
    scan_s, _ = timed(lambda: find_silences(segment, moments, plan.arguments["min_gap_us"]))
    stage_s, found = timed(lambda: kernel(table, plan.arguments))
    closed = found.num_rows - found["after_time"].null_count
    events_s, _ = timed(lambda: detector.finish(found, values, context), repeats=1)

    name, detect = peer()
    vessels = messages_by_vessel(table.slice(0, given.peer_rows))
    peer_s, gaps = timed(lambda: sum(len(detect(messages)) for messages in vessels))
    inside = kernel(table.slice(0, given.peer_rows), plan.arguments)
    ours_there = inside.num_rows - inside["after_time"].null_count

    rate, peer_rate = given.rows / stage_s, given.peer_rows / peer_s
    print(f"rows {given.rows:,}: {closed:,} closed gaps over {THRESHOLD_H:g} h")
    print(f"scan alone         {given.rows / scan_s / 1e6:10.1f} M rows/s")
    print(f"kernel with output {rate / 1e6:10.1f} M rows/s")
    print(f"events             {found.num_rows / events_s / 1e3:10.1f} thousand/s (without reception and places)")
    print(
        f"{name}: {peer_rate / 1e6:.2f} M rows/s on {given.peer_rows:,} rows; gaps {gaps:,}, ours there {ours_there:,}"
    )
    print(f"ratio, rows per second, kernel with output: {rate / peer_rate:.0f}")


if __name__ == "__main__":
    main()
