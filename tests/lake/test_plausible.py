from __future__ import annotations

import datetime as dt

import pyarrow as pa

from darkwake import times
from darkwake.ais.schema import TIMESTAMP
from darkwake.lake.plausible import flag

IMPORTED = times.parse("2026-11-23T16:00:00Z")


def test_times_before_ais_and_after_the_import_are_flagged_and_kept() -> None:
    moments = [None, "1989-12-31T23:59:59Z", "1990-01-01", "2026-11-25T23:59:59Z", "2026-11-26"]
    column = pa.array([None if text is None else times.parse(text) for text in moments], TIMESTAMP)
    rows = pa.record_batch({"time": column, "time_basis": ["none", *["vendor"] * 4]})
    flagged, number = flag(rows, IMPORTED)
    assert number == 2
    assert flagged["time_basis"].to_pylist() == ["none", "implausible", "vendor", "vendor", "implausible"]
    assert flagged["time"].to_pylist()[1] == dt.datetime(1989, 12, 31, 23, 59, 59, tzinfo=dt.UTC)


def test_what_is_plausible_is_left_alone() -> None:
    rows = pa.record_batch({"time": pa.array([IMPORTED], TIMESTAMP), "time_basis": ["vendor"]})
    assert flag(rows, IMPORTED)[0].to_batches()[0].equals(rows)
