"""The local engine: equal tables for any number of threads and any memory, clean ends, bounded memory."""

from __future__ import annotations

import _thread
import gc
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from darkwake.engine import open_engine
from darkwake.engine.base import Plan, Source, Stage
from darkwake.engine.local import LocalEngine
from darkwake.errors import DarkwakeError, UsageError
from toy_plans import COUNT, FAIL, MEET, POSITIONS, Folder, positions


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return Folder(tmp_path_factory.mktemp("lake"), positions(30, 48))


@pytest.fixture(scope="module")
def expected(source: Folder) -> dict[str, pa.Table]:
    """By hand, without an engine's shuffle: every kernel called once with everything."""
    table = source.rows(POSITIONS.names)
    out = {}
    for plan in (COUNT, MEET):
        keys = [name for name in ("mmsi", "segment", "time") if name in plan.columns]
        rows = table.select(plan.columns).sort_by([(key, "ascending") for key in keys])
        for stage in plan.stages:
            if "part" in rows.column_names:
                rows = rows.sort_by([(name, "ascending") for name in rows.column_names])
            rows = stage.kernel(rows, plan.arguments)
        out[plan.name] = rows.sort_by(
            [(field.name, "ascending") for field in rows.schema if not pa.types.is_list(field.type)]
        )
    return out


@pytest.mark.parametrize(
    ("threads", "memory_bytes", "spills"),
    [(1, 1 << 30, False), (2, 1 << 30, False), (2, 20_000, True), (4, 0, True)],
)
def test_equal_tables(
    source: Folder, expected: dict[str, pa.Table], tmp_path: Path, threads: int, memory_bytes: int, spills: bool
) -> None:
    engine = LocalEngine(threads, memory_bytes, temp_folder=tmp_path)
    results = engine.run([MEET, COUNT], source)
    assert list(results) == ["meet", "count"]
    assert results["meet"].num_rows > 100
    for name, table in results.items():
        table.validate(full=True)
        assert table.equals(expected[name])
    assert (engine.spilled_bytes > 0) == spills
    assert not list(tmp_path.iterdir())


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    buckets=st.integers(1, 9),
    seed=st.integers(0, 3),
    threads=st.integers(1, 3),
    memory=st.sampled_from([0, 9000, 1 << 20]),
)
def test_results_do_not_hang_on_buckets(
    tmp_path_factory: pytest.TempPathFactory, buckets: int, seed: int, threads: int, memory: int
) -> None:
    table = positions(6, 12, seed)
    one = Folder(tmp_path_factory.mktemp("one"), table, buckets=1)
    many = Folder(tmp_path_factory.mktemp("many"), table, buckets)
    first, second = LocalEngine(1).run([COUNT, MEET], one), LocalEngine(threads, memory).run([COUNT, MEET], many)
    assert first["count"].equals(second["count"])
    assert first["meet"].equals(second["meet"])


def test_one_read_per_bucket_with_the_union_of_columns(source: Folder) -> None:
    reads: list[tuple[int, tuple[str, ...]]] = []

    class Watched(Folder):
        def __init__(self) -> None:
            self.folder = source.folder

        def buckets(self, table: str) -> Mapping[int, Any]:
            return {number: Read(number, files) for number, files in super().buckets(table).items()}

    class Read:
        def __init__(self, number: int, files: Any) -> None:
            self.number, self.files = number, files

        def read(self, columns: Sequence[str]) -> pa.Table:
            reads.append((self.number, tuple(columns)))
            return self.files.read(columns)

    LocalEngine().run([COUNT, MEET], Watched())
    assert sorted(reads) == [(b, ("mmsi", "segment", "time", "lon", "lat", "stations")) for b in range(4)]


def test_an_empty_table_and_no_table(tmp_path: Path) -> None:
    for table in (POSITIONS.empty_table(), positions(1, 2).slice(0, 1)):
        results = LocalEngine().run([COUNT, MEET], Folder(tmp_path / str(table.num_rows), table))
        assert results["count"].num_rows == table.num_rows
        assert results["meet"].equals(MEET.stages[-1].output.empty_table())


def test_one_vessel_only(tmp_path: Path) -> None:
    results = LocalEngine().run([COUNT, MEET], Folder(tmp_path, positions(1, 10)))
    assert results["count"]["rows"].to_pylist() == [5, 5]
    assert results["meet"].num_rows == 0


def test_a_failing_kernel_names_plan_stage_and_bucket(source: Source, tmp_path: Path) -> None:
    with pytest.raises(DarkwakeError, match="plan fail, stage count, bucket 3 of tracks") as caught:
        LocalEngine(memory_bytes=0, temp_folder=tmp_path).run([MEET, FAIL], source)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert not list(tmp_path.iterdir())


def interrupt(table: pa.Table, arguments: Mapping[str, Any]) -> pa.Table:
    """As if someone pressed Ctrl-C while this kernel runs."""
    if CALLS.add():
        _thread.interrupt_main()
    return table


class Calls:
    def __init__(self) -> None:
        self.count, self.lock = 0, threading.Lock()

    def add(self) -> bool:
        with self.lock:
            self.count += 1
            return self.count == 3


CALLS = Calls()


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A job in the background is started with interrupts ignored; in a garbage collector's callback one gets lost."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.disable()
    yield
    gc.enable()
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_stops_and_leaves_nothing(tmp_path: Path) -> None:
    CALLS.count = 0
    schema = pa.schema([("mmsi", pa.int32()), ("time", POSITIONS.field("time").type)])
    plan = Plan("interrupted", "tracks", ("mmsi", "time"), (Stage("one", interrupt, schema),))
    lake = Folder(tmp_path / "lake", positions(400, 4), buckets=400)
    temp = tmp_path / "temp"
    temp.mkdir()
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        LocalEngine(2, memory_bytes=0, temp_folder=temp).run([MEET, plan], lake)
    assert CALLS.count < 400
    assert threading.active_count() == before
    assert not list(temp.iterdir())


def test_progress_counts_up_on_the_calling_thread(source: Source) -> None:
    seen: list[tuple[str, int, int]] = []
    threads = set()

    def progress(name: str, done: int, total: int) -> None:
        seen.append((name, done, total))
        threads.add(threading.current_thread())

    LocalEngine(progress=progress).run([COUNT, MEET], source)
    assert [step for step in seen if step[0] == "tracks"] == [("tracks", done, 4) for done in range(5)]
    assert {name for name, _, _ in seen} == {"tracks", "meet: pairs", "meet: meetings"}
    assert all(any((name, total, total) == step for step in seen) for name, _, total in seen)
    assert threads == {threading.current_thread()}


ROWS = 150_000
WIDE = pa.schema(
    [("part", pa.int64()), ("mmsi", pa.int32()), ("time", pa.int64()), ("x", pa.float64()), ("y", pa.float64())]
)
SUM = pa.schema([("rows", pa.int64())])


class Synthetic:
    """Forty buckets of about 4 MB that are made when asked for."""

    def __init__(self) -> None:
        self.peak = 0

    def buckets(self, table: str) -> Mapping[int, Noise]:
        return {number: Noise(number) for number in range(40)}

    def whole_vessels(self, table: str) -> bool:
        return True


@dataclass(frozen=True)
class Noise:
    number: int

    def read(self, columns: Sequence[str]) -> pa.Table:
        noise = np.random.default_rng(self.number).random(ROWS)
        data = {"mmsi": np.full(ROWS, self.number, np.int32), "time": np.arange(ROWS), "x": noise, "y": noise}
        return pa.table({name: pa.array(data[name]).take(pa.array(np.arange(ROWS))) for name in columns})


PEAK = [0]


def pass_on(table: pa.Table, arguments: Mapping[str, Any]) -> pa.Table:
    PEAK[0] = max(PEAK[0], pa.total_allocated_bytes())
    part = pa.array(np.asarray(table["time"]) % 5000)
    return pa.table([part, *(table[name] for name in WIDE.names[1:])], schema=WIDE)


def add_up(table: pa.Table, arguments: Mapping[str, Any]) -> pa.Table:
    PEAK[0] = max(PEAK[0], pa.total_allocated_bytes())
    return pa.table([[table.num_rows]], schema=SUM)


def test_memory_stays_bounded(tmp_path: Path) -> None:
    bucket, budget, threads = ROWS * 28, 8 << 20, 2
    plan = Plan("wide", "tracks", ("mmsi", "time", "x", "y"), (Stage("on", pass_on, WIDE), Stage("sum", add_up, SUM)))
    PEAK[0], before = 0, pa.total_allocated_bytes()
    result = LocalEngine(threads, budget, temp_folder=tmp_path).run([plan], Synthetic())
    assert sum(result["wide"]["rows"].to_pylist()) == 40 * ROWS
    bound = (threads + 1) * 3 * bucket + budget  # a bucket, its output and its divided copy
    assert PEAK[0] - before < bound < 40 * bucket / 3


def test_options_are_checked() -> None:
    with pytest.raises(UsageError, match="at least 1 thread"):
        open_engine("local", threads=0)
    with pytest.raises(UsageError, match="no engine 'ray'; expected one of local, spark"):
        open_engine("ray")
