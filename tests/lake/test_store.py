"""The store against kills: at every write step, either the old state or the new, and the same end."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

from darkwake.errors import DarkwakeError, SourceUnavailableError
from darkwake.failpoints import STEPS
from darkwake.lake.digest import digests
from darkwake.lake.store import Lake, Moved, Writer
from darkwake.ledger.details import Import
from darkwake.ledger.engines import writing
from darkwake.ledger.tables import LEASES
from lakes import lake_at


def rejects(source: str, count: int) -> pa.Table:
    return pa.table(
        {
            "source": [source] * count,
            "offset": pa.array(range(count), pa.int64()),
            "length": pa.array([1] * count, pa.int64()),
            "reason": ["not_ais"] * count,
        }
    )


def put(lake: Lake, count: int, *, replacing: bool = True) -> None:
    """One entry: `count` rows of each of two sources, and away with what the entry before the last put there."""
    with lake.write() as writer:
        for file in [] if not replacing else writer.base.data_files("rejects", **{"import": writer.base.number - 1}):
            writer.remove("rejects", file)
        add(writer, "a", count)
        add(writer, "b", count)
        writer.commit("import", an_import(count))


def write(lake: Lake, count: int) -> None:
    with lake.write() as writer:
        add(writer, "c", count)
        writer.commit("import", an_import(count))


def add(writer: Writer, source: str, count: int) -> None:
    file = writer.file("rejects")
    file.write(rejects(source * 16, count))
    writer.add("rejects", file)


def an_import(count: int) -> Import:
    return Import(1, count, 0, 0, 0, 0, {"not_ais": count})


def test_a_snapshot_reads_what_was_recorded_up_to_its_number(tmp_path: Path) -> None:
    lake = lake_at(tmp_path)
    for count in (3, 5, 7):
        put(lake, count)
    assert [lake.snapshot(number).rows("rejects") for number in (0, 1, 2, 3)] == [0, 6, 16, 24]
    assert lake.snapshot().scan("rejects", ["import"])["import"].unique().to_pylist() == [2, 3]
    assert lake.snapshot("2999-01-01").number == 3
    assert lake.snapshot("1999-01-01").number == 0


def test_what_was_not_committed_is_not_there(tmp_path: Path) -> None:
    lake = lake_at(tmp_path)
    put(lake, 3)
    with lake.write() as writer:
        writer.put("rejects", rejects("c" * 16, 4))
    assert lake.snapshot().rows("rejects") == 6
    put(lake, 5)
    assert lake.snapshot().rows("rejects") == 16


def test_two_write_at_once_and_take_their_numbers_in_the_order_of_their_commits(tmp_path: Path) -> None:
    first, second = lake_at(tmp_path), lake_at(tmp_path)
    with first.write() as slow:
        add(slow, "a", 3)
        put(second, 5)
        assert slow.commit("import", an_import(3)).number == 2
    assert [first.snapshot(number).rows("rejects") for number in (0, 1, 2)] == [0, 10, 13]


def test_a_write_whose_ground_moved_is_not_committed(tmp_path: Path) -> None:
    first, second = lake_at(tmp_path), lake_at(tmp_path)
    with first.write() as slow:
        put(second, 5)
        with pytest.raises(Moved, match="entries 1"):
            slow.commit("import", an_import(0), moved=lambda news: [entry.number for entry in news] == [1])
    assert first.snapshot().number == 1


def test_a_write_that_outlived_its_lease_records_nothing(tmp_path: Path) -> None:
    lake = lake_at(tmp_path)
    with lake.write() as writer:
        add(writer, "a", 3)
        with writing(lake.ledger.engine) as connection:
            connection.execute(sa.update(LEASES).values(expires_at=0))
        put(lake_at(tmp_path), 5)  # sweeps
        with pytest.raises(DarkwakeError, match="lease"):
            writer.commit("import", an_import(0))
    assert lake.snapshot().number == 1


def test_an_old_copy_of_the_lake_is_not_written_to(tmp_path: Path) -> None:
    lake = lake_at(tmp_path)
    put(lake, 3)
    shutil.copytree(tmp_path / "lake", tmp_path / "copy")
    put(lake, 5)
    old = Lake(tmp_path / "copy", lake.ledger)
    before = sorted(path.name for path in (tmp_path / "copy").rglob("*.parquet"))
    with pytest.raises(SourceUnavailableError, match="old copy"):
        write(old, 7)
    assert sorted(path.name for path in (tmp_path / "copy").rglob("*.parquet")) == before
    assert lake.snapshot().number == 2


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_leaves_the_old_or_the_new_state_and_the_same_end(tmp_path: Path, step: str) -> None:
    undisturbed = lake_at(_folder(tmp_path / "undisturbed"))
    for count in (3, 5, 7):
        put(undisturbed, count)
    lake = lake_at(_folder(tmp_path / "killed"))
    put(lake, 3)
    killed = _put_in_a_process(tmp_path / "killed", 5, failpoint=step)
    assert killed.returncode == -9, killed.stderr
    number = lake.snapshot().number
    assert number == (2 if step == "after_sql" else 1)
    assert digests(lake.snapshot()) == digests(undisturbed.snapshot(number))
    for count in (5, 7)[number - 1 :]:
        assert _put_in_a_process(tmp_path / "killed", count).returncode == 0
    assert digests(lake.snapshot()) == digests(undisturbed.snapshot())
    killed_files, others = (files(tmp_path / name / "lake") for name in ("killed", "undisturbed"))
    assert killed_files == others


def files(lake: Path) -> Counter[Path]:
    """How many Parquet files each folder holds: their names are random."""
    return Counter(path.parent.relative_to(lake) for path in lake.rglob("*.parquet"))


@pytest.mark.parametrize("acknowledged", [0, 1])
def test_half_a_log_entry_that_was_never_acknowledged_keeps_nobody_from_writing(
    tmp_path: Path, acknowledged: int
) -> None:
    """A power cut within a commit can leave the entry of Delta's log as garbage."""
    lake = lake_at(tmp_path)
    for _ in range(acknowledged):
        write(lake, 3)
    assert _put_in_a_process(tmp_path, 5, failpoint="delta_committed").returncode == -9
    newest = max((lake.root / "rejects" / "_delta_log").glob("*.json"))
    newest.write_bytes(newest.read_bytes()[:40])
    write(lake, 7)
    assert lake.snapshot().rows("rejects") == 3 * acknowledged + 7


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _put_in_a_process(folder: Path, count: int, failpoint: str | None = None) -> subprocess.CompletedProcess[str]:
    code = (
        "import sys; from lakes import lake_at; from lake.test_store import put\n"
        "put(lake_at(sys.argv[1]), int(sys.argv[2]))"
    )
    root = Path(__file__).parent.parent
    environment = {**os.environ, "PYTHONPATH": f"{root.parent / 'src'}{os.pathsep}{root}"}
    if failpoint:
        environment["DARKWAKE_FAILPOINT"] = failpoint
    return subprocess.run(
        [sys.executable, "-c", code, str(folder), str(count)],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_a_full_disk_leaves_nothing_behind_and_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = lake_at(tmp_path)
    put(lake, 3)
    before = sorted(path.name for path in tmp_path.rglob("*.parquet"))

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for what in ("darkwake.lake.tables.FileWriter.close", "darkwake.lake.tables.commit", "darkwake.ledger.chain.link"):
        with monkeypatch.context() as patched:
            patched.setattr(what, full)
            with pytest.raises(DarkwakeError, match=r"no space is left; in .* Free some space"):
                put(lake, 5)
        assert sorted(path.name for path in tmp_path.rglob("*.parquet")) == before, what
        assert lake.snapshot().number == 1
    put(lake, 5)
    assert lake.snapshot().rows("rejects") == 16


def test_any_error_in_the_middle_of_a_write_leaves_nothing_behind(tmp_path: Path) -> None:
    lake = lake_at(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        interrupted(lake)
    assert list(tmp_path.rglob("*.parquet")) == []


def interrupted(lake: Lake) -> None:
    with lake.write() as writer:
        writer.put("rejects", rejects("c" * 16, 4))
        begun = writer.file("rejects")
        begun.write(rejects("c" * 16, 4))
        raise KeyboardInterrupt


def test_what_a_commit_wrote_is_synced_before_the_ledger_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut keeps only what was synced: bytes of files, and names in the folders that hold them."""
    lake = lake_at(tmp_path)
    put(lake, 3)
    before = {path for path in lake.root.rglob("*") if path.is_file()}
    synced: set[Path] = set()
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        synced.add(Path(os.readlink(f"/proc/self/fd/{descriptor}")))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    put(lake, 5)
    monkeypatch.undo()
    written = {path for path in lake.root.rglob("*") if path.is_file()} - before
    assert {path.suffix for path in written} == {".parquet", ".json"}
    assert {path.name for path in written} <= {path.name for path in synced}  # files are moved once they are synced
    assert {path.parent for path in written} | {lake.root / "rejects"} <= synced
