"""The gazetteer: shipped places and those a workspace imported, by code, by name, by position."""

from __future__ import annotations

import difflib
import heapq
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from darkwake.errors import NotFoundError, UsageError
from darkwake.geo.sphere import distance_m
from darkwake.law import Embargo, embargoed_places
from darkwake.places import geojson, wpi
from darkwake.places.model import GONE, REJECTED, Place

if TYPE_CHECKING:
    from darkwake.places.grid import PlaceGrid

PORTS_SCHEMA = pa.schema(
    [
        ("index", pa.int32()),
        ("code", pa.string()),
        ("name", pa.string()),
        ("country", pa.string()),
        ("kind", pa.string()),
        ("lon", pa.float64()),
        ("lat", pa.float64()),
        ("radius_m", pa.float64()),
        ("approach_radius_m", pa.float64()),
        ("area_m2", pa.float64()),
        ("polygon", pa.list_(pa.float64())),  # lon, lat, lon, lat … of the corners; null for a circle
        ("valid_from", pa.int64()),  # first µs in use
        ("valid_to", pa.int64()),  # first µs no longer
    ]
)
#: Before and after every instant: of a place whose first or last day in use is not known.
_NO_START, _NO_END = -(2**62), 2**62
#: A point from a list of ports this near to a known port of the same country is that port.
SAME_PORT_M = 8_000.0


def places_table(places: Iterable[Place]) -> pa.Table:
    """The small table that kernels take (`PORTS_SCHEMA`), rows in the order given."""
    rows = [
        {
            "index": index, "code": p.code, "name": p.name, "country": p.country, "kind": p.kind,
            "lon": p.lon, "lat": p.lat, "radius_m": p.radius_m, "approach_radius_m": p.approach_radius_m,
            "area_m2": p.area_m2,
            "polygon": None if p.polygon is None else [value for corner in p.polygon for value in corner],
            "valid_from": _NO_START if p.valid.start is None else p.valid.start,
            "valid_to": _NO_END if p.valid.end is None else p.valid.end,
        }
        for index, p in enumerate(places)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=PORTS_SCHEMA)


#: UN/LOCODEs have five letters; what is longer is rather a name.
_CODE_LENGTH = 5
#: So alike are two spellings of a name (difflib's ratio).
_SIMILAR = 0.75


class Gazetteer:
    """An immutable set of places, each with its own code, in the order of their codes."""

    def __init__(self, places: Iterable[Place] = ()) -> None:
        by_code = {place.code: place for place in places}
        self.places: tuple[Place, ...] = tuple(by_code[code] for code in sorted(by_code))
        self._by_code = by_code

    @classmethod
    def load(cls) -> Gazetteer:
        """The shipped places: those that we drew, and the ports of the world."""
        return _loaded()

    def with_places(self, added: Iterable[Place]) -> Gazetteer:
        """A new gazetteer. A place with a known code replaces it, but a bare circle never replaces a polygon.

        A port with a new code that is given as a point is left out where it lies in a port of that country that is
        known, or within 8 km of it: lists of ports and our outlines name the same ports with different codes. A place
        that is rejected or gone takes the one of its code out.
        """
        return Gazetteer(self._merged(added)[0].values())

    def left_out(self, added: Iterable[Place]) -> Counter[str]:
        """Which of these `with_places` would not take in: reason → how many."""
        return self._merged(added)[1]

    def _merged(self, added: Iterable[Place]) -> tuple[dict[str, Place], Counter[str]]:
        merged, left_out = dict(self._by_code), Counter[str]()
        ports: dict[str, list[Place]] = {}
        for place in self.places:
            if place.kind == "port":
                ports.setdefault(place.country, []).append(place)
        for place in added:
            known = merged.get(place.code)
            if place.origin in (REJECTED, GONE):
                merged.pop(place.code, None)
                continue
            if place.polygon is None and known is not None and known.polygon is not None:
                left_out["a circle, and the outline is known"] += 1
                continue
            if place.polygon is None and place.kind == "port" and known is None:
                near = ports.get(place.country, ())
                if any(_same_port(place, other) for other in near):
                    left_out["a port that is known there, or within 8 km, under another code"] += 1
                    continue
            merged[place.code] = place
        return merged, left_out

    def __len__(self) -> int:
        return len(self.places)

    def __iter__(self) -> Iterator[Place]:
        return iter(self.places)

    def __reduce__(self) -> tuple[object, ...]:
        return Gazetteer, (self.places,)

    def by_code(self, code: str) -> Place:
        """The place with a code (`KPNAM`, `kp nam`); NotFoundError names the most similar ones."""
        wanted = code.replace(" ", "").upper()
        if wanted in self._by_code:
            return self._by_code[wanted]
        codes = [self._by_code[known] for known in difflib.get_close_matches(wanted, self._by_code, n=3)]
        spelt = self._similar(_plain(code))
        meant = self._named(_plain(code)) or ((codes or spelt) if len(wanted) <= _CODE_LENGTH else (spelt or codes))
        similar = [f"{place.code} ({place.name})" for place in meant[:3]]
        hint = (
            f"Did you mean {', '.join(similar)}?" if similar else "Look by name with: darkwake place list --name TEXT"
        )
        raise NotFoundError(f"no place has the code {code!r}", do=hint)

    def find(self, text: str) -> list[Place]:
        """Places by code or name: exact matches first, then names that begin with the text or contain it.

        If there are none, those of a similar name, for lists spell them in many ways (Piraeus, Piraievs).
        """
        wanted = _plain(text)
        return self._named(wanted) or self._similar(wanted) if wanted else []

    def _named(self, wanted: str) -> list[Place]:
        ranked: list[tuple[int, str, Place]] = []
        for place in self.places:
            names = [_plain(name) for name in (place.code, place.name, *place.other_names)]
            if wanted in names:
                rank = 0
            elif any(name.startswith(wanted) for name in names):
                rank = 1
            elif any(wanted in name for name in names):
                rank = 2
            else:
                continue
            ranked.append((rank, place.code, place))
        return [place for _, _, place in sorted(ranked, key=lambda item: item[:2])]

    def _similar(self, wanted: str) -> list[Place]:
        of_name: dict[str, list[Place]] = {}
        for place in self.places:
            for name in dict.fromkeys(map(_plain, (place.name, *place.other_names))):
                of_name.setdefault(name, []).append(place)
        close = difflib.get_close_matches(wanted, of_name, n=5, cutoff=_SIMILAR)
        return list({place.code: place for name in close for place in of_name[name]}.values())

    def in_use(self, instant_us: int) -> Iterator[Place]:
        """The places that were in use at an instant, as far as is known."""
        return (place for place in self.places if place.valid.contains(instant_us))

    def at(
        self, lon: float, lat: float, kinds: Sequence[str] | None = None, instant_us: int | None = None
    ) -> list[Place]:
        """All places that hold a position, the smallest first; only those in use at an instant, if one is given."""
        among = self.places if instant_us is None else self.in_use(instant_us)
        found = [p for p in among if (kinds is None or p.kind in kinds) and p.contains(lon, lat)]
        return sorted(found, key=lambda place: (place.area_m2, place.code))

    def smallest_at(self, lons: ArrayLike, lats: ArrayLike, times: ArrayLike | None = None) -> list[Place | None]:
        """For each position (and instant, µs) the first of what `at` says, in one compiled pass."""
        from darkwake.places import grid

        return [None if row < 0 else self.places[row] for row in grid.locate(lons, lats, self._grid, times).tolist()]

    def near(self, lon: float, lat: float, count: int = 10, instant_us: int | None = None) -> list[tuple[Place, float]]:
        """The nearest places, each with the metres to its outline, 0 inside; of several there the smallest first.

        Only those in use at an instant, if one is given.
        """
        from darkwake.places import grid

        if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):
            raise UsageError(f"latitude {lat}, longitude {lon}", expected="degrees within ±90, ±180")
        metres = grid.distances_m(lon, lat, self._grid).tolist()
        among = zip(self.places, metres, strict=True)
        known = [(p, away) for p, away in among if instant_us is None or p.valid.contains(instant_us)]
        return heapq.nsmallest(count, known, key=lambda item: (item[1], item[0].area_m2, item[0].code))

    def children(self, code: str) -> list[Place]:
        """Berths and anchorages that belong to a port."""
        return [place for place in self.places if place.parent == code]

    def embargoed(self, on: str | int) -> list[tuple[Place, Embargo]]:
        """Ports with the dated legal bases on which a call there matters on a day, by code."""
        ports = [place for place in self.places if place.kind == "port"]
        return [
            (place, basis)
            for place in ports
            for basis in embargoed_places(on)
            if basis.covers(place.code) or basis.covers(place.country)
        ]

    def ports_table(self, kinds: Sequence[str] = ("port",)) -> pa.Table:
        """The small table that kernels take (`PORTS_SCHEMA`), rows in the order of codes."""
        return places_table(place for place in self.places if place.kind in kinds)

    @cached_property
    def ports_grid(self) -> PlaceGrid:
        """Arrays of `ports_table()` for kernels and for `locate`."""
        from darkwake.places.grid import grid_of

        return grid_of(self.ports_table())

    @cached_property
    def _grid(self) -> PlaceGrid:
        """Arrays of all places, numbered as in `places`."""
        from darkwake.places.grid import grid_of

        return grid_of(places_table(self.places))

    def locate(self, lons: ArrayLike, lats: ArrayLike, times: ArrayLike | None = None) -> NDArray[np.int32]:
        """int32[n]: row of `ports_table()` of the port (the smallest, where several overlap) or -1.

        `times`: int64[n], µs; only ports that were in use then. Without them, all.
        """
        from darkwake.places import grid

        return grid.locate(lons, lats, self.ports_grid, times)

    def distance_to_port_m(
        self, lons: ArrayLike, lats: ArrayLike, times: ArrayLike | None = None
    ) -> NDArray[np.float64]:
        """Metres from each position to the outline of the nearest port, 0 inside; NaN without a position.

        `times` as for `locate`.
        """
        from darkwake.places import grid

        return grid.nearest(lons, lats, self.ports_grid, times)[1]


@cache
def _loaded() -> Gazetteer:
    drawn = Gazetteer(shipped())
    known = {place.code for place in drawn}
    return drawn.with_places(place for place in world_ports() if place.code not in known)


def world_ports() -> list[Place]:
    """The World Port Index as it ships, a circle for each port (made by docs/world_ports.py)."""
    text = resources.files("darkwake.places").joinpath("data", "world_port_index.csv").read_text(encoding="utf-8")
    return wpi.parse(text.splitlines(), "the edition of 2024").places


def _same_port(place: Place, other: Place) -> bool:
    if abs(place.lat - other.lat) > 1.0:  # no port is so large
        return False
    near = distance_m(place.lon, place.lat, other.lon, other.lat) < SAME_PORT_M
    return near or other.contains(place.lon, place.lat)


def shipped() -> list[Place]:
    """The places that we drew (`places/data`). A mistake in them is a bug, so nothing is skipped."""
    places: list[Place] = []
    for item in sorted(resources.files("darkwake.places").joinpath("data").iterdir(), key=lambda item: item.name):
        if item.name.endswith(".geojson"):
            result = geojson.parse(item.read_text(encoding="utf-8"), item.name)
            if result.rejects:
                raise ValueError(f"{item.name}: {result.rejects}")
            places.extend(result.places)
    return places


def _plain(text: str) -> str:
    """Lower case, without accents, blanks, apostrophes or hyphens: Ch'ŏngjin is chongjin."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if letter.isalnum())
