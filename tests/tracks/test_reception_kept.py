"""Counts of reception that are kept: looked up where they fit, learned again wherever they do not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from darkwake import times, workspace
from darkwake.engine import open_engine
from darkwake.engine.base import Plan, Source
from darkwake.tracks import reception, reception_kept
from darkwake.workspace import Workspace


class Watched:
    """An engine that tells how often it ran."""

    def __init__(self) -> None:
        self.runs = 0

    def run(self, plans: Sequence[Plan], source: Source) -> dict[str, pa.Table]:
        self.runs += 1
        return open_engine().run(plans, source)


def feed(path: Path, ship: int, hours: int) -> Path:
    start = times.parse("2022-03-01")
    rows = [f"{299000001 + ship},{times.iso(start + k * times.HOUR_US // 4)},38.0,124.0" for k in range(4 * hours)]
    path.write_text("\n".join(["mmsi,time,lat,lon", *rows, ""]))
    return path


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with workspace.create(tmp_path / "w") as made:
        made.import_files([feed(tmp_path / f"{ship}.csv", ship, 30 + ship) for ship in range(4)])
        made.build_tracks()
        yield made


def kept(ws: Workspace) -> list[Path]:
    return sorted((ws.folder / "lake" / "cache").glob("*"))


def equal(one: Any, two: Any) -> bool:
    return bool(one.counts().equals(two.counts()))


def test_learned_once_and_looked_up_by_verdicts_and_runs_alike(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Watched()
    first = reception.model(ws.snapshot(), engine)
    assert [path.suffix for path in kept(ws)] == [".parquet"]
    assert equal(reception.model(ws.snapshot(), engine), first)
    assert engine.runs == 1
    monkeypatch.setattr(reception, "plan", lambda: pytest.fail("it was learned again"))
    ws.detect(["gap"])
    assert len(kept(ws)) == 1


def test_a_run_keeps_what_it_learned(ws: Workspace) -> None:
    ws.detect(["gap"])
    engine = Watched()
    (path,) = kept(ws)
    assert equal(reception.model(ws.snapshot(), engine), reception.ReceptionModel.from_counts(pq.read_table(path)))
    assert engine.runs == 0


def test_other_tracks_are_learned_from_anew_and_the_earlier_ones_are_still_known(ws: Workspace, tmp_path: Path) -> None:
    engine = Watched()
    before = ws.snapshot()
    old = reception.model(before, engine)
    ws.import_files([feed(tmp_path / "more.csv", 9, 20)])
    ws.build_tracks()
    new = reception.model(ws.snapshot(), engine)
    assert (engine.runs, equal(old, new)) == (2, False)
    assert equal(reception.model(before, engine), old)
    assert engine.runs == 2


def test_what_is_damaged_foreign_or_of_another_version_is_learned_again(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Watched()
    model = reception.model(ws.snapshot(), engine)
    (path,) = kept(ws)
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 3] ^= 1
    for number, data in enumerate((b"", whole[: len(whole) // 2], b"not parquet", bytes(flipped))):
        path.write_bytes(data)
        assert equal(reception.model(ws.snapshot(), engine), model)
        assert engine.runs == number + 2
        assert path.read_bytes() == whole
    pq.write_table(pq.read_table(path).replace_schema_metadata({b"darkwake.learned_from": b"other"}), path)
    assert equal(reception.model(ws.snapshot(), engine), model)
    assert engine.runs == 6
    monkeypatch.setattr(reception, "VERSION", "0")
    reception.model(ws.snapshot(), engine)
    assert (engine.runs, len(kept(ws))) == (7, 2)


def test_where_nothing_can_be_kept_it_is_learned_and_nothing_fails(ws: Workspace) -> None:
    (ws.folder / "lake" / "cache").write_text("a file where the folder should be")
    engine = Watched()
    for runs in (1, 2):
        assert reception.model(ws.snapshot(), engine).counts().num_rows
        assert engine.runs == runs


def test_only_so_many_are_kept(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reception_kept, "_KEPT", 2)
    for version in range(4):
        monkeypatch.setattr(reception, "VERSION", str(version))
        reception.model(ws.snapshot(), open_engine())
    assert len(kept(ws)) == 2
