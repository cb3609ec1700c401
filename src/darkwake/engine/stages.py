"""What every engine does with a plan: check it, feed its kernels in order, hold them to their schemas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from darkwake.engine.base import Bucket, Plan
from darkwake.engine.order import TRACK_KEYS, in_order
from darkwake.errors import DarkwakeError, UsageError
from darkwake.lake.schema import TABLES

PART = "part"


def check(plans: Sequence[Plan]) -> None:
    """Raise UsageError for a plan that some engine could not run."""
    names = [plan.name for plan in plans]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"several plans are named {', '.join(twice)}", expected="one plan of a name in one run")
    for plan in plans:
        if not plan.stages or not plan.columns:
            raise UsageError(f"plan {plan.name} has no stages or no columns", expected="at least one of each")
        for stage in plan.stages:
            where = f"plan {plan.name}, stage {stage.name}"
            kernel = stage.kernel
            module, name = getattr(kernel, "__module__", ""), getattr(kernel, "__qualname__", "<unnamed>")
            if module == "__main__" or "<" in name:
                raise UsageError(
                    f"kernel {module}.{name} cannot be imported by another process", where=where,
                    expected="a function at the top level of a module",
                )  # fmt: skip
        for stage in plan.stages[:-1]:
            if PART not in stage.output.names or stage.output.field(PART).type != pa.int64():
                raise UsageError(
                    f"plan {plan.name}, stage {stage.name} goes on to another stage without saying which rows belong "
                    "together",
                    expected=f"an int64 column `{PART}` in its output",
                )


#: Rows of one call of first stages: those of the plans' table, and of those beside it.
Rows = Mapping[str, pa.Table]


def by_table(plans: Sequence[Plan]) -> dict[str, list[Plan]]:
    groups: dict[str, list[Plan]] = {}
    for plan in plans:
        groups.setdefault(plan.table, []).append(plan)
    return groups


def columns_of(plans: Sequence[Plan]) -> dict[str, list[str]]:
    """By table, what one read for all these plans of one table must hold, in a fixed order."""
    found: dict[str, list[str]] = {}
    for plan in plans:
        for table, columns in ((plan.table, plan.columns), *plan.beside.items()):
            found[table] = list(dict.fromkeys((*found.get(table, ()), *columns)))
    return found


def read_bucket(buckets: Mapping[str, Bucket], columns: Mapping[str, Sequence[str]]) -> Rows:
    """The rows of the buckets of one number; a table without such a one has none, and no entry."""
    return {table: bucket.read(columns[table]) for table, bucket in buckets.items()}


def run_first(plan: Plan, rows: Rows, where: str) -> pa.Table:
    """Call a plan's first kernel with the rows of whole vessels, in any order."""
    stage = plan.stages[0]
    if plan.table not in rows or rows[plan.table].num_rows == 0:
        return stage.output.empty_table()
    arguments = dict(plan.arguments)
    for table, columns in plan.beside.items():
        beside = rows.get(table)
        schema = TABLES[table][0]
        arguments[table] = (
            pa.schema([schema.field(name) for name in columns]).empty_table()
            if beside is None
            else _sorted(beside, columns)
        )
    return _call(plan, 0, _sorted(rows[plan.table], plan.columns), arguments, where)


def run_later(plan: Plan, level: int, rows: pa.Table, where: str) -> pa.Table:
    """Call the kernel of a later stage with the rows of whole parts, in any order."""
    if rows.num_rows == 0:
        return plan.stages[level].output.empty_table()
    return _call(plan, level, in_order(rows, (PART,)), plan.arguments, where)


def _sorted(rows: pa.Table, columns: Sequence[str]) -> pa.Table:
    return in_order(rows.select(list(columns)), [key for key in TRACK_KEYS if key in columns])


def _call(plan: Plan, level: int, rows: pa.Table, arguments: Mapping[str, Any], where: str) -> pa.Table:
    """`where` tells a reader which rows they were."""
    stage = plan.stages[level]
    place = f"plan {plan.name}, stage {stage.name}, {where}"
    try:
        output = stage.kernel(rows, arguments)
    except DarkwakeError as error:  # keeps its kind, and with it the exit status
        raise error.at(place) from error
    except Exception as error:
        raise DarkwakeError(f"a kernel failed with {type(error).__name__}: {error}", where=place) from error
    return _held_to(stage.output, output, place)


def _held_to(schema: pa.Schema, output: pa.Table, place: str) -> pa.Table:
    found = ", ".join(f"{field.name} {field.type}" for field in output.schema)
    expected = ", ".join(f"{field.name} {field.type}" for field in schema)
    if found != expected:
        raise DarkwakeError(f"a kernel returned ({found})", expected=f"({expected})", where=place)
    for field in schema:
        if (not field.nullable or field.name == PART) and output.column(field.name).null_count:
            raise DarkwakeError(f"a kernel returned nulls in {field.name}", expected="none", where=place)
    return output if output.schema.equals(schema, check_metadata=True) else output.cast(schema)


def finished(plan: Plan, tables: Iterable[pa.Table]) -> pa.Table:
    """The pieces of a plan's last stage as one sorted table."""
    schema = plan.stages[-1].output
    return in_order(pa.concat_tables([schema.empty_table(), *tables]).combine_chunks())


def pile_of(part: pa.ChunkedArray, piles: int) -> np.ndarray:
    """Which of `piles` each row belongs to: equal parts together, neighbouring ones spread.

    The mixing function is the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
    """
    x = part.to_numpy().astype(np.int64).view(np.uint64)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((x ^ (x >> np.uint64(31))) % np.uint64(piles)).astype(np.int64)
