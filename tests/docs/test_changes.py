"""Fragments of changes are named as the tool that assembles them reads them."""

from __future__ import annotations

import re
import tomllib

from support import ROOT


def test_every_fragment_has_a_known_type_and_says_something() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["towncrier"]
    types = [each["directory"] for each in settings["type"]]
    fragments = [path for path in (ROOT / settings["directory"]).iterdir() if path.name != "README.md"]
    assert fragments
    for path in fragments:
        assert re.fullmatch(rf"[a-z0-9-]+\.({'|'.join(types)})\.md", path.name), path.name
        assert path.read_text(encoding="utf-8").strip()
