"""The detector of docs/how-to/add-a-detector.md works as written."""

from __future__ import annotations

import importlib.util
import re

import pytest

from detectors.ships import SEA, detect, every, ship, tracks
from support import ROOT

TEXT = (ROOT / "docs" / "how-to" / "add-a-detector.md").read_text(encoding="utf-8")


def blocks(kind: str) -> str:
    return "\n\n".join(re.findall(rf"```python {kind}\n(.*?)```", TEXT, re.DOTALL))


@pytest.fixture(scope="module")
def standstill(tmp_path_factory):
    path = tmp_path_factory.mktemp("how_to") / "standstill.py"
    path.write_text(blocks("module"), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("standstill", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Standstill


def test_the_test_of_the_page(standstill):
    names = {"Standstill": standstill, "detect": detect, "tracks": tracks, "ship": ship, "every": every, "SEA": SEA}
    exec(blocks("test"), names)
    names["test_a_day_in_one_place"]()


def test_a_ship_that_sails_stands_nowhere_still(standstill):
    assert detect(standstill(), tracks(ship(1, every(30, 0, 30), lambda t: (SEA[0] + t / 10, SEA[1])))) == []
