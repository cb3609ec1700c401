"""What could have happened unheard: the silences of a vessel, and how many occurrences fit into each.

The bound is generous on purpose: it holds for any ship that keeps to the stated speed, least stay and least absence,
and that kept to its MMSI. What it cannot see is a ship that went on under another number: that is said in words.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import pyarrow as pa

from darkwake import times, units
from darkwake.answers.occurrences import FOREVER, Elsewhere, Occurrence, reach_of
from darkwake.answers.query import Counted
from darkwake.events.kinds import Kind
from darkwake.geo.sphere import EARTH_RADIUS_M, distances_m
from darkwake.tracks.columns import floats, ints
from darkwake.tracks.strays import strays

#: No slower ship could be left out of what fits into a silence.
MAX_SPEED_KNOTS = 20.0


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What a ship is taken to be able to do in silence. Generous values give a higher upper bound."""

    max_speed_knots: float
    least_stay_h: float
    least_absence_h: float  # sooner returns belong to the same occurrence

    @classmethod
    def of(cls, kind: Kind) -> Assumptions | None:
        """Those of a kind; None for one that cannot be bounded from above."""
        if kind.least_stay_h is None or kind.least_absence_h is None:
            return None
        return cls(MAX_SPEED_KNOTS, kind.least_stay_h, kind.least_absence_h)

    def sentences(self, what: str) -> tuple[str, ...]:
        return (
            f"the ship makes at most {self.max_speed_knots:g} knots, in a straight line and over land if need be",
            f"a {what} takes at least {self.least_stay_h:g} h",
            f"two of them at one place are at least {self.least_absence_h:g} h apart (nearer ones count as one)",
            "the ship did not go on under another MMSI",
        )


class Target(Protocol):
    """Where the occurrence would have to be."""

    def distances_m(self, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        """Distance of each position (degrees) to its edge, never overstated; 0 within."""
        ...


@dataclass(frozen=True, slots=True)
class Spot:
    """A place as a circle: what lies within the radius has distance 0."""

    lon: float
    lat: float
    radius_m: float = 0.0

    def distances_m(self, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        return np.maximum(0.0, distances_m(self.lon, self.lat, lon, lat) - self.radius_m)


@dataclass(frozen=True, slots=True)
class Box:
    """West, south, east, north; west > east crosses 180°. Distance is to the nearest point, never overstated."""

    bbox: tuple[float, float, float, float]

    def distances_m(self, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        west, south, east, north = self.bbox
        width = (east - west) % 360 if (east - west) % 360 or east == west else 360.0
        beside = (lon - west) % 360 > width
        found = distances_m(lon, np.clip(lat, south, north), lon, lat)
        # The nearest point of a meridian need not be at the same latitude, so walk along both edges.
        slack = np.radians((north - south) / 64) * EARTH_RADIUS_M
        rows = np.flatnonzero(beside)
        for part in np.array_split(rows, max(1, len(rows) // _AT_ONCE)):
            edges = [
                distances_m(edge, np.linspace(south, north, 65)[:, None], lon[part], lat[part]).min(axis=0)
                for edge in (west, east)
            ]
            found[part] = np.maximum(0.0, np.minimum(*edges) - slack)
        return found


_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Anywhere:
    """No place was named: nothing has to be sailed."""

    def distances_m(self, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:  # noqa: ARG002  # the protocol's names
        return np.zeros(len(lon))


Why = Literal["before the first report", "silence", "a passage", "after the last report", "no position at all"]


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch without a report, or (a passage) without one that shows what the ship did.

    None as start or end is where the data knows nothing at all.
    """

    start: int | None
    end: int | None
    before: tuple[float, float] | None  # lon, lat of the last report
    after: tuple[float, float] | None
    why: Why


@dataclass(frozen=True, slots=True)
class Fit:
    """A window in which occurrences could have gone unheard; `count` None: no bound, as the period is open."""

    window: Window
    count: int | None


@dataclass(frozen=True, slots=True)
class Heard:
    """How well a vessel was heard in a period: clock hours with at least one position, of how many."""

    hours: int
    of_hours: int

    @property
    def coverage(self) -> float:
        return self.hours / self.of_hours if self.of_hours else 0.0


def instants(track: pa.Table) -> np.ndarray:
    """The times of a track, µs since 1970, in the order of its rows."""
    return ints(track["time"])


def heard(track: pa.Table, since: int | None, until: int | None) -> Heard:
    """Share of hours with a report; an open side of the period is closed at the first or last report."""
    moments = np.sort(instants(track))
    if len(moments) == 0 and (since is None or until is None):
        return Heard(0, 0)
    start = int(moments[0]) if since is None else since
    end = int(moments[-1]) + 1 if until is None else until
    inside = moments[(moments >= start) & (moments < end)]
    of_hours = max(0, -((start - end) // times.HOUR_US))
    return Heard(len(np.unique((inside - start) // times.HOUR_US)), of_hours)


@dataclass(frozen=True, slots=True)
class Chain:
    """Reports that one ship can have sent, in order of time; `main`: of several at once the one heard for longest."""

    moment: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    segments: frozenset[int]
    main: bool


def chains_of(track: pa.Table) -> list[Chain]:
    """The reports of a track by ship, the main chain first; without any report one empty chain.

    Where segments of one MMSI overlap in time, more than one ship may have used it, each with silences of its own.
    """
    moment, segment, lon, lat = columns(track)
    if not len(moment):
        return [Chain(moment, lon, lat, frozenset(), main=True)]
    return [
        Chain(moment[rows], lon[rows], lat[rows], frozenset(np.unique(segment[rows]).tolist()), main=index == 0)
        for index, rows in enumerate(rows_of_chains(moment, segment))
    ]


def windows_of(chain: Chain, least_h: float) -> list[Window]:
    """The silences of at least `least_h` hours, and the unheard times before the first and after the last report.

    Side chains count between their own first and last report only.
    """
    moment = chain.moment
    if not len(moment):
        return [Window(None, None, None, None, "no position at all")]
    at = [(float(chain.lon[row]), float(chain.lat[row])) for row in (0, -1)]
    silent = np.flatnonzero(np.diff(moment) >= least_h * times.HOUR_US)
    sides = [
        (moment[each].tolist(), list(zip(chain.lon[each].tolist(), chain.lat[each].tolist(), strict=True)))
        for each in (silent, silent + 1)
    ]
    (starts, befores), (ends, afters) = sides
    found = [Window(*of, "silence") for of in zip(starts, ends, befores, afters, strict=True)]
    if not chain.main:
        return found
    before = Window(None, int(moment[0]), None, at[0], "before the first report")
    return [before, *found, Window(int(moment[-1]), None, at[1], None, "after the last report")]


def columns(track: pa.Table) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """time (µs), segment (−1: none), lon, lat of a track, in the order of its rows."""
    return instants(track), ints(track["segment"], -1), floats(track["lon"]), floats(track["lat"])


def chain_count(track: pa.Table) -> int:
    """How many ships at once must have used this MMSI, if every segment is one hull's."""
    return len(rows_of_chains(*columns(track)[:2])) if track.num_rows else 0


def rows_of_chains(moment: np.ndarray, segment: np.ndarray) -> list[np.ndarray]:
    """The rows of each chain in order of time; the chain that spans most time comes first. Strays are of none."""
    firm = np.flatnonzero(~strays(segment))
    spans, of_row = _chains(moment[firm], segment[firm])
    order = np.lexsort((moment[firm], of_row))
    edges = np.searchsorted(of_row[order], np.arange(len(spans) + 1))
    return [firm[order[edges[rank] : edges[rank + 1]]] for rank in range(len(spans))]


def _chains(moment: np.ndarray, segment: np.ndarray) -> tuple[list[int], np.ndarray]:
    """Segments that do not overlap, chained in time: the time each chain spans, longest first, and each row's chain."""
    ids, place = np.unique(segment, return_inverse=True)
    first = np.full(len(ids), np.iinfo(np.int64).max)
    last = np.full(len(ids), np.iinfo(np.int64).min)
    np.minimum.at(first, place, moment)
    np.maximum.at(last, place, moment)
    chain_of = np.zeros(len(ids), np.int64)
    spans: list[int] = []
    free: list[tuple[int, int]] = []  # (end, chain), in order of end
    for start, end, number in sorted(zip(first.tolist(), last.tolist(), range(len(ids)), strict=True)):
        k = bisect.bisect_right(free, (start, len(ids)))  # those before it have ended; the last ended latest
        chain = free.pop(k - 1)[1] if k else len(spans)
        if not k:
            spans.append(0)
        bisect.insort(free, (end, chain))
        spans[chain] += end - start
        chain_of[number] = chain
    ranked = sorted(range(len(spans)), key=lambda chain: -spans[chain])
    rank = np.empty(len(spans), np.int64)
    rank[ranked] = np.arange(len(spans))
    return [spans[chain] for chain in ranked], rank[chain_of[place]]


class Known:
    """Occurrences that are known of, in order of start, to ask which of them cover a moment.

    `counted`: whether each is counted in the period already; one that is not may still reach into it unheard.
    """

    def __init__(
        self, known: Sequence[Occurrence], counted: Sequence[bool] = (), elsewhere: Elsewhere | None = None
    ) -> None:
        flags = counted or [True] * len(known)
        rows = sorted(
            (
                o.start,
                max(reach_of(e, elsewhere) for e in o.events),
                -FOREVER if o.end is None else o.end,
                flag,
                o.last_seen,
            )
            for o, flag in zip(known, flags, strict=True)
        )
        self.start, self.reach, self.end, self.counted, seen = (
            np.array([row[k] for row in rows], np.int64) for k in range(5)
        )
        self._seen = np.maximum.accumulate(seen)
        #: of those begun by then, the one that reaches farthest
        self._farthest = np.zeros(len(rows), np.int64)
        for k in range(1, len(rows)):
            best = self._farthest[k - 1]
            self._farthest[k] = k if self.reach[k] > self.reach[best] else best

    def covering(self, moment: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Per moment: whether one covers it, up to when that one reaches, and whether it is counted."""
        begun = np.searchsorted(self.start, moment, side="right") - 1
        if not len(self.start):
            nothing = np.zeros(len(moment), np.bool_)
            return nothing, np.full(len(moment), -FOREVER), nothing
        which = self._farthest[np.maximum(begun, 0)]
        covered = (begun >= 0) & (self.reach[which] >= moment)
        return covered, np.where(begun >= 0, self.reach[which], -FOREVER), covered & (self.counted[which] == 1)

    def touching(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Per stretch: whether one of them reaches into it."""
        if not len(self.start):
            return np.zeros(len(start), np.bool_)
        begun = np.searchsorted(self.start, end, side="right") - 1
        return (begun >= 0) & (self.reach[self._farthest[np.maximum(begun, 0)]] >= start)

    def ended_before(self, moment: np.ndarray) -> np.ndarray:
        """Per moment: when the last of those begun by then was last seen; −FOREVER where there is none."""
        return np.concatenate([[-FOREVER], self._seen])[np.searchsorted(self.start, moment, side="right")]

    def begins_after(self, moment: np.ndarray) -> np.ndarray:
        """Per moment: when the next one begins; FOREVER where there is none."""
        return np.concatenate([self.start, [FOREVER]])[np.searchsorted(self.start, moment, side="left")]

    def inside(self, first: int, stop: int, start: int, end: int) -> int:
        """How many began in [first, stop) and lie wholly within (start, end)."""
        a, b = np.searchsorted(self.start, [max(first, start + 1), stop])
        ends = self.end[a:b]
        return int(((ends > -FOREVER) & (ends < end)).sum())


def fits(
    windows: Sequence[Window],
    target: Target,
    known: Known,
    since: int | None,
    until: int | None,
    assumed: Assumptions,
    counted: Counted = "begins",
    *,
    one_place: bool = False,
) -> list[int | None]:
    """How many further occurrences each window can hold that belong to [since, until); None: no bound.

    Sail in from the last position, stay, sail out to the next one. Where the window opens or closes inside a known
    occurrence, a further one needs an absence first; known occurrences wholly inside take their share. One that is
    known and not counted, as it lies outside the period, may have begun sooner or lasted longer than was seen.
    `one_place`: all are of one ship at one place, so a return within the least absence is no further one. Elsewhere,
    or of another ship, the next one may begin at once.
    """
    stay, least_absence = (round(h * times.HOUR_US) for h in (assumed.least_stay_h, assumed.least_absence_h))
    absence = least_absence if one_place else 0
    start = np.array([-FOREVER if w.start is None or w.before is None else w.start for w in windows])
    end = np.array([FOREVER if w.end is None or w.after is None else w.end for w in windows])
    begun, ended = start > -FOREVER, end < FOREVER
    opening, reach, opening_counted = known.covering(start)
    closing, _, closing_counted = known.covering(end)
    opening, closing = opening & begun, closing & ended
    spanned = opening & closing & (reach >= end)  # the one known stay may be two, with an absence in between
    reaches_back = 0 if counted == "begins" else stay - 1  # one may have begun before the period and end within it
    least = -FOREVER if since is None else since - reaches_back
    most = FOREVER if until is None else until
    away_in, away_out = (
        _sail_us(target, [side or (0.0, 0.0) for side in sides], assumed)
        for sides in ([w.before for w in windows], [w.after for w in windows])
    )
    wait = np.where(opening, absence, away_in)
    if one_place:
        back = np.maximum(away_in, known.ended_before(start) + absence - np.where(begun, start, 0))
        wait = np.where(begun & ~opening, back, wait)
    earliest = np.where(begun, np.maximum(start + wait, least), least)
    if counted == "overlaps" and since is not None:
        earliest = np.where(spanned, np.maximum(start, since) + absence, earliest)
    early = closing & ~closing_counted & (end >= most)  # first seen after the period: it may have begun in it
    by_known = np.where(early, end, end - absence - stay)
    free_to = np.where(closing, by_known, end - away_out - stay)
    if one_place:
        left_by = known.begins_after(end) - absence - stay
        free_to = np.where(ended & ~closing, np.minimum(free_to, left_by), free_to)
    arrive_by = np.where(spanned & (end - start >= least_absence), end, free_to)
    latest = np.where(ended, np.minimum(arrive_by + 1, most), most)
    step = stay + absence
    rooms = np.maximum(0, -((earliest - latest) // step))
    if counted == "overlaps" and since is not None:
        # What was last seen before the period may have lasted into it, and others followed.
        lasted = opening & ~opening_counted & ~spanned & (start < most) & (np.minimum(end, most) > since)
        more = np.maximum(0, -((np.maximum(start, since) + absence - latest) // step))
        rooms = np.where(lasted, np.maximum(rooms, 1 + more), rooms)
    unbounded = (earliest <= -FOREVER) | (latest >= FOREVER)
    found: list[int | None] = []
    for k, room in enumerate(rooms.tolist()):
        if unbounded[k]:
            found.append(None)
            continue
        taken = known.inside(int(earliest[k]), int(latest[k]), int(start[k]), int(end[k])) if room else 0
        found.append(max(0, room - taken))
    return found


def _sail_us(target: Target, positions: Sequence[tuple[float, float]], assumed: Assumptions) -> np.ndarray:
    at = np.array(positions, np.float64).reshape(-1, 2)
    seconds = target.distances_m(at[:, 0], at[:, 1]) / units.knots_to_mps(assumed.max_speed_knots)
    return np.asarray(np.floor(seconds * times.SECOND_US), np.int64)
