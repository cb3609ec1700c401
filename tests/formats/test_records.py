from __future__ import annotations

import json

import pytest

from darkwake.errors import InputRejectedError
from darkwake.formats import read
from darkwake.formats.scan import MAX_ROW
from formats.reading import Reading
from support import shared_data

GOOD = '{"mmsi": 299000001, "time": "2019-02-01T06:00:00Z", "lon": 124.5, "lat": 38.1}'


def test_bad_lines_cost_themselves() -> None:
    bad = {
        "{not json": "not_json",
        "[1, 2]": "not_an_object",
        '{"mmsi": "SIM", "time": "2019-02-01T06:00:00Z"}': "bad_mmsi",
        '{"time": "2019-02-01T06:00:00Z"}': "mmsi_missing",
        '{"mmsi": 1, "lon": true}': "bad_lon",
        '{"mmsi": ' + "9" * 5000 + "}": "not_json",
        "[" * 100_000: "not_json",
        "[" * 5_000 + "]" * 5_000: "not_json",
        '{"mmsi": 299000001, "lon": 1, "lat": 1, "mmsi": 299000002}': "duplicate_key",
        '{"mmsi": 299000001, "at": {"lon": 1, "lon": 2}}': "duplicate_key",
    }
    data = "\r\n".join([GOOD, *bad, "", GOOD.replace("124.5", "NaN")]).encode()
    got = Reading(data, "jsonl")
    assert got.column("lon") == [124.5, None]
    assert {d.decode(): r["reason"] for d, r in zip(got.rejected_bytes(), got.rejects, strict=True)} == bad
    assert got.bytes_of(0) == GOOD.encode()


def test_members_of_objects_and_late_optional_ones() -> None:
    mapping = """
        [time]
        column = "t"
        format = "epoch_ms"
        [columns]
        mmsi = "ship.id"
        lon = "at.x"
        lat = "at.y"
        name = { column = "ship.name", optional = true }
    """
    rows = [{"t": 1549000800250, "ship": {"id": 299000001}, "at": {"x": 1, "y": 2}}]
    rows.append({"t": 1549000800, "ship": {"id": 299000002, "name": "SIM \ud800 B"}, "at": {"x": 1e300, "y": 2}})
    rows.append({"t": -1000, "ship": {"id": 299000002, "name": "SIM \ud800 B"}, "at": {"x": None, "y": 2}})
    got = Reading("\n".join(map(json.dumps, rows)).encode(), "jsonl", mapping)
    assert got.reasons == {"bad_lon": 1}
    assert got.column("name") == [None, "SIM ? B"]
    assert [moment.isoformat() for moment in got.column("time")] == [
        "2019-02-01T06:00:00.250000+00:00",
        "1969-12-31T23:59:59+00:00",
    ]


def test_wide_text_and_lines_too_long_keep_their_places() -> None:
    text = "\n".join((GOOD, '{"x": "' + "é" * (3 * MAX_ROW) + '"}', GOOD.replace("38.1", "38.2"), ""))
    for encoding in ("utf-8", "utf-16-le"):
        data = text.encode(encoding)
        got = Reading(data, "jsonl")
        assert got.column("lat") == [38.1, 38.2]
        assert got.bytes_of(1).decode(encoding) == GOOD.replace("38.1", "38.2")
        assert got.reasons == {"line_too_long": 1}
        assert got.rejected_bytes()[0] == text.split("\n")[1].encode(encoding)


def test_no_record_at_all() -> None:
    with pytest.raises(InputRejectedError, match="no records"):
        Reading(b"\n\n", "jsonl")
    with pytest.raises(InputRejectedError, match=r"no record could be read \(not_json; 2 in all\)"):
        Reading(b"x\ny\n", "jsonl")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "rows"), [("263576000.json.gz", 948), ("416000000.json.gz", 1668), ("segmented-416000000.json.gz", 1668)]
)
def test_real_json_lines(name: str, rows: int) -> None:
    batches = list(read(shared_data(f"anomaly/shared_mmsi/{name}")))
    assert sum(batch.messages.num_rows for batch in batches) == rows
    assert sum(batch.rejects.num_rows for batch in batches) == 0
