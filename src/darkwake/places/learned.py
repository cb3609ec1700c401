"""Learned places: ports and anchorages that no list has, proposed from where ships lie still again and again.

Rests outside everything known are put into cells; cells where several ships rest, with those beside them, make one
place, if enough ships rested there often enough. Its outline is what lies within a little of any of these rests. A
learned place is told as such wherever it is named, until a person accepts it; one that a person rejects is not proposed
again. See docs/methods/learned_places.md. After the anchorages of GFW (cells where 20 ships lay still), which name
theirs from lists too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from darkwake import times
from darkwake.errors import UsageError
from darkwake.geo.sphere import EARTH_RADIUS_M, METRES_PER_DEGREE, bearing_deg, distance_m, wrap_lon
from darkwake.places.gazetteer import Gazetteer, places_table
from darkwake.places.grid import grid_of, nearest
from darkwake.places.model import ACCEPTED, ALWAYS, GONE, LEARNED, Place, polygon_place

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

VERSION = "1.0"
LEAST_SHIPS = 5
LEAST_STAYS = 20
#: Rests this near to a known port, berth or anchorage are of that one.
OF_KNOWN_M = 1_000.0
#: Rests are taken together in cells of so many degrees, at most 220 m.
CELL_DEG = 0.002
#: Cells this near to each other belong together …
BESIDE_M = 1_500.0
#: … if so many ships rest in and around each.
SHIPS_AROUND = 2
#: What lies this near to each other is one port, of which no part was used by fewer ships than this.
ONE_PORT_M = 10_000.0
SHIPS_OF_A_PART = 3
#: The outline goes so far around the rests.
AROUND_M = 600.0
#: Where ships say neither: farther than this from the shore they lie at anchor.
PORT_WITHIN_M = 1_000.0
#: Farther than this no port is near enough to name a place after it.
NAMED_WITHIN_M = 300_000.0
_KINDS = ("port", "berth", "anchorage")


@dataclass(frozen=True, slots=True)
class Rests:
    """Rests as columns: degrees, µs, and whether the ship said that it was moored or at anchor."""

    mmsi: Ints
    lon: Floats
    lat: Floats
    start: Ints
    end: Ints
    moored: NDArray[np.bool_]
    at_anchor: NDArray[np.bool_]

    def at(self, rows: Any) -> Rests:
        return Rests(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    def __len__(self) -> int:
        return len(self.mmsi)


def of_table(table: pa.Table) -> Rests:
    """From the table of `tracks.rests`."""
    column = {name: table[name].combine_chunks() for name in Rests.__dataclass_fields__}
    moments = {name: column[name].cast(pa.int64()).to_numpy() for name in ("start", "end")}
    return Rests(**{name: column[name].to_numpy(zero_copy_only=False) for name in column} | moments)


@dataclass(frozen=True, slots=True)
class Shares:
    """How many rests lie in known places, in learned ones, and in neither."""

    known: int
    learned: int
    beyond: int


def shares(rests: Rests, gazetteer: Gazetteer) -> Shares:
    """Where rests lie: what is within `OF_KNOWN_M` of a known place, of a learned one, and what is beyond any."""
    harbours = [place for place in gazetteer if place.kind in _KINDS]
    known = _within(rests, [place for place in harbours if place.origin != LEARNED], OF_KNOWN_M)
    learned = _within(rests, [place for place in harbours if place.origin == LEARNED], OF_KNOWN_M)
    return Shares(int(known.sum()), int((learned & ~known).sum()), int((~known & ~learned).sum()))


@dataclass(frozen=True, slots=True)
class Learned:
    """A place, and what it was learned from: rests of so many ships; instants in µs."""

    place: Place
    rests: int
    ships: int
    since: int
    until: int


def propose(
    rests: Rests,
    gazetteer: Gazetteer,
    rejected: Sequence[Place],
    distance_to_shore_m: Callable[[Floats, Floats], Floats],
) -> list[Learned]:
    """What is learned from rests, by code. One that overlaps a place learned before keeps its code.

    `rejected`: what persons said is no place; nothing is proposed there.
    """
    known = [place for place in gazetteer if place.kind in _KINDS and place.origin != LEARNED]
    before = [place for place in gazetteer if place.origin == LEARNED]
    rests = rests.at(~_within(rests, known, OF_KNOWN_M))
    rests = rests.at(~_within(rests, list(rejected), 0.0))
    taken = {place.code for place in (*gazetteer, *rejected)}  # a code means one place for good
    ports = [place for place in known if place.kind == "port"]
    clusters = [rests.at(rows) for rows in _clusters(rests)]
    own = [cluster for cluster in clusters if len(np.unique(cluster.mmsi)) >= SHIPS_OF_A_PART]
    parts = [_learned(cluster, ports, distance_to_shore_m) for cluster in own]
    made: dict[str, Learned] = {}
    for part in parts:
        near = [_away_m(part.place, other.place) <= ONE_PORT_M for other in parts]
        together = [cluster for cluster, is_near in zip(own, near, strict=True) if is_near]
        ships = np.unique(np.concatenate([cluster.mmsi for cluster in together]))
        if len(ships) >= LEAST_SHIPS and sum(map(len, together)) >= LEAST_STAYS:
            old = next((old for old in before if old.code not in made and _overlap(old, part.place)), None)
            code = part.place.code if old is None else old.code
            while code in made or (old is None and code in taken):
                code += "B"
            made[code] = replace(part, place=replace(part.place, code=code))
    places = [each.place for each in made.values()]
    return [replace(made[code], place=_belonging(made[code].place, places)) for code in sorted(made)]


def decided(place: Place, origin: str, *, name: str | None = None, country: str | None = None) -> Place:
    """A learned place that a person accepts, under a name and country of theirs, or rejects."""
    if country is not None and not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise UsageError(f"country {country!r}", expected="two letters, ISO 3166-1 alpha-2")
    told = place.name.removeprefix("learned ") if origin == ACCEPTED else place.name
    return replace(place, origin=origin, name=name or told, country=country.upper() if country else place.country)


def gone(place: Place) -> Place:
    """What takes a learned place out again, because the data do not show it any more."""
    return replace(place, origin=GONE)


def _clusters(rests: Rests) -> list[Ints]:
    """Rows of the rests that lie together: in cells near each other where several ships rest around."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    if not len(rests):
        return []
    cells, of = np.unique(np.round(np.column_stack([rests.lon, rests.lat]) / CELL_DEG), axis=0, return_inverse=True)
    of = of.reshape(-1)
    lon, lat = np.radians(cells.T * CELL_DEG)
    points = np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]) * EARTH_RADIUS_M
    near = cKDTree(points).query_pairs(BESIDE_M, output_type="ndarray")
    near = np.vstack([near, near[:, ::-1], np.column_stack([np.arange(len(cells))] * 2)])
    _, ship = np.unique(rests.mmsi, return_inverse=True)
    seen = csr_array((np.ones(len(of)), (of, ship)), shape=(len(cells), int(ship.max()) + 1))
    beside = csr_array((np.ones(len(near)), near.T), shape=(len(cells), len(cells)))
    busy = np.diff((beside @ seen).indptr) >= SHIPS_AROUND
    both = near[busy[near].all(axis=1)]
    links = csr_array((np.ones(len(both)), both.T), shape=(len(cells), len(cells)))
    _, label = connected_components(links, directed=False)
    label = np.where(busy, label, -1)[of]
    order = np.argsort(label, kind="stable")
    edges = np.flatnonzero(np.diff(label[order])) + 1
    return [rows for rows in np.split(order, edges) if label[rows[0]] >= 0]


def _learned(own: Rests, ports: Sequence[Place], distance_to_shore_m: Callable[[Floats, Floats], Floats]) -> Learned:
    ring = _outline(own.lon, own.lat)
    base = own.lon[0]
    lon = wrap_lon(float(base + np.mean((own.lon - base + 540.0) % 360.0 - 180.0)))
    lat = float(np.mean(own.lat))
    anchored, moored = int(own.at_anchor.sum()), int(own.moored.sum())
    if anchored == moored:
        shore = float(np.median(distance_to_shore_m(own.lon, own.lat)))
        kind = "port" if shore <= PORT_WITHIN_M else "anchorage"
    else:
        kind = "port" if moored > anchored else "anchorage"
    ships, since, until = len(np.unique(own.mmsi)), int(own.start.min()), int(own.end.max())
    days = [str(times.iso(moment))[:10] for moment in (since, until)]
    place = polygon_place(
        f"LEARNED-{abs(lat) * 100:04.0f}{_north(lat)}-{abs(lon) * 100:05.0f}{_east(lon)}",
        f"learned {kind} {_named(lon, lat, ports)}",
        ring,
        country="",
        kind=kind,
        source="learned from where ships lay still",
        accuracy_m=AROUND_M,
        note=f"{len(own)} rests of {ships} ships, {days[0]} to {days[1]}",
        origin=LEARNED,
    )
    return Learned(place, len(own), ships, since, until)


def _north(lat: float) -> str:
    return "S" if lat < 0 else "N"


def _east(lon: float) -> str:
    return "W" if lon < 0 else "E"


def _outline(lon: Floats, lat: Floats) -> tuple[tuple[float, float], ...]:
    """All that is within `AROUND_M` of the rests, without holes; degrees."""
    from shapely.geometry import MultiPoint

    base, middle = lon[0], float(np.mean(lat))
    scale = METRES_PER_DEGREE * np.cos(np.radians(middle))
    x, y = ((lon - base + 540.0) % 360.0 - 180.0) * scale, (lat - middle) * METRES_PER_DEGREE
    spots = np.unique(np.round(np.column_stack([x, y]) / 50.0), axis=0) * 50.0
    shape = MultiPoint(spots).buffer(AROUND_M, quad_segs=4)
    if shape.geom_type != "Polygon":
        shape = shape.convex_hull
    ring = np.array(shape.simplify(50.0).exterior.coords)[:-1]
    corners = [(wrap_lon(base + x / scale), middle + y / METRES_PER_DEGREE) for x, y in ring]
    return tuple((round(float(x), 5), round(float(y), 5)) for x, y in corners)


def _named(lon: float, lat: float, ports: Sequence[Place]) -> str:
    """By the nearest known port, with distance and direction from it; else by the position."""
    best = min(ports, key=lambda port: distance_m(lon, lat, port.lon, port.lat), default=None)
    away = np.inf if best is None else distance_m(lon, lat, best.lon, best.lat)
    if best is None or away > NAMED_WITHIN_M:
        return f"at {abs(lat):.2f} {_north(lat)} {abs(lon):.2f} {_east(lon)}"
    points = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
    direction = points[round(bearing_deg(best.lon, best.lat, lon, lat) / 45.0) % 8]
    return f"{away / 1000:.0f} km {direction} of {best.name}"


def _within(rests: Rests, places: Sequence[Place], metres: float) -> NDArray[np.bool_]:
    """Which rests lie within so far of a place that was in use when they began."""
    if not len(rests) or not places:
        return np.zeros(len(rests), np.bool_)
    # of many rests at the same quays in a month only one each is looked up, unless places come and go
    dated = any(place.valid != ALWAYS for place in places)
    when = rests.start if dated else np.zeros(len(rests), np.int64)
    spots = np.column_stack([np.round(rests.lon, 3), np.round(rests.lat, 3), when.astype(np.float64)])
    spots, of = np.unique(spots, axis=0, return_inverse=True)
    moments = spots[:, 2].astype(np.int64) if dated else None
    away = nearest(spots[:, 0], spots[:, 1], grid_of(places_table(places)), moments)[1]
    return np.asarray((away <= metres)[of.reshape(-1)])


def _belonging(place: Place, among: Iterable[Place]) -> Place:
    """An anchorage belongs to the nearest port that was learned with it."""
    ports = [other for other in among if other.kind == "port" and _away_m(place, other) <= ONE_PORT_M]
    if place.kind == "port" or not ports:
        return place
    return replace(place, parent=min(ports, key=lambda port: _away_m(place, port)).code)


def _away_m(one: Place, other: Place) -> float:
    return float(distance_m(one.lon, one.lat, other.lon, other.lat))


def _overlap(one: Place, other: Place) -> bool:
    return one.contains(other.lon, other.lat) or other.contains(one.lon, one.lat)
