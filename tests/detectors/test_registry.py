from __future__ import annotations

import os
import subprocess
import sys

import pytest

from darkwake.detectors import registry
from darkwake.errors import NotFoundError
from support import ROOT


def test_an_unknown_kind_is_told_of_with_the_known_ones():
    with pytest.raises(
        NotFoundError, match="draught_change, encounter, frozen, gap, loitering, no_position, port_call"
    ):
        registry.get("abduction")


def test_what_is_needed_comes_first_and_once():
    assert [d.name for d in registry.in_order(["loitering", "port_call", "encounter"])] == [
        "encounter", "loitering", "port_call",
    ]  # fmt: skip


def test_the_list_of_kinds_imports_no_detector():
    code = "import sys; from darkwake.detectors import registry; registry.names(); print('numba' in sys.modules)"
    there = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=there)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("kind", registry.names())
def test_each_detector_says_what_it_is(kind):
    detector = registry.get(kind)
    assert detector.name == kind
    assert detector.definition
    assert detector.kind.measures
    assert detector.kind.measure(detector.kind.main) is not None
    assert detector.innocent_explanations
    assert detector.known_failures
    assert len({param.name for param in detector.params}) == len(detector.params)
    assert all(needed in registry.names() for needed in detector.needs.events)
