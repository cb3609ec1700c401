"""How far the reception model can be believed: `python benchmarks/reception.py`. The card `reception` quotes it.

Made-up fleets (those of tests/events/test_gap_reception.py, a world of its own that the simulation knows nothing of):
the forecast of the cause of each silence. West Sea: of ships whose transmitter was on, whether a stretch of their true
track was heard at all, against `would_have_seen` of a model that never saw that ship (one half of the fleet is judged
by the other). `benchmarks/score.py` has the forecast on West Sea.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from darkwake import sim, times, workspace
from darkwake.detectors.score import calibration
from darkwake.sim.motion import STEP_S
from darkwake.sim.reports import transmitter_on
from darkwake.sim.runner import EPOCH_US, make_world
from darkwake.tracks.reception import ReceptionModel, plan

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
_WINDOWS = 1500
_EVERY = 3600 // STEP_S


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fleets", type=int, default=8, help="made-up fleets, from seed 1")
    parser.add_argument("--seeds", type=int, default=3, help="West Sea, from seed 1")
    options = parser.parse_args()
    if options.fleets:
        _fleets(options.fleets)
    if options.seeds:
        pairs = np.concatenate([_windows(seed) for seed in range(1, options.seeds + 1)])
        print(f"would_have_seen on West Sea, {len(pairs)} stretches of 1, 3, 6 and 12 h")
        _reliability(pairs[:, 0], pairs[:, 1])


def _fleets(count: int) -> None:
    from events.test_gap_reception import judged

    events, truth, ranked = [], [], []
    for seed in range(1, count + 1):
        closed, true = judged(seed)
        one = calibration(closed, true)
        assert one is not None
        ranked.append(one.ranked_right or 0.0)
        shift = 1000 * seed  # the fleets share their numbers
        events += [_other_ship(event, shift) for event in closed]
        truth += [row | {"mmsis": [mmsi + shift for mmsi in row["mmsis"]]} for row in true]
    every = calibration(events, truth)
    assert every is not None
    print(
        f"made-up fleets 1–{count}: {every.count} silences, Brier {every.brier:.3f} (base rate "
        f"{every.brier_of_base_rate:.3f}), ranked right {every.ranked_right:.3f} ({min(ranked):.2f}–{max(ranked):.2f})"
    )
    for b in every.bins:
        print(f"  p {b.low:.1f}–{b.high:.1f}: {b.count} silences, said {b.said:.2f}, so {b.so:.2f}")


def _other_ship(event: Any, shift: int) -> Any:
    from dataclasses import replace

    return replace(event, vessels=tuple(replace(v, mmsi=v.mmsi + shift) for v in event.vessels))


def _windows(seed: int) -> Any:
    """Rows of (would_have_seen, heard) for stretches of true tracks."""
    world, _ = make_world("west-sea", seed)
    with tempfile.TemporaryDirectory() as folder:
        sim.run("west-sea", seed, Path(folder) / "feed")
        with workspace.create(Path(folder) / "workspace", simulated=True) as ws:
            ws.import_files(sorted((Path(folder) / "feed").glob("*.nmea")))
            ws.build_tracks()
            base = ws.snapshot()
            columns = list(plan().columns)
            tracks = pa.concat_tables([bucket.read(columns) for bucket in base.buckets("tracks").values()])
    halves = [pa.array([c.ship.mmsi for c in world.crews[part::2]], pa.int32()) for part in (0, 1)]
    models = [
        ReceptionModel.from_counts(plan().stages[0].kernel(tracks.filter(pc.is_in(tracks["mmsi"], other)), {}))
        for other in halves[::-1]
    ]
    heard = {
        crew.ship.mmsi: np.sort(tracks.filter(pc.equal(tracks["mmsi"], crew.ship.mmsi))["time"].cast(pa.int64()))
        for crew in world.crews
    }
    rng = np.random.default_rng(seed)
    rows: list[tuple[float, bool]] = []
    while len(rows) < _WINDOWS:
        number, steps = int(rng.integers(len(world.crews))), int(rng.choice([1, 3, 6, 12])) * _EVERY
        crew = world.crews[number]
        first = int(rng.integers(0, len(crew.helm.lon) - steps - 1))
        if not transmitter_on(crew)[first : first + steps].all():
            continue
        at = np.arange(first, first + steps + 1, _EVERY)
        moments = EPOCH_US + at * STEP_S * times.SECOND_US
        said = models[number % 2].would_have_seen(crew.helm.lon[at], crew.helm.lat[at], moments, crew.ship.class_b)
        low, high = np.searchsorted(heard[crew.ship.mmsi], moments[[0, -1]])
        rows.append((said, bool(high > low)))
    return np.array(rows, np.float64)


def _reliability(said: Any, so: Any) -> None:
    tenth = np.minimum((said * 10).astype(np.int64), 9)
    for b in range(10):
        if (tenth == b).any():
            print(
                f"  {b / 10:.1f}–{b / 10 + 0.1:.1f}: {(tenth == b).sum()} stretches, "
                f"said {said[tenth == b].mean():.3f}, so {so[tenth == b].mean():.3f}"
            )


if __name__ == "__main__":
    main()
