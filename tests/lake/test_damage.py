"""Damaged files of the lake: the reader names the file, and never reads over the damage."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from darkwake.errors import VerificationError
from darkwake.lake.store import Lake
from lake.test_store import an_import
from lakes import lake_at

ENTRIES = 5  # each adds a file; the table's log has one entry more


def _entry(number: int) -> str:
    return f"_delta_log/{number:020d}.json"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = lake_at(tmp_path)
    for _ in range(ENTRIES):
        with lake.write() as writer:
            rows = {"source": ["a" * 16] * 100, "offset": range(100), "length": [1] * 100, "reason": ["not_ais"] * 100}
            writer.put("rejects", pa.table(rows))
            writer.commit("import", an_import(100))
    return lake


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _garbled(path: Path) -> None:
    """The same size, other bytes: only what is inside tells."""
    path.write_bytes(bytes([255]) * path.stat().st_size)


def _page_garbled(path: Path) -> None:
    """The footer is whole, the pages are not."""
    data = path.read_bytes()
    path.write_bytes(data[:4] + bytes([255]) * 40 + data[44:])


def _no_action(path: Path) -> None:
    path.write_text('{"add": 5}\n', encoding="utf-8")


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("harm", [Path.unlink, _cut, _garbled, _page_garbled, _emptied])
def test_a_damaged_data_file_is_named(lake: Lake, harm: Callable[[Path], None]) -> None:
    snapshot = lake.snapshot()
    path = Path(snapshot.files("rejects")[2])
    assert snapshot.scan("rejects").num_rows == 100 * ENTRIES
    harm(path)
    reads: list[Callable[[], object]] = [
        lambda: snapshot.scan("rejects", ["offset", "reason", "length", "source"]),
        lambda: snapshot.partition_rows("rejects", snapshot.data_files("rejects")[2]),
        lambda: list(snapshot.batches("rejects", snapshot.data_files("rejects")[2:3], ["offset", "length", "source"])),
    ]
    for read in reads:
        with pytest.raises(VerificationError, match=r"parquet.*darkwake verify.*copy") as told:
            read()
        assert str(path) in str(told.value)
    assert snapshot.scan("rejects", **{"import": 2}).num_rows == 100


@pytest.mark.parametrize("harm", [Path.unlink, _cut, _garbled, _no_action, _emptied])
@pytest.mark.parametrize("number", [1, 3, ENTRIES])
def test_a_damaged_entry_of_the_log_is_named(lake: Lake, harm: Callable[[Path], None], number: int) -> None:
    harm(lake.root / "rejects" / _entry(number))
    with pytest.raises(VerificationError, match=rf"{number:020d}\.json.*darkwake verify"):
        lake.snapshot().rows("rejects")


def test_a_log_that_is_gone_is_named(lake: Lake) -> None:
    shutil.rmtree(lake.root / "rejects" / "_delta_log")
    with pytest.raises(VerificationError, match=r"rejects/_delta_log"):
        lake.snapshot().rows("rejects")
    shutil.rmtree(lake.root / "rejects")
    with pytest.raises(VerificationError, match=r"rejects/_delta_log"):
        lake.snapshot().rows("rejects")


def test_a_damaged_checkpoint_is_named(lake: Lake) -> None:
    log = lake.root / "rejects" / "_delta_log"
    checkpoint = log / f"{4:020d}.checkpoint.parquet"
    checkpoint.write_bytes(b"PAR1 no checkpoint PAR1")
    (log / "_last_checkpoint").write_text('{"version": 4, "size": 3}', encoding="utf-8")
    with pytest.raises(VerificationError, match=r"checkpoint.*00004\.checkpoint\.parquet"):
        lake.snapshot().rows("rejects")


def test_what_an_unfinished_write_left_of_the_log_is_no_damage(lake: Lake) -> None:
    _emptied(lake.root / "rejects" / _entry(ENTRIES + 1))
    assert lake.snapshot().rows("rejects") == 100 * ENTRIES


def test_an_error_that_no_file_explains_stays_what_it_is(lake: Lake) -> None:
    import pyarrow.compute as pc

    with pytest.raises(pa.ArrowInvalid):
        lake.snapshot().scan("rejects", ["nothing"], pc.field("nothing") == 1)
