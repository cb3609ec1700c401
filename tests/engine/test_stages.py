"""Plans that some engine could not run are refused before any work; kernels are held to what they promised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import toy_plans
from darkwake import samples
from darkwake.engine.base import Plan, Stage
from darkwake.engine.local import LocalEngine
from darkwake.engine.stages import check, run_first
from darkwake.errors import DarkwakeError, UsageError
from toy_plans import COUNT, MEET

IN = pa.table({"mmsi": pa.array([1, 2], pa.int32())})


def wrong_type(table: pa.Table, arguments: object) -> pa.Table:
    return pa.table({"mmsi": pa.array([1], pa.int64())})


def null_inside(table: pa.Table, arguments: object) -> pa.Table:
    return pa.table({"mmsi": pa.array([None], pa.int32())})


def nullable_but_full(table: pa.Table, arguments: object) -> pa.Table:
    return table


def plan(kernel: object, schema: pa.Schema) -> Plan:
    return Plan("toy", "tracks", ("mmsi",), (Stage("only", kernel, schema),))  # type: ignore[arg-type]


MMSI = pa.schema([pa.field("mmsi", pa.int32(), nullable=False)])


@pytest.mark.parametrize(
    ("plans", "message"),
    [
        ([COUNT, COUNT], "several plans are named count"),
        ([replace(COUNT, stages=())], "plan count has no stages"),
        ([plan(lambda table, arguments: table, MMSI)], "cannot be imported"),
        ([replace(MEET, stages=(COUNT.stages[0], *MEET.stages))], "int64 column `part`"),
    ],
)
def test_plans_that_cannot_run_are_refused(plans: list[Plan], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check(plans)


def test_sound_plans_pass() -> None:
    check([COUNT, MEET, toy_plans.FAIL])


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (wrong_type, r"returned \(mmsi int64\); expected \(mmsi int32\); in plan toy, stage only, bucket 3 of tracks"),
        (null_inside, "nulls in mmsi"),
    ],
)
def test_output_is_held_to_its_schema(kernel: object, message: str) -> None:
    with pytest.raises(DarkwakeError, match=message):
        run_first(plan(kernel, MMSI), {"tracks": IN}, "bucket 3 of tracks")


def test_nullability_is_taken_from_the_schema() -> None:
    assert run_first(plan(nullable_but_full, MMSI), {"tracks": IN}, "").schema.equals(MMSI)


def test_no_kernel_sees_an_empty_table() -> None:
    assert run_first(plan(wrong_type, MMSI), {"tracks": IN.slice(0, 0)}, "").equals(MMSI.empty_table())


def refuses(table: pa.Table, arguments: object) -> pa.Table:
    raise UsageError("a width of 0 m", expected="more")


def test_an_error_of_ours_keeps_its_kind_and_gets_its_place() -> None:
    with pytest.raises(UsageError, match="a width of 0 m; expected more; in plan toy, stage only, bucket 3") as caught:
        run_first(plan(refuses, MMSI), {"tracks": IN}, "bucket 3")
    assert caught.value.exit_code == 2


BOTH = pa.schema([("mmsi", pa.int32()), ("names", pa.list_(pa.string()))])


def names_of(table: pa.Table, arguments: Mapping[str, Any]) -> pa.Table:
    """Each ship of the tracks with the names that she sent, in order of time."""
    rows = arguments["statics"].to_pylist()
    found = [
        {"mmsi": mmsi, "names": [row["name"] for row in rows if row["mmsi"] == mmsi]}
        for mmsi in dict.fromkeys(table["mmsi"].to_pylist())
    ]
    return pa.Table.from_pylist(found, BOTH)


NAMED = Plan(
    "named", "tracks", ("mmsi", "time"), (Stage("names", names_of, BOTH),), beside={"statics": ("mmsi", "time", "name")}
)
NO_NAMES = {"mmsi": 299_000_002, "names": []}


def test_what_other_tables_hold_of_the_same_vessels_comes_beside() -> None:
    ships = samples.tracks(samples.ship(1, [0, 1]), samples.ship(2, [0]))
    sent = samples.identity(1, [3, 1], name=["SIM LATER", "SIM BEFORE"])
    both = run_first(NAMED, {"tracks": ships, "statics": sent}, "")
    assert both.to_pylist() == [{"mmsi": 299_000_001, "names": ["SIM BEFORE", "SIM LATER"]}, NO_NAMES]
    alone = run_first(NAMED, {"tracks": ships}, "")
    assert [row["names"] for row in alone.to_pylist()] == [[], []]


@pytest.mark.parametrize("whole", [True, False])
def test_an_engine_reads_both_tables(whole: bool) -> None:
    tables = {
        "tracks": samples.tracks(*(samples.ship(number, [0, 1]) for number in range(1, 9))),
        "statics": pa.concat_tables([samples.identity(n, [2], name=[f"SIM {n}"]) for n in (1, 3, 5)]),
    }
    found = LocalEngine().run([NAMED], Halves(tables, whole))["named"]
    assert {row["mmsi"] % 100: row["names"] for row in found.to_pylist()} == {
        number: [f"SIM {number}"] if number in (1, 3, 5) else [] for number in range(1, 9)
    }


@dataclass(frozen=True)
class Halves:
    """Tables in two parts each: by vessel, or every other row."""

    tables: Mapping[str, pa.Table]
    whole: bool

    def buckets(self, table: str) -> Mapping[int, Half]:
        return {number: Half(self.tables[table], number, self.whole) for number in range(2)}

    def whole_vessels(self, table: str) -> bool:
        return self.whole


@dataclass(frozen=True)
class Half:
    rows: pa.Table
    number: int
    whole: bool

    def read(self, columns: Sequence[str]) -> pa.Table:
        key = np.asarray(self.rows["mmsi"]) if self.whole else np.arange(self.rows.num_rows)
        return self.rows.filter(pa.array(key % 2 == self.number)).select(list(columns))
