"""What could have happened unheard: the silences of a vessel, and how many occurrences fit into each.

The bound is generous on purpose: it holds for any ship that keeps to the stated speed, least stay and least absence,
and that kept to its MMSI. What it cannot see is a ship that went on under another number: that is said in words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import pyarrow as pa

from darkwake import times, units
from darkwake.answers.occurrences import Occurrence

_EARTH_RADIUS_M = 6_371_008.8  # mean radius, IUGG


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What a ship is taken to be able to do in silence. Generous values give a higher upper bound."""

    max_speed_knots: float = 20.0
    least_stay_h: float = 3.0
    least_absence_h: float = 4.0  # returns within 4 h belong to the same occurrence

    def sentences(self, what: str) -> tuple[str, ...]:
        return (
            f"the ship makes at most {self.max_speed_knots:g} knots, in a straight line and over land if need be",
            f"a {what} takes at least {self.least_stay_h:g} h",
            f"two of them are at least {self.least_absence_h:g} h apart (nearer ones count as one)",
            "the ship did not go on under another MMSI",
        )


#: kind → (least stay, least absence) in hours, by the definitions of these events.
DEFAULTS: dict[str, Assumptions] = {
    "port_call": Assumptions(),
    "encounter": Assumptions(least_stay_h=2.0),
    "loitering": Assumptions(least_stay_h=8.0, least_absence_h=1.0),
}


class Target(Protocol):
    """Where the occurrence would have to be."""

    def distance_m(self, lon: float, lat: float) -> float: ...


@dataclass(frozen=True, slots=True)
class Spot:
    """A place as a circle: what lies within the radius has distance 0."""

    lon: float
    lat: float
    radius_m: float = 0.0

    def distance_m(self, lon: float, lat: float) -> float:
        return max(0.0, distance_m(self.lon, self.lat, lon, lat) - self.radius_m)


@dataclass(frozen=True, slots=True)
class Box:
    """West, south, east, north; west > east crosses 180°. Distance is to the nearest point, never overstated."""

    bbox: tuple[float, float, float, float]

    def distance_m(self, lon: float, lat: float) -> float:
        west, south, east, north = self.bbox
        width = (east - west) % 360 if (east - west) % 360 or east == west else 360.0
        off = (lon - west) % 360
        nearest_lat = min(max(lat, south), north)
        if off <= width:
            return distance_m(lon, nearest_lat, lon, lat)
        # The nearest point of a meridian need not be at the same latitude, so walk along both edges.
        steps = (distance_m(edge, float(at), lon, lat) for edge in (west, east) for at in np.linspace(south, north, 65))
        return max(0.0, min(steps) - math.radians((north - south) / 64) * _EARTH_RADIUS_M)


@dataclass(frozen=True, slots=True)
class Anywhere:
    """No place was named: nothing has to be sailed."""

    def distance_m(self, lon: float, lat: float) -> float:  # noqa: ARG002  # the protocol's names
        return 0.0


Why = Literal["before the first report", "silence", "after the last report", "never heard"]


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch without a report: None as start or end is where the data knows nothing at all."""

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
    """How well a vessel was heard in a period: clock hours with at least one report, of how many."""

    hours: int
    of_hours: int

    @property
    def coverage(self) -> float:
        return self.hours / self.of_hours if self.of_hours else 0.0


def distance_m(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Great-circle distance, haversine. Plain Python: a claim asks for a handful, not worth compiling a kernel."""
    north = math.sin(math.radians(other_lat - lat) / 2) ** 2
    east = math.sin(math.radians(other_lon - lon) / 2) ** 2
    a = north + math.cos(math.radians(lat)) * math.cos(math.radians(other_lat)) * east
    return 2 * _EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(a)))


def instants(track: pa.Table) -> np.ndarray:
    """The times of a track, µs since 1970, in the order of its rows."""
    return track["time"].cast(pa.int64()).to_numpy()


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


def windows_of(track: pa.Table, least_h: float) -> list[Window]:
    """The silences of at least `least_h` hours, and the unheard times before the first and after the last report.

    Where segments of one MMSI overlap in time, more than one ship may have used it; each chain of segments then has
    silences of its own. Side chains count between their own first and last report only.
    """
    if track.num_rows == 0:
        return [Window(None, None, None, None, "never heard")]
    moment, segment = instants(track), track["segment"].to_numpy()
    lon, lat = track["lon"].to_numpy(), track["lat"].to_numpy()
    found: list[Window] = []
    for index, members in enumerate(_chains(moment, segment)):
        rows = np.flatnonzero(np.isin(segment, members))
        rows = rows[np.argsort(moment[rows], kind="stable")]
        at = [(float(lon[row]), float(lat[row])) for row in (rows[0], rows[-1])]
        first, last = int(moment[rows[0]]), int(moment[rows[-1]])
        if index == 0:
            found.append(Window(None, first, None, at[0], "before the first report"))
        for k in np.flatnonzero(np.diff(moment[rows]) >= least_h * times.HOUR_US):
            here, there = rows[k], rows[k + 1]
            before, after = ((float(lon[row]), float(lat[row])) for row in (here, there))
            found.append(Window(int(moment[here]), int(moment[there]), before, after, "silence"))
        if index == 0:
            found.append(Window(last, None, at[1], None, "after the last report"))
    return found


def chain_count(track: pa.Table) -> int:
    """How many ships at once must have used this MMSI, if every segment is one hull's."""
    return len(_chains(instants(track), track["segment"].to_numpy())) if track.num_rows else 0


def _chains(moment: np.ndarray, segment: np.ndarray) -> list[list[int]]:
    """Segments that do not overlap, chained in time; the chain that spans most time comes first."""
    ids, place = np.unique(segment, return_inverse=True)
    first = np.full(len(ids), np.iinfo(np.int64).max)
    last = np.full(len(ids), np.iinfo(np.int64).min)
    np.minimum.at(first, place, moment)
    np.maximum.at(last, place, moment)
    spans = sorted(zip(first.tolist(), last.tolist(), ids.tolist(), strict=True))
    chains: list[list[tuple[int, int, int]]] = []
    for span in spans:
        free = [chain for chain in chains if chain[-1][1] <= span[0]]
        if free:
            max(free, key=lambda chain: chain[-1][1]).append(span)
        else:
            chains.append([span])
    chains.sort(key=lambda chain: sum(end - start for start, end, _ in chain), reverse=True)
    return [[s for _, _, s in chain] for chain in chains]


def fit(
    window: Window,
    target: Target,
    known: Sequence[Occurrence],
    since: int | None,
    until: int | None,
    assumed: Assumptions,
) -> int | None:
    """How many further occurrences can have started in [since, until) within this window; None: no bound.

    Sail in from the last position, stay, sail out to the next one. Where the window opens or closes inside a known
    occurrence, a further one needs an absence first; known occurrences wholly inside take their share.
    """
    stay, absence = (h * times.HOUR_US for h in (assumed.least_stay_h, assumed.least_absence_h))
    opening = _covering(window.start, known)
    closing = _covering(window.end, known)
    earliest: float | None = since
    if window.start is not None and window.before is not None:
        wait = absence if opening is not None else _sail_us(target, window.before, assumed)
        earliest = window.start + wait if since is None else max(window.start + wait, since)
    latest = until  # the last moment (excluded) at which one may start
    if window.end is not None and window.after is not None:
        if closing is None:
            arrive_by = window.end - _sail_us(target, window.after, assumed) - stay
        elif closing is opening:  # the one known stay may be two, with an absence in the silence between
            arrive_by = window.end
        else:
            arrive_by = window.end - absence - stay
        latest = int(arrive_by) + 1 if until is None else min(int(arrive_by) + 1, until)
    if earliest is None or latest is None:
        return None
    if latest <= earliest:
        return 0
    fits = math.ceil((latest - earliest) / (stay + absence))
    inside = sum(
        1
        for o in known
        if o is not opening and o is not closing and earliest <= o.start < latest and _inside(o, window)
    )
    return max(0, fits - inside)


def _sail_us(target: Target, position: tuple[float, float], assumed: Assumptions) -> float:
    return target.distance_m(*position) / units.knots_to_mps(assumed.max_speed_knots) * times.SECOND_US


def _covering(instant_us: int | None, known: Sequence[Occurrence]) -> Occurrence | None:
    if instant_us is None:
        return None
    return next((occurrence for occurrence in known if occurrence.covers(instant_us)), None)


def _inside(occurrence: Occurrence, window: Window) -> bool:
    starts_inside = window.start is None or occurrence.start > window.start
    return starts_inside and (window.end is None or (occurrence.end is not None and occurrence.end < window.end))
