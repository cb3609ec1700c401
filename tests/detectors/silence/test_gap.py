from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from darkwake import refs, times, workspace
from darkwake.detectors.base import Context, values_of
from darkwake.detectors.silence.gap import CANDIDATES, Gap
from darkwake.engine.stages import run_first
from darkwake.events.model import Event
from darkwake.tracks.reception import ReceptionModel
from tracks.made import BUCKET, SHIP, T0, built, report, voyage

HOUR_MIN = 60


@dataclass
class Ports:
    """Two made-up ports, in use over all of `valid` (µs)."""

    rows: tuple[tuple[str, float, float], ...] = (("XXNEAR", 124.5, 38.5), ("XXFAR", 140.0, 30.0))
    valid: tuple[int, int] = (-(2**62), 2**62)

    def distance_to_port_m(self, lon: Any, lat: Any, moment: Any) -> Any:
        return np.full(len(lon), 1e6)

    def ports_table(self) -> pa.Table:
        code, lon, lat = zip(*self.rows, strict=True)
        valid = {
            name: [instant] * len(code) for name, instant in zip(("valid_from", "valid_to"), self.valid, strict=True)
        }
        return pa.table({"code": code, "lon": lon, "lat": lat, **valid})


class Fixed(ReceptionModel):
    """Says the same of every silence."""

    def __init__(self, p: float) -> None:
        self.p = p

    def data_until(self, silent: Any, hole_us: int) -> Any:
        return silent["end"]

    def judge(self, silent: Any) -> Any:
        from darkwake.tracks.reception import Judged

        n = len(silent["start"])
        return Judged(*(pa.array([v] * n).to_numpy() for v in (self.p, 12.0, 1.0, 5, 0.5, 0.5, 1.0, 1.0)))


def gaps(
    rows: list[dict[str, Any]],
    end_min: float | None = None,
    model: Any = None,
    ports: Ports | None = None,
    **given: float,
) -> list[Event]:
    found = built(rows)
    tracks = found.tracks
    moments = tracks["time"].cast(pa.int64()).to_pylist()
    end = max(moments) if end_min is None else T0 + round(end_min * times.MINUTE_US)
    context = Context(min(moments), end, ports or Ports(), None, reception=model)
    detector = Gap()
    values = values_of(detector, given)
    plan = detector.plan(values, context)
    candidates = run_first(plan, {"tracks": tracks, "statics": found.statics, "heard": found.heard}, "")
    assert candidates.schema == CANDIDATES
    return detector.finish(candidates, values, context)


def with_silence(hours: float, moved_nm: float = 60.0) -> list[dict[str, Any]]:
    before = voyage(0, 5, 124, 38, 10)
    start = before[-1]
    after = voyage(5 * HOUR_MIN + hours * HOUR_MIN, 5, start["lon"] + moved_nm / 60 / 0.788, 38, 10)
    return before + after


def test_one_silence_is_one_gap() -> None:
    [event] = gaps(with_silence(30))
    assert (event.state, event.end - event.start) == ("closed", 30 * times.HOUR_US)
    assert event.measures["duration_h"] == 30
    assert event.measures["distance_km"] == pytest.approx(111.1, abs=0.5)
    assert event.measures["implied_speed_knots"] == pytest.approx(2.0, abs=0.01)
    assert event.measures["p_silence_by_reception"] is None
    assert event.vessels[0].mmsi == SHIP
    assert event.id.startswith("gap-")


@pytest.mark.parametrize(("hours", "found"), [(6.0, 0), (6.02, 1)])
def test_longer_than_the_parameter(hours: float, found: int) -> None:
    assert len(gaps(with_silence(hours))) == found


def test_evidence_points_at_the_reports_on_both_sides() -> None:
    rows = with_silence(30)
    [event] = gaps(rows)
    spans = [refs.parse(text).spans[0] for text in event.evidence]
    expected = [rows[30]["spans"][0], rows[31]["spans"][0]]
    assert [(s.offset, s.length) for s in spans] == [(e["offset"], e["length"]) for e in expected]


def test_an_open_gap_keeps_its_id_when_it_closes() -> None:
    rows = with_silence(30)
    [event] = gaps(rows[:31], end_min=20 * HOUR_MIN)
    assert (event.state, event.end, event.measures["distance_km"]) == ("open", None, None)
    assert event.measures["duration_h"] == 15
    assert "end of the data" in [check.explanation for check in event.innocent]
    assert gaps(rows)[0].id == event.id


def test_a_gap_across_midnight_and_weeks_is_one() -> None:
    assert len(gaps(with_silence(24 * 9))) == 1


def test_a_stray_position_leaves_no_open_gap() -> None:
    rows = [*voyage(0, 40, 124, 38, 10), report(60, 0, 0)]
    assert gaps(rows) == []


def test_a_stray_ends_no_silence_of_an_older_archive() -> None:
    """Whatever other ships the data hold, and when."""
    younger = voyage(400 * 24 * HOUR_MIN, 5, 124, 38, 10, mmsi=SHIP - 1)
    rows = [*voyage(0, 5, 124, 38, 10), report(60, 0, 0), *younger]
    found = gaps(rows, end_min=400 * 24 * HOUR_MIN + 5 * HOUR_MIN)
    assert [(event.vessels[0].mmsi, event.start) for event in found] == [(SHIP, T0 + 5 * times.HOUR_US)]


@pytest.mark.parametrize(("reports", "found"), [(2, 0), (3, 1)])
def test_an_open_gap_needs_so_many_reports_of_its_segment(reports: int, found: int) -> None:
    rows = voyage(0, 5, 124, 38, 10)[:reports]
    assert len(gaps(rows, end_min=48 * HOUR_MIN)) == found
    assert len(gaps(rows, end_min=48 * HOUR_MIN, min_reports=float(reports))) == 1
    assert gaps(rows, end_min=48 * HOUR_MIN, min_reports=float(reports + 1)) == []


def test_a_number_taken_over_by_another_hull_is_not_open() -> None:
    """Two hulls under one number; the first ends where a third begins: nobody knows whether it fell silent."""
    rows = [*voyage(0, 10, 124, 38, 10), *voyage(3, 80, 10, 50, 10), *voyage(60 * 60, 5, 125, 38, 10)]
    found = gaps(rows, end_min=80 * HOUR_MIN)
    assert [e.start for e in found if e.state == "open"] == [T0 + 65 * times.HOUR_US]


@pytest.mark.parametrize(("before_h", "open_gaps"), [(8, 1), (20, 2)])
def test_a_segment_that_began_shortly_before_another_ended_may_have_taken_over(before_h: int, open_gaps: int) -> None:
    first = voyage(0, 30, 124, 38, 10)
    second = [report((30 - before_h) * 60 + k * 10, 140, -20, sog_knots=0.1) for k in range(6 * (before_h + 2))]
    found = gaps([*first, *second], end_min=80 * 60)
    assert sum(event.state == "open" for event in found) == open_gaps


def test_places_are_named_only_where_reception_does_not_explain() -> None:
    assert gaps(with_silence(30), model=Fixed(0.6))[0].measures["reachable"] == []
    [event] = gaps(with_silence(30), model=Fixed(0.01))
    assert event.measures["reachable"] == [{"place": "XXNEAR", "comparable_ships": 0}]
    assert (event.measures["p_silence_by_reception"], event.measures["expected_reports"]) == (0.011, 12.0)


@pytest.mark.parametrize(("start_h", "end_h", "named"), [(0, 5, 0), (0, 6, 1), (34, 99, 1), (36, 99, 0)])
def test_only_places_in_use_during_the_silence_are_named(start_h: int, end_h: int, named: int) -> None:
    """The silence is from hour 5 to hour 35."""
    ports = Ports(valid=(T0 + start_h * times.HOUR_US, T0 + end_h * times.HOUR_US))
    [event] = gaps(with_silence(30), model=Fixed(0.01), ports=ports)
    assert len(event.measures["reachable"]) == named


def test_other_silent_ships_are_counted() -> None:
    other = [row | {"mmsi": SHIP + 16, "payload_key": row["payload_key"] ^ 1} for row in with_silence(20)]
    late = [
        row | {"mmsi": SHIP + 32, "payload_key": row["payload_key"] ^ 2, "time": row["time"] + 90 * times.HOUR_US}
        for row in with_silence(20)
    ]
    assert (SHIP + 16) % 16 == BUCKET
    found = gaps([*with_silence(30), *other, *late], model=Fixed(0.01))
    first = next(event for event in found if event.vessels[0].mmsi == SHIP)
    assert first.measures["reachable"] == [{"place": "XXNEAR", "comparable_ships": 1}]


def test_a_ship_that_lay_still_is_said_so() -> None:
    rows = [report(10 * k, 124, 38, sog_knots=0.0) for k in (*range(30), *range(200, 230))]
    [event] = gaps(rows)
    assert [c.outcome for c in event.innocent if c.explanation == "lying still"] == ["yes: 0.0 km apart"]


def test_order_of_imports_does_not_change_ids_and_digests() -> None:
    rows = with_silence(30)
    assert [e.digest() for e in gaps(rows)] == [e.digest() for e in gaps(rows[::-1])]


def test_nothing_comes_of_nothing() -> None:
    detector = Gap()
    context = Context(T0, T0, None, None)
    empty = {name: getattr(built([]), name) for name in ("tracks", "statics", "heard")}
    assert run_first(detector.plan(values_of(detector), context), empty, "").num_rows == 0
    assert detector.finish(CANDIDATES.empty_table(), values_of(detector), context) == []


def test_a_silence_of_which_there_is_no_data_is_not_judged() -> None:
    class Nobody(Fixed):
        def judge(self, silent: Any) -> Any:
            nothing = np.zeros(len(silent["start"]))
            return replace(super().judge(silent), with_data=nothing, hours_with_data=nothing)

    [event] = gaps(with_silence(30), model=Nobody(0.01))
    assert event.measures["p_silence_by_reception"] is None
    assert event.measures["hours_with_data"] == 0.0
    assert event.measures["reachable"] == []
    assert event.innocent[0].outcome.startswith("not tested: no ship at all was heard")


def test_a_hole_between_two_archives_is_told_from_a_silence_within_one(tmp_path: Path) -> None:
    """Ten ships, heard in January 2020 and from November 2021 on; one of them was silent for a day before."""
    lines = ["mmsi,time,lat,lon"]
    for start in ("2020-01-01", "2021-11-04"):
        for ship in range(10):
            for minute in range(ship, 4 * 1440, 20):
                if start != "2020-01-01" or ship or not 1440 <= minute < 2880:
                    moment = times.iso(times.parse(start) + minute * times.MINUTE_US)
                    lines.append(f"{SHIP + ship},{moment},38.{ship},124.0")
    (tmp_path / "t.csv").write_text("\n".join([*lines, ""]))
    with workspace.create(tmp_path / "w") as ws:
        ws.import_files([tmp_path / "t.csv"])
        ws.detect(["gap"])
        (silent,) = (stored.event.measures for stored in ws.events(["gap"]))
    assert 24 < silent["duration_h"] < 25
    assert silent["hours_with_data"] == 1.0
    assert silent["p_silence_by_reception"] < 0.5


def test_a_silence_at_the_end_of_an_archive_lasts_as_long_as_others_were_heard(tmp_path: Path) -> None:
    """Two ships, and another archive of two years later; one fell silent ten hours before the first one ends."""
    lines = ["mmsi,time,lat,lon"]
    for start, hours in (("2020-01-01", (86, 96)), ("2021-11-04", (96, 96))):
        for ship in range(2):
            for minute in range(ship, hours[ship] * 60, 20):
                lines.append(
                    f"{SHIP + ship},{times.iso(times.parse(start) + minute * times.MINUTE_US)},38.{ship},124.0"
                )
    (tmp_path / "t.csv").write_text("\n".join([*lines, ""]))
    with workspace.create(tmp_path / "w") as ws:
        ws.import_files([tmp_path / "t.csv"])
        ws.detect(["gap"])
        (event,) = (stored.event for stored in ws.events(["gap"]))
    assert (event.state, times.iso(event.end)) == ("open", "2020-01-05T00:00:00Z")
    assert event.measures["duration_h"] == pytest.approx(10.33, abs=0.01)
    assert event.reasons[1] == "then no other ship was heard around it either, for 6 h or more: there are no data"


def test_reports_without_a_position_break_a_silence() -> None:
    rows = with_silence(20)
    unplaced = [report((5 + hours) * 60, None, None) for hours in (4, 9, 14, 19)]
    assert gaps([*rows, *unplaced]) == []
    [event] = gaps([*rows, *unplaced[:1]])
    assert event.start == T0 + 9 * times.HOUR_US
    assert event.measures["duration_h"] == 16
    assert event.measures["distance_km"] == pytest.approx(111.1, abs=0.5)  # between the positions, 20 h apart
    assert event.measures["implied_speed_knots"] == pytest.approx(3.0, abs=0.01)
    assert event.reasons[1:] == ("the report before it held no position",)
    [first, second] = gaps([*rows, *unplaced[1:2]])
    assert (first.end, second.start) == (T0 + 14 * times.HOUR_US, T0 + 14 * times.HOUR_US)
    assert first.id != second.id


def test_what_another_ship_under_the_number_may_have_sent_breaks_no_silence_and_makes_it_doubtful() -> None:
    rows = with_silence(20)
    minutes = range(0, 60 * 40, 30)
    other = [report(minute, 10 + minute / 60 * 0.1, -30, sog_knots=5.0) for minute in minutes]
    unplaced = [report((5 + hours) * 60 + 1, None, None) for hours in (4, 9, 14, 19)]
    [event] = [e for e in gaps([*rows, *other, *unplaced]) if e.measures["duration_h"] >= 20]
    assert (event.state, event.measures["duration_h"]) == ("closed", 20)
    assert event.measures["unsure_reports"] == 4
    assert "another one under its number" in (Gap().kind.possible_only(event) or "")
    [alone] = gaps(rows)
    assert alone.measures["unsure_reports"] == 0


def test_a_silence_needs_an_established_segment_on_both_sides() -> None:
    rows = with_silence(20)
    last = max(row["time"] for row in rows)
    assert len(gaps([row for row in rows if row["time"] < T0 + 26 * times.HOUR_US])) == 1
    assert gaps([row for row in rows if row["time"] <= T0 + round(25.2 * times.HOUR_US)]) == []
    assert last > T0 + 26 * times.HOUR_US


def test_what_explains_a_silence() -> None:
    def by(model: Any, ports: Ports | None = None, rows: list[dict[str, Any]] | None = None) -> str | None:
        [event] = gaps(rows or with_silence(30), model=model, ports=ports)
        return event.measures["explained_by"]

    class Down(Fixed):
        def judge(self, silent: Any) -> Any:
            return replace(super().judge(silent), outage_ratio=np.full(len(silent["start"]), 0.2))

    class Harbour(Ports):
        def distance_to_port_m(self, lon: Any, lat: Any, moment: Any) -> Any:
            return np.zeros(len(lon))

    assert by(None) == "no_data"
    assert by(Fixed(0.1)) == "nothing"
    assert by(Fixed(0.9)) == "reception"
    assert by(Down(0.9)) == "outage"
    assert by(Fixed(0.9), rows=[row | {"type": 18} for row in with_silence(30)]) == "class_b"
    assert by(Fixed(0.1), Harbour()) == "port"
    assert Gap.kind.brief is not None
    assert Gap.kind.brief({"duration_h": 30.0, "explained_by": "nothing", "p_silence_by_reception": 0.1}) == (
        "30.0 h, not explained, p 0.1"
    )
