"""The default engine: the threads of this machine, a bucket of a table at a time, in bounded memory.

Memory at the peak is about (threads + 1) times the largest bucket (the columns asked for) plus `memory_bytes` for rows
between stages, plus the results. Kernels and Arrow release the GIL, so threads do work at the same time.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from darkwake.engine.base import Bucket, Plan, Progress, Source
from darkwake.engine.stages import (
    PART,
    by_table,
    check,
    columns_of,
    finished,
    pile_of,
    read_bucket,
    run_first,
    run_later,
)
from darkwake.errors import UsageError
from darkwake.lake.schema import TABLES
from darkwake.lake.shuffle import DEFAULT_BUDGET_BYTES, Room, Shuffle

T = TypeVar("T")

#: How finely a stage's output is divided. Small piles are read several at a time.
PILES = 256
#: What one call of a later stage gets at most, unless one pile alone is larger.
_CALL_BYTES = 64 * 1024 * 1024


class LocalEngine:
    """Runs plans on `threads` threads.

    `memory_bytes` bounds the rows kept between stages; beyond it they go to compressed files in `temp_folder` (by
    default the system's), which are removed at the end, also after an error or an interrupt.
    """

    def __init__(
        self,
        threads: int = 2,
        memory_bytes: int = DEFAULT_BUDGET_BYTES,
        progress: Progress | None = None,
        temp_folder: Path | None = None,
    ) -> None:
        if threads < 1 or memory_bytes < 0:
            raise UsageError(
                f"threads={threads}, memory_bytes={memory_bytes}", expected="at least 1 thread, no less than 0 bytes"
            )
        self.threads = threads
        self.memory_bytes = memory_bytes
        self.progress = progress
        self.temp_folder = temp_folder
        self.spilled_bytes = 0  # of the last run, for benchmarks

    def run(self, plans: Sequence[Plan], source: Source) -> dict[str, pa.Table]:
        """Run plans together and return their last tables by plan name, sorted; DarkwakeError names what failed."""
        check(plans)
        room = Room(self.memory_bytes, self.temp_folder)
        pool = ThreadPoolExecutor(self.threads, thread_name_prefix="darkwake-engine")
        try:
            return _Run(self, room, pool).run(plans, source)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            self.spilled_bytes = room.spilled_bytes
            room.close()


class _Run:
    def __init__(self, engine: LocalEngine, room: Room, pool: ThreadPoolExecutor) -> None:
        self.engine, self.room, self.pool = engine, room, pool
        self.stop = threading.Event()

    def run(self, plans: Sequence[Plan], source: Source) -> dict[str, pa.Table]:
        outputs: dict[str, list[pa.Table]] = {plan.name: [] for plan in plans}
        shuffles = {plan.name: self._shuffle(plan, 0) for plan in plans if len(plan.stages) > 1}
        for table, group in by_table(plans).items():
            columns = columns_of(group)
            with self._by_vessel(source, columns) as buckets:
                work = partial(self._bucket, table, buckets, columns, group, shuffles)
                jobs = [partial(work, number) for number in buckets[table]]
                for results in self._each(table, jobs):
                    for name, result in results.items():
                        outputs[name].append(result)
        for plan in plans:
            for level in range(1, len(plan.stages)):
                outputs[plan.name] = self._later_stage(plan, level, shuffles)
        return {plan.name: finished(plan, outputs.pop(plan.name)) for plan in plans}

    def _shuffle(self, plan: Plan, level: int) -> Shuffle:
        return Shuffle(plan.stages[level].output, PILES, self.room)

    @contextlib.contextmanager
    def _by_vessel(
        self, source: Source, columns: Mapping[str, list[str]]
    ) -> Iterator[Mapping[str, Mapping[int, Bucket]]]:
        """The buckets of some tables, whole vessels under one number in all of them: as they are, or dealt out anew."""
        if all(source.whole_vessels(table) for table in columns):
            yield {table: source.buckets(table) for table in columns}
            return
        with contextlib.ExitStack() as held:
            dealt: dict[str, Mapping[int, Bucket]] = {}
            for table, names in columns.items():
                names = list(dict.fromkeys(("mmsi", *names)))  # noqa: PLW2901
                schema = pa.schema([TABLES[table][0].field(name) for name in names])
                shuffle = held.enter_context(contextlib.closing(Shuffle(schema, PILES, self.room)))
                self._each(table, [partial(_deal, shuffle, bucket, names) for bucket in source.buckets(table).values()])
                dealt[table] = {pile: _Pile(shuffle, pile) for (pile,) in shuffle.groups(0)}
            yield dealt

    def _bucket(
        self,
        table: str,
        buckets: Mapping[str, Mapping[int, Bucket]],
        columns: Mapping[str, list[str]],
        plans: Sequence[Plan],
        shuffles: dict[str, Shuffle],
        number: int,
    ) -> dict[str, pa.Table]:
        """The first stages of all plans over one bucket; returns what is final, shuffles the rest."""
        rows = read_bucket({each: of[number] for each, of in buckets.items() if number in of}, columns)
        final: dict[str, pa.Table] = {}
        for plan in plans:
            if self.stop.is_set():
                break
            output = run_first(plan, rows, f"bucket {number} of {table}")
            if plan.name in shuffles:
                _add(shuffles[plan.name], output)
            else:
                final[plan.name] = output
        return final

    def _later_stage(self, plan: Plan, level: int, shuffles: dict[str, Shuffle]) -> list[pa.Table]:
        incoming = shuffles.pop(plan.name)
        if level + 1 < len(plan.stages):
            shuffles[plan.name] = self._shuffle(plan, level)
        target = min(_CALL_BYTES, self.engine.memory_bytes // self.engine.threads)
        jobs = [partial(self._parts, plan, level, incoming, group, shuffles) for group in incoming.groups(target)]
        try:
            return [table for table in self._each(f"{plan.name}: {plan.stages[level].name}", jobs) if table is not None]
        finally:
            incoming.close()

    def _parts(
        self, plan: Plan, level: int, incoming: Shuffle, piles: Sequence[int], shuffles: dict[str, Shuffle]
    ) -> pa.Table | None:
        if self.stop.is_set():
            return None
        rows = incoming.read(piles)
        output = run_later(plan, level, rows, f"piles {piles[0]} to {piles[-1]} of its parts")
        if plan.name not in shuffles:
            return output
        _add(shuffles[plan.name], output)
        return None

    def _each(self, name: str, jobs: Sequence[Callable[[], T]]) -> list[T]:
        """Run all jobs on the pool; the first failure, or an interrupt, cancels those not yet begun."""
        progress = self.engine.progress or (lambda *_: None)
        progress(name, 0, len(jobs))
        futures: list[Future[T]] = [self.pool.submit(job) for job in jobs]
        try:
            for done, future in enumerate(as_completed(futures), start=1):
                future.result()
                progress(name, done, len(jobs))
        except BaseException:
            self.stop.set()
            for future in futures:
                future.cancel()
            raise
        return [future.result() for future in futures]


@dataclass(frozen=True)
class _Pile:
    """Whole vessels, where a table's own buckets do not hold them so."""

    shuffle: Shuffle
    pile: int

    def read(self, columns: Sequence[str]) -> pa.Table:
        return self.shuffle.take(self.pile).select(list(columns))


def _deal(shuffle: Shuffle, bucket: Bucket, columns: Sequence[str]) -> None:
    rows = bucket.read(columns).cast(shuffle.schema)
    shuffle.add(rows, pile_of(rows.column("mmsi"), PILES))


def _add(shuffle: Shuffle, rows: pa.Table) -> None:
    shuffle.add(rows, pile_of(rows.column(PART), PILES))
