"""Apache Spark as the engine: the very same kernels, for data that one machine cannot hold.

Each task gets the number of a bucket and reads it by itself, where the kernels run: rows that come through Java's
reader cost three times the CPU. Where buckets do not hold whole vessels, their rows are dealt out by MMSI first. What
travels between stages travels as opaque Arrow pieces (see `remote`).
"""

from __future__ import annotations

import importlib
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa

from darkwake import errors
from darkwake.engine import remote
from darkwake.engine.base import Plan, Progress, Source
from darkwake.engine.stages import by_table, check, columns_of, finished
from darkwake.errors import DarkwakeError, SourceUnavailableError

INSTALL = 'Install it with: pip install "darkwake[spark]"'

#: Settings of a session of our own; `config` goes on top. A session that was there already is used as it is.
SETTINGS: Mapping[str, str] = {
    "spark.app.name": "darkwake",
    "spark.ui.enabled": "false",
    "spark.log.level": "ERROR",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "100000",
    "spark.sql.shuffle.partitions": "16",
    "spark.driver.maxResultSize": "0",
    # Spark's own plan is a handful of pieces: to generate and compile code for them costs more than to run them.
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


#: For a Java process that lives as long as one run: quick to start and little to compile.
SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


class SparkEngine:
    """Runs plans on Spark.

    Without an active session each `run` starts one on `master` and stops it; inside `with engine:` one session serves
    several runs. A session that was active before is used and left running. `partitions` is into how many piles what
    travels is divided (by default 16, or 3 per core if that is more). `timeout_s` is for one run.
    """

    def __init__(
        self,
        master: str = "local[2]",
        *,
        partitions: int | None = None,
        config: Mapping[str, str] | None = None,
        timeout_s: float = 24 * 3600.0,
        progress: Progress | None = None,
    ) -> None:
        self.master = master
        self.partitions = partitions
        self.config = dict(config or {})
        self.timeout_s = timeout_s
        self.progress = progress
        self._session: Any = None
        self._launched: _Launched | None = None
        self._depth = 0

    def __enter__(self) -> SparkEngine:
        if self._depth == 0:
            self._open()
        self._depth += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._session = None
            if self._launched:
                self._launched.close()
                self._launched = None

    def run(self, plans: Sequence[Plan], source: Source) -> dict[str, pa.Table]:
        """Run plans together and return their last tables by plan name, sorted; DarkwakeError names what failed."""
        check(plans)
        if not any(source.buckets(table) for table in by_table(plans)):
            return {plan.name: finished(plan, []) for plan in plans}
        deadline = time.monotonic() + self.timeout_s
        with self:
            kernels = {stage.kernel.__module__ for plan in plans for stage in plan.stages}
            archive, digest = remote.pack(kernels | _modules_of(source, plans))
            shipped = self._session.sparkContext.broadcast(archive)
            results: dict[str, pa.Table] = {}
            try:
                for table, group in by_table(plans).items():
                    tables: list[list[pa.Table]] = [[] for _ in group]
                    if source.buckets(table):
                        frame = self._pieces(group, source, shipped, digest)
                        collected = self._collect(frame, table, deadline)
                        for batch in collected.to_batches():
                            for number, rows in remote.unpacked(batch):
                                tables[number].append(rows)
                    results.update((plan.name, finished(plan, rows)) for plan, rows in zip(group, tables, strict=True))
            finally:
                shipped.destroy()
        return {plan.name: results[plan.name] for plan in plans}

    def _pieces(self, plans: Sequence[Plan], source: Source, shipped: Any, digest: str) -> Any:
        """A data frame of the pieces of the last tables of all plans over one table: one read, one job."""
        columns = columns_of(plans)
        piles = self.partitions or max(16, 3 * self._session.sparkContext.defaultParallelism)
        buckets = {table: source.buckets(table) for table in columns}
        job: tuple[Any, ...]
        if all(source.whole_vessels(table) for table in columns):
            numbered = [
                {table: of[number] for table, of in buckets.items() if number in of}
                for number in buckets[plans[0].table]
            ]
            job = (remote.first_stages, numbered, columns, plans, piles)
            frame = self._mapped(self._range(len(numbered)), shipped, digest, job)
        else:
            mixed = [(table, bucket) for table, of in buckets.items() for bucket in of.values()]
            job = (remote.deal_buckets, mixed, columns, piles)
            frame = self._mapped(self._range(len(mixed)), shipped, digest, job).repartition(piles, "pile")
            frame = self._mapped(frame, shipped, digest, (remote.first_of_piles, columns, plans, piles))
        for level in range(1, max(len(plan.stages) for plan in plans)):
            job = (remote.later_stages, plans, level, piles)
            frame = frame.repartition(piles, "pile")
            frame = self._mapped(frame, shipped, digest, job)
        return frame

    def _range(self, number: int) -> Any:
        """0 … number - 1, a task for each."""
        return self._session.range(0, number, 1, number)

    def _mapped(self, frame: Any, shipped: Any, digest: str, job: tuple[Any, ...]) -> Any:
        with warnings.catch_warnings():  # that a new pandas is not fully supported: no pandas is used here
            warnings.simplefilter("ignore", FutureWarning)
            return frame.mapInArrow(remote.task(shipped, digest, pickle.dumps(job)), remote.PIECES_DDL)

    def _collect(self, frame: Any, table: str, deadline: float) -> pa.Table:
        """Run the job on another thread, so that this one can report progress, watch the clock and be interrupted."""
        tag = f"darkwake-{uuid.uuid4().hex}"
        context = self._session.sparkContext

        def job() -> pa.Table:
            context.addJobTag(tag)
            try:
                return frame.toArrow()
            finally:
                context.removeJobTag(tag)

        with ThreadPoolExecutor(1) as pool:
            future: Future[pa.Table] = pool.submit(job)
            reported = (0, 0)
            try:
                while True:
                    try:
                        return future.result(timeout=0.2)
                    except FutureTimeout:
                        if future.done():
                            raise
                    state = self._state()
                    if self.progress and state != reported:
                        self.progress(f"{table} on Spark", *state)
                        reported = state
                    if time.monotonic() > deadline:
                        raise DarkwakeError(
                            f"Spark was not done after {self.timeout_s:g} s",
                            where=f"a run over {table} on {self.master}",
                            do="See whether it has workers with free cores and memory, or give a longer time.",
                        )
            except _spark_errors() as error:
                text = str(error)  # it asks Java for its text, which will be gone
                raise _translated(text, table) from RuntimeError(text)
            finally:
                if not future.done():
                    context.cancelJobsWithTag(tag)

    def _state(self) -> tuple[int, int]:
        """Tasks done and in all, of the stages that Spark is at."""
        tracker = self._session.sparkContext.statusTracker()
        stages = [tracker.getStageInfo(number) for number in tracker.getActiveStageIds()]
        known = [(stage.numCompletedTasks, stage.numTasks) for stage in stages if stage]
        return sum(done for done, _ in known), sum(total for _, total in known)

    def _open(self) -> None:
        # the command line keeps pandas out, and pyspark wants it
        sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != "WithoutPandas"]
        try:
            from pyspark.sql import SparkSession
        except ImportError as error:
            raise SourceUnavailableError("the package pyspark is not installed", do=INSTALL) from error
        self._session = SparkSession.getActiveSession()
        if self._session is None:
            self._launched = _Launched(self.master, self.config)
            self._session = self._launched.session


class _Launched:
    """A Spark of our own: its Java process, its session, its log."""

    def __init__(self, master: str, config: Mapping[str, str]) -> None:
        from pyspark import SparkConf, SparkContext
        from pyspark.errors import PySparkRuntimeError
        from pyspark.java_gateway import launch_gateway
        from pyspark.sql import SparkSession

        home = os.environ.get("JAVA_HOME")
        if shutil.which(str(Path(home, "bin", "java")) if home else "java") is None:
            raise SourceUnavailableError(
                "Java was not found", expected="Java 17 or newer for Spark", where=home or "PATH",
                do=f"Set JAVA_HOME or PATH. The Python part: {INSTALL[0].lower()}{INSTALL[1:]}",
            )  # fmt: skip
        self.folder = Path(tempfile.mkdtemp(prefix="darkwake-spark-"))
        settings = {**SETTINGS, "spark.master": master, "spark.sql.warehouse.dir": str(self.folder / "warehouse")}
        here = master.startswith("local")
        if here:
            settings |= {"spark.driver.host": "127.0.0.1", "spark.driver.extraJavaOptions": SHORT_LIVED}
        settings.update(config)
        conf = SparkConf(loadDefaults=False).setAll(list(settings.items()))
        in_main_thread = threading.current_thread() is threading.main_thread()
        on_interrupt = signal.getsignal(signal.SIGINT)
        self.gateway: Any = None
        self.context: Any = None
        log = self.folder / "log"
        try:
            environment = {"SPARK_LOCAL_IP": "127.0.0.1"} if here else {}
            with log.open("wb") as sink, _defaults(environment):
                self.gateway = launch_gateway(conf, popen_kwargs={"stdout": sink, "stderr": sink})
            self.context = SparkContext(gateway=self.gateway, conf=conf)
            if here and "PYSPARK_PYTHON" not in os.environ:
                self.context.pythonExec = sys.executable
            self.session = SparkSession(self.context)
        except PySparkRuntimeError as error:
            lines = log.read_text(errors="replace").strip().splitlines()[-3:]
            self.close()
            raise SourceUnavailableError(
                "Spark did not start: " + " / ".join(lines), expected="Java 17 or newer", do=INSTALL
            ) from error
        except BaseException:
            self.close()
            raise
        finally:
            if in_main_thread:  # Spark puts its own handler there
                signal.signal(signal.SIGINT, on_interrupt)

    def close(self) -> None:
        """Stop the session and end its Java process."""
        import pyspark
        from pyspark import SparkContext

        if self.context is not None:
            work = Path(pyspark.__file__).parent / "work" / str(self.context.applicationId)
            self.context.stop()
            shutil.rmtree(work, ignore_errors=True)  # where `local-cluster` keeps the workers' logs
        if self.gateway is not None:
            self.gateway.shutdown()
            process = self.gateway.proc
            if process is not None:
                process.stdin.close()
                try:
                    process.wait(timeout=20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
            SparkContext._gateway = SparkContext._jvm = None
        shutil.rmtree(self.folder, ignore_errors=True)


def _modules_of(source: Source, plans: Sequence[Plan]) -> set[str]:
    """Where the classes of the buckets are declared, which the tasks read."""
    return {type(bucket).__module__ for table in columns_of(plans) for bucket in source.buckets(table).values()}


@contextmanager
def _defaults(environment: Mapping[str, str]) -> Iterator[None]:
    """Environment variables for a process that is started meanwhile, where the user has not set them."""
    added = {name: value for name, value in environment.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def _spark_errors() -> tuple[type[BaseException], ...]:
    from pyspark.errors import PySparkException

    return (PySparkException, importlib.import_module("py4j.protocol").Py4JError)


def _translated(text: str, table: str) -> DarkwakeError:
    """Our own message out of the trace of a worker; else the line of Spark's that names the error."""
    if ours := re.findall(r"^darkwake\.errors\.(\w+): (.*)$", text, re.MULTILINE):
        kind, message = ours[-1]
        found: DarkwakeError = DarkwakeError(message)
        found.exit_code = getattr(errors, kind, DarkwakeError).exit_code
        return found
    named = re.findall(r"^[\w.]+(?:Error|Exception): .*$", text, re.MULTILINE)
    line = (named or [line for line in text.splitlines() if line.strip()] or ["no reason given"])[-1]
    return DarkwakeError(f"Spark failed: {line}", where=f"a run over {table}")
