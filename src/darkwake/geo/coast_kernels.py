"""Compiled questions to the coast index: nearest shore, land or water, legs over land, edges in a box."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from darkwake.geo.coast_index import (
    CELLS_PER_DEGREE,
    CENTRE_ON_LAND,
    FANOUT,
    HAS_EDGES,
    column_of,
    is_seam,
    morton,
    row_of,
)
from darkwake.geo.sphere import EARTH_RADIUS_M, bearing_deg, destination, distance_m, wrap_lon
from darkwake.jit import kernel

Floats = NDArray[np.float64]
Vertices = NDArray[np.float32]
Runs = NDArray[np.int32]
Longs = NDArray[np.int64]

_STEP_M = 4_000.0  # legs are followed in pieces no longer than this


@kernel
def _unit(lon: float, lat: float) -> tuple[float, float, float]:
    x, y = math.radians(lon), math.radians(lat)
    return math.cos(y) * math.cos(x), math.cos(y) * math.sin(x), math.sin(y)


@kernel
def _squared_to_box(px: float, py: float, pz: float, boxes: Vertices, b: int) -> float:
    dx = max(boxes[b, 0] - px, px - boxes[b, 3], 0.0)
    dy = max(boxes[b, 1] - py, py - boxes[b, 4], 0.0)
    dz = max(boxes[b, 2] - pz, pz - boxes[b, 5], 0.0)
    return dx * dx + dy * dy + dz * dz


@kernel
def _on_edge(px: float, py: float, pz: float, vertices: Vertices, v: int) -> tuple[float, float, float, float]:
    """(squared chord, x, y, z) of the point of edge v → v+1 nearest to p; an infinite chord for a seam."""
    lon1, lat1 = np.float64(vertices[v, 0]), np.float64(vertices[v, 1])
    lon2, lat2 = np.float64(vertices[v + 1, 0]), np.float64(vertices[v + 1, 1])
    if is_seam(lon1, lat1, lon2, lat2):
        return np.inf, 0.0, 0.0, 0.0
    ax, ay, az = _unit(lon1, lat1)
    bx, by, bz = _unit(lon2, lat2)
    ex, ey, ez = bx - ax, by - ay, bz - az
    length = ex * ex + ey * ey + ez * ez
    share = 0.0
    if length > 0.0:
        share = ((px - ax) * ex + (py - ay) * ey + (pz - az) * ez) / length
        share = min(1.0, max(0.0, share))
    qx, qy, qz = ax + share * ex, ay + share * ey, az + share * ez
    norm = math.sqrt(qx * qx + qy * qy + qz * qz)  # from the chord up to the arc
    qx, qy, qz = qx / norm, qy / norm, qz / norm
    dx, dy, dz = px - qx, py - qy, pz - qz
    return dx * dx + dy * dy + dz * dz, qx, qy, qz


@kernel
def nearest(lons: Floats, lats: Floats, vertices: Vertices, runs: Runs, boxes: Vertices, levels: Longs) -> Floats:
    """float64[n, 3]: metres to the nearest shore, and its lon, lat. Branch and bound through the tree of boxes.

    The last point's nearest run is tried first: positions of a track come in order, and a good first bound prunes most.
    """
    out = np.full((lons.size, 3), np.nan)
    stack_box = np.empty(512, np.int64)
    stack_level = np.empty(512, np.int64)
    stack_bound = np.empty(512, np.float64)
    order = np.empty(FANOUT, np.int64)
    bounds = np.empty(FANOUT, np.float64)
    last_run = -1
    top = levels.size - 2
    for i in range(lons.size):
        if not (math.isfinite(lons[i]) and math.isfinite(lats[i])):
            continue
        px, py, pz = _unit(lons[i], lats[i])
        best, bx, by, bz = np.inf, 0.0, 0.0, 0.0
        if last_run >= 0:
            for v in range(runs[last_run, 0], runs[last_run, 0] + runs[last_run, 1]):
                squared, qx, qy, qz = _on_edge(px, py, pz, vertices, v)
                if squared < best:
                    best, bx, by, bz = squared, qx, qy, qz
        depth = 1
        stack_box[0], stack_level[0] = levels[top], top
        stack_bound[0] = 0.0
        while depth > 0:
            depth -= 1
            box, level = stack_box[depth], stack_level[depth]
            if stack_bound[depth] >= best:
                continue
            if level == 0:
                for v in range(runs[box, 0], runs[box, 0] + runs[box, 1]):
                    squared, qx, qy, qz = _on_edge(px, py, pz, vertices, v)
                    if squared < best:
                        best, bx, by, bz = squared, qx, qy, qz
                        last_run = box
                continue
            below = levels[level - 1]
            first = below + (box - levels[level]) * FANOUT
            children = 0
            for child in range(first, min(first + FANOUT, levels[level])):
                bound = _squared_to_box(px, py, pz, boxes, child)
                if bound < best:  # kept sorted, the farthest first, so that the nearest is on top of the stack
                    k = children
                    while k > 0 and bounds[k - 1] < bound:
                        bounds[k], order[k] = bounds[k - 1], order[k - 1]
                        k -= 1
                    bounds[k], order[k] = bound, child
                    children += 1
            for k in range(children):
                stack_box[depth], stack_level[depth], stack_bound[depth] = order[k], level - 1, bounds[k]
                depth += 1
        if best < np.inf:
            out[i, 0] = 2.0 * EARTH_RADIUS_M * math.asin(min(1.0, 0.5 * math.sqrt(best)))
            out[i, 1] = math.degrees(math.atan2(by, bx))
            out[i, 2] = math.degrees(math.asin(min(1.0, max(-1.0, bz))))
    return out


@kernel
def _runs_of(row: int, column: int, cells: Longs) -> tuple[int, int]:
    """First run of a cell and the run after its last."""
    key = morton(row, column)
    low, high = 0, cells.shape[0] - 1
    while low < high:
        middle = (low + high) // 2
        if cells[middle, 0] < key:
            low = middle + 1
        else:
            high = middle
    if cells[low, 0] != key:
        return 0, 0
    return cells[low, 1], cells[low + 1, 1]


@kernel
def point_on_land(
    lon: float, lat: float, vertices: Vertices, runs: Runs, cells: Longs, flags: NDArray[np.uint8]
) -> bool:
    """Land at the cell's centre, changed by every edge that the way from there (along a parallel, then along a
    meridian) crosses."""
    x = wrap_lon(lon)
    row, column = row_of(lat), column_of(x)
    land = (flags[row, column] & CENTRE_ON_LAND) != 0
    if not flags[row, column] & HAS_EDGES:
        return land
    cx = -180.0 + (column + 0.5) / CELLS_PER_DEGREE
    cy = -90.0 + (row + 0.5) / CELLS_PER_DEGREE
    first, end = _runs_of(row, column, cells)
    for r in range(first, end):
        for v in range(runs[r, 0], runs[r, 0] + runs[r, 1]):
            x1, y1 = np.float64(vertices[v, 0]), np.float64(vertices[v, 1])
            x2, y2 = np.float64(vertices[v + 1, 0]), np.float64(vertices[v + 1, 1])
            if (y1 <= lat) != (y2 <= lat):
                at = x1 + (lat - y1) / (y2 - y1) * (x2 - x1)
                if (at <= x) != (at <= cx):
                    land = not land
            if (x1 <= cx) != (x2 <= cx):
                at = y1 + (cx - x1) / (x2 - x1) * (y2 - y1)
                if (at <= lat) != (at <= cy):
                    land = not land
    return land


@kernel
def on_land(
    lons: Floats, lats: Floats, vertices: Vertices, runs: Runs, cells: Longs, flags: NDArray[np.uint8]
) -> NDArray[np.bool_]:
    out = np.zeros(lons.size, np.bool_)
    for i in range(lons.size):
        if math.isfinite(lons[i]) and math.isfinite(lats[i]):
            out[i] = point_on_land(lons[i], lats[i], vertices, runs, cells, flags)
    return out


@kernel
def _side(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> float:
    return (bx - ax) * (py - ay) - (by - ay) * (px - ax)


@kernel
def _cuts_shore(
    ax: float, ay: float, bx: float, by: float, vertices: Vertices, runs: Runs, cells: Longs, flags: NDArray[np.uint8]
) -> bool:
    """Whether a short straight piece (which does not cross 180°) meets a shoreline edge."""
    for row in range(row_of(min(ay, by)), row_of(max(ay, by)) + 1):
        for column in range(column_of(min(ax, bx)), column_of(max(ax, bx)) + 1):
            if not flags[row, column] & HAS_EDGES:
                continue
            first, end = _runs_of(row, column, cells)
            for r in range(first, end):
                for v in range(runs[r, 0], runs[r, 0] + runs[r, 1]):
                    x1, y1 = np.float64(vertices[v, 0]), np.float64(vertices[v, 1])
                    x2, y2 = np.float64(vertices[v + 1, 0]), np.float64(vertices[v + 1, 1])
                    if max(x1, x2) < min(ax, bx) or min(x1, x2) > max(ax, bx):
                        continue
                    if max(y1, y2) < min(ay, by) or min(y1, y2) > max(ay, by):
                        continue
                    if is_seam(x1, y1, x2, y2):
                        continue
                    one = _side(ax, ay, bx, by, x1, y1) * _side(ax, ay, bx, by, x2, y2)
                    two = _side(x1, y1, x2, y2, ax, ay) * _side(x1, y1, x2, y2, bx, by)
                    if one <= 0.0 and two <= 0.0:
                        return True
    return False


@kernel
def legs_on_land(
    lons: Floats, lats: Floats, vertices: Vertices, runs: Runs, cells: Longs, flags: NDArray[np.uint8]
) -> NDArray[np.bool_]:
    """bool[n-1]. A leg without a position at one end is False."""
    out = np.zeros(max(0, lons.size - 1), np.bool_)
    for i in range(lons.size - 1):
        if not (math.isfinite(lons[i] + lats[i] + lons[i + 1] + lats[i + 1])):
            continue
        length = distance_m(lons[i], lats[i], lons[i + 1], lats[i + 1])
        bearing = bearing_deg(lons[i], lats[i], lons[i + 1], lats[i + 1])
        steps = max(1, math.ceil(length / _STEP_M))
        ax, ay = wrap_lon(lons[i]), lats[i]
        if point_on_land(ax, ay, vertices, runs, cells, flags):
            out[i] = True
            continue
        for k in range(1, steps + 1):
            bx, by = wrap_lon(lons[i + 1]), lats[i + 1]
            if k < steps:
                bx, by = destination(lons[i], lats[i], bearing, length * k / steps)
            if abs(bx - ax) > 180.0:  # over 180°: the ends of this piece decide
                met = point_on_land(bx, by, vertices, runs, cells, flags)
            else:
                met = _cuts_shore(ax, ay, bx, by, vertices, runs, cells, flags)
            if met:
                out[i] = True
                break
            ax, ay = bx, by
    return out


@kernel
def edges_in(
    west: float, south: float, east: float, north: float, vertices: Vertices, runs: Runs, cells: Longs
) -> Longs:
    """First vertices of the edges (seams left out) whose own box touches a box; an edge may come twice."""
    out = np.empty(1024, np.int64)
    count = 0
    for row in range(row_of(south), row_of(north) + 1):
        for column in range(column_of(west), column_of(east) + 1):
            first, end = _runs_of(row, column, cells)
            for r in range(first, end):
                for v in range(runs[r, 0], runs[r, 0] + runs[r, 1]):
                    x1, y1 = np.float64(vertices[v, 0]), np.float64(vertices[v, 1])
                    x2, y2 = np.float64(vertices[v + 1, 0]), np.float64(vertices[v + 1, 1])
                    if max(x1, x2) < west or min(x1, x2) > east or max(y1, y2) < south or min(y1, y2) > north:
                        continue
                    if is_seam(x1, y1, x2, y2):
                        continue
                    if count == out.size:
                        larger = np.empty(2 * count, np.int64)
                        larger[:count] = out
                        out = larger
                    out[count] = v
                    count += 1
    return out[:count]
