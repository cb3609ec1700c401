"""Nearness by sorted times is nearness by comparing each with each."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from darkwake.answers.nearness import beside
from darkwake.answers.occurrences import Occurrence, distinct
from darkwake.answers.query import Filter, Within
from darkwake.events.model import Event, VesselRef
from darkwake.geo.sphere import distance_m
from made_up import event


def by_pairs(one: Occurrence, others: list[Occurrence], query: Within) -> bool:
    def near(other: Occurrence) -> bool:
        if other.ids == one.ids or (query.same_vessel and not one.mmsis & other.mmsis):
            return False
        pause = max(other.start - one.last_seen, one.start - other.last_seen, 0)
        km = [
            distance_m(a.lon, a.lat, b.lon, b.lat) / 1000
            for a in one.events
            for b in other.events
            if a.lon is not None and a.lat is not None and b.lon is not None and b.lat is not None
        ]
        in_reach = query.km is None or min(km, default=1e9) <= query.km
        return pause <= query.hours * 3_600_000_000 and in_reach

    return any(near(other) for other in others)


@st.composite
def events(draw: st.DrawFn, kind: str) -> list[Event]:
    found = []
    for number in range(draw(st.integers(0, 12))):
        start = draw(st.integers(0, 60))
        end = draw(st.none() | st.integers(0, 30).map(lambda length, start=start: start + length))  # type: ignore[misc]
        vessels = tuple(VesselRef(299000001 + k, k) for k in draw(st.sets(st.integers(0, 3), min_size=1, max_size=2)))
        lon = draw(st.none() | st.sampled_from([0.0, 0.05, 1.0]))
        found.append(replace(event(kind, start, end, vessels=vessels, lon=lon, lat=0.0), id=f"{kind}-{number}"))
    return found


queries = st.builds(
    Within,
    st.just(Filter("gap")),
    st.just(Filter("encounter")),
    st.integers(0, 12).map(float),
    st.none() | st.sampled_from([0.0, 6.0, 200.0]),
    st.booleans(),
)


@settings(deadline=None)
@given(events("gap"), events("encounter"), queries, st.booleans())
def test_by_time_and_place_is_by_pairs(one: list[Event], other: list[Event], query: Within, alike: bool) -> None:
    ones = distinct(one)
    others = ones if alike else distinct(other)
    assert beside(ones, others, query) == [by_pairs(each, others, query) for each in ones]
