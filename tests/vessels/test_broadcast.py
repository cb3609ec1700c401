from __future__ import annotations

from pathlib import Path

import pytest

from darkwake import workspace
from darkwake.errors import AmbiguousError, NotFoundError, UsageError
from darkwake.vessels.broadcast import VesselQuery, mmsis, only_mmsi, search

ROWS = """mmsi,time,lat,lon,name,callsign,imo
299000001,2026-01-05T00:00:00Z,38.0,124,SIM AURORA,SIM01,
299000001,2026-01-05T00:10:00Z,38.0,124,SIM AURORA,SIM01,
299000002,2026-01-05T00:00:00Z,38.5,124,SIM AURORA,SIM02,2990027
"""


@pytest.fixture
def ws(tmp_path: Path) -> workspace.Workspace:
    (tmp_path / "t.csv").write_text(ROWS)
    made = workspace.create(tmp_path / "w", simulated=True)
    made.import_files([tmp_path / "t.csv"])
    made.build_tracks()
    return made


def test_a_reference_stands_for_the_mmsis_that_sent_it(ws: workspace.Workspace) -> None:
    snapshot = ws.snapshot()
    assert mmsis(snapshot, "callsign:sim02") == [299000002]
    assert mmsis(snapshot, 'name:"SIM AURORA"') == [299000001, 299000002]
    assert only_mmsi(snapshot, "imo:2990027") == 299000002
    assert {row["mmsi"] for row in search(snapshot, "auro")} == {299000001, 299000002}
    with pytest.raises(AmbiguousError, match="mmsi:299000001, mmsi:299000002"):
        only_mmsi(snapshot, "name:SIM AURORA")
    with pytest.raises(NotFoundError, match="299000009"):
        mmsis(snapshot, "mmsi:299000009")


@pytest.mark.parametrize("text", ["mmsi:²", "imo:99999999999999999999", "flag:KP", "name:", "mmsi:abc"])
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        VesselQuery.parse(text)


def test_a_claim_may_name_its_vessel_by_what_was_sent(ws: workspace.Workspace) -> None:
    count = {"kind": "port_call", "vessel": "callsign:SIM02"}
    row = ws.casebook.add_claim("It called.", {"v": 1, "count": count, "at_least": 1}, asserted_by="SIM WITNESS")
    assert row["query"]["count"]["vessel"] == "mmsi:299000002"
    count["vessel"] = "name:SIM AURORA"
    with pytest.raises(AmbiguousError, match="mmsi:299000001"):
        ws.casebook.add_claim("It called.", {"v": 1, "count": count, "at_least": 1}, asserted_by="SIM WITNESS")
