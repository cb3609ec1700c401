"""Where things lie in the memory that the kernels fill. The numbers here are compiled into every @kernel of this room.

A batch is a table of words: per column the addresses of its data, its validity bitmap and its offsets, then counters
and limits. Columns are numbered as in the schema.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from darkwake.ais.schema import COLUMNS, DECODED

NAMES = (
    "type", "mmsi", "repeat", "time", "time_basis", "time_uncertainty_s", "station", "source", "spans", "checksum_ok",
    "payload_bits", "payload_bit_count", "payload_key", "nav_status", "rot_raw", "rot_deg_per_min", "sog_knots", "lon",
    "lat", "cog_deg", "heading_deg", "second", "accurate", "raim", "maneuver", "radio", "altitude_m",
    "altitude_barometric", "assigned", "dte", "imo", "ais_version", "callsign", "name", "ship_type", "to_bow_m",
    "to_stern_m", "to_port_m", "to_starboard_m", "draught_m", "destination", "eta", "epfd", "utc", "aid_type",
    "off_position", "virtual", "aid_status", "part", "vendor", "vendor_model", "vendor_serial", "mothership_mmsi",
    "class_b_flags", "position_latency",
)  # fmt: skip
if tuple(column.name for column in COLUMNS) != NAMES:
    raise RuntimeError("the columns of the schema and of the decoder differ: bring ais/layout.py up to date")
(
    TYPE, MMSI, REPEAT, TIME, TIME_BASIS, UNCERTAINTY, STATION, SOURCE, SPANS, CHECKSUM_OK,
    PAYLOAD, BIT_COUNT, KEY, NAV_STATUS, ROT_RAW, ROT, SOG, LON,
    LAT, COG, HEADING, SECOND, ACCURATE, RAIM, MANEUVER, RADIO, ALTITUDE,
    BAROMETRIC, ASSIGNED, DTE, IMO, AIS_VERSION, CALLSIGN, NAME, SHIP_TYPE, TO_BOW,
    TO_STERN, TO_PORT, TO_STARBOARD, DRAUGHT, DESTINATION, ETA, EPFD, UTC, AID_TYPE,
    OFF_POSITION, VIRTUAL, AID_STATUS, PART, VENDOR, VENDOR_MODEL, VENDOR_SERIAL, MOTHERSHIP,
    CLASS_B_FLAGS, LATENCY,
) = range(55)  # fmt: skip
TEXTS = (STATION, CALLSIGN, NAME, DESTINATION, ETA, PART, VENDOR)
NEVER_NULL = (TYPE, MMSI, REPEAT, BIT_COUNT, KEY)

# Words of a batch's table. The first three groups have one word per column.
DATA, VALID, OFFSETS, TEXT_ROW = 0, 64, 128, 192  # TEXT_ROW: up to which row the offsets of a text are filled
ROWS, N_SPANS, N_BYTES, N_REJECTS, MAX_ROWS, MAX_SPANS, MAX_BYTES, MAX_REJECTS = range(256, 264)
SPAN_OFFSET, SPAN_LENGTH, REJECT_OFFSET, REJECT_LENGTH, REJECT_CODE = range(264, 269)
COUNT = 272
WORDS = 288

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
    SENTENCES, OTHER_LINES, BAD_CHECKSUM, BAD_TAG, BAD_TIME, OVERLONG, NO_POSITION, NO_SOG, NO_COG, NO_HEADING, NO_ROT,
) = range(COUNT, COUNT + 11)  # fmt: skip

MAX_LINE = 8192  # bytes; a longer line is one reject
MAX_PAYLOAD = 5400  # characters of one sentence: 32,400 bits, below the limit of an int16
MAX_PART = 400  # bytes kept of one part of a multi-part message
MAX_PARTS = 9
FAR = 32  # sentences that an unfinished message waits for its next part
SLOTS, GROUPS = FAR + 1, 64  # unfinished messages (each was added to within FAR sentences) and tag groups kept in mind
MAX_STATION = 32  # bytes kept of a station's name
TEXT_WIDTH = 36  # room per row in a text column
SLACK = 64  # readable and writable bytes behind all data
MARGIN = 1024  # rows kept free: one line can hold several hundred sentences

NONE = -(2**62)  # no time, no span


_DTYPES = {
    "int8": "i1", "int16": "i2", "int32": "i4", "int64": "i8", "float": "f4", "double": "f8",
    "timestamp[us, tz=UTC]": "i8",
}  # fmt: skip


class Out:
    """The memory of one batch; `address` is what kernels take. Pages are touched only as they are filled."""

    def __init__(self, rows: int, rejects: int) -> None:
        self.table = np.zeros(WORDS, np.int64)
        self.data: dict[int, Any] = {}
        self.valid: dict[int, Any] = {}
        self.offsets: dict[int, Any] = {}
        reserve = MAX_LINE + SLOTS * MAX_PARTS * MAX_PART  # one line could complete every waiting message
        bitmap, packed, spans = (rows + 7) // 8 + 8, rows * 24 + MAX_LINE + reserve, 2 * rows + 8 * MARGIN
        for column, field in enumerate(DECODED):
            size, dtype = rows, _DTYPES.get(str(field.type), "u1")
            if column in (SOURCE, SPANS):
                size = 0
            elif column == PAYLOAD:
                size = packed + SLACK
            elif column in TEXTS:
                size = rows * TEXT_WIDTH + SLACK
            elif str(field.type) == "bool":
                size = bitmap
            make = np.zeros if str(field.type) == "bool" else np.empty  # what a null hides may be anything
            self.data[column] = self._keep(DATA + column, make(size, dtype))
            if column in TEXTS or column in (PAYLOAD, SPANS):
                self.offsets[column] = self._keep(OFFSETS + column, np.zeros(rows + 4, np.int32))
            elif column not in NEVER_NULL:
                self.valid[column] = self._keep(VALID + column, np.zeros(bitmap, np.uint8))
        self.span_offset = self._keep(SPAN_OFFSET, np.empty(spans, np.int64))
        self.span_length = self._keep(SPAN_LENGTH, np.empty(spans, np.int32))
        self.reject_offset = self._keep(REJECT_OFFSET, np.empty(rejects, np.int64))
        self.reject_length = self._keep(REJECT_LENGTH, np.empty(rejects, np.int64))
        self.reject_code = self._keep(REJECT_CODE, np.empty(rejects, np.int8))
        self.table[MAX_ROWS], self.table[MAX_REJECTS] = rows - MARGIN, rejects - 2 * MARGIN
        self.table[MAX_SPANS], self.table[MAX_BYTES] = spans - 4 * MARGIN, packed - reserve
        self.address = int(self.table.ctypes.data)

    def _keep(self, word: int, array: Any) -> Any:
        self.table[word] = array.ctypes.data
        return array

    def __getitem__(self, word: int) -> int:
        return int(self.table[word])
