"""Danish Maritime Authority: daily CSV of the Danish AIS network (aisdk-….csv), position and statics in one row.

Description: !_README_information_CSV_files.txt beside the data; times are UTC, dd/mm/yyyy. Navigational status, ship
type and class come in words. A ship type that the words do not tell apart stays null rather than being guessed
("Reserved for future use" stands for four codes).
"""

from __future__ import annotations

from darkwake.formats.known import known_table
from darkwake.formats.mapping import Mapping

_SINGLE = {
    "fishing": 30,
    "towing": 31,
    "towing long/wide": 32,
    "dredging": 33,
    "diving": 34,
    "military": 35,
    "sailing": 36,
    "pleasure": 37,
    "pilot": 50,
    "sar": 51,
    "tug": 52,
    "port tender": 53,
    "anti-pollution": 54,
    "law enforcement": 55,
    "spare 1": 56,
    "spare 2": 57,
    "medical": 58,
    "not party to conflict": 59,
    "undefined": 0,
}
_BY_CARGO = {"wig": 20, "hsc": 40, "passenger": 60, "cargo": 70, "tanker": 80, "other": 90}
_CARGOES = {
    "": 0,
    "undefined": 0,
    "category x": 1,
    "category y": 2,
    "category z": 3,
    "category os": 4,
    "no additional information": 9,
}
#: "ship type cargo type", as the two columns read when joined → the code that was sent
SHIP_TYPES = {f"{ship} {cargo}".strip(): float(code) for ship, code in _SINGLE.items() for cargo in _CARGOES} | {
    f"{ship} {cargo}".strip(): float(code + digit)
    for ship, code in _BY_CARGO.items()
    for cargo, digit in _CARGOES.items()
}
EPFD = {"undefined": 0.0, "gps": 1.0, "glonass": 2.0, "combined gps/glonass": 3.0, "loran-c": 4.0, "chayka": 5.0}
EPFD |= {"integrated navigation system": 6.0, "surveyed": 7.0, "galileo": 8.0, "internal": 15.0}
_COLUMNS = {
    "mmsi": ("MMSI",),
    "type": ("Type of mobile",),
    "lon": ("Longitude",),
    "lat": ("Latitude",),
    "nav_status": ("Navigational status",),
    "rot_deg_per_min": ("ROT",),
    "sog_knots": ("SOG",),
    "cog_deg": ("COG",),
    "heading_deg": ("Heading",),
    "imo": ("IMO",),
    "callsign": ("Callsign",),
    "name": ("Name",),
    "ship_type": ("Ship type", "Cargo type"),
    "width_m": ("Width",),
    "length_m": ("Length",),
    "epfd": ("Type of position fixing device",),
    "draught_m": ("Draught",),
    "destination": ("Destination",),
    "eta": ("ETA",),
    "to_bow_m": ("A",),
    "to_stern_m": ("B",),
    "to_port_m": ("C",),
    "to_starboard_m": ("D",),
}
_NEEDED = frozenset({"mmsi", "type", "lon", "lat"})


def mapping_for(columns: tuple[str, ...]) -> Mapping | None:
    """The mapping for this header, or None if it is not of this shape. Files before 2019 lack A, B, C, D."""
    time = next((name for name in ("# Timestamp", "Timestamp") if name in columns), None)
    if time is None or not all(set(_COLUMNS[name]) <= set(columns) for name in _NEEDED):
        return None
    return Mapping(
        title="Danish Maritime Authority",
        columns=dict(_COLUMNS),
        optional=frozenset(_COLUMNS) - _NEEDED,
        time_columns=(time,),
        time_format="dmy",
        time_zone="UTC",
        codes={"ship_type": SHIP_TYPES, "epfd": EPFD},
        null_texts=frozenset({"unknown", "undefined"}),
    )


FORMAT = known_table(
    name="dma",
    title="Danish Maritime Authority CSV",
    status="experimental",
    mapping_for=mapping_for,
    confidence=0.96,
    needs="'# Timestamp', 'Type of mobile', 'MMSI', 'Latitude' and 'Longitude'",
)
