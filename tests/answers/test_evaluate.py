from __future__ import annotations

import json
from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkwake import times
from darkwake.answers.evaluate import evaluate, judge
from darkwake.answers.query import COMPARISONS, Count, Exists, Filter, Moment, Sum, Within
from darkwake.answers.windows import Spot
from darkwake.events.model import Event, VesselRef
from made_up import AWAY, HARBOUR, MMSI, SEGMENT, data, event, hour, track

SPOT = Spot(*HARBOUR, radius_m=5000)
DAYS = 40
CALLS = Filter("port_call", f"mmsi:{MMSI}", "SIMPT", hour(0), hour(24 * DAYS), minimum=(("confidence_level", 2),))


def calls(number: int, first: float = 24, every: float = 72) -> list[Event]:
    return [event(start=first + every * k, end=first + every * k + 12) for k in range(number)]


def heard_all_along(silent: tuple[float, float] = (0, 0)) -> pa.Table:
    """A report an hour for the whole period and a day around it, but for one silence."""
    return track([h for h in range(-24, 24 * DAYS + 24) if not silent[0] < h < silent[1]])


def test_all_heard_gives_an_exact_number() -> None:
    verdict = evaluate(Count(CALLS, "at_least", 4), data(calls(4), heard_all_along(), SPOT))
    assert (verdict.outcome, verdict.lower, verdict.upper, verdict.coverage) == ("supported", 4, 4, 1.0)
    assert verdict.possible == ()
    assert verdict.words == "Number of port calls: exactly 4; the claim says at least 4: supported."


def test_one_call_deleted_changes_the_verdict() -> None:
    track_ = heard_all_along()
    four, three = calls(4), calls(4)[1:]
    assert evaluate(Count(CALLS, "at_least", 4), data(four, track_, SPOT)).outcome == "supported"
    assert evaluate(Count(CALLS, "at_least", 4), data(three, track_, SPOT)).outcome == "contradicted"


def test_a_silence_makes_room_for_calls_and_doubt() -> None:
    silent = heard_all_along((500, 524))
    verdict = evaluate(Count(CALLS, "at_least", 5), data(calls(4), silent, SPOT))
    # 24 h of silence: 3.7 h in, 3.7 h out, 16.6 h for stays of 3 h with 4 h between
    assert (verdict.outcome, verdict.lower, verdict.upper) == ("not_enough_data", 4, 6)
    assert [f.count for f in verdict.possible] == [2]
    assert verdict.coverage == pytest.approx(1 - 23 / (24 * DAYS))
    assert "between 4 and 6" in verdict.words
    assert any("another MMSI" in sentence for sentence in verdict.assumptions)
    assert evaluate(Count(CALLS, "at_least", 7), data(calls(4), silent, SPOT)).outcome == "contradicted"
    assert evaluate(Count(CALLS, "at_most", 6), data(calls(4), silent, SPOT)).outcome == "supported"
    assert evaluate(Count(CALLS, "exactly", 4), data(calls(4), silent, SPOT)).outcome == "not_enough_data"


def test_a_vessel_never_heard_is_no_evidence_of_anything() -> None:
    verdict = evaluate(Count(CALLS, "at_least", 1), data([], track([]), SPOT))
    assert (verdict.outcome, verdict.lower, verdict.coverage) == ("not_enough_data", 0, 0.0)
    assert verdict.upper == -(-24 * DAYS // 7)
    assert any("No position" in note for note in verdict.notes)


def test_data_that_begins_too_late_leaves_room_before_it() -> None:
    late = track(range(480, 24 * DAYS + 24))
    verdict = evaluate(Count(CALLS, "at_most", 4), data(calls(4, first=490), late, SPOT))
    assert verdict.outcome == "not_enough_data"
    assert [f.window.why for f in verdict.possible] == ["before the first report"]
    assert verdict.coverage == 0.5


def test_doubtful_calls_are_kept_apart_and_raise_only_the_upper_bound() -> None:
    weak = event(start=400, end=410, measures={"confidence_level": 1, "stop_seen": True})
    verdict = evaluate(Count(CALLS, "at_least", 5), data([*calls(4), weak], heard_all_along(), SPOT))
    assert (verdict.outcome, verdict.lower, verdict.upper) == ("not_enough_data", 4, 5)
    assert [o.ids for o in verdict.apart] == [(weak.id,)]


def test_a_measure_that_falls_short_is_another_thing_and_no_doubt() -> None:
    asked = Filter("loitering", f"mmsi:{MMSI}", None, hour(0), hour(900), minimum=(("duration_h", 10),))
    short = event("loitering", 30, 39)
    verdict = evaluate(Count(asked, "at_most", 0), data([short], heard_all_along()))
    assert (verdict.lower, verdict.upper, verdict.apart) == (0, None, ())


def test_of_a_port_call_what_was_seen_is_the_least_of_what_was() -> None:
    asked = replace(CALLS, minimum=(("stopped_h", 10),))
    short = event(start=30, end=50, measures={"confidence_level": 4, "stop_seen": True, "stopped_h": 9.9})
    verdict = evaluate(Count(asked, "at_least", 1), data([short], heard_all_along(), SPOT))
    assert (verdict.outcome, verdict.lower, verdict.upper) == ("not_enough_data", 0, 1)
    assert "less was seen of it than the claim asks for" in verdict.apart[0].why


def test_what_does_not_count() -> None:
    others = [
        event(start=30, end=40, state="retracted"),
        event(start=60, end=70, place="SIMXX"),
        event(start=90, end=99, vessels=(VesselRef(299000002, 1),)),
        event(start=-30, end=-20),
        event(start=24 * DAYS, end=24 * DAYS + 5),
        event("gap", 100, 110),
    ]
    verdict = evaluate(Count(CALLS, "exactly", 0), data(others, heard_all_along(), SPOT))
    assert (verdict.lower, verdict.outcome) == (0, "supported")


def test_the_same_call_seen_twice_counts_once() -> None:
    twice = [event(start=24, end=36), event(start=25, end=38, vessels=(VesselRef(MMSI, 7),))]
    verdict = evaluate(Count(CALLS, "exactly", 1), data(twice, heard_all_along(), SPOT))
    assert verdict.outcome == "supported"
    assert len(verdict.counted[0].ids) == 2
    assert verdict.counted[0].end == hour(38)


def test_an_open_call_and_the_next_one_are_one_unless_the_ship_was_heard_elsewhere() -> None:
    events = [event(start=24, end=None), event(start=200, end=210, vessels=(VesselRef(MMSI, 7),))]
    stayed = track([h for h in range(-24, 24 * DAYS + 24) if not 24 < h < 200], HARBOUR)
    assert evaluate(Count(CALLS, "at_least", 2), data(events, stayed, SPOT)).lower == 1
    assert evaluate(Count(CALLS, "at_least", 2), data(events, heard_all_along(), SPOT)).lower == 2


def test_a_long_silence_within_one_call_may_hide_another() -> None:
    stay = event(start=0, end=60)
    inside = track([h for h in range(61) if not 10 < h < 20], HARBOUR)
    asked = replace(CALLS, until=hour(60))
    verdict = evaluate(Count(asked, "exactly", 1), data([stay], inside, SPOT))
    assert (verdict.lower, verdict.upper, verdict.outcome) == (1, 2, "not_enough_data")


def test_without_a_vessel_there_is_no_upper_bound() -> None:
    verdict = evaluate(Count(replace(CALLS, vessel=None), "at_most", 100), data(calls(4), heard_all_along(), SPOT))
    assert (verdict.outcome, verdict.upper, verdict.coverage) == ("not_enough_data", None, None)


def test_kinds_without_a_model_of_silence_have_no_upper_bound() -> None:
    asked = Filter("circle", f"mmsi:{MMSI}")
    verdict = evaluate(Count(asked, "at_most", 3), data([], heard_all_along()))
    assert (verdict.outcome, verdict.upper) == ("not_enough_data", None)
    assert verdict.notes


def test_nothing_detected_is_not_nothing_there() -> None:
    verdict = evaluate(Count(CALLS, "at_least", 1), data([], heard_all_along(), SPOT, coverage={}))
    assert (verdict.outcome, verdict.upper) == ("not_enough_data", None)


def test_a_segment_can_be_asked_about() -> None:
    asked = replace(CALLS, vessel=f"seg:{SEGMENT:012x}")
    other = event(start=400, end=410, vessels=(VesselRef(MMSI, 7),))
    verdict = evaluate(Count(asked, "at_least", 4), data([*calls(4), other], heard_all_along(), SPOT))
    assert (verdict.outcome, verdict.lower) == ("supported", 4)


def test_a_box_instead_of_a_place() -> None:
    asked = replace(CALLS, place=None, bbox=(125.0, 38.5, 125.5, 39.0))
    verdict = evaluate(Count(asked, "exactly", 4), data(calls(4), heard_all_along()))
    assert (verdict.outcome, verdict.lower, verdict.upper) == ("not_enough_data", 4, None)
    assert any("told by one position" in note for note in verdict.notes)


def test_a_place_whose_calls_may_bear_another_code_has_no_upper_bound() -> None:
    berth = data(calls(0), heard_all_along(), SPOT, no_port="It is a berth")
    verdict = evaluate(Count(CALLS, "at_most", 0), berth)
    assert (verdict.outcome, verdict.upper) == ("not_enough_data", None)
    assert "It is a berth: there is no upper bound." in verdict.notes
    other = data(calls(0), heard_all_along(), SPOT, next_door=[event(start=30, end=50, place="SIMXX")])
    verdict = evaluate(Count(CALLS, "at_most", 0), other)
    assert (verdict.outcome, verdict.upper) == ("not_enough_data", None)
    assert any("Calls at SIMXX are known" in note for note in verdict.notes)
    assert evaluate(Count(replace(CALLS, since=hour(60)), "at_most", 0), other).outcome == "supported"


@pytest.mark.parametrize("kind", ["encounter", "loitering"])
def test_what_can_go_unseen_while_the_ship_is_heard_has_no_upper_bound(kind: str) -> None:
    asked = Filter(kind, f"mmsi:{MMSI}", None, hour(0), hour(900))
    verdict = evaluate(Exists(asked), data([], heard_all_along()))
    assert (verdict.outcome, verdict.lower, verdict.upper) == ("not_enough_data", 0, None)
    assert any("go unseen" in note for note in verdict.notes)


def test_exists() -> None:
    known = data(calls(1), heard_all_along(), SPOT)
    assert evaluate(Exists(CALLS), known).outcome == "supported"
    assert evaluate(Exists(CALLS), replace(known, events=())).outcome == "contradicted"
    assert evaluate(Exists(CALLS), data((), heard_all_along((100, 200)), SPOT)).outcome == "not_enough_data"


def test_sum_of_a_measure() -> None:
    two = [event(start=30, end=40, measures=stopped(10)), event(start=100, end=112, measures=stopped(12))]
    verdict = evaluate(Sum(CALLS, "stopped_h", "at_least", 20), data(two, heard_all_along(), SPOT))
    assert (verdict.outcome, verdict.lower, verdict.upper) == ("supported", 22, 22)
    silent = evaluate(Sum(CALLS, "stopped_h", "at_most", 30), data(two, heard_all_along((500, 600)), SPOT))
    assert (silent.outcome, silent.lower, silent.upper) == ("not_enough_data", 22, None)
    unknown = [*two, event(start=200, end=210, measures=stopped(None))]
    partial = evaluate(Sum(CALLS, "stopped_h", "at_most", 30), data(unknown, heard_all_along(), SPOT))
    assert (partial.upper, partial.outcome) == (None, "not_enough_data")
    assert any("no stopped_h" in note for note in partial.notes)


def stopped(hours: float | None) -> dict[str, object]:
    return {"confidence_level": 4, "stop_seen": True, "stopped_h": hours}


def test_sum_of_a_measure_that_can_be_negative_has_no_bound_in_silence() -> None:
    two = [event(start=30, end=40, measures={"confidence_level": 4, "stop_seen": True, "draught_change_m": 2.0})]
    verdict = evaluate(Sum(CALLS, "draught_change_m", "at_least", 1), data(two, heard_all_along((500, 600)), SPOT))
    assert (verdict.lower, verdict.upper, verdict.outcome) == (None, None, "not_enough_data")


def test_the_first_and_the_last() -> None:
    known = data(calls(4), heard_all_along(), SPOT)
    first = evaluate(Moment("first", CALLS, not_before=hour(20), not_after=hour(30)), known)
    assert (first.outcome, first.lower, first.upper) == ("supported", hour(24), hour(24))
    assert evaluate(Moment("first", CALLS, not_after=hour(20)), known).outcome == "contradicted"
    assert evaluate(Moment("last", CALLS, not_before=hour(24 + 3 * 72)), known).outcome == "supported"
    assert evaluate(Moment("last", CALLS, not_after=hour(200)), known).outcome == "contradicted"
    none = evaluate(Moment("last", CALLS, not_after=hour(200)), replace(known, events=()))
    assert (none.outcome, none.lower, none.upper) == ("contradicted", None, None)
    assert "There was no port call" in none.words


def test_a_silence_before_the_first_call_leaves_its_time_open() -> None:
    known = data(calls(2, first=100), heard_all_along((10, 60)), SPOT)
    verdict = evaluate(Moment("first", CALLS, not_before=hour(90)), known)
    assert verdict.outcome == "not_enough_data"
    assert (verdict.lower, verdict.upper) == (hour(10), hour(100))
    assert evaluate(Moment("first", CALLS, not_after=hour(100)), known).outcome == "supported"


def test_within_hours_and_kilometres() -> None:
    gaps = Filter("gap", f"mmsi:{MMSI}")
    meeting = event("encounter", 30, 34, vessels=(VesselRef(MMSI, SEGMENT), VesselRef(299000002, 2)))
    near = event("gap", 40, 60)
    far = event("gap", 400, 420)
    heard = track([h for h in range(-24, 24 * DAYS) if not (40 < h < 60 or 400 < h < 420)])
    query = Within(gaps, Filter("encounter"), hours=12, km=5)
    verdict = evaluate(query, data([meeting, near, far], heard))
    assert (verdict.outcome, verdict.lower) == ("supported", 1)
    assert [o.ids for o in verdict.counted] == [(near.id,)]
    assert [o.ids for o in verdict.apart] == [(far.id,)]
    elsewhere = replace(meeting, lon=AWAY[0], lat=AWAY[1])
    assert evaluate(query, data([elsewhere, near], heard)).lower == 0
    assert evaluate(replace(query, km=None), data([elsewhere, near], heard)).lower == 1
    strangers = replace(meeting, vessels=(VesselRef(299000003, 3), VesselRef(299000002, 2)))
    assert evaluate(query, data([strangers, near], heard)).lower == 0
    assert evaluate(replace(query, same_vessel=False), data([strangers, near], heard)).lower == 1


bounds = st.tuples(st.integers(0, 50), st.none() | st.integers(0, 50)).map(
    lambda b: (b[0], None if b[1] is None else b[0] + b[1])
)


@given(bounds, st.integers(0, 110), st.sampled_from(COMPARISONS))
def test_judge_agrees_with_every_number_in_the_bound(bound: tuple[int, int | None], number: int, compare: str) -> None:
    lower, upper = bound
    holds = {"at_least": lambda n: n >= number, "at_most": lambda n: n <= number, "exactly": lambda n: n == number}
    answers = {holds[compare](n) for n in range(lower, (upper if upper is not None else 250) + 1)}
    expected = "not_enough_data" if len(answers) == 2 else "supported" if answers == {True} else "contradicted"
    assert judge(compare, number, lower, upper) == expected  # type: ignore[arg-type]


stays = st.lists(st.integers(0, 35), unique=True, max_size=8).map(
    lambda days: [event(start=24 * d, end=24 * d + 8) for d in sorted(days)]
)
silences = st.tuples(st.integers(0, 900), st.integers(0, 300)).map(lambda s: (s[0], s[0] + s[1]))


@given(stays, silences, st.integers(0, 12), st.sampled_from(COMPARISONS))
def test_the_bound_holds_together(events: list[Event], silent: tuple[int, int], number: int, compare: str) -> None:
    known = data(events, heard_all_along(silent), SPOT)
    verdict = evaluate(Count(CALLS, compare, number), known)  # type: ignore[arg-type]
    assert verdict.lower == len(events)
    assert verdict.upper is not None
    assert verdict.lower <= verdict.upper
    assert verdict.coverage is not None
    assert 0 <= verdict.coverage <= 1
    text = json.dumps(verdict.to_json())
    assert text == json.dumps(evaluate(Count(CALLS, compare, number), known).to_json())  # type: ignore[arg-type]
    backwards = data(list(reversed(events)), known.track, SPOT)
    assert text == json.dumps(evaluate(Count(CALLS, compare, number), backwards).to_json())  # type: ignore[arg-type]


@given(stays, silences, st.integers(0, 12), st.integers(36, 38))
def test_one_more_call_never_speaks_against_at_least(
    events: list[Event], silent: tuple[int, int], number: int, day: int
) -> None:
    query = Count(CALLS, "at_least", number)
    track_ = heard_all_along(silent)
    before = evaluate(query, data(events, track_, SPOT))
    after = evaluate(query, data([*events, event(start=24 * day, end=24 * day + 8)], track_, SPOT))
    assert after.lower == before.lower + 1
    rank = {"contradicted": 0, "not_enough_data": 1, "supported": 2}
    assert rank[after.outcome] >= rank[before.outcome]


@given(stays, silences, silences)
def test_less_heard_never_narrows_the_bound(
    events: list[Event], silent: tuple[int, int], more: tuple[int, int]
) -> None:
    whole = [h for h in range(-24, 24 * DAYS + 24) if not silent[0] < h < silent[1]]
    fewer = [h for h in whole if not more[0] < h < more[1]]
    query = Count(CALLS, "at_least", 1)
    known = evaluate(query, data(events, track(whole), SPOT))
    less = evaluate(query, data(events, track(fewer), SPOT))
    assert known.upper is not None
    assert less.upper is not None
    assert less.upper >= known.upper
    assert (less.coverage or 0) <= (known.coverage or 0)


def silent_call(start: float, end: float) -> Event:
    """A call inferred from a silence in the approach: no report from inside."""
    measures = {
        "confidence_level": 2,
        "inferred_from_silence": True,
        "arrival_earliest": times.iso(hour(start + 1)),
        "arrival_latest": times.iso(hour(end - 3)),
        "departure_earliest": times.iso(hour(start + 4)),
        "departure_latest": times.iso(hour(end)),
    }
    return event(start=start, end=end, measures=measures)


def test_a_call_inferred_from_a_silence_is_one_of_those_that_fit_into_it() -> None:
    """A silence with room for two holds two at most, whether or not a detector infers one of them."""
    silent = heard_all_along((100, 122))
    plain = evaluate(Count(CALLS, "at_least", 1), data([], silent, SPOT))
    assert (plain.lower, plain.upper) == (0, 2)
    inferred = evaluate(Count(CALLS, "at_least", 1), data([silent_call(100, 122)], silent, SPOT))
    assert (inferred.lower, inferred.upper) == (0, 2)
    assert [len(inferred.apart), *(fit.count for fit in inferred.possible)] == [1, 1]


def test_an_inferred_call_counts_where_by_the_assumptions_none_would_fit() -> None:
    short = heard_all_along((100, 108))
    assert evaluate(Count(CALLS, "at_least", 1), data([], short, SPOT)).upper == 0
    assert evaluate(Count(CALLS, "at_least", 1), data([silent_call(100, 108)], short, SPOT)).upper == 1


def test_an_inferred_call_before_the_period_takes_no_room_within_it() -> None:
    silent = heard_all_along((100, 130))
    period = replace(CALLS, since=hour(110))
    without = evaluate(Count(period, "at_least", 1), data([], silent, SPOT)).upper
    assert without
    assert evaluate(Count(period, "at_least", 1), data([silent_call(100, 130)], silent, SPOT)).upper == without
