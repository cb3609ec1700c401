"""Verdicts that were once printed, and wrong: each is now shown to be right, and stays so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from darkwake import times
from darkwake.answers.evaluate import Verdict, evaluate
from darkwake.answers.next_door import AnyPort
from darkwake.answers.query import Count, Filter, Moment, Present, Sum, Where, from_json
from darkwake.answers.windows import Spot
from darkwake.detectors.coverage import Coverage, Missing, Stretch
from darkwake.events.model import Event, Innocent, VesselRef
from darkwake.places import Gazetteer, Place
from made_up import AWAY, HARBOUR, MMSI, SEGMENT, data, event, hour, looked_for, track

SPOT = Spot(*HARBOUR, radius_m=5000)
DAYS = 40
CALLS = Filter("port_call", f"mmsi:{MMSI}", "SIMPT", hour(0), hour(24 * DAYS))
METHOD: dict[str, Any] = {"name": "port_call", "version": "1.1", "profile": "default", "params": {}}
HEARD = [float(h) for h in range(-24, 24 * DAYS + 24)]


def calls(number: int) -> list[Event]:
    return [event(start=24 + 96 * k, end=36 + 96 * k) for k in range(number)]


def sailed(number: int) -> pa.Table:
    """Heard every hour: in the harbour while calling, at AWAY otherwise (and on the way for 8 h on either side)."""
    where = dict.fromkeys(HEARD, AWAY)
    for k in range(number):
        for h in range(24 + 96 * k - 8, 36 + 96 * k + 9):
            share = min(1.0, max(0.0, (h - (16 + 96 * k)) / 8), max(0.0, ((44 + 96 * k) - h) / 8))
            where[float(h)] = (AWAY[0] + share * (HARBOUR[0] - AWAY[0]), AWAY[1] + share * (HARBOUR[1] - AWAY[1]))
    return track(HEARD, where)


def covered(*missing: Missing, stretches: tuple[Stretch, ...] = ()) -> dict[str, Coverage]:
    return {"port_call": Coverage("port_call", "default", hour(0), hour(24 * DAYS), stretches, missing)}


STAY = Missing(hour(480), hour(960), "never_run", None, "no run looked for port calls there")
OTHER = Missing(None, None, "other_parameters", 7, "run 7 looked with min_stop_h = 24, not with the usual parameters")
NEWER = Missing(hour(0), hour(960), "newer_data", 9, "import 9 brought reports that no run has looked at")


@pytest.mark.parametrize(
    ("coverage", "said", "seen"),
    [
        ({}, "not looked through for port calls", 3),
        (looked_for("gap"), "Look with: darkwake event detect port_call", 3),
        (covered(STAY), "--since 2019-02-21T00:00:00Z --until 2019-03-13T00:00:00Z", 3),
        (covered(OTHER), "Run 7 looked with min_stop_h = 24", 0),  # by these values; by the usual ones nobody knows
        (covered(NEWER), "Import 9 brought reports", 3),
    ],
)
def test_what_was_not_looked_for_contradicts_nothing(coverage: dict[str, Coverage], said: str, seen: int) -> None:
    """Nine calls, of which the runs at hand saw three: "at least seven" was contradicted."""
    known = data(calls(3), sailed(9), SPOT, coverage=coverage)
    verdict = evaluate(Count(CALLS, "at_least", 7), known)
    assert (verdict.outcome, verdict.lower, verdict.upper) == ("not_enough_data", seen, None)
    assert any(said in note for note in verdict.notes)
    assert evaluate(Count(CALLS, "at_most", 3), known).outcome == "not_enough_data"


def test_what_was_seen_was_seen_whatever_was_looked_for() -> None:
    known = data(calls(9), sailed(9), SPOT, coverage={})
    assert evaluate(Count(CALLS, "at_least", 7), known).outcome == "supported"
    assert evaluate(Count(CALLS, "at_most", 7), known).outcome == "contradicted"
    assert evaluate(Count(CALLS, "exactly", 7), known).outcome == "contradicted"


def test_all_looked_for_is_bounded_and_says_by_which_run() -> None:
    verdict = evaluate(Count(CALLS, "exactly", 9), data(calls(9), sailed(9), SPOT))
    assert (verdict.outcome, verdict.lower, verdict.upper, verdict.runs) == ("supported", 9, 9, (2,))
    kept = verdict.to_json()
    assert kept["coverage_of"]["port_call"]["complete"] is True
    assert (kept["runs"], kept["profile"], kept["segments"]) == ([2], "default", [f"seg:{SEGMENT:012x}"])


def lying_there() -> tuple[Event, pa.Table]:
    stay = event(start=-100, end=2000, measures={"stop_seen": True, "confidence_level": 4})
    return stay, track(range(-100, 2000), HARBOUR)


def asked(counted: str) -> Count:
    return Count(replace(CALLS, counted=counted), "at_least", 1)  # type: ignore[arg-type]


def test_a_ship_that_lies_there_all_the_time_contradicts_nothing() -> None:
    stay, heard = lying_there()
    known = data([stay], heard, SPOT)
    assert evaluate(asked("overlaps"), known).outcome == "supported"
    begun = evaluate(asked("begins"), known)
    assert (begun.outcome, begun.lower, begun.upper) == ("not_enough_data", 0, 1)
    assert "under way when the period opened" in begun.apart[0].why[0]
    none = evaluate(Count(replace(CALLS, counted="begins"), "at_most", 0), known)
    assert none.outcome == "not_enough_data"
    old = from_json({"v": 1, "count": {"kind": "port_call", "vessel": f"mmsi:{MMSI}", "place": "SIMPT",
                                       "since": "2019-02-01", "until": "2019-03-13"}, "at_least": 1})  # fmt: skip
    read = evaluate(old, known)
    assert (read.outcome, read.to_json()["read_as"], read.notes[0]) == (
        "not_enough_data", list(old.read_as), old.read_as[0],
    )  # fmt: skip


def test_was_there_is_another_question_than_called() -> None:
    _, heard = lying_there()
    where = Where(f"mmsi:{MMSI}", "SIMPT", hour(0), hour(24))
    verdict = evaluate(Present(where), data([], heard, SPOT, coverage={}))
    assert (verdict.outcome, verdict.lower, verdict.upper) == ("supported", 1, 1)
    (stay,) = verdict.stays
    assert (stay.start, stay.end, stay.reports, stay.inside) == (hour(-100), hour(1999), 2100, 24)


def test_a_passage_is_possible_at_most() -> None:
    """13 knots through the port's area: entered, not left before the data end, never stopped."""
    passage = event(
        start=100,
        end=None,
        measures={"confidence_level": 1, "stopped_h": 0.0, "silence_h": 0.0, "inferred_from_silence": False},
        reasons=("no stop was observed inside", "still inside when the data end"),
    )
    newer = replace(passage, id="port_call-1", measures={**passage.measures, "stop_seen": False})
    for one in (passage, newer):
        verdict = evaluate(Count(replace(CALLS, until=hour(101)), "at_least", 1), data([one], track(HEARD), SPOT))
        assert (verdict.outcome, verdict.lower, verdict.upper) == ("not_enough_data", 0, 1)
        assert "no stop was seen" in verdict.apart[0].why[0]


STOPPED = {"confidence_level": 2, "stopped_h": 0.0, "inferred_from_silence": False}
MOORED = ("said that it was moored or at anchor",)


def stray_call(own_reports: int = 1, far: tuple[float, float] = (15.2, 36.0)) -> Verdict:
    """South of Sicily every hour, and between two of these reports some that say "moored" in the harbour."""
    true = track(range(48), far)
    at = [24.3 + 0.01 * k for k in range(own_reports)]
    stray = track(at, HARBOUR, segment=7)
    call = event(start=24.3, end=at[-1], measures=STOPPED, reasons=MOORED, vessels=(VesselRef(MMSI, 7),))
    both = pa.concat_tables([true, stray])
    return evaluate(Count(replace(CALLS, until=hour(48)), "at_least", 1), data([call], both, SPOT))


def test_a_stray_report_evidences_nothing() -> None:
    verdict = stray_call()
    assert (verdict.outcome, verdict.lower, verdict.upper) == ("not_enough_data", 0, 1)
    assert "contradicted by the ship's own reports" in verdict.apart[0].why[0]
    assert stray_call(3).lower == 0


def test_what_a_ship_can_have_sailed_is_no_contradiction() -> None:
    """20 km away half an hour before and after: 43 knots would do."""
    assert stray_call(far=(HARBOUR[0] + 0.2, HARBOUR[1])).outcome == "supported"


def test_a_true_stay_between_two_strays_stays_evidenced() -> None:
    stay = track([0.5 + 0.1 * k for k in range(200)], HARBOUR)
    strays = track([0.4, 20.45], (15.2, 36.0), segment=7)
    call = event(start=0.5, end=20.4, measures={**STOPPED, "stopped_h": 19.9})
    both = pa.concat_tables([stay, strays])
    assert evaluate(Count(replace(CALLS, until=hour(24)), "at_least", 1), data([call], both, SPOT)).lower == 1


GAPS = Filter("gap", f"mmsi:{MMSI}")


@pytest.mark.parametrize(
    ("p", "share", "outcome"),
    [
        (None, None, "not_enough_data"),
        (0.994, "1% of the hours", "not_enough_data"),
        (0.994, "0% of the hours", "not_enough_data"),
        (0.04, "93% of the hours", "supported"),
        (0.04, None, "supported"),
    ],
)
def test_a_hole_between_two_archives_is_no_silence_of_a_ship(p: float | None, share: str | None, outcome: str) -> None:
    hole = event("gap", 0, 642 * 24, measures={"duration_h": 642 * 24.0, "p_silence_by_reception": p})
    if share is not None:
        test = "hours of the silence in which any ship was heard within 5 to 10 degrees"
        hole = replace(hole, innocent=(Innocent("no data at hand", test, share),))
    heard = track([-1, 0, 642 * 24, 642 * 24 + 1])
    verdict = evaluate(Count(replace(GAPS, minimum=(("duration_h", 100),)), "at_least", 1), data([hole], heard))
    assert verdict.outcome == outcome
    assert (verdict.lower == 0) == bool(verdict.apart)


def test_an_open_stay_is_evidence_only_up_to_where_the_ship_was_last_heard() -> None:
    measures = {"confidence_level": 3, "stop_seen": True, "departure_earliest": times.iso(hour(30))}
    stay = event(start=24, end=None, measures=measures)
    heard = track([*range(24), *range(24, 31)], {h: AWAY if h < 20 else HARBOUR for h in range(31)})
    during = evaluate(Count(replace(CALLS, since=hour(28), until=hour(48)), "at_least", 1), data([stay], heard, SPOT))
    later = evaluate(Count(replace(CALLS, since=hour(480), until=hour(500)), "at_least", 1), data([stay], heard, SPOT))
    assert (during.outcome, during.lower) == ("supported", 1)
    assert (later.outcome, later.lower) == ("not_enough_data", 0)
    assert later.upper is not None
    assert later.upper >= 1  # it may lie there still


def test_a_call_that_may_have_begun_before_the_period_is_not_evidence_that_it_began_in_it() -> None:
    measures = {
        "confidence_level": 3, "stop_seen": True,
        "arrival_earliest": times.iso(hour(-20)), "arrival_latest": times.iso(hour(5)),
    }  # fmt: skip
    call = event(start=5, end=20, measures=measures)
    heard = track(
        [h for h in range(-48, 48) if not -20 < h < 5], {h: HARBOUR if 5 <= h <= 20 else AWAY for h in range(-48, 48)}
    )
    begun = evaluate(Count(replace(CALLS, until=hour(40), counted="begins"), "at_least", 1), data([call], heard, SPOT))
    assert (begun.lower, begun.outcome) == (0, "not_enough_data")
    assert "may have begun outside the period" in begun.apart[0].why[0]
    assert evaluate(Count(replace(CALLS, until=hour(40)), "at_least", 1), data([call], heard, SPOT)).lower == 1


def test_sums_of_months_count_each_once() -> None:
    loitering = event("loitering", 700, 760)
    heard = track(range(-24, 1500))
    months = [(0, 720), (720, 1440)]
    query = {"v": 2, "sum": {"kind": "loitering", "vessel": f"mmsi:{MMSI}"}, "measure": "duration_h", "at_least": 1}
    found = []
    for start, end in months:
        of = {**query["sum"], "since": times.iso(hour(start)), "until": times.iso(hour(end))}  # type: ignore[dict-item]
        verdict = evaluate(from_json({**query, "sum": of}), data([loitering], heard))
        found.append((verdict.lower, verdict.upper))
    assert found == [(60, None), (0, None)]


def test_a_stay_with_a_silence_over_the_whole_period_is_no_evidence_in_it() -> None:
    """Heard in the harbour at hour 14 and hour 26: in between she left and came back, for all that anybody saw."""
    stay = event(start=9, end=33, measures={"confidence_level": 4, "stop_seen": True, "silence_h": 12})
    heard = track([h for h in range(60) if not 14 < h < 26], {h: HARBOUR if 9 <= h <= 33 else AWAY for h in range(60)})
    between = replace(CALLS, since=hour(17), until=hour(22))
    for known in (data([stay], heard, SPOT), data([stay], None, SPOT)):
        verdict = evaluate(Count(between, "at_least", 1), known)
        assert (verdict.outcome, verdict.lower) == ("not_enough_data", 0)
        assert "not heard in the period" in verdict.apart[0].why[0]
    assert evaluate(Count(replace(between, until=hour(28)), "at_least", 1), data([stay], heard, SPOT)).lower == 1


def heard_sparsely() -> tuple[Event, pa.Table]:
    """Last heard outside at hour 22, in the harbour from 24.6 to 34.1, outside again at 36.5."""
    measures = {
        "confidence_level": 4, "stop_seen": True,
        "arrival_earliest": times.iso(hour(22)), "arrival_latest": times.iso(hour(24.6)),
        "departure_earliest": times.iso(hour(34.1)), "departure_latest": times.iso(hour(36.5)),
    }  # fmt: skip
    outside = {2.5 * k - 0.5: AWAY for k in range(10)} | {36.5 + 2.5 * k: AWAY for k in range(10)}
    near = HARBOUR[0], HARBOUR[1] + 0.11
    where = outside | {22: near, 36.5: near} | {24.6 + 0.5 * k: HARBOUR for k in range(20)}
    return event(start=24.6, end=34.1, measures=measures), track(sorted(where), where)


@pytest.mark.parametrize("counted", ["overlaps", "begins"])
@pytest.mark.parametrize(("since", "until", "upper"), [(0, 24, 1), (0, 21.9, 0), (35, 49, 1), (36.6, 49, 0)])
def test_between_two_reports_a_call_can_have_begun_or_gone_on(
    since: float, until: float, upper: int, counted: str
) -> None:
    """Less than 3 h lay between the reports: too little for a window, and enough to have been there."""
    call, heard = heard_sparsely()
    of = replace(CALLS, since=hour(since), until=hour(until), counted=counted)  # type: ignore[arg-type]
    verdict = evaluate(Count(of, "at_least", 1), data([call], heard, SPOT))
    if counted == "begins" and since == 35:
        upper = 0  # it began long before
    assert (verdict.lower, verdict.upper) == (0, upper)
    assert verdict.outcome == ("not_enough_data" if upper else "contradicted")


@pytest.mark.parametrize("which", ["first", "last"])
@pytest.mark.parametrize("counted", ["overlaps", "begins"])
def test_a_start_lies_between_the_last_report_outside_and_the_first_inside(which: str, counted: str) -> None:
    call, heard = heard_sparsely()
    of = replace(CALLS, since=hour(10), until=hour(49), counted=counted)  # type: ignore[arg-type]
    for asked in (Moment(which, of, hour(24), None), Moment(which, of, None, hour(24))):  # type: ignore[arg-type]
        verdict = evaluate(asked, data([call], heard, SPOT))
        assert (verdict.lower, verdict.upper, verdict.outcome) == (hour(22), hour(24.6), "not_enough_data")


def passing(moments: tuple[float, ...] = (12.9, 15.8), **given: Any) -> pa.Table:
    """Under way every 2 h; two moving reports in the harbour lie less than 3 h from each other and from the next."""
    where = dict.fromkeys((0, 2, 4, 6, 8, 18.7, 20.7, 22.7, 24.7, 26.7, 28.7), AWAY)
    where |= {10: (HARBOUR[0], HARBOUR[1] + 0.11)} | dict.fromkeys(moments, HARBOUR)
    return track(sorted(where), where, **given)


@pytest.mark.parametrize("counted", ["overlaps", "begins"])
def test_a_stay_of_which_only_moving_reports_are_known_is_possible(counted: str) -> None:
    of = replace(CALLS, since=hour(2), until=hour(28), counted=counted)  # type: ignore[arg-type]
    verdict = evaluate(Count(of, "at_least", 1), data([], passing(), SPOT))
    assert (verdict.outcome, verdict.lower, verdict.upper) == ("not_enough_data", 0, 1)
    (fit,) = verdict.possible
    assert (fit.window.why, fit.window.start, fit.window.end) == ("a passage", hour(10), hour(18.7))
    known = data([event(start=12.9, end=15.8)], passing(), SPOT)
    assert evaluate(Count(of, "exactly", 1), known).outcome == "supported"
    for since, until in ((0, 9.9), (18.8, 28)):
        out = replace(of, since=hour(since), until=hour(until))
        assert evaluate(Count(out, "at_most", 0), data([], passing(), SPOT)).outcome == "supported"


def test_a_passage_that_leaves_less_time_than_a_call_takes_is_none() -> None:
    where = dict.fromkeys((0, 0.5, 1, 3.4, 4, 5), AWAY) | dict.fromkeys((1.5, 2, 3), HARBOUR)
    of = replace(CALLS, since=hour(0), until=hour(5))
    verdict = evaluate(Count(of, "at_most", 0), data([], track(sorted(where), where), SPOT))
    assert (verdict.outcome, verdict.upper) == ("supported", 0)


def two_hulls() -> tuple[list[Event], pa.Table]:
    events = [
        event(start=10, end=30, measures={**STOPPED, "stopped_h": 20.0}, vessels=(VesselRef(MMSI, segment),))
        for segment in (1, 2)
    ]
    tracks = [
        track([h + shift for h in range(40)], {h + shift: HARBOUR if 10 <= h <= 30 else AWAY for h in range(40)},
              segment=segment)
        for segment, shift in ((1, 0.0), (2, 0.1))
    ]  # fmt: skip
    return events, pa.concat_tables(tracks)


def test_two_ships_on_one_mmsi_in_one_port_may_be_two_calls() -> None:
    events, heard = two_hulls()
    known = data(events, heard, SPOT)
    of = replace(CALLS, since=hour(1), until=hour(39))
    verdict = evaluate(Count(of, "at_least", 2), known)
    assert (verdict.outcome, verdict.lower, verdict.upper) == ("not_enough_data", 1, 2)
    assert evaluate(Count(of, "at_most", 1), known).outcome == "not_enough_data"
    total = evaluate(Sum(of, "stopped_h", "at_most", 30), known)
    assert (total.outcome, total.lower, total.upper) == ("not_enough_data", 20, None)
    assert evaluate(Moment("last", of, None, hour(10)), known).upper is None


def test_one_ship_in_a_port_leaves_the_silence_of_another_all_its_room() -> None:
    """The silence of the second hull began outside, while the first lay there: she needs no absence."""
    (stay, _), heard = two_hulls()
    near = HARBOUR[0], HARBOUR[1] + 0.11
    other = track([0.1, 12.1, 15.7, 39.1], {0.1: AWAY, 12.1: near, 15.7: near, 39.1: AWAY}, segment=2)
    both = pa.concat_tables([heard.filter(pc.equal(heard["segment"], 1)), other])
    fits = evaluate(Count(CALLS, "at_least", 2), data([stay], both, Spot(*HARBOUR, radius_m=12_000))).possible
    assert (hour(12.1), 1) in [(fit.window.start, fit.count) for fit in fits]


def test_at_two_ports_calls_follow_each_other_without_an_absence() -> None:
    """7 h unheard leave one more call at the same place, and two at any."""
    heard = track([h for h in range(-1, 60) if not 20 < h < 27])
    of = replace(CALLS, since=hour(0), until=hour(58))
    passing_by = Spot(AWAY[0] + 0.02, AWAY[1], radius_m=0.0)
    assert evaluate(Count(of, "at_most", 1), data([], heard, passing_by)).upper == 1
    anywhere = evaluate(Count(replace(of, place=None), "at_most", 1), data([], heard))
    assert (anywhere.outcome, anywhere.upper) == ("not_enough_data", 2)


def test_a_passage_at_a_port_is_possible_also_where_none_is_named() -> None:
    """A call at SIMPT goes on around it, as she came back within 4 h: the other port is another call."""
    harbour = Place("SIMPT", "SIM port", "", "port", *HARBOUR, 5000, "made up")
    other = Place("SIMXX", "SIM other", "", "port", HARBOUR[0], HARBOUR[1] + 0.12, 5000, "made up")
    at_other = HARBOUR[0], HARBOUR[1] + 0.12
    where = dict.fromkeys(range(-1, 10), AWAY) | dict.fromkeys(range(10, 20), HARBOUR) | {20.5: at_other, 22: at_other}
    where |= {23.5: HARBOUR, 24: HARBOUR} | dict.fromkeys(range(25, 60), AWAY)
    of = replace(CALLS, place=None, since=hour(0), until=hour(58))
    known = data([event(start=10, end=24)], track(sorted(where), where), AnyPort(Gazetteer([harbour, other])))
    verdict = evaluate(Count(of, "exactly", 1), known)
    assert (verdict.outcome, verdict.lower, verdict.upper) == ("not_enough_data", 1, 2)
    assert [fit.window.why for fit in verdict.possible] == ["a passage"]
