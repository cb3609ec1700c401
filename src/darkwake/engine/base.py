"""What a detector asks of an engine: stages of pure kernels, Arrow table in, Arrow table out.

A plan is a chain of stages. The first reads a table of the lake, whole vessels at a time; each later one reads what
the one before wrote, shuffled so that all rows with one value of the column `part` meet in one call. A call may hold
several parts (and, in the first stage, several vessels): kernels group by themselves. Nothing in a stage may depend
on which parts share a call: that is what makes the same events come out of every engine, id for id.

Rows arrive in a fixed order, whatever their number of threads or machines: in the first stage by those of (mmsi,
segment, time) that the plan reads, in later ones by `part`; ties are settled by the other columns, in the order of the
plan or of the schema. No kernel is called with an empty table. Last tables come back sorted by all their columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pyarrow as pa

#: A top-level (importable) function: (table, arguments) → table with exactly the stage's output schema.
Kernel = Callable[[pa.Table, Mapping[str, Any]], pa.Table]

#: Called on the thread that called `run`: (what is being worked on, pieces done, pieces in all).
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Stage:
    """One kernel. Every stage but the last must output an int64 column `part`, the key of the next shuffle."""

    name: str
    kernel: Kernel
    output: pa.Schema


@dataclass(frozen=True)
class Plan:
    """Stages over one lake table (`tracks` or `statics`).

    `columns` are the input columns needed; rows arrive sorted by (mmsi, segment, time), whole vessels in one call.
    `arguments` must be picklable: parameters and small lookup tables only.
    """

    name: str
    table: str
    columns: tuple[str, ...]
    stages: tuple[Stage, ...]
    arguments: Mapping[str, Any] = field(default_factory=dict)


class Source(Protocol):
    """Where plans read from: the committed state of the lake, by bucket."""

    def buckets(self, table: str) -> Sequence[int]: ...

    def read(self, table: str, bucket: int, columns: Sequence[str]) -> pa.Table:
        """All rows of one bucket, sorted by (mmsi, segment, time)."""
        ...

    def files(self, table: str) -> Sequence[str]:
        """The Parquet files of the table (for engines that read in parallel on their own)."""
        ...


class Engine(Protocol):
    def run(self, plans: Sequence[Plan], source: Source) -> dict[str, pa.Table]:
        """Run plans together (one read per bucket of a table shared by several) and return their last tables."""
        ...
