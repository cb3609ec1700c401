"""The default engine: threads on this machine, memory bounded by a few buckets and a budget.

Kernels release the interpreter lock, so two threads use two cores. What stages hand on waits in memory while it is
little and in files when it is much (`lake.shuffle`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa

from darkwake.engine.base import Plan, Source, Stage
from darkwake.errors import DarkwakeError
from darkwake.lake.shuffle import DEFAULT_BUDGET_BYTES, Shuffle

Progress = Callable[[str, int, int], None]  # (what, done, in all)

#: How many piles a shuffle deals into: each must fit into memory, so more piles for more data.
PILES = 32


class LocalEngine:
    """Runs plans over threads. `memory_bytes` bounds what waits between stages, not the buckets being worked on."""

    def __init__(
        self, threads: int = 2, memory_bytes: int = DEFAULT_BUDGET_BYTES, progress: Progress | None = None
    ) -> None:
        self.threads = max(1, threads)
        self.memory_bytes = memory_bytes
        self._progress = progress

    def run(self, plans: Sequence[Plan], source: Source) -> dict[str, pa.Table]:
        """Every plan's last table, in an order that does not depend on threads."""
        results: dict[str, pa.Table] = {}
        for table in sorted({plan.table for plan in plans}):
            together = [plan for plan in plans if plan.table == table]
            first = self._first_stages(table, together, source)
            for plan in together:
                results[plan.name] = ordered(self._later_stages(plan, first.pop(plan.name)))
        return results

    def _first_stages(self, table: str, plans: Sequence[Plan], source: Source) -> dict[str, _Output]:
        """One read per bucket for all plans over the table."""
        columns = sorted({column for plan in plans for column in plan.columns})
        outputs = {plan.name: self._output(plan, 0) for plan in plans}
        buckets = source.buckets(table)

        def work(bucket: int) -> None:
            rows = source.read(table, bucket, columns)
            for plan in plans:
                where = f"bucket {bucket} of {table}"
                outputs[plan.name].add(call(plan, plan.stages[0], rows.select(list(plan.columns)), where))

        self._each(f"{table}: " + ", ".join(plan.name for plan in plans), work, buckets)
        return outputs

    def _later_stages(self, plan: Plan, output: _Output) -> pa.Table:
        for number in range(1, len(plan.stages)):
            stage, following = plan.stages[number], self._output(plan, number)

            def work(pile: int, stage: Stage = stage, given: _Output = output, to: _Output = following) -> None:
                to.add(call(plan, stage, given.take(pile), f"part of stage {stage.name}"))

            self._each(f"{plan.name}: {stage.name}", work, list(output.filled()))
            output.close()
            output = following
        return output.all()

    def _output(self, plan: Plan, number: int) -> _Output:
        stage = plan.stages[number]
        return _Output(stage, last=number == len(plan.stages) - 1, budget=self.memory_bytes)

    def _each(self, label: str, work: Callable[[int], None], items: Sequence[int]) -> None:
        """Run `work` on every item, `threads` at once; the first failure ends it."""
        with ThreadPoolExecutor(self.threads, thread_name_prefix="darkwake-engine") as pool:
            waiting: set[Future[None]] = set()
            queue = iter(items)
            done = 0
            try:
                while True:
                    waiting |= {pool.submit(work, item) for item in islice(queue, self.threads - len(waiting))}
                    if not waiting:
                        return
                    finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    for future in finished:
                        future.result()
                        done += 1
                    if self._progress:
                        self._progress(label, done, len(items))
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise


class _Output:
    """What a stage hands on: dealt by `part` for the next stage, or gathered if it is the last."""

    def __init__(self, stage: Stage, *, last: bool, budget: int) -> None:
        self._schema = stage.output
        self._lock = threading.Lock()
        self._tables: list[pa.Table] = []
        self._shuffle = None if last else Shuffle(stage.output, PILES, budget_bytes=budget)

    def add(self, table: pa.Table) -> None:
        with self._lock:
            if self._shuffle is None:
                self._tables.append(table)
            else:
                self._shuffle.add(table, pile_of(table["part"].to_numpy(), PILES))

    def filled(self) -> Iterable[int]:
        assert self._shuffle is not None
        return self._shuffle.filled()

    def take(self, pile: int) -> pa.Table:
        assert self._shuffle is not None
        with self._lock:
            return self._shuffle.take(pile)

    def all(self) -> pa.Table:
        return pa.concat_tables(self._tables) if self._tables else self._schema.empty_table()

    def close(self) -> None:
        if self._shuffle is not None:
            self._shuffle.close()


def pile_of(part: np.ndarray, piles: int) -> np.ndarray:
    """Which pile a part goes to: parts that follow one another are spread."""
    mixed = part.astype(np.int64).view(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return ((mixed >> np.uint64(33)) % np.uint64(piles)).astype(np.int64)


def call(plan: Plan, stage: Stage, rows: pa.Table, where: str) -> pa.Table:
    """One kernel call; a failure says which plan, stage and rows it was."""
    try:
        result = stage.kernel(rows, plan.arguments)
    except DarkwakeError:
        raise
    except Exception as error:
        raise DarkwakeError(
            f"the kernel {stage.name} of {plan.name} failed: {type(error).__name__}: {error}", where=where
        ) from error
    return result.select(stage.output.names).cast(stage.output)


def ordered(table: pa.Table) -> pa.Table:
    """Rows by all columns that can be sorted: an order of the content, whoever computed it."""
    keys: list[Any] = [
        (field.name, "ascending")
        for field in table.schema
        if not (pa.types.is_nested(field.type) or pa.types.is_null(field.type))
    ]
    return table.sort_by(keys) if keys and table.num_rows > 1 else table
