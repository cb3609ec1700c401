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
    """Stages over one table of the lake, and what other tables hold of the same vessels.

    `columns` are the input columns needed; rows arrive sorted by (mmsi, segment, time), whole vessels in one call.
    `beside`: table → columns of what comes with them: the first kernel finds these rows, sorted likewise, in its
    arguments under the table's name. `arguments` must be picklable: parameters and small lookup tables only.
    """

    name: str
    table: str
    columns: tuple[str, ...]
    stages: tuple[Stage, ...]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    beside: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Bucket(Protocol):
    """Rows of a table that are read at once. It can be pickled, and read by another process."""

    def read(self, columns: Sequence[str]) -> pa.Table: ...


class Source(Protocol):
    """Where plans read from: the committed state of the lake."""

    def buckets(self, table: str) -> Mapping[int, Bucket]:
        """The buckets of a table, each under its number."""
        ...

    def whole_vessels(self, table: str) -> bool:
        """Whether all rows of a vessel are in one bucket, of one number in all such tables, sorted by (mmsi, segment,
        time). Where they are not, an engine brings them together.
        """
        ...


class Engine(Protocol):
    def run(self, plans: Sequence[Plan], source: Source) -> dict[str, pa.Table]:
        """Run plans together (one read per bucket of a table shared by several) and return their last tables."""
        ...
