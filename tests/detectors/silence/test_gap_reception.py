"""Gaps of a made-up fleet under patchy coverage: all are found, and the forecast of their cause can be believed."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from darkwake import sim, times, workspace
from darkwake.detectors.base import Context, values_of
from darkwake.detectors.score import calibration, load_truth, score
from darkwake.detectors.silence.gap import Gap
from darkwake.engine.stages import run_first
from darkwake.events.model import Event
from darkwake.tracks.build import build
from darkwake.tracks.reception import ReceptionModel, plan
from tracks.made import BUCKET, SHIP, T0, report, reports

STATIONS = ((124.0, 38.0, 45.0), (126.0, 36.5, 45.0), (121.0, 37.6, 40.0))  # lon, lat, range in nm
DAYS, SHIPS = 8, 30


def chance(lon: float, lat: float, down: set[int], class_b: bool) -> float:
    """Of being heard in five minutes: a soft edge around each station, and a satellite now and then."""
    best = 0.002
    for k, (x, y, reach) in enumerate(STATIONS):
        if k not in down:
            away = math.hypot((x - lon) * 0.79, y - lat) * 60
            edge = reach * (0.7 if class_b else 1.0)
            best = max(best, (0.5 if class_b else 0.9) / (1 + math.exp(min(50.0, (away - edge) / 4))))
    return best


def fleet(seed: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    rng = np.random.default_rng(seed)
    outage = (int(rng.integers(0, 3)), rng.uniform(20, DAYS * 24 - 40), rng.uniform(7, 12))
    rows, truth = [], []
    for ship in range(SHIPS):
        mmsi, class_b, knots = SHIP + 16 * ship, ship % 4 == 3, rng.uniform(8, 14)
        lon, lat, goal, rest = rng.uniform(121, 127), rng.uniform(35.5, 39), None, 0.0
        begin = rng.uniform(10, DAYS * 24 - 40)
        off = (begin, begin + rng.uniform(8, 30)) if rng.random() < 0.6 else (0.0, 0.0)
        heard = []
        for minute in range(0, DAYS * 1440, 5):
            hour = minute / 60
            if rest > 0:
                rest -= 5
            else:
                goal = goal or (rng.uniform(121, 127), rng.uniform(35.5, 39))
                east, north = (goal[0] - lon) * 0.79, goal[1] - lat
                way, step = math.hypot(east, north) * 60, knots / 12
                if way < step:
                    goal, rest = None, rng.uniform(0, 1500)
                else:
                    lon, lat = lon + east / way * step / 0.79, lat + north / way * step
            if off[0] <= hour < off[1]:
                continue
            down = {outage[0]} if outage[1] <= hour < outage[1] + outage[2] else set()
            if rng.random() < chance(lon, lat, down, class_b):
                sog = float(knots) if rest <= 0 else 0.0
                rows.append(report(minute, lon, lat, mmsi=mmsi, type=18 if class_b else 1, sog_knots=sog))
                heard.append(hour)
        for k, (a, b) in enumerate(itertools.pairwise(heard)):
            if b - a > 6 and min(k + 1, len(heard) - k - 1) >= 3:  # of fewer reports nothing is said
                own = max(0.0, min(b, off[1]) - max(a, off[0]))
                cause = "switched_off" if own > (b - a) / 2 else "no_coverage"
                start, end = (times.iso(T0 + round(h * 3600) * times.SECOND_US) for h in (a, b))
                truth.append({"kind": "gap", "start": start, "end": end, "mmsis": [mmsi], "cause": cause})
    return rows, truth


def judged(seed: int) -> tuple[list[Event], list[dict[str, Any]]]:
    """The closed gaps found in one fleet's tracks, and the truth."""
    rows, truth = fleet(seed)
    found = build(reports(rows), BUCKET)
    tracks = found.tracks
    counting = plan()
    model = ReceptionModel.from_counts(counting.stages[0].kernel(tracks.select(list(counting.columns)), {}))
    end = max(row["time"] for row in rows)
    context = Context(T0, end, None, None, reception=model)
    detector = Gap()
    values = values_of(detector)
    gaps = detector.plan(values, context)
    candidates = run_first(gaps, {"tracks": tracks, "statics": found.statics, "heard": found.heard}, "")
    events = detector.finish(candidates, values, context)
    return [event for event in events if event.state == "closed"], truth


@pytest.mark.parametrize("seed", [1, 2])
def test_the_forecast_of_the_cause_can_be_believed(seed: int) -> None:
    closed, truth = judged(seed)
    [row] = score(closed, truth)
    assert (row.precision, row.recall) == (1.0, 1.0)
    scored = calibration(closed, truth)
    assert scored is not None
    assert scored.count == len(truth) > 100
    assert scored.ranked_right is not None
    assert scored.ranked_right > 0.75
    assert scored.brier < 0.1  # never far above always saying the base rate, which nobody knows beforehand
    said = sum(b.count * b.said for b in scored.bins) / scored.count
    assert said == pytest.approx(sum(b.count * b.so for b in scored.bins) / scored.count, abs=0.1)


def test_the_forecast_can_be_believed_on_the_simulation(tmp_path: Path) -> None:
    """A seed and a length that no constant was fitted on."""
    sim.run("west-sea", 301, tmp_path / "feed", ships=30, days=6)
    truth = load_truth(tmp_path / "feed" / "truth.jsonl")
    with workspace.create(tmp_path / "workspace", simulated=True) as ws:
        ws.import_files(sorted((tmp_path / "feed").glob("*.nmea")))
        ws.detect(["gap"])
        scored = calibration([stored.event for stored in ws.events()], truth)
    assert scored is not None
    assert scored.count > 20
    assert scored.ranked_right is not None
    assert scored.ranked_right > 0.85
    assert scored.brier < 0.12 < scored.brier_of_base_rate
