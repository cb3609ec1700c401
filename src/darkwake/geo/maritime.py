"""Is a position in a territorial sea? An estimate from the distance to the coast, with a band, never a legal line.

The breadth is 12 nautical miles (UN Convention on the Law of the Sea, article 3) from the shoreline of GSHHG, which
is neither the low-water line of the official charts nor a baseline. Dated claims that say otherwise are looked at.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from darkwake import times
from darkwake.errors import UsageError
from darkwake.geo.antimeridian import BBox
from darkwake.geo.coast import SHORELINE_ERROR_M, Coast
from darkwake.geo.sphere import distance_to_leg_m
from darkwake.units import m_to_nm, nm_to_m

TERRITORIAL_SEA_NM = 12.0
#: Where a State claims less: in the straits of Korea and Japan.
NARROW_SEA_NM = 3.0
STATES = ("inside", "outside", "within_error", "disputed")


@dataclass(frozen=True, slots=True)
class Claim:
    """A dated claim. Without `points` its limits are not known here and it is noted within `area` only."""

    id: str
    country: str
    kind: str
    title: str
    source: str
    note: str
    start: int | None
    points: tuple[tuple[float, float], ...] = ()
    landward: tuple[tuple[float, float], ...] = ()
    area: BBox | None = None


@dataclass(frozen=True, slots=True)
class TerritorialSea:
    """An estimate for one position.

    state: inside, outside, within_error (the limit lies within the band), or disputed (outside by the distance to the
    coast and inside by a dated claim, or inside by it where a State claims less). distance_nm: to the nearest shore, 0
    on land. band_nm: error of the shoreline plus radius of the position. basis: sentences. claims: ids of the claims
    that speak of the place.
    """

    state: str
    distance_nm: float
    band_nm: float
    basis: tuple[str, ...]
    claims: tuple[str, ...]


def territorial_sea(
    lon: float, lat: float, position_radius_m: float, coast: Coast, on: str | int | None = None
) -> TerritorialSea:
    """Estimate whether a position lies within 12 nm of a coast. `on` leaves out claims made later than that day.

    Whose coast it is, is not said: GSHHG has no States.
    """
    if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):
        raise UsageError(f"position {lon}, {lat}", expected="degrees within ±180, ±90")
    if not position_radius_m >= 0.0:
        raise UsageError(f"position radius {position_radius_m} m", expected="0 or more")
    on_land = bool(coast.is_land([lon], [lat])[0])
    distance_nm = 0.0 if on_land else m_to_nm(float(coast.distance_to_shore_m([lon], [lat])[0]))
    band_nm = m_to_nm(SHORELINE_ERROR_M + position_radius_m)
    basis = [
        f"{distance_nm:.1f} nm from the GSHHG shoreline, limit {TERRITORIAL_SEA_NM:.0f} nm, band {band_nm:.1f} nm"
        if not on_land
        else "on land or inland water by the GSHHG shoreline"
    ]
    if distance_nm <= TERRITORIAL_SEA_NM - band_nm or on_land:
        state = "inside"
    elif distance_nm >= TERRITORIAL_SEA_NM + band_nm:
        state = "outside"
    else:
        state = "within_error"
    noted: list[str] = []
    for claim in claims_on(on):
        if claim.points:
            if not _claimed(lon, lat, claim):
                continue
            basis.append(f"within the sea claimed by {claim.title} ({claim.source})")
            if state == "outside":
                state = "disputed"
        elif claim.area is not None and claim.area.contains(lon, lat) and not on_land:
            basis.append(f"limits unknown here: {claim.title}. {claim.note}")
            narrow = claim.kind == "narrow_territorial_sea" and distance_nm > NARROW_SEA_NM - band_nm
            if narrow and state in ("inside", "within_error"):
                state = "disputed"
        else:
            continue
        noted.append(claim.id)
    return TerritorialSea(state, round(distance_nm, 2), round(band_nm, 2), tuple(basis), tuple(noted))


def claims_on(on: str | int | None = None) -> tuple[Claim, ...]:
    """Claims made by a day; all without one. A claim whose date is not known counts on every day."""
    instant = times.parse(on) if isinstance(on, str) else on
    return tuple(claim for claim in _claims() if instant is None or claim.start is None or claim.start <= instant)


def _claimed(lon: float, lat: float, claim: Claim) -> bool:
    """Behind the claimed baseline, or within 12 nm of it."""
    import shapely

    if shapely.contains_xy(shapely.Polygon([*claim.points, *claim.landward]), lon, lat):
        return True
    limit = nm_to_m(TERRITORIAL_SEA_NM)
    legs = zip(claim.points, claim.points[1:], strict=False)
    return any(distance_to_leg_m(lon, lat, *start, *end) <= limit for start, end in legs)


@cache
def _claims() -> tuple[Claim, ...]:
    text = resources.files("darkwake.geo").joinpath("data/maritime_claims.toml").read_text(encoding="utf-8")
    return tuple(_claim(row) for row in tomllib.loads(text)["claim"])


def _claim(row: dict) -> Claim:
    start: dt.date | None = row.get("start")
    return Claim(
        id=row["id"],
        country=row["country"],
        kind=row["kind"],
        title=row["title"],
        source=row["source"],
        note=row["note"],
        start=None if start is None else times.parse(start.isoformat()),
        points=tuple((lon, lat) for lon, lat in row.get("points", ())),
        landward=tuple((lon, lat) for lon, lat in row.get("landward", ())),
        area=BBox(*row["area"]) if "area" in row else None,
    )
