"""The kind of place file of docs/how-to/add-a-place-source.md works as written."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from darkwake.places import readers
from support import ROOT

TEXT = (ROOT / "docs" / "how-to" / "add-a-place-source.md").read_text(encoding="utf-8")


def block(kind: str) -> str:
    (found,) = re.findall(rf"```python {kind}\n(.*?)```", TEXT, re.DOTALL)
    return str(found)


def test_the_module_of_the_page_passes_the_test_of_the_page_and_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "pilots.py"
    path.write_text(block("module"), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("pilots", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    names = {"SOURCE": module.SOURCE}
    exec(block("test"), names)
    names["test_a_port_and_a_line_that_is_none"]()
    monkeypatch.setattr(readers, "SOURCES", (*readers.SOURCES, module.SOURCE))
    listed = tmp_path / "list.txt"
    listed.write_text("PILOT'S LIST\nSIMPT;SIM PORT;38.5;125.1;2000\n")
    assert [place.code for place in readers.read_places(listed).places] == ["SIMPT"]
