"""`Place`: a port, berth, anchorage, zone or strait, as a circle or a simple polygon, with its source and accuracy."""

from __future__ import annotations

import math
from dataclasses import dataclass

from darkwake.errors import UsageError
from darkwake.geo.sphere import EARTH_RADIUS_M, distance_m, wrap_lon
from darkwake.times import Interval

KINDS = ("port", "berth", "anchorage", "zone", "strait")
#: Where a place is from: known from elsewhere; learned from the data; learned, and accepted by a person. The last two
#: take a learned place out again: a person rejected it, or the data do not show it any more.
KNOWN, LEARNED, ACCEPTED, REJECTED, GONE = ORIGINS = ("known", "learned", "accepted", "rejected", "gone")
Ring = tuple[tuple[float, float], ...]
ALWAYS = Interval(None, None)
#: Of a code, in characters: as much as the ledger's table takes.
LONGEST_CODE = 64
#: Of a circle, in metres: no named water is wider, and half the world would swallow every other place.
WIDEST_M = 1_000_000.0


@dataclass(frozen=True, slots=True)
class Place:
    """A named piece of water. Where `polygon` is None it is the circle of `radius_m` around (lon, lat).

    code: UN/LOCODE without the blank where there is one (KPNAM), else one of our own with a hyphen (KP-TAEAN) or
    WPI and the World Port Index number. country: ISO 3166-1 alpha-2, "" for none. polygon: (lon, lat) corners of the
    outer ring, not closed; no holes. approach_radius_m: a silence that begins and ends this near to (lon, lat) can
    hold a port call. accuracy_m: how far the outline may be from the true one; None if the source does not say.
    parent: code of the port that a berth or anchorage belongs to. valid: when the place was in use, as far as known;
    nothing is a call there, or near there, at other times. origin: one of ORIGINS.
    """

    code: str
    name: str
    country: str
    kind: str
    lon: float
    lat: float
    radius_m: float
    source: str
    polygon: Ring | None = None
    approach_radius_m: float = 0.0
    accuracy_m: float | None = None
    other_names: tuple[str, ...] = ()
    parent: str | None = None
    valid: Interval = ALWAYS
    note: str = ""
    origin: str = KNOWN

    def __post_init__(self) -> None:
        where = f"place {self.code or self.name!r}"
        if not self.code or not self.name:
            raise UsageError("a place without code or name", where=where)
        if len(self.code) > LONGEST_CODE or not self.code.isprintable():
            raise UsageError("a code that is none", expected=f"up to {LONGEST_CODE} printable characters", where=where)
        if self.kind not in KINDS:
            raise UsageError(f"kind {self.kind!r}", expected=", ".join(KINDS), where=where)
        if self.origin not in ORIGINS:
            raise UsageError(f"origin {self.origin!r}", expected=", ".join(ORIGINS), where=where)
        for lon, lat in ((self.lon, self.lat), *(self.polygon or ())):
            if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):
                raise UsageError(f"position {lon}, {lat}", expected="degrees within ±180, ±90", where=where)
        if self.polygon is not None and len(set(self.polygon)) < 3:
            raise UsageError(f"a polygon of {len(set(self.polygon))} corners", expected="at least 3", where=where)
        if self.polygon is None and not 0 < self.radius_m <= WIDEST_M:
            raise UsageError(f"radius {self.radius_m} m", expected=f"more than 0, up to {WIDEST_M:.0f}", where=where)
        if not 0 <= self.approach_radius_m <= WIDEST_M:
            found = f"approach_radius_m {self.approach_radius_m}"
            raise UsageError(found, expected=f"0 to {WIDEST_M:.0f}", where=where)
        if self.accuracy_m is not None and not (self.accuracy_m >= 0 and math.isfinite(self.accuracy_m)):
            raise UsageError(f"accuracy_m {self.accuracy_m}", expected="0 or more", where=where)

    @property
    def area_m2(self) -> float:
        if self.polygon is None:
            return math.pi * self.radius_m**2
        return ring_area_m2(self.polygon)

    def contains(self, lon: float, lat: float) -> bool:
        if self.polygon is None:
            return distance_m(self.lon, self.lat, lon, lat) <= self.radius_m
        return _in_ring(self.polygon, lon, lat)


def polygon_place(code: str, name: str, ring: Ring, **fields: object) -> Place:
    """A place from its outer ring; the point is the ring's centroid and the radius encloses all corners."""
    corners = ring[:-1] if len(ring) > 1 and ring[0] == ring[-1] else ring
    if not corners:
        raise UsageError("an empty polygon", where=f"place {code}")
    lon, lat = _centroid(corners)
    radius = max(distance_m(lon, lat, x, y) for x, y in corners)
    return Place(code=code, name=name, lon=lon, lat=lat, radius_m=radius, polygon=tuple(corners), **fields)  # type: ignore[arg-type]


def outline_flaw(ring: Ring) -> str | None:
    """Why a ring has no certain inside; None: it has one."""
    from shapely.geometry import Polygon

    lons = [wrap_lon(lon - ring[0][0]) for lon, _ in ring]
    if max(lons) - min(lons) >= 180.0:
        return "an outline that spans 180° of longitude or more"
    if not Polygon([(lon, lat) for lon, (_, lat) in zip(lons, ring, strict=True)]).is_valid:
        return "an outline that crosses itself or has no area"
    return None


def ring_area_m2(ring: Ring) -> float:
    """Area of a small ring, by its plane at the middle latitude; good to a few per cent up to some 100 km."""
    middle = math.radians(sum(lat for _, lat in ring) / len(ring))
    lons = [wrap_lon(lon - ring[0][0]) for lon, _ in ring]
    twice = 0.0
    for k in range(len(ring)):
        j = (k + 1) % len(ring)
        twice += math.radians(lons[k]) * math.radians(ring[j][1]) - math.radians(lons[j]) * math.radians(ring[k][1])
    return abs(twice) / 2 * EARTH_RADIUS_M**2 * math.cos(middle)


def _centroid(ring: Ring) -> tuple[float, float]:
    base_lon, base_lat = ring[0]
    twice = x = y = 0.0
    for k in range(len(ring)):
        ax, ay = wrap_lon(ring[k][0] - base_lon), ring[k][1] - base_lat
        bx, by = wrap_lon(ring[(k + 1) % len(ring)][0] - base_lon), ring[(k + 1) % len(ring)][1] - base_lat
        cross = ax * by - bx * ay
        twice += cross
        x += (ax + bx) * cross
        y += (ay + by) * cross
    if twice == 0.0:  # all corners on one line
        return base_lon, base_lat
    return round(wrap_lon(base_lon + x / (3 * twice)), 6), round(base_lat + y / (3 * twice), 6)


def _in_ring(ring: Ring, lon: float, lat: float) -> bool:
    base = ring[0][0]
    px = wrap_lon(lon - base)
    inside = False
    for k in range(len(ring)):
        x1, y1 = wrap_lon(ring[k][0] - base), ring[k][1]
        x2, y2 = wrap_lon(ring[(k + 1) % len(ring)][0] - base), ring[(k + 1) % len(ring)][1]
        if (y1 <= lat) != (y2 <= lat) and px < x1 + (lat - y1) / (y2 - y1) * (x2 - x1):
            inside = not inside
    return inside
