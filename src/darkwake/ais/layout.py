"""Where each column lies in the arrays that the kernels fill.

Columns of one width share a two-dimensional array (column × row), so that the kernels take few arguments and each
column is a contiguous Arrow buffer. The numbers here are compiled into every @kernel of this room.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from darkwake.ais.schema import COLUMNS

I8 = (
    "type", "repeat", "nav_status", "second", "maneuver", "ais_version", "epfd", "aid_type", "vendor_model",
    "class_b_flags",
)  # fmt: skip
I16 = (
    "payload_bit_count", "rot_raw", "heading_deg", "altitude_m", "ship_type", "to_bow_m", "to_stern_m", "to_port_m",
    "to_starboard_m", "aid_status",
)  # fmt: skip
I32 = ("mmsi", "radio", "imo", "vendor_serial", "mothership_mmsi")
I64 = ("time", "payload_key", "utc")
F32 = ("time_uncertainty_s", "rot_deg_per_min", "sog_knots", "cog_deg", "draught_m")
F64 = ("lon", "lat")
FLAGS = (
    "checksum_ok", "accurate", "raim", "altitude_barometric", "assigned", "dte", "off_position", "virtual",
    "position_latency",
)  # fmt: skip
TEXTS = ("station", "callsign", "name", "destination", "eta", "part", "vendor")
SPECIAL = ("time_basis", "source", "spans", "payload_bits")

#: Row of the validity array (one bitmap per nullable column of the groups above, without texts).
VALID = (*I8[2:], *I16[1:], *I32[1:], "time", "utc", *F32, *F64, *FLAGS)

_GROUPS = (I8, I16, I32, I64, F32, F64, FLAGS, TEXTS, SPECIAL)
_UNPLACED = {column.name for column in COLUMNS} ^ {name for group in _GROUPS for name in group}
if _UNPLACED:
    raise RuntimeError(f"columns of the schema and of the decoder differ: {sorted(_UNPLACED)}")

(TYPE, REPEAT, NAV_STATUS, SECOND, MANEUVER, AIS_VERSION, EPFD, AID_TYPE, VENDOR_MODEL, CLASS_B_FLAGS) = range(10)
(BIT_COUNT, ROT_RAW, HEADING, ALTITUDE, SHIP_TYPE, TO_BOW, TO_STERN, TO_PORT, TO_STARBOARD, AID_STATUS) = range(10)
MMSI, RADIO, IMO, VENDOR_SERIAL, MOTHERSHIP = range(5)
TIME, KEY, UTC = range(3)
UNCERTAINTY, ROT, SOG, COG, DRAUGHT = range(5)
LON, LAT = range(2)
(CHECKSUM_OK, ACCURATE, RAIM, BAROMETRIC, ASSIGNED, DTE, OFF_POSITION, VIRTUAL, LATENCY) = range(9)
STATION, CALLSIGN, NAME, DESTINATION, ETA, PART, VENDOR = range(7)

#: Validity rows begin, per group, at these offsets: row = offset + column (− the columns that are never null).
V_I8 = -2
V_I16 = len(I8) - 2 - 1
V_I32 = V_I16 + len(I16) - 1
V_TIME = V_I32 + len(I32)
V_UTC = V_TIME + 1
V_F32 = V_UTC + 1
V_F64 = V_F32 + len(F32)
V_FLAGS = V_F64 + len(F64)

#: time_basis codes: the index in schema.TIME_BASES, so that the smaller of two is the better.
BASIS_TAG, BASIS_PREFIX, BASIS_GATEHOUSE, BASIS_USCG, BASIS_VENDOR, BASIS_BASE_STATION, BASIS_NONE = range(7)

REASONS = (
    "not_ais", "bad_framing", "bad_payload_char", "line_too_long", "payload_too_long", "too_short",
    "incomplete_multipart",
)  # fmt: skip
NOT_AIS, BAD_FRAMING, BAD_PAYLOAD_CHAR, LINE_TOO_LONG, PAYLOAD_TOO_LONG, TOO_SHORT, INCOMPLETE = range(7)

COUNTS = (
    "sentences", "other_lines", "bad_checksum", "bad_tag_checksum", "bad_time", "overlong", "no_position", "no_sog",
    "no_cog", "no_heading", "no_rot",
)  # fmt: skip
(
    N_SENTENCES, N_OTHER, N_BAD_CHECKSUM, N_BAD_TAG, N_BAD_TIME, N_OVERLONG, N_NO_POSITION, N_NO_SOG, N_NO_COG,
    N_NO_HEADING, N_NO_ROT,
) = range(11)  # fmt: skip

MAX_LINE = 8192  # bytes; a longer line is one reject
MAX_PAYLOAD = 5400  # characters of one sentence: 32,400 bits, below the limit of an int16
MAX_PART = 400  # bytes kept of one part of a multi-part message
MAX_PARTS = 9
MAX_STATION = 32  # bytes kept of a station's name
TEXT_WIDTH = 36  # room per row in a text column
SLACK = 64  # readable and writable bytes behind every byte array

#: Fill counters in `Out.m`.
ROWS, SPANS, BYTES, REJECTS = range(4)
#: No time; also "no span".
NONE = -(2**62)


class Out(NamedTuple):
    """The arrays of one batch."""

    i8: Any
    i16: Any
    i32: Any
    i64: Any
    f32: Any
    f64: Any
    flags: Any  # bitmaps
    valid: Any  # bitmaps
    basis: Any  # uint8 per row
    text_at: Any  # int32 [text, row + 1]: offsets
    text: Any  # uint8 [text, bytes]
    text_row: Any  # int64 [text]: offsets are filled up to this row
    packed_at: Any  # int32 [row + 1]
    packed: Any
    span_at: Any  # int32 [row + 1]
    span_offset: Any
    span_length: Any
    reject_offset: Any
    reject_length: Any
    reject_code: Any
    counts: Any
    m: Any


def allocate(rows: int, rejects: int, packed_bytes: int) -> Out:
    """Empty arrays for one batch; pages are touched only as they are filled."""
    bitmap = (rows + 7) // 8 + 8
    return Out(
        np.zeros((len(I8), rows), np.int8),
        np.zeros((len(I16), rows), np.int16),
        np.zeros((len(I32), rows), np.int32),
        np.zeros((len(I64), rows), np.int64),
        np.zeros((len(F32), rows), np.float32),
        np.zeros((len(F64), rows), np.float64),
        np.zeros((len(FLAGS), bitmap), np.uint8),
        np.zeros((len(VALID), bitmap), np.uint8),
        np.empty(rows, np.uint8),
        np.zeros((len(TEXTS), rows + 1), np.int32),
        np.empty((len(TEXTS), rows * TEXT_WIDTH + MAX_STATION + SLACK), np.uint8),
        np.zeros(len(TEXTS), np.int64),
        np.zeros(rows + 1, np.int32),
        np.empty(packed_bytes + SLACK, np.uint8),
        np.zeros(rows + 1, np.int32),
        np.empty(2 * rows + 8192, np.int64),
        np.empty(2 * rows + 8192, np.int32),
        np.empty(rejects, np.int64),
        np.empty(rejects, np.int64),
        np.empty(rejects, np.uint8),
        np.zeros(len(COUNTS), np.int64),
        np.zeros(4, np.int64),
    )
