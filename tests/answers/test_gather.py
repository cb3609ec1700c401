"""From a workspace to a verdict: what is gathered, and that the small inputs that went wrong come out right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from darkwake import times, workspace
from darkwake.answers import gather
from darkwake.answers.evaluate import Verdict, evaluate
from darkwake.answers.query import from_json
from darkwake.detectors.coverage import Coverage, Stretch
from darkwake.engine import open_engine
from darkwake.tracks import reception
from darkwake.tracks.reception import ReceptionModel

SHIP, STRAY = 299000010, 299000703
NAMPO, SICILY = (38.716, 125.39), (36.0, 15.0)


def rows(mmsi: int, *reports: tuple[str, tuple[float, float], float, int]) -> str:
    return "".join(f"{mmsi},{at},{lat},{lon},{knots},{status}\n" for at, (lat, lon), knots, status in reports)


def case() -> str:
    """A ship in Nampo for two days, and one south of Sicily that is heard at Nampo once, between two hours."""
    first = times.parse("2022-04-18T12:00:00Z")
    lying = [(str(times.iso(first + k * 600 * times.SECOND_US)), NAMPO, 0.0, 5) for k in range(6 * 48)]
    out = [(f"2022-04-18T{h:02}:00:00Z", (38.4, 124.0 + 0.2 * k), 9.0, 0) for k, h in enumerate(range(4, 10))]
    sailing = [(f"2022-04-19T{h:02}:00:00Z", (36.0, 15.0 + 0.1 * h), 5.0, 0) for h in range(12)]
    stray = [("2022-04-19T02:30:00Z", NAMPO, 0.0, 5)]
    return "mmsi,time,lat,lon,sog,navstatus\n" + rows(SHIP, *out, *lying) + rows(STRAY, *sailing, *stray)


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[workspace.Workspace]:
    folder = tmp_path_factory.mktemp("gather")
    (folder / "t.csv").write_text(case())
    with workspace.create(folder / "w", simulated=True) as made:
        made.import_files([folder / "t.csv"])
        made.detect(["port_call", "gap"])
        yield made


def no_reception() -> ReceptionModel:
    raise AssertionError("nobody asked for a place")


class Looked:
    """Complete coverage, and a record of what was asked of it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, kind: str, **asked: Any) -> Coverage:
        self.asked.append((kind, asked))
        method = {"name": kind, "version": "1.1", "profile": asked["profile"], "params": {}}
        stretch = Stretch(asked["since"], asked["until"], 3, 2, method)
        return Coverage(kind, asked["profile"], asked["since"], asked["until"], (stretch,))


def verdict(ws: workspace.Workspace, query: dict[str, Any], looked: Looked | None = None) -> Verdict:
    snapshot = ws.snapshot()
    model = reception.model(snapshot, open_engine("local"))
    typed = from_json({"v": 2, **query})
    return evaluate(typed, gather.data_for(typed, snapshot, ws.places, looked or Looked(), lambda: model))


def of(mmsi: int | None, **more: Any) -> dict[str, Any]:
    whose = {} if mmsi is None else {"vessel": f"mmsi:{mmsi}"}
    return {"kind": "port_call", **whose, "place": "KPNAM", **more}


DAY = {"since": "2022-04-19", "until": "2022-04-20"}


def test_a_ship_that_lies_there_was_there_and_contradicts_nothing(ws: workspace.Workspace) -> None:
    where = {"vessel": f"mmsi:{SHIP}", "place": "KPNAM"}
    assert verdict(ws, {"present": {**where, **DAY}}).outcome == "supported"
    assert verdict(ws, {"exists": of(SHIP, **DAY)}).outcome == "supported"
    begun = verdict(ws, {"exists": of(SHIP, counted="begins", **DAY)})
    assert (begun.outcome, begun.lower, begun.upper) == ("not_enough_data", 0, 1)


def test_a_stray_call_is_no_evidence_whoever_is_asked_about(ws: workspace.Workspace) -> None:
    one = verdict(ws, {"exists": of(STRAY, **DAY)})
    assert (one.outcome, one.lower, one.upper, len(one.apart)) == ("not_enough_data", 0, 1, 1)
    anyone = verdict(ws, {"count": of(None, **DAY), "at_least": 2})
    assert (anyone.outcome, anyone.lower, anyone.upper) == ("not_enough_data", 1, None)
    assert any("contradicted" in why for o in anyone.apart for why in o.why)


def test_the_verdict_says_what_it_rests_on(ws: workspace.Workspace) -> None:
    found = verdict(ws, {"exists": of(SHIP, **DAY)})
    kept = found.to_json()
    run = ws.ledger.entries("detect")[-1].number
    assert kept["runs"] == sorted({3, run})
    assert kept["coverage_of"]["port_call"]["stretches"][0]["run"] == 3
    assert kept["segments"] == [
        f"seg:{v.segment:012x}" for v in ws.events(["port_call"], vessel=f"mmsi:{SHIP}")[0].event.vessels
    ]
    assert kept["feeds"] == [["2022-04-18T04:00:00Z", "2022-04-20T11:50:00.000001Z"]]


def test_each_kind_is_asked_for_over_its_own_period(ws: workspace.Workspace) -> None:
    looked = Looked()
    gaps = {"kind": "gap", "vessel": f"mmsi:{SHIP}", **DAY}
    verdict(ws, {"within": gaps, "near": {"kind": "port_call"}, "hours": 6}, looked)
    day, later = times.parse("2022-04-19"), times.parse("2022-04-20")
    asked = {kind: (given["since"], given["until"], given["mmsi"], given["profile"]) for kind, given in looked.asked}
    reach = 6 * times.HOUR_US
    assert asked == {
        "gap": (day, later, SHIP, "default"),
        "port_call": (day - reach, later + reach, SHIP, "default"),
    }


def test_where_a_ship_was_is_asked_of_its_tracks(ws: workspace.Workspace) -> None:
    looked = Looked()
    found = verdict(ws, {"present": {"vessel": f"mmsi:{SHIP}", "place": "KPNAM", **DAY}}, looked)
    day, later = times.parse("2022-04-19"), times.parse("2022-04-20")
    assert looked.asked == [("track", {"profile": "default", "since": day, "until": later, "mmsi": SHIP})]
    assert (found.runs, list(found.coverage_of)) == ((), ["track"])


def test_events_of_another_profile_are_not_read(ws: workspace.Workspace) -> None:
    typed = from_json({"v": 2, "exists": {"kind": "port_call", "vessel": f"mmsi:{SHIP}"}})
    other = gather.data_for(typed, ws.snapshot(), ws.places, Looked(), no_reception, profile="long-stops")
    assert (list(other.events), other.profile, other.coverage["port_call"].profile) == ([], "long-stops", "long-stops")


def test_what_no_detector_finds_yet_was_not_looked_for(ws: workspace.Workspace) -> None:
    looked = Looked()
    found = verdict(ws, {"exists": {"kind": "twin", "vessel": f"mmsi:{SHIP}"}}, looked)
    assert (looked.asked, found.outcome, found.upper) == ([], "not_enough_data", None)
    assert "was not looked through for twins" in found.notes[0]


def test_a_vessel_that_nobody_heard(ws: workspace.Workspace) -> None:
    found = verdict(ws, {"exists": of(299000999, **DAY)})
    assert (found.outcome, found.coverage, found.segments) == ("not_enough_data", 0.0, ())
    segment = verdict(ws, {"exists": {**of(None, **DAY), "vessel": "seg:000000000001"}})
    assert segment.outcome == "not_enough_data"


def test_a_period_to_the_end_of_time_is_answered_and_drawn(ws: workspace.Workspace) -> None:
    query = {
        "v": 2,
        "present": {"vessel": f"mmsi:{SHIP}", "place": "KPNAM", "since": "0001-01-01", "until": "9999-12-31"},
    }
    for asked in (query, {"v": 2, "exists": of(SHIP, since="0001-01-01", until="9999-12-31")}):
        claim = ws.casebook.add_claim("It was there.", asked, asserted_by="SIM WITNESS")
        (answer,) = ws.casebook.verify_claims([claim["id"]])
        assert answer.verdict is not None
        assert answer.verdict.outcome == "supported"
        assert "<svg" in ws.reports.claim(claim["id"]).html
