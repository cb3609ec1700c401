"""Whatever a ship did unheard, the bound holds what she did: worlds are drawn, heard in part, and counted."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import Literal

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from darkwake import times
from darkwake.answers.counting import count
from darkwake.answers.evaluate import evaluate
from darkwake.answers.evidenced import HeardOf
from darkwake.answers.next_door import AnyPort
from darkwake.answers.presence import present
from darkwake.answers.query import Counted, Filter, Moment, Where
from darkwake.answers.windows import Spot
from darkwake.events.model import Event
from darkwake.places import Gazetteer, Place
from made_up import HARBOUR, MMSI, data, event, hour, track

SPOT = Spot(*HARBOUR, radius_m=1000)
OUT = (HARBOUR[0], HARBOUR[1] + 0.11)  # 12 km away: left, and 0.3 h from there at 20 knots
HOURS = 120


@dataclass(frozen=True)
class World:
    stays: tuple[tuple[int, int], ...]  # hours in the harbour, both ends included
    moored: tuple[bool, ...]  # whether a report of the stay shows a stop
    heard: tuple[float, ...]

    def inside(self, at: float) -> bool:
        return any(start <= at <= end for start, end in self.stays)

    def shows_a_stop(self, at: float) -> bool:
        return any(start <= at <= end and moored for (start, end), moored in zip(self.stays, self.moored, strict=True))

    @property
    def track(self) -> pa.Table:
        return track(self.heard, {h: HARBOUR if self.inside(h) else OUT for h in self.heard})

    @property
    def events(self) -> list[Event]:
        """What a detector sees: reports from inside with none from outside between them."""
        found: list[Event] = []
        run: list[float] = []
        before: float | None = None
        for at in [*self.heard, None]:
            if at is not None and self.inside(at):
                run.append(at)
                continue
            stop = any(map(self.shows_a_stop, run))
            silent = any(b - a >= 4 for a, b in itertools.pairwise(run))
            if run and (stop or silent or (before is None) != (at is None)):  # otherwise a pass, and no event
                measures = {
                    "confidence_level": 2 if stop or silent else 1,
                    "stop_seen": stop,
                    "silence_h": max((b - a for a, b in itertools.pairwise(run) if b - a >= 4), default=0.0),
                    "inferred_from_silence": silent and not stop,
                    "arrival_earliest": None if before is None else times.iso(hour(before)),
                    "arrival_latest": times.iso(hour(run[0])),
                    "departure_earliest": times.iso(hour(run[-1])),
                    "departure_latest": None if at is None else times.iso(hour(at)),
                }
                found.append(event(start=run[0], end=None if at is None else run[-1], measures=measures))
            run = []
            before = at
        return found


@st.composite
def worlds(draw: st.DrawFn) -> World:
    stays, moored, at = [], [], 0
    for _ in range(draw(st.integers(0, 8))):
        start = at + draw(st.integers(5, 20))
        end = start + draw(st.integers(3, 30))
        stays.append((start, end))
        moored.append(draw(st.booleans()))
        at = end
    silences = draw(st.lists(st.tuples(st.integers(0, HOURS), st.integers(1, 40)), max_size=5))
    every = draw(st.sampled_from([1.0, 1.75, 2.5, 2.9]))  # hours; none leaves room for a whole call between two
    reports = [0.1 + every * k for k in range(int(HOURS / every))]
    heard = [h for h in reports if not any(start <= h < start + length for start, length in silences)]
    return World(tuple(stays), tuple(moored), tuple(heard))


periods = st.tuples(st.integers(0, 4 * HOURS - 4), st.integers(1, 4 * HOURS)).map(
    lambda p: (p[0] / 4, (p[0] + p[1]) / 4)
)


@settings(max_examples=400, deadline=None)
@given(worlds(), periods, st.sampled_from(["overlaps", "begins"]))
def test_the_bound_holds_what_happened(world: World, period: tuple[float, float], counted: Counted) -> None:
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


@settings(max_examples=400, deadline=None)
@given(worlds(), periods, st.sampled_from(["overlaps", "begins"]), st.sampled_from(["first", "last"]))
def test_the_first_and_the_last_lie_in_their_bounds(
    world: World, period: tuple[float, float], counted: Counted, which: Literal["first", "last"]
) -> None:
    since, until = period
    asked = Filter("port_call", f"mmsi:{MMSI}", "SIMPT", hour(since), hour(until), counted=counted)
    verdict = evaluate(Moment(which, asked, hour(since), None), data(world.events, world.track, SPOT))
    starts = [s for s, e in world.stays if s < until and (s >= since if counted == "begins" else e > since)]
    if starts:
        truth = hour(min(starts) if which == "first" else max(starts))
        assert verdict.lower is None or verdict.lower <= truth
        assert verdict.upper is None or truth <= verdict.upper
        assert verdict.outcome != ("contradicted" if truth >= hour(since) else "supported")


@settings(max_examples=200, deadline=None)
@given(worlds(), periods)
def test_presence_holds_what_happened(world: World, period: tuple[float, float]) -> None:
    since, until = period
    where = Where(f"mmsi:{MMSI}", "SIMPT", hour(since), hour(until))
    known = present(where, world.track, SPOT, HeardOf(world.track))
    was_there = any(s < until and e >= since for s, e in world.stays)
    assert known.upper is not None
    assert known.lower <= int(was_there) <= known.upper


@settings(deadline=None)
@given(worlds(), periods, st.sampled_from(["overlaps", "begins"]))
def test_a_longer_period_never_bounds_lower(world: World, period: tuple[float, float], counted: Counted) -> None:
    asked = Filter("port_call", f"mmsi:{MMSI}", "SIMPT", hour(period[0]), hour(period[1]), counted=counted)
    known = data(world.events, world.track, SPOT)
    short, longer = count(asked, known), count(replace(asked, since=hour(period[0] - 24)), known)
    assert longer.lower >= short.lower


OTHER = (HARBOUR[0], HARBOUR[1] + 0.12)
PORTS = {"SIMPT": HARBOUR, "SIMXX": OTHER}
ANY = AnyPort(Gazetteer([Place(code, f"SIM {code}", "", "port", *at, 5000, "made up") for code, at in PORTS.items()]))
SEA = (HARBOUR[0] + 1.0, HARBOUR[1])


@dataclass(frozen=True)
class Ports:
    stays: tuple[tuple[str, int, int, bool], ...]  # code, hours from and to, whether a stop shows
    heard: tuple[float, ...]

    def at(self, moment: float) -> tuple[str, bool]:
        inside = [(code, moored) for code, start, end, moored in self.stays if start <= moment <= end]
        return inside[0] if inside else ("", False)

    @property
    def track(self) -> pa.Table:
        return track(self.heard, {h: PORTS.get(self.at(h)[0], SEA) for h in self.heard})

    @property
    def events(self) -> list[Event]:
        runs = [(code, list(of)) for code, of in itertools.groupby(self.heard, lambda h: self.at(h)[0])]
        found = []
        for k, (code, run) in enumerate(runs):
            entry, left = k > 0, k < len(runs) - 1
            stop = any(self.at(h)[1] for h in run)
            silent = any(b - a >= 4 for a, b in itertools.pairwise(run))
            if code and (stop or silent or entry != left):
                measures = {
                    "confidence_level": 2 if stop or silent else 1,
                    "stop_seen": stop,
                    "inferred_from_silence": silent and not stop,
                    "arrival_earliest": times.iso(hour(runs[k - 1][1][-1])) if entry else None,
                    "arrival_latest": times.iso(hour(run[0])),
                    "departure_earliest": times.iso(hour(run[-1])),
                    "departure_latest": times.iso(hour(runs[k + 1][1][0])) if left else None,
                }
                lon, lat = PORTS[code]
                end = run[-1] if left else None
                found.append(event(start=run[0], end=end, place=code, measures=measures, lon=lon, lat=lat))
        return found


@st.composite
def several_ports(draw: st.DrawFn) -> Ports:
    stays: list[tuple[str, int, int, bool]] = []
    for _ in range(draw(st.integers(0, 9))):
        code = draw(st.sampled_from(sorted(PORTS)))
        same = [end + 5 for known, _, end, _ in stays if known == code]
        start = max([*same, *(end + 1 for _, _, end, _ in stays), 3]) + draw(st.integers(0, 8))
        stays.append((code, start, start + draw(st.integers(3, 20)), draw(st.booleans())))
    silences = draw(st.lists(st.tuples(st.integers(0, HOURS), st.integers(1, 40)), max_size=5))
    every = draw(st.sampled_from([1.0, 1.75, 2.5, 2.9]))
    reports = [0.1 + every * k for k in range(int(HOURS / every))]
    return Ports(
        tuple(stays), tuple(h for h in reports if not any(start <= h < start + length for start, length in silences))
    )


@settings(max_examples=400, deadline=None)
@given(several_ports(), periods, st.sampled_from(["overlaps", "begins"]))
def test_the_bound_of_calls_anywhere_holds_what_happened(
    world: Ports, period: tuple[float, float], counted: Counted
) -> None:
    since, until = period
    asked = Filter("port_call", f"mmsi:{MMSI}", None, hour(since), hour(until), counted=counted)
    known = count(asked, data(world.events, world.track, ANY))
    begun = sum(since <= start < until for _, start, _, _ in world.stays)
    assert known.upper is not None
    if counted == "begins":
        assert known.lower <= begun <= known.upper
    else:
        assert known.lower <= sum(start < until and end >= since for _, start, end, _ in world.stays)
        assert sum(start < until and end > since for _, start, end, _ in world.stays) <= known.upper
