"""Where a place is: its outline and those of all that belongs to it, and how far away a position surely is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from darkwake.answers.occurrences import FOREVER
from darkwake.answers.windows import Spot, Target
from darkwake.places import Gazetteer, Place
from darkwake.places.gazetteer import places_table
from darkwake.places.grid import PlaceGrid, grid_of, locate

#: Farther than anything on Earth: the distance to a place that is not in use.
_NOWHERE_M = 1e12


class Outline:
    """A target made of places. "Was there" is by the outlines while in use; the distance is to the enclosing circles.

    Each circle is widened by how far its outline may be off, so that a distance is never overstated.
    """

    def __init__(self, places: Sequence[Place]) -> None:
        self._places = tuple(places)
        self._circles = [Spot(p.lon, p.lat, p.radius_m + (p.accuracy_m or 0.0)) for p in places]

    @cached_property
    def _grid(self) -> PlaceGrid:
        return grid_of(places_table(self._places))

    def distances_m(self, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        """Metres from each position (degrees) to the nearest circle, 0 within one."""
        found = np.full(len(lon), _NOWHERE_M)
        for circle in self._circles:
            found = np.minimum(found, circle.distances_m(lon, lat))
        return found

    def holds(self, lon: np.ndarray, lat: np.ndarray, moment: np.ndarray) -> np.ndarray:
        """bool[n]: whether each position (degrees) lies in an outline that was in use then (µs)."""
        inside = self.distances_m(lon, lat) == 0.0
        if inside.any():
            inside[inside] = locate(lon[inside], lat[inside], self._grid, moment[inside]) >= 0
        return inside


def outline_of(code: str, places: Gazetteer, since: int | None, until: int | None) -> Outline:
    """A place and, recursively, all that belongs to it, as far as in use in [since, until); NotFoundError."""
    found = {(place := places.by_code(code)).code: place}
    new = [place]
    while new:
        new = [child for parent in new for child in places.children(parent.code) if child.code not in found]
        found |= {child.code: child for child in new}
    first, last = -FOREVER if since is None else since, FOREVER if until is None else until

    def used(place: Place) -> bool:
        start, end = place.valid.start, place.valid.end
        return (start is None or start < last) and (end is None or end > first)

    return Outline([place for place in found.values() if used(place)])


def holds(target: Target, lon: np.ndarray, lat: np.ndarray, moment: np.ndarray) -> np.ndarray:
    """bool[n]: whether each position (degrees) is at a target at that time (µs)."""
    if isinstance(target, Outline):
        return target.holds(lon, lat, moment)
    return np.asarray(target.distances_m(lon, lat) == 0.0)
