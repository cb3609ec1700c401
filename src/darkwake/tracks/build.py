"""Track build: all committed reports of one bucket in, the derived tables TRACKS, STATICS and SEGMENTS out.

A pure function of the reports: neither the order of their rows nor the files and imports they came by change a row
(where two files hold the same reception, the one with the smaller hash stands for it).

Who takes part: every MMSI except those that by their form are no ship (`is_ship`). Defaults such as 0 or 1193046
(hex 123456) and odd prefixes stay in: ships send them, and segmentation is there to take them apart. A report with a
wrong checksum, without time (or with one that cannot be true) or without a position on the globe stays in REPORTS and
takes no part here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from darkwake.ais.schema import IMPLAUSIBLE
from darkwake.jit import kernel
from darkwake.lake.schema import SEGMENTS, TRACKS, bucket_of
from darkwake.times import DAY_US, iso
from darkwake.tracks.columns import Bools, Floats, Ints, flat, floats, instants, ints, last_spans, truths
from darkwake.tracks.segments import END_REASONS, NearestHull, Segmenter, segment_id
from darkwake.tracks.statics import STATIC_COLUMNS, build_statics
from darkwake.tracks.transmissions import NO_SECOND, merge

#: Message types whose positions make a track (ITU-R M.1371): ships' position reports, class A, B and long range.
POSITION_TYPES = (1, 2, 3, 18, 19, 27)
CLASS_B_TYPES = (18, 19)
_SENT = ("time", "lon", "lat", "sog_knots", "cog_deg", "heading_deg", "nav_status")
_HEARD = ["mmsi", "type", "payload_key", "station", "source", "spans", "second", *_SENT]
#: What `build` reads of REPORTS.
REPORT_COLUMNS: tuple[str, ...] = (*_HEARD, "time_basis", "checksum_ok", *STATIC_COLUMNS)


@dataclass(frozen=True, slots=True)
class Built:
    """The derived tables of one bucket, in the schemas of `lake.schema`.

    `tracks` is sorted by (mmsi, segment id, time); the order of segments inside an MMSI is that of their ids, which
    says nothing of time. `statics` is sorted by (mmsi, time), `segments` by (mmsi, segment id).
    """

    tracks: pa.Table
    statics: pa.Table
    segments: pa.Table


def build(reports: pa.Table, bucket: int, segmenter: Segmenter | None = None) -> Built:
    """Build the tracks of one bucket from all its committed reports (REPORT_COLUMNS; rows of others are left out)."""
    fit = _taking_part(reports, bucket)
    heard = reports.select(_HEARD).filter(pa.array(fit & _has_position(reports)))
    span_offset, span_length = last_spans(heard["spans"])
    sent = merge(
        ints(heard["mmsi"]), instants(heard["time"]), ints(heard["payload_key"]), ints(heard["second"], NO_SECOND),
        flat(heard["source"]), span_offset, flat(heard["station"]),
    )  # fmt: skip
    mmsi, time_us = ints(heard["mmsi"])[sent.row], instants(heard["time"])[sent.row]
    lon, lat = floats(heard["lon"])[sent.row], floats(heard["lat"])[sent.row]
    split = (segmenter or NearestHull()).assign(
        mmsi, time_us, lon, lat, floats(heard["sog_knots"])[sent.row], floats(heard["cog_deg"])[sent.row]
    )
    first = _first_rows(split.hull, len(split.end_reason))
    keys = ints(heard["payload_key"])[sent.row[first]]
    ids = np.array([segment_id(int(k), int(t)) for k, t in zip(keys, time_us[first], strict=True)], np.int64)

    by_id = np.lexsort((ids, mmsi[first]))
    rank = np.empty(len(ids), np.int64)
    rank[by_id] = np.arange(len(ids))
    order, starts = _sort_by_rank(rank[split.hull], len(ids))
    row = sent.row[order]
    picked = heard.select(["mmsi", "type", "payload_key", "source", *_SENT]).take(pa.array(row))
    tracks = pa.table(
        {
            "bucket": pa.array(np.full(len(row), bucket, np.int32)),
            "week": weeks(time_us[order]),
            "segment": pa.array(ids[split.hull[order]]),
            "receptions": pa.array(sent.receptions[order]),
            "stations": sent.stations.take(pa.array(order)),
            "span_offset": pa.array(span_offset[row]),
            "span_length": pa.array(span_length[row].astype(np.int32)),
            **{name: picked[name] for name in ("mmsi", "payload_key", "source", *_SENT)},
            "type": pc.fill_null(picked["type"], 0),
        }
    )
    class_b = np.isin(ints(tracks["type"]), CLASS_B_TYPES)
    box = _boxes(starts, lon[order], lat[order], class_b)
    segments = pa.table(
        {
            "bucket": pa.array(np.full(len(ids), bucket, np.int32)),
            "segment": pa.array(ids[by_id]),
            "mmsi": pa.array(mmsi[first][by_id]),
            "start": pa.array(time_us[order][starts[:-1]]),
            "end": pa.array(time_us[order][starts[1:] - 1]),
            "positions": pa.array(np.diff(starts)),
            "class_b": pa.array(box[:, 4] > 0.5),
            **{name: pa.array(box[:, k]) for k, name in enumerate(("west", "south", "east", "north"))},
            "end_reason": pa.array(END_REASONS).take(pa.array(split.end_reason[by_id])),
        }
    )
    return Built(
        tracks.select(TRACKS.names).cast(TRACKS),
        build_statics(reports, fit, bucket, mmsi, time_us, split.hull, ids),
        segments.select(SEGMENTS.names).cast(SEGMENTS),
    )


def is_ship(mmsi: Ints) -> Bools:
    """Whether a number can be a ship's: all but base stations, search aircraft, distress beacons, aids to navigation.

    By ITU-R M.585: 00MIDxxxx coast stations, 111MIDxxx aircraft, 970/972/974 beacons, 99MIDxxxx aids.
    """
    station = (mmsi >= 2_000_000) & (mmsi < 8_000_000)
    aircraft = (mmsi >= 111_000_000) & (mmsi < 112_000_000)
    beacon = (mmsi >= 970_000_000) & (mmsi < 975_000_000)
    aid = (mmsi >= 990_000_000) & (mmsi < 1_000_000_000)
    return np.asarray(~(station | aircraft | beacon | aid))


def weeks(time_us: Ints) -> pa.Array:
    """The Monday of each instant's week (UTC) as YYYY-MM-DD."""
    day = time_us // DAY_US
    monday = day - (day + 3) % 7  # 1970-01-01 was a Thursday
    changes = np.ones(len(monday), np.bool_)
    changes[1:] = monday[1:] != monday[:-1]  # rows come sorted by time within segments, so these are few
    distinct = np.unique(monday[changes])
    names = pa.array([str(iso(int(m) * DAY_US))[:10] for m in distinct], pa.string())
    return names.take(pa.array(np.searchsorted(distinct, monday)))


def _taking_part(reports: pa.Table, bucket: int) -> Bools:
    mmsi = ints(reports["mmsi"], -1)
    fit = (mmsi >= 0) & is_ship(mmsi) & (bucket_of(mmsi) == bucket)
    fit &= ~truths(pc.invert(reports["checksum_ok"]))
    fit &= ~truths(pc.equal(reports["time_basis"], IMPLAUSIBLE))
    for name in ("time", "payload_key"):
        if reports[name].null_count:
            fit &= reports[name].is_valid().to_numpy()
    return np.asarray(fit)


def _has_position(base: pa.Table) -> Bools:
    """Positions of ships on the globe. A row of a vendor's table may have no message type and counts as well."""
    lon, lat = floats(base["lon"]), floats(base["lat"])
    inside = (np.abs(lon) <= 180.0) & (np.abs(lat) <= 90.0)  # false for NaN
    kind = ints(base["type"])
    vendor = truths(pc.equal(base["time_basis"], "vendor"))
    return np.asarray(inside & (np.isin(kind, POSITION_TYPES) | (vendor & (kind == 0))))


@kernel
def _first_rows(hull: Ints, hulls: int) -> Ints:  # pragma: no cover - compiled
    first = np.full(hulls, -1, np.int64)
    for i in range(len(hull)):
        if first[hull[i]] < 0:
            first[hull[i]] = i
    return first


@kernel
def _sort_by_rank(rank: Ints, ranks: int) -> tuple[Ints, Ints]:  # pragma: no cover - compiled
    """Stable counting sort: the order of rows by rank, and where each rank starts (one entry more than ranks)."""
    starts = np.zeros(ranks + 1, np.int64)
    for i in range(len(rank)):
        starts[rank[i] + 1] += 1
    for k in range(ranks):
        starts[k + 1] += starts[k]
    free = starts[:-1].copy()
    order = np.empty(len(rank), np.int64)
    for i in range(len(rank)):
        order[free[rank[i]]] = i
        free[rank[i]] += 1
    return order, starts


@kernel
def _boxes(starts: Ints, lon: Floats, lat: Floats, class_b: Bools) -> Any:  # pragma: no cover - compiled
    """Per segment west, south, east, north and the share of class B; west > east where it crosses 180°."""
    out = np.empty((len(starts) - 1, 5))
    for k in range(len(starts) - 1):
        a, b = starts[k], starts[k + 1]
        here = lon[a]
        west = east = here
        south = north = lat[a]
        share = 0
        for i in range(a, b):
            step = lon[i] - here
            here += step - 360.0 * np.floor((step + 180.0) / 360.0)
            west, east = min(west, here), max(east, here)
            south, north = min(south, lat[i]), max(north, lat[i])
            share += class_b[i]
        if east - west >= 360.0:
            west, east = -180.0, 180.0
        elif west < -180.0 or east > 180.0:
            west -= 360.0 * np.floor((west + 180.0) / 360.0)
            east -= 360.0 * np.floor((east + 180.0) / 360.0)
        out[k, 0], out[k, 1], out[k, 2], out[k, 3] = west, south, east, north
        out[k, 4] = share / (b - a)
    return out
