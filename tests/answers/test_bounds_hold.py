"""Whatever a ship did unheard, the bound holds what she did: worlds are drawn, heard in part, and counted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from darkwake import times
from darkwake.answers.counting import count
from darkwake.answers.evidenced import Reports
from darkwake.answers.presence import present
from darkwake.answers.query import Counted, Filter, Where
from darkwake.answers.windows import Spot
from darkwake.events.base import Event
from made_up import HARBOUR, MMSI, data, event, hour, track

SPOT = Spot(*HARBOUR, radius_m=1000)
OUT = (HARBOUR[0], HARBOUR[1] + 0.11)  # 12 km away: left, and 0.3 h from there at 20 knots
HOURS = 120


@dataclass(frozen=True)
class World:
    stays: tuple[tuple[int, int], ...]  # hours in the harbour, both ends included
    heard: tuple[int, ...]

    def inside(self, at: int) -> bool:
        return any(start <= at <= end for start, end in self.stays)

    @property
    def track(self) -> pa.Table:
        return track(self.heard, {h: HARBOUR if self.inside(h) else OUT for h in self.heard})

    @property
    def events(self) -> list[Event]:
        """What a detector sees: reports from inside with none from outside between them."""
        found: list[Event] = []
        run: list[int] = []
        before: int | None = None
        for at in [*self.heard, None]:
            if at is not None and self.inside(at):
                run.append(at)
                continue
            if run:
                measures = {
                    "confidence_level": 4, "stop_seen": True, "departure_earliest": times.iso(hour(run[-1])),
                    "arrival_earliest": None if before is None else times.iso(hour(before)),
                }  # fmt: skip
                found.append(event(start=run[0], end=None if at is None else run[-1], measures=measures))
                run = []
            before = at
        return found


@st.composite
def worlds(draw: st.DrawFn) -> World:
    stays, at = [], 0
    for _ in range(draw(st.integers(0, 8))):
        start = at + draw(st.integers(5, 20))
        end = start + draw(st.integers(3, 30))
        stays.append((start, end))
        at = end
    silences = draw(st.lists(st.tuples(st.integers(0, HOURS), st.integers(1, 40)), max_size=5))
    heard = [h for h in range(HOURS) if not any(start <= h < start + length for start, length in silences)]
    return World(tuple(stays), tuple(heard))


periods = st.tuples(st.integers(0, HOURS - 1), st.integers(1, HOURS)).map(lambda p: (p[0], p[0] + p[1]))


@settings(max_examples=400, deadline=None)
@given(worlds(), periods, st.sampled_from(["overlaps", "begins"]))
def test_the_bound_holds_what_happened(world: World, period: tuple[int, int], counted: Counted) -> None:
    since, until = period
    asked = Filter("port_call", f"mmsi:{MMSI}", "SIMPT", hour(since), hour(until), counted=counted)
    known = count(asked, data(world.events, world.track, SPOT))
    begun = [s for s, e in world.stays if since <= s < until]
    part_of = [s for s, e in world.stays if s < until and e > since]
    touching = [s for s, e in world.stays if s < until and e >= since]
    assert known.upper is not None
    if counted == "begins":
        assert known.lower <= len(begun) <= known.upper
    else:
        assert known.lower <= len(touching)
        assert len(part_of) <= known.upper
    assert known.lower <= known.upper


@settings(max_examples=200, deadline=None)
@given(worlds(), periods)
def test_presence_holds_what_happened(world: World, period: tuple[int, int]) -> None:
    since, until = period
    where = Where(f"mmsi:{MMSI}", "SIMPT", hour(since), hour(until))
    known = present(where, world.track, SPOT, Reports(world.track))
    was_there = any(s < until and e >= since for s, e in world.stays)
    assert known.upper is not None
    assert known.lower <= int(was_there) <= known.upper


@settings(deadline=None)
@given(worlds(), periods, st.sampled_from(["overlaps", "begins"]))
def test_a_longer_period_never_bounds_lower(world: World, period: tuple[int, int], counted: Counted) -> None:
    asked = Filter("port_call", f"mmsi:{MMSI}", "SIMPT", hour(period[0]), hour(period[1]), counted=counted)
    known = data(world.events, world.track, SPOT)
    short, longer = count(asked, known), count(replace(asked, since=hour(period[0] - 24)), known)
    assert longer.lower >= short.lower
