"""The store against kills: at every write step, either the old state or the new, and the same end."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

from darkwake.errors import DarkwakeError
from darkwake.lake.digest import digests
from darkwake.lake.failpoints import STEPS
from darkwake.lake.store import Lake
from darkwake.ledger import tables as ledger


def lake_at(folder: str | Path) -> Lake:
    engine = sa.create_engine(f"sqlite:///{folder}/l.sqlite")
    ledger.METADATA.create_all(engine)
    return Lake(Path(folder) / "lake", engine)


def rejects(source: str, count: int) -> pa.Table:
    return pa.table(
        {
            "source": [source] * count,
            "offset": pa.array(range(count), pa.int64()),
            "length": pa.array([1] * count, pa.int64()),
            "reason": ["not_ais"] * count,
        }
    )


def put(lake: Lake, count: int) -> None:
    """One entry: `count` rows, and away with what the entry before put there."""
    with lake.write() as writer:
        for file in writer.base.data_files("rejects", **{"import": writer.number - 2}):
            writer.remove("rejects", file)
        writer.put("rejects", rejects("a" * 16, count), **{"import": writer.number})
        writer.put("rejects", rejects("b" * 16, count), **{"import": writer.number})
        writer.commit("import", {"rows": count})


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
        writer.put("rejects", rejects("c" * 16, 4), **{"import": writer.number})
    assert lake.snapshot().rows("rejects") == 6
    put(lake, 5)
    assert lake.snapshot().rows("rejects") == 16


def test_only_one_writes_at_a_time(tmp_path: Path) -> None:
    lake = lake_at(tmp_path)
    with lake.write(), pytest.raises(DarkwakeError, match=f"pid {os.getpid()}"), lake_at(tmp_path).write():
        pass


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
    on_disk = {path.name for path in (tmp_path / "killed" / "lake").rglob("*.parquet")}
    assert on_disk == {path.name for path in (tmp_path / "undisturbed" / "lake").rglob("*.parquet")}


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _put_in_a_process(folder: Path, count: int, failpoint: str | None = None) -> subprocess.CompletedProcess[str]:
    code = "import sys; from lake.test_store import lake_at, put; put(lake_at(sys.argv[1]), int(sys.argv[2]))"
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

    for what in ("darkwake.lake.tables.FileWriter.close", "darkwake.lake.tables.commit", "darkwake.times.now"):
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
        writer.put("rejects", rejects("c" * 16, 4), **{"import": writer.number})
        begun = writer.file("rejects", **{"import": writer.number})
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
    assert written | {path.parent for path in written} | {lake.root / "rejects"} <= synced
