from __future__ import annotations

import contextlib
import importlib.util
import io
import re
import sys
from pathlib import Path

import pytest

from darkwake.formats import registry
from darkwake.formats.base import REASONS
from darkwake.formats.describe import SECTIONS, filled, listing
from support import ROOT

REFERENCE = ROOT / "docs" / "reference" / "formats.md"
HOW_TO = ROOT / "docs" / "how-to" / "add-a-format.md"


def test_the_generated_parts_of_the_reference_are_up_to_date() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    assert all(f"<!-- begin {name} -->" in text for name in SECTIONS)
    assert filled(text) == text, "run: python -m darkwake.formats docs/reference/formats.md"


def test_every_reason_of_a_reject_is_documented() -> None:
    from darkwake.formats import delimited, features, rows

    said = {*rows._REASONS[1:], *delimited._BAD.values(), delimited.TOO_LONG, features.TOO_LONG, features.CUT_OFF}
    assert said <= set(REASONS)


def test_the_listing_has_a_row_per_format() -> None:
    assert [row["name"] for row in listing()] == [entry.name for entry in registry.FORMATS]


def test_the_how_to_works_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = dict(re.findall(r"```\w+ (\w+)\n(.*?)```", HOW_TO.read_text(encoding="utf-8"), re.DOTALL))
    (tmp_path / "simlog.py").write_text(blocks["module"], encoding="utf-8")
    (tmp_path / "sample.simlog").write_text(blocks["sample"].rstrip("\n"), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("simlog", tmp_path / "simlog.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "simlog", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(registry, "FORMATS", (*registry.FORMATS, module.FORMAT))
    monkeypatch.chdir(tmp_path)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(blocks["try"], "how-to", "exec"), {})
    assert said.getvalue() == blocks["output"]
