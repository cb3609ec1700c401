"""Open any file of places: GeoJSON, the World Port Index, UN/LOCODE. Behind `darkwake place import`."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

from darkwake.errors import InputRejectedError, UsageError
from darkwake.places import geojson, unlocode, wpi
from darkwake.places.geojson import PlaceImport

FORMATS = {
    "geojson": "GeoJSON features: polygons, or points with radius_m; properties code, name, kind …",
    "wpi": "World Port Index of the NGA (Pub. 150), CSV with header",
    "unlocode": "UN/LOCODE code list of the UNECE, CSV without header",
}


def read_places(path: str | Path, form: str | None = None) -> PlaceImport:
    """Places of a file, plain or compressed, with rejects counted by reason. `form` overrides the guess."""
    path = Path(path)
    if form is not None and form not in FORMATS:
        raise UsageError(f"unknown format of places: {form!r}", expected=", ".join(FORMATS))
    text, sha256 = geojson.read_text(path)
    name = plain_name(path)
    chosen = form or sniff(text)
    if chosen == "geojson":
        found = geojson.sound(geojson.parse(text, name))
    elif chosen == "wpi":
        found = wpi.parse(io.StringIO(text, newline=""), name)
    elif chosen == "unlocode":
        found = unlocode.parse(io.StringIO(text, newline=""), name)
    else:
        raise InputRejectedError(
            "a file of places that was not recognised",
            expected="; ".join(FORMATS.values()),
            where=str(path),
            do="Name the format if you know it.",
        )
    return replace(found, sha256=sha256)


def plain_name(path: Path) -> str:
    """A file's name without its folders, as text that can be stored: bytes that are not UTF-8 become `?`."""
    return path.name.encode(errors="replace").decode()


def sniff(text: str) -> str | None:
    """What the text looks like, or None."""
    if text.lstrip()[:1] == "{":
        return "geojson"
    try:
        first = next(csv.reader(io.StringIO(text[:20_000], newline="")), [])
    except csv.Error:
        return None
    if wpi.is_wpi(first):
        return "wpi"
    return "unlocode" if unlocode.is_unlocode(first) else None
