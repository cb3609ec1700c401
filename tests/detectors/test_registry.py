from __future__ import annotations

import os
import subprocess
import sys

import pytest

from darkwake.detectors import registry
from darkwake.errors import NotFoundError
from support import ROOT


def test_an_unknown_kind_is_told_of_with_the_known_ones():
    with pytest.raises(NotFoundError, match="gap, encounter, loitering, port_call, draught_change"):
        registry.get("abduction")


def test_what_is_needed_comes_first_and_once():
    assert [d.kind for d in registry.in_order(["loitering", "port_call", "encounter"])] == [
        "encounter", "loitering", "port_call",
    ]  # fmt: skip


def test_the_list_of_kinds_imports_no_detector():
    code = "import sys; from darkwake.detectors import registry; registry.kinds(); print('numba' in sys.modules)"
    there = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=there)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("kind", registry.kinds())
def test_each_detector_says_what_it_is(kind):
    detector = registry.get(kind)
    assert detector.kind == kind
    assert detector.definition
    assert detector.measures
    assert detector.innocent_explanations
    assert detector.known_failures
    assert len({param.name for param in detector.params}) == len(detector.params)
    assert all(needed in registry.kinds() for needed in detector.needs)
