"""Spark runs the very same kernels in processes of its own and gives the very same tables."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from darkwake.engine import open_engine
from darkwake.engine.local import LocalEngine
from darkwake.engine.order import in_order
from darkwake.engine.remote import pack
from darkwake.engine.spark import SparkEngine, _translated
from darkwake.errors import DarkwakeError, SourceUnavailableError
from toy_plans import COUNT, FAIL, HERE, MEET, POSITIONS, Folder, Mixed, positions


@pytest.fixture(scope="module")
def engine() -> Iterator[SparkEngine]:
    """Two executors, each a process of its own: code and rows really travel."""
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("pyspark is not installed: pip install 'darkwake[spark]'")
    if shutil.which("java") is None:
        pytest.skip("Java is not installed: Spark needs Java 17")
    with SparkEngine("local-cluster[2,1,1024]", partitions=3, timeout_s=240) as engine:
        yield engine


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return Folder(tmp_path_factory.mktemp("lake"), positions(30, 48))


@pytest.mark.spark
def test_equal_tables(engine: SparkEngine, source: Folder) -> None:
    plans = [MEET, COUNT]
    here, there = LocalEngine().run(plans, source), engine.run(plans, source)
    assert list(there) == ["meet", "count"]
    assert there["meet"].num_rows > 100
    for name, table in there.items():
        assert table.equals(here[name])
        assert table.schema.equals(here[name].schema, check_metadata=True)


@pytest.mark.spark
def test_vessels_whose_rows_lie_in_several_buckets_are_brought_together(engine: SparkEngine, tmp_path: Path) -> None:
    mixed = Mixed(tmp_path / "lake", positions(30, 48))
    here, there = LocalEngine().run([MEET, COUNT], mixed), engine.run([MEET, COUNT], mixed)
    assert {name: table.num_rows for name, table in there.items()} == {"meet": here["meet"].num_rows, "count": 60}
    assert all(table.equals(here[name]) for name, table in there.items())


@pytest.mark.spark
def test_code_travels_and_times_arrive_to_the_microsecond(engine: SparkEngine, source: Folder) -> None:
    table = engine.run([HERE], source)["here"]
    (file,) = set(table["file"].to_pylist())
    _, digest = pack([HERE.stages[0].kernel.__module__])
    assert digest in Path(file).parts
    arrived = table.select(["mmsi", "time"])
    sent = source.rows(["mmsi", "time"])
    assert arrived.equals(in_order(sent.cast(arrived.schema)))


@pytest.mark.spark
def test_one_vessel_and_none(engine: SparkEngine, tmp_path: Path) -> None:
    for name, table in (("one [1] {x}", positions(1, 10)), ("none", POSITIONS.empty_table())):
        lake = Folder(tmp_path / name, table)
        here, there = LocalEngine().run([COUNT, MEET], lake), engine.run([COUNT, MEET], lake)
        assert there["count"].equals(here["count"])
        assert there["meet"].equals(here["meet"])


@pytest.mark.spark
def test_a_failing_kernel_is_named(engine: SparkEngine, source: Folder) -> None:
    with pytest.raises(
        DarkwakeError, match="ZeroDivisionError: no rows in a SIM cell; in plan fail, stage count"
    ) as caught:
        engine.run([FAIL], source)
    assert "Traceback" in str(caught.value.__cause__)


@pytest.mark.spark
def test_time_out(engine: SparkEngine, source: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "timeout_s", 0.0)
    with pytest.raises(DarkwakeError, match=r"not done after 0 s; in a run over tracks on local-cluster\[2,1,1024\]"):
        engine.run([COUNT], source)
    monkeypatch.undo()
    assert engine.run([COUNT], source)["count"].num_rows == 60  # the session is still good


def test_nothing_to_read_starts_no_spark(tmp_path: Path) -> None:
    result = SparkEngine("no such master").run([COUNT], Folder(tmp_path, POSITIONS.empty_table()))
    assert result["count"].equals(COUNT.stages[0].output.empty_table())


def test_without_pyspark(source: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(SourceUnavailableError, match=r'pip install "darkwake\[spark\]"'):
        open_engine("spark").run([COUNT], source)


def test_without_java(source: Folder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("pyspark", reason="pyspark is not installed")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr("pyspark.sql.SparkSession.getActiveSession", lambda: None)
    with pytest.raises(SourceUnavailableError, match=r"Java was not found.*PATH.*darkwake\[spark\]"):
        open_engine("spark").run([COUNT], source)


def test_equal_code_gives_an_equal_package() -> None:
    first, second = pack(["toy_plans"]), pack(["toy_plans", "darkwake.engine.base"])
    assert first == second
    assert pack([]) != first


def test_an_error_of_ours_keeps_its_exit_status() -> None:
    trace = "org.apache.spark.SparkException: …\ndarkwake.errors.UsageError: a width of 0 m; in plan toy\n\tat x.y.Z"
    error = _translated(trace, "tracks")
    assert (str(error), error.exit_code) == ("a width of 0 m; in plan toy", 2)
