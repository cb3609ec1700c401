"""The fields a table row may fill, their values that mean "not available", and the units they may come in.

Sentinels: ITU-R M.1371-5 annex 8. Each becomes null and is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import degrees

from darkwake.units import METRES_PER_NAUTICAL_MILE, mps_to_knots


@dataclass(frozen=True, slots=True)
class Field:
    """One target column. `low`–`high` is what its type can hold; outside, a value is unreadable (null, counted)."""

    name: str
    kind: str  # float | whole (a measure, rounded) | code (must be whole) | flag | text | time
    low: float = float("-inf")
    high: float = float("inf")
    sentinels: tuple[float, ...] = ()
    quantum: float = 1.0  # for the payload key: values are compared in steps of 1/quantum


_UNLIMITED_MMSI = 2**30 - 1

FIELDS: dict[str, Field] = {
    f.name: f
    for f in (
        Field("mmsi", "code", 0, _UNLIMITED_MMSI),
        Field("time", "time"),
        Field("type", "code", 0, 63),
        Field("lon", "float", -1e6, 1e6, (181.0,), 1e7),
        Field("lat", "float", -1e6, 1e6, (91.0,), 1e7),
        Field("sog_knots", "float", -1e4, 1e4, (102.3,), 1e3),
        Field("cog_deg", "float", -1e4, 1e4, (360.0,), 1e3),
        Field("heading_deg", "whole", -720, 720, (511,)),
        Field("nav_status", "code", 0, 15),
        Field("rot_raw", "code", -128, 127),
        Field("rot_deg_per_min", "float", -1e4, 1e4, (), 1e3),
        Field("second", "code", 0, 63, (60, 61, 62, 63)),
        Field("accurate", "flag", 0, 1),
        Field("raim", "flag", 0, 1),
        Field("altitude_m", "whole", -4095, 4095, (4095,)),
        Field("imo", "code", 0, _UNLIMITED_MMSI, (0,)),
        Field("ship_type", "code", 0, 255),
        Field("to_bow_m", "whole", 0, 511),
        Field("to_stern_m", "whole", 0, 511),
        Field("to_port_m", "whole", 0, 63),
        Field("to_starboard_m", "whole", 0, 63),
        Field("length_m", "whole", 0, 1022, (0,)),
        Field("width_m", "whole", 0, 126, (0,)),
        Field("draught_m", "float", 0, 100, (0,), 1e2),
        Field("epfd", "code", 0, 15),
        Field("aid_type", "code", 0, 31),
        Field("off_position", "flag", 0, 1),
        Field("virtual", "flag", 0, 1),
        Field("callsign", "text"),
        Field("name", "text"),
        Field("destination", "text"),
        Field("eta", "text"),
        Field("station", "text"),
    )
}

#: Units a mapping may name, as a factor to the field's own unit.
UNITS: dict[str, dict[str, float]] = {
    "sog_knots": {
        "knots": 1.0,
        "m/s": mps_to_knots(1.0),
        "km/h": 1000.0 / METRES_PER_NAUTICAL_MILE,
        "mph": 1609.344 / METRES_PER_NAUTICAL_MILE,
        "0.1 knots": 0.1,
    },
    "angle": {"deg": 1.0, "0.1 deg": 0.1, "rad": degrees(1.0)},
    "position": {"deg": 1.0, "1e-7 deg": 1e-7, "1e-6 deg": 1e-6, "1/10000 min": 1 / 600_000, "rad": degrees(1.0)},
    "length": {"m": 1.0, "ft": 0.3048, "cm": 0.01, "0.1 m": 0.1},
}

UNITS_OF = {
    "sog_knots": "sog_knots",
    "lon": "position",
    "lat": "position",
    "cog_deg": "angle",
    "heading_deg": "angle",
    "draught_m": "length",
    "length_m": "length",
    "width_m": "length",
    "altitude_m": "length",
    "to_bow_m": "length",
    "to_stern_m": "length",
    "to_port_m": "length",
    "to_starboard_m": "length",
}

#: Texts that stand for "no value" in a column of numbers or times.
NULL_TEXTS = frozenset({"", "nan", "null", "none", "na", "n/a", "nat", "\\n", "-", "--", "unknown", "undefined"})

FLAG_TEXTS = {"true": 1.0, "t": 1.0, "yes": 1.0, "y": 1.0, "false": 0.0, "f": 0.0, "no": 0.0, "n": 0.0}

#: Navigational status in words (ITU-R M.1371-5 table 45) as vendors write it.
NAV_STATUS_TEXTS = {
    "under way using engine": 0,
    "under way": 0,
    "underway using engine": 0,
    "at anchor": 1,
    "not under command": 2,
    "restricted maneuverability": 3,
    "restricted manoeuvrability": 3,
    "constrained by her draught": 4,
    "constrained by draught": 4,
    "moored": 5,
    "aground": 6,
    "engaged in fishing": 7,
    "under way sailing": 8,
    "underway sailing": 8,
    "power-driven vessel towing astern": 11,
    "power-driven vessel pushing ahead or towing alongside": 12,
    "power-driven vessel pushing ahead/towing alongside": 12,
    "ais-sart": 14,
    "ais-sart (active)": 14,
    "ais-sart is active": 14,
    "undefined": 15,
    "not defined": 15,
    "undefined (default)": 15,
    "not defined (default)": 15,
    "unknown value": 15,
    "unknown": 15,
}

#: Transceiver class in words → message type; the class is all that a table says of it.
CLASS_TEXTS = {
    "a": 1,
    "b": 18,
    "class a": 1,
    "class b": 18,
    "base station": 4,
    "sar airborne": 9,
    "search and rescue aircraft": 9,
    "aton": 21,
    "search and rescue transponder": 1,
    "man overboard device": 1,
}
