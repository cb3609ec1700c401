"""What a query runs on, gathered from a workspace as of a moment: events, tracks, places, and what was looked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from darkwake import times
from darkwake.answers.checks import check_measures, unknown_waters_h
from darkwake.answers.counting import Data
from darkwake.answers.next_door import AnyPort, overlapping
from darkwake.answers.outline import outline_of
from darkwake.answers.query import Filter, Present, Query, Where, Within, filters, kinds
from darkwake.answers.seen import would_have_seen
from darkwake.answers.windows import Box, Target
from darkwake.detectors import registry
from darkwake.detectors.coverage import TRACK, Coverage
from darkwake.events import store
from darkwake.events.model import Event
from darkwake.events.store import Stored
from darkwake.lake.store import Snapshot, data_span
from darkwake.places import Gazetteer, Place
from darkwake.tracks.build import CLASS_B_TYPES
from darkwake.tracks.columns import ints
from darkwake.tracks.reception import ReceptionModel

_WEEK_US = 7 * times.DAY_US


class CoverageOf(Protocol):
    """What was looked for: of one kind under one profile, over [since, until) (µs; None: no bound).

    `mmsi`: of that vessel only; None: of all. A run looks at all waters, so no place is asked for.
    """

    def __call__(
        self,
        kind: str,
        *,
        profile: str,
        since: int | None,
        until: int | None,
        mmsi: int | None,
    ) -> Coverage: ...


def data_for(
    query: Query,
    snapshot: Snapshot,
    places: Gazetteer,
    coverage_of: CoverageOf,
    reception: Callable[[], ReceptionModel],
    *,
    profile: str = "default",
) -> Data:
    """Everything that `evaluate` looks at. NotFoundError for a place, UsageError for a measure that is not known.

    `reception` is asked only where the query names a place, and is called at most once.
    """
    check_measures(query)
    of = query.of
    mmsi = _mmsi(of, snapshot)
    known = registry.names()  # others come with a later version: nobody can have looked for them
    coverage = {kind: _coverage(query, kind, mmsi, coverage_of, profile) for kind in kinds(query) if kind in known}
    if isinstance(query, Present):
        coverage[TRACK] = coverage_of(TRACK, profile=profile, since=of.since, until=of.until, mmsi=mmsi)
    found = _events(query, snapshot, profile)
    named = None if mmsi is None else _rows(snapshot, [mmsi])
    doubted = [] if mmsi is not None or not found else sorted({*_doubted(snapshot, found), *_late(found, coverage)})
    track = named if mmsi is not None else _rows(snapshot, doubted) if found else None
    target: Target | None = Box(of.bbox) if of.bbox else None
    kind = registry.kind(of.kind) if isinstance(of, Filter) else None
    if kind is not None and kind.at_port and of.bbox is None:
        target = AnyPort(places)
    if of.place is not None:
        target = outline_of(of.place, places, of.since, of.until)
    seen, unknown = None, 0
    if isinstance(of, Filter):
        if of.place is not None:
            seen = _would_have_seen(of, places.by_code(of.place), named, snapshot, reception)
        if named is not None and registry.kind(of.kind).at_port:
            unknown = unknown_waters_h(named, places, of.since, of.until)
    return Data(
        [stored.event for stored in found],
        track,
        target,
        coverage,
        seen,
        unknown,
        profile,
        {stored.id: stored.run for stored in found},
        _feeds(snapshot),
        *_told_elsewhere(of, mmsi, snapshot, places, profile),
    )


def _told_elsewhere(
    of: Filter | Where, mmsi: int | None, snapshot: Snapshot, places: Gazetteer, profile: str
) -> tuple[str, tuple[Event, ...]]:
    """Why no call bears the code of the asked place ("": some do), and the vessel's calls at ports that overlap it."""
    if not isinstance(of, Filter) or of.place is None or mmsi is None or not registry.kind(of.kind).at_port:
        return "", ()
    place = places.by_code(of.place)
    if place.kind != "port":
        return f"{place.name} is no port (its kind: {place.kind}), and a call bears the code of its port", ()
    read = (
        store.read(snapshot, [of.kind], profile=profile, mmsis=[mmsi], place=code, retracted=False)
        for code in overlapping(places, place.code)
    )
    return "", tuple(stored.event for found in read for stored in found)


def _mmsi(of: Filter | Where, snapshot: Snapshot) -> int | None:
    """The MMSI of the named vessel; of a segment, that of its rows."""
    if of.segment is None:
        return of.mmsi
    owner = snapshot.scan("segments", ["mmsi"], pc.field("segment") == of.segment)
    return int(owner["mmsi"][0].as_py()) if owner.num_rows else None


def _events(query: Query, snapshot: Snapshot, profile: str) -> list[Stored]:
    """The standing events of each filter: of one vessel, only those with it among their vessels."""
    found: dict[str, Stored] = {}
    for given in filters(query):
        if not isinstance(given, Filter):
            continue
        # what lies near a vessel's events, of the same vessel, is of that vessel too
        whose = query.of if isinstance(query, Within) and query.same_vessel and given.vessel is None else given
        mmsi = _mmsi(whose, snapshot)
        mmsis = None if whose.vessel is None else [] if mmsi is None else [mmsi]
        wanted = store.read(
            snapshot, [given.kind], profile=profile, mmsis=mmsis, place=given.place, bbox=given.bbox, retracted=False
        )
        found |= {stored.id: stored for stored in wanted}
    return sorted(found.values(), key=lambda stored: (stored.event.start, stored.id))


def _doubted(snapshot: Snapshot, found: Sequence[Stored]) -> list[int]:
    """The MMSIs of events of which two segments overlap in time: of two that exclude each other one may be a stray."""
    wanted = pa.array(sorted({vessel.mmsi for stored in found for vessel in stored.event.vessels}), pa.int32())
    rows = snapshot.scan("segments", ["mmsi", "start", "end"], pc.field("mmsi").isin(wanted))
    mmsi, start, end = (ints(rows[name]) for name in ("mmsi", "start", "end"))
    doubted: set[int] = set()
    of, reach = -1, 0
    for row in np.lexsort((start, mmsi)).tolist():
        if mmsi[row] != of:
            of, reach = int(mmsi[row]), int(end[row])
        elif start[row] <= reach:
            doubted.add(of)
        reach = max(reach, int(end[row]))
    return sorted(doubted)


def _late(found: Sequence[Stored], coverage: Mapping[str, Coverage]) -> set[int]:
    """The MMSIs of silences that reports may lie in which came after they were looked for."""
    silences = {kind for kind in coverage if registry.kind(kind).silence}
    late = {kind for kind in silences if any(lacking.why == "newer_data" for lacking in coverage[kind].missing)}
    return {vessel.mmsi for stored in found if stored.event.kind in late for vessel in stored.event.vessels}


def _rows(snapshot: Snapshot, mmsis: Sequence[int]) -> pa.Table:
    """TRACKS rows of some vessels, in order of time."""
    if len(mmsis) == 1:
        return snapshot.of_vessel("tracks", mmsis[0]).sort_by("time")
    return snapshot.scan("tracks", where=pc.field("mmsi").isin(list(mmsis))).sort_by("time")


def _coverage(query: Query, kind: str, mmsi: int | None, coverage_of: CoverageOf, profile: str) -> Coverage:
    """Of a kind, over every period in which the query asks for it."""
    since: list[int | None] = []
    until: list[int | None] = []
    for given in filters(query):
        if isinstance(given, Filter) and given.kind == kind:
            around = 0
            if isinstance(query, Within) and given is query.near:  # only what lies near the first can matter
                around = round(query.hours * times.HOUR_US)
                given = query.of if given.since is None and given.until is None else given  # noqa: PLW2901
            since.append(None if given.since is None else given.since - around)
            until.append(None if given.until is None else given.until + around)
    whose = mmsi if not isinstance(query, Within) or query.same_vessel else None
    return coverage_of(
        kind,
        profile=profile,
        since=None if None in since else min(s for s in since if s is not None),
        until=None if None in until else max(u for u in until if u is not None),
        mmsi=whose,
    )


def _would_have_seen(
    of: Filter, place: Place, track: pa.Table | None, snapshot: Snapshot, reception: Callable[[], ReceptionModel]
) -> float | None:
    """For the least stay at the place, over the period or all of the data; of class A unless the vessel is B."""
    span = data_span(snapshot)
    least_stay_h = registry.kind(of.kind).least_stay_h
    if least_stay_h is None or span[0] is None or span[1] is None:
        return None
    since, until = (span[0] if of.since is None else of.since), (span[1] if of.until is None else of.until)
    if until <= since:
        return None
    class_b = track is not None and track.num_rows > 0 and track["type"][-1].as_py() in CLASS_B_TYPES
    return would_have_seen(reception(), place.lon, place.lat, since, until, least_stay_h, class_b)


def _feeds(snapshot: Snapshot) -> tuple[tuple[int, int], ...]:
    """Periods [start, end) of which there is any position, by the weeks that the tracks are kept in."""
    first, last = data_span(snapshot)
    if first is None or last is None:
        return ()
    weeks = sorted({str(file.partition["week"]) for file in snapshot.data_files("tracks")})
    found: list[tuple[int, int]] = []
    for week in weeks:
        monday = times.from_datetime(dt.datetime.fromisoformat(week).replace(tzinfo=dt.UTC))
        if found and monday <= found[-1][1]:
            found[-1] = found[-1][0], monday + _WEEK_US
        else:
            found.append((monday, monday + _WEEK_US))
    return tuple((max(start, first), min(end, last + 1)) for start, end in found)
