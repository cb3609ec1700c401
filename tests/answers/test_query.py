from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkwake import times
from darkwake.answers import query as q
from darkwake.errors import NotFoundError, UsageError

CALLS: dict[str, Any] = {
    "v": 1,
    "count": {
        "kind": "port_call",
        "vessel": "mmsi:299000001",
        "place": "KPNAM",
        "since": "2019-02-01",
        "until": "2019-11-01",
        "min": {"confidence_level": 2},
    },
    "at_least": 10,
}


def test_reads_the_example_of_the_docs() -> None:
    query = q.from_json(CALLS)
    assert isinstance(query, q.Count)
    assert (query.compare, query.number, query.of.mmsi, query.of.place) == ("at_least", 10, 299000001, "KPNAM")
    assert (query.of.since, query.of.until) == (times.parse("2019-02-01"), times.parse("2019-11-01"))
    assert query.of.minimum == (("confidence_level", 2.0),)
    assert q.from_json(json.dumps(CALLS)) == query


numbers = st.floats(-1e6, 1e6).map(lambda x: x + 0.0)
instants = st.integers(times.parse("1000"), times.parse("2999"))
compare = st.sampled_from(q.COMPARISONS)
counts = st.integers(0, 10**6)


@st.composite
def filters(draw: st.DrawFn) -> q.Filter:
    period = sorted(draw(st.sets(instants, min_size=2, max_size=2)))
    south, north = sorted((draw(st.floats(-90, 90)), draw(st.floats(-90, 90))))
    west, east = draw(st.floats(-180, 180)), draw(st.floats(-180, 180))
    segments = st.integers(0, 2**48 - 1).map(lambda s: f"seg:{s:012x}")
    mmsis = st.integers(0, 2**30 - 1).filter(lambda m: m < 10**9).map(lambda m: f"mmsi:{m}")
    return q.Filter(
        kind=draw(st.sampled_from(q.KINDS)),
        vessel=draw(st.none() | mmsis | segments),
        place=draw(st.none() | st.from_regex(r"\A[A-Z]{2}[A-Z0-9]{3}\Z")),
        since=draw(st.none() | st.just(period[0])),
        until=draw(st.none() | st.just(period[1])),
        bbox=draw(st.none() | st.just((west, south, east, north))),
        minimum=tuple(draw(st.dictionaries(st.sampled_from(["confidence_level", "duration_h"]), numbers)).items()),
        counted=draw(st.sampled_from([None, "overlaps", "begins"])),
    )


@st.composite
def presences(draw: st.DrawFn) -> q.Present:
    of = draw(filters().filter(lambda f: f.vessel is not None and (f.place is not None or f.bbox is not None)))
    return q.Present(q.Where(of.vessel, of.place, of.since, of.until, of.bbox))


@st.composite
def moments(draw: st.DrawFn) -> q.Moment:
    before, after = sorted((draw(instants), draw(instants)))
    which = draw(st.sampled_from(["first", "last"]))
    keep = draw(st.sampled_from([(True, True), (True, False), (False, True)]))
    return q.Moment(which, draw(filters()), before if keep[0] else None, after if keep[1] else None)


queries: st.SearchStrategy[q.Query] = st.one_of(
    st.builds(q.Count, filters(), compare, counts),
    st.builds(q.Exists, filters()),
    st.builds(q.Sum, filters(), st.just("duration_h"), compare, numbers),
    moments(),
    presences(),
    st.builds(
        q.Within,
        filters(),
        filters(),
        st.floats(0, 1e4),
        st.none() | st.floats(0, 1e4),
        st.booleans(),
        compare,
        counts,
    ),
)


@given(queries)
def test_json_round_trip(query: q.Query) -> None:
    text = json.dumps(q.to_json(query))
    assert q.from_json(text) == query
    assert q.canonical(q.from_json(text)) == q.canonical(query)


def _with(**changes: Any) -> dict[str, Any]:
    return {**CALLS, "count": {**CALLS["count"], **changes}}


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ("{", "not JSON"),
        ([], "JSON object"),
        ({**CALLS, "v": 3}, "version 3"),
        ({**CALLS, "v": True}, "version True"),
        ({"v": 1, "at_least": 1}, "asks one thing"),
        ({**CALLS, "exists": {"kind": "gap"}}, "count, exists"),
        ({**CALLS, "at_most": 3}, "2 comparisons"),
        ({"v": 1, "count": {"kind": "gap"}}, "0 comparisons"),
        ({**CALLS, "at_least": 1.5}, "whole number"),
        ({**CALLS, "at_least": -1}, "-1"),
        ({**CALLS, "at_least": "10"}, "found '10'; expected a whole number"),
        ({**CALLS, "atleast": 10}, "'atleast'"),
        (_with(port="KPNAM"), "'port'"),
        (_with(kind="portcall"), "'portcall'"),
        (_with(kind=None), "no `kind`"),
        (_with(vessel="SIM AURORA"), "SIM AURORA"),
        (_with(vessel="mmsi:12345678901"), "mmsi:12345678901"),
        (_with(vessel="seg:xyz"), "seg:xyz"),
        (_with(place="<script>"), "<script>"),
        (_with(since="2019-12-01"), "period is empty"),
        (_with(since="soon"), "'soon'"),
        (_with(bbox=[1, 2, 3]), "[1, 2, 3]"),
        (_with(bbox=[0, 50, 10, 40]), "south lies north"),
        (_with(bbox=[0, 40, 190, 50]), "degrees on the globe"),
        (_with(min={"confidence_level": "high"}), "'high'"),
        (_with(min=["confidence_level"]), "JSON object"),
        ({"v": 1, "first": {"kind": "gap"}}, "not_before"),
        ({"v": 1, "last": {"kind": "gap"}, "not_before": "2020", "not_after": "2019"}, "lies before"),
        ({"v": 1, "sum": {"kind": "gap"}, "at_least": 1}, "measure"),
        ({"v": 1, "within": {"kind": "gap"}, "near": {"kind": "encounter"}}, "hours"),
        ({"v": 1, "within": {"kind": "gap"}, "hours": 2}, "near"),
        ({"v": 1, "within": {"kind": "gap"}, "near": {"kind": "gap"}, "hours": 2, "same_vessel": 1}, "same_vessel"),
    ],
)
def test_says_what_is_wrong(data: object, named: str) -> None:
    with pytest.raises((UsageError, NotFoundError)) as caught:
        q.from_json(data)
    assert named in str(caught.value)


def test_mmsi_keeps_its_leading_zeros() -> None:
    assert q.Filter("gap", vessel="mmsi:2320001").vessel == "mmsi:002320001"


def test_filters_names_everything_to_load() -> None:
    near = q.Filter("encounter")
    both = q.filters(q.Within(q.Filter("gap"), near, 48.0))
    assert [given.kind for given in both if isinstance(given, q.Filter)] == ["gap", "encounter"]
    assert q.kinds(q.Within(q.Filter("gap"), near, 48.0)) == ("encounter", "gap")
    where = q.Where("mmsi:299000001", "SIMPT")
    assert (q.filters(q.Present(where)), q.kinds(q.Present(where))) == ((where,), ())


def test_each_verb_counts_as_is_usual_for_it_unless_told() -> None:
    gap = {"kind": "gap"}
    assert q.from_json({"v": 2, "exists": gap}).of.counted == "overlaps"  # type: ignore[union-attr]
    total = {"v": 2, "sum": gap, "measure": "duration_h", "at_least": 1}
    assert q.from_json(total).of.counted == "begins"  # type: ignore[union-attr]
    assert q.from_json({"v": 2, "first": gap, "not_after": "2020"}).of.counted == "begins"  # type: ignore[union-attr]
    told = q.from_json({**total, "sum": {**gap, "counted": "overlaps"}})
    assert told.of.counted == "overlaps"  # type: ignore[union-attr]


def test_a_query_of_version_1_keeps_its_meaning_and_says_how_it_was_read() -> None:
    old = q.from_json({**CALLS, "count": {**CALLS["count"], "bbox": None, "since": "20190201"}})
    assert isinstance(old, q.Count)
    assert old.of.counted == "begins"
    assert "version 1" in old.read_as[0]
    new = q.from_json({**CALLS, "v": 2, "count": {**CALLS["count"], "counted": "begins"}})
    assert (new, new.read_as) == (old, ())
    assert q.canonical(new) == q.canonical(old)


@pytest.mark.parametrize("key", ["counted", "present"])
def test_version_1_knows_nothing_of_what_came_later(key: str) -> None:
    given = {"v": 1, "present": {}} if key == "present" else _with(counted="overlaps")
    with pytest.raises(UsageError, match=f"version 1 has no `{key}`"):
        q.from_json(given)
