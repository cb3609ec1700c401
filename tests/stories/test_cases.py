"""Small feeds that went wrong once, with the right value: each stands for a kind. Made-up numbers, SIMULATED."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from darkwake import workspace
from darkwake.events.model import Event
from darkwake.workspace import Workspace

CASES = Path(__file__).parent.parent / "cases"


class Case:
    """A feed, imported and detected."""

    def __init__(self, ws: Workspace, name: str) -> None:
        ws.import_files([CASES / f"{name}.csv"])
        ws.detect()
        self.ws = ws

    def segments(self) -> list[tuple[int, str]]:
        """Positions and end reason of each, the longest first."""
        rows = self.ws.snapshot().scan("segments", ["positions", "end_reason"]).to_pylist()
        return sorted(((row["positions"], row["end_reason"]) for row in rows), reverse=True)

    def events(self, kind: str) -> list[Event]:
        return [stored.event for stored in self.ws.events([kind])]

    def verdict(self, query: dict[str, object]) -> tuple[str, int]:
        claim = self.ws.casebook.add_claim(str(query), query, asserted_by="SIM WITNESS")["id"]
        (answer,) = self.ws.casebook.verify_claims([claim])
        assert answer.verdict is not None, answer.error
        return answer.verdict.outcome, answer.verdict.lower


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with workspace.create(tmp_path / "w") as made:
        yield made


def test_two_moored_hulls_a_hundred_miles_apart_are_two(ws: Workspace) -> None:
    case = Case(ws, "hop_moored")
    assert case.segments() == [(60, "end_of_data"), (60, "end_of_data")]
    boxes = ws.snapshot().scan("segments", ["south", "north"]).to_pylist()
    assert all(row["north"] - row["south"] < 0.01 for row in boxes)


def test_a_drifting_hull_and_one_under_way_are_two(ws: Workspace) -> None:
    assert [size for size, _ in Case(ws, "hop_drifting").segments()] == [80, 30]


def test_stray_fixes_stand_apart_and_the_hull_stays_whole(ws: Workspace) -> None:
    case = Case(ws, "hijack")
    hull, *strays = case.segments()
    assert hull == (1200, "end_of_data")
    assert (sum(size for size, _ in strays), {told for _, told in strays}) == (3, {"stray"})
    assert case.events("gap") == []


def test_two_stray_fixes_make_no_silence(ws: Workspace) -> None:
    case = Case(ws, "stray_gap")
    assert case.segments() == [(900, "end_of_data"), (1, "stray"), (1, "stray")]
    assert case.events("gap") == []


def test_reports_without_a_position_are_reports(ws: Workspace) -> None:
    case = Case(ws, "no_position")
    assert case.events("gap") == []
    assert ws.snapshot().rows("heard") == 119
    (event,) = case.events("no_position")
    assert (event.measures["reports"], event.state) == (119, "closed")


def test_a_ship_that_lies_there_all_the_time_was_there_and_contradicts_no_call(ws: Workspace) -> None:
    case = Case(ws, "covers_period")
    period = {"since": "2022-04-19T06:00:00Z", "until": "2022-04-19T18:00:00Z"}
    at = {"vessel": "mmsi:298000910", "place": "KPNAM", **period}
    assert case.verdict({"v": 2, "present": at}) == ("supported", 1)
    called = {"kind": "port_call", **at}
    assert case.verdict({"v": 2, "exists": called})[0] != "contradicted"
    (call,) = case.events("port_call")
    assert call.measures["stop_seen"]


def test_a_position_repeated_under_way_is_neither_a_stay_nor_a_stop(ws: Workspace) -> None:
    case = Case(ws, "repeated_position")
    assert case.events("loitering") == case.events("port_call") == []
    (event,) = case.events("frozen")
    assert "contradict each other" in event.reasons[0]
    assert event.measures["sent_speed_knots"] == 13.2


def test_a_stray_report_at_nampo_is_no_call(ws: Workspace) -> None:
    case = Case(ws, "stray_call")
    query = {"v": 2, "exists": {"kind": "port_call", "vessel": "mmsi:298000703", "place": "KPNAM"}}
    outcome, lower = case.verdict(query)
    assert (outcome != "supported", lower) == (True, 0)
    assert (1, "stray") in case.segments()


def test_a_passage_through_a_port_of_the_world_is_possible_at_most(ws: Workspace) -> None:
    """By the ports that ship: no circle has to be imported."""
    case = Case(ws, "passing")
    for mmsi in (298000811, 298000812):
        for place in ("WPI38330", "ESALG"):
            query = {"v": 2, "exists": {"kind": "port_call", "vessel": f"mmsi:{mmsi}", "place": place}}
            outcome, lower = case.verdict(query)
            assert (outcome != "supported", lower) == (True, 0)


def test_a_stray_neither_shows_a_ship_there_nor_makes_room_for_her(ws: Workspace, tmp_path: Path) -> None:
    """She lay 9 km off for two days; one stray lies in the port, another far away."""
    place = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [140.0, 20.08]}}
    place["properties"] = {"code": "XXSIM", "name": "SIM Port", "kind": "port", "radius_m": 500}
    (tmp_path / "port.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [place]}))
    rows = [
        f"298000911,2022-04-{19 + k // 144}T{k // 6 % 24:02d}:{k % 6 * 10:02d}:00Z,20.0,140.0,0.0,0" for k in range(288)
    ]
    rows[100:100] = ["298000911,2022-04-19T16:35:00Z,20.08,140.0,0.0,0"]
    rows[200:200] = ["298000911,2022-04-20T09:05:00Z,25.0,144.0,0.0,0"]
    (tmp_path / "strays.csv").write_text("\n".join(["mmsi,time,lat,lon,sog,cog", *rows, ""]))
    ws.import_places(tmp_path / "port.geojson")
    ws.import_files([tmp_path / "strays.csv"])
    ws.detect()
    at = {
        "vessel": "mmsi:298000911",
        "place": "XXSIM",
        "since": "2022-04-19T02:00:00Z",
        "until": "2022-04-20T22:00:00Z",
    }
    claims = [{"v": 2, "present": at}, {"v": 2, "exists": {"kind": "port_call", **at}}]
    ids = [ws.casebook.add_claim(str(each), each, asserted_by="SIM WITNESS")["id"] for each in claims]
    there, called = (answer.verdict for answer in ws.casebook.verify_claims(ids))
    assert there is not None
    assert called is not None
    assert there.outcome != "supported"
    assert "stray" in there.stays_apart[0].why
    assert called.outcome == "contradicted"
    assert not any("ships used this MMSI" in note for note in called.notes)


def test_a_silence_in_one_feed_is_none_once_another_feed_heard_her(ws: Workspace, tmp_path: Path) -> None:
    """The shore lost her for ten hours, the satellite did not; a second ship was heard all the time."""

    def feed(name: str, ship: Callable[[int], bool], other: bool) -> Path:
        rows = [
            f"{mmsi},2022-04-{1 + k // 144:02d} {k // 6 % 24:02d}:{k % 6}0:00Z,{north + k * 0.02:.3f},140.0,7.0,0"
            for k in range(432)
            for mmsi, north, sent in ((298000921, 20.0, ship(k)), (298000922, 20.5, other))
            if sent
        ]
        (tmp_path / name).write_text("\n".join(["mmsi,time,lat,lon,sog,cog", *rows, ""]))
        return tmp_path / name

    ws.import_files([feed("shore.csv", lambda k: not 200 < k < 260, other=True)])
    ws.detect()
    (gap,) = (stored for stored in ws.events(["gap"]))
    assert gap.event.vessels[0].mmsi == 298000921
    ws.import_files([feed("satellite.csv", lambda k: k % 7 == 0, other=False)])
    ws.detect()
    assert [stored for stored in ws.events(["gap"]) if stored.event.state != "retracted"] == []
