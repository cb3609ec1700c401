from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from darkwake import sim
from darkwake.geo.coast import Coast
from darkwake.sim.runner import make_world

SMALL = [scenario.name for scenario in sim.SCENARIOS if scenario.name != "west-sea"]


def truth(name: str, folder: Path, **dials: float) -> list[dict[str, Any]]:
    sim.run(name, 1, folder, **dials)
    return [json.loads(line) for line in (folder / "truth.jsonl").read_text().splitlines()]


def of(rows: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["kind"] == kind]


def test_names_are_unique_and_everything_is_described() -> None:
    assert len({s.name for s in sim.SCENARIOS}) == len(sim.SCENARIOS)
    assert all(s.description and s.dials["days"] > 0 for s in sim.SCENARIOS)


@pytest.mark.parametrize("name", SMALL)
def test_small_scenarios_keep_off_the_land(name: str) -> None:
    world, _ = make_world(name, 2)
    coast = Coast()
    for crew in world.crews:
        assert crew.helm.done
        assert not coast.is_land(crew.helm.lon, crew.helm.lat).any(), crew.ship
        assert np.hypot(np.diff(crew.helm.lon), np.diff(crew.helm.lat)).max() < 0.005  # no jumps


def test_gap_basic_has_every_cause(tmp_path: Path) -> None:
    rows = of(truth("gap-basic", tmp_path), "gap")
    assert {row["cause"] for row in rows} == {"switched_off", "antenna_fault", "outage", "class_b_range", "no_coverage"}


def test_encounter_basic(tmp_path: Path) -> None:
    rows = of(truth("encounter-basic", tmp_path), "encounter")
    assert len(rows) == 3  # and neither the tender nor the anchorage
    assert any(row["start"][:10] != row["end"][:10] for row in rows)  # across midnight
    assert all(row["heard_per_hour"] >= 4 for row in rows)


def test_loitering_basic(tmp_path: Path) -> None:
    rows = truth("loitering-basic", tmp_path)
    kinds = {line.split(",")[1]: line.split(",")[5] for line in (tmp_path / "ships.csv").read_text().splitlines()[1:]}
    assert len(of(rows, "loitering")) >= 4
    assert "fishing" not in {kinds[str(row["mmsis"][0])] for row in of(rows, "loitering")}


def test_port_call_basic(tmp_path: Path) -> None:
    rows = of(truth("port-call-basic", tmp_path), "port_call")
    nampo = [row for row in rows if row["place"] == "KPNAM"]
    assert sorted(row["cause"] for row in nampo) == ["dark", "dark", "normal"]


def test_draught_basic(tmp_path: Path) -> None:
    rows = of(truth("draught-basic", tmp_path), "draught_change")
    assert len(rows) >= 6
    assert all(row["after_m"] < 20 for row in rows)
