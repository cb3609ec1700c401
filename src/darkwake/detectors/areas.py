"""Ports with their berths and anchorages as kernels see them, and how far outside them a position lies.

Stands on `places.grid`: its list of approaches by cell serves here for "everything within a limit". A port's berths
and anchorages belong to it: `owner` is the place that has no parent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from darkwake.geo.sphere import distances_m
from darkwake.jit import kernel
from darkwake.places.gazetteer import places_table
from darkwake.places.grid import PlaceGrid, cell_at, distance_to_place_m, grid_of, in_use

HARBOUR_KINDS = ("port", "berth", "anchorage")
#: A nearest known port farther away than this says that ports here are not known rather than that there are none.
KNOWN_WITHIN_M = 300_000.0


class Areas(NamedTuple):
    """Places by number, each listed in all cells within the limit it was made for, and the number of its port."""

    grid: PlaceGrid
    owner: np.ndarray


@kernel
def nearest_place(areas: Areas, lon: float, lat: float, time_us: int, limit_m: float) -> tuple[int, float]:
    """The place least far away and its distance, −1 if none is within `limit_m`. Inside several: the smallest.

    Only places in use at that instant, and what belongs to a port only while the port is.
    """
    cell = cell_at(lon, lat)
    best, least = -1, np.inf
    for at in range(areas.grid.approach_first[cell], areas.grid.approach_first[cell + 1]):
        place = areas.grid.approach_list[at]
        distance = distance_to_place_m(lon, lat, place, areas.grid)
        if (
            distance <= limit_m
            and distance < least
            and in_use(place, time_us, areas.grid.valid)
            and in_use(areas.owner[place], time_us, areas.grid.valid)
        ):
            best, least = place, distance
            if least == 0.0:
                break  # lists begin with the smallest
    return best, least


@kernel
def outside_owner_m(areas: Areas, owner: int, lon: float, lat: float) -> float:
    """How far a position lies outside a port with all that belongs to it; infinite beyond the limit.

    At any time: a ship leaves by sailing away, not because a port falls out of use around it.
    """
    cell = cell_at(lon, lat)
    least = np.inf
    for at in range(areas.grid.approach_first[cell], areas.grid.approach_first[cell + 1]):
        place = areas.grid.approach_list[at]
        if areas.owner[place] == owner:
            least = min(least, distance_to_place_m(lon, lat, place, areas.grid))
    return least


def areas_of(arguments: Mapping[str, Any], limit_m: float) -> Areas:
    """The places of a plan's arguments, findable from every position within `limit_m` of them."""
    table: pa.Table = arguments["places"]
    reach = pa.array(table["radius_m"].to_numpy() + limit_m)
    listed = table.set_column(table.schema.get_field_index("approach_radius_m"), "approach_radius_m", reach)
    return Areas(grid_of(listed), np.asarray(arguments["place_owner"], np.int64))


def place_arguments(places: Sequence[Any]) -> dict[str, Any]:
    """Plan arguments of places (`darkwake.places.Place`), which keep their order."""
    by_code = {place.code: index for index, place in enumerate(places)}
    return {
        "places": places_table(places),
        "place_owner": np.array([_root(index, places, by_code) for index in range(len(places))], np.int64),
    }


def _root(index: int, places: Sequence[Any], by_code: Mapping[str, int]) -> int:
    seen = {index}
    while (parent := by_code.get(places[index].parent or "", index)) not in seen:
        seen.add(parent)
        index = parent
    return index


def told_distance(port_m: float) -> str:
    """How far the nearest known port is, or that this says nothing because none is known in these waters."""
    if not port_m <= KNOWN_WITHIN_M:
        return f"not tested: no port or anchorage is known within {KNOWN_WITHIN_M / 1000:g} km"
    return f"{port_m / 1000:.1f} km"


def quays(gazetteer: Any) -> list[Any]:
    """Ports and berths of a gazetteer, in the order of their codes."""
    return [place for place in harbours(gazetteer) if place.kind != "anchorage"]


def harbours(gazetteer: Any) -> list[Any]:
    """Ports, berths and anchorages of a gazetteer, in the order of their codes.

    In order, so that the index of a place means the same when a plan is made and when it is finished.
    """
    return sorted((place for place in gazetteer if place.kind in HARBOUR_KINDS), key=lambda place: str(place.code))


class Circles:
    """The ports known by a middle and a radius alone, for what lies in several of them."""

    def __init__(self, places: Sequence[Any]) -> None:
        self._places = places
        self._row = np.array([k for k, one in enumerate(places) if one.kind == "port" and one.polygon is None], int)
        self._lon, self._lat, self._radius_m = (
            np.array([getattr(places[k], name) for k in self._row], float) for name in ("lon", "lat", "radius_m")
        )

    def as_near(self, port: int, lon: float, lat: float, time_us: int, factor: float) -> int | None:
        """The other port whose circle holds a position, and whose middle is less than `factor` times as far as that of
        `port`; the nearest of several. None if there is none, or if the outline of `port` is known.
        """
        away = distances_m(lon, lat, self._lon, self._lat)
        own = away[self._row == port]
        if not len(own):
            return None
        near = (away <= self._radius_m) & (away < factor * own[0]) & (self._row != port)
        near[near] = [self._places[k].valid.contains(time_us) for k in self._row[near]]
        return int(self._row[near][np.argmin(away[near])]) if near.any() else None
