"""Rows and files of the lake that were changed by hand are found and named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from darkwake.lake import verify
from darkwake.lake.imports import import_files
from darkwake.lake.store import Lake
from darkwake.tracks.update import update
from lake.test_imports import GOOD, put
from lakes import lake_at

BAD = b"not a radio sentence\r\n"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Two imports, the first of two files, and their tracks."""
    found = lake_at(tmp_path)
    import_files(found, [put(tmp_path, "a.nmea", GOOD + BAD), put(tmp_path, "b.nmea", GOOD[3:] + BAD)])
    update(found)
    import_files(found, [put(tmp_path, "c.nmea", GOOD + b"\n")])
    update(found)
    return found


def findings(lake: Lake) -> list[tuple[int | None, str, str]]:
    return [(found.entry, found.what, found.where) for found in verify.check(lake)]


def file_of(lake: Lake, table: str, number: int) -> Path:
    """A file that an entry wrote."""
    write_id = lake.ledger.entry(number).write_id
    return next((lake.root / table).rglob(f"{write_id}-*.parquet"))


def test_an_untouched_lake_verifies(lake: Lake) -> None:
    assert findings(lake) == []
    assert verify.not_covered(lake) == []


@pytest.mark.parametrize(
    ("table", "number", "column"), [("reports", 1, "mmsi"), ("tracks", 2, "lat"), ("rejects", 1, "length")]
)
def test_a_changed_value_is_found(lake: Lake, table: str, number: int, column: str) -> None:
    path = file_of(lake, table, number)
    rows = pq.ParquetFile(path).read()
    at = rows.schema.get_field_index(column)
    values = rows[column].to_pylist()
    values[0] += 1
    pq.write_table(rows.set_column(at, rows.schema.field(at), pa.array(values, rows.schema.field(at).type)), path)
    (found,) = findings(lake)
    assert found[0] == number
    assert path.name in found[2]
    assert table in found[1]


def test_another_encoding_of_the_same_rows_is_no_change(lake: Lake) -> None:
    for path in lake.root.rglob("*.parquet"):
        pq.write_table(pq.ParquetFile(path).read(), path, row_group_size=1, compression="gzip")
    assert findings(lake) == []


def test_a_row_less_and_a_cut_file_are_found(lake: Lake) -> None:
    path = file_of(lake, "reports", 3)
    rows = pq.ParquetFile(path).read()
    pq.write_table(rows.slice(1), path)
    (found,) = findings(lake)
    assert found[0] == 3
    assert "of source" in found[1]
    path.write_bytes(path.read_bytes()[:-20])
    (found,) = findings(lake)
    assert found == (3, found[1], f"reports/import=3/{path.name}")
    assert "cannot be read" in found[1]
    path.unlink()
    (found,) = findings(lake)
    assert found[0] == 3


def test_writes_beyond_an_older_copy_of_the_database_are_told_of_and_set_back_by_the_next(tmp_path: Path) -> None:
    lake = lake_at(tmp_path)
    import_files(lake, [put(tmp_path, "a.nmea", GOOD)])
    lake.ledger.engine.dispose()
    shutil.copy(tmp_path / "darkwake.sqlite", tmp_path / "old.sqlite")
    import_files(lake, [put(tmp_path, "b.nmea", GOOD + b"\n")])
    lake.ledger.engine.dispose()
    for path in tmp_path.glob("darkwake.sqlite*"):
        path.unlink()
    shutil.copy(tmp_path / "old.sqlite", tmp_path / "darkwake.sqlite")
    old = lake_at(tmp_path)
    assert verify.ahead(old) == ["reports"]
    assert findings(old) == []
    assert import_files(old, [tmp_path / "b.nmea"]).number == 2
    assert verify.ahead(old) == []
    assert findings(old) == []
    assert old.snapshot().rows("reports") == 6
