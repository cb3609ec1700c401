"""Verdicts that were wrong once, from a feed file to the verdict: each is what the data can bear. SIMULATED ships."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from darkwake import times, workspace
from darkwake.answers.evaluate import Verdict
from darkwake.workspace import Workspace

CASES = Path(__file__).parent.parent / "cases"
SHIP = 299000001
START = times.parse("2022-03-01")
HARBOUR, AWAY = (38.70, 125.40), (38.30, 124.30)  # lat, lon: in the port of Nampo, and some 100 km off
#: Of ten days: at sea, sailing in, moored, sailing out.
SEA_H, SAIL_H, MOORED_H, CYCLE_H = 120, 12, 96, 240


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with workspace.create(tmp_path / "w") as made:
        yield made


def voyages(path: Path, first_day: int, days: int, mmsi: int = SHIP) -> Path:
    """A ship that calls at Nampo every ten days, heard every half hour, from one day of its voyages on."""
    lines = ["mmsi,time,lat,lon,sog_knots,nav_status"]
    for half in range(first_day * 48, (first_day + days) * 48):
        phase = (half / 2) % CYCLE_H
        inward = min(max((phase - SEA_H) / SAIL_H, 0.0), 1.0)
        outward = min(max((phase - SEA_H - SAIL_H - MOORED_H) / SAIL_H, 0.0), 1.0)
        share = inward - outward
        lat, lon = (a + (b - a) * share for a, b in zip(AWAY, HARBOUR, strict=True))
        moored = share == 1.0
        speed = 0.0 if moored else 5.0 if share in (0.0, 1.0) else 5.5
        wobble = 0.0 if moored else 0.01 * ((half % 5) - 2)
        when = times.iso(START + half * times.HOUR_US // 2)
        lines.append(f"{mmsi},{when},{lat + wobble:.5f},{lon:.5f},{speed},{5 if moored else 0}")
    path.write_text("\n".join([*lines, ""]))
    return path


def asked(ws: Workspace, query: dict[str, Any], as_of: int | None = None) -> Verdict:
    claim = ws.casebook.add_claim(json.dumps(query), query, asserted_by="SIM WITNESS")["id"]
    (answer,) = ws.casebook.verify_claims([claim], as_of=as_of)
    assert answer.verdict is not None, answer.error
    return answer.verdict


def calls(comparison: str, number: int, mmsi: int = SHIP, **given: Any) -> dict[str, Any]:
    of = {"kind": "port_call", "vessel": f"mmsi:{mmsi}", "place": "KPNAM", **given}
    return {"v": 2, "count": of, comparison: number}


PERIOD = {"since": "2022-03-01T00:00:00Z", "until": "2022-05-30T00:00:00Z"}  # nine voyages of ten days


@pytest.fixture
def nine(ws: Workspace, tmp_path: Path) -> Workspace:
    """Nine calls, all of them looked for."""
    ws.import_files([voyages(tmp_path / "all.csv", 0, 90)])
    ws.detect(["port_call", "gap"])
    return ws


def test_nine_calls_are_found_and_bounded_and_the_verdict_names_its_run(nine: Workspace) -> None:
    verdict = asked(nine, calls("at_least", 7, **PERIOD))
    assert (verdict.outcome, verdict.lower, verdict.upper) == ("supported", 9, 9)
    assert asked(nine, calls("at_most", 8, **PERIOD)).outcome == "contradicted"
    told = verdict.to_json()
    assert told["runs"] == [nine.ledger.entries("detect")[-1].number]
    assert len(told["segments"]) == 1
    (stretch,) = told["coverage_of"]["port_call"]["stretches"]
    assert stretch["method"]["name"] == "port_call"
    assert stretch["method"]["params"]["min_stop_h"] == 0.25


def test_a_later_import_that_was_not_looked_at_contradicts_nothing(ws: Workspace, tmp_path: Path) -> None:
    ws.import_files([voyages(tmp_path / "one.csv", 0, 50)])
    ws.detect()
    ws.import_files([voyages(tmp_path / "two.csv", 50, 40)])
    ws.detect(["gap"])
    verdict = asked(ws, calls("at_least", 7, **PERIOD))
    assert (verdict.outcome, verdict.lower, verdict.upper) == ("not_enough_data", 5, None)
    assert any("imported after run" in note and "event detect port_call" in note for note in verdict.notes)
    ws.detect(["port_call"])
    again = asked(ws, calls("at_least", 7, **PERIOD))
    assert (again.outcome, again.lower, again.upper) == ("supported", 9, 9)


def test_a_run_up_to_the_middle_of_the_period_contradicts_nothing(ws: Workspace, tmp_path: Path) -> None:
    ws.import_files([voyages(tmp_path / "all.csv", 0, 90)])
    ws.detect(["port_call"], until="2022-04-15")
    verdict = asked(ws, calls("at_least", 7, **PERIOD))
    assert (verdict.outcome, verdict.upper) == ("not_enough_data", None)
    assert 4 <= verdict.lower <= 5
    ws.detect(["port_call"], since="2022-04-15")
    assert asked(ws, calls("exactly", 9, **PERIOD)).outcome == "supported"


def test_a_run_with_other_parameters_stands_apart(ws: Workspace, tmp_path: Path) -> None:
    ws.import_files([voyages(tmp_path / "all.csv", 0, 90)])
    ws.detect(["port_call"], profile="week", params={"port_call": {"min_stop_h": 168}})
    verdict = asked(ws, calls("at_least", 7, **PERIOD))
    assert (verdict.outcome, verdict.upper) == ("not_enough_data", None)
    ws.detect(["port_call"])
    assert asked(ws, calls("at_least", 7, **PERIOD)).outcome == "supported"
    ws.detect(["port_call"], profile="week")
    assert asked(ws, calls("at_least", 7, **PERIOD)).outcome == "supported"


def test_a_ship_that_lies_there_all_the_time_was_there_and_contradicts_no_call(ws: Workspace) -> None:
    ws.import_files([CASES / "covers_period.csv"])
    ws.detect()
    inside = {"since": "2022-04-19T06:00:00Z", "until": "2022-04-19T18:00:00Z"}
    where = {"vessel": "mmsi:298000910", "place": "KPNAM", **inside}
    there = asked(ws, {"v": 2, "present": where})
    assert there.outcome == "supported"
    assert len(there.stays) == 1
    assert asked(ws, calls("at_least", 1, 298000910, **inside)).outcome == "supported"
    for counted in ("overlaps", "begins"):
        assert asked(ws, calls("at_least", 1, 298000910, counted=counted, **inside)).outcome != "contradicted"


def test_one_stray_report_evidences_no_call(ws: Workspace) -> None:
    ws.import_files([CASES / "stray_call.csv"])
    ws.detect()
    verdict = asked(ws, calls("at_least", 1, 298000703))
    assert verdict.outcome != "supported"
    assert verdict.lower == 0


def test_a_passage_is_no_call(ws: Workspace, tmp_path: Path) -> None:
    """With a port as lists of ports have them: a circle."""
    place = {
        "type": "Feature",
        "properties": {
            "code": "SIM-GIB", "name": "SIM GIBRALTAR", "country": "XX", "kind": "port", "source": "made up",
            "radius_m": 8000,
        },
        "geometry": {"type": "Point", "coordinates": [-5.35, 36.13]},
    }  # fmt: skip
    path = tmp_path / "port.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [place]}))
    ws.import_places(path)
    ws.import_files([CASES / "passing.csv"])
    ws.detect()
    query = {"v": 2, "exists": {"kind": "port_call", "vessel": "mmsi:298000811", "place": "SIM-GIB"}}
    verdict = asked(ws, query)
    assert (verdict.outcome, verdict.lower) == ("not_enough_data", 0)


def test_a_hole_between_two_archives_is_no_silence_of_the_ship(ws: Workspace, tmp_path: Path) -> None:
    ws.import_files([voyages(tmp_path / "one.csv", 0, 10), voyages(tmp_path / "two.csv", 652, 10)])
    ws.detect()
    query = {"v": 2, "exists": {"kind": "gap", "vessel": f"mmsi:{SHIP}", "min": {"duration_h": 1000}}}
    verdict = asked(ws, query)
    assert (verdict.outcome, verdict.lower) == ("not_enough_data", 0)
    assert ws.events(["gap"]) == []


def test_a_call_after_the_period_makes_no_room_in_it(ws: Workspace, tmp_path: Path) -> None:
    """The data end while she lies in port, long after the days that are asked about."""
    ws.import_files([voyages(tmp_path / "all.csv", 0, 8)])
    ws.detect()
    assert [stored.event.end for stored in ws.events(["port_call"])] == [None]
    days = {"since": "2022-03-02T00:00:00Z", "until": "2022-03-04T00:00:00Z"}
    assert asked(ws, calls("exactly", 0, **days)).outcome == "supported"


def test_places_that_come_later_change_no_verdict_that_was_pinned(nine: Workspace, tmp_path: Path) -> None:
    number = nine.ledger.entry().number
    before = asked(nine, calls("at_least", 7, **PERIOD), number)
    elsewhere = {
        "type": "Feature",
        "properties": {"code": "KPNAM", "name": "Nampo", "country": "KP", "kind": "port", "source": "made up"},
        "geometry": {"type": "Polygon", "coordinates": [[[10, 10], [10, 10.1], [10.1, 10.1], [10, 10]]]},
    }
    path = tmp_path / "moved.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [elsewhere]}))
    nine.import_places(path)
    assert asked(nine, calls("at_least", 7, **PERIOD), number) == before
    now = asked(nine, calls("at_most", 9, **PERIOD))
    assert now.upper is None
    assert any("laces were imported" in note for note in now.notes)
