"""Vessels as far as broadcast identity goes: which MMSIs a reference stands for, and who sent what.

Who a hull is, over the years and under several names, is for people to decide; here stands only what was sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from darkwake.errors import AmbiguousError, NotFoundError, UsageError
from darkwake.lake.store import Snapshot
from darkwake.rows import jsonable

_NUMBER = re.compile(r"^[0-9]{1,9}$")


@dataclass(frozen=True, slots=True)
class VesselQuery:
    """What a vessel reference of the outer contract asks for, as far as broadcast identity can answer it."""

    field: str  # mmsi | imo | callsign | name
    value: str

    @classmethod
    def parse(cls, text: str) -> VesselQuery:
        field, colon, value = text.partition(":")
        if not colon:
            field, value = ("mmsi", text) if text.isdigit() and len(text) == 9 else ("name", text)
        field, value = field.strip().lower(), value.strip().strip('"')
        if field not in ("mmsi", "imo", "callsign", "name") or not value:
            raise UsageError(
                f"not a vessel reference: {text!r}",
                expected='imo:1234567, mmsi:299000001, callsign:SIM01 or name:"SIM AURORA"',
            )
        if field in ("mmsi", "imo") and not _NUMBER.match(value):
            raise UsageError(f"not a number: {value!r}", expected=f"at most 9 digits after {field}:")
        return cls(field, value)


def mmsis(snapshot: Snapshot, ref: str) -> list[int]:
    """The MMSIs that a vessel reference stands for in what was broadcast."""
    wanted = VesselQuery.parse(ref)
    if wanted.field == "mmsi":
        mmsi = int(wanted.value)
        for table in ("segments", "statics"):
            if snapshot.of_vessel(table, mmsi, ["mmsi"]).num_rows:
                return [mmsi]
        from darkwake.tracks.left_out import without_track

        told = without_track(snapshot, mmsi)
        if told is not None:
            raise NotFoundError(told, do="Its messages are in the table reports; see docs/methods/segmentation.md.")
        raise NotFoundError(f"nothing was sent under MMSI {mmsi}", do="Try: darkwake vessel search")
    if wanted.field == "imo":
        where = pc.field("imo") == int(wanted.value)
    else:
        where = pc.field(wanted.field) == wanted.value.upper()
    found = pc.unique(snapshot.scan("statics", ["mmsi"], where)["mmsi"]).to_pylist()
    if not found:
        raise NotFoundError(f"nothing sent {wanted.field} {wanted.value!r}", do="Try: darkwake vessel search TEXT")
    return sorted(found)


def only_mmsi(snapshot: Snapshot, ref: str) -> int:
    """The one MMSI of a reference. Several are an AmbiguousError that lists them."""
    found = mmsis(snapshot, ref)
    if len(found) > 1:
        raise AmbiguousError(f"{ref} was sent under several MMSIs", [f"mmsi:{mmsi:09d}" for mmsi in found])
    return found[0]


def search(snapshot: Snapshot, text: str) -> list[dict[str, Any]]:
    """Broadcast identities that contain `text`, each with its MMSI and the time over which it was sent."""
    needle = text.strip().upper().removeprefix("IMO").strip()
    if not needle:
        raise UsageError("nothing to search for", expected="a part of a name, MMSI, IMO number or call sign")
    statics = snapshot.scan("statics", ["mmsi", "time", "imo", "callsign", "name"])
    matches = [
        pc.match_substring(pc.fill_null(pc.cast(statics[name], pa.string()), ""), needle)
        for name in ("mmsi", "imo", "callsign", "name")
    ]
    wanted = matches[0]
    for match in matches[1:]:
        wanted = pc.or_(wanted, match)
    groups = statics.filter(wanted).group_by(["mmsi", "imo", "callsign", "name"])
    found = groups.aggregate([("time", "min"), ("time", "max"), ("time", "count")]).to_pylist()
    rows = [
        {
            "mmsi": row["mmsi"],
            "name": row["name"],
            "imo": row["imo"],
            "callsign": row["callsign"],
            "first_sent": jsonable(row["time_min"]),
            "last_sent": jsonable(row["time_max"]),
            "messages": row["time_count"],
        }
        for row in found
    ]
    if needle.isdigit() and not rows:  # an MMSI that never sent its name
        segments = snapshot.scan("segments", ["mmsi"])["mmsi"]
        for mmsi in sorted(m for m in pc.unique(segments).to_pylist() if needle in str(m)):
            rows.append({"mmsi": mmsi, "name": None, "imo": None, "callsign": None})
    return sorted(rows, key=lambda row: (row["mmsi"], row.get("first_sent") or ""))
