"""The reference pages name everything that is shipped, and their snippets run."""

from __future__ import annotations

import re

import numpy as np
import pytest

from darkwake import law
from darkwake.geo import maritime
from darkwake.places.gazetteer import shipped
from support import ROOT


def rows(page):
    text = (ROOT / "docs/reference" / page).read_text(encoding="utf-8")
    cells = (line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| "))
    return {row[0].strip(): row for row in cells}


def test_places_page_lists_every_shipped_place():
    listed = rows("places.md")
    for place in shipped():
        assert listed[place.code][1:4] == [place.name, place.kind, place.country]
        assert float(listed[place.code][4]) == place.accuracy_m
    assert len(listed) == len(shipped()) + 1  # and the heading


def test_law_page_lists_every_measure_and_claim():
    listed = rows("law.md")
    for measure in law.measures():
        assert listed[measure.id][1:3] == [measure.title, measure.citation]
        assert listed[measure.id][-1].strip(" |") == ("yes" if measure.checked else "no")
    assert {claim.id for claim in maritime.claims_on()} <= set(listed)


@pytest.mark.parametrize("page", ["places.md", "law.md"])
def test_snippets_run(page):
    text = (ROOT / "docs/reference" / page).read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    names = {"lons": np.array([125.37, 0.0]), "lats": np.array([38.705, 0.0]), "times": np.array([0, 0])}
    for line in code.splitlines():
        statement, _, comment = line.partition("#")
        shown = re.match(r"\s*('[^']*'|\d+)", comment)
        if shown:
            assert eval(statement, names) == eval(shown[1])
        else:
            exec(statement, names)
