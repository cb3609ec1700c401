"""Made reports for the tests of tracks and events: fictional ships, numbers of no issued block."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from darkwake import times
from darkwake.ais.schema import DECODED
from darkwake.tracks.build import REPORT_COLUMNS, Built, build

SHIP = 299_000_001
BUCKET = SHIP % 16
T0 = times.parse("2019-02-01")
SCHEMA = pa.schema([DECODED.field(name) for name in REPORT_COLUMNS])


def key_of(*parts: object) -> int:
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:8], "big", signed=True)


def report(minutes: float, lon: float, lat: float, **more: Any) -> dict[str, Any]:
    """One position report, `minutes` after T0; the payload hangs on what is sent, not on how it was heard."""
    sent = {"mmsi": SHIP, "type": 1, "lon": lon, "lat": lat, "sog_knots": None, "cog_deg": None} | more
    offset = int(minutes * 60_000) + 60
    heard = {
        "time": T0 + round(minutes * times.MINUTE_US),
        "time_basis": "tag_block",
        "checksum_ok": True,
        "payload_key": key_of(sent["mmsi"], sent["type"], lon, lat, sent["sog_knots"], round(minutes * 60)),
        "station": "SIM1",
        "source": "0123456789abcdef",
        "spans": [{"offset": offset, "length": 60}],
    }
    return dict.fromkeys(REPORT_COLUMNS) | heard | sent


def identity(minutes: float, **more: Any) -> dict[str, Any]:
    """One type 5 message."""
    sent = {"mmsi": SHIP, "type": 5, "name": "SIM AURORA", "imo": None, "draught_m": 7.0} | more
    row = report(minutes, 0.0, 0.0) | {"lon": None, "lat": None} | sent
    return row | {"payload_key": key_of(sorted(sent.items(), key=str), round(minutes * 60))}


def voyage(
    start_min: float, hours: float, lon: float, lat: float, knots: float, every_min: float = 10, **more: Any
) -> list[dict[str, Any]]:
    """Eastward at a steady speed, one report each `every_min` minutes."""
    east = knots / 60 / math.cos(math.radians(lat))  # degrees per hour
    more = {"sog_knots": knots, "cog_deg": 90.0} | more
    steps = int(hours * 60 / every_min) + 1
    where = [(lon + east * k * every_min / 60 + 180) % 360 - 180 for k in range(steps)]
    return [report(start_min + k * every_min, x, lat, **more) for k, x in enumerate(where)]


def reports(rows: Iterable[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=SCHEMA)


def built(rows: Iterable[dict[str, Any]], bucket: int = BUCKET) -> Built:
    return build(reports(rows), bucket)
