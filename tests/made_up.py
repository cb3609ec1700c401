"""Short factories for made-up SIM ships: events and tracks in the shapes of the lake. SIMULATED."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from darkwake import times
from darkwake.answers.counting import Data
from darkwake.answers.grammar import KINDS
from darkwake.answers.windows import Target
from darkwake.detectors.coverage import Coverage, Stretch
from darkwake.events.model import Event, Innocent, VesselRef
from darkwake.lake.schema import SEGMENTS, STATICS, TRACKS

MMSI = 299000001
SEGMENT = 0xABCDEF012345
SHA16 = "0123456789abcdef"
HARBOUR = (125.35, 38.72)  # lon, lat of the made-up harbour SIMPT
AWAY = (124.0, 38.0)  # some 142 km from there
START = times.parse("2019-02-01")


def hour(number: float) -> int:
    """The instant that many hours after START."""
    return START + round(number * times.HOUR_US)


def event(kind: str = "port_call", start: float = 0, end: float | None = 10, **given: Any) -> Event:
    """An event; `start` and `end` in hours after START."""
    fields: dict[str, Any] = {
        "id": f"{kind}-{zlib.crc32(repr((kind, start, end, sorted(given))).encode()):012x}",
        "kind": kind,
        "state": "open" if end is None else "closed",
        "start": hour(start),
        "end": None if end is None else hour(end),
        "vessels": (VesselRef(MMSI, SEGMENT),),
        "lat": HARBOUR[1],
        "lon": HARBOUR[0],
        "place": "SIMPT" if kind == "port_call" else None,
        "measures": {"confidence_level": 4, "stop_seen": True}
        if kind == "port_call"
        else {"duration_h": (end or start) - start, **({"p_silence_by_reception": 0.05} if kind == "gap" else {})},
        "reasons": ("slower than 0.5 kn inside the harbour",),
        "innocent": (Innocent("shelter from weather", "wind in the area", "not tested"),),
        "method": {"name": kind, "version": "1.0", "profile": "default", "params": {"min_h": 3.0}},
        "evidence": (f"src:{SHA16}#0+47",),
    }
    return Event(**{**fields, **given})


def looked_for(*kinds: str, run: int = 2) -> dict[str, Coverage]:
    """Coverage that is complete, by one run with the usual parameters."""
    method = {"version": "1.0", "profile": "default", "params": {}}
    return {
        kind: Coverage(kind, "default", None, None, (Stretch(None, None, run, run - 1, {"name": kind, **method}),))
        for kind in kinds
    }


def data(
    events: Iterable[Event], positions: pa.Table | None = None, target: Target | None = None, **given: Any
) -> Data:
    """What a query runs on, where every kind was looked for all over the data."""
    return Data(list(events), positions, target, **{"coverage": looked_for(*KINDS), **given})


def track(
    hours: Iterable[float], where: tuple[float, float] | Mapping[float, tuple[float, float]] = AWAY, **given: Any
) -> pa.Table:
    """Position reports at these hours after START, at one position or at one per hour."""
    at = list(hours)
    places = [where if isinstance(where, tuple) else where[h] for h in at]
    n = len(at)
    times_us = np.array([hour(h) for h in at], dtype="int64")
    mmsi, segment = given.get("mmsi", MMSI), given.get("segment", SEGMENT)
    columns = {
        "bucket": [mmsi % 16] * n,
        "week": ["2019-01-28"] * n,
        "mmsi": [mmsi] * n,
        "segment": [segment] * n,
        "time": pa.array(times_us).cast(pa.timestamp("us", tz="UTC")),
        "lon": [float(lon) for lon, _ in places],
        "lat": [float(lat) for _, lat in places],
        "sog_knots": [given.get("sog_knots", 0.1)] * n,
        "cog_deg": [None] * n,
        "heading_deg": [None] * n,
        "nav_status": [None] * n,
        "type": [1] * n,
        "receptions": [1] * n,
        "stations": ["SIM-A"] * n,
        "payload_key": list(range(n)),
        "source": [SHA16] * n,
        "span_offset": [48 * k for k in range(n)],
        "span_length": [47] * n,
    }
    return pa.table([pa.array(columns[f.name], f.type) for f in TRACKS], schema=TRACKS)


def statics(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Identity transmissions; each row gives `hour` and the fields it sends."""
    filled = []
    for row in rows:
        given = dict(row)
        moment = times.to_datetime(hour(given.pop("hour")))
        assert moment.tzinfo is dt.UTC
        base = {f.name: None for f in STATICS}
        base |= {"bucket": MMSI % 16, "mmsi": MMSI, "segment": SEGMENT, "time": moment, "type": 5}
        base |= {"payload_key": len(filled), "source": SHA16, "spans": [{"offset": 0, "length": 47}]}
        filled.append({**base, **given})
    return pa.Table.from_pylist(filled, schema=STATICS)


def segments(positions: pa.Table) -> pa.Table:
    """The SEGMENTS rows that belong to a track."""
    rows = []
    for segment in sorted(set(positions["segment"].to_pylist())):
        own = positions.filter(pc.equal(positions["segment"], segment))
        moments = own["time"].to_pylist()
        rows.append(
            {
                "bucket": MMSI % 16, "segment": segment, "mmsi": own["mmsi"][0].as_py(), "start": min(moments),
                "end": max(moments), "positions": own.num_rows, "class_b": False, "end_reason": "end_of_data",
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, schema=SEGMENTS)


def voyage(days: int = 40, every_h: float = 0.5, silences: Iterable[tuple[float, float]] = ()) -> pa.Table:
    """A ship that shuttles between AWAY and HARBOUR: 36 h there, 12 h of sailing, 24 h in the harbour, and back."""
    cycle = (36.0, 48.0, 72.0, 84.0)
    hours, where = [], {}
    for step in range(int(24 * days / every_h)):
        at = step * every_h
        if any(start < at < end for start, end in silences):
            continue
        phase = at % cycle[3]
        share = (
            0.0 if phase < cycle[0] else (phase - 36) / 12 if phase < cycle[1] else 1.0 if phase < cycle[2]
            else 1 - (phase - 72) / 12
        )  # fmt: skip
        bend = 0.15 * share * (1 - share)
        swing = 0.002 * np.sin(at)
        hours.append(at)
        where[at] = (
            AWAY[0] + (HARBOUR[0] - AWAY[0]) * share + swing,
            AWAY[1] + (HARBOUR[1] - AWAY[1]) * share - bend + swing,
        )
    return track(hours, where)


def sentence(offset: int) -> bytes:
    """What a made-up feed holds at an offset: any 47 bytes will do."""
    return b"!AIVDM,1,1,,A,1SIMULATED" + f"{offset:016d}".encode() + b",0*00\r\n"[-7:]
