from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from darkwake import sim
from darkwake.sim import west_sea


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
