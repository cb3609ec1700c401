"""What is evidenced, and what is possible at most.

An event evidences an occurrence if what makes it one was seen (each kind has its rule: of a port call a stop, of a gap
that others were heard meanwhile), nothing in the data contradicts it, and what it was found by, and in, still stands.
What fails is listed apart, with the reason in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from darkwake import times, units
from darkwake.detectors import registry
from darkwake.detectors.coverage import Coverage
from darkwake.events.model import Event
from darkwake.geo.sphere import distance_m, distances_m
from darkwake.tracks.columns import floats, instants, ints

#: No ship sails so fast: reports that would need more cannot be of one hull.
BEYOND_ANY_SHIP_KNOTS = 60.0
#: Heard farther than this from a place, the ship was not there.
LEFT_M = 10_000.0
#: How the reason begins where the ship's own reports exclude an event.
CONTRADICTED = "contradicted by the ship's own reports"
#: What makes events of a stretch no evidence: they were found by other rules, or in what is not there any more.
_STALE = ("other_parameters", "newer_places", "withdrawn_data")


def shortfall(event: Event) -> str | None:
    """Why an event shows a possible occurrence at most, by what it says itself; None if it evidences one."""
    if event.measures.get("contradicted") is True:
        return CONTRADICTED
    return registry.kind(event.kind).possible_only(event)


class HeardOf:
    """All reports at hand, by MMSI in order of time: what else was heard around an event.

    `track`: TRACKS columns `mmsi`, `segment`, `time`, `lon`, `lat`, in any order; None: nothing is known. `coverage`:
    by kind, what its events rest on.
    """

    def __init__(self, track: pa.Table | None, coverage: Mapping[str, Coverage] | None = None) -> None:
        self._coverage = coverage or {}
        self._of: dict[int, _Own] = {}
        self._elsewhere: dict[str, int | None] = {}
        if track is None or track.num_rows == 0:
            return
        mmsi, moment = ints(track["mmsi"]), instants(track["time"])
        order = np.lexsort((moment, mmsi))
        moment, lon, lat = moment[order], floats(track["lon"])[order], floats(track["lat"])[order]
        segment = ints(track["segment"], -1)[order]
        owners, first = np.unique(mmsi[order], return_index=True)
        for owner, a, b in zip(owners.tolist(), first, [*first[1:], len(order)], strict=True):
            self._of[owner] = _Own(moment[a:b], lon[a:b], lat[a:b], segment[a:b])

    def heard_elsewhere(self, event: Event) -> int | None:
        """The first time after an event's start at which one of its ships was heard elsewhere; None: never."""
        if event.id not in self._elsewhere:
            self._elsewhere[event.id] = min(self._elsewhere_after(event), default=None)
        return self._elsewhere[event.id]

    def _elsewhere_after(self, event: Event) -> Iterator[int]:
        for vessel in event.vessels:
            own = self._of.get(vessel.mmsi)
            if own is not None and event.lon is not None and event.lat is not None:
                moment = own.elsewhere_after(event.start, event.lon, event.lat)
                if moment is not None:
                    yield moment

    def heard_between(self, mmsis: Iterable[int], since: int, until: int) -> bool | None:
        """Whether any of some ships was heard in [since, until); None if none of them is at hand."""
        known = [self._of[mmsi].moment for mmsi in mmsis if mmsi in self._of]
        if not known:
            return None
        return any(np.searchsorted(moment, since) < np.searchsorted(moment, until) for moment in known)

    def against(self, events: Sequence[Event]) -> dict[str, str]:
        """Event id → why it is no evidence: its ship's own reports exclude it, or what it was found in has changed."""
        stale = {event.id: why for event in events if (why := self._stale(event)) is not None}
        return stale | self.contradictions(events)

    def _stale(self, event: Event) -> str | None:
        """Why what it was found by, or in, does not stand any more; an open event may go on for ever."""
        known = self._coverage.get(event.kind)
        for lacking in known.missing if known is not None else ():
            begun = lacking.end is None or event.start < lacking.end
            over = lacking.start is not None and event.end is not None and event.end < lacking.start
            if lacking.why in _STALE and begun and not over:
                return lacking.text
        return None

    def contradictions(self, events: Sequence[Event]) -> dict[str, str]:
        """Event id → why it cannot be, by its ship's own reports: before and after a stay, or within a silence."""
        found: dict[str, str] = {}
        by_mmsi: dict[int, list[tuple[str, Been]]] = {}
        for event in events:
            kind = registry.kind(event.kind)
            if kind.silence and (number := self._heard_within(event)):
                found[event.id] = (
                    f"{CONTRADICTED}: heard {number:,} time{'s' if number > 1 else ''} within this silence"
                )
            if not kind.been_there or event.lon is None or event.lat is None:
                continue
            end = event.start if event.end is None else event.end
            for vessel in event.vessels:
                been = Been(vessel.segment, event.start, end, event.lon, event.lat)
                by_mmsi.setdefault(vessel.mmsi, []).append((event.id, been))
        for mmsi, given in by_mmsi.items():
            for k, why in self.contradicted(mmsi, [been for _, been in given]).items():
                found[given[k][0]] = why
        return found

    def _heard_within(self, event: Event) -> int:
        """How many reports of its ship the tracks have within a silence; an open one lasts as far as was looked."""
        hours = event.measures.get("duration_h")
        lasted = round(hours * times.HOUR_US) if isinstance(hours, int | float) else 0
        end = event.start + lasted if event.end is None else event.end
        own = [(self._of[vessel.mmsi], vessel.segment) for vessel in event.vessels if vessel.mmsi in self._of]
        return sum(each.within(segment, event.start, end) for each, segment in own)

    def contradicted(self, mmsi: int, given: Sequence[Been]) -> dict[int, str]:
        """Which of these stays of one MMSI, by their index, its reports before and after exclude, and why."""
        own = self._of.get(mmsi)
        if own is None or not given:
            return {}
        told = {int(k): own.contradiction(given[k]) for k in own.between_others(given)}
        return {k: why for k, why in told.items() if why is not None}


@dataclass(frozen=True, slots=True)
class Been:
    """A stay that reports of one segment show: from start to end (µs), at a position."""

    segment: int | None
    start: int
    end: int
    lon: float
    lat: float


class _Own:
    """The reports of one MMSI in order of time."""

    def __init__(self, moment: np.ndarray, lon: np.ndarray, lat: np.ndarray, segment: np.ndarray) -> None:
        self.moment, self.lon, self.lat, self.segment = moment, lon, lat, segment
        ids, number = np.unique(segment, return_counts=True)
        self._number = dict(zip(ids.tolist(), number.tolist(), strict=True))

    def elsewhere_after(self, start: int, lon: float, lat: float) -> int | None:
        row = self._elsewhere(int(np.searchsorted(self.moment, start, side="right")), 1, lon, lat)
        return None if row is None else int(self.moment[row])

    def within(self, segment: int | None, start: int, end: int) -> int:
        """How many reports of one hull lie between two times: of the segment that now has the report at the first."""
        first, after, stop = np.searchsorted(self.moment, [start, start + 1, end])
        of = self.segment[first:after]
        hull = of if len(of) and segment not in of else [-1 if segment is None else segment]
        return int(np.isin(self.segment[after:stop], hull).sum())

    def between_others(self, given: Sequence[Been]) -> np.ndarray:
        """Which stays lie between two reports of other segments; all others join their ship's own track."""
        start, end = (np.array(moments) for moments in zip(*((been.start, been.end) for been in given), strict=True))
        segment = np.array([-1 if been.segment is None else been.segment for been in given])
        before = np.searchsorted(self.moment, start, side="left") - 1
        after = np.searchsorted(self.moment, end, side="right")
        known = (before >= 0) & (after < len(self.moment))
        others = self.segment[np.maximum(before, 0)] != segment
        others &= self.segment[np.minimum(after, len(self.moment) - 1)] != segment
        return np.flatnonzero(known & others)

    def contradiction(self, been: Been) -> str | None:
        """Of two sides that exclude each other the one with fewer reports is the stray."""
        if been.segment not in self._number:
            return None  # how much speaks for it is not at hand
        sides = (
            self._elsewhere(int(np.searchsorted(self.moment, been.start, side="left")) - 1, -1, been.lon, been.lat),
            self._elsewhere(int(np.searchsorted(self.moment, been.end, side="right")), 1, been.lon, been.lat),
        )
        told = []
        for row, edge, word in zip(sides, (been.start, been.end), ("before", "after"), strict=True):
            if row is None or self._number[int(self.segment[row])] <= self._number[been.segment]:
                return None
            metres = distance_m(been.lon, been.lat, float(self.lon[row]), float(self.lat[row]))
            hours = abs(int(self.moment[row]) - edge) / times.HOUR_US
            if metres <= units.knots_to_mps(BEYOND_ANY_SHIP_KNOTS) * hours * 3600:
                return None
            told.append(f"{metres / 1000:,.0f} km away {hours:.1f} h {word}")
        return f"{CONTRADICTED}: heard {' and '.join(told)}, which no ship sails"

    def _elsewhere(self, row: int, step: int, lon: float, lat: float) -> int | None:
        """The first row from `row` on, forwards or backwards, that is not at a position."""
        size = 64
        while 0 <= row < len(self.moment):
            stop = row + step * size
            rows = np.arange(row, min(max(stop, -1), len(self.moment)), step)
            away = np.flatnonzero(distances_m(lon, lat, self.lon[rows], self.lat[rows]) > LEFT_M)
            if len(away):
                return int(rows[away[0]])
            row, size = stop, size * 2
        return None


def own_rows(track: pa.Table | None, mmsi: int | None, segment: int | None) -> pa.Table | None:
    """The rows of one vessel, of a track that may hold more; None if none is named or no track is at hand."""
    if track is None or (mmsi is None and segment is None):
        return None
    if segment is not None:
        return track.filter(pc.equal(track["segment"], segment))
    return track.filter(pc.equal(track["mmsi"], mmsi))
