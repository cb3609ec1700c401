"""Several ports at once: those whose waters overlap, where a call bears the code of one of them, and any of all."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from darkwake.detectors import areas
from darkwake.geo.sphere import destinations, great_circle
from darkwake.places import Gazetteer, Place
from darkwake.places.grid import PlaceGrid, grid_of, locate

#: How far apart the points of an outline are that are looked at.
_STEP_M = 250.0


@dataclass(frozen=True, slots=True)
class AnyPort:
    """A target: whatever port is nearest. From outside all are taken to be next door: how far is not looked at."""

    places: Gazetteer

    def distances_m(self, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:  # noqa: ARG002  # the protocol's names
        return np.zeros(len(lon))

    def inside(self, lon: np.ndarray, lat: np.ndarray) -> Mapping[str, np.ndarray]:
        """Code of a port → which positions lie in its waters, of every port with any (of several the smallest)."""
        harbours, owner, grid = _harbours(self.places)
        row = locate(lon, lat, grid)
        port = np.where(row >= 0, owner[row], -1)
        return {harbours[k].code: port == k for k in np.unique(port).tolist() if k >= 0 and harbours[k].kind == "port"}


@lru_cache(maxsize=4)
def _harbours(places: Gazetteer) -> tuple[list[Place], np.ndarray, PlaceGrid]:
    """Ports, berths and anchorages; per place the number of its port; and all of them as kernels see them."""
    found = areas.harbours(places)
    arguments = areas.place_arguments(found)
    return found, np.asarray(arguments["place_owner"]), grid_of(arguments["places"])


@lru_cache(maxsize=1024)
def overlapping(places: Gazetteer, code: str) -> tuple[str, ...]:
    """The codes of the ports whose waters (with their berths and anchorages) overlap those of a port."""
    code = places.by_code(code).code
    harbours, owner, _ = _harbours(places)
    port = {one.code: harbours[k] for one, k in zip(harbours, owner.tolist(), strict=True)}
    own = [one for one in harbours if port[one.code].code == code]
    others = [one for one in harbours if port[one.code].code != code and port[one.code].kind == "port"]
    met = {
        port[other.code].code
        for part in own
        for other in others
        if _may_meet(part, other) and (_meet(part, other) or _meet(other, part))
    }
    return tuple(sorted(met))


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
