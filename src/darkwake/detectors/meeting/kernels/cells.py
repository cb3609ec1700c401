"""Points of one instant hashed into cells, to find neighbours in any crowd.

Cells are at least as wide as the distance asked for, so that neighbours lie in the nine cells around. Rows of cells
follow the parallels and have their own number of columns round the Earth: neither the 180th meridian nor a pole is a
border. Positions are whole numbers, degrees × 10⁷.
"""

from __future__ import annotations

import numpy as np

from darkwake.detectors.meeting.kernels.grid import E7
from darkwake.geo.sphere import EARTH_RADIUS_M
from darkwake.jit import kernel

FULL_TURN = 3_600_000_000
COLUMN_BITS = 24
HASH = np.uint64(0x9E3779B97F4A7C15)


@kernel
def columns_of_rows(width_m: float) -> np.ndarray:
    """How many cells each row of cells has round the Earth, so that two columns are never closer than `width_m`."""
    rows = int(np.floor(np.pi * EARTH_RADIUS_M / width_m))
    columns = np.ones(rows + 1, np.int64)
    for row in range(rows + 1):
        edge = max(abs(row * np.pi / rows - np.pi / 2), abs((row + 1) * np.pi / rows - np.pi / 2))
        radius = EARTH_RADIUS_M * np.cos(min(edge, np.pi / 2))
        half_chord = width_m * 1.001 / (2.0 * radius) if radius > 0.0 else 1.0
        if half_chord < 1.0:
            columns[row] = max(1, int(np.floor(np.pi / np.arcsin(half_chord))))
    return columns


@kernel
def wrap_e7(difference_e7: int) -> int:
    if difference_e7 > FULL_TURN // 2:
        return difference_e7 - FULL_TURN
    if difference_e7 < -(FULL_TURN // 2):
        return difference_e7 + FULL_TURN
    return difference_e7


@kernel
def row_of(lat_e7: int, rows: int) -> int:
    return min(rows - 1, max(0, int((lat_e7 / E7 + 90.0) / 180.0 * rows)))


@kernel
def column_of(lon_e7: int, columns: int) -> int:
    return min(columns - 1, max(0, int((lon_e7 / E7 + 180.0) / 360.0 * columns)))


@kernel
def slot_of(cell: int, mask: int) -> int:
    return int((np.uint64(cell) * HASH) >> np.uint64(32)) & mask


@kernel
def table_mask(count: int) -> int:
    size = 16
    while size < 2 * count:
        size *= 2
    return size - 1


@kernel
def fill_cells(
    lon: np.ndarray, lat: np.ndarray, columns: np.ndarray, head: np.ndarray, chain: np.ndarray, cell: np.ndarray
) -> int:
    """Hash all points into cells; returns the mask of the table."""
    rows = len(columns) - 1
    mask = table_mask(len(lon))
    head[: mask + 1] = -1
    for p in range(len(lon)):
        row = row_of(lat[p], rows)
        cell[p] = (row << COLUMN_BITS) | column_of(lon[p], columns[row])
        slot = slot_of(cell[p], mask)
        chain[p] = head[slot]
        head[slot] = p
    return mask


@kernel
def count_within(
    p: int, lon: np.ndarray, lat: np.ndarray, columns: np.ndarray, reach_m: float,
    head: np.ndarray, chain: np.ndarray, cell: np.ndarray, mask: int,
) -> int:  # fmt: skip
    """How many points lie within `reach_m` of point p, itself included; flat-Earth distance."""
    rows = len(columns) - 1
    metres_per_unit = np.radians(1.0 / E7) * EARTH_RADIUS_M
    narrow = np.cos(np.radians(lat[p] / E7))
    found = 0
    own = row_of(lat[p], rows)
    for row in range(max(0, own - 1), min(rows, own + 2)):
        width = columns[row]
        middle = column_of(lon[p], width)
        for shift in range(min(3, width)):
            wanted = (row << COLUMN_BITS) | ((middle + shift - 1 + width) % width)
            q = head[slot_of(wanted, mask)]
            while q >= 0:
                if cell[q] == wanted:
                    x = wrap_e7(lon[q] - lon[p]) * metres_per_unit * narrow
                    y = (lat[q] - lat[p]) * metres_per_unit
                    if x * x + y * y <= reach_m * reach_m:
                        found += 1
                q = chain[q]
    return found
