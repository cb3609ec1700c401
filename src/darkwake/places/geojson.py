"""Places as GeoJSON (RFC 7946): one Feature each, a Polygon, or a Point with `radius_m`. Read and written."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from darkwake import streams, strict_json, times
from darkwake.errors import InputRejectedError, UsageError
from darkwake.places.model import KNOWN, Place, outline_flaw, polygon_place
from darkwake.places.source import PlaceImport, PlaceSource
from darkwake.times import Interval

#: A port's approach where a file does not say.
DEFAULT_APPROACH_M = 25_000.0


def read(path: Path) -> PlaceImport:
    """Places of a GeoJSON file. Features that cannot be used are counted by reason."""
    text, sha256 = read_text(path)
    return replace(parse(text, path.name), sha256=sha256)


def read_text(path: Path) -> tuple[str, str]:
    """The text of a file, plain or compressed, and the SHA-256 of its bytes; an error of ours if it cannot be read."""
    parts = list(streams.sources_of(path))
    if len(parts) != 1:
        raise InputRejectedError(f"an archive of {len(parts)} files", expected="one file", where=str(path))
    with parts[0].open() as reader:
        data = reader.read()
    try:
        return data.decode("utf-8-sig"), hashlib.sha256(data).hexdigest()
    except UnicodeDecodeError as error:
        raise InputRejectedError("bytes that are not UTF-8", where=str(path), do="Save the file as UTF-8.") from error


def parse(text: str, where: str) -> PlaceImport:
    """The places of a text, as they stand in it; a feature that is none, or is no JSON by itself, is a reject."""
    data = strict_json.loads_marked(text, where=where, expected="a GeoJSON FeatureCollection")
    if isinstance(data, strict_json.Flaw):
        raise strict_json.refused(data, where)
    single = isinstance(data, dict) and data.get("type") == "Feature"
    features = [data] if single else data.pop("features", None) if isinstance(data, dict) else None
    if not single and (flaw := strict_json.flaw(data)) is not None:
        raise strict_json.refused(flaw, where)
    if isinstance(features, strict_json.Flaw):
        raise strict_json.refused(features, where)
    if not isinstance(features, list):
        raise InputRejectedError("JSON without features", expected="a GeoJSON FeatureCollection", where=where)
    result = PlaceImport()
    for feature in features:
        try:
            if (flaw := strict_json.flaw(feature)) is not None:
                raise _Rejected(flaw.found)
            result.places.append(_place(feature, where))
        except _Rejected as reason:
            result.rejects[str(reason)] += 1
        except UsageError as error:
            result.rejects[error.found] += 1
    return result


def sound(found: PlaceImport) -> PlaceImport:
    """Without the places that would be taken for others: of one code at one time the first stays, and no outline
    may cross itself or be so wide that its inside is a guess. What is left out is counted as rejected.

    Not for what was taken in once: that must read as it did.
    """
    result = replace(found, places=[], rejects=Counter(found.rejects))
    times_of: dict[str, list[Interval]] = {}
    for place in found.places:
        before = times_of.setdefault(place.code, [])
        if place.origin != KNOWN:
            result.rejects[f"a place that is {place.origin}: only a workspace's own data and people say so"] += 1
        elif any(place.valid.overlap_us(other) != 0 for other in before):
            result.rejects["a code that came before"] += 1
        elif (flaw := outline_flaw(place.polygon) if place.polygon else None) is not None:
            result.rejects[flaw] += 1
        else:
            before.append(place.valid)
            result.places.append(place)
    return result


def from_feature(feature: Any) -> Place:
    """The place that `as_feature` made a feature of; UsageError for what is none."""
    try:
        return _place(feature, "")
    except _Rejected as reason:
        raise UsageError(str(reason)) from reason


def write(places: Iterable[Place], path: Path) -> None:
    """A FeatureCollection that `read` gives back unchanged, one feature a line."""
    lines = ",\n".join(json.dumps(as_feature(place), ensure_ascii=False) for place in places)
    path.write_text('{"type": "FeatureCollection", "features": [\n' + lines + "\n]}\n", encoding="utf-8")


def as_feature(place: Place) -> dict[str, Any]:
    """A place as a GeoJSON feature; empty properties are left out."""
    geometry: dict[str, Any] = {"type": "Point", "coordinates": [place.lon, place.lat]}
    if place.polygon is not None:
        geometry = {"type": "Polygon", "coordinates": [[list(corner) for corner in (*place.polygon, place.polygon[0])]]}
    properties = {
        "code": place.code, "name": place.name, "other_names": list(place.other_names), "country": place.country,
        "kind": place.kind, "parent": place.parent, "radius_m": None if place.polygon else place.radius_m,
        "approach_radius_m": place.approach_radius_m, "accuracy_m": place.accuracy_m,
        "valid_from": times.iso(place.valid.start), "valid_to": times.iso(place.valid.end),
        "source": place.source, "note": place.note, "origin": None if place.origin == KNOWN else place.origin,
    }  # fmt: skip
    kept = {name: value for name, value in properties.items() if value not in (None, "", [])}
    return {"type": "Feature", "properties": kept, "geometry": geometry}


class _Rejected(Exception):
    """Why one feature cannot be used."""


def _place(feature: Any, where: str) -> Place:
    if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
        raise _Rejected("a feature without properties")
    p: Mapping[str, Any] = feature["properties"]
    for name in ("code", "name"):
        if not isinstance(p.get(name), str) or not p[name].strip():
            raise _Rejected(f"a feature without {name}")
    kind = str(p.get("kind", "zone"))
    start, end = _time(p.get("valid_from")), _time(p.get("valid_to"))
    fields: dict[str, Any] = {
        "country": str(p.get("country") or ""),
        "kind": kind,
        "source": str(p.get("source") or where),
        "approach_radius_m": _number(p, "approach_radius_m", DEFAULT_APPROACH_M if kind == "port" else 0.0),
        "accuracy_m": _number(p, "accuracy_m", None),
        "other_names": _names(p.get("other_names")),
        "parent": str(p.get("parent") or "") or None,
        "valid": Interval(start, end),
        "note": str(p.get("note") or ""),
        "origin": str(p.get("origin") or KNOWN),
    }
    code = p["code"].replace(" ", "").upper()
    geometry = feature.get("geometry")
    if not isinstance(geometry, dict):
        raise _Rejected("a feature without geometry")
    shape: Any = geometry.get("type")
    coordinates: Any = geometry.get("coordinates")
    if shape == "MultiPolygon" and isinstance(coordinates, list) and len(coordinates) == 1:
        shape, coordinates = "Polygon", coordinates[0]
    try:
        if shape == "Point":
            lon, lat = (float(value) for value in coordinates[:2])
            radius = _number(p, "radius_m", None)
            if radius is None:
                raise _Rejected("a point without radius_m")
            return Place(code=code, name=p["name"], lon=lon, lat=lat, radius_m=radius, **fields)
        if shape == "Polygon":
            if len(coordinates) != 1:
                raise _Rejected("a polygon with holes")
            ring = tuple((float(corner[0]), float(corner[1])) for corner in coordinates[0])
            return polygon_place(code, p["name"], ring, **fields)
    except (TypeError, ValueError, IndexError, KeyError, OverflowError) as error:
        raise _Rejected(f"coordinates that are no {shape}") from error
    raise _Rejected(f"a geometry of type {shape}, not Point or Polygon")


def _number(properties: Mapping[str, Any], name: str, default: float | None) -> Any:
    value = properties.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Rejected(f"{name} is no number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _Rejected(f"{name} is no number")
    return number


def _names(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise _Rejected("other_names is no list of texts")
    return tuple(value)


def _time(value: Any) -> int | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise _Rejected("a date that is no text")
    return times.parse(value)


SOURCE = PlaceSource(
    "geojson",
    "GeoJSON features: polygons, or points with radius_m; properties code, name, kind …",
    lambda text: text.lstrip()[:1] == "{",
    lambda text, where: sound(parse(text, where)),
)
