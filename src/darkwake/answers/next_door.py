"""All ports at once: whose waters overlap those of another, so that a call bears the code of one; and any of them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from darkwake.geo.sphere import destinations, great_circle
from darkwake.places import Gazetteer, Place
from darkwake.places.grid import PlaceGrid, grid_of, locate

#: How far apart the points of an outline are that are looked at.
_STEP_M = 250.0


_HARBOURS = ("port", "berth", "anchorage")


@dataclass(frozen=True, slots=True)
class AnyPort:
    """A target: whatever port is nearest. From outside all are taken to be next door: how far is not looked at."""

    places: Gazetteer

    def distances_m(self, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        return np.where(locate(lon, lat, _grid(self.places)) >= 0, 0.0, 1e-3)


@lru_cache(maxsize=4)
def _grid(places: Gazetteer) -> PlaceGrid:
    return grid_of(places.ports_table(_HARBOURS))


@lru_cache(maxsize=1024)
def overlapping(places: Gazetteer, code: str) -> tuple[str, ...]:
    """The codes of the ports whose waters (with their berths and anchorages) overlap those of a port."""
    asked = places.by_code(code)
    harbours = {one.code: one for one in places if one.kind in _HARBOURS}
    port = {one.code: _port(one, harbours) for one in harbours.values()}
    own = [one for one in harbours.values() if port[one.code] is asked]
    others = [one for one in harbours.values() if port[one.code] is not asked and port[one.code].kind == "port"]
    met = {
        port[other.code].code
        for part in own
        for other in others
        if _may_meet(part, other) and (_meet(part, other) or _meet(other, part))
    }
    return tuple(sorted(met))


def _port(place: Place, harbours: dict[str, Place]) -> Place:
    """What a berth or an anchorage belongs to in the end; of what belongs to nothing, itself."""
    seen = {place.code}
    while (parent := harbours.get(place.parent or "")) is not None and parent.code not in seen:
        place = parent
        seen.add(place.code)
    return place


def _may_meet(one: Place, other: Place) -> bool:
    """Whether the circles around two places overlap; in latitude first, which is quick."""
    reach = one.radius_m + other.radius_m
    if abs(one.lat - other.lat) * 111_000.0 > reach:
        return False
    return bool(Gazetteer([other]).near(one.lon, one.lat, 1)[0][1] <= one.radius_m + _STEP_M)


def _meet(one: Place, other: Place) -> bool:
    """Whether a point of the one's outline lies in the other, or all of the other within the one."""
    if one.polygon is None:
        lon, lat = destinations(one.lon, one.lat, np.arange(0.0, 360.0, 2.0), one.radius_m)
    else:
        corners = [*one.polygon, one.polygon[0]]
        legs = [great_circle(*a, *b, _STEP_M) for a, b in itertools.pairwise(corners)]
        lon, lat = (np.concatenate(side) for side in zip(*legs, strict=True))
    if one.contains(other.lon, other.lat):
        return True
    return any(other.contains(float(x), float(y)) for x, y in zip(lon, lat, strict=True))
