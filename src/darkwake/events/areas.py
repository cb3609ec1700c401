"""Ports and known anchorages as kernels see them: circles and polygons, found by cell, with the distance outside.

What the gazetteer knows becomes a few arrays in a plan's arguments (`place_arguments`), and these become `Areas` in a
kernel call (`areas_of`). A port's berths and anchorages belong to it: `owner` is the place that has no parent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from darkwake.geo.sphere import EARTH_RADIUS_M, METRES_PER_DEGREE, distance_m
from darkwake.jit import kernel

HARBOUR_KINDS = ("port", "berth", "anchorage")
CELL_DEG = 0.5
_COLUMNS, _ROWS = 720, 360


class Areas(NamedTuple):
    """Arrays by place, and the cells' lists of places. `edges` are lon, lat of both ends; none for a circle."""

    lon: np.ndarray
    lat: np.ndarray
    radius_m: np.ndarray  # of the circle, or of the circle around the polygon
    edge_first: np.ndarray
    edges: np.ndarray
    owner: np.ndarray
    cell_first: np.ndarray
    members: np.ndarray


@kernel
def _around(lon_deg: float) -> float:
    """A difference of longitudes, the short way round."""
    return (lon_deg + 540.0) % 360.0 - 180.0


@kernel
def outside_m(areas: Areas, place: int, lon: float, lat: float) -> float:
    """How far a point lies outside a place; 0 inside. Polygon edges are straight on a plane that touches the point."""
    centre = distance_m(lon, lat, areas.lon[place], areas.lat[place])
    low, high = areas.edge_first[place], areas.edge_first[place + 1]
    if low == high or centre > 2.0 * areas.radius_m[place] + 200_000.0:
        return max(0.0, centre - areas.radius_m[place])
    metres = METRES_PER_DEGREE
    narrow = metres * np.cos(np.radians(lat))
    inside = False
    nearest = np.inf
    for e in range(low, high):
        ax, ay = _around(areas.edges[e, 0] - lon) * narrow, (areas.edges[e, 1] - lat) * metres
        bx, by = _around(areas.edges[e, 2] - lon) * narrow, (areas.edges[e, 3] - lat) * metres
        if (ay > 0.0) != (by > 0.0) and ax + (bx - ax) * ay / (ay - by) > 0.0:
            inside = not inside
        length = (bx - ax) ** 2 + (by - ay) ** 2
        share = 0.0
        if length > 0.0:
            share = min(1.0, max(0.0, -(ax * (bx - ax) + ay * (by - ay)) / length))
        nearest = min(nearest, np.hypot(ax + share * (bx - ax), ay + share * (by - ay)))
    return 0.0 if inside else nearest


@kernel
def cell_at(lon: float, lat: float) -> int:
    """The cell whose list names the places around a point."""
    row = min(_ROWS - 1, max(0, int(np.floor((lat + 90.0) / CELL_DEG))))
    return row * _COLUMNS + int(np.floor((lon + 180.0) / CELL_DEG)) % _COLUMNS


@kernel
def nearest_place(areas: Areas, lon: float, lat: float, limit_m: float) -> tuple[int, float]:
    """The place least far away and its distance, −1 if none is within `limit_m`. Inside several: the smallest."""
    cell = cell_at(lon, lat)
    best, least = -1, np.inf
    for at in range(areas.cell_first[cell], areas.cell_first[cell + 1]):
        place = areas.members[at]
        distance = outside_m(areas, place, lon, lat)
        if distance > limit_m:
            continue
        if distance < least or (distance == least and areas.radius_m[place] < areas.radius_m[best]):
            best, least = place, distance
    return best, least


@kernel
def outside_owner_m(areas: Areas, owner: int, lon: float, lat: float) -> float:
    """How far a point lies outside a port with all its berths and anchorages; infinite where no cell lists them."""
    cell = cell_at(lon, lat)
    least = np.inf
    for at in range(areas.cell_first[cell], areas.cell_first[cell + 1]):
        if areas.owner[areas.members[at]] == owner:
            least = min(least, outside_m(areas, areas.members[at], lon, lat))
    return least


@kernel
def _cells(lon: np.ndarray, lat: np.ndarray, reach_m: np.ndarray, at: np.ndarray, members: np.ndarray) -> None:
    """Count the places that touch each cell; with room in `members`, list them there from `at` on."""
    for place in range(len(lon)):
        north = np.degrees(reach_m[place] / EARTH_RADIUS_M) * 1.001
        top = min(89.9, abs(lat[place]) + north)
        east = min(180.0, np.degrees(reach_m[place] / (EARTH_RADIUS_M * np.cos(np.radians(top)))) * 1.01)
        low = max(0, int(np.floor((lat[place] - north + 90.0) / CELL_DEG)))
        high = min(_ROWS - 1, int(np.floor((lat[place] + north + 90.0) / CELL_DEG)))
        west = int(np.floor((lon[place] - east + 180.0) / CELL_DEG))
        columns = min(int(np.floor((lon[place] + east + 180.0) / CELL_DEG)) - west + 1, _COLUMNS)
        for row in range(low, high + 1):
            for column in range(west, west + columns):
                cell = row * _COLUMNS + column % _COLUMNS
                if len(members):
                    members[at[cell]] = place
                at[cell] += 1


def areas_of(arguments: Mapping[str, Any], limit_m: float) -> Areas:
    """The places of a plan's arguments, findable from every point within `limit_m` of them."""
    lon, lat, radius_m = (
        np.ascontiguousarray(arguments[f"place_{name}"], dtype=np.float64) for name in ("lon", "lat", "radius_m")
    )
    counts = np.zeros(_COLUMNS * _ROWS, np.int64)
    _cells(lon, lat, radius_m + limit_m, counts, np.empty(0, np.int64))
    first = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    members = np.empty(first[-1], np.int64)
    _cells(lon, lat, radius_m + limit_m, first[:-1].copy(), members)
    edges = np.ascontiguousarray(arguments["place_edges"], dtype=np.float64).reshape(-1, 4)
    edge_first, owner = (np.ascontiguousarray(arguments[f"place_{n}"], dtype=np.int64) for n in ("edge_first", "owner"))
    return Areas(lon, lat, radius_m, edge_first, edges, owner, first, members)


def place_arguments(places: Sequence[Any]) -> dict[str, np.ndarray]:
    """Plan arguments of places (`darkwake.places.Place`), which keep their order."""
    by_code = {place.code: index for index, place in enumerate(places)}
    edge_lists = [_edges(place.polygon) for place in places]

    def column(name: str) -> np.ndarray:
        return np.array([getattr(place, name) for place in places], np.float64)

    return {
        "place_lon": column("lon"),
        "place_lat": column("lat"),
        "place_radius_m": column("radius_m"),
        "place_approach_radius_m": column("approach_radius_m"),
        "place_edges": np.concatenate([np.empty((0, 4)), *edge_lists]),
        "place_edge_first": np.cumsum([0, *(len(edges) for edges in edge_lists)]),
        "place_owner": np.array([_root(index, places, by_code) for index in range(len(places))], np.int64),
    }


def _root(index: int, places: Sequence[Any], by_code: Mapping[str, int]) -> int:
    seen = {index}
    while (parent := by_code.get(places[index].parent or "", index)) not in seen:
        seen.add(parent)
        index = parent
    return index


def _edges(ring: Sequence[tuple[float, float]] | None) -> np.ndarray:
    """The edges of a ring, closed or not, as rows lon, lat, lon, lat."""
    if not ring:
        return np.empty((0, 4))
    corners = np.array(ring, np.float64)
    return np.hstack([corners, np.roll(corners, -1, axis=0)])


def harbours(gazetteer: Any) -> list[Any]:
    """Ports, berths and anchorages of a gazetteer, in the order of their codes.

    In order, so that the index of a place means the same when a plan is made and when it is finished.
    """
    return sorted((place for place in gazetteer if place.kind in HARBOUR_KINDS), key=lambda place: str(place.code))
