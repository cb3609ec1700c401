"""NOAA MarineCadastre: daily CSV of the United States' AIS network, in its shapes since 2009, told by header names.

Data dictionary: coast.noaa.gov/data/marinecadastre/ais/data-dictionary.pdf; times are UTC. What varies by year:
case and underscores of the names, `TranscieverClass` (sic), Status in words or as a number, IMO with the letters
"IMO", lengths with decimals. Columns without a counterpart (ROT of 2009–2014, whose unit changed; VoyageID; Cargo)
are left alone: they stay reachable through the row's span.
"""

from __future__ import annotations

from collections.abc import Sequence

from darkwake.formats.guess import plain
from darkwake.formats.known import known_table
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


FORMAT = known_table(
    name="marinecadastre",
    title="NOAA MarineCadastre CSV",
    status="beta",
    mapping_for=mapping_for,
    confidence=0.95,
    needs="MMSI, BaseDateTime, LAT and LON under one of their names over the years",
)
