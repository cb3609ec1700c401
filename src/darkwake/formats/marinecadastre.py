"""NOAA MarineCadastre: daily CSV of the United States' AIS network, in its shapes since 2009, told by header names.

Data dictionary: coast.noaa.gov/data/marinecadastre/ais/data-dictionary.pdf; times are UTC. What varies by year:
case and underscores of the names, `TranscieverClass` (sic), Status in words or as a number, IMO with the letters
"IMO", lengths with decimals. Columns without a counterpart (ROT of 2009–2014, whose unit changed; VoyageID; Cargo)
are left alone: they stay reachable through the row's span.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from darkwake.errors import InputRejectedError
from darkwake.formats.base import Batch, Format, Match, ReadOptions
from darkwake.formats.guess import plain
from darkwake.formats.head import Head, read_head, to_utf8
from darkwake.formats.mapping import Mapping

#: field → names of its column over the years, without case and signs
COLUMNS: dict[str, tuple[str, ...]] = {
    "mmsi": ("mmsi",),
    "lat": ("lat", "latitude"),
    "lon": ("lon", "longitude"),
    "sog_knots": ("sog",),
    "cog_deg": ("cog",),
    "heading_deg": ("heading",),
    "name": ("vesselname",),
    "imo": ("imo",),
    "callsign": ("callsign",),
    "ship_type": ("vesseltype",),
    "nav_status": ("status",),
    "length_m": ("length",),
    "width_m": ("width",),
    "draught_m": ("draft",),
    "type": ("transceiverclass", "transcieverclass", "transceiver"),
    "station": ("receiverid",),
}
TIME = "basedatetime"
_NEEDED = ("mmsi", "lat", "lon")


def mapping_for(columns: Sequence[str]) -> Mapping | None:
    """The mapping for a header of any year, or None if it is no MarineCadastre header."""
    by_plain = {plain(name): name for name in columns}
    found = {field: next((by_plain[n] for n in names if n in by_plain), None) for field, names in COLUMNS.items()}
    if TIME not in by_plain or not all(found[name] for name in _NEEDED):
        return None
    return Mapping(
        title="MarineCadastre",
        columns={field: (column,) for field, column in found.items() if column},
        time_columns=(by_plain[TIME],),
        time_format="iso",
        time_zone="UTC",
    )


def sniff(head: bytes, name: str) -> Match | None:  # noqa: ARG001
    columns = read_head(to_utf8(head)).columns
    mapping = mapping_for(columns)
    if mapping is None:
        return None
    return Match(
        0.95, f"header has {mapping.time_columns[0]} and {mapping.columns['mmsi'][0]}, as MarineCadastre names them"
    )


def read(reader: BinaryIO, *, sha16: str, options: ReadOptions) -> Iterator[Batch]:  # noqa: ARG001
    from darkwake.formats.delimited import read_delimited

    return read_delimited(reader, sha16=sha16, choose=_choose, where="MarineCadastre CSV")


def _choose(head: Head) -> Mapping:
    mapping = mapping_for(head.columns)
    if mapping is None:
        raise InputRejectedError(
            f"found the columns {', '.join(map(repr, head.columns))}",
            expected="MMSI, BaseDateTime, LAT and LON under one of their names over the years",
            where="MarineCadastre CSV",
            do="For another table write a mapping and read it as csv; see docs/reference/formats.md.",
        )
    return mapping


FORMAT = Format(
    name="marinecadastre",
    title="NOAA MarineCadastre CSV",
    status="beta",
    extensions=(".csv",),
    sniff=sniff,
    read=read,
    provenance="the row's line",
)
