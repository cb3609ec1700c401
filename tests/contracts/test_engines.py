"""Every registered detector gives the same events, id for id, on both engines. Spark runs in `local-cluster` mode, so
that the code really travels to other processes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from darkwake.engine import open_engine
from darkwake.events import registry, store
from darkwake.events.base import Context, Event
from darkwake.geo.coast import Coast
from darkwake.lake import ledger
from darkwake.lake.imports import import_files
from darkwake.lake.store import Lake, Snapshot, data_span
from darkwake.places import Gazetteer
from darkwake.tracks.update import update


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Four days of a made-up fleet, imported and built into tracks."""
    from darkwake import sim

    folder = tmp_path_factory.mktemp("engines")
    sim.run("west-sea", 7, folder / "feed", ships=12, days=4)
    engine = sa.create_engine(f"sqlite:///{folder}/l.sqlite")
    ledger.METADATA.create_all(engine)
    lake = Lake(folder / "lake", engine)
    import_files(lake, sorted((folder / "feed").glob("*.nmea")))
    update(lake)
    return lake


def context_of(snapshot: Snapshot) -> Context:
    start, end = data_span(snapshot)
    assert start is not None
    assert end is not None
    return Context(start, end, Gazetteer.load(), Coast())


def events_with(lake: Lake, engine: str, **options: object) -> list[Event]:
    """All events of a detection run; what an earlier run left does not matter, since every one is found again."""
    store.detect(lake, registry.kinds(), context_of, open_engine(engine, **options))
    return [s.event for s in store.read(lake.snapshot()) if s.event.state != "retracted"]


def test_threads_and_memory_do_not_change_an_event(lake: Lake) -> None:
    roomy = events_with(lake, "local", threads=1)
    tight = events_with(lake, "local", threads=3, memory_bytes=0)
    assert {event.kind for event in roomy} == set(registry.kinds())
    assert [(e.id, e.digest()) for e in tight] == [(e.id, e.digest()) for e in roomy]


@pytest.mark.spark
def test_spark_finds_the_same_events_id_for_id(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyspark", reason="pyspark is not installed (pip install 'darkwake[spark]')")
    if shutil.which("java") is None:
        pytest.skip("Java is not installed, which Spark needs")
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    local = events_with(lake, "local")
    runs = lake.entries("detect")
    spark = events_with(lake, "spark", master="local-cluster[2,1,1024]", timeout_s=900.0)
    assert [e.id for e in spark] == [e.id for e in local]
    assert [e.digest() for e in spark] == [e.digest() for e in local]
    last = lake.entries("detect")[-1]
    assert last.number > runs[-1].number
    for counted in last.detail["changes"].values():
        assert set(counted) <= {"unchanged"}, counted
