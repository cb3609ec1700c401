from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from darkwake import sim
from darkwake.geo.coast import Coast
from darkwake.sim import geography, motion
from darkwake.sim.runner import make_world
from darkwake.sim.scenarios import west_sea


@pytest.mark.slow
def test_the_demonstration_has_plenty_of_everything(tmp_path: Path) -> None:
    summary = sim.run("west-sea", 1, tmp_path)
    rows = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text().splitlines()]
    well = Counter(row["kind"] for row in rows if row["heard_per_hour"] >= 4)
    assert all(well[kind] >= 15 for kind in ("gap", "port_call", "encounter", "loitering", "draught_change")), well
    assert all(summary.gap_causes.get(c, 0) >= 2 for c in ("switched_off", "no_coverage", "class_b_range")), summary
    assert len([r for r in rows if r["kind"] == "port_call" and r["place"] == "KPNAM" and r["cause"] == "dark"]) >= 5
    assert summary.ships == 40
    assert summary.bytes < 60_000_000


@pytest.mark.parametrize("ships", [1, 4, 16, 40, 137, 1000])
def test_fleets_have_as_many_ships_as_asked(ships: int) -> None:
    assert sum(west_sea.counts(ships).values()) == ships


def test_the_mix_is_whole() -> None:
    assert sum(west_sea.MIX.values()) == pytest.approx(1)


@pytest.mark.parametrize(("seed", "ships", "days"), [(1, 40, 10), (2, 40, 10), (4, 40, 10), (12, 40, 10), (20, 200, 4)])
def test_no_ship_is_ever_on_land(seed: int, ships: int, days: int) -> None:
    coast = Coast()
    for crew in make_world("west-sea", seed, ships=ships, days=days)[0].crews:
        on_land = coast.is_land(crew.helm.lon, crew.helm.lat)
        assert not on_land.any(), (crew.ship.name, crew.helm.lon[on_land][0], crew.helm.lat[on_land][0])


def test_ways_to_all_places_of_waiting_are_clear() -> None:
    """Ships wait up to 13 km from the middle of these waters: from there too, each lane must keep off the land."""
    coast = Coast()
    for name, centre in geography.SEA.items():
        if not name.startswith("STS_"):
            continue
        for other in [n for n in (*geography.PORTS, *geography.SEA) if n in geography.neighbours(name)]:
            start = geography.position(other)
            for angle in np.arange(0, 2 * np.pi, 0.5):
                end = motion.offset(centre, 13_000 * np.cos(angle), 13_000 * np.sin(angle))
                legs = np.linspace(start, end, int(geography.leg_m(start, end) / 200) + 2)
                assert coast.distance_to_shore_m(*legs.T).min() > 1500, (name, other)
                assert not coast.is_land(*legs.T).any(), (name, other)
