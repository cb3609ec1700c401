"""From reports to a port that no list has: learned, told as such, accepted. Made-up ships, SIMULATED."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from darkwake import times, workspace
from darkwake.places.model import ACCEPTED, LEARNED
from darkwake.workspace import Workspace

HAVEN = (-150.0, 40.0)  # lon, lat: 800 nm from any port
SHIPS, STAYS, EVERY_MIN, STAY_H, AWAY_H = 6, 4, 20, 6, 6


def feed(lon: float, lat: float) -> Iterator[str]:
    """Each ship comes in from thirty miles, lies moored, goes out the same way and comes back, four times."""
    yield "mmsi,time,lat,lon,sog,cog,navstatus,msgtype"
    start = times.parse("2026-01-05")
    for ship in range(SHIPS):
        for step in range(STAYS * (STAY_H + AWAY_H) * 60 // EVERY_MIN):
            hour = step * EVERY_MIN / 60
            out = max(0.0, hour % (STAY_H + AWAY_H) - STAY_H)  # hours since it left, three of them outward
            miles = 10.0 * min(out, AWAY_H - out) if out else 0.0
            east = (ship * 80 + 10) / 111_195 + miles / 60 / math.cos(math.radians(lat))
            sailing = f"10.0,{90 if out < AWAY_H / 2 else 270},0" if miles else "0.0,0,5"
            moment = times.iso(start + round((hour + ship * 2.5) * times.HOUR_US))
            yield f"{299000001 + ship},{moment},{lat:.6f},{lon + east:.6f},{sailing},1"


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    (tmp_path / "feed.csv").write_text("\n".join([*feed(*HAVEN), ""]))
    with workspace.create(tmp_path / "w", simulated=True) as made:
        made.import_files([tmp_path / "feed.csv"])
        yield made


def calls(ws: Workspace) -> list[tuple[str | None, bool]]:
    return [(each.event.place, bool(each.event.measures["stop_seen"])) for each in ws.events(["port_call"])]


def test_from_rests_to_calls_at_a_learned_port_and_to_a_known_one(ws: Workspace) -> None:
    before = ws.detect()
    assert (calls(ws), dict(before.rests)) == ([], {"known": 0, "learned": 0, "beyond": SHIPS * STAYS})
    assert "in none that is known: no call there is told" in ws.reports.dossier(299_000_001).html

    made = ws.learn_places()
    [port] = made.places
    assert (port.ships, port.rests, port.place.origin) == (SHIPS, SHIPS * STAYS, LEARNED)
    assert made.new == {port.place.code}
    assert (made.shares.learned, made.shares.beyond) == (SHIPS * STAYS, 0)
    assert ws.learn_places().number is None

    ws.detect()
    assert calls(ws) == [(port.place.code, True)] * (SHIPS * STAYS)
    assert port.place.code.startswith("LEARNED-")
    assert port.place.name in ws.reports.dossier(299_000_001).html

    known = ws.accept_place(port.place.code, reason="SIM chart 1", by="SIM ANA", name="SIM Haven", country="XX")
    assert (known.origin, ws.places.by_code(known.code).name) == (ACCEPTED, "SIM Haven")
    assert ws.learn_places().places == ()
    assert dict(ws.detect().rests) == {"known": SHIPS * STAYS, "learned": 0, "beyond": 0}
    assert len(calls(ws)) == SHIPS * STAYS
    assert list(ws.verify()) == []


def test_a_rejected_place_takes_its_calls_along_and_does_not_come_back(ws: Workspace) -> None:
    ws.detect()
    [port] = ws.learn_places().places
    ws.detect()
    ws.reject_place(port.place.code, reason="SIM wind farm")
    assert ws.learn_places().places == ()
    ws.detect()
    assert calls(ws) == []
    assert {each.event.state for each in ws.events(["port_call"], retracted=True)} == {"retracted"}


def test_a_wait_that_a_place_swallows_is_retracted_with_that_reason(ws: Workspace, tmp_path: Path) -> None:
    ws.detect()
    stood = ws.events(["loitering", "encounter"])
    assert stood
    [port] = ws.learn_places().places
    ws.detect()
    gone = [each for each in ws.events(["loitering", "encounter"], retracted=True) if each.event.state == "retracted"]
    assert len(gone) == len(stood)
    assert all(port.place.code in (each.reason or "") and "not known then" in (each.reason or "") for each in gone)
