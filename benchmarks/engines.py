"""The detectors' plans on the local engine and on Spark in one run: wall and CPU seconds, the ratio, and where it goes.

    python benchmarks/engines.py [--vessels 500] [--days 10] [--master local[2]] [--kinds gap,encounter]

CPU seconds are those of this process and of all processes below it (from /proc, so Linux only): Python here, Java, and
Spark's Python workers apart. Kernels are compiled and both engines warmed on a small feed before the clock starts.
Timings on a shared machine are noisy; ratios less so.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from encounters import Files
from feed30m import write

from darkwake import samples
from darkwake.detectors import registry
from darkwake.detectors.base import values_of
from darkwake.engine.base import Plan
from darkwake.engine.local import LocalEngine
from darkwake.engine.spark import SparkEngine

TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds() -> dict[str, float]:
    """CPU seconds by kind of process: this one, Java below it, Python below that."""
    processes: dict[int, tuple[int, str, float]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            head, _, tail = stat.read_text().rpartition(")")
        except OSError:  # it has ended meanwhile
            continue
        fields = tail.split()
        seconds = sum(map(int, fields[11:15])) / TICK  # user and system, own and of children that have ended
        processes[int(stat.parent.name)] = (int(fields[1]), head.partition("(")[2], seconds)
    found = {"here": sum(os.times()[:2]), "java": 0.0, "workers": 0.0}
    for number, (_, name, seconds) in processes.items():
        if number != os.getpid() and os.getpid() in _above(number, processes):
            found["java" if name == "java" else "workers"] += seconds
    return found


def _above(number: int, processes: dict[int, tuple[int, str, float]]) -> Iterator[int]:
    while number in processes:
        number = processes[number][0]
        yield number


class Clock:
    """Wall and CPU seconds of what runs inside `with`."""

    def __init__(self) -> None:
        self.wall = 0.0
        self.cpu: dict[str, float] = {}

    @property
    def total(self) -> float:
        return sum(self.cpu.values())

    def row(self, label: str) -> str:
        parts = "  ".join(f"{name} {seconds:6.2f}" for name, seconds in self.cpu.items())
        return f"{label:<44} wall {self.wall:7.2f} s   CPU {self.total:7.2f} s   ({parts})"


@contextmanager
def measured() -> Iterator[Clock]:
    clock, began, before = Clock(), time.perf_counter(), cpu_seconds()
    yield clock
    clock.wall = time.perf_counter() - began
    clock.cpu = {name: seconds - before[name] for name, seconds in cpu_seconds().items()}


def plans_of(kinds: Sequence[str]) -> list[Plan]:
    context = samples.Surroundings().context()
    return [registry.get(kind).plan(values_of(registry.get(kind)), context) for kind in kinds]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vessels", type=int, default=500)
    parser.add_argument("--days", type=float, default=10.0)
    parser.add_argument("--master", default="local[2]")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--partitions", type=int, default=16)
    parser.add_argument("--kinds", default="gap,encounter")
    given = parser.parse_args()
    plans = plans_of(given.kinds.split(","))
    with tempfile.TemporaryDirectory(prefix="darkwake-bench-") as folder:
        write(Path(folder, "small"), 32, 2.0, 2)
        rows = write(Path(folder, "feed"), given.vessels, given.days, 1)
        small, feed = Files(Path(folder, "small")), Files(Path(folder, "feed"))
        print(f"{rows:,} rows, {given.vessels:,} vessels, {given.days:g} days; {given.kinds}; {given.master}\n")
        LocalEngine(given.threads).run(plans, small)
        with measured() as local:
            here = LocalEngine(given.threads).run(plans, feed)
        print(local.row(f"local, {given.threads} threads"))

        engine = SparkEngine(given.master, partitions=given.partitions)
        with measured() as start:
            engine.__enter__()
        with measured() as warm:
            engine.run(plans, small)
        with measured() as spark:
            there = engine.run(plans, feed)
        engine.__exit__(None, None, None)
        assert all(table.equals(there[name]) for name, table in here.items()), "the engines disagree"

        print(spark.row(f"Spark, {given.partitions} partitions"))
        print(f"\nSpark / local: CPU {spark.total / local.total:.1f} times, wall {spark.wall / local.wall:.1f} times")
        print("equal tables: " + ", ".join(f"{name} {table.num_rows:,} rows" for name, table in here.items()))
        print("\nBefore that")
        print(start.row("starting, once"))
        print(warm.row("first run on a small feed (loads kernels)"))


if __name__ == "__main__":
    main()
