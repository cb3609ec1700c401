"""Ports from the World Port Index of the NGA (Pub. 150), as its CSV file. Columns are found by their header names."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from darkwake.errors import InputRejectedError, UsageError
from darkwake.places.geojson import DEFAULT_APPROACH_M
from darkwake.places.model import Place
from darkwake.places.source import PlaceImport, PlaceSource, first_row

NUMBER, NAME, LAT, LON = "World Port Index Number", "Main Port Name", "Latitude", "Longitude"
LOCODE, COUNTRY, SIZE, OTHERS = "UN/LOCODE", "Country Code", "Harbor Size", "Alternate Port Name"
#: All that is read of the index.
COLUMNS = (NUMBER, NAME, OTHERS, LOCODE, COUNTRY, LAT, LON, SIZE)
#: Radius by the index's "Harbor Size"; the index itself gives no extent.
RADIUS_M = {"Large": 6_000.0, "Medium": 4_000.0, "Small": 3_000.0, "Very Small": 2_000.0}
DEFAULT_RADIUS_M = 3_000.0
#: The index gives whole minutes for most ports.
ACCURACY_M = 2_000.0


def is_wpi(header: Iterable[str]) -> bool:
    return {NAME, LAT, LON} <= {column.strip() for column in header}


def parse(lines: Iterable[str], where: str) -> PlaceImport:
    """Places from the lines of the CSV; a row that cannot be used is counted by reason.

    The code is the UN/LOCODE, else WPI and the number of the port; of rows with one code the first is kept. The
    country is the one that the UN/LOCODEs of the same country name begin with in this file, else "".
    """
    reader = csv.DictReader(lines)
    header = [column.strip() for column in reader.fieldnames or ()]
    if not is_wpi(header):
        missing = [column for column in (NAME, LAT, LON) if column not in header]
        raise InputRejectedError(
            f"no column {', '.join(missing)}", expected="the World Port Index (Pub. 150) as CSV", where=where
        )
    reader.fieldnames = header
    result = PlaceImport()
    rows: list[tuple[Place, str]] = []
    countries: dict[str, Counter[str]] = {}
    try:
        for row in reader:
            try:
                place, country_name = _place(row, where)
            except UsageError as error:
                result.rejects[error.found] += 1
                continue
            rows.append((place, country_name))
            if place.country:
                countries.setdefault(country_name, Counter())[place.country] += 1
    except csv.Error as error:
        raise InputRejectedError(f"not CSV: {error}", where=where) from error
    seen: set[str] = set()
    for place, country_name in rows:
        if place.code in seen:
            result.rejects["a code that came before"] += 1
            continue
        seen.add(place.code)
        if not place.country and country_name in countries:
            place = replace(place, country=countries[country_name].most_common(1)[0][0])  # noqa: PLW2901
        result.places.append(place)
    return result


def _place(row: dict[str, str | None], where: str) -> tuple[Place, str]:
    def text(column: str) -> str:
        value = row.get(column)
        return value.strip() if isinstance(value, str) else ""

    locode = text(LOCODE).replace(" ", "").upper()
    if not (len(locode) == 5 and locode.isalnum() and locode[:2].isalpha()):
        locode = ""
    number = text(NUMBER).split(".")[0]
    if not text(NAME):
        raise UsageError("a port without name")
    if not locode and not number.isdigit():
        raise UsageError("a port without UN/LOCODE and number")
    try:
        lon, lat = float(text(LON)), float(text(LAT))
    except ValueError as error:
        raise UsageError("a position that is no number") from error
    if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):
        raise UsageError("a position outside ±180, ±90")
    names = [name.strip() for name in text(OTHERS).split(";") if name.strip()]
    return Place(
        code=locode or f"WPI{number}", name=text(NAME), country=locode[:2], kind="port", lon=lon, lat=lat,
        radius_m=RADIUS_M.get(text(SIZE), DEFAULT_RADIUS_M), approach_radius_m=DEFAULT_APPROACH_M,
        accuracy_m=ACCURACY_M, other_names=tuple(names),
        source=f"World Port Index (NGA Pub. 150), number {number or 'unknown'}, from {where}",
    ), text(COUNTRY)  # fmt: skip


SOURCE = PlaceSource(
    "wpi",
    "World Port Index of the NGA (Pub. 150), CSV with header",
    lambda text: is_wpi(first_row(text)),
    lambda text, where: parse(io.StringIO(text, newline=""), where),
)
