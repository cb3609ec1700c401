from __future__ import annotations

from pathlib import Path

import pytest

from darkwake import times
from darkwake.lake.imports import import_files
from darkwake.lake.store import Lake
from darkwake.tracks.left_out import left_out, without_track
from darkwake.tracks.update import update
from lakes import lake_at

ROWS = """mmsi,time,lat,lon
299000001,2026-01-05T00:00:00Z,38.0,124
299000001,2026-01-05T00:10:00Z,38.0,124
299000001,2026-01-05T00:20:00Z,95.0,124
299000001,2026-01-05T00:30:00Z,91.0,181
299000001,2026-01-05T02:30:00Z,,
299000001,1970-01-01T00:00:00Z,38.0,124
299000001,2999-01-01T00:00:00Z,38.0,124
299000001,,38.0,124
299000002,2026-01-05T00:20:00Z,95.0,124
"""


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    made = lake_at(tmp_path)
    (tmp_path / "t.csv").write_text(ROWS)
    imported = import_files(made, [tmp_path / "t.csv"])
    assert imported.counts.implausible_time == 2
    update(made)
    return made


def test_reports_that_a_track_does_not_show_are_counted_by_their_reason(lake: Lake) -> None:
    found = left_out(lake.snapshot(), [299000001])
    assert found == {
        "no known time": 1,
        "a time that cannot be true": 2,
        "no position (sent as not available)": 2,
        "a position off the globe": 1,
    }
    early = left_out(lake.snapshot(), [299000001], until=times.parse("2026-01-05T02:00:00Z"))
    assert early["no position (sent as not available)"] == 1


def test_one_bad_cell_makes_no_silence_of_decades(lake: Lake) -> None:
    (segment,) = [row for row in lake.snapshot().scan("segments").to_pylist() if row["mmsi"] == 299000001]
    assert [segment[side].year for side in ("start", "end")] == [2026, 2026]
    assert segment["positions"] == 2
    kept = lake.snapshot().scan("reports", ["time", "time_basis"]).to_pylist()
    assert [row["time"].year for row in kept if row["time_basis"] == "implausible"] == [1970, 2999]


def test_a_number_without_a_track_is_told_of_by_what_it_sent_and_why_it_has_none(lake: Lake, tmp_path: Path) -> None:
    aid = "992991811,2026-01-05T00:20:00Z,38.0,124,21\n992991811,2026-01-05T00:23:00Z,38.0,124,21\n"
    (tmp_path / "aid.csv").write_text("mmsi,time,lat,lon,type\n" + aid)
    import_files(lake, [tmp_path / "aid.csv"])
    told = without_track(lake.snapshot(), 992991811)
    assert told is not None
    assert "MMSI 992991811 (2 of type 21, aid to navigation)" in told
    assert "not to ships" in told
    assert "1 with a position off the globe" in str(without_track(lake.snapshot(), 299000002))
    assert without_track(lake.snapshot(), 299000003) is None
