"""Every registered detector finds the same events, id for id and measure for measure, on both engines."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator

import pytest

from darkwake import sim
from darkwake.detectors import registry
from darkwake.detectors.run import Run, detect
from darkwake.engine.local import LocalEngine
from darkwake.engine.spark import SparkEngine
from darkwake.workspace import Workspace, create


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A small West Sea and, at other times, every small scenario, SIMULATED; what one thread finds in it."""
    folder = tmp_path_factory.mktemp("engines")
    sim.run("west-sea", 3, folder / "feed", ships=20, days=5)
    small = [scenario.name for scenario in sim.SCENARIOS if scenario.name != "west-sea"]
    for number, name in enumerate(small, 1):
        sim.run(name, number, folder / name, earlier_days=20 * number)
    with create(folder / "workspace", simulated=True) as workspace:
        workspace.import_files(sorted(folder.glob("*/*.nmea")))
        workspace.build_tracks()
        run = detect(workspace.lake, registry.names(), workspace._detection._context, LocalEngine(threads=1))
        assert set(run.found) == set(registry.names())
        assert all(run.found.values()), f"the feed has no event of some kind: {run.found}"
        yield workspace


def test_threads_and_spilling_change_no_event(workspace: Workspace) -> None:
    run = detect(
        workspace.lake, registry.names(), workspace._detection._context, LocalEngine(threads=2, memory_bytes=0)
    )
    assert {kind: +changes for kind, changes in run.changes.items()} == unchanged(run)


@pytest.mark.spark
def test_spark_finds_the_same_events(workspace: Workspace) -> None:
    """In processes of their own, so that the code really travels."""
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("pyspark is not installed: pip install 'darkwake[spark]'")
    if shutil.which("java") is None:
        pytest.skip("Java is not installed: Spark needs Java 17")
    engine = SparkEngine("local-cluster[2,1,1024]", partitions=4, timeout_s=500)
    run = detect(workspace.lake, registry.names(), workspace._detection._context, engine)
    assert {kind: +changes for kind, changes in run.changes.items()} == unchanged(run)


def unchanged(run: Run) -> dict[str, dict[str, int]]:
    """Every event of the run stood before, with the same id and the same content; none is missing."""
    return {kind: {"unchanged": found} for kind, found in run.found.items()}
