"""Lines and boxes across the meridian of 180°: splitting, unwrapping, bounding boxes. Every writer uses these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from darkwake.errors import UsageError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BBox:
    """West, south, east, north in degrees. `west > east` means that the box crosses 180°."""

    west: float
    south: float
    east: float
    north: float

    def __post_init__(self) -> None:
        if self.south > self.north:
            raise UsageError(f"a box whose south lies north of its north: {self.south:g} > {self.north:g}")
        if not (self.south >= -90.0 and self.north <= 90.0):
            raise UsageError(f"box with latitudes {self.south} … {self.north}", expected="-90 ≤ south ≤ north ≤ 90")
        if not (-180.0 <= self.west <= 180.0 and -180.0 <= self.east <= 180.0):
            raise UsageError(f"box with longitudes {self.west} … {self.east}", expected="both within -180 … 180")

    @classmethod
    def parse(cls, text: str) -> BBox:
        """`W,S,E,N` as on the command line."""
        try:
            west, south, east, north = (float(part) for part in text.split(","))
        except ValueError as error:
            raise UsageError(f"not a box: {text!r}", expected="W,S,E,N in degrees, such as 124,38,126,39.5") from error
        return cls(west, south, east, north)

    @property
    def crosses(self) -> bool:
        return self.west > self.east

    @property
    def width_deg(self) -> float:
        return self.east - self.west + (360.0 if self.crosses else 0.0)

    def parts(self) -> list[BBox]:
        """The box as one or two boxes that do not cross 180°."""
        if not self.crosses:
            return [self]
        return [BBox(self.west, self.south, 180.0, self.north), BBox(-180.0, self.south, self.east, self.north)]

    @overload
    def contains(self, lon: float, lat: float) -> bool: ...
    @overload
    def contains(self, lon: Floats, lat: Floats) -> NDArray[np.bool_]: ...
    def contains(self, lon: float | Floats, lat: float | Floats) -> bool | NDArray[np.bool_]:
        """Whether a position, or each of many, lies within or on the edge; NaN lies in no box."""
        east, west = lon >= self.west, lon <= self.east
        return ((east | west) if self.crosses else (east & west)) & (lat >= self.south) & (lat <= self.north)

    def intersects(self, other: BBox) -> bool:
        return any(
            a.west <= b.east and b.west <= a.east and a.south <= b.north and b.south <= a.north
            for a in self.parts()
            for b in other.parts()
        )

    def grown(self, degrees: float) -> BBox:
        """Wider by `degrees` on every side, cut at the poles; a full circle if it would overlap itself."""
        south, north = max(-90.0, self.south - degrees), min(90.0, self.north + degrees)
        if self.width_deg + 2 * degrees >= 360.0:
            return BBox(-180.0, south, 180.0, north)
        return BBox(_wrapped(self.west - degrees), south, _wrapped(self.east + degrees), north)


def unwrap(lons: ArrayLike) -> Floats:
    """Longitudes without jumps: each step is the shorter way round, so values may leave [-180, 180]."""
    values = np.asarray(lons, dtype=np.float64)
    if values.size < 2:
        return values.copy()
    steps = np.diff(values)
    turns = np.round(steps / 360.0)
    return values - np.concatenate(([0.0], np.cumsum(turns))) * 360.0


def split_line(lons: ArrayLike, lats: ArrayLike) -> list[tuple[Floats, Floats]]:
    """Cut a line at ±180° into parts that a plane map can draw; the cut points lie on both sides at one latitude.

    The latitude of the cut is linear in longitude, as map programs draw the leg. A line of one point is kept.
    """
    x = unwrap(lons)
    y = np.asarray(lats, dtype=np.float64)
    if x.size != y.size:
        raise UsageError(f"a line with {x.size} longitudes and {y.size} latitudes")
    if x.size == 0:
        return []
    sheet = np.floor((x + 180.0) / 360.0)  # which copy of the world a point lies on
    # a point exactly on 180° belongs to the sheet of its neighbour, or the line would be cut for nothing
    on_edge = (x + 180.0) == sheet * 360.0
    for i in np.flatnonzero(on_edge).tolist():
        neighbour = i - 1 if i > 0 else 1
        if neighbour < x.size and sheet[neighbour] == sheet[i] - 1:
            sheet[i] -= 1
    parts: list[tuple[Floats, Floats]] = []
    start_x: list[float] = []
    start_y: list[float] = []
    for i in range(x.size):
        if i and sheet[i] != sheet[i - 1]:
            edge = 360.0 * max(sheet[i], sheet[i - 1]) - 180.0
            share = (edge - x[i - 1]) / (x[i] - x[i - 1])
            lat = float(y[i - 1] + share * (y[i] - y[i - 1]))
            going_east = sheet[i] > sheet[i - 1]
            start_x.append(180.0 if going_east else -180.0)
            start_y.append(lat)
            parts.append((np.array(start_x), np.array(start_y)))
            start_x, start_y = [-180.0 if going_east else 180.0], [lat]
        start_x.append(float(x[i] - 360.0 * sheet[i]))
        start_y.append(float(y[i]))
    parts.append((np.array(start_x), np.array(start_y)))
    return parts


def bounding_box(lons: ArrayLike, lats: ArrayLike) -> BBox | None:
    """The narrowest box around points (it may cross 180°); None if no point is finite."""
    x = np.asarray(lons, dtype=np.float64)
    y = np.asarray(lats, dtype=np.float64)
    keep = np.isfinite(x) & np.isfinite(y)
    if not keep.any():
        return None
    x, y = np.unique(x[keep]), y[keep]
    south, north = float(y.min()), float(y.max())
    if x.size == 1:
        return BBox(float(x[0]), south, float(x[0]), north)
    gaps = np.append(np.diff(x), x[0] + 360.0 - x[-1])
    widest = int(np.argmax(gaps))
    if gaps[widest] <= gaps[-1]:  # no gap is wider than the one across 180°
        return BBox(float(x[0]), south, float(x[-1]), north)
    return BBox(float(x[widest + 1]), south, float(x[widest]), north)


def _wrapped(lon: float) -> float:
    return lon if -180.0 <= lon <= 180.0 else (lon + 180.0) % 360.0 - 180.0
