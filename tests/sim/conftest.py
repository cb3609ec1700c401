"""Feeds that several tests look at, made once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from darkwake import ais, sim
from darkwake.sim.crew import World
from darkwake.sim.runner import make_world


@dataclass(frozen=True)
class Made:
    """A scenario that was run: where it lies, what it said, its truth, the true tracks behind it."""

    folder: Path
    summary: sim.Summary
    world: World

    @property
    def truth(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "truth.jsonl").read_text().splitlines()]

    def decoded(self) -> list[dict[str, Any]]:
        columns = [
            "type",
            "mmsi",
            "time",
            "station",
            "checksum_ok",
            "lon",
            "lat",
            "sog_knots",
            "draught_m",
            "name",
            "imo",
        ]
        return [
            row
            for path in sorted(self.folder.glob("*.nmea"))
            for row in ais.decode(path).select(columns).to_pylist()
        ]  # fmt: skip


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Sixteen ships, four days."""
    folder = tmp_path_factory.mktemp("west-sea-16")
    dials = {"ships": 16.0, "days": 4.0, "damage": 0.002}
    return Made(folder, sim.run("west-sea", 7, folder, **dials), make_world("west-sea", 7, **dials)[0])
