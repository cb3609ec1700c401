"""The columns of a decoded message. One place: the decoder, the lake, the exports and the docs read this list.

Sources: ITU-R M.1371-5 annex 8 (fields and sentinels), NMEA 4.10 (tag blocks). A field is null where its message
type has none, where the sender sent the "not available" value, or where the message was too short to hold it.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

TIMESTAMP = pa.timestamp("us", tz="UTC")
SPAN = pa.struct([pa.field("offset", pa.int64(), nullable=False), pa.field("length", pa.int32(), nullable=False)])
SPANS = pa.list_(pa.field("element", SPAN, nullable=False))

#: Set at import: the time as it was given cannot be true (see `lake.plausible`).
IMPLAUSIBLE = "implausible"
#: How the time of a report came to be known, best first; `none` means that no time is known (and none is invented).
TIME_BASES = ("tag_block", "prefix", "gatehouse", "uscg", "vendor", "base_station", "none", IMPLAUSIBLE)


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: pa.DataType
    meaning: str
    types: str = ""  # message types that carry it; empty: all


COLUMNS: tuple[Column, ...] = (
    Column("type", pa.int8(), "message type 1–27 (0 or 28–63 where a sender sends them)"),
    Column("mmsi", pa.int32(), "user id as sent, 30 bits"),
    Column("repeat", pa.int8(), "repeat indicator 0–3"),
    Column("time", TIMESTAMP, "when the report was received, by `time_basis`; null if unknown"),
    Column("time_basis", pa.string(), "one of " + ", ".join(TIME_BASES)),
    Column("time_uncertainty_s", pa.float32(), "half-width of the time, seconds; null if unknown"),
    Column("station", pa.string(), "receiving station as named by the feed"),
    Column("source", pa.string(), "first 16 hex digits of the SHA-256 of the byte stream"),
    Column("spans", SPANS, "byte ranges in the source: each sentence, and its time line if that is apart"),
    Column("checksum_ok", pa.bool_(), "all sentence checksums right; null where none was sent (or none exists)"),
    Column(
        "payload_bits",
        pa.binary(),
        "the message's bits, packed, most significant first; zero-padded to a byte",
    ),
    Column("payload_bit_count", pa.int16(), "how many of these bits were sent"),
    Column("payload_key", pa.int64(), "64-bit FNV-1a of the bits and their count: equal for equal payloads"),
    Column("nav_status", pa.int8(), "0–15 as sent", "1 2 3 27"),
    Column("rot_raw", pa.int16(), "rate of turn −128…127 as sent", "1 2 3"),
    Column("rot_deg_per_min", pa.float32(), "rate of turn (raw/4.733)², null for −128 and ±127", "1 2 3"),
    Column("sog_knots", pa.float32(), "speed over ground", "1 2 3 9 18 19 27"),
    Column("lon", pa.float64(), "longitude, degrees east, WGS 84", "1 2 3 4 9 11 18 19 21 27"),
    Column("lat", pa.float64(), "latitude, degrees north, WGS 84", "1 2 3 4 9 11 18 19 21 27"),
    Column("cog_deg", pa.float32(), "course over ground", "1 2 3 9 18 19 27"),
    Column("heading_deg", pa.int16(), "true heading", "1 2 3 18 19"),
    Column("second", pa.int8(), "UTC second 0–59 of the position; null for 60–63", "1 2 3 9 18 19 21"),
    Column("accurate", pa.bool_(), "position accuracy better than 10 m, as sent", "1 2 3 4 9 11 18 19 21 27"),
    Column("raim", pa.bool_(), "RAIM in use", "1 2 3 4 9 11 18 19 21 27"),
    Column("maneuver", pa.int8(), "special manoeuvre indicator; null for 0", "1 2 3"),
    Column("radio", pa.int32(), "communication state, 19 or 20 bits as sent", "1 2 3 4 9 11 18"),
    Column("altitude_m", pa.int16(), "altitude", "9"),
    Column("altitude_barometric", pa.bool_(), "altitude sensor: barometric (else GNSS)", "9"),
    Column("assigned", pa.bool_(), "assigned mode", "9 18 19 21"),
    Column("dte", pa.bool_(), "data terminal not ready, as sent", "5 9 19"),
    Column("imo", pa.int32(), "IMO number as sent, null for 0", "5"),
    Column("ais_version", pa.int8(), "AIS version indicator", "5"),
    Column("callsign", pa.string(), "call sign", "5 24"),
    Column("name", pa.string(), "name, with the extension of type 21", "5 19 21 24"),
    Column("ship_type", pa.int16(), "0–255 as sent, never collapsed", "5 19 24"),
    Column("to_bow_m", pa.int16(), "reference point to bow", "5 19 21 24"),
    Column("to_stern_m", pa.int16(), "reference point to stern", "5 19 21 24"),
    Column("to_port_m", pa.int16(), "reference point to port side", "5 19 21 24"),
    Column("to_starboard_m", pa.int16(), "reference point to starboard side", "5 19 21 24"),
    Column("draught_m", pa.float32(), "present static draught, null for 0", "5"),
    Column("destination", pa.string(), "destination as typed", "5"),
    Column("eta", pa.string(), "MM-DDTHH:MM as sent (no year is sent), `--` for a part not given", "5"),
    Column("epfd", pa.int8(), "type of position-fixing device 0–15 as sent", "4 5 11 19 21 24"),
    Column("utc", TIMESTAMP, "the time the station reports of itself", "4 11"),
    Column("aid_type", pa.int8(), "type of aid to navigation 0–31", "21"),
    Column("off_position", pa.bool_(), "aid is off its position", "21"),
    Column("virtual", pa.bool_(), "virtual aid", "21"),
    Column("aid_status", pa.int16(), "aid status bits (regional), as sent", "21"),
    Column("part", pa.string(), "A or B", "24"),
    Column("vendor", pa.string(), "vendor id, 3 characters", "24"),
    Column("vendor_model", pa.int8(), "unit model code", "24"),
    Column("vendor_serial", pa.int32(), "unit serial number", "24"),
    Column("mothership_mmsi", pa.int32(), "mother ship of an auxiliary craft (98…)", "24"),
    Column(
        "class_b_flags",
        pa.int8(),
        "bits CS, display, DSC, band, message 22, mode, (RAIM apart), as sent",
        "18 19",
    ),
    Column("position_latency", pa.bool_(), "position is older than 5 s", "27"),
)

DECODED = pa.schema([pa.field(column.name, column.type) for column in COLUMNS])
