from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc
import pytest

from darkwake.lake.held import HeldSnapshot
from darkwake.lake.store import Snapshot
from lake.test_store import put
from lakes import lake_at


def test_the_same_scan_is_read_once_and_another_is_not_taken_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = lake_at(tmp_path)
    put(lake, 40)
    reads: list[str] = []
    real = Snapshot.scan
    monkeypatch.setattr(Snapshot, "scan", lambda self, table, *given, **more: (
        reads.append(table), real(self, table, *given, **more))[1])  # fmt: skip
    held, plain = HeldSnapshot(lake, 1), lake.snapshot(1)
    first, other = (pc.field("offset").isin([*range(15), n, *range(20, 35)]) for n in (16, 17))
    assert str(first) == str(other)  # long lists are cut short
    for where in (first, other, pc.field("offset").isin([*range(15), 16, *range(20, 35)])):
        assert held.scan("rejects", ["offset"], where).equals(real(plain, "rejects", ["offset"], where))
    assert len(reads) == 2
    held.scan("rejects", ["offset"])
    held.scan("rejects", ["offset"], **{"import": 1})
    held.scan("rejects", ["offset"])
    assert len(reads) == 4


def test_no_more_is_kept_than_there_is_room_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = lake_at(tmp_path)
    put(lake, 40)
    size = lake.snapshot().scan("rejects", ["offset"]).nbytes
    held = HeldSnapshot(lake, 1, size)
    once, more = held.scan("rejects", ["offset"]), held.scan("rejects", ["offset", "reason"])
    assert more.num_rows == once.num_rows == held.scan("rejects", ["offset"]).num_rows
    assert held.scan("rejects", ["offset"]) is held.scan("rejects", ["offset"])
