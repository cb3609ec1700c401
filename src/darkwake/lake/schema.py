"""The tables of the lake. Delta has no unsigned or dictionary types, so none is used here.

Every row names its origin: `import` or `run` is the ledger number under which it was written; a row counts only
once SQL says that this number is committed (see `lake.ledger`).
"""

from __future__ import annotations

from typing import overload

import numpy as np
import pyarrow as pa

from darkwake.ais.schema import DECODED, SPANS, TIMESTAMP

#: One AIS message as received once. Immutable. Partitioned by import.
REPORTS = pa.schema(
    [
        pa.field("import", pa.int32(), nullable=False),
        pa.field("row", pa.int64(), nullable=False),  # counts from 0 within the import, in reading order
        *DECODED,
    ]
)

#: What could not be read as a message: kept, with its reason. Partitioned by import.
REJECTS = pa.schema(
    [
        pa.field("import", pa.int32(), nullable=False),
        pa.field("source", pa.string()),
        pa.field("offset", pa.int64()),
        pa.field("length", pa.int64()),
        pa.field("reason", pa.string()),
    ]
)

#: One position transmission of a ship, assigned to a segment; derived. Sorted by (mmsi, segment, time).
#: Partitioned by (bucket, week): bucket = bucket_of(mmsi), week = Monday as YYYY-MM-DD.
TRACKS = pa.schema(
    [
        pa.field("bucket", pa.int32(), nullable=False),
        pa.field("week", pa.string(), nullable=False),
        pa.field("mmsi", pa.int32(), nullable=False),
        pa.field("segment", pa.int64(), nullable=False),  # 48 bits: shown as seg:<12 hex>
        pa.field("time", TIMESTAMP, nullable=False),
        pa.field("lon", pa.float64(), nullable=False),
        pa.field("lat", pa.float64(), nullable=False),
        pa.field("sog_knots", pa.float32()),
        pa.field("cog_deg", pa.float32()),
        pa.field("heading_deg", pa.int16()),
        pa.field("nav_status", pa.int8()),
        pa.field("type", pa.int8(), nullable=False),
        pa.field("receptions", pa.int16(), nullable=False),  # how many receptions this transmission had
        pa.field("stations", pa.string()),  # distinct stations, comma-separated, sorted
        pa.field("payload_key", pa.int64(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("span_offset", pa.int64(), nullable=False),  # last span: the sentence itself
        pa.field("span_length", pa.int32(), nullable=False),
    ]
)

#: One transmission of identity or voyage data (types 5, 19, 24; CSV statics). Partitioned by bucket.
STATICS = pa.schema(
    [
        pa.field("bucket", pa.int32(), nullable=False),
        pa.field("mmsi", pa.int32(), nullable=False),
        pa.field("segment", pa.int64()),  # null where it could belong to more than one
        pa.field("time", TIMESTAMP, nullable=False),
        pa.field("type", pa.int8(), nullable=False),
        pa.field("imo", pa.int32()),
        pa.field("callsign", pa.string()),
        pa.field("name", pa.string()),
        pa.field("ship_type", pa.int16()),
        pa.field("to_bow_m", pa.int16()),
        pa.field("to_stern_m", pa.int16()),
        pa.field("to_port_m", pa.int16()),
        pa.field("to_starboard_m", pa.int16()),
        pa.field("draught_m", pa.float32()),
        pa.field("destination", pa.string()),
        pa.field("payload_key", pa.int64(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("spans", SPANS),
    ]
)

#: One transmission of a ship that should have held a position, and held none; derived. Partitioned by bucket.
HEARD = pa.schema(
    [
        pa.field("bucket", pa.int32(), nullable=False),
        pa.field("mmsi", pa.int32(), nullable=False),
        pa.field("segment", pa.int64()),  # null where it could belong to more than one
        pa.field("time", TIMESTAMP, nullable=False),
        pa.field("type", pa.int8(), nullable=False),
        pa.field("payload_key", pa.int64(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("span_offset", pa.int64(), nullable=False),
        pa.field("span_length", pa.int32(), nullable=False),
    ]
)

#: A run of reports that one hull can have sent. Partitioned by bucket.
SEGMENTS = pa.schema(
    [
        pa.field("bucket", pa.int32(), nullable=False),
        pa.field("segment", pa.int64(), nullable=False),
        pa.field("mmsi", pa.int32(), nullable=False),
        pa.field("start", TIMESTAMP, nullable=False),
        pa.field("end", TIMESTAMP, nullable=False),
        pa.field("positions", pa.int64(), nullable=False),
        pa.field("class_b", pa.bool_(), nullable=False),
        pa.field("west", pa.float64()),
        pa.field("south", pa.float64()),
        pa.field("east", pa.float64()),
        pa.field("north", pa.float64()),
        pa.field("end_reason", pa.string()),  # end_of_data | ambiguous | overlap | stray
    ]
)

EVENT_VESSEL = pa.struct([pa.field("mmsi", pa.int32()), pa.field("segment", pa.int64())])

#: Versions of events, appended; the newest version of an id is what stands. Partitioned by run.
EVENTS = pa.schema(
    [
        pa.field("run", pa.int32(), nullable=False),
        pa.field("id", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("state", pa.string(), nullable=False),  # open | closed | retracted
        pa.field("version", pa.int32(), nullable=False),
        pa.field("recorded_at", TIMESTAMP, nullable=False),
        pa.field("superseded_by", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("start", TIMESTAMP, nullable=False),
        pa.field("end", TIMESTAMP),
        pa.field("vessels", pa.list_(EVENT_VESSEL)),
        pa.field("lat", pa.float64()),
        pa.field("lon", pa.float64()),
        pa.field("place", pa.string()),
        pa.field("measures", pa.string(), nullable=False),  # JSON
        pa.field("reasons", pa.list_(pa.string())),
        pa.field("innocent", pa.string(), nullable=False),  # JSON
        pa.field("confidence", pa.float64()),
        pa.field("method", pa.string(), nullable=False),  # JSON
        pa.field("evidence", pa.list_(pa.string())),
        pa.field("digest", pa.string(), nullable=False),  # of the content: decides unchanged or new version
    ]
)

BUCKETS = 16


@overload
def bucket_of(mmsi: int) -> int: ...
@overload
def bucket_of(mmsi: np.ndarray) -> np.ndarray: ...
def bucket_of(mmsi: int | np.ndarray) -> int | np.ndarray:
    """The bucket in which the tables of tracks keep a vessel, of one MMSI or an array of them."""
    return mmsi % BUCKETS


#: table name → (schema, partition columns)
TABLES: dict[str, tuple[pa.Schema, tuple[str, ...]]] = {
    "reports": (REPORTS, ("import",)),
    "rejects": (REJECTS, ("import",)),
    "tracks": (TRACKS, ("bucket", "week")),
    "statics": (STATICS, ("bucket",)),
    "heard": (HEARD, ("bucket",)),
    "segments": (SEGMENTS, ("bucket",)),
    "events": (EVENTS, ("run",)),
}
