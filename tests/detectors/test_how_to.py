"""The detector of docs/how-to/add-a-detector.md is added as written, and nothing else is touched."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from detectors.ships import SEA, detect, every, ship, tracks
from support import ROOT

TEXT = (ROOT / "docs" / "how-to" / "add-a-detector.md").read_text(encoding="utf-8")
Run = Callable[..., str]


def blocks(kind: str) -> str:
    return "\n\n".join(re.findall(rf"```python {kind}\n(.*?)```", TEXT, re.DOTALL))


@pytest.fixture(scope="module")
def standstill(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    path = tmp_path_factory.mktemp("how_to") / "standstill.py"
    path.write_text(blocks("module"), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("standstill", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_test_of_the_page(standstill: ModuleType) -> None:
    names = {"detect": detect, "tracks": tracks, "ship": ship, "every": every, "SEA": SEA}
    names["Standstill"] = standstill.Standstill
    exec(blocks("test"), names)
    names["test_a_day_in_one_place"]()  # type: ignore[operator]


def test_a_ship_that_sails_stands_nowhere_still(standstill: ModuleType) -> None:
    sailing = tracks(ship(1, every(30, 0, 30), lambda t: (SEA[0] + t / 10, SEA[1])))
    assert detect(standstill.DETECTOR, sailing) == []


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    """A folder, and the command line of a copy of the package into which two files were put."""
    folder = tmp_path_factory.mktemp("added")
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    package = folder / "src" / "darkwake"
    (package / "detectors" / "stay" / "standstill.py").write_text(blocks("module"), encoding="utf-8")
    (package / "sim" / "scenarios" / "standstill_basic.py").write_text(blocks("scenario"), encoding="utf-8")
    there = {**os.environ, "PYTHONPATH": str(folder / "src")}

    def run(*arguments: str | Path) -> str:
        line = [sys.executable, "-m", "darkwake", *map(str, arguments)]
        done = subprocess.run(line, capture_output=True, text=True, env=there, cwd=folder, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return folder, run


def rows(lines: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.splitlines()]


@pytest.mark.slow
def test_two_files_make_a_kind_that_is_found_scored_asked_for_and_told(copy: tuple[Path, Run]) -> None:
    tmp, run = copy
    assert "standstill" in run("detector", "list")
    run("sim", "run", "standstill-basic", "-o", "feed")
    run("init", "w", "--simulated")
    run("-w", "w", "ais", "import", *sorted((tmp / "feed").glob("*.nmea")))
    run("-w", "w", "event", "detect", "standstill")
    scored = rows(run("-w", "w", "detector", "score", "--truth", "feed/truth.jsonl", "--json"))
    (row,) = [row for row in scored if row["kind"] == "standstill"]
    assert (row["truth"], row["precision"], row["recall"]) == (2, 1.0, 1.0)
    events = rows(run("-w", "w", "event", "list", "--kind", "standstill", "--json"))
    assert all(event["measures"]["duration_h"] >= 24 for event in events)
    assert f"{events[0]['measures']['duration_h']:.1f} h" in run("-w", "w", "event", "list", "--kind", "standstill")
    mmsi = events[0]["vessels"][0]["mmsi"]
    query = {
        "v": 2,
        "count": {"kind": "standstill", "vessel": f"mmsi:{mmsi}", "min": {"duration_h": 30}},
        "at_least": 1,
    }
    claim = run(
        "-w", "w", "claim", "add", "--words", "She lay still.", "--by", "SIM Gazette", "--query", json.dumps(query)
    )
    told = run("-w", "w", "claim", "verify", claim.split()[0])
    assert "supported" in told
    assert "How many standstills could have gone unheard" in run("-w", "w", "claim", "show", claim.split()[0])
