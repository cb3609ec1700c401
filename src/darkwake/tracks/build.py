"""Track build: all committed reports of one bucket in, the derived tables TRACKS, STATICS, HEARD and SEGMENTS out.

A pure function of the reports: neither the order of their rows nor the files and imports they came by change a row
(where two files hold the same reception, the one with the smaller hash stands for it).

Who takes part: every MMSI except those that by their form are no ship (`is_ship`). Defaults such as 0 or 1193046
(hex 123456) and odd prefixes stay in: ships send them, and segmentation is there to take them apart. A report with a
wrong checksum or without time (or with one that cannot be true) stays in REPORTS and takes no part here. One that
should hold a position and holds none on the globe is in HEARD: the ship was not silent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from darkwake.ais.schema import IMPLAUSIBLE
from darkwake.jit import kernel
from darkwake.lake.schema import HEARD, SEGMENTS, TRACKS, bucket_of
from darkwake.times import DAY_US, iso
from darkwake.tracks.columns import Bools, Floats, Ints, flat, floats, instants, ints, last_spans, truths
from darkwake.tracks.segments import END_REASONS, FEW, NearestHull, segment_id
from darkwake.tracks.statics import STATIC_COLUMNS, build_statics, sole_segments
from darkwake.tracks.transmissions import NO_SECOND, merge

#: Message types whose positions make a track (ITU-R M.1371): ships' position reports, class A, B and long range.
POSITION_TYPES = (1, 2, 3, 18, 19, 27)
CLASS_B_TYPES = (18, 19)
BOX = ("west", "south", "east", "north")
_SENT = ("time", "lon", "lat", "sog_knots", "cog_deg", "heading_deg", "nav_status")
_HEARD = ["mmsi", "type", "payload_key", "station", "source", "spans", "second", *_SENT]
#: What `build` reads of REPORTS.
REPORT_COLUMNS: tuple[str, ...] = (*_HEARD, "time_basis", "checksum_ok", *STATIC_COLUMNS)


@dataclass(frozen=True, slots=True)
class Built:
    """The derived tables of one bucket, in the schemas of `lake.schema`.

    `tracks` is sorted by (mmsi, segment id, time); the order of segments inside an MMSI is that of their ids, which
    says nothing of time. `statics` and `heard` are sorted by (mmsi, time), `segments` by (mmsi, segment id).
    """

    tracks: pa.Table
    statics: pa.Table
    heard: pa.Table
    segments: pa.Table


@dataclass(frozen=True, slots=True)
class Sent:
    """Transmissions by (mmsi, time, payload key), each by the row of `heard` that stands for it."""

    heard: pa.Table
    row: Ints
    receptions: npt.NDArray[np.int16]
    stations: pa.Array

    def ints(self, name: str) -> Ints:
        return ints(self.heard[name])[self.row]

    def floats(self, name: str) -> Floats:
        return floats(self.heard[name])[self.row]


def transmissions(reports: pa.Table, fit: Bools) -> Sent:
    """The transmissions of positions among the reports that take part (`fit`)."""
    return _merged(reports, fit & _positional(reports) & _on_the_globe(reports))


def without_position(reports: pa.Table, fit: Bools) -> Sent:
    """The transmissions, among the reports that take part, that should hold a position and hold none."""
    return _merged(reports, fit & _positional(reports) & ~_on_the_globe(reports))


def _merged(reports: pa.Table, chosen: Bools) -> Sent:
    heard = reports.select(_HEARD).filter(pa.array(chosen))
    offset, length = last_spans(heard["spans"])
    sent = merge(
        ints(heard["mmsi"]), instants(heard["time"]), ints(heard["payload_key"]), ints(heard["second"], NO_SECOND),
        flat(heard["source"]), offset, flat(heard["station"]),
    )  # fmt: skip
    heard = heard.append_column("span_offset", pa.array(offset))
    heard = heard.append_column("span_length", pa.array(length.astype(np.int32)))
    return Sent(heard, sent.row, sent.receptions, sent.stations)


def track_rows(sent: Sent, order: Ints, segment: Ints, bucket: int) -> pa.Table:
    """TRACKS of these transmissions, in this order; `segment`: the id of each."""
    picked = sent.heard.select(["mmsi", "type", "payload_key", "source", "span_offset", "span_length", *_SENT])
    picked = picked.take(pa.array(sent.row[order]))
    rows = pa.table(
        {
            "bucket": pa.array(np.full(len(order), bucket, np.int32)),
            "week": weeks(instants(picked["time"])),
            "segment": pa.array(segment),
            "receptions": pa.array(sent.receptions[order]),
            "stations": sent.stations.take(pa.array(order)),
            **{name: picked[name] for name in picked.column_names},
            "type": pc.fill_null(picked["type"], 0),
        }
    )
    return rows.select(TRACKS.names).cast(TRACKS)


def heard_rows(sent: Sent, chosen: Ints, bucket: int) -> pa.Table:
    """HEARD of these transmissions, of no segment yet."""
    names = ["mmsi", "time", "type", "payload_key", "source", "span_offset", "span_length"]
    picked = sent.heard.select(names).take(pa.array(sent.row[chosen]))
    rows = pa.table(
        {
            "bucket": pa.array(np.full(len(chosen), bucket, np.int32)),
            "segment": pa.nulls(len(chosen), pa.int64()),
            **{name: picked[name] for name in names},
            "type": pc.fill_null(picked["type"], 0),
        }
    )
    return rows.select(HEARD.names).cast(HEARD)


def owned_by(rows: pa.Table, segment: pa.Array) -> pa.Table:
    """HEARD with the segments that sent it."""
    return rows.set_column(HEARD.get_field_index("segment"), HEARD.field("segment"), segment)


def with_strays(segments: pa.Table) -> pa.Table:
    """SEGMENTS of whole vessels, in which a few positions that fit no hull of a number are told as strays."""
    few = ints(segments["positions"]) <= FEW
    mmsi = ints(segments["mmsi"])
    stray = few & np.isin(mmsi, mmsi[~few])
    told = pc.if_else(pa.array(stray), pa.scalar("stray"), segments["end_reason"])
    return segments.set_column(SEGMENTS.get_field_index("end_reason"), SEGMENTS.field("end_reason"), told)


def segment_rows(
    tracks: pa.Table, starts: Ints, end_reason: npt.NDArray[np.int8], lon: Floats, lat: Floats, bucket: int
) -> pa.Table:
    """SEGMENTS of rows that lie together by segment; `starts`: where each begins, and one more."""
    first = pa.array(starts[:-1])
    box = boxes(starts, lon, lat)
    class_b = np.append(0, np.cumsum(np.isin(ints(tracks["type"]), CLASS_B_TYPES)))
    share = class_b[starts[1:]] - class_b[starts[:-1]]
    rows = pa.table(
        {
            "bucket": pa.array(np.full(len(first), bucket, np.int32)),
            "segment": tracks["segment"].take(first),
            "mmsi": tracks["mmsi"].take(first),
            "start": tracks["time"].take(first),
            "end": tracks["time"].take(pa.array(starts[1:] - 1)),
            "positions": pa.array(np.diff(starts)),
            "class_b": pa.array(np.asarray(2 * share > np.diff(starts))),
            **{name: pa.array(box[:, k]) for k, name in enumerate(BOX)},
            "end_reason": pa.array(END_REASONS).take(pa.array(end_reason)),
        }
    )
    return rows.select(SEGMENTS.names).cast(SEGMENTS)


def ids_of(sent_key: Ints, sent_us: Ints, first: Ints) -> Ints:
    """The id of each segment, by the row of its first transmission."""
    opening = zip(sent_key[first].tolist(), sent_us[first].tolist(), strict=True)
    return np.array([segment_id(key, time_us) for key, time_us in opening], np.int64)


def build(reports: pa.Table, bucket: int, hulls: NearestHull | None = None) -> Built:
    """Build the tracks of one bucket from all its committed reports (REPORT_COLUMNS; rows of others are left out)."""
    fit = taking_part(reports, bucket)
    sent = transmissions(reports, fit)
    mmsi, time_us, lon, lat = sent.ints("mmsi"), sent.ints("time"), sent.floats("lon"), sent.floats("lat")
    split = (hulls or NearestHull()).assign(mmsi, time_us, lon, lat, sent.floats("sog_knots"), sent.floats("cog_deg"))
    first = first_rows(split.hull, len(split.end_reason))
    ids = ids_of(sent.ints("payload_key"), time_us, first)
    by_id = np.lexsort((ids, mmsi[first]))
    rank = np.empty(len(ids), np.int64)
    rank[by_id] = np.arange(len(ids))
    order, starts = sort_by_rank(rank[split.hull], len(ids))
    tracks = track_rows(sent, order, ids[split.hull[order]], bucket)
    unplaced = without_position(reports, fit)
    heard = heard_rows(unplaced, np.arange(len(unplaced.row)), bucket)
    size = np.bincount(split.hull, minlength=len(ids))
    return Built(
        tracks,
        build_statics(reports, fit, bucket, mmsi, time_us, split.hull, ids),
        owned_by(heard, sole_segments(heard, mmsi, time_us, split.hull, ids, size)),
        with_strays(segment_rows(tracks, starts, split.end_reason[by_id], lon[order], lat[order], bucket)),
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


def taking_part(reports: pa.Table, bucket: int) -> Bools:
    mmsi = ints(reports["mmsi"], -1)
    fit = (mmsi >= 0) & is_ship(mmsi) & (bucket_of(mmsi) == bucket)
    fit &= ~truths(pc.invert(reports["checksum_ok"]))
    fit &= ~truths(pc.equal(reports["time_basis"], IMPLAUSIBLE))
    for name in ("time", "payload_key"):
        if reports[name].null_count:
            fit &= reports[name].is_valid().to_numpy()
    return np.asarray(fit)


def _positional(base: pa.Table) -> Bools:
    """Reports of ships' positions. A row of a vendor's table may have no message type and counts as well."""
    kind = ints(base["type"])
    vendor = truths(pc.equal(base["time_basis"], "vendor"))
    return np.asarray(np.isin(kind, POSITION_TYPES) | (vendor & (kind == 0)))


def _on_the_globe(base: pa.Table) -> Bools:
    lon, lat = floats(base["lon"]), floats(base["lat"])
    return np.asarray((np.abs(lon) <= 180.0) & (np.abs(lat) <= 90.0))  # false for NaN


@kernel
def first_rows(hull: Ints, hulls: int) -> Ints:  # pragma: no cover - compiled
    first = np.full(hulls, -1, np.int64)
    for i in range(len(hull)):
        if first[hull[i]] < 0:
            first[hull[i]] = i
    return first


@kernel
def sort_by_rank(rank: Ints, ranks: int) -> tuple[Ints, Ints]:  # pragma: no cover - compiled
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


def boxes(starts: Ints, lon: Floats, lat: Floats) -> Floats:
    """Per segment west, south, east, north; west > east where it crosses 180°, −180 … 180 if it goes all round."""
    none = np.full((len(starts) - 1, 4), np.nan)
    return _boxes(starts, lon, lat, none, np.full(len(starts) - 1, np.nan))


def wider_boxes(starts: Ints, lon: Floats, lat: Floats, known: Floats, last_lon: Floats) -> Floats:
    """Boxes of segments of which more was heard: `known` ones (NaN: none), and the longitude where each went on."""
    return _boxes(starts, lon, lat, known, last_lon)


@kernel
def _boxes(
    starts: Ints, lon: Floats, lat: Floats, known: Floats, last_lon: Floats
) -> Floats:  # pragma: no cover - compiled
    """A longitude is kept as it was sent, with the number of turns round the globe: nothing is lost to rounding."""
    out = np.empty((len(starts) - 1, 4))
    for k in range(len(starts) - 1):
        a, b = starts[k], starts[k + 1]
        if np.isnan(last_lon[k]):
            here, west, east, south, north = lon[a], lon[a], lon[a], lat[a], lat[a]
            west_turn, east_turn = 0, 0
        else:
            here, west, south, east, north = last_lon[k], known[k, 0], known[k, 1], known[k, 2], known[k, 3]
            west_turn = 0 if west <= here else -1
            east_turn = 0 if east >= here else 1
        turn = 0
        for i in range(a, b):
            if lon[i] - here > 180.0:
                turn -= 1
            elif lon[i] - here < -180.0:
                turn += 1
            here = lon[i]
            if turn < west_turn or (turn == west_turn and here < west):
                west, west_turn = here, turn
            if turn > east_turn or (turn == east_turn and here > east):
                east, east_turn = here, turn
            south, north = min(south, lat[i]), max(north, lat[i])
        if 360.0 * (east_turn - west_turn) + east - west >= 360.0:
            west, east = -180.0, 180.0
        out[k, 0], out[k, 1], out[k, 2], out[k, 3] = west, south, east, north
    return out
