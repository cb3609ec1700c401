"""Which place is a position in? Compiled, for tens of millions of positions, over the table of ports.

`PlaceGrid` is a named tuple of arrays, so other kernels take it as an argument, for example
`if occupied(lon, lat, first): place = place_at(lon, lat, grid)` with `first = grid.place_first` set before the loop.
It is built in milliseconds from `Gazetteer.ports_table()`, the small table that travels to workers.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from darkwake.geo.sphere import EARTH_RADIUS_M, METRES_PER_DEGREE, distance_m, distance_to_leg_m, wrap_lon
from darkwake.jit import kernel
from darkwake.threads import over_threads

_PER_DEGREE = 4  # cells of a quarter degree
_COLUMNS, _ROWS = 360 * _PER_DEGREE, 180 * _PER_DEGREE

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


class PlaceGrid(NamedTuple):
    """Arrays for kernels; place numbers are rows of the table it was made from.

    lon, lat, radius_m, approach_m: float64[n].  ring_first: int32[n + 1] into ring_lon, ring_lat; an empty ring is a
    circle.  *_first: int32[cells + 1] into *_places: which places (smallest first) or approaches touch a cell.
    valid: int64[n, 2], first µs in use and first µs no longer.
    """

    lon: Floats
    lat: Floats
    radius_m: Floats
    approach_m: Floats
    ring_first: Ints
    ring_lon: Floats
    ring_lat: Floats
    place_first: Ints
    place_list: Ints
    approach_first: Ints
    approach_list: Ints
    valid: NDArray[np.int64]


#: In the place of an instant: whenever, places out of use included.
WHENEVER = np.iinfo(np.int64).min


def grid_of(table: pa.Table) -> PlaceGrid:
    """The arrays of a table made by `Gazetteer.ports_table`."""
    lon, lat, radius, approach, area = (
        table[name].to_numpy().astype(np.float64) for name in ("lon", "lat", "radius_m", "approach_radius_m", "area_m2")
    )
    rings = table["polygon"].to_pylist()
    ring_first = np.concatenate(([0], np.cumsum([len(ring or ()) // 2 for ring in rings]))).astype(np.int32)
    flat = np.array([value for ring in rings for value in ring or ()], dtype=np.float64).reshape(-1, 2)
    order = np.lexsort((np.arange(area.size), area))
    valid = np.ascontiguousarray(np.stack([table[name].to_numpy() for name in ("valid_from", "valid_to")], axis=1))
    return PlaceGrid(
        lon, lat, radius, approach,
        ring_first, np.ascontiguousarray(flat[:, 0]), np.ascontiguousarray(flat[:, 1]),
        *_lists(lon, lat, radius, order), *_lists(lon, lat, approach, order), valid,
    )  # fmt: skip


def locate(lons: ArrayLike, lats: ArrayLike, grid: PlaceGrid, times: ArrayLike | None = None) -> Ints:
    """int32[n]: the smallest place that holds each position, -1 for none or no position.

    `times`: int64[n], µs; only places that were in use then. Without them, all.
    """
    return _locate(*_columns(lons, lats, times), grid)


def locate_approach(lons: ArrayLike, lats: ArrayLike, grid: PlaceGrid) -> Ints:
    """int32[n]: the place whose approach holds each position (of several, the one with the nearest middle), or -1."""
    return _locate_approach(np.ascontiguousarray(lons, np.float64), np.ascontiguousarray(lats, np.float64), grid)


def nearest(lons: ArrayLike, lats: ArrayLike, grid: PlaceGrid, times: ArrayLike | None = None) -> tuple[Ints, Floats]:
    """(place, metres to its outline; 0 inside) of the nearest place; (-1, NaN) without a position or any place.

    `times` as for `locate`. Goes through all places: about 10 µs a position with the whole World Port Index.
    """
    columns = _columns(lons, lats, times)
    found, metres = zip(*over_threads(lambda x, y, t: _nearest(x, y, t, grid), *columns), strict=True)
    return np.concatenate(found), np.concatenate(metres)


def _columns(lons: ArrayLike, lats: ArrayLike, times: ArrayLike | None) -> tuple[Floats, Floats, NDArray[np.int64]]:
    lon, lat = np.ascontiguousarray(lons, np.float64), np.ascontiguousarray(lats, np.float64)
    if times is None:
        return lon, lat, np.full(lon.size, WHENEVER)
    return lon, lat, np.ascontiguousarray(times, np.int64)


def _lists(lon: Floats, lat: Floats, reach_m: Floats, order: NDArray[np.intp]) -> tuple[Ints, Ints]:
    """Cells touched by circles, as the start of each cell's list and the lists themselves."""
    first = np.zeros(_ROWS * _COLUMNS + 1, np.int32)
    _fill(lon, lat, reach_m, order, first, np.empty(0, np.int32))
    first = np.cumsum(first, dtype=np.int32)
    lists = np.empty(int(first[-1]), np.int32)
    _fill(lon, lat, reach_m, order, first[:-1].copy(), lists)
    return first, lists


@kernel
def _fill(lon: Floats, lat: Floats, reach_m: Floats, order: NDArray[np.intp], at: Ints, lists: Ints) -> None:
    """With empty `lists` count into at[cell + 1]; else write each place to at[cell] and move that on."""
    for place in order:
        if reach_m[place] <= 0.0:
            continue
        reach = reach_m[place] / METRES_PER_DEGREE
        south = max(-90.0, lat[place] - reach)
        north = min(90.0, lat[place] + reach)
        narrow = math.cos(math.radians(max(abs(south), abs(north))))
        half = 180.0 if reach >= 180.0 * narrow else min(180.0, reach / narrow)
        west = math.floor((lon[place] - half + 180.0) * _PER_DEGREE)
        wide = min(_COLUMNS, math.floor((lon[place] + half + 180.0) * _PER_DEGREE) - west + 1)
        for row in range(_row(south), _row(north) + 1):
            for k in range(wide):
                cell = row * _COLUMNS + (west + k) % _COLUMNS
                if lists.size:
                    lists[at[cell]] = place
                    at[cell] += 1
                else:
                    at[cell + 1] += 1


@kernel
def _row(lat: float) -> int:
    return min(_ROWS - 1, max(0, math.floor((lat + 90.0) * _PER_DEGREE)))


@kernel
def cell_at(lon: float, lat: float) -> int:
    """The cell of a position: an index into the lists of a grid."""
    x = lon if -180.0 <= lon < 180.0 else wrap_lon(lon)
    # truncating is flooring here, since neither number is below 0
    row = min(_ROWS - 1, max(0, int((lat + 90.0) * _PER_DEGREE)))
    return row * _COLUMNS + min(_COLUMNS - 1, int((x + 180.0) * _PER_DEGREE))


@kernel
def in_use(place: int, time_us: int, valid: NDArray[np.int64]) -> bool:
    """Whether a place was in use at an instant (or WHENEVER); `valid` is that of its grid."""
    return time_us == WHENEVER or valid[place, 0] <= time_us < valid[place, 1]


@kernel
def in_place(lon: float, lat: float, place: int, grid: PlaceGrid) -> bool:
    """Whether a position lies in a place."""
    first, end = grid.ring_first[place], grid.ring_first[place + 1]
    if first == end:
        return distance_m(lon, lat, grid.lon[place], grid.lat[place]) <= grid.radius_m[place]
    base = grid.ring_lon[first]
    x = wrap_lon(lon - base)
    inside = False
    for k in range(first, end):
        j = k + 1 if k + 1 < end else first
        y1, y2 = grid.ring_lat[k], grid.ring_lat[j]
        if (y1 <= lat) != (y2 <= lat):
            x1, x2 = wrap_lon(grid.ring_lon[k] - base), wrap_lon(grid.ring_lon[j] - base)
            if x < x1 + (lat - y1) / (y2 - y1) * (x2 - x1):
                inside = not inside
    return inside


@kernel
def occupied(lon: float, lat: float, first: Ints) -> bool:
    """Whether anything touches the cell of a position; `first` is `place_first` or `approach_first` of a grid.

    Ask this before `place_at` or `approach_at` in a loop: handing a grid of eleven arrays to a kernel costs twenty
    times as much as this does, and most of the sea is empty. False without a position.
    """
    if not (math.isfinite(lon) and math.isfinite(lat)):
        return False
    cell = cell_at(lon, lat)
    return first[cell] < first[cell + 1]


@kernel
def place_at(lon: float, lat: float, time_us: int, grid: PlaceGrid) -> int:
    """The smallest place in use at an instant (or WHENEVER) that holds a position, or -1."""
    if not (math.isfinite(lon) and math.isfinite(lat)):
        return -1
    cell = cell_at(lon, lat)
    for k in range(grid.place_first[cell], grid.place_first[cell + 1]):
        place = grid.place_list[k]
        if in_use(place, time_us, grid.valid) and in_place(lon, lat, place, grid):
            return place
    return -1


@kernel
def approach_at(lon: float, lat: float, grid: PlaceGrid) -> int:
    """The place whose approach holds a position (of several, the one with the nearest middle), or -1."""
    if not (math.isfinite(lon) and math.isfinite(lat)):
        return -1
    cell = cell_at(lon, lat)
    best, best_m = -1, np.inf
    for k in range(grid.approach_first[cell], grid.approach_first[cell + 1]):
        place = grid.approach_list[k]
        away = distance_m(lon, lat, grid.lon[place], grid.lat[place])
        if away <= grid.approach_m[place] and away < best_m:
            best, best_m = place, away
    return best


@kernel
def distance_to_place_m(lon: float, lat: float, place: int, grid: PlaceGrid) -> float:
    """Metres to a place's outline, 0 inside."""
    if in_place(lon, lat, place, grid):
        return 0.0
    first, end = grid.ring_first[place], grid.ring_first[place + 1]
    if first == end:
        return max(0.0, distance_m(lon, lat, grid.lon[place], grid.lat[place]) - grid.radius_m[place])
    best = np.inf
    for k in range(first, end):
        j = k + 1 if k + 1 < end else first
        leg = distance_to_leg_m(lon, lat, grid.ring_lon[k], grid.ring_lat[k], grid.ring_lon[j], grid.ring_lat[j])
        best = min(best, leg)
    return best


@kernel
def distances_m(lon: float, lat: float, grid: PlaceGrid) -> Floats:
    """float64[n]: metres from one position to the outline of every place, 0 inside."""
    out = np.empty(grid.lon.size, np.float64)
    for place in range(grid.lon.size):
        out[place] = distance_to_place_m(lon, lat, place, grid)
    return out


@kernel
def _locate(lons: Floats, lats: Floats, times: NDArray[np.int64], grid: PlaceGrid) -> Ints:
    out = np.full(lons.size, -1, np.int32)
    first = grid.place_first
    for i in range(lons.size):
        if occupied(lons[i], lats[i], first):
            out[i] = place_at(lons[i], lats[i], times[i], grid)
    return out


@kernel
def _locate_approach(lons: Floats, lats: Floats, grid: PlaceGrid) -> Ints:
    out = np.full(lons.size, -1, np.int32)
    first = grid.approach_first
    for i in range(lons.size):
        if occupied(lons[i], lats[i], first):
            out[i] = approach_at(lons[i], lats[i], grid)
    return out


@kernel
def _nearest(lons: Floats, lats: Floats, times: NDArray[np.int64], grid: PlaceGrid) -> tuple[Ints, Floats]:
    count, valid = grid.lon.size, grid.valid
    unit = np.empty((count, 3), np.float64)
    for p in range(count):
        x, y = math.radians(grid.lon[p]), math.radians(grid.lat[p])
        unit[p, 0], unit[p, 1], unit[p, 2] = math.cos(y) * math.cos(x), math.cos(y) * math.sin(x), math.sin(y)
    chord = np.empty(count, np.float64)
    found = np.full(lons.size, -1, np.int32)
    metres = np.full(lons.size, np.nan)
    for i in range(lons.size):
        if not (math.isfinite(lons[i]) and math.isfinite(lats[i])):
            continue
        x, y = math.radians(lons[i]), math.radians(lats[i])
        ux, uy, uz = math.cos(y) * math.cos(x), math.cos(y) * math.sin(x), math.sin(y)
        # the place with the nearest middle first: what is farther than its outline is then soon put aside
        first, least = -1, np.inf
        for p in range(count):
            chord[p] = np.inf
            if not in_use(p, times[i], valid):
                continue
            dx, dy, dz = ux - unit[p, 0], uy - unit[p, 1], uz - unit[p, 2]
            chord[p] = dx * dx + dy * dy + dz * dz
            if chord[p] < least:
                first, least = p, chord[p]
        best = np.inf
        for k in range(-1, count):
            p = first if k < 0 else k
            # the straight line is shorter than the arc: what fails this cannot be nearer
            reach = (best + grid.radius_m[p]) / EARTH_RADIUS_M
            if p < 0 or chord[p] >= reach * reach * (1.0 + 1e-9):
                continue
            away = distance_to_place_m(lons[i], lats[i], p, grid)
            if away < best or (away == best and p < found[i]):
                best = away
                found[i], metres[i] = p, away
    return found, metres
