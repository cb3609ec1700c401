"""Withdrawing an import through a workspace: its events go for that reason, and verdicts that rest on it say so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from darkwake import times, workspace
from darkwake.ledger.details import Detection
from darkwake.workspace import Workspace

SHIP = 299000001


def feed(
    path: Path, start: str, hours: int, lon: float = 124.0, silence: tuple[int, int] = (0, 0), ship: int = SHIP
) -> Path:
    """A ship that lies still, heard every half hour but for a silence."""
    first = times.parse(start)
    kept = [half for half in range(2 * hours) if not silence[0] <= half / 2 < silence[1]]
    lines = [f"{ship},{times.iso(first + half * times.HOUR_US // 2)},38.0,{lon},0.1" for half in kept]
    path.write_text("\n".join(["mmsi,time,lat,lon,sog_knots", *lines, ""]))
    return path


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with workspace.create(tmp_path / "w") as made:
        made.import_files([feed(tmp_path / "a.csv", "2022-03-01", 24)])
        made.import_files([feed(tmp_path / "b.csv", "2022-03-02T12:00:00Z", 48)])
        made.import_files([feed(tmp_path / "other.csv", "2022-03-01", 84, 124.5, ship=SHIP + 1)])
        made.detect(["gap"])
        yield made


def test_events_of_a_withdrawn_import_are_retracted_for_that_reason(ws: Workspace) -> None:
    (gap,) = [stored for stored in ws.events(["gap"]) if stored.event.end is not None]
    before = ws.ledger.entry().number
    ws.withdraw(2, reason="another ship's log")
    assert [stored for stored in ws.events(["gap"]) if stored.id == gap.id and stored.event.state == "closed"] == []
    assert gap.id in {stored.id for stored in ws.events(["gap"], as_of=before)}
    now = {stored.id: stored for stored in ws.events(["gap"], retracted=True)}[gap.id]
    assert now.event.state == "retracted" or now.event.end is None


def test_a_withdrawal_of_all_reports_retracts_with_the_reason(ws: Workspace) -> None:
    ids = {stored.id for stored in ws.events(["gap"])}
    ws.withdraw(1, reason="a wrong zone")
    ws.withdraw(2, reason="a wrong zone")
    assert ws.events(["gap"]) == []
    gone = ws.events(["gap"], retracted=True)
    assert {stored.id for stored in gone} >= ids
    assert all("was withdrawn" in (stored.reason or "") for stored in gone)


def test_what_was_looked_for_is_looked_for_again_as_it_was(ws: Workspace) -> None:
    ws.detect(["gap"], profile="long", params={"gap": {"min_gap_h": 10}})
    ws.detect(["gap"], until="2022-03-02")
    numbers = {run.number for run in ws._detection.again()}
    again = [run for entry, run in ws.ledger.told(Detection) if entry.number in numbers]
    periods = [(run.profile, run.until is None) for run in again]
    assert periods == [("default", True), ("long", True), ("default", False)]
    assert again[1].methods["gap"]["params"]["min_gap_h"] == 10


def test_a_verdict_that_rested_on_a_withdrawn_import_says_so(ws: Workspace) -> None:
    query = {"v": 2, "exists": {"kind": "gap", "vessel": f"mmsi:{SHIP}"}}
    claim = ws.casebook.add_claim("She fell silent.", query, asserted_by="SIM WITNESS")["id"]
    ws.casebook.verify_claims([claim])
    assert ws.casebook.claim(claim)["verdict"]["withdrawn_since"] == []
    ws.withdraw(2, reason="another ship's log")
    assert ws.casebook.claim(claim)["verdict"]["withdrawn_since"] == [2]
    assert "import 2" in ws.reports.claim(claim).html
    ws.casebook.verify_claims([claim])
    assert ws.casebook.claim(claim)["verdict"]["withdrawn_since"] == []
