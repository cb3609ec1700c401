"""Integer ids for the cells of a latitude/longitude grid whose cells are never narrower than a given distance.

A row is `size_deg` high. Its columns are `size_deg` wide near the equator and wider, in degrees, towards the poles,
so that everything within `min_width_m` (at most one row's height) of a point lies in its cell or a neighbour.
A grid is the pair (size_deg, min_width_m); ids of different grids do not compare.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from darkwake.geo.sphere import METRES_PER_DEGREE
from darkwake.jit import kernel

_ROW_SHIFT = 24  # ids are row << 24 | column: up to 16.7 M columns
#: An output array of `neighbours` must have room for this many ids.
MAX_NEIGHBOURS = 32


@kernel
def columns_of(row: int, size_deg: float, min_width_m: float) -> int:
    """How many columns a row has."""
    south = -90.0 + row * size_deg
    # measured one row nearer the pole than needed: a neighbour of that row may reach this one
    poleward = max(abs(south), abs(south + size_deg)) + size_deg
    if poleward >= 90.0:
        return 1
    narrow = METRES_PER_DEGREE * math.cos(math.radians(poleward))  # metres per degree of longitude
    width_m = max(min_width_m, 0.25 * size_deg * METRES_PER_DEGREE)  # slivers at the poles have too many neighbours
    return max(1, int(360.0 / max(size_deg, width_m / narrow)))


@kernel
def cell_of(lon: float, lat: float, size_deg: float, min_width_m: float) -> int:
    """Id of the cell that holds a point. Longitudes outside [-180, 180) are wrapped; latitudes must be in ±90."""
    rows = math.ceil(180.0 / size_deg)
    row = min(rows - 1, max(0, int((lat + 90.0) / size_deg)))
    columns = columns_of(row, size_deg, min_width_m)
    turn = (lon + 180.0) / 360.0
    column = min(columns - 1, int((turn - math.floor(turn)) * columns))
    return (row << _ROW_SHIFT) | column


@kernel
def cell_centre(cell: int, size_deg: float, min_width_m: float) -> tuple[float, float]:
    """(lon, lat) of the middle of a cell."""
    row = cell >> _ROW_SHIFT
    width = 360.0 / columns_of(row, size_deg, min_width_m)
    return -180.0 + ((cell & 0xFFFFFF) + 0.5) * width, min(90.0, -90.0 + (row + 0.5) * size_deg)


@kernel
def neighbours(cell: int, size_deg: float, min_width_m: float, out: NDArray[np.int64]) -> int:
    """Write the ids of the cell itself and of all cells that touch it, across 180° too, into `out`; return how many.

    `out`: int64[MAX_NEIGHBOURS]. No id comes twice.
    """
    rows = math.ceil(180.0 / size_deg)
    row = cell >> _ROW_SHIFT
    own = columns_of(row, size_deg, min_width_m)
    column = cell & 0xFFFFFF
    count = 0
    for other in range(max(0, row - 1), min(rows - 1, row + 1) + 1):
        columns = columns_of(other, size_deg, min_width_m)
        # one column beyond what the cell itself spans, on both sides
        first = math.floor(column * columns / own + 1e-9) - 1
        last = math.ceil((column + 1) * columns / own - 1e-9)
        if last - first + 1 >= columns:
            first, last = 0, columns - 1
        for k in range(first, last + 1):
            if count < out.size:
                out[count] = (other << _ROW_SHIFT) | (k % columns)
                count += 1
    return count


@kernel
def cells_of(
    lons: NDArray[np.float64], lats: NDArray[np.float64], size_deg: float, min_width_m: float
) -> NDArray[np.int64]:
    """`cell_of` over arrays; -1 where a position is not finite."""
    out = np.empty(lons.size, np.int64)
    for i in range(lons.size):
        if math.isfinite(lons[i]) and math.isfinite(lats[i]):
            out[i] = cell_of(lons[i], lats[i], size_deg, min_width_m)
        else:
            out[i] = -1
    return out
