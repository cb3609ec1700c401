"""Port calls of SIM ships: seen, at the edge, at the ends of the data, and inferred from a silence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from darkwake import refs, times, workspace
from darkwake.detectors.base import values_of
from darkwake.detectors.stay.port_call import PortCall
from darkwake.times import Interval
from detectors.ships import METRES, T0, Surroundings, candidates, detect, every, h, harbour, ship, tracks
from support import shared_data

CALL = PortCall()
PORT = harbour("SIMPT", 125.0, 38.0, 3000.0)
WORLD = Surroundings([PORT])


def at(metres_south: float) -> tuple[float, float]:
    return 125.0, 38.0 - metres_south * METRES


def approach(knots: float = 10.0, stay_h: float = 10.0, start_h: float = 0.0, from_m: float = 60_000.0):
    """Position and speed of a ship that sails in from the south, lies still, and sails out again."""
    speed = knots * 1852.0
    sail = from_m / speed

    def where(hour: float) -> tuple[float, float]:
        into = (hour - start_h) * speed
        out = (hour - start_h - sail - stay_h) * speed
        return at(max(from_m - into, 0.0) if hour < start_h + sail + stay_h else min(out, from_m))

    def sog(hour: float) -> float:
        return 0.0 if start_h + sail <= hour < start_h + sail + stay_h else knots

    return where, sog, sail


def voyage(hours: np.ndarray | list[float], **given: float) -> pa.Table:
    where, sog, _ = approach(**given)
    return tracks(ship(1, hours, where, sog))


def test_a_call_that_was_seen_whole():
    (call,) = detect(CALL, voyage(every(10, 0, 16)), WORLD, data_end_h=40)
    assert (call.state, call.place) == ("closed", "SIMPT")
    assert call.measures["confidence_level"] == 4
    assert h(call.start) == pytest.approx(3.1, abs=0.2)
    assert h(call.end) == pytest.approx(13.4, abs=0.2)
    assert call.measures["stopped_h"] == pytest.approx(10, abs=0.3)
    assert call.measures["draught_change_m"] is None
    assert (call.measures["stop_seen"], call.measures["contradicted"]) == (True, False)
    assert call.measures["arrival_earliest"] < call.measures["arrival"] == call.measures["arrival_latest"]
    assert call.measures["departure"] == call.measures["departure_earliest"] < call.measures["departure_latest"]
    assert len(call.evidence) == 5  # before, first, slowest, last, after
    assert [refs.parse(text).spans[0].length for text in call.evidence] == [47] * 5


def test_a_pass_through_the_fairway_is_no_call():
    assert detect(CALL, voyage(every(5, 0, 8), stay_h=0.0), WORLD) == []
    assert detect(CALL, voyage(every(5, 0, 8), stay_h=0.1), WORLD) == []


def test_one_slow_report_among_sparse_ones_is_a_stop():
    where, _, _ = approach(stay_h=0.5)
    sparse = [0, 1, 2, 3.4, 5, 6]
    (call,) = detect(CALL, tracks(ship(1, sparse, where, lambda t: 0.1 if t == 3.4 else 10.0)), WORLD)
    assert call.measures["confidence_level"] == 4


def test_the_edge_has_hysteresis():
    def swinging(hour: float) -> tuple[float, float]:
        return at(60_000 if hour < 2 or hour > 22 else 2_900 + 600 * (int(hour * 6) % 2))

    (call,) = detect(CALL, tracks(ship(1, every(10, 0, 24), swinging, lambda t: 0.2 if 2 <= t <= 22 else 12)), WORLD)
    assert call.measures["confidence_level"] == 4
    assert h(call.end) - h(call.start) == pytest.approx(20, abs=0.3)


def test_a_return_within_four_hours_belongs_to_the_call_and_a_later_one_does_not():
    def with_trip(away_h: float):
        def where(hour: float) -> tuple[float, float]:
            return at(0 if 2 <= hour < 8 or 8 + away_h <= hour < 20 else 8_000 if 8 <= hour < 20 else 60_000)

        hours = every(10, 0, 24)
        table = tracks(ship(1, hours, where, lambda t: 0.1 if where(t) == at(0) else 6.0))
        return detect(CALL, table, WORLD, data_end_h=60)

    (one,) = with_trip(3.0)
    assert any("came back" in reason for reason in one.reasons)
    assert h(one.end) == pytest.approx(19.83, abs=0.1)
    assert len(with_trip(6.0)) == 2


def test_in_port_when_the_data_begin_and_when_they_end():
    where, sog, _ = approach(stay_h=10.0, start_h=-8.0)
    (left,) = detect(CALL, tracks(ship(1, every(10, 0, 12), where, sog)), WORLD, data_end_h=40)
    assert (left.state, left.measures["confidence_level"], left.measures["arrival"]) == ("closed", 3, None)
    assert "already inside when its reports begin" in left.reasons
    (here,) = detect(CALL, voyage(every(10, 0, 9)), WORLD, data_end_h=9)
    assert (here.state, here.end, here.measures["departure"]) == ("open", None, None)
    assert here.measures["confidence_level"] == 3
    (unheard,) = detect(CALL, voyage(every(10, 0, 9)), WORLD, data_end_h=100)
    assert (unheard.state, unheard.id, h(unheard.end)) == ("open", here.id, 9)  # as far as is known
    (always,) = detect(CALL, tracks(ship(1, every(30, 0, 30), at(100), 0.0)), WORLD)
    assert (always.state, always.measures["confidence_level"]) == ("open", 2)


def test_an_open_call_keeps_its_id_as_it_grows():
    (here,) = detect(CALL, voyage(every(10, 0, 9)), WORLD)
    (left,) = detect(CALL, voyage(every(10, 0, 16)), WORLD, data_end_h=60)
    assert here.id == left.id


def silent(begin: float, end: float, **given: float) -> pa.Table:
    hours = [t for t in every(10, 0, 24) if not begin < t < end]
    where, sog, _ = approach(**given)
    return tracks(ship(1, hours, where, sog, cog_deg=0.0))


def test_a_silence_in_the_approach_is_a_call_of_level_two():
    # 60 km at 10 kn are 3.2 h: silent from 2.5 h (13 km off, heading in) until on the way out again.
    (call,) = detect(CALL, silent(2.5, 14.0), WORLD, data_end_h=60)
    assert (call.state, call.place, call.measures["confidence_level"]) == ("closed", "SIMPT", 2)
    assert call.reasons[0].startswith("inferred from a silence in the approach")
    assert (call.measures["arrival"], call.measures["departure"]) == (None, None)
    assert call.measures["stop_seen"] is False
    bounds = [call.measures[f"{side}_{end}"] for side in ("arrival", "departure") for end in ("earliest", "latest")]
    assert bounds[0] < bounds[1] < bounds[3]
    assert bounds[0] < bounds[2] < bounds[3]
    assert h(call.start) == pytest.approx(2.5, abs=0.01)
    assert call.innocent[0].outcome == "10.0 kn"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"from_m": 60_000.0, "begin": 1.0, "end": 15.5}, "farther away than the approach"),
        ({"from_m": 60_000.0, "begin": 2.5, "end": 6.0, "stay_h": 2.5}, "shorter than four hours"),
    ],
)
def test_silences_that_are_no_call(change, why):
    given = {key: value for key, value in change.items() if key not in ("begin", "end")}
    assert detect(CALL, silent(change["begin"], change["end"], **given), WORLD, data_end_h=60) == [], why


def test_a_port_says_how_far_its_approach_reaches():
    table = silent(1.0, 15.5)  # 41 km off
    assert detect(CALL, table, Surroundings([replace(PORT, approach_radius_m=45_000.0)]), data_end_h=60)
    assert detect(CALL, table, Surroundings([replace(PORT, approach_radius_m=30_000.0)]), data_end_h=60) == []


def test_heading_away_or_lying_at_anchor_unheard_is_no_call():
    hours = [0, 0.5, 1, 9, 9.5, 10]
    away = tracks(ship(1, hours, lambda t: at(12_000 if t < 5 else 15_000), 9.0, cog_deg=180.0))
    assert detect(CALL, away, WORLD) == []
    waiting = tracks(ship(1, hours, at(12_000), 0.1, cog_deg=0.0))
    assert detect(CALL, waiting, WORLD) == []
    gone = tracks(ship(1, hours, lambda t: at(12_000 if t < 5 else 16_000), lambda t: 0.1 if t < 5 else 8.0))
    assert len(detect(CALL, gone, WORLD)) == 1


def test_a_silence_that_ends_inside_counts_as_a_stop_and_says_that_none_was_seen():
    (call,) = detect(CALL, silent(2.5, 13.2), WORLD, data_end_h=60)
    assert call.measures["silence_h"] > 10
    assert call.measures["inferred_from_silence"] is True
    assert call.measures["stop_seen"] is False
    assert call.measures["confidence_level"] == 4  # by the definition of GFW: it was entered and left
    assert [(i.explanation, i.outcome) for i in call.innocent] == [
        ("waiting at anchor in the approach", "yes"),
        ("passing through the area without a stop", "10.0 kn"),
    ]


def test_a_single_report_and_a_ship_that_is_not_heard_again_read_sensibly():
    one = tracks(ship(1, [0.0, 2.0], lambda t: at(60_000 if t < 1 else 0), 0.0, nav_status=5))
    (call,) = detect(CALL, one, WORLD, data_end_h=400)
    assert call.reasons == (
        "lay still inside for 1.0 h, and said that it was moored or at anchor",
        "inside when last heard, and not heard again",
    )
    alone = tracks(ship(1, [0.0], at(0), 0.0, nav_status=5))
    (call,) = detect(CALL, alone, WORLD, data_end_h=1)
    assert call.reasons == (
        "said that it was moored or at anchor",
        "already inside when its reports begin",
        "still inside when the data end",
    )


def stray(hours: list[float], segment: int = 77, nav_status: int = 5, sog: float | None = 0.0) -> pa.Table:
    """A ship at sea 200 km off, heard every hour from 0 to 6; and reports of its number from the berth."""
    sea = ship(1, every(60, 0, 6), at(200_000), 5.0)
    return tracks(sea, ship(1, hours, at(0), sog, nav_status=nav_status, segment=segment))


@pytest.mark.parametrize("segment", [77, 1001])  # apart, or among the others by mistake
def test_one_report_between_two_that_it_cannot_join_shows_no_stop(segment: int):
    (call,) = detect(CALL, stray([3.5], segment), WORLD, data_end_h=40)
    assert (call.measures["stop_seen"], call.measures["contradicted"]) == (False, True)
    assert call.state == "closed"  # nobody lies there to the end of the data
    assert call.reasons[0] == "said that it was moored or at anchor"
    assert call.reasons[1] == (
        "seen in one report only, and contradicted by the other reports: it would have needed 215 kn to come from the "
        "report before and 215 kn to be at the one after"
    )


def test_of_several_reports_both_sides_must_contradict():
    (twice,) = detect(CALL, stray([3.3, 3.7]), WORLD, data_end_h=40)
    assert (twice.measures["stop_seen"], twice.measures["contradicted"]) == (False, True)
    assert twice.reasons[-1].startswith("contradicted by the other reports")
    (once,) = detect(CALL, stray([6.5]), WORLD, data_end_h=40)  # of one report all that there are
    assert once.measures["contradicted"] is True
    assert once.reasons[1].endswith("it would have needed 215 kn to come from the report before")
    (after,) = detect(CALL, stray([6.5, 7.0]), WORLD, data_end_h=40)
    assert (after.measures["stop_seen"], after.measures["contradicted"]) == (True, False)
    (later,) = detect(CALL, stray([16.0]), WORLD, data_end_h=40)  # 200 km in ten hours
    assert (later.measures["stop_seen"], later.measures["contradicted"]) == (True, False)


def test_another_hull_under_the_number_contradicts_no_call_that_was_heard_for_long():
    (call,) = detect(CALL, stray([1.5, 2.5, 3.5, 4.5, 5.5]), WORLD, data_end_h=40)
    assert (call.measures["stop_seen"], call.measures["contradicted"], call.state) == (True, False, "open")


def test_moored_is_believed_without_a_speed_only_while_the_ship_does_not_move():
    where, _, _ = approach(stay_h=10.0)
    (lying,) = detect(CALL, tracks(ship(1, every(5, 0, 3.4), where, None, nav_status=5)), WORLD)
    assert (lying.measures["stopped_h"] < 0.25, lying.measures["stop_seen"]) == (True, True)
    where, _, _ = approach(stay_h=0.0)
    assert detect(CALL, tracks(ship(1, every(5, 0, 8), where, None, nav_status=5)), WORLD) == []  # a pass
    (sailing,) = detect(CALL, tracks(ship(1, every(5, 0, 3.2), where, None, nav_status=5)), WORLD)
    assert sailing.measures["stop_seen"] is False  # the data end inside
    # one report that says so, and neither speed nor another report: no stop was seen
    assert detect(CALL, tracks(ship(1, [0.0], at(0), None, nav_status=5)), WORLD, data_end_h=1) == []
    (slow,) = detect(CALL, tracks(ship(1, [0.0], at(0), 0.0, nav_status=5)), WORLD, data_end_h=1)
    assert slow.measures["stop_seen"] is True


def test_the_case_of_a_stray_report_at_nampo(tmp_path):
    rows = [f"298000703,2025-03-10T0{hour}:00:00Z,{15 + hour / 10:.2f},36.0,5.0,90,90,0" for hour in range(6)]
    rows.append("298000703,2025-03-10T02:30:00Z,125.37,38.705,0.0,0,0,5")
    (tmp_path / "stray_call.csv").write_text("\n".join(["mmsi,timestamp,lon,lat,sog,cog,heading,navstatus", *rows, ""]))
    with workspace.create(tmp_path / "w") as ws:
        ws.import_files([tmp_path / "stray_call.csv"])
        ws.detect(["port_call"])
        (call,) = ws.events()
    assert call.event.place == "KPNAM"
    assert (call.event.measures["stop_seen"], call.event.measures["contradicted"]) == (False, True)


def test_a_passage_at_13_knots_whose_data_end_inside_has_no_stop(tmp_path):
    shared_data("reference/world_port_index_2024.csv.gz")
    ways = {
        "298000811": [(-5.60, 36.03), (-5.513, 36.062), (-5.425, 36.092), (-5.37, 36.11)],
        "298000812": [(-5.37, 36.11), (-5.285, 36.14), (-5.20, 36.17), (-5.15, 36.19)],
    }
    rows = [
        f"{mmsi},2025-03-10T00:{minute:02}:00Z,{lon},{lat},13.0,68,68,0"
        for mmsi, way in ways.items()
        for minute, (lon, lat) in zip((0, 20, 40, 52), way, strict=True)
    ]
    (tmp_path / "passing.csv").write_text("\n".join(["mmsi,timestamp,lon,lat,sog,cog,heading,navstatus", *rows, ""]))
    with workspace.create(tmp_path / "w") as ws:
        ws.import_places(shared_data("reference/world_port_index_2024.csv.gz"))
        ws.import_files([tmp_path / "passing.csv"])
        ws.detect(["port_call"])
        passages = ws.events()
    assert len(passages) == 2
    for passage in passages:
        assert passage.event.measures["confidence_level"] == 1
        assert (passage.event.measures["stop_seen"], passage.event.measures["contradicted"]) == (False, False)


def test_berth_and_anchorage_belong_to_the_port():
    berth = harbour("SIMPT-1", 125.0, 38.0, 400.0, "berth", parent="SIMPT")
    roads = harbour("SIMPT-A", 125.0, 37.95, 2000.0, "anchorage", parent="SIMPT")

    def where(hour: float) -> tuple[float, float]:
        return at(60_000 if hour < 1 or hour > 30 else 5_560 if hour < 10 else 0)

    table = tracks(ship(1, every(10, 0, 32), where, lambda t: 0.1 if 1 <= t <= 30 else 10))
    (call,) = detect(CALL, table, Surroundings([PORT, berth, roads]), data_end_h=60)
    assert call.place == "SIMPT"
    assert call.measures["berth"] in ("SIMPT-1", "SIMPT-A")
    assert h(call.end) - h(call.start) == pytest.approx(29, abs=0.5)
    alone = Surroundings([replace(roads, parent=None)])
    assert detect(CALL, table, alone) == []


def test_overlapping_ports_the_call_is_where_it_stops():
    other = replace(PORT, code="SIMQT", lat=38.0 - 4_000 * METRES)
    (call,) = detect(CALL, voyage(every(5, 0, 16)), Surroundings([PORT, other]), data_end_h=60)
    assert call.place == "SIMPT"
    assert call.measures["confidence_level"] == 4


def test_a_polygon_across_the_antimeridian():
    ring = ((179.98, 0.0), (-179.97, 0.0), (-179.97, 0.04), (179.98, 0.04))
    port = harbour("SIMDL", -179.995, 0.02, 3_600.0, polygon=ring)

    def where(hour: float) -> tuple[float, float]:
        return (180.028, 0.02) if 2 <= hour <= 9 else (180.3, 0.02)

    (call,) = detect(
        CALL, tracks(ship(1, every(10, 0, 12), where, lambda t: 0.1 if 2 <= t <= 9 else 10)), Surroundings([port])
    )
    assert call.measures["confidence_level"] == 4
    assert abs(call.lon) > 179


def test_the_same_calls_whichever_vessels_share_a_call():
    table = tracks(*(ship(n, every(11 + n, 0, 20), *approach(stay_h=2.0 + n)[:2]) for n in range(1, 7)))
    context = WORLD.context()
    plan = CALL.plan(values_of(CALL), context)
    whole = candidates(plan, table).sort_by("mmsi")
    apart = candidates(
        plan, table, lambda rows: [rows.filter(pa.compute.equal(rows["mmsi"], 299_000_000 + n)) for n in range(9)]
    )
    assert whole.num_rows == 6
    assert apart.sort_by("mmsi").equals(whole)


def test_no_ports_no_calls():
    assert detect(CALL, voyage(every(10, 0, 16)), Surroundings()) == []


def used(start_h: float | None, end_h: float | None) -> Interval:
    """In use from so many to so many hours after T0."""
    return Interval(*(None if hour is None else T0 + round(hour * times.HOUR_US) for hour in (start_h, end_h)))


# The ship of `voyage` is inside from about hour 3.1 to hour 13.4.
@pytest.mark.parametrize(
    ("valid", "calls"),
    [(used(None, 2), 0), (used(15, None), 0), (used(None, 5), 1), (used(2, 20), 1), (used(5, None), 1)],
)
def test_a_call_counts_only_while_the_port_is_in_use(valid, calls):
    found = detect(CALL, voyage(every(10, 0, 16)), Surroundings([replace(PORT, valid=valid)]), data_end_h=40)
    assert len(found) == calls


def test_a_ship_leaves_by_sailing_not_because_the_port_falls_out_of_use():
    world = Surroundings([replace(PORT, valid=used(None, 5))])
    (call,) = detect(CALL, voyage(every(10, 0, 16)), world, data_end_h=40)
    (whole,) = detect(CALL, voyage(every(10, 0, 16)), WORLD, data_end_h=40)
    assert call == whole


def test_of_two_outlines_that_follow_each_other_the_call_is_at_the_one_in_use():
    old, new = (replace(PORT, code=code, valid=valid) for code, valid in (("A", used(None, 8)), ("B", used(8, None))))
    early, late = (voyage(every(10, 0, 16), start_h=start) for start in (0.0, 6.0))
    assert [call.place for call in detect(CALL, early, Surroundings([old, new]), data_end_h=40)] == ["A"]
    assert [call.place for call in detect(CALL, late, Surroundings([old, new]), data_end_h=40)] == ["B"]


def test_a_berth_belongs_to_its_port_only_while_both_are_in_use():
    berth = harbour("BERTH", 125.0, 38.0, 500.0, "berth", parent="SIMPT")

    def calls(port: Interval, at_berth: Interval) -> list[tuple[str | None, str | None]]:
        world = Surroundings([replace(PORT, valid=port), replace(berth, valid=at_berth)])
        found = detect(CALL, voyage(every(10, 0, 16)), world, data_end_h=40)
        return [(call.place, call.measures["berth"]) for call in found]

    always = used(None, None)
    assert calls(always, always) == [("SIMPT", "BERTH")]
    assert calls(always, used(None, 2)) == [("SIMPT", None)]
    assert calls(used(None, 2), always) == []


@pytest.mark.parametrize(
    ("valid", "calls"), [(used(None, None), 1), (used(None, 4), 1), (used(None, 2), 0), (used(30, None), 0)]
)
def test_a_silence_makes_a_call_only_at_a_port_in_use_during_it(valid, calls):
    where, sog, _ = approach(from_m=60_000.0)
    heard = [t for t in every(10, 0, 16) if where(t)[1] < 38.0 - 15_000 * METRES]  # silent within 15 km
    port = replace(PORT, approach_radius_m=25_000.0, valid=valid)
    found = detect(CALL, tracks(ship(1, heard, where, sog, cog_deg=0.0)), Surroundings([port]), data_end_h=40)
    assert [call.measures["inferred_from_silence"] for call in found] == [True] * calls


def test_a_position_repeated_under_way_is_no_stop():
    """Ten hours at one place, while every report sends 13 knots: two fields contradict each other."""
    assert detect(CALL, tracks(ship(1, every(10, 0, 10), at(0), 13.0)), WORLD, data_end_h=10) == []


class Holes:
    """A model of receivers that have nothing between two hours after T0."""

    def __init__(self, begin_h: float, end_h: float) -> None:
        self.begin, self.end = (T0 + round(hour * times.HOUR_US) for hour in (begin_h, end_h))

    def with_data(self, start: np.ndarray, *_: np.ndarray) -> np.ndarray:
        return np.ones(len(start))

    def data_until(self, silent: dict[str, np.ndarray], hole_us: int) -> np.ndarray:
        begin = np.maximum(silent["start"], self.begin)
        hole = np.minimum(silent["end"], self.end) - begin >= hole_us
        return np.where(hole, begin, silent["end"])


def found(hours: list[float], holes: Holes | None, where: tuple[float, float] = at(0), sog: float = 0.0):
    values = values_of(CALL)
    table = tracks(ship(1, hours, where, sog))
    context = WORLD.context(T0, T0 + round(hours[-1] * times.HOUR_US), reception=holes)
    return CALL.finish(candidates(CALL.plan(values, context), table), values, context)


def test_a_ship_in_port_on_both_sides_of_a_hole_in_the_data_may_have_called_once():
    hours = [*every(10, 0, 20), *every(10, 70, 90)]
    (whole,) = found(hours, None)
    assert (h(whole.start), whole.measures["silence_h"]) == (0, 50)
    (heard,) = found(hours, Holes(200, 300))
    assert heard.measures == whole.measures
    one, other = found(hours, Holes(20, 70))
    assert (one.measures["may_be_earlier"], other.measures["may_be_earlier"]) == (False, True)
    assert (h(one.end), h(other.start)) == (20, 70)
    assert one.measures["silence_h"] == other.measures["silence_h"] == 0
    assert CALL.kind.possible_only(one) is None
    assert "may be one with the call before" in (CALL.kind.possible_only(other) or "")


def test_a_silence_in_the_approach_without_data_is_no_call():
    def gone(holes: Holes | None) -> list:
        values = values_of(CALL)
        context = WORLD.context(T0, T0 + 24 * times.HOUR_US, reception=holes)
        return CALL.finish(candidates(CALL.plan(values, context), silent(2.0, 14.0)), values, context)

    (call,) = gone(None)
    assert call.measures["inferred_from_silence"]
    assert len(gone(Holes(100, 200))) == 1
    assert gone(Holes(4, 12)) == []


@pytest.mark.parametrize(("middle_m", "told"), [(4000.0, "SIMTWO"), (8000.0, None)])
def test_between_two_ports_neither_is_sure_and_near_one_it_is(middle_m: float, told: str | None) -> None:
    """The ship lies 2 km south of the middle of SIMPT; the other port is smaller in neither case."""
    other = harbour("SIMTWO", 125.0, 38.0 - middle_m * METRES, 7000.0)
    course = at(2000.0)
    rows = tracks(ship(1, every(10, 0, 10), lambda hour: at(30_000.0) if hour < 0.1 else course, sog=0.0))
    (call,) = detect(CALL, rows, Surroundings([PORT, other]), data_end_h=40)
    assert (call.place, call.measures["or_port"]) == ("SIMPT", told)
    doubt = CALL.kind.possible_only(call)
    assert ("SIMTWO" in (doubt or "")) is (told is not None)
    assert any("SIMTWO" in reason for reason in call.reasons) is (told is not None)
