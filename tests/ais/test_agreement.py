"""Field by field against pyais on real logs. What differs stands in docs/reference/decoding.md, with the reason."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pyais import decode as decode_by_pyais
from pyais.exceptions import AISBaseException

from darkwake import ais
from darkwake.streams import sources_of
from support import shared_data

FILES = (
    "aishub/nmea-sample.txt.gz", "australia/ais.txt.gz", "australia/exact-earth-augmented.txt",
    "australia/exact-earth-with-tag-block.txt", "australia/nmea-timestamped.txt", "denmark/212123000_drift_1.ais.gz",
    "denmark/219165000_ssc_1.ais.gz", "denmark/538004030_drift_1.ais.gz", "denmark/ais-sample.txt.gz",
    "denmark/replay_dump.txt", "denmark/stream_example.txt", "satellite/test_data_20211101.nm4",
    "vernon/ais_vernon_20160331.log.gz", "vernon/ais_vernon_20160404.log.gz", "vernon/caribbean_2017.log.gz",
)  # fmt: skip
PER_FILE = 1500  # messages compared: pyais is slow
SAME = {
    "msg_type": "type", "mmsi": "mmsi", "repeat": "repeat", "lon": "lon", "lat": "lat", "speed": "sog_knots",
    "course": "cog_deg", "heading": "heading_deg", "second": "second", "status": "nav_status", "imo": "imo",
    "accuracy": "accurate", "raim": "raim", "to_bow": "to_bow_m", "to_stern": "to_stern_m", "to_port": "to_port_m",
    "to_starboard": "to_starboard_m", "draught": "draught_m", "shipname": "name", "callsign": "callsign",
    "destination": "destination", "epfd": "epfd", "aid_type": "aid_type", "dte": "dte",
}  # fmt: skip
MISSING = {
    "lon": (181.0,), "lat": (91.0,), "sog_knots": (102.3, 1023.0), "cog_deg": (360.0,), "heading_deg": (511,),
    "second": (60, 61, 62, 63), "imo": (0,), "draught_m": (0.0,),
}  # fmt: skip
_OTHER = {(4, "second"), (11, "second")}  # part of their time, ours is `utc`
TEXTS = ("name", "callsign", "destination")
WHOLE = {5: 420, 19: 312, 21: 272, 27: 96}  # bits; pyais reads on where a message was cut off
TYPES = (1, 2, 3, 4, 5, 9, 11, 18, 19, 21, 24, 27)


def want(ours: str, theirs: dict[str, Any], name: str) -> Any:
    value = theirs[name]
    if theirs["msg_type"] == 27 and ours in ("sog_knots", "cog_deg"):
        return None if value in (63, 511) else value
    if ours.startswith("to_") and not any(theirs[f"to_{side}"] for side in ("bow", "stern", "port", "starboard")):
        return None
    if ours in TEXTS:
        return (value or "").partition("@")[0].strip() or None  # they strip leading blanks and read on behind '@'
    return None if value in MISSING.get(ours, ()) else value


@pytest.mark.shared
@pytest.mark.parametrize("name", FILES)
def test_pyais_agrees(name: str) -> None:
    path = shared_data(f"nmea/{name}")
    (source,) = sources_of(path)
    table = ais.decode(path)
    with source.open() as reader:
        data = reader.read()
    compared = 0
    for row in table.slice(0, PER_FILE).to_pylist():
        whole = {n: v for n, v in row.items() if v is not None}
        if row["type"] not in TYPES or row["payload_bit_count"] < WHOLE.get(row["type"], 160):
            continue
        parts = []
        for span in row["spans"]:
            line = data[span["offset"] : span["offset"] + span["length"]]
            if b"VD" in line:
                parts.append(line[line.index(b"!") :].split(b"*")[0] + b"*" + line[line.rindex(b"*") + 1 :][:2])
        try:
            theirs = decode_by_pyais(*sorted(parts, key=lambda part: part.split(b",")[2])).asdict(enum_as_int=True)
        except AISBaseException:
            continue
        for key, ours in SAME.items():
            if key not in theirs or theirs[key] is None or (row["type"], key) in _OTHER:
                continue
            expected, found = want(ours, theirs, key), whole.get(ours)
            found = found.strip() if ours in TEXTS and found else found
            if isinstance(expected, float) and found is not None:
                assert math.isclose(found, expected, abs_tol=2e-4), (key, row, theirs)
            else:
                assert found == expected, (key, row, theirs)
            compared += 1
    assert compared > 100


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "messages", "bases"),
    [
        ("aishub/nmea-sample.txt.gz", 82758, {"base_station", "none"}),
        ("denmark/stream_example.txt", 4051, {"gatehouse"}),
        ("satellite/test_data_20211101.nm4", 979, {"tag_block"}),
        ("vernon/ais_vernon_20160331.log.gz", 56763, {"prefix"}),
        ("australia/exact-earth-augmented.txt", 3968, {"gatehouse", "uscg"}),
    ],
)
def test_what_real_logs_give(name: str, messages: int, bases: set[str]) -> None:
    table = ais.decode(shared_data(f"nmea/{name}"))
    assert table.num_rows == messages
    assert set(table["time_basis"].unique().to_pylist()) == bases
