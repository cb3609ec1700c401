"""Ports from the UN/LOCODE code list of the UNECE, as its CSV parts without header (twelve columns)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from darkwake.errors import InputRejectedError
from darkwake.places.geojson import DEFAULT_APPROACH_M
from darkwake.places.model import Place
from darkwake.places.source import PlaceImport, PlaceSource, first_row

_COORDINATES = re.compile(r"^(\d{2})([0-5]\d)([NS]) (\d{3})([0-5]\d)([EW])$")
RADIUS_M = 3_000.0
#: Positions are whole minutes, of the town rather than of its quays.
ACCURACY_M = 4_000.0


def is_unlocode(row: Sequence[str]) -> bool:
    """Change, country, location, name, name without accents, subdivision, status, function, date, IATA, position…"""
    return len(row) >= 11 and len(row[1]) == 2 and row[1].isalpha() and (not row[2] or len(row[2]) == 3)


def parse(lines: Iterable[str], where: str) -> PlaceImport:
    """Places with the function "port" (1) and a position; others are counted by reason."""
    result = PlaceImport()
    seen: set[str] = set()
    try:
        for row in csv.reader(lines):
            if not is_unlocode(row):
                result.rejects["a row that is not of the code list"] += 1
                continue
            _, country, location, name, plain, _, _, function, _, _, position, *_ = row
            if not location:
                continue  # the heading of a country
            match = _COORDINATES.match(position.strip())
            code = (country + location).upper()
            if not function.startswith("1"):
                result.rejects["no port"] += 1
            elif match is None:
                result.rejects["a port without position"] += 1
            elif code in seen:
                result.rejects["a code that came before"] += 1
            else:
                seen.add(code)
                lat = (int(match[1]) + int(match[2]) / 60) * (1 if match[3] == "N" else -1)
                lon = (int(match[4]) + int(match[5]) / 60) * (1 if match[6] == "E" else -1)
                if abs(lat) > 90 or abs(lon) > 180:
                    result.rejects["a position outside ±180, ±90"] += 1
                    continue
                other = (plain,) if plain and plain != name else ()
                result.places.append(
                    Place(
                        code=code, name=name or code, country=country.upper(), kind="port", lon=lon, lat=lat,
                        radius_m=RADIUS_M, approach_radius_m=DEFAULT_APPROACH_M, accuracy_m=ACCURACY_M,
                        other_names=other, source=f"UN/LOCODE, from {where}",
                    )
                )  # fmt: skip
    except csv.Error as error:
        raise InputRejectedError(f"not CSV: {error}", where=where) from error
    return result


SOURCE = PlaceSource(
    "unlocode",
    "UN/LOCODE code list of the UNECE, CSV without header",
    lambda text: is_unlocode(first_row(text)),
    lambda text, where: parse(io.StringIO(text, newline=""), where),
)
